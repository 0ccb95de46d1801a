//! Reads the far side when all is still: books, bucket, dead letters.

use std::sync::Arc;

use observe::{Cloud, DeadLetter, Written};
use orders::{DocumentKey, DocumentKind};
use proof::{Contents, Evidence, Letter, OrderName, StoredObject};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::failure::Failure;

/// Objects that are read at the same time.
const READS_AT_ONCE: usize = 16;

/// Up to so many objects every document is read; of more, a part that the seed chooses, or reading
/// would take longer than the proof.
const READ_ALL_MAX: usize = 60_000;

/// Adds what is in the bucket; how many documents were read, and of how many.
pub(super) async fn read_bucket(
    cloud: &Cloud,
    bucket: &str,
    evidence: &mut Evidence,
) -> Result<(u64, u64), Failure> {
    let written = cloud.versions(bucket).await.map_err(Failure::internal)?;
    let every = written.len().div_ceil(READ_ALL_MAX).max(1);
    let places = Arc::new(Semaphore::new(READS_AT_ONCE));
    let mut reading = JoinSet::new();
    let (mut read, all) = (0, written.len() as u64);
    for (index, Written { key, versions }) in written.into_iter().enumerate() {
        let Ok(document) = key.parse::<DocumentKey>() else {
            evidence.strays.push(key);
            continue;
        };
        if index % every != 0 {
            evidence.objects.push(StoredObject { key: document, versions, contents: None });
            continue;
        }
        read += 1;
        let (cloud, bucket, places) = (cloud.clone(), bucket.to_owned(), Arc::clone(&places));
        // Tasks wait for their place before they ask, so that few objects are in memory.
        let place = places.acquire_owned().await.map_err(Failure::internal)?;
        reading.spawn(async move {
            let bytes = cloud.get_object(&bucket, &key).await;
            drop(place);
            bytes.map(|bytes| StoredObject {
                contents: Some(contents(&document, &bytes)),
                key: document,
                versions,
            })
        });
        while let Some(done) = reading.try_join_next() {
            evidence.objects.push(done.map_err(Failure::internal)?.map_err(Failure::internal)?);
        }
    }
    while let Some(done) = reading.join_next().await {
        evidence.objects.push(done.map_err(Failure::internal)?.map_err(Failure::internal)?);
    }
    Ok((read, all))
}

fn contents(key: &DocumentKey, bytes: &[u8]) -> Contents {
    match key.kind() {
        DocumentKind::Nfe => Contents::nfe(bytes),
        DocumentKind::Confirmation => Contents::confirmation(bytes),
        DocumentKind::Status => Contents::status(bytes),
    }
}

/// A message of the dead-letter queue as the proof knows it.
pub(super) fn letter(letter: &DeadLetter) -> Letter {
    let attribute = |name| letter.attribute(name);
    let name = attribute("partner").zip(attribute("orderNumber")).and_then(|(partner, number)| {
        Some(OrderName { partner: partner.parse().ok()?, number: number.parse().ok()? })
    });
    let id = &letter.message_id;
    let label = match &name {
        Some(name) => format!("dead letter {id} of {name}"),
        None => format!("dead letter {id} without an order"),
    };
    Letter { name, label, body_sha256: Sha256::digest(&letter.body).into() }
}
