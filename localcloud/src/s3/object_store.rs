//! Where objects are: an index in memory, bytes in one file that only grows.
//!
//! The index is small per object and the file is the only copy of the bytes, so millions of
//! documents fit. A deleted or overwritten object's bytes stay in the file until the cloud is
//! started again.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Bound;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use bytes::Bytes;

use crate::lock::{read, write};

/// One byte in the index stands for one of these.
const STORAGE_CLASSES: [&str; 8] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
];

/// A storage class by its place in the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ClassIndex(u8);

pub(super) fn storage_class(name: &str) -> Option<ClassIndex> {
    let index = STORAGE_CLASSES.iter().position(|known| *known == name)?;
    u8::try_from(index).ok().map(ClassIndex)
}

/// The append-only file behind every bucket.
#[derive(Debug)]
pub(super) struct DataFile {
    file: File,
    end: AtomicU64,
}

impl DataFile {
    /// Objects of an earlier run are gone: their index was in memory.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file =
            OpenOptions::new().create(true).truncate(true).read(true).write(true).open(path)?;
        Ok(DataFile { file, end: AtomicU64::new(0) })
    }

    /// Writers do not wait for each other: each owns the span it reserved.
    fn append(&self, bytes: &[u8]) -> io::Result<u64> {
        let offset = self.end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.file.write_all_at(bytes, offset)?;
        Ok(offset)
    }

    pub(super) fn read(&self, offset: u64, length: u64) -> io::Result<Bytes> {
        let length = usize::try_from(length).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes.into())
    }
}

/// Headers that come back as they were given.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Details {
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) metadata: Vec<(String, String)>,
}

/// An object's place and properties.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct StoredObject {
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) md5: [u8; 16],
    pub(super) modified_ms: u64,
    class: ClassIndex,
    pub(super) details: Arc<Details>,
}

impl StoredObject {
    pub(super) fn storage_class(&self) -> &'static str {
        STORAGE_CLASSES[usize::from(self.class.0)]
    }
}

/// What a put brings besides key and bytes.
pub(super) struct NewObject {
    pub(super) md5: [u8; 16],
    pub(super) modified_ms: u64,
    pub(super) storage_class: ClassIndex,
    pub(super) details: Details,
    pub(super) must_not_exist: bool,
}

/// Why a put did not happen.
#[derive(Debug)]
pub(super) enum PutError {
    Exists,
    Io(io::Error),
}

/// What a listing asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListRequest<'a> {
    pub(super) prefix: &'a str,
    pub(super) delimiter: Option<&'a str>,
    /// Only keys and common prefixes after this one.
    pub(super) after: Option<&'a str>,
    pub(super) max: usize,
}

/// One page of a listing.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) objects: Vec<(String, StoredObject)>,
    pub(super) prefixes: Vec<String>,
    /// Where the next page starts; None on the last.
    pub(super) next: Option<String>,
}

/// The objects of one bucket.
#[derive(Debug)]
pub(super) struct ObjectStore {
    file: Arc<DataFile>,
    index: RwLock<BTreeMap<Box<str>, StoredObject>>,
}

impl ObjectStore {
    pub(super) fn new(file: Arc<DataFile>) -> Self {
        ObjectStore { file, index: RwLock::default() }
    }

    /// Bytes first, index last: an object that can be found can be read. Of several
    /// conditional puts at once, the index lets one win; the others' bytes are wasted.
    pub(super) fn put(&self, key: &str, bytes: &[u8], new: NewObject) -> Result<(), PutError> {
        if new.must_not_exist && read(&self.index).contains_key(key) {
            return Err(PutError::Exists);
        }
        let object = StoredObject {
            offset: self.file.append(bytes).map_err(PutError::Io)?,
            length: bytes.len() as u64,
            md5: new.md5,
            modified_ms: new.modified_ms,
            class: new.storage_class,
            details: Arc::new(new.details),
        };
        let mut index = write(&self.index);
        if new.must_not_exist && index.contains_key(key) {
            return Err(PutError::Exists);
        }
        index.insert(key.into(), object);
        Ok(())
    }

    pub(super) fn get(&self, key: &str) -> Option<StoredObject> {
        read(&self.index).get(key).cloned()
    }

    pub(super) fn delete(&self, key: &str) {
        write(&self.index).remove(key);
    }

    pub(super) fn is_empty(&self) -> bool {
        read(&self.index).is_empty()
    }

    /// Keys in order of their bytes. A common prefix is jumped over, not walked through.
    pub(super) fn list(&self, request: &ListRequest<'_>) -> Page {
        let index = read(&self.index);
        let mut page = Page::default();
        let mut last = String::new();
        let mut from: Bound<String> = start(request);
        while let Some((key, object)) =
            index.range::<str, _>((bound(&from), Bound::Unbounded)).next()
        {
            if !key.starts_with(request.prefix) {
                break;
            }
            if page.objects.len() + page.prefixes.len() == request.max {
                page.next = (request.max > 0).then_some(last);
                break;
            }
            match common_prefix(key, request) {
                Some(prefix) => {
                    from = after_all(prefix);
                    // A page may start after a common prefix that was on the page before.
                    if request.after.is_none_or(|after| prefix > after) {
                        page.prefixes.push(prefix.to_owned());
                        last = prefix.to_owned();
                    }
                }
                None => {
                    page.objects.push((key.to_string(), object.clone()));
                    last = key.to_string();
                    from = Bound::Excluded(last.clone());
                }
            }
        }
        page
    }
}

fn start(request: &ListRequest<'_>) -> Bound<String> {
    match request.after {
        Some(after) if after >= request.prefix => Bound::Excluded(after.to_owned()),
        Some(_) | None => Bound::Included(request.prefix.to_owned()),
    }
}

fn bound(bound: &Bound<String>) -> Bound<&str> {
    bound.as_ref().map(String::as_str)
}

fn common_prefix<'a>(key: &'a str, request: &ListRequest<'_>) -> Option<&'a str> {
    let delimiter = request.delimiter?;
    let at = key[request.prefix.len()..].find(delimiter)?;
    Some(&key[..request.prefix.len() + at + delimiter.len()])
}

/// Behind every key with this prefix: no character is greater than the last of Unicode.
fn after_all(prefix: &str) -> Bound<String> {
    Bound::Excluded(format!("{prefix}{}", char::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(keys: &[&str]) -> (tempfile::TempDir, ObjectStore) {
        let dir = tempfile::tempdir().unwrap();
        let store = ObjectStore::new(Arc::new(DataFile::create(&dir.path().join("data")).unwrap()));
        keys.iter().for_each(|key| store.put(key, key.as_bytes(), new(false)).unwrap());
        (dir, store)
    }

    fn new(must_not_exist: bool) -> NewObject {
        NewObject {
            md5: [7; 16],
            modified_ms: 11,
            storage_class: storage_class("INTELLIGENT_TIERING").unwrap(),
            details: Details::default(),
            must_not_exist,
        }
    }

    /// All entries, page by page.
    fn walk(store: &ObjectStore, prefix: &str, delimiter: Option<&str>, max: usize) -> Vec<String> {
        let (mut found, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = store.list(&ListRequest { prefix, delimiter, after: after.as_deref(), max });
            let mut entries: Vec<String> =
                page.objects.into_iter().map(|(key, _)| key).chain(page.prefixes).collect();
            assert!(entries.len() <= max);
            entries.sort();
            found.extend(entries);
            match page.next {
                Some(next) => after = Some(next),
                None => return found,
            }
        }
    }

    #[test]
    fn every_page_size_gives_the_same_listing() {
        let (_dir, store) = store(&["a", "b/1", "b/2", "b/3/x", "c", "d/", "d/1"]);
        for max in 1..=8 {
            assert_eq!(
                walk(&store, "", None, max),
                ["a", "b/1", "b/2", "b/3/x", "c", "d/", "d/1"],
                "max {max}"
            );
            assert_eq!(walk(&store, "", Some("/"), max), ["a", "b/", "c", "d/"], "max {max}");
            assert_eq!(walk(&store, "b/", Some("/"), max), ["b/1", "b/2", "b/3/"], "max {max}");
        }
    }

    #[test]
    fn an_object_reads_back_and_keeps_its_class() {
        let (_dir, store) = store(&["one", "another"]);
        let object = store.get("another").unwrap();
        assert_eq!(
            store.file.read(object.offset, object.length).unwrap(),
            Bytes::from_static(b"another")
        );
        assert_eq!(object.storage_class(), "INTELLIGENT_TIERING");
        assert!(storage_class("COLD").is_none());
    }

    #[test]
    fn of_many_conditional_puts_at_once_one_wins() {
        let (_dir, store) = store(&[]);
        let wins: usize = std::thread::scope(|scope| {
            let put = |n: usize| store.put("k", n.to_string().as_bytes(), new(true)).is_ok();
            let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || put(n))).collect();
            threads
                .into_iter()
                .filter(|_| true)
                .map(|thread| usize::from(thread.join().unwrap()))
                .sum()
        });
        assert_eq!(wins, 1);
    }
}
