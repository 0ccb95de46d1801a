//! Turns the recorded facts and the findings of a run into files for people, finance and CI. Nothing
//! here decides: a report is a view, and can be made again from the run's folder.

mod charts;
mod cost_charts;
mod cost_pdf;
mod finance;
mod finance_words;
mod focus;
mod heat_map;
mod html;
mod junit;
mod ladder;
mod locale;
mod page;
mod plan;
mod plots;
mod portuguese;
mod proof;
mod rate;
mod recorded;
mod run_study;
mod scaling;
mod simulation;
mod summary;
mod trend;
mod verdict;
mod words;
mod workbook;

pub use crate::proof::proof_page;
pub use cost_charts::{break_even_chart, tornado_chart};
pub use cost_pdf::cost_pdf;
pub use finance::Finance;
pub use focus::{FocusVersion, focus_bill};
pub use ladder::{Rung, ladder_page};
pub use locale::{Language, LanguageError, Locale};
pub use plan::plan_chart;
pub use recorded::{Recorded, RecordedError};
pub use run_study::RunStudy;
pub use scaling::scaling_page;
pub use simulation::simulation_page;
pub use trend::trend_page;
pub use workbook::cost_workbook;

use claims::{Evidence, Judgement};
use gates::Check;
use runlog::LatencySummary;

/// What a report shows.
#[derive(Debug, Clone, Copy)]
pub struct ReportInput<'a> {
    /// The recorded facts.
    pub evidence: Evidence<'a>,
    /// The findings and the verdict.
    pub judgement: &'a Judgement,
    /// Response time from the intended instant, by interval: (second, quantiles).
    pub latency: &'a [(f64, LatencySummary)],
    /// What follows from the facts beside the judgement.
    pub study: &'a RunStudy,
    /// What the gates said, once `vazao check` has asked them.
    pub check: Option<&'a Check>,
    /// What finance is shown of it.
    pub finance: &'a Finance,
}

/// A report: the file it makes, and how.
pub struct Report {
    /// Its file in the run's folder.
    pub file: &'static str,
    /// Makes its content.
    pub render: fn(&ReportInput<'_>) -> Result<Vec<u8>, ReportError>,
}

/// A report that could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot make {file}: {cause}")]
pub struct ReportError {
    /// Its file.
    pub file: &'static str,
    /// Why.
    pub cause: String,
}

/// Every report.
pub const REPORTS: &[Report] = &[
    Report { file: "report.html", render: |input| html::render(input).map(String::into_bytes) },
    Report { file: "summary.md", render: |input| summary::render(input).map(String::into_bytes) },
    Report { file: "junit.xml", render: |input| junit::render(input).map(String::into_bytes) },
    Report { file: "cost.xlsx", render: |input| cost_workbook(input.finance) },
    Report { file: "cost.pdf", render: |input| cost_pdf(input.finance) },
    Report {
        file: FocusVersion::V1_2.file(),
        render: |input| focus_bill(input.finance, FocusVersion::V1_2),
    },
    Report {
        file: FocusVersion::V1_4.file(),
        render: |input| focus_bill(input.finance, FocusVersion::V1_4),
    },
];
