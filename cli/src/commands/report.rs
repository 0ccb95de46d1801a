//! `vazao report`: the reports of a run, again; with `--runs`, several runs as one page.

use std::path::{Path, PathBuf};

use runlog::RunDirectory;

use crate::args::ReportArguments;
use crate::bill_export;
use crate::failure::Failure;
use crate::{reporting, rungs};

pub(crate) fn execute(arguments: &ReportArguments) -> Result<u8, Failure> {
    match &arguments.run {
        Some(run) => one(run, arguments),
        None => several(&arguments.runs, arguments.page.as_deref()),
    }
}

fn one(run: &Path, arguments: &ReportArguments) -> Result<u8, Failure> {
    let directory = RunDirectory::open(run);
    let locale = reporting::locale(&arguments.locale)?;
    let read = |path: &PathBuf| bill_export::read(path, None, false);
    let billed = arguments.bill.as_ref().map(read).transpose()?.map(|export| export.lines);
    let judgement = reporting::write_reports_for(&directory, locale, billed)?;
    println!("{}", judgement.reason);
    println!("{}", directory.file("report.html").display());
    Ok(judgement.exit_code)
}

fn several(runs: &[PathBuf], page: Option<&Path>) -> Result<u8, Failure> {
    let page = page.map_or_else(|| PathBuf::from("ladder.html"), Path::to_path_buf);
    let rungs = rungs::write(runs, &page)?;
    println!("{}", rungs::text(&rungs).trim_end());
    println!("{}", page.display());
    Ok(rungs::worst(&rungs))
}
