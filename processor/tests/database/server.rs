//! A PostgreSQL server of the tests' own, on a free port of 127.0.0.1, that ends with them.

use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// The server, started by the first test that needs it.
pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
}

/// Runs the server, and when it is told to end, or ends, removes its folder.
const SCRIPT: &str = r#"
server=
trap '[ -z "$server" ] && exit 1; kill -INT "$server"' TERM
trap 'rm -rf "$2"' EXIT
"$1/initdb" -D "$2/data" -A trust -U vazao --no-sync -E UTF8 --locale=C >/dev/null || exit 1
"$1/postgres" -D "$2/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c fsync=off -c max_connections=100 2>"$2/log" &
server=$!
wait $server; wait $server
"#;

impl Server {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::Builder::new().prefix("vazao-postgres-").tempdir().unwrap().keep();
        let mut command = Command::new("setpriv");
        // PostgreSQL refuses to be root.
        let user = if is_root() { own(&folder) } else { Vec::new() };
        command.args(user).args(["--pdeathsig", "TERM", "sh", "-c", SCRIPT, "sh"]);
        command.arg(programs()).arg(&folder).arg(port.to_string());
        // The signal comes when the thread ends that started it: one that never does.
        thread::spawn(move || {
            let status = command.status();
            panic!("the PostgreSQL server ended: {status:?}");
        });
        let server = Self { port };
        server.wait();
        server
    }

    fn wait(&self) {
        for _ in 0..600 {
            if self.try_execute("postgres", "SELECT 1").is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("the PostgreSQL server does not answer on port {}", self.port);
    }

    /// The URL of a database on it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://vazao@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// The URL of a new, empty database.
    pub(crate) fn create(&self) -> String {
        static CREATED: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", CREATED.fetch_add(1, Ordering::Relaxed));
        self.try_execute("postgres", &format!("CREATE DATABASE {name}")).unwrap();
        self.url(&name)
    }

    fn try_execute(&self, database: &str, sql: &str) -> Result<(), tokio_postgres::Error> {
        elsewhere(async {
            let url = self.url(database);
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
            tokio::spawn(connection);
            client.batch_execute(sql).await
        })
    }
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

/// In a thread of its own, as the caller may be in a runtime already.
pub(crate) fn elsewhere<F: Future<Output: Send> + Send>(future: F) -> F::Output {
    thread::scope(|scope| scope.spawn(|| block_on(future)).join().unwrap())
}

/// Where Debian puts the server's programs; of several versions the last.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut found: Vec<PathBuf> = versions
        .map(|version| version.unwrap().path().join("bin"))
        .filter(|bin| bin.join("postgres").is_file())
        .collect();
    found.sort();
    found.pop().expect("PostgreSQL is missing: run `cargo xtask tools` first")
}

fn is_root() -> bool {
    id(&["-u"]) == 0
}

fn id(arguments: &[&str]) -> u32 {
    let output = Command::new("id").args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().expect("the package makes a user")
}

/// Gives the folder to the package's user; how to become that user.
fn own(folder: &Path) -> Vec<String> {
    let (user, group) = (id(&["-u", "postgres"]), id(&["-g", "postgres"]));
    chown(folder, Some(user), Some(group)).unwrap();
    vec![format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]
}
