//! A copy of every current object as a file at `bucket/key`, so that a person can open it.
//!
//! The truth is the log; these files are written behind it by a thread of low priority and
//! never read back. A key that is no path gets one: a segment that is empty, `.` or `..`, or
//! too long for a file name, or a file where another key needs a folder, is marked with `%`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::object_log::{ObjectLog, Span};

enum Change {
    Write { bucket: String, key: String, span: Span },
    Remove { bucket: String, key: String },
}

/// Where changes go; without a folder, nowhere.
pub(super) struct ObjectFiles {
    changes: Option<Sender<Change>>,
}

impl ObjectFiles {
    pub(super) fn none() -> Self {
        ObjectFiles { changes: None }
    }

    pub(super) fn start(folder: &Path, log: Arc<ObjectLog>) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let folder = folder.to_owned();
        let (changes, received) = channel();
        std::thread::Builder::new()
            .name("s3-files".to_owned())
            .spawn(move || follow(&folder, &log, &received))?;
        Ok(ObjectFiles { changes: Some(changes) })
    }

    pub(super) fn written(&self, bucket: &str, key: &str, span: Span) {
        self.send(|| Change::Write { bucket: bucket.to_owned(), key: key.to_owned(), span });
    }

    pub(super) fn removed(&self, bucket: &str, key: &str) {
        self.send(|| Change::Remove { bucket: bucket.to_owned(), key: key.to_owned() });
    }

    fn send(&self, change: impl FnOnce() -> Change) {
        if let Some(changes) = &self.changes {
            // The thread ends only after this sender.
            let _ = changes.send(change());
        }
    }
}

fn follow(folder: &Path, log: &ObjectLog, changes: &Receiver<Change>) {
    // On Linux this is of the calling thread. Without it the copy only costs more.
    let _ = rustix::process::setpriority_process(None, 15);
    for change in changes {
        // A copy that fails (a full disk) is a missing convenience; the object is in the log.
        let _ = match change {
            Change::Write { bucket, key, span } => write(&folder.join(bucket), &key, log, span),
            Change::Remove { bucket, key } => remove(&folder.join(bucket), &key),
        };
    }
}

fn write(bucket: &Path, key: &str, log: &ObjectLog, span: Span) -> io::Result<()> {
    let path = path(bucket, key);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, log.read(span)?)
}

fn remove(bucket: &Path, key: &str) -> io::Result<()> {
    let path = path(bucket, key);
    fs::remove_file(&path)?;
    // The folders that are empty now; a folder that is not refuses, which ends it.
    let parents = path.ancestors().skip(1).take_while(|parent| parent.starts_with(bucket));
    for parent in parents {
        fs::remove_dir(parent)?;
    }
    Ok(())
}

/// The path of a key below its bucket's folder; never outside it.
fn path(bucket: &Path, key: &str) -> PathBuf {
    /// Linux's NAME_MAX is 255.
    const NAME_BYTES_MAX: usize = 200;
    let mut path = bucket.to_owned();
    for segment in key.split('/') {
        if path != bucket && path.is_file() {
            path.as_mut_os_string().push("%");
        }
        let plain = !matches!(segment, "" | "." | "..") && segment.len() <= NAME_BYTES_MAX;
        match (plain, segment.char_indices().nth(NAME_BYTES_MAX / 4)) {
            (true, _) => path.push(segment.replace('\0', "%00")),
            (false, Some((at, _))) => path.push(format!("{}%", &segment[..at])),
            (false, None) => path.push(format!("{segment}%")),
        }
    }
    if path.is_dir() {
        path.as_mut_os_string().push("%");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_leaves_its_bucket() {
        let at = |key: &str| path(Path::new("/none/b"), key).display().to_string();
        assert_eq!(at("nfe/2026/a b.xml"), "/none/b/nfe/2026/a b.xml");
        assert_eq!(at("../../etc/passwd"), "/none/b/..%/..%/etc/passwd");
        assert_eq!(at("/abs//x/"), "/none/b/%/abs/%/x/%");
    }

    #[test]
    fn a_key_may_be_a_folder_of_another() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), b"1").unwrap();
        fs::create_dir(dir.path().join("d")).unwrap();
        assert_eq!(path(dir.path(), "a/b"), dir.path().join("a%/b"));
        assert_eq!(path(dir.path(), "d"), dir.path().join("d%"));
    }
}
