//! A PostgreSQL server of the tests' own, on a free port of 127.0.0.1, that ends with them.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// The server, started by the first test that needs it. It counts statements, and loses what it
/// has if the machine fails.
pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        Server::start(&["-c", "fsync=off", "-c", "shared_preload_libraries=pg_stat_statements"])
    })
}

#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
    folder: PathBuf,
}

/// Runs the server, again and again if it ends, until it is told to end; then removes its folder.
const SCRIPT: &str = r#"
programs=$1 folder=$2 port=$3
shift 3
server= end=
trap 'end=1; [ -n "$server" ] && kill -INT "$server"' TERM
trap 'rm -rf "$folder"' EXIT
"$programs/initdb" -D "$folder/data" -A trust -U vazao --no-sync -E UTF8 --locale=C >/dev/null \
    || exit 1
while [ -z "$end" ]; do
    "$programs/postgres" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories= -c max_connections=150 "$@" 2>>"$folder/log" &
    server=$!
    wait $server; [ -n "$end" ] && wait $server
    sleep 0.1
done
"#;

impl Server {
    /// Starts a server with settings of its own (`-c name=value`).
    pub(crate) fn start(settings: &[&str]) -> Self {
        Self::start_with(&[], settings)
    }

    /// Starts a server in whose folder, `FOLDER` in settings, are these files, which only it reads.
    pub(crate) fn start_with(files: &[(&str, &str)], settings: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::Builder::new().prefix("vazao-postgres-").tempdir().unwrap().keep();
        for (name, text) in files {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
        }
        let here = |setting: &&str| setting.replace("FOLDER", folder.to_str().unwrap());
        let settings: Vec<String> = settings.iter().map(here).collect();
        let mut command = Command::new("setpriv");
        // PostgreSQL refuses to be root.
        let user = if is_root() { own(&folder) } else { Vec::new() };
        command.args(user).args(["--pdeathsig", "TERM", "sh", "-c", SCRIPT, "sh"]);
        command.arg(programs()).arg(&folder).arg(port.to_string()).args(settings);
        // The signal comes when the thread ends that started it: one that never does.
        thread::spawn(move || {
            let status = command.status();
            panic!("the PostgreSQL server ended: {status:?}");
        });
        let server = Self { port, folder };
        server.wait();
        server
    }

    /// Ends the server, with all its connections; it starts again at once.
    pub(crate) fn restart(&self) {
        let pid = || {
            let file = std::fs::read_to_string(self.folder.join("data/postmaster.pid"));
            file.ok().and_then(|text| text.lines().next().map(str::to_owned))
        };
        let before = pid().unwrap();
        Command::new("kill").args(["-INT", &before]).status().unwrap();
        while pid().is_none_or(|now| now == before) {
            thread::sleep(Duration::from_millis(20));
        }
        self.wait();
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

    /// Where it has its files.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The URL of a database on it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://vazao@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// The URL of a new, empty database.
    pub(crate) fn create(&self) -> String {
        self.made("")
    }

    /// The URL of a new database that has all that another has, which nobody uses.
    pub(crate) fn copy(&self, url: &str) -> String {
        let (_, name) = url.rsplit_once('/').unwrap();
        let name = name.split('?').next().unwrap();
        self.made(&format!("TEMPLATE {name}"))
    }

    fn made(&self, how: &str) -> String {
        static CREATED: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", CREATED.fetch_add(1, Ordering::Relaxed));
        self.try_execute("postgres", &format!("CREATE DATABASE {name} {how}")).unwrap();
        self.url(&name)
    }

    /// Runs statements in a database of any server.
    pub(crate) fn execute(&self, url: &str, sql: &str) {
        elsewhere(async {
            let (client, connection) =
                tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            client.batch_execute(sql).await.unwrap();
        });
    }

    /// The first value of what a query gives, as text.
    pub(crate) fn text(&self, url: &str, query: &str) -> String {
        elsewhere(async {
            let (client, connection) =
                tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            let query = format!("SELECT coalesce(({query})::text, '')");
            client.query_one(&query, &[]).await.unwrap().get(0)
        })
    }

    /// The first value of what a query gives; 0 if there is none.
    pub(crate) fn number(&self, url: &str, query: &str) -> i64 {
        let text = self.text(url, query);
        if text.is_empty() { 0 } else { text.parse().unwrap() }
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
    for file in std::fs::read_dir(folder).unwrap() {
        chown(file.unwrap().path(), Some(user), Some(group)).unwrap();
    }
    vec![format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]
}
