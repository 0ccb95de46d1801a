//! `vazao report`: the reports of a run, again.

use runlog::RunDirectory;

use crate::args::ReportArguments;
use crate::failure::Failure;
use crate::reporting;

pub(crate) fn execute(arguments: &ReportArguments) -> Result<u8, Failure> {
    let directory = RunDirectory::open(&arguments.run);
    let judgement = reporting::write_reports(&directory)?;
    println!("{}", judgement.reason);
    println!("{}", directory.file("report.html").display());
    Ok(judgement.exit_code)
}
