//! A PostgreSQL server of the proof's own, on a free port of 127.0.0.1, that ends with it: one that
//! may be killed, stopped and started, because nobody else uses it.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::processes;
use crate::failure::Failure;

/// A server that recovers from a crash of its processes takes some seconds on a busy machine.
const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// The server.
#[derive(Debug)]
pub(crate) struct Server {
    programs: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    /// How to become the user that may run it; empty if we are one.
    user: Vec<String>,
    child: Option<Child>,
}

/// Where Debian and Red Hat put the programs; of several versions the last.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = ["/usr/lib/postgresql", "/usr/pgsql"]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("postgres").is_file())
        .collect();
    found.sort();
    found.pop()
}

impl Server {
    /// Makes and starts a server; what it has is gone when it is dropped.
    pub(crate) fn start() -> Result<Self, Failure> {
        let programs = programs().ok_or_else(|| {
            Failure::usage(
                "--database: no PostgreSQL server is installed (Debian: postgresql): install one, or prove --database sqlite",
            )
        })?;
        let folder = tempfile::Builder::new().prefix("vazao-prove-postgres-").tempdir();
        let folder = folder.map_err(Failure::internal)?;
        let user = become_another(folder.path())?;
        let port = free_port()?;
        let mut server = Self { programs, folder, port, user, child: None };
        server.initialize()?;
        server.start_again()?;
        Ok(server)
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        if self.user.is_empty() {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args(&self.user).arg(program);
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn initialize(&self) -> Result<(), Failure> {
        let made = self
            .command("initdb")
            .args(["-A", "trust", "-U", "vazao", "--no-sync", "-E", "UTF8", "--locale=C", "-D"])
            .arg(self.data())
            .current_dir(self.folder.path())
            .output();
        let made = made.map_err(|error| Failure::internal(format!("initdb: {error}")))?;
        if made.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&made.stderr);
        Err(Failure::internal(format!("initdb: {}", said.trim())))
    }

    /// Starts it and waits until it takes connections.
    pub(crate) fn start_again(&mut self) -> Result<(), Failure> {
        let log = File::options().create(true).append(true).open(self.folder.path().join("log"));
        let child = self
            .command("postgres")
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories=", "-c", "max_connections=100"])
            // Processes are killed here, not the machine.
            .args(["-c", "fsync=off"])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.map_err(Failure::internal)?)
            .spawn();
        self.child = Some(child.map_err(|error| Failure::internal(format!("postgres: {error}")))?);
        self.wait_until_ready()
    }

    pub(crate) fn wait_until_ready(&self) -> Result<(), Failure> {
        let since = Instant::now();
        loop {
            let mut ready = self.command("pg_isready");
            ready.args(["-q", "-h", "127.0.0.1", "-p"]).arg(self.port.to_string());
            if ready_status(&mut ready) && TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            if since.elapsed() > READY_TIMEOUT {
                return Err(Failure::internal(
                    "the PostgreSQL server of the proof does not answer",
                ));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it with all its connections.
    pub(crate) fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        // SIGINT: a fast shutdown; `setpriv` has become the server.
        processes::send(child.id(), Signal::INT);
        let _ = child.wait();
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The URL of its database by this port.
    pub(crate) fn url(port: u16) -> String {
        format!("postgres://vazao@127.0.0.1:{port}/postgres?sslmode=disable")
    }
}

fn ready_status(command: &mut Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Failure::internal)?;
    Ok(listener.local_addr().map_err(Failure::internal)?.port())
}

fn id(arguments: &[&str]) -> Result<u32, Failure> {
    let answer = Command::new("id").args(arguments).output().map_err(Failure::internal)?;
    String::from_utf8_lossy(&answer.stdout).trim().parse().map_err(|_| {
        Failure::usage("--database: PostgreSQL refuses to run as root, and there is no user postgres: prove as another user")
    })
}

/// PostgreSQL refuses to be root: the folder is given to the package's user. How to become it.
fn become_another(folder: &Path) -> Result<Vec<String>, Failure> {
    if id(&["-u"])? != 0 {
        return Ok(Vec::new());
    }
    let (user, group) = (id(&["-u", "postgres"])?, id(&["-g", "postgres"])?);
    chown(folder, Some(user), Some(group)).map_err(Failure::internal)?;
    Ok(vec![format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()])
}
