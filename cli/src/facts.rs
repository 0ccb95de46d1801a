//! What a run recorded, as the gates want it.

use std::collections::BTreeSet;

use claims::Evidence;
use costmodel::Usage;
use gates::RunFacts;
use runlog::{
    CostRecord, ExchangeReader, Reconciliation, RunDirectory, RunManifest, TimelinePoint,
    read_handlings, read_timeline,
};

use crate::failure::Failure;

/// The files of a run that the gates look at.
pub(crate) struct Facts {
    pub(crate) manifest: RunManifest,
    reconciliation: Reconciliation,
    usage: Usage,
    cost: CostRecord,
    timeline: Vec<TimelinePoint>,
    /// (intended second, response time, ms) of each order.
    response: Vec<(f64, f64)>,
    /// (second of acceptance, until its documents were stored, ms) of each order.
    end_to_end: Vec<(f64, f64)>,
}

impl Facts {
    /// Reads them. Sixteen bytes an order are held, twice.
    pub(crate) fn read(directory: &RunDirectory) -> Result<Self, Failure> {
        let manifest = RunDirectory::read_json(&directory.manifest()).map_err(Failure::usage)?;
        Ok(Self {
            manifest,
            reconciliation: RunDirectory::read_json(&directory.reconciliation())
                .map_err(Failure::usage)?,
            usage: RunDirectory::read_json(&directory.usage()).map_err(Failure::usage)?,
            cost: RunDirectory::read_json(&directory.bill()).map_err(Failure::usage)?,
            timeline: read_timeline(&directory.timeline()).map_err(Failure::usage)?,
            response: response(directory)?,
            end_to_end: end_to_end(directory)?,
        })
    }

    pub(crate) fn facts(&self) -> RunFacts<'_> {
        RunFacts {
            evidence: Evidence {
                manifest: &self.manifest,
                reconciliation: &self.reconciliation,
                usage: &self.usage,
                cost: &self.cost,
                timeline: &self.timeline,
                extrapolation: None,
            },
            response: &self.response,
            end_to_end: &self.end_to_end,
        }
    }
}

fn response(directory: &RunDirectory) -> Result<Vec<(f64, f64)>, Failure> {
    let mut all = Vec::new();
    ExchangeReader::read(&directory.exchanges(), |exchange| {
        if exchange.is_last {
            all.push((exchange.intended_us as f64 / 1e6, exchange.response_us() as f64 / 1e3));
        }
    })
    .map_err(Failure::usage)?;
    Ok(all)
}

/// Of each message the first invocation that processed it; nothing where the cloud does not tell.
fn end_to_end(directory: &RunDirectory) -> Result<Vec<(f64, f64)>, Failure> {
    if !directory.invocations().exists() {
        return Ok(Vec::new());
    }
    let handlings = read_handlings(&directory.invocations()).map_err(Failure::usage)?;
    let mut seen = BTreeSet::new();
    let processed = handlings.iter().filter(|row| row.processed == 1 && seen.insert(row.message));
    Ok(processed
        .map(|row| (row.sent_us as f64 / 1e6, (row.ended_us - row.sent_us) as f64 / 1e3))
        .collect())
}
