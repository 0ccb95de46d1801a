//! A queue on disk: one file, one JSON object per line, appended to before a message counts
//! as accepted, and read back at the next start.
//!
//! A process that is killed in the middle of a write leaves a line without its end; the next
//! start cuts it off, and nobody was told that it was accepted. Receives are not written:
//! after a restart every message is visible again and counts its receives from zero, which
//! at-least-once allows. The file is rewritten when more than half of it is about messages
//! that are gone.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use crate::lock::lock;
use crate::message::{Attribute, Attributes, Draft, Extras, Message};
use crate::queue::{Sequence, Snapshot};

/// Below this a file is not worth rewriting.
const REWRITE_BYTES_MIN: u64 = 16 << 20;

/// What has to be true before a send is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum QueueDurability {
    /// The message is in the memory of this process, and ends with it.
    #[default]
    Memory,
    /// The operating system has it: it survives the end of this process, not of the machine.
    Written,
    /// The disk has it: `fdatasync` returned, once for all sends that waited together.
    Synced,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Record {
    Put(Box<Put>),
    Delete(Sequence),
    Purge,
}

#[derive(Serialize, Deserialize)]
struct Put {
    sequence: Sequence,
    id: String,
    sent_ms: u64,
    arrived_ms: u64,
    visible_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_source: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extras: Option<Extras>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    attributes: Vec<(String, Attribute)>,
    body: String,
}

impl Put {
    fn new(snapshot: &Snapshot) -> Self {
        let message = &snapshot.message;
        let payload = message.payload().into_owned();
        Put {
            sequence: snapshot.sequence,
            id: message.id.to_string(),
            sent_ms: message.sent_ms,
            arrived_ms: snapshot.arrived_ms,
            visible_ms: snapshot.visible_ms,
            dead_letter_source: snapshot.dead_letter_source.clone(),
            extras: message.extras.as_deref().cloned(),
            attributes: payload.attributes.into_entries(),
            body: payload.body,
        }
    }

    fn into_snapshot(self) -> Option<Snapshot> {
        let attributes = Attributes::new(self.attributes);
        let mut draft = Draft::new(self.body, attributes, usize::MAX).ok()?;
        draft.extras = self.extras.map(Box::new);
        Some(Snapshot {
            sequence: self.sequence,
            message: Arc::new(Message::new(self.id.parse().ok()?, draft, self.sent_ms)),
            arrived_ms: self.arrived_ms,
            visible_ms: self.visible_ms,
            dead_letter_source: self.dead_letter_source,
        })
    }
}

/// What a log says to the queue that is being rebuilt.
#[derive(Debug)]
pub(crate) enum Replayed {
    Put(Snapshot),
    Delete(Sequence),
    Purge,
}

/// The end of a log. Its owner serializes the writes.
pub(crate) struct QueueLog {
    path: PathBuf,
    file: Arc<File>,
    line: Vec<u8>,
    bytes: u64,
    /// Bytes of puts whose messages are still there, nearly: what a rewrite would leave.
    bytes_live: u64,
    commit: Arc<Commit>,
}

/// Waiting for the disk. It needs no lock of the queue, so sends wait together.
pub(crate) struct Commit {
    durability: QueueDurability,
    written: AtomicU64,
    synced: Mutex<(u64, Arc<File>)>,
}

impl Commit {
    /// Returns when everything written so far is as safe as was asked for.
    pub(crate) fn wait(&self) -> io::Result<()> {
        if self.durability != QueueDurability::Synced {
            return Ok(());
        }
        let goal = self.written.load(Ordering::Acquire);
        let mut synced = lock(&self.synced);
        if synced.0 >= goal {
            return Ok(());
        }
        // Whoever waited for the lock meanwhile is served by this one call too.
        let covered = self.written.load(Ordering::Acquire);
        synced.1.sync_data()?;
        synced.0 = covered;
        Ok(())
    }
}

impl QueueLog {
    /// Opens the log of a queue and hands what it says to `replay`, in order.
    ///
    /// # Errors
    /// The file cannot be read or written, or a line before the last is not a record.
    pub(crate) fn open(
        directory: &Path,
        queue: &str,
        durability: QueueDurability,
        mut replay: impl FnMut(Replayed),
    ) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let path = directory.join(format!("{queue}.jsonl"));
        let file = append(&path)?;
        let mut reader = BufReader::with_capacity(1 << 20, File::open(&path)?);
        let (mut bytes, mut line) = (0_u64, Vec::new());
        while reader.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
            let Some(record) = read_record(&line) else { return Err(damaged(&path, bytes)) };
            replay(record);
            bytes += line.len() as u64;
            line.clear();
        }
        // A torn last line was never accepted.
        file.set_len(bytes)?;
        let file = Arc::new(file);
        let commit = Commit {
            durability,
            written: AtomicU64::new(0),
            synced: Mutex::new((0, file.clone())),
        };
        let commit = Arc::new(commit);
        Ok(QueueLog { path, file, line: Vec::new(), bytes, bytes_live: bytes, commit })
    }

    pub(crate) fn commit(&self) -> Arc<Commit> {
        self.commit.clone()
    }

    /// Writes a message down. It may be put into the queue after this, not before.
    pub(crate) fn put(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        self.append(&Record::Put(Box::new(Put::new(snapshot))))?;
        self.bytes_live += self.line.len() as u64;
        Ok(())
    }

    /// Writes down that a message is gone. If that fails the message comes back after a
    /// restart, which at-least-once allows.
    pub(crate) fn delete(&mut self, sequence: Sequence, message_bytes: usize) {
        let _ = self.append(&Record::Delete(sequence));
        self.bytes_live = self.bytes_live.saturating_sub(message_bytes as u64);
    }

    /// Writes down that all messages are gone.
    pub(crate) fn purge(&mut self) -> io::Result<()> {
        self.append(&Record::Purge)?;
        self.bytes_live = 0;
        Ok(())
    }

    /// Whether more than half of the file is about messages that are gone.
    pub(crate) fn wants_rewrite(&self, queue_is_empty: bool) -> bool {
        self.bytes > REWRITE_BYTES_MIN && (queue_is_empty || self.bytes_live < self.bytes / 2)
    }

    /// Starts the file again with only what is there. A crash leaves the old file or the new.
    pub(crate) fn rewrite(&mut self, live: impl Iterator<Item = Snapshot>) -> io::Result<()> {
        let new_path = self.path.with_extension("new");
        let _ = std::fs::remove_file(&new_path);
        let file = append(&new_path)?;
        let mut writer = BufWriter::with_capacity(1 << 20, &file);
        let mut bytes = 0;
        for snapshot in live {
            write_line(&mut self.line, &Record::Put(Box::new(Put::new(&snapshot))))?;
            writer.write_all(&self.line)?;
            bytes += self.line.len() as u64;
        }
        writer.flush()?;
        drop(writer);
        if self.commit.durability == QueueDurability::Synced {
            file.sync_data()?;
        }
        std::fs::rename(&new_path, &self.path)?;
        self.file = Arc::new(file);
        lock(&self.commit.synced).1 = self.file.clone();
        (self.bytes, self.bytes_live) = (bytes, bytes);
        Ok(())
    }

    /// Deletes the file: the queue is gone.
    pub(crate) fn remove(&self) {
        let _ = std::fs::remove_file(&self.path);
    }

    fn append(&mut self, record: &Record) -> io::Result<()> {
        write_line(&mut self.line, record)?;
        if let Err(error) = (&*self.file).write_all(&self.line) {
            // Half a line must not stay in front of the next one.
            self.file.set_len(self.bytes)?;
            return Err(error);
        }
        self.bytes += self.line.len() as u64;
        self.commit.written.fetch_add(1, Ordering::Release);
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

fn write_line(line: &mut Vec<u8>, record: &Record) -> io::Result<()> {
    line.clear();
    serde_json::to_writer(&mut *line, record)?;
    line.push(b'\n');
    Ok(())
}

fn read_record(line: &[u8]) -> Option<Replayed> {
    match serde_json::from_slice(line).ok()? {
        Record::Put(put) => put.into_snapshot().map(Replayed::Put),
        Record::Delete(sequence) => Some(Replayed::Delete(sequence)),
        Record::Purge => Some(Replayed::Purge),
    }
}

fn damaged(path: &Path, offset: u64) -> io::Error {
    let text = format!(
        "{} is damaged at byte {offset}: move it away to start with an empty queue",
        path.display()
    );
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests;
