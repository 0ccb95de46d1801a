//! Where objects are: an index in memory, bytes and history in the log (`object_log.rs`).
//!
//! The index is small per object, so millions of documents fit. A deleted or overwritten
//! object's bytes stay in the log.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::sync::{Arc, RwLock};

use serde::{Deserialize, Serialize};

use super::files::ObjectFiles;
use super::object_log::{ObjectLog, Record, Source, Span};
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct ClassIndex(u8);

pub(super) fn storage_class(name: &str) -> Option<ClassIndex> {
    let index = STORAGE_CLASSES.iter().position(|known| *known == name)?;
    u8::try_from(index).ok().map(ClassIndex)
}

/// Which of an object's versions; AWS's "null" is the one written without versioning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct VersionId(u64);

impl VersionId {
    pub(super) const NULL: VersionId = VersionId(0);

    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "null" => Some(VersionId::NULL),
            text => u64::from_str_radix(text.strip_prefix("v")?, 16).ok().map(VersionId),
        }
    }
}

impl std::fmt::Display for VersionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 == 0 { f.write_str("null") } else { write!(f, "v{:031x}", self.0) }
    }
}

/// How an object is protected from deletion (Object Lock).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Retention {
    /// COMPLIANCE; otherwise GOVERNANCE, which a caller may bypass.
    pub(super) compliance: bool,
    pub(super) until_ms: u64,
}

/// What comes back as it was given, and what protects the object.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_control: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) metadata: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<(String, String)>,
    /// Name of the algorithm, as in `x-amz-checksum-NAME`, and the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) checksum: Option<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retention: Option<Retention>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) legal_hold: bool,
}

/// An object's place and properties.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct StoredObject {
    /// Known from where the record is.
    #[serde(skip)]
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) md5: [u8; 16],
    /// How many parts it was uploaded in; 0: in one put.
    pub(super) parts: u16,
    pub(super) modified_ms: u64,
    class: ClassIndex,
    #[serde(serialize_with = "details_by_value", deserialize_with = "details_of_value")]
    pub(super) details: Arc<Details>,
}

fn details_by_value<S: serde::Serializer>(
    details: &Arc<Details>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    details.as_ref().serialize(serializer)
}

fn details_of_value<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Arc<Details>, D::Error> {
    Details::deserialize(deserializer).map(Arc::new)
}

impl StoredObject {
    pub(super) fn storage_class(&self) -> &'static str {
        STORAGE_CLASSES.get(usize::from(self.class.0)).copied().unwrap_or(STORAGE_CLASSES[0])
    }

    pub(super) fn span(&self) -> Span {
        Span { offset: self.offset, length: self.length }
    }

    /// Why it must not be deleted at this time, if so.
    pub(super) fn is_locked(&self, now_ms: u64, bypass_governance: bool) -> bool {
        let retained = self.details.retention.as_ref().is_some_and(|retention| {
            retention.until_ms > now_ms && (retention.compliance || !bypass_governance)
        });
        retained || self.details.legal_hold
    }
}

/// What a put brings besides key and bytes.
pub(super) struct NewObject {
    pub(super) md5: [u8; 16],
    pub(super) parts: u16,
    pub(super) modified_ms: u64,
    pub(super) storage_class: ClassIndex,
    pub(super) details: Details,
    pub(super) condition: Condition,
    /// Whether the bucket keeps the versions before.
    pub(super) versioned: bool,
}

/// When a put may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Always,
    /// `If-None-Match: *`
    Absent,
    /// `If-Match` with an ETag.
    Is([u8; 16]),
}

/// Why a change did not happen.
#[derive(Debug)]
pub(super) enum StoreError {
    /// The condition does not hold.
    Condition,
    /// `If-Match` on an object that is not there.
    NoSuchKey,
    NoSuchVersion,
    /// Object Lock.
    Locked,
    Io(io::Error),
}

/// One version; without an object it is a delete marker.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) id: VersionId,
    pub(super) modified_ms: u64,
    pub(super) object: Option<StoredObject>,
}

/// All versions of a key.
#[derive(Debug)]
struct Versions {
    latest: Version,
    /// Oldest first; empty, and then no memory, without versioning.
    older: Vec<Version>,
}

/// What a delete did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Deleted {
    pub(super) version: Option<VersionId>,
    pub(super) marker: bool,
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
    bucket: String,
    log: Arc<ObjectLog>,
    index: RwLock<BTreeMap<Box<str>, Versions>>,
}

impl ObjectStore {
    pub(super) fn new(bucket: &str, log: Arc<ObjectLog>) -> Self {
        ObjectStore { bucket: bucket.to_owned(), log, index: RwLock::default() }
    }

    /// The log first, the index last, both in one critical section: an object that can be
    /// found is on disk, and the log has only what happened, in its order.
    pub(super) fn put(
        &self,
        files: &ObjectFiles,
        key: &str,
        source: &Source<'_>,
        new: NewObject,
    ) -> Result<VersionId, StoreError> {
        let mut index = write(&self.index);
        let found = index.get(key).and_then(|versions| versions.latest.object.as_ref());
        check(new.condition, found)?;
        // Without versions a put destroys what was there.
        let locked = |object: &StoredObject| object.is_locked(new.modified_ms, false);
        if !new.versioned && found.is_some_and(locked) {
            return Err(StoreError::Locked);
        }
        let id = if new.versioned { self.next_version(new.modified_ms) } else { VersionId::NULL };
        let mut object = StoredObject {
            offset: 0,
            length: source.length(),
            md5: new.md5,
            parts: new.parts,
            modified_ms: new.modified_ms,
            class: new.storage_class,
            details: Arc::new(new.details),
        };
        let record = Record::Put {
            bucket: Cow::Borrowed(&self.bucket),
            key: Cow::Borrowed(key),
            version: id,
            object: Some(Cow::Borrowed(&object)),
        };
        let span = self.log.append(&record, source).map_err(StoreError::Io)?;
        object.offset = span.offset;
        let version = Version { id, modified_ms: object.modified_ms, object: Some(object) };
        add(&mut index, key, version);
        files.written(&self.bucket, key, span);
        Ok(id)
    }

    /// Unique, and greater than those before: the log's end only grows.
    fn next_version(&self, modified_ms: u64) -> VersionId {
        VersionId((modified_ms << 20) | (self.log.records() & 0xF_FFFF))
    }

    /// Replays a record that was read from the log.
    pub(super) fn replay(&self, record: Record<'static>, body: Span) {
        let mut index = write(&self.index);
        match record {
            Record::Put { key, version, object, .. } => {
                let object = object.map(Cow::into_owned);
                let object = object.map(|object| StoredObject { offset: body.offset, ..object });
                let modified_ms = object.as_ref().map_or(version.0 >> 20, |it| it.modified_ms);
                add(&mut index, &key, Version { id: version, modified_ms, object });
            }
            Record::Change { key, version, details, .. } => {
                if let Some(object) = find(&mut index, &key, version) {
                    object.details = Arc::new(details.into_owned());
                }
            }
            Record::Gone { key, version, .. } => remove(&mut index, &key, version),
            Record::Bucket { .. } | Record::NoBucket { .. } | Record::Part => {}
        }
    }

    /// The latest version, unless it is a delete marker.
    pub(super) fn get(&self, key: &str) -> Option<(VersionId, StoredObject)> {
        let index = read(&self.index);
        let latest = &index.get(key)?.latest;
        Some((latest.id, latest.object.clone()?))
    }

    /// A version by its id.
    pub(super) fn version(&self, key: &str, id: VersionId) -> Option<Version> {
        let index = read(&self.index);
        let versions = index.get(key)?;
        std::iter::once(&versions.latest).chain(&versions.older).find(|it| it.id == id).cloned()
    }

    /// Deletes as AWS does: with versioning it hides, without it destroys.
    pub(super) fn delete(
        &self,
        files: &ObjectFiles,
        key: &str,
        now_ms: u64,
        versioned: bool,
        bypass_governance: bool,
    ) -> Result<Deleted, StoreError> {
        let mut index = write(&self.index);
        if versioned {
            let id = self.next_version(now_ms);
            let record = Record::Put {
                bucket: Cow::Borrowed(&self.bucket),
                key: Cow::Borrowed(key),
                version: id,
                object: None,
            };
            self.log.append(&record, &Source::Bytes(b"")).map_err(StoreError::Io)?;
            add(&mut index, key, Version { id, modified_ms: now_ms, object: None });
            files.removed(&self.bucket, key);
            return Ok(Deleted { version: Some(id), marker: true });
        }
        let Some(versions) = index.get(key) else { return Ok(Deleted::default()) };
        let id = versions.latest.id;
        if versions.latest.object.as_ref().is_some_and(|it| it.is_locked(now_ms, bypass_governance))
        {
            return Err(StoreError::Locked);
        }
        self.gone(&mut index, files, key, id)?;
        Ok(Deleted::default())
    }

    /// Destroys one version.
    pub(super) fn delete_version(
        &self,
        files: &ObjectFiles,
        key: &str,
        id: VersionId,
        now_ms: u64,
        bypass_governance: bool,
    ) -> Result<Deleted, StoreError> {
        let Some(version) = self.version(key, id) else {
            return Ok(Deleted { version: Some(id), marker: false });
        };
        if version.object.as_ref().is_some_and(|it| it.is_locked(now_ms, bypass_governance)) {
            return Err(StoreError::Locked);
        }
        self.gone(&mut write(&self.index), files, key, id)?;
        Ok(Deleted { version: Some(id), marker: version.object.is_none() })
    }

    fn gone(
        &self,
        index: &mut BTreeMap<Box<str>, Versions>,
        files: &ObjectFiles,
        key: &str,
        version: VersionId,
    ) -> Result<(), StoreError> {
        let record =
            Record::Gone { bucket: Cow::Borrowed(&self.bucket), key: Cow::Borrowed(key), version };
        self.log.append(&record, &Source::Bytes(b"")).map_err(StoreError::Io)?;
        remove(index, key, version);
        match index.get(key).and_then(|versions| versions.latest.object.as_ref()) {
            Some(object) => files.written(&self.bucket, key, object.span()),
            None => files.removed(&self.bucket, key),
        }
        Ok(())
    }

    /// Changes tags or protection of a version, the latest if none is named.
    pub(super) fn change(
        &self,
        key: &str,
        id: Option<VersionId>,
        change: impl FnOnce(&mut Details) -> Result<(), StoreError>,
    ) -> Result<VersionId, StoreError> {
        let mut index = write(&self.index);
        let latest = index.get(key).map(|versions| versions.latest.id);
        let id = id.or(latest).ok_or(StoreError::NoSuchKey)?;
        let object = find(&mut index, key, id).ok_or(StoreError::NoSuchVersion)?;
        let mut details = Details::clone(&object.details);
        change(&mut details)?;
        let record = Record::Change {
            bucket: Cow::Borrowed(&self.bucket),
            key: Cow::Borrowed(key),
            version: id,
            details: Cow::Borrowed(&details),
        };
        self.log.append(&record, &Source::Bytes(b"")).map_err(StoreError::Io)?;
        object.details = Arc::new(details);
        Ok(id)
    }

    pub(super) fn is_empty(&self) -> bool {
        read(&self.index).is_empty()
    }

    /// Every version of the keys with a prefix, by key and newest first.
    pub(super) fn versions(
        &self,
        prefix: &str,
        after: Option<&str>,
        most: usize,
    ) -> Vec<(String, Version, bool)> {
        let index = read(&self.index);
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            Some(_) | None => Bound::Included(prefix),
        };
        let keys = index.range::<str, _>((start, Bound::Unbounded));
        let mut all: Vec<(String, Version, bool)> = Vec::new();
        for (key, versions) in keys.take_while(|(key, _)| key.starts_with(prefix)) {
            // Enough for a page that ends between keys, and a key more to see that it is not the
            // last: millions of objects are listed in as many steps as they have pages.
            let page_end = all.get(most.saturating_sub(1)).map(|(key, ..)| key.as_str());
            if all.len() > most && all.last().map(|(key, ..)| key.as_str()) != page_end {
                break;
            }
            all.push((key.to_string(), versions.latest.clone(), true));
            let older = versions.older.iter().rev();
            all.extend(older.map(|version| (key.to_string(), version.clone(), false)));
        }
        all
    }

    /// Keys in order of their bytes. A common prefix is jumped over, not walked through.
    pub(super) fn list(&self, request: &ListRequest<'_>) -> Page {
        let index = read(&self.index);
        let mut page = Page::default();
        let mut last = String::new();
        let mut from: Bound<String> = start(request);
        while let Some((key, versions)) =
            index.range::<str, _>((bound(&from), Bound::Unbounded)).next()
        {
            if !key.starts_with(request.prefix) {
                break;
            }
            let Some(object) = &versions.latest.object else {
                from = Bound::Excluded(key.to_string());
                continue;
            };
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

fn check(condition: Condition, found: Option<&StoredObject>) -> Result<(), StoreError> {
    match (condition, found) {
        (Condition::Always, _) | (Condition::Absent, None) => Ok(()),
        (Condition::Absent, Some(_)) => Err(StoreError::Condition),
        (Condition::Is(_), None) => Err(StoreError::NoSuchKey),
        (Condition::Is(md5), Some(object)) if object.md5 == md5 => Ok(()),
        (Condition::Is(_), Some(_)) => Err(StoreError::Condition),
    }
}

/// The new latest version; the null version replaces the null version.
fn add(index: &mut BTreeMap<Box<str>, Versions>, key: &str, version: Version) {
    let Some(versions) = index.get_mut(key) else {
        index.insert(key.into(), Versions { latest: version, older: Vec::new() });
        return;
    };
    let id = version.id;
    let before = std::mem::replace(&mut versions.latest, version);
    versions.older.retain(|older| older.id != id);
    if before.id != id {
        versions.older.push(before);
    }
}

fn remove(index: &mut BTreeMap<Box<str>, Versions>, key: &str, id: VersionId) {
    let Some(versions) = index.get_mut(key) else { return };
    if versions.latest.id != id {
        versions.older.retain(|older| older.id != id);
        return;
    }
    match versions.older.pop() {
        Some(before) => versions.latest = before,
        None => {
            index.remove(key);
        }
    }
}

fn find<'a>(
    index: &'a mut BTreeMap<Box<str>, Versions>,
    key: &str,
    id: VersionId,
) -> Option<&'a mut StoredObject> {
    let versions = index.get_mut(key)?;
    let mut all = std::iter::once(&mut versions.latest).chain(&mut versions.older);
    all.find(|version| version.id == id)?.object.as_mut()
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
        let log = ObjectLog::open(&dir.path().join("log"), |_, _| {}).unwrap();
        let store = ObjectStore::new("b", Arc::new(log));
        for key in keys {
            put(&store, key, new(Condition::Always)).unwrap();
        }
        (dir, store)
    }

    fn put(store: &ObjectStore, key: &str, new: NewObject) -> Result<VersionId, StoreError> {
        store.put(&ObjectFiles::none(), key, &Source::Bytes(key.as_bytes()), new)
    }

    fn new(condition: Condition) -> NewObject {
        NewObject {
            md5: [7; 16],
            parts: 0,
            modified_ms: 11,
            storage_class: storage_class("INTELLIGENT_TIERING").unwrap(),
            details: Details::default(),
            condition,
            versioned: false,
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
        let (_, object) = store.get("another").unwrap();
        assert_eq!(store.log.read(object.span()).unwrap(), b"another".as_slice());
        assert_eq!(object.storage_class(), "INTELLIGENT_TIERING");
        assert!(storage_class("COLD").is_none());
    }

    #[test]
    fn of_many_conditional_puts_at_once_one_wins() {
        let (_dir, store) = store(&[]);
        let wins: usize = std::thread::scope(|scope| {
            let write = || put(&store, "k", new(Condition::Absent)).is_ok();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(write)).collect();
            threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
        });
        assert_eq!(wins, 1);
    }
}
