//! `cost.xlsx`: the arithmetic of the cost as a workbook whose formulas are live. Every formula
//! carries the value that the cost model found, so that a program that does not calculate shows the
//! same; a program that does comes to the same values.
//!
//! What a person may change is blue: quantities, prices, rates, orders. What the model made (the
//! quantities of later months, percentiles, other ways) is stated as values, and says so.

mod assumptions;
mod calculation;
mod formats;
mod months;
mod page;
mod prices;
mod reconciliation;
mod scenarios;
mod sensitivity;
mod summary;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use crate::ReportError;
use crate::finance::Finance;
use crate::finance_words::Words;
use formats::Formats;
use page::Page;

const FILE: &str = "cost.xlsx";

/// What every sheet is made of.
struct Context<'a> {
    finance: &'a Finance,
    words: &'static Words,
    formats: Formats,
}

impl Context<'_> {
    /// Whether amounts are shown in reais, too.
    fn has_brl(&self) -> bool {
        self.finance.locale.brl_per_usd.is_some()
    }
}

/// Makes one sheet, or two.
type PagesOf = fn(&Context<'_>) -> Result<Vec<Page>, XlsxError>;

/// The workbook.
///
/// # Errors
/// If it cannot be written.
pub fn cost_workbook(finance: &Finance) -> Result<Vec<u8>, ReportError> {
    write(finance).map_err(|error| ReportError { file: FILE, cause: error.to_string() })
}

fn write(finance: &Finance) -> Result<Vec<u8>, XlsxError> {
    let words = Words::of(finance.locale.language);
    let context = Context { finance, words, formats: Formats::of(finance.locale.language) };
    let sheets: [PagesOf; 8] = [
        summary::pages,
        assumptions::pages,
        prices::pages,
        calculation::pages,
        months::pages,
        sensitivity::pages,
        scenarios::pages,
        reconciliation::pages,
    ];
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(finance, words)?);
    let mut names = Vec::new();
    for sheet in sheets {
        for page in sheet(&context)? {
            let (sheet, defined) = page.finish();
            names.extend(defined);
            workbook.push_worksheet(sheet);
        }
    }
    for (name, place) in names {
        workbook.define_name(name, &place)?;
    }
    workbook.save_to_buffer()
}

/// The date of the file is that of the run, or of the prices: the same numbers make the same bytes.
fn properties(finance: &Finance, words: &Words) -> Result<DocProperties, XlsxError> {
    let date = match &finance.run {
        Some(run) => run.started_at.to_string(),
        None => finance.study.prices_published.clone(),
    };
    let date = ExcelDateTime::parse_from_str(date.get(..10).unwrap_or("1970-01-01"))?;
    Ok(DocProperties::new()
        .set_title(words.title)
        .set_subject(&finance.study.name)
        .set_author("vazao")
        .set_creation_datetime(&date))
}
