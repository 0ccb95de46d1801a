//! `vazao report`: the reports of a run, again.

use runlog::RunDirectory;

use crate::args::ReportArguments;
use crate::bill_export;
use crate::failure::Failure;
use crate::reporting;

pub(crate) fn execute(arguments: &ReportArguments) -> Result<u8, Failure> {
    let directory = RunDirectory::open(&arguments.run);
    let locale = reporting::locale(&arguments.locale)?;
    let read = |path: &std::path::PathBuf| bill_export::read(path, None, false);
    let billed = arguments.bill.as_ref().map(read).transpose()?.map(|export| export.lines);
    let judgement = reporting::write_reports_for(&directory, locale, billed)?;
    println!("{}", judgement.reason);
    println!("{}", directory.file("report.html").display());
    Ok(judgement.exit_code)
}
