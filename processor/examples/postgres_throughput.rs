//! How many orders a second PostgreSQL settles, by how the transaction and the tables are laid out.
//! `--help` says what is measured and how to read it.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement by hand")]

#[path = "postgres_throughput/clerks.rs"]
mod clerks;
#[path = "postgres_throughput/delay.rs"]
mod delay;
#[path = "postgres_throughput/orders.rs"]
mod pool;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/database/server.rs"]
mod server;

use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use orders::{RunTag, Sampler, World, WorldSize};
use processor::{DatabaseUrl, Seed, create_database};

use clerks::{Job, Result};
use delay::Delay;
use pool::Pool;
use server::Server;

/// Measures how many orders a second a PostgreSQL server settles, by how the transaction and the
/// tables are laid out.
///
/// It starts a server of its own (Debian package postgresql, default settings, fsync on) behind a
/// proxy that delays each direction by half the round trip, and lets a number of environments, each
/// with one connection, settle orders of three and a half items as fast as they can. The law behind
/// the table: a row that all orders change serves one order at a time, so the rate is at most 1 /
/// (how long an order holds it). What counts, then, is which row all change (the invoice number of
/// a series, the stock of a product that everybody wants), how late it is taken, how many round
/// trips and flushes to disk happen while it is held, and into how many rows it is split.
///
/// Layouts:
///   number-first  one statement after the other, the invoice number taken first
///   number-last   the same, taken last
///   stock-late    the same, and the stock taken just before the number
///   bare          the same rows in one round trip, by a function that checks nothing
///   processor     the reference processor: decided in Rust by what it remembers, checked and
///                 written in one round trip; with --strangers it remembers nothing, which is two
///
/// Without --layout the whole table is measured, in about two minutes. Ratios are to the first row.
/// Server, clients and proxy share this machine's cores: compare rows, not machines.
///
///     cargo run --release -p processor --example postgres_throughput
///     cargo run --release -p processor --example postgres_throughput -- \
///         --layout processor --series 1 --series 16 --hot-sku-share 20 --round-trip-ms 2
#[derive(Debug, Clone, Parser)]
#[command(verbatim_doc_comment)]
struct Arguments {
    /// Measure each row of the table for this long, s
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,

    /// Environments of the function: connections that settle orders at the same time
    #[arg(long, default_value_t = 32)]
    environments: usize,

    /// Time that is added to each round trip, ms
    #[arg(long, default_value_t = 1.0)]
    round_trip_ms: f64,

    /// Orders that an environment of the layout processor has in flight at once, as those of a batch
    #[arg(long, visible_alias = "batch", default_value_t = 1)]
    in_flight: usize,

    /// Measure this layout only; may be given several times
    #[arg(long)]
    layout: Vec<Layout>,

    /// Invoice series, with --layout; may be given several times
    #[arg(long, default_values_t = [16])]
    series: Vec<u16>,

    /// Orders of a hundred that want one and the same product, with --layout
    #[arg(long, default_value_t = 0)]
    hot_sku_share: u64,

    /// Rows into which the stock of that product is split, with --layout bare
    #[arg(long, default_value_t = 1)]
    hot_sku_buckets: u64,

    /// Note each order as documented, too, which is another round trip, with --layout processor
    #[arg(long)]
    mark: bool,

    /// Forget customers and products before each order, with --layout processor
    #[arg(long)]
    strangers: bool,

    /// Customers of the synthetic business
    #[arg(long, default_value_t = 100)]
    customers: u32,

    /// Products of the synthetic business
    #[arg(long, default_value_t = 300)]
    products: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Layout {
    NumberFirst,
    NumberLast,
    StockLate,
    Bare,
    Processor,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
struct Row {
    layout: Layout,
    environments: usize,
    series: u16,
    hot_percent: u64,
    buckets: u64,
    in_flight: usize,
    mark: bool,
    strangers: bool,
}

impl Row {
    fn of(layout: Layout, arguments: &Arguments) -> Self {
        let &Arguments { environments, in_flight, .. } = arguments;
        let (series, hot_percent, buckets, mark, strangers) = (16, 0, 1, false, false);
        Self { layout, environments, series, hot_percent, buckets, in_flight, mark, strangers }
    }

    /// What environments can go on with from row to row.
    fn kind(&self) -> (bool, bool, usize) {
        (self.layout == Layout::Processor, self.strangers, self.environments)
    }

    fn name(&self) -> String {
        let mut name = match self.layout {
            Layout::NumberFirst => "statements, number first",
            Layout::NumberLast => "statements, number last",
            Layout::StockLate => "statements, stock late, number last",
            Layout::Bare => "bare, one round trip",
            Layout::Processor if self.strangers => "processor, strangers",
            Layout::Processor => "processor",
        }
        .to_owned();
        if self.environments == 1 {
            name += ", alone";
        }
        if self.buckets > 1 {
            name += &format!(", {} buckets", self.buckets);
        }
        if self.mark {
            name += ", marked";
        }
        name
    }
}

/// The table of the design notes, and the processor beside it.
fn whole_table(arguments: &Arguments) -> Vec<Row> {
    let row =
        |layout, series, hot_percent| Row { series, hot_percent, ..Row::of(layout, arguments) };
    vec![
        row(Layout::NumberFirst, 1, 0),
        Row { environments: 1, ..row(Layout::NumberLast, 1, 0) },
        row(Layout::NumberLast, 1, 0),
        row(Layout::NumberLast, 16, 0),
        row(Layout::NumberLast, 64, 0),
        row(Layout::NumberLast, 16, 100),
        row(Layout::StockLate, 16, 100),
        row(Layout::Bare, 1, 0),
        row(Layout::Bare, 16, 0),
        row(Layout::Bare, 16, 100),
        Row { buckets: 16, ..row(Layout::Bare, 16, 100) },
        row(Layout::Processor, 1, 0),
        row(Layout::Processor, 16, 0),
        row(Layout::Processor, 64, 0),
        row(Layout::Processor, 16, 20),
        row(Layout::Processor, 16, 100),
        Row { mark: true, ..row(Layout::Processor, 16, 0) },
        Row { strangers: true, ..row(Layout::Processor, 16, 0) },
    ]
}

fn rows(arguments: &Arguments) -> Vec<Row> {
    if arguments.layout.is_empty() {
        return whole_table(arguments);
    }
    let each = arguments.layout.iter().flat_map(|layout| {
        arguments.series.iter().map(move |series| Row {
            series: *series,
            hot_percent: arguments.hot_sku_share.min(100),
            buckets: arguments.hot_sku_buckets.clamp(1, 64),
            mark: arguments.mark,
            strangers: arguments.strangers,
            ..Row::of(*layout, arguments)
        })
    });
    each.collect()
}

fn main() {
    let arguments = Arguments::parse();
    let mut bench = Bench::new(&arguments);
    println!(
        "PostgreSQL with fsync, {} ms of round trip added, {} s a row, {} customers, {} products\n",
        arguments.round_trip_ms, arguments.seconds, arguments.customers, arguments.products
    );
    println!(
        "{:<38} {:>4} {:>7} {:>5} {:>9} {:>7} {:>8} {:>8} {:>7} {:>10}",
        "layout",
        "envs",
        "series",
        "hot",
        "orders/s",
        "ratio",
        "p50 ms",
        "p99 ms",
        "trips",
        "server us"
    );
    let mut first = None;
    for row in rows(&arguments) {
        let measured = bench.measure(row);
        let ratio = measured.per_s / *first.get_or_insert(measured.per_s);
        println!(
            "{:<38} {:>4} {:>7} {:>4}% {:>9.0} {:>6.1}x {:>8.1} {:>8.1} {:>7.2} {:>10.0}",
            row.name(),
            row.environments,
            row.series,
            row.hot_percent,
            measured.per_s,
            ratio,
            measured.p50_ms,
            measured.p99_ms,
            measured.trips,
            measured.server_us
        );
    }
    println!("\ntrips: round trips an order; server us: the server's processor time an order");
}

struct Measured {
    per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// Round trips an order.
    trips: f64,
    /// Processor time of the server an order.
    server_us: f64,
}

/// Threads on which the environments run.
const THREADS: usize = 4;

/// One server and one database, of which each row makes another use.
struct Bench {
    arguments: Arguments,
    server: Server,
    url: String,
    delay: Delay,
    sampler: Sampler,
    /// Orders made so far: each is new to the database.
    made: u64,
    threads: Vec<mpsc::Sender<Job>>,
    results: mpsc::Receiver<Result>,
    meet: Arc<Barrier>,
}

impl Bench {
    fn new(arguments: &Arguments) -> Self {
        let &Arguments { customers, products, .. } = arguments;
        let world = World::new(WorldSize { partners: 5, customers, products });
        let server = Server::start(&["-c", "max_connections=600"]);
        let url = server.create();
        create_database(&url.parse::<DatabaseUrl>().unwrap(), &Seed { world, series: 64 }).unwrap();
        // Stock that does not run out, so that rows measure the same thing one after the other.
        server.execute(&url, "UPDATE stock_lot SET on_hand = 1000000000000");
        // Rows into which the stock of one product can be split.
        let buckets = "INSERT INTO stock_lot SELECT product_id, expires, lot || '-' || b, made,
            on_hand, 0 FROM stock_lot, generate_series(1, 64) b WHERE lot LIKE '%A'";
        server.execute(&url, buckets);
        server.execute(&url, clerks::BARE_FUNCTION);
        let delay = Delay::before(&url, Duration::from_secs_f64(arguments.round_trip_ms / 2_000.0));
        let sampler = Sampler::new(7, RunTag::from_seed_text("bench"), world);
        let (send, results) = mpsc::channel();
        let meet = Arc::new(Barrier::new(THREADS + 1));
        let threads =
            (0..THREADS).map(|number| start(number, &delay.url(), &meet, &send)).collect();
        let arguments = arguments.clone();
        Self { arguments, server, url, delay, sampler, made: 0, threads, results, meet }
    }

    fn measure(&mut self, row: Row) -> Measured {
        let series = row.series.clamp(1, 64);
        let set = format!("UPDATE establishment SET series_count = {series}");
        for statement in [set.as_str(), "VACUUM ANALYZE", "CHECKPOINT"] {
            self.server.execute(&self.url, statement);
        }
        let job = self.job(row);
        self.threads.iter().for_each(|thread| thread.send(job.clone()).unwrap());
        self.meet.wait();
        let (begun, trips, cpu) = (Instant::now(), self.delay.trips(), used(&self.server));
        self.meet.wait();
        let elapsed = begun.elapsed();
        let trips = self.delay.trips() - trips;
        // One that ends at this instant is counted nowhere.
        let cpu = used(&self.server).saturating_sub(cpu);
        self.meet.wait();
        let results: Vec<Result> = self.results.iter().take(THREADS).collect();
        measured(&results, elapsed, trips, cpu)
    }

    fn job(&mut self, row: Row) -> Job {
        let orders = (self.arguments.seconds * 4_500.0) as u64;
        let pool = Pool::new(&self.sampler, self.made..self.made + orders, row.hot_percent);
        self.made += orders;
        let known = if row.layout == Layout::Processor && !row.strangers {
            pool::acquaintances(&self.sampler, self.made, row.environments)
        } else {
            Vec::new()
        };
        let lasting = Duration::from_secs_f64(self.arguments.seconds);
        Job { row, pool: Arc::new(pool), known: Arc::new(known), lasting }
    }
}

fn start(
    number: usize,
    near: &str,
    meet: &Arc<Barrier>,
    results: &mpsc::Sender<Result>,
) -> mpsc::Sender<Job> {
    let (send, jobs) = mpsc::channel();
    let (near, meet, results) = (near.to_owned(), Arc::clone(meet), results.clone());
    thread::spawn(move || clerks::run(&near, (number, THREADS), &jobs, &meet, &results));
    send
}

/// The processor time that a server's connections have used so far, those that are closed included.
fn used(server: &Server) -> Duration {
    let file = server.folder().join("data/postmaster.pid");
    let postmaster = std::fs::read_to_string(file).unwrap();
    let postmaster = postmaster.lines().next().unwrap();
    let ticks = |process: std::fs::DirEntry| {
        let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
        let (_, fields) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split(' ').collect();
        let sum = |user: usize| {
            let parsed = |at: usize| fields.get(at)?.parse::<u64>().ok();
            Some(parsed(user)? + parsed(user + 1)?)
        };
        match process.file_name() == postmaster {
            // What its children took that have ended.
            true => sum(13),
            false if fields.get(1) == Some(&postmaster) => sum(11),
            false => None,
        }
    };
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(std::result::Result::ok);
    // USER_HZ is 100 on every Linux that we know.
    Duration::from_millis(10 * processes.filter_map(ticks).sum::<u64>())
}

fn measured(results: &[Result], elapsed: Duration, trips: u64, used: Duration) -> Measured {
    let mut latencies: Vec<Duration> =
        results.iter().flat_map(|result| result.latencies.iter().copied()).collect();
    latencies.sort_unstable();
    let orders = latencies.len().max(1) as f64;
    let at = |share: f64| {
        let latency = latencies.get((orders * share) as usize).copied().unwrap_or_default();
        latency.as_secs_f64() * 1e3
    };
    Measured {
        per_s: orders / elapsed.as_secs_f64(),
        p50_ms: at(0.5),
        p99_ms: at(0.99),
        trips: trips as f64 / orders,
        server_us: used.as_secs_f64() * 1e6 / orders,
    }
}
