//! CPU time and memory of our own processes, from /proc. Where there is no /proc nothing is said.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use runlog::{ProcessUse, TimelinePoint};

/// CPU ticks and peak memory by process or thread, as they were when last looked at: a process
/// that ends takes its numbers with it.
#[derive(Debug, Default)]
pub(crate) struct ProcessWatch {
    processors: BTreeMap<u32, Use>,
    /// CPU time, ms, of each of our own threads, with the part that it belongs to.
    threads: BTreeMap<u32, (&'static str, u64)>,
    /// Resident memory by second of the run.
    memory: BTreeMap<u64, Memory>,
}

/// Resident memory as it was last seen in a second, MB.
#[derive(Debug, Clone, Copy)]
struct Memory {
    own_mb: Option<f64>,
    /// Of the largest of the function's processes.
    processor_mb: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Use {
    cpu_ms: u64,
    peak_rss_kb: u64,
}

impl ProcessWatch {
    /// Looks at our own threads and at the function's processes.
    pub(crate) fn look(&mut self, processors: &[u32]) {
        for (id, name, cpu_ms) in own_threads() {
            self.threads.insert(id, (part_of(&name), cpu_ms));
        }
        for pid in processors {
            let folder = format!("/proc/{pid}");
            let Some(cpu_ms) = cpu_ms(Path::new(&folder)) else { continue };
            let peak_rss_kb = peak_rss_kb(Path::new(&folder)).unwrap_or(0);
            self.processors.insert(*pid, Use { cpu_ms, peak_rss_kb });
        }
    }

    /// Notes the memory of this process and of the function's in this second of the run.
    pub(crate) fn note_memory(&mut self, second: u64, processors: &[u32]) {
        let processors = processors.iter().filter_map(|pid| rss_mb(&format!("/proc/{pid}")));
        let memory =
            Memory { own_mb: rss_mb("/proc/self"), processor_mb: processors.reduce(f64::max) };
        self.memory.insert(second, memory);
    }

    /// Writes what was noted into the timeline.
    pub(crate) fn add_memory(&self, timeline: &mut [TimelinePoint]) {
        for point in timeline {
            if let Some(memory) = self.memory.get(&point.second) {
                point.generator_memory_mb = memory.own_mb;
                point.function_memory_mb = memory.processor_mb;
            }
        }
    }

    /// The account of all our processes; the parts of this one are told apart by thread names.
    pub(crate) fn account(&self) -> Vec<ProcessUse> {
        let mut parts: BTreeMap<&str, u64> = BTreeMap::new();
        for (part, cpu_ms) in self.threads.values() {
            *parts.entry(part).or_default() += cpu_ms;
        }
        let mut account: Vec<ProcessUse> = parts
            .into_iter()
            .map(|(name, cpu_ms)| ProcessUse {
                name: name.to_owned(),
                processes: 1,
                cpu_ms,
                peak_rss_kb: peak_rss_kb(Path::new("/proc/self")),
            })
            .collect();
        if !self.processors.is_empty() {
            account.push(ProcessUse {
                name: "processor".to_owned(),
                processes: u32::try_from(self.processors.len()).unwrap_or(u32::MAX),
                cpu_ms: self.processors.values().map(|process| process.cpu_ms).sum(),
                peak_rss_kb: self.processors.values().map(|process| process.peak_rss_kb).max(),
            });
        }
        account
    }
}

/// Which part of this process a thread belongs to.
fn part_of(thread: &str) -> &'static str {
    match thread {
        "localcloud" => "vazao: local cloud",
        "loadgen" | "driver" | "recorder" => "vazao: generator",
        _ => "vazao: the rest",
    }
}

/// Id, name and CPU time, ms, of each thread of this process.
fn own_threads() -> Vec<(u32, String, u64)> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    let of = |task: fs::DirEntry| {
        let id = task.file_name().to_str()?.parse().ok()?;
        let name = fs::read_to_string(task.path().join("comm")).ok()?;
        Some((id, name.trim_end().to_owned(), cpu_ms(&task.path())?))
    };
    tasks.filter_map(|task| of(task.ok()?)).collect()
}

/// User and system time, fields 14 and 15 of `stat` (proc_pid_stat(5)), after the name in
/// parentheses, which may hold spaces.
fn cpu_ms(folder: &Path) -> Option<u64> {
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    let after_name = &stat[stat.rfind(')')? + 1..];
    let ticks: u64 = after_name
        .split_ascii_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap_or(0))
        .sum();
    Some(ticks * 1_000 / rustix::param::clock_ticks_per_second().max(1))
}

fn peak_rss_kb(folder: &Path) -> Option<u64> {
    status_kb(folder, "VmHWM:")
}

fn rss_mb(folder: &str) -> Option<f64> {
    Some(status_kb(Path::new(folder), "VmRSS:")? as f64 / 1_024.0)
}

/// A line of `status` (proc_pid_status(5)), KB.
fn status_kb(folder: &Path, key: &str) -> Option<u64> {
    let status = fs::read_to_string(folder.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().trim_end_matches(" kB").trim().parse().ok()
}

/// What this machine is, as far as speed depends on it: architecture, processors and their model.
pub(crate) fn machine() -> String {
    let processors = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map(|rest| rest.trim_start_matches([' ', '\t', ':']).trim())
        .unwrap_or_default();
    format!("{}, {processors} processors, {model}", std::env::consts::ARCH)
        .trim_end_matches(", ")
        .to_owned()
}
