//! Many environments, each a process of its own, settle the same orders: out of order, a fifth of
//! them everywhere, while processes are killed and connections cut. At the end it prints the
//! account. `--help` says how.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a proof by hand")]
#![allow(dead_code, reason = "the tests use the rest")]

#[path = "../tests/database/proof.rs"]
mod proof;
#[path = "../tests/database/server.rs"]
mod server;
#[path = "../tests/database/shop.rs"]
mod shop;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use orders::seed::Draws;
use processor::DatabaseUrl;

use proof::{Proof, WRONG, cut_connections, make_scarce};
use server::block_on;
use shop::{Kind, Shop};

/// Settles the same orders in several processes at once and shows that every account adds up.
///
/// Each environment is a process with a connection of its own. Every order is delivered to one of
/// them, a fifth of all to every one, and each takes its deliveries in an order of its own. A few
/// customers and products run out on the way. About every --kill-every deliveries a process is
/// killed (SIGKILL) wherever it is, and another goes on some deliveries before that place; on
/// PostgreSQL five connections a second are cut by the server besides, and every fiftieth delivery
/// is given up in the middle.
///
///     cargo run --release -p processor --example contention -- --database postgres
///
/// Exit codes: 0 every account adds up; 1 one does not, and which is printed.
#[derive(Debug, Clone, Parser)]
#[command(verbatim_doc_comment)]
struct Arguments {
    /// How many orders
    #[arg(long, default_value_t = 100_000)]
    orders: u64,

    /// How many processes
    #[arg(long, default_value_t = 4)]
    environments: u64,

    /// In how many series invoices are numbered
    #[arg(long, default_value_t = 16)]
    series: u16,

    /// Deliveries of a process before it is killed, on average; 0 kills none
    #[arg(long, default_value_t = 5_000)]
    kill_every: u64,

    /// The seed of what is delivered where and of who is killed when
    #[arg(long, default_value_t = 20_261_123)]
    seed: u64,

    /// Which database
    #[arg(long, value_enum, default_value_t = Which::Postgres)]
    database: Which,

    #[arg(long, hide = true)]
    url: Option<String>,
    #[arg(long, hide = true, default_value_t = 0)]
    environment: u64,
    #[arg(long, hide = true, default_value_t = 0)]
    from: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    Postgres,
    Sqlite,
}

impl Arguments {
    fn proof(&self) -> Proof {
        let &Self { orders, environments, seed, .. } = self;
        Proof { orders, environments, seed }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match &arguments.url {
        Some(url) => environment(&arguments, &url.parse().unwrap()),
        None => prove(&arguments),
    }
}

/// What a child process does: it says after each delivery how many are behind it.
fn environment(arguments: &Arguments, url: &DatabaseUrl) -> ExitCode {
    let shop = Shop::at(url.clone());
    let mut out = std::io::stdout().lock();
    let proof = arguments.proof();
    block_on(proof.environment(&shop, arguments.environment, arguments.from, |done| {
        writeln!(out, "{done}").unwrap();
        out.flush().unwrap();
    }));
    ExitCode::SUCCESS
}

fn prove(arguments: &Arguments) -> ExitCode {
    let kind = match arguments.database {
        Which::Postgres => Kind::Postgres,
        Which::Sqlite => Kind::Sqlite,
    };
    let shop = Shop::with_series(kind, arguments.series);
    make_scarce(&shop, arguments.orders);
    let (stop, killed, delivered) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let started = Instant::now();
    let cut = thread::scope(|scope| {
        let cutter = (kind == Kind::Postgres)
            .then(|| scope.spawn(|| cut_connections(&shop, &stop, Duration::from_millis(200))));
        scope.spawn(|| progress(arguments, &delivered, &stop));
        let environments: Vec<_> = (0..arguments.environments)
            .map(|number| {
                let (shop, killed, delivered) = (&shop, &killed, &delivered);
                scope.spawn(move || keep_alive(arguments, shop, number, killed, delivered))
            })
            .collect();
        environments.into_iter().for_each(|environment| environment.join().unwrap());
        stop.store(true, Ordering::Relaxed);
        cutter.map_or(0, |cutter| cutter.join().unwrap())
    });
    let (killed, delivered) = (killed.into_inner(), delivered.into_inner());
    println!(
        "{} orders in {:.1} s by {} processes: {delivered} deliveries, {killed} processes killed, \
         {cut} connections cut",
        arguments.orders,
        started.elapsed().as_secs_f64(),
        arguments.environments,
    );
    account(arguments, &shop)
}

/// Runs an environment until it has made all its deliveries, in as many processes as it takes.
fn keep_alive(
    arguments: &Arguments,
    shop: &Shop,
    number: u64,
    killed: &AtomicU64,
    delivered: &AtomicU64,
) {
    let mut draws = Draws::new(arguments.seed, number, 1);
    let all = arguments.proof().deliveries(number).len();
    let mut done = 0;
    while done < all {
        let life = match arguments.kill_every {
            0 => u64::MAX,
            every => 1 + draws.below(2 * every),
        };
        // Some deliveries come again: nobody knows which were acknowledged.
        let from = done.saturating_sub(draws.below(8) as usize);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--orders", &arguments.orders.to_string()])
            .args(["--environments", &arguments.environments.to_string()])
            .args(["--seed", &arguments.seed.to_string()])
            .args(["--environment", &number.to_string(), "--from", &from.to_string()])
            .args(["--url", &shop.address()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for (lived, line) in (1..).zip(lines.map_while(Result::ok)) {
            let Ok(behind) = line.parse::<usize>() else { continue };
            done = done.max(behind);
            delivered.fetch_add(1, Ordering::Relaxed);
            if lived == life {
                child.kill().unwrap();
                killed.fetch_add(1, Ordering::Relaxed);
            }
        }
        let ended = child.wait().unwrap();
        assert!(ended.success() || ended.code().is_none(), "environment {number}: {ended}");
    }
}

fn progress(arguments: &Arguments, delivered: &AtomicU64, stop: &AtomicBool) {
    let proof = arguments.proof();
    let all: usize = (0..arguments.environments).map(|n| proof.deliveries(n).len()).sum();
    let mut said = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(100));
        if said.elapsed() > Duration::from_secs(5) {
            println!("  {} of {all} deliveries", delivered.load(Ordering::Relaxed));
            said = Instant::now();
        }
    }
}

fn account(arguments: &Arguments, shop: &Shop) -> ExitCode {
    let said = |what: &str, query: &str| println!("  {:>14}  {what}", shop.number(query));
    said("orders settled", "SELECT count(*) FROM sales_order");
    said("confirmed", "SELECT count(*) FROM sales_order WHERE status = 'confirmed'");
    said(
        "confirmed in part",
        "SELECT count(*) FROM sales_order WHERE status = 'partially_confirmed'",
    );
    said("rejected", "SELECT count(*) FROM sales_order WHERE status = 'rejected'");
    said("invoices", "SELECT count(*) FROM nfe");
    said("series", "SELECT count(DISTINCT series) FROM nfe");
    said("pieces reserved", "SELECT sum(reserved) FROM stock_lot");
    said("cents owed", "SELECT sum(open_cents) FROM credit");
    println!("\nwhat must not be there:");
    let settled = shop.number("SELECT count(*) FROM sales_order");
    let mut wrong = settled.abs_diff(arguments.orders.cast_signed());
    println!("  {wrong:>14}  orders lost or settled twice");
    for (what, query) in WRONG {
        let count = shop.number(query);
        println!("  {count:>14}  {what}");
        wrong += count.unsigned_abs();
    }
    if wrong == 0 {
        println!("\nevery account adds up (seed {})", arguments.seed);
        ExitCode::SUCCESS
    } else {
        println!("\nNOT every account adds up (seed {})", arguments.seed);
        ExitCode::FAILURE
    }
}
