//! What S3 keeps on disk: one file that only grows, of records with their bytes.
//!
//! A record is a head of 16 bytes (magic, length of the description, length of the body), a
//! description in JSON, and the body. What a record describes is the index's business
//! (`object_store.rs`). A process that is killed leaves at most one torn record, at the end;
//! it was never acknowledged, and the next start cuts it off.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::object_store::{Details, StoredObject, VersionId};
use crate::lock::lock;

/// "s3r1" in ASCII.
const MAGIC: u32 = 0x7333_7231;
const HEAD_BYTES: usize = 16;
/// What is read of a record at first.
const START_BYTES: usize = 1_024;
/// A copy and a multipart upload go through memory in pieces of this size.
const PIECE_BYTES: u64 = 4 * 1024 * 1024;

/// What happened.
#[derive(Serialize, Deserialize)]
pub(super) enum Record<'a> {
    /// A bucket was made, or its settings changed.
    Bucket {
        bucket: Cow<'a, str>,
        created_ms: u64,
        versioning: Option<bool>,
        object_lock: bool,
    },
    NoBucket {
        bucket: Cow<'a, str>,
    },
    /// An object was written; its bytes are the body. None: a delete marker.
    Put {
        bucket: Cow<'a, str>,
        key: Cow<'a, str>,
        version: VersionId,
        object: Option<Cow<'a, StoredObject>>,
    },
    /// Tags, retention or legal hold of a version changed.
    Change {
        bucket: Cow<'a, str>,
        key: Cow<'a, str>,
        version: VersionId,
        details: Cow<'a, Details>,
    },
    /// A version is gone.
    Gone {
        bucket: Cow<'a, str>,
        key: Cow<'a, str>,
        version: VersionId,
    },
    /// Bytes of an upload that is not completed; nothing after a restart.
    Part,
}

/// A part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// Where a record's bytes come from.
pub(super) enum Source<'a> {
    Bytes(&'a [u8]),
    /// Parts of the file itself.
    Spans(&'a [Span]),
}

impl Source<'_> {
    pub(super) fn length(&self) -> u64 {
        match self {
            Source::Bytes(bytes) => bytes.len() as u64,
            Source::Spans(spans) => spans.iter().map(|span| span.length).sum(),
        }
    }
}

/// The file behind every bucket.
#[derive(Debug)]
pub(super) struct ObjectLog {
    file: File,
    end: Mutex<u64>,
    records: AtomicU64,
}

impl ObjectLog {
    /// Opens the file, made if it is missing, and hands every record with the place of its
    /// body to `seen`, oldest first.
    pub(super) fn open(
        path: &Path,
        mut seen: impl FnMut(Record<'static>, Span),
    ) -> io::Result<Self> {
        let file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        let size = file.metadata()?.len();
        let mut at = 0;
        while let Some((record, body)) = read_record(&file, at, size)? {
            at = body.offset + body.length;
            seen(record, body);
        }
        file.set_len(at)?;
        Ok(ObjectLog { file, end: Mutex::new(at), records: AtomicU64::new(0) })
    }

    /// How many records this process wrote.
    pub(super) fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    /// Writes a record; returns where its body is. One write for small bodies.
    pub(super) fn append(&self, record: &Record<'_>, source: &Source<'_>) -> io::Result<Span> {
        let mut bytes = vec![0; HEAD_BYTES];
        serde_json::to_writer(&mut bytes, record)?;
        let description = bytes.len() - HEAD_BYTES;
        bytes[..4].copy_from_slice(&MAGIC.to_le_bytes());
        bytes[4..8].copy_from_slice(&(description as u32).to_le_bytes());
        bytes[8..16].copy_from_slice(&source.length().to_le_bytes());
        let mut end = lock(&self.end);
        let body = Span { offset: *end + bytes.len() as u64, length: source.length() };
        match source {
            Source::Bytes(content) => {
                bytes.extend_from_slice(content);
                self.file.write_all_at(&bytes, *end)?;
            }
            Source::Spans(spans) => {
                self.file.write_all_at(&bytes, *end)?;
                self.copy(spans, body.offset)?;
            }
        }
        *end = body.offset + body.length;
        self.records.fetch_add(1, Ordering::Relaxed);
        Ok(body)
    }

    fn copy(&self, spans: &[Span], mut to: u64) -> io::Result<()> {
        for span in spans {
            let mut done = 0;
            while done < span.length {
                let size = PIECE_BYTES.min(span.length - done);
                let piece = self.read(Span { offset: span.offset + done, length: size })?;
                self.file.write_all_at(&piece, to)?;
                done += size;
                to += size;
            }
        }
        Ok(())
    }

    pub(super) fn read(&self, span: Span) -> io::Result<Bytes> {
        let mut bytes = vec![0; usize::try_from(span.length).map_err(io::Error::other)?];
        self.file.read_exact_at(&mut bytes, span.offset)?;
        Ok(bytes.into())
    }
}

/// The record at `at`; None if there is no whole one.
fn read_record(file: &File, at: u64, size: u64) -> io::Result<Option<(Record<'static>, Span)>> {
    if at + HEAD_BYTES as u64 > size {
        return Ok(None);
    }
    // Mostly the description is in here, too: a log of millions is read by one call a record.
    let mut start = [0; START_BYTES];
    let start = &mut start[..(size - at).min(START_BYTES as u64) as usize];
    file.read_exact_at(start, at)?;
    let (head, after) = start.split_at(HEAD_BYTES);
    let word = |from: usize| u32::from_le_bytes([0, 1, 2, 3].map(|n| head[from + n]));
    let length = u64::from(word(8)) | u64::from(word(12)) << 32;
    let offset = at + HEAD_BYTES as u64 + u64::from(word(4));
    let whole = offset.checked_add(length).is_some_and(|end| end <= size);
    if word(0) != MAGIC || !whole {
        return Ok(None);
    }
    let described = word(4) as usize;
    let record = match after.get(..described) {
        Some(description) => serde_json::from_slice(description).ok(),
        None => {
            let mut description = vec![0; described];
            file.read_exact_at(&mut description, at + HEAD_BYTES as u64)?;
            serde_json::from_slice(&description).ok()
        }
    };
    Ok(record.map(|record| (record, Span { offset, length })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(key: &str) -> Record<'static> {
        Record::Gone { bucket: "b".into(), key: key.to_owned().into(), version: VersionId::NULL }
    }

    fn keys(path: &Path) -> Vec<(String, Span)> {
        let mut keys = Vec::new();
        let seen = |record: Record<'static>, span| {
            if let Record::Gone { key, .. } = record {
                keys.push((key.into_owned(), span));
            }
        };
        ObjectLog::open(path, seen).unwrap();
        keys
    }

    #[test]
    fn records_read_back_with_their_bytes_also_copied_ones() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let log = ObjectLog::open(&path, |_, _| {}).unwrap();
        let first = log.append(&gone("one"), &Source::Bytes(b"hello ")).unwrap();
        let second = log.append(&gone("two"), &Source::Bytes(b"world")).unwrap();
        let both = log.append(&gone("both"), &Source::Spans(&[first, second])).unwrap();
        assert_eq!(log.read(both).unwrap(), b"hello world".as_slice());
        let expected = [("one", first), ("two", second), ("both", both)];
        assert_eq!(keys(&path), expected.map(|(key, span)| (key.to_owned(), span)));
    }

    #[test]
    fn a_torn_record_at_the_end_is_cut_off_wherever_it_was_torn() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let log = ObjectLog::open(&path, |_, _| {}).unwrap();
        let first = log.append(&gone("one"), &Source::Bytes(b"1")).unwrap();
        log.append(&gone("two"), &Source::Bytes(b"22")).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let keep = (first.offset + first.length) as usize;
        for torn in keep..whole.len() {
            std::fs::write(&path, &whole[..torn]).unwrap();
            assert_eq!(keys(&path), [("one".to_owned(), first)], "torn at {torn}");
            assert_eq!(std::fs::metadata(&path).unwrap().len(), keep as u64);
        }
    }
}
