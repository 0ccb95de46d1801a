//! The bucket: documents by key, and how often each was written.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use orders::{DocumentKey, DocumentKind};
use processor::{Document, PutDocument, StoreError, Stored};
use proof::{Contents, Planted, StoredObject};

use crate::gates::{Gates, Point};

/// What is in the bucket.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    objects: BTreeMap<String, (DocumentKey, Vec<u8>, u32)>,
}

impl Bucket {
    /// Writes it if it is not there; false if there is another content.
    fn write(&mut self, document: &Document) -> bool {
        let key = document.key.to_string();
        match self.objects.get(&key) {
            Some((_, bytes, _)) => *bytes == document.bytes,
            None => {
                self.objects.insert(key, (document.key.clone(), document.bytes.clone(), 1));
                true
            }
        }
    }

    /// Writes it whatever is there: a version more.
    fn overwrite(&mut self, document: &Document) {
        let first = || (document.key.clone(), Vec::new(), 0);
        let (_, bytes, versions) =
            self.objects.entry(document.key.to_string()).or_insert_with(first);
        bytes.clone_from(&document.bytes);
        *versions += 1;
    }

    pub(crate) fn objects(&self) -> Vec<StoredObject> {
        let object = |(key, bytes, versions): &(DocumentKey, Vec<u8>, u32)| {
            let contents = match key.kind() {
                DocumentKind::Nfe => Contents::nfe(bytes),
                DocumentKind::Confirmation => Contents::confirmation(bytes),
                DocumentKind::Status => Contents::status(bytes),
            };
            StoredObject { key: key.clone(), versions: *versions, contents: Some(contents) }
        };
        self.objects.values().map(object).collect()
    }
}

/// The bucket as an environment sees it.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) bucket: Rc<RefCell<Bucket>>,
    pub(crate) gates: Rc<Gates>,
    pub(crate) bug: Option<Planted>,
    /// Documents that were said to be stored and are not yet: there are some only with a bug.
    pub(crate) owed: Rc<RefCell<Vec<Document>>>,
}

impl PutDocument for Shelf {
    async fn put(&self, document: &Document) -> Result<Stored, StoreError> {
        let failed = || StoreError::Service {
            operation: "PutObject",
            cause: "500 InternalError, as planned".to_owned(),
        };
        if self.bug == Some(Planted::AcknowledgedBeforeStored) {
            self.owed.borrow_mut().push(document.clone());
        } else {
            if !self.gates.pass(Point::Put).await {
                return Err(failed());
            }
            if self.bug == Some(Planted::PutWithoutCondition) {
                self.bucket.borrow_mut().overwrite(document);
            } else if !self.bucket.borrow_mut().write(document) {
                return Err(StoreError::Differs(document.key.kind()));
            }
            if !self.gates.pass(Point::Stored).await {
                return Err(failed());
            }
        }
        Ok(Stored { documents: 1, bytes: document.bytes.len() as u64, retries: 0 })
    }
}

impl Shelf {
    /// Writes what was said to be stored.
    pub(crate) fn pay(bucket: &RefCell<Bucket>, owed: &RefCell<Vec<Document>>) {
        for document in owed.borrow_mut().drain(..) {
            bucket.borrow_mut().write(&document);
        }
    }
}
