//! The readers of a run's files: the first byte says which.
#![no_main]

use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use runlog::{
    ExchangeReader, JournalReader, LatencyKind, RunDirectory, RunManifest, read_handlings,
    read_latency_log, read_timeline,
};

/// The parquet crate panics over damaged files, and our readers make an error of it: only other panics
/// are a finding.
fn forgive_parquet() {
    let abort = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.location().is_some_and(|place| place.file().contains("/parquet-")) {
            abort(panic);
        }
    }));
}

fuzz_target!(init: forgive_parquet(), |bytes: &[u8]| {
    let Some((which, content)) = bytes.split_first() else { return };
    if which % 6 == 0 {
        let _ = read_latency_log(content, LatencyKind::Response);
        return;
    }
    // In memory where there is such a folder; one file for each process.
    let folder = PathBuf::from("/dev/shm");
    let folder = if folder.is_dir() { folder } else { std::env::temp_dir() };
    let path = folder.join(format!("vazao-fuzz-{}", std::process::id()));
    std::fs::write(&path, content).expect("the folder can be written to");
    match which % 6 {
        1 => drop(read_timeline(&path)),
        2 => drop(ExchangeReader::read(&path, |_| ())),
        3 => drop(read_handlings(&path)),
        4 => drop(RunDirectory::read_json::<RunManifest>(&path)),
        _ => drop(JournalReader::open(&path).map(|reader| reader.take(10_000).count())),
    }
});
