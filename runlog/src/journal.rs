//! What a sender has done, written down while it does it, so that whoever comes after its death
//! knows: an append-only file of fixed records, written as each batch of exchanges comes and
//! before orders are sent.
//!
//! A record is in the system's hands as soon as it is written: the death of the process costs
//! none, that of the machine may. A record that is cut off or garbled ends the file.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Write as _};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Exchange, Outcome, RunFileError};

/// Four numbers of 8 bytes, status, outcome, kind, attempt, whether it was the last, and a
/// checksum of all that.
const RECORD_BYTES: usize = SUMMED_BYTES + 4;
const SUMMED_BYTES: usize = 38;
const KIND_EXCHANGE: u8 = 1;
const KIND_CLAIM: u8 = 2;

/// How far ahead of the order that asks a claim reaches, µs: it is written once in so long, and
/// this is how much is in doubt when a sender dies.
const CLAIM_AHEAD_US: u64 = 20_000;

/// One record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalEntry {
    /// What became of an arrival.
    Exchange(Exchange),
    /// From here on, every arrival that is due by then may have been sent.
    Claim {
        /// µs from the start of the run.
        until_us: u64,
    },
}

/// A journal that is written.
#[derive(Debug)]
pub struct Journal {
    file: Mutex<File>,
    claimed_us: AtomicU64,
}

impl Journal {
    /// Starts a journal.
    ///
    /// # Errors
    /// If the file cannot be made, or is there already.
    pub fn create(path: &Path) -> Result<Self, RunFileError> {
        let file = File::options()
            .append(true)
            .create_new(true)
            .open(path)
            .map_err(|error| RunFileError::unwritable(path, &error))?;
        Ok(Self { file: Mutex::new(file), claimed_us: AtomicU64::new(0) })
    }

    /// Says that an arrival which is due at `intended_us` is about to be sent. Costs a comparison,
    /// and a write of 42 bytes once in 20 ms.
    ///
    /// # Errors
    /// What the file says; the order must not be sent then.
    pub fn claim(&self, intended_us: u64) -> io::Result<()> {
        // Zero is no claim yet, so claims are kept one higher.
        if intended_us < self.claimed_us.load(Ordering::Acquire) {
            return Ok(());
        }
        let until_us = intended_us.saturating_add(CLAIM_AHEAD_US);
        self.write(&record(JournalEntry::Claim { until_us }))?;
        self.claimed_us.fetch_max(until_us.saturating_add(1), Ordering::Release);
        Ok(())
    }

    /// Adds exchanges, in one write.
    ///
    /// # Errors
    /// What the file says.
    pub fn append(&self, exchanges: &[Exchange]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(exchanges.len() * RECORD_BYTES);
        for exchange in exchanges {
            bytes.extend_from_slice(&record(JournalEntry::Exchange(*exchange)));
        }
        self.write(&bytes)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.file.lock().map_err(|_| io::Error::other("a writer panicked"))?;
        file.write_all(bytes)
    }
}

fn record(entry: JournalEntry) -> [u8; RECORD_BYTES] {
    let (numbers, status, rest) = match entry {
        JournalEntry::Exchange(exchange) => {
            let Exchange { index, intended_us, sent_us, end_us, status, outcome, .. } = exchange;
            let code = u8::try_from(outcome.code()).unwrap_or(u8::MAX);
            let rest = [code, KIND_EXCHANGE, exchange.attempt, u8::from(exchange.is_last)];
            ([index, intended_us, sent_us, end_us], status, rest)
        }
        JournalEntry::Claim { until_us } => ([until_us, 0, 0, 0], 0, [0, KIND_CLAIM, 0, 0]),
    };
    let mut bytes = [0; RECORD_BYTES];
    for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    bytes[32..34].copy_from_slice(&status.to_le_bytes());
    bytes[34..SUMMED_BYTES].copy_from_slice(&rest);
    let sum = checksum(&bytes[..SUMMED_BYTES]);
    bytes[SUMMED_BYTES..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// FNV-1a, 32 bits.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

fn entry(bytes: &[u8; RECORD_BYTES]) -> Option<JournalEntry> {
    let number = |place: usize| {
        let mut number = [0; 8];
        number.copy_from_slice(&bytes[place * 8..place * 8 + 8]);
        u64::from_le_bytes(number)
    };
    let mut sum = [0; 4];
    sum.copy_from_slice(&bytes[SUMMED_BYTES..]);
    if checksum(&bytes[..SUMMED_BYTES]) != u32::from_le_bytes(sum) {
        return None;
    }
    match bytes[35] {
        KIND_CLAIM => Some(JournalEntry::Claim { until_us: number(0) }),
        KIND_EXCHANGE => Some(JournalEntry::Exchange(Exchange {
            index: number(0),
            intended_us: number(1),
            sent_us: number(2),
            end_us: number(3),
            status: u16::from_le_bytes([bytes[32], bytes[33]]),
            outcome: Outcome::from_code(i32::from(bytes[34]))?,
            attempt: bytes[36],
            is_last: bytes[37] != 0,
        })),
        _ => None,
    }
}

/// Reads a journal, one record at a time, to its end or to the first that is not whole.
#[derive(Debug)]
pub struct JournalReader {
    file: BufReader<File>,
}

impl JournalReader {
    /// Opens a journal.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, RunFileError> {
        let file = File::open(path).map_err(|error| RunFileError::unreadable(path, &error))?;
        Ok(Self { file: BufReader::with_capacity(RECORD_BYTES * 1_024, file) })
    }
}

impl Iterator for JournalReader {
    type Item = JournalEntry;

    fn next(&mut self) -> Option<JournalEntry> {
        let mut bytes = [0; RECORD_BYTES];
        self.file.read_exact(&mut bytes).ok()?;
        entry(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(index: u64) -> Exchange {
        Exchange {
            index,
            intended_us: index * 1_000,
            sent_us: index * 1_000 + 17,
            end_us: index * 1_000 + 2_503,
            status: 202 + (index % 7) as u16,
            outcome: Outcome::ALL[(index % 5) as usize],
            attempt: 1 + (index % 3) as u8,
            is_last: index.is_multiple_of(2),
        }
    }

    fn read(path: &Path) -> Vec<JournalEntry> {
        JournalReader::open(path).unwrap().collect()
    }

    #[test]
    fn what_was_written_is_read_back_though_nobody_closed_the_file() {
        let path = tempfile::tempdir().unwrap().keep().join("journal");
        let journal = Journal::create(&path).unwrap();
        let exchanges: Vec<Exchange> = (0..9).map(exchange).collect();
        journal.append(&exchanges).unwrap();
        std::mem::forget(journal);
        let expected: Vec<_> = exchanges.into_iter().map(JournalEntry::Exchange).collect();
        assert_eq!(read(&path), expected);
    }

    #[test]
    fn a_record_that_is_cut_off_or_garbled_ends_the_file() {
        let path = tempfile::tempdir().unwrap().keep().join("journal");
        let journal = Journal::create(&path).unwrap();
        journal.append(&[exchange(1), exchange(2), exchange(3)]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert_eq!(read(&path).len(), 2);
        let mut garbled = whole;
        garbled[RECORD_BYTES + 3] ^= 1;
        std::fs::write(&path, garbled).unwrap();
        assert_eq!(read(&path), [JournalEntry::Exchange(exchange(1))]);
    }

    #[test]
    fn an_order_is_claimed_before_it_is_sent_and_a_claim_holds_for_20_ms() {
        let path = tempfile::tempdir().unwrap().keep().join("journal");
        let journal = Journal::create(&path).unwrap();
        for intended_us in [0, 5_000, 20_000, 20_001, 40_001, 40_002] {
            journal.claim(intended_us).unwrap();
            let claimed = read(&path).into_iter().any(|entry| {
                matches!(entry, JournalEntry::Claim { until_us } if until_us >= intended_us)
            });
            assert!(claimed, "{intended_us}");
        }
        let until = [20_000, 40_001, 60_002].map(|until_us| JournalEntry::Claim { until_us });
        assert_eq!(read(&path), until);
    }

    #[test]
    fn a_journal_is_never_written_over() {
        let path = tempfile::tempdir().unwrap().keep().join("journal");
        Journal::create(&path).unwrap();
        let error = Journal::create(&path).unwrap_err().to_string();
        assert!(error.contains("journal"), "{error}");
    }
}
