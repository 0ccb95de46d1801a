//! Other load generators beside ours, in one run, against the same nginx that answers 202, with the
//! same job: PUT, a JSON body of 1.3 KB that differs with every order where the peer can do that.
//!
//! `cargo run --release -p loadgen --example peers [-- SECONDS]`
//!
//! Orders are counted by nginx, CPU time by the kernel. What is not installed is named and left
//! out: nginx, wrk and hey are Debian's, oha is `cargo install oha`, Locust `pip install locust`.
#![expect(clippy::print_stdout, reason = "the report of a measuring program")]

use std::error::Error;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use goose::GooseAttack;
use goose::config::GooseConfiguration;
use goose::goose::{
    GooseMethod, GooseRequest, GooseUser, Scenario, Transaction, TransactionResult,
};
use loadgen::{
    ArrivalSchedule, Credentials, Curve, GatewayAddress, LoadPlan, Progress, RecorderFiles,
    Retries, Transport,
};
use orders::{RunTag, Sampler, World};

type AnyError = Box<dyn Error + Send + Sync>;

const CONNECTIONS: u64 = 64;
const OPEN_PER_S: u64 = 5_000;
/// More than any machine of today takes.
const FLAT_PER_S: u64 = 200_000;
/// Items of an order whose body is 1.3 KB.
const ITEMS: u32 = 16;
const PORT: u16 = 18_202;

fn main() -> Result<(), AnyError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("ours") => ours(&arguments[1], arguments[2].parse()?, arguments[3].parse()?),
        Some("goose") => goose(&arguments[1], arguments[2].parse()?, arguments[3].parse()?),
        seconds => compare(seconds.map_or(Ok(4), str::parse)?),
    }
}

/// How one peer is called; none for what it cannot do.
struct Peer {
    name: &'static str,
    program: Option<PathBuf>,
    flat: Option<Vec<String>>,
    open: Option<Vec<String>>,
}

fn compare(seconds: u64) -> Result<(), AnyError> {
    let folder = std::env::temp_dir().join(format!("peers-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let Some(nginx) = find("nginx") else {
        return Err("nginx is not installed: apt-get install nginx-light".into());
    };
    let mut sink = start_nginx(&nginx, &folder)?;
    let measured = measure_all(&folder, seconds);
    sink.kill()?;
    sink.wait()?;
    fs::remove_dir_all(folder)?;
    measured
}

fn measure_all(folder: &Path, seconds: u64) -> Result<(), AnyError> {
    println!(
        "flat out with {CONNECTIONS} connections, and open at {OPEN_PER_S}/s; {seconds} s each\n"
    );
    println!("| generator | flat out | CPU an order | ratio | open | CPU an order | ratio |");
    println!("|---|---|---|---|---|---|---|");
    let mut ours = [None; 2];
    let mut missing = Vec::new();
    for peer in peers(folder, seconds)? {
        let Some(program) = &peer.program else {
            missing.push(peer.name);
            continue;
        };
        let mut row = format!("| {}", peer.name);
        for (arguments, own) in [&peer.flat, &peer.open].into_iter().zip(&mut ours) {
            let cells = match arguments {
                None => " | - | - | -".to_owned(),
                Some(arguments) => {
                    let (rate, cpu_us) = measure(program, arguments, seconds)?;
                    let ratio = cpu_us / *own.get_or_insert(cpu_us);
                    format!(" | {rate:.0}/s | {cpu_us:.1} us | {ratio:.2}")
                }
            };
            row.push_str(&cells);
        }
        println!("{row} |");
    }
    if !missing.is_empty() {
        println!("\nNOT MEASURED, because not installed: {}", missing.join(", "));
    }
    Ok(())
}

/// Orders a second and CPU time an order, us.
fn measure(program: &Path, arguments: &[String], seconds: u64) -> Result<(f64, f64), AnyError> {
    let (orders, cpu_s) = (nginx_requests()?, children_cpu_s()?);
    let out = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if !out.success() {
        println!("{} {arguments:?} ended with {out}", program.display());
    }
    // The question itself is a request too.
    let orders = (nginx_requests()? - orders - 1) as f64;
    Ok((orders / seconds as f64, (children_cpu_s()? - cpu_s) * 1e6 / orders.max(1.0)))
}

fn peers(folder: &Path, seconds: u64) -> Result<Vec<Peer>, AnyError> {
    let url = format!("http://127.0.0.1:{PORT}");
    let (target, time) = (format!("{url}/v1/orders/x"), format!("{seconds}s"));
    let connections = CONNECTIONS.to_string();
    let file = |name: &str, text: &str| -> Result<String, AnyError> {
        let path = folder.join(name);
        fs::write(&path, text)?;
        Ok(path.display().to_string())
    };
    let body = file("body.json", &body())?;
    let wrk = file("put.lua", WRK)?;
    let locust = file("locustfile.py", LOCUST)?;
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let itself = |kind: &str, rate: u64| Some(words(&format!("{kind} {url} {rate} {seconds}")));
    let locust = |wait: f64| {
        words(&format!(
            "-f {locust} --headless -u {connections} -r {connections} -t {time} -H {url} --only-summary --wait {wait}"
        ))
    };
    let own = std::env::current_exe().ok();
    Ok(vec![
        Peer {
            name: "vazao",
            program: own.clone(),
            flat: itself("ours", FLAT_PER_S),
            open: itself("ours", OPEN_PER_S),
        },
        Peer {
            name: "oha (one body)",
            program: find("oha"),
            flat: Some(words(&format!(
                "--no-tui -m PUT -D {body} -c {connections} -z {time} {target}"
            ))),
            open: Some(words(&format!(
                "--no-tui -m PUT -D {body} -c {connections} -z {time} -q {OPEN_PER_S} --latency-correction {target}"
            ))),
        },
        Peer {
            name: "wrk (no open model)",
            program: find("wrk"),
            flat: Some(words(&format!("-t 2 -c {connections} -d {time} -s {wrk} {target}"))),
            open: None,
        },
        Peer {
            name: "hey (one body)",
            program: find("hey"),
            flat: Some(words(&format!("-m PUT -D {body} -c {connections} -z {time} {target}"))),
            open: Some(words(&format!(
                "-m PUT -D {body} -c {connections} -z {time} -q {} {target}",
                OPEN_PER_S / CONNECTIONS
            ))),
        },
        Peer {
            name: "goose as it comes (closed)",
            program: own,
            flat: itself("goose", 0),
            open: itself("goose", OPEN_PER_S),
        },
        Peer {
            name: "Locust (closed)",
            program: find("locust"),
            flat: Some(locust(0.0)),
            open: Some(locust(CONNECTIONS as f64 / OPEN_PER_S as f64)),
        },
    ])
}

const WRK: &str = r#"
local n = 0
local line = '{"line":1,"ean":"7899900000000","qty":36,"unit_price":"12.3400"},'
function request()
  n = n + 1
  local body = string.format('{"partner_order_no":"abcde-%07d","items":[%s]}', n, string.rep(line, 18))
  return wrk.format("PUT", nil, {["content-type"] = "application/json"}, body)
end
"#;

const LOCUST: &str = r#"
from locust import FastHttpUser, task, constant_throughput, constant, events
from itertools import count
numbers = count()
line = '{"line":1,"ean":"7899900000000","qty":36,"unit_price":"12.3400"},' * 18
@events.init_command_line_parser.add_listener
def _(parser):
    parser.add_argument("--wait", type=float, default=0)
class Partner(FastHttpUser):
    def wait_time(self):
        wait = self.environment.parsed_options.wait
        return (constant_throughput(1 / wait) if wait else constant(0))(self)
    @task
    def put(self):
        self.client.put("/v1/orders/x", data='{"partner_order_no":"abcde-%07d","items":[%s]}' % (next(numbers), line),
                        headers={"content-type": "application/json"})
"#;

fn sampler() -> Sampler {
    Sampler::new(7, RunTag::from_seed_text("peers"), World::default()).with_items(ITEMS)
}

fn body() -> String {
    serde_json::to_string(&sampler().order(0, jiff::Timestamp::now()).order).unwrap_or_default()
}

#[tokio::main]
async fn ours(url: &str, rate: u64, seconds: f64) -> Result<(), AnyError> {
    let folder = std::env::temp_dir().join(format!("ours-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let orders = (rate as f64 * seconds) as u64;
    let curve = Curve::constant(seconds);
    let plan = LoadPlan {
        schedule: ArrivalSchedule::new(curve, orders, 1.0, Some(7)),
        sampler: sampler(),
        gateway: GatewayAddress(url.to_owned()),
        credentials: Credentials::None,
        transport: Transport::default(),
        retries: Retries::default(),
        abort: None,
        in_flight_max: CONNECTIONS,
        start: Instant::now() + Duration::from_millis(50),
        start_unix: jiff::Timestamp::now(),
        files: RecorderFiles {
            exchanges: folder.join("exchanges.parquet"),
            latency: folder.join("latency.hlog"),
            interval: Duration::from_secs(1),
            start_unix_s: 0.0,
            journal: None,
        },
    };
    // Flat out is as many as go in the time: the rest is not sent.
    let timer = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        loadgen::stop("the time is over");
    });
    loadgen::run(plan, Arc::new(Progress::default())).await?;
    timer.abort();
    fs::remove_dir_all(folder)?;
    Ok(())
}

#[tokio::main]
async fn goose(url: &str, rate: u64, seconds: u64) -> Result<(), AnyError> {
    let mut configuration = GooseConfiguration::default();
    configuration.host = Some(url.to_owned());
    configuration.users = Some(CONNECTIONS as usize);
    configuration.increase_rate = Some("100000".to_owned());
    configuration.run_time = Some(seconds.to_string());
    configuration.throttle_requests = (rate > 0).then_some(rate as usize);
    configuration.no_telnet = true;
    configuration.no_print_metrics = true;
    configuration.quiet = 3;
    let transaction = Transaction::new(Arc::new(|user| Box::pin(put(user))));
    GooseAttack::initialize_with_config(configuration)?
        .register_scenario(Scenario::new("orders").register_transaction(transaction))
        .execute()
        .await?;
    Ok(())
}

async fn put(user: &mut GooseUser) -> TransactionResult {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let order = sampler().order(NUMBER.fetch_add(1, Relaxed), jiff::Timestamp::now()).order;
    let body = serde_json::to_vec(&order).unwrap_or_default();
    let builder = user.get_request_builder(&GooseMethod::Put, "/v1/orders/x")?.body(body);
    let request = GooseRequest::builder().set_request_builder(builder).name("order").build();
    user.request(request).await?;
    Ok(())
}

fn start_nginx(program: &Path, folder: &Path) -> Result<Child, AnyError> {
    let text = format!(
        "daemon off; master_process off; pid {0}/pid; error_log {0}/error.log;\nevents {{ worker_connections 4096; }}\n\
         http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {0}/b; proxy_temp_path {0}/p;\n\
         fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u; scgi_temp_path {0}/s;\n\
         server {{ listen 127.0.0.1:{PORT}; location / {{ return 202; }} location /status {{ stub_status; }} }} }}\n",
        folder.display()
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, text)?;
    let child = Command::new(program)
        .arg("-c")
        .arg(&file)
        .arg("-p")
        .arg(folder)
        .stderr(Stdio::null())
        .spawn()?;
    for _ in 0..100 {
        if nginx_requests().is_ok() {
            return Ok(child);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err("nginx does not answer".into())
}

/// Requests so far, by nginx's own count.
fn nginx_requests() -> Result<u64, AnyError> {
    let mut stream = TcpStream::connect(("127.0.0.1", PORT))?;
    stream.write_all(b"GET /status HTTP/1.0\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    // The line after "server accepts handled requests".
    let counts = text.lines().skip_while(|line| !line.contains("requests")).nth(1);
    let last = counts.and_then(|line| line.split_whitespace().nth(2));
    Ok(last.ok_or("nginx gives no counts")?.parse()?)
}

/// CPU time of all our ended children, s: fields 16 and 17 of proc_pid_stat(5), in 100ths.
fn children_cpu_s() -> Result<f64, AnyError> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    Ok((fields[13].parse::<f64>()? + fields[14].parse::<f64>()?) / 100.0)
}

/// A program on the path, or where Debian has its servers.
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}
