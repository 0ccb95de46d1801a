//! Processes of this machine, by what `/proc` says of them.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

/// A process as `/proc/PID/stat` tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    pid: u32,
    parent: u32,
    state: char,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parsed(pid, &text)
}

/// The name is in brackets and may hold spaces and brackets: what counts begins after the last.
fn parsed(pid: u32, text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some(Stat { pid, parent: fields.next()?.parse().ok()?, state })
}

/// The processes that a process has started and that run.
pub(super) fn children(of: u32) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| stat(entry.file_name().to_str()?.parse().ok()?))
        .filter(|stat| stat.parent == of && stat.state != 'Z')
        .map(|stat| stat.pid)
        .collect()
}

/// Whether a process stands still.
pub(super) fn is_stopped(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| stat.state == 'T')
}

/// Whether a process is there and does not stand still.
pub(super) fn is_at_work(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| !matches!(stat.state, 'T' | 'Z' | 'X'))
}

/// Whether this process is still the one that runs this program: ids are given again.
pub(super) fn runs(pid: u32, program: &Path) -> bool {
    let name = program.file_name();
    let path = std::fs::read_link(format!("/proc/{pid}/exe")).ok();
    // A program that was replaced meanwhile has " (deleted)" or ".good" behind its name.
    path.zip(name).is_some_and(|(path, name)| {
        path.parent() == program.parent()
            && path
                .file_name()
                .is_some_and(|file| file.to_string_lossy().starts_with(&*name.to_string_lossy()))
    })
}

/// Sends a signal; a process that is gone needs none.
pub(super) fn send(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_hide_the_parent() {
        let text = "77 (a) b) T 12 77 77 0 -1 4194560 1";
        assert_eq!(parsed(77, text), Some(Stat { pid: 77, parent: 12, state: 'T' }));
    }

    #[test]
    fn this_process_runs_and_is_the_parent_of_what_it_starts() {
        let mut child = std::process::Command::new("sleep").arg("30").spawn().unwrap();
        assert!(children(std::process::id()).contains(&child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!children(std::process::id()).contains(&child.id()));
    }
}
