//! The local cloud as a process of its own, `vazao local`, so that it can be killed and started
//! again with the same folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::processes;
use crate::failure::Failure;

/// A cloud that lives and has not opened its port after this has failed to start: it reads again what
/// every order so far has left.
const START_TIMEOUT: Duration = Duration::from_secs(600);

/// A cloud that was asked to end and has not is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// How the cloud is started.
#[derive(Debug, Clone)]
pub(crate) struct CloudSettings {
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    pub(crate) template: PathBuf,
    pub(crate) bootstrap: PathBuf,
    pub(crate) seed: u64,
    /// As `--fault` has them.
    pub(crate) faults: Vec<String>,
    /// The URL of the database, if it is not the file in the folder.
    pub(crate) database: Option<String>,
    /// Whether processes stand still between invocations.
    pub(crate) freeze: bool,
}

/// A cloud that runs.
#[derive(Debug)]
pub(crate) struct CloudProcess {
    settings: CloudSettings,
    child: Option<Child>,
    /// How often it was started.
    starts: u64,
    /// What the clouds before this one have counted.
    counted: BTreeMap<String, u64>,
}

impl CloudProcess {
    /// Starts it and waits until it answers.
    pub(crate) fn start(settings: CloudSettings) -> Result<Self, Failure> {
        let mut cloud = Self { settings, child: None, starts: 0, counted: BTreeMap::new() };
        cloud.start_again(true)?;
        Ok(cloud)
    }

    /// Starts it once more, on the same port and folder; without faults if they are over.
    pub(crate) fn start_again(&mut self, faults: bool) -> Result<(), Failure> {
        let settings = &self.settings;
        let vazao = std::env::current_exe().map_err(Failure::internal)?;
        let errors = settings.folder.with_extension("errors");
        let log = File::options().create(true).append(true).open(&errors);
        let mut command = Command::new(vazao);
        command
            .args(["local", "--no-files", "--data"])
            .arg(&settings.folder)
            .args(["--port", &settings.port.to_string(), "--template"])
            .arg(&settings.template)
            .arg("--bootstrap")
            .arg(&settings.bootstrap)
            // Another seed each time, or the same chances would strike again.
            .args(["--seed", &settings.seed.wrapping_add(self.starts).to_string()])
            .arg("--fault-counts")
            .arg(self.counts_file())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.map_err(Failure::internal)?);
        if let Some(database) = &settings.database {
            command.arg("--parameter").arg(format!("DatabaseUrl={database}"));
        }
        if settings.freeze {
            command.arg("--freeze");
        }
        if faults {
            command.args(settings.faults.iter().flat_map(|fault| ["--fault", fault.as_str()]));
        }
        self.child = Some(command.spawn().map_err(Failure::internal)?);
        self.starts += 1;
        self.wait_until_up().map_err(|Failure { exit_code, message }| {
            let said = fs::read_to_string(&errors).unwrap_or_default();
            let said = said.lines().last().unwrap_or_default();
            Failure { exit_code, message: format!("the local cloud {message}: {said}") }
        })
    }

    /// A cloud that refuses what it is given ends with the code of a usage error.
    fn wait_until_up(&mut self) -> Result<(), Failure> {
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.settings.port)).is_err() {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            match ended.map(|status| status.code()) {
                Some(Some(2)) => return Err(Failure::usage("refuses to start")),
                Some(_) => return Err(Failure::internal("ended at its start")),
                None => {}
            }
            if since.elapsed() > START_TIMEOUT {
                return Err(Failure::internal("does not answer"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn counts_file(&self) -> PathBuf {
        self.settings.folder.with_extension("counts")
    }

    /// The function's processes.
    pub(crate) fn function_processes(&self) -> Vec<u32> {
        self.child.as_ref().map_or_else(Vec::new, |child| processes::children(child.id()))
    }

    /// Kills it where it is.
    pub(crate) fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let _ = child.kill();
        let _ = child.wait();
        self.keep_counts();
    }

    /// Asks it to end, and waits.
    pub(crate) fn stop(&mut self) {
        let Some(child) = &mut self.child else { return };
        processes::send(child.id(), Signal::INT);
        let since = Instant::now();
        while since.elapsed() < STOP_TIMEOUT {
            if child.try_wait().is_ok_and(|status| status.is_some()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.kill();
    }

    fn written(&self) -> BTreeMap<String, u64> {
        let text = fs::read_to_string(self.counts_file()).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn keep_counts(&mut self) {
        for (name, count) in self.written() {
            *self.counted.entry(name).or_default() += count;
        }
        // The next one begins at zero.
        let _ = fs::remove_file(self.counts_file());
    }

    /// How often each fault of the local cloud has struck, over all its lives: what the last fifth
    /// of a second before each crash brought is not in it.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = self.counted.clone();
        for (name, count) in self.written() {
            *counts.entry(name).or_default() += count;
        }
        counts
    }

    pub(crate) fn settings(&self) -> &CloudSettings {
        &self.settings
    }
}

impl Drop for CloudProcess {
    /// The function's processes would hold their place for good if they stand still.
    fn drop(&mut self) {
        let functions = self.function_processes();
        self.kill();
        let program = self.settings.bootstrap.clone();
        for pid in functions.into_iter().filter(|pid| processes::runs(*pid, &program)) {
            processes::send(pid, Signal::KILL);
        }
    }
}
