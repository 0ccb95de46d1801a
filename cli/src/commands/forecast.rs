//! `vazao forecast`: what a volume costs over the years, from assumptions.

mod table;

use std::path::Path;
use std::thread::available_parallelism;

use costmodel::forecast::{Drawing, ForecastFile, Study};
use costmodel::{PriceSheet, Region, Usd};
use reports::{Finance, cost_pdf, cost_workbook};
use serde::Serialize;

use crate::args::ForecastArguments;
use crate::failure::Failure;
use crate::reporting;

/// Exit code of a budget that is exceeded.
const OVER_BUDGET: u8 = 14;
/// Draws beyond this are a mistake: the percentiles do not move any more.
const DRAWS_MAX: usize = 10_000_000;

/// The JSON of all scenarios.
#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    currency: &'static str,
    scenarios: &'a [Study],
}

pub(crate) fn execute(arguments: &ForecastArguments) -> Result<u8, Failure> {
    if !(1..=DRAWS_MAX).contains(&arguments.draws) {
        return Err(Failure::usage(format!("--draws must be from 1 to {DRAWS_MAX}")));
    }
    let studies: Vec<Study> = files(arguments)?
        .iter()
        .map(|(name, file)| study(name, file, arguments))
        .collect::<Result<_, _>>()?;
    if let Some(folder) = &arguments.charts {
        write_charts(folder, &studies)?;
    }
    write_finance(arguments, &studies)?;
    if arguments.json {
        let report = Report { version: 1, currency: "USD", scenarios: &studies };
        println!("{}", serde_json::to_string_pretty(&report).map_err(Failure::internal)?);
    } else {
        show(&studies);
    }
    Ok(budget(arguments, &studies))
}

/// The scenarios with their names, flags applied.
fn files(arguments: &ForecastArguments) -> Result<Vec<(String, ForecastFile)>, Failure> {
    if arguments.files.is_empty() {
        let text = format!("region = {:?}", arguments.region);
        return Ok(vec![("the defaults".to_owned(), flagged(&text, "--", arguments)?)]);
    }
    arguments.files.iter().map(|path| read(path, arguments)).collect()
}

fn read(path: &Path, arguments: &ForecastArguments) -> Result<(String, ForecastFile), Failure> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{shown}: {error}")))?;
    let file = flagged(&text, &shown, arguments)?;
    Ok((shown, file))
}

/// A file's text, with what the flags change.
fn flagged(text: &str, name: &str, arguments: &ForecastArguments) -> Result<ForecastFile, Failure> {
    let named =
        |cause: costmodel::forecast::ForecastError| Failure::usage(format!("{name}: {cause}"));
    let mut file = ForecastFile::parse(text).map_err(named)?;
    if let Some(per_day) = arguments.per_day {
        file.set_per_day(per_day).map_err(|cause| Failure::usage(format!("--per-day: {cause}")))?;
    }
    if let Some(months) = arguments.months {
        file.set_months(months).map_err(|cause| Failure::usage(format!("--months: {cause}")))?;
    }
    Ok(file)
}

fn study(name: &str, file: &ForecastFile, arguments: &ForecastArguments) -> Result<Study, Failure> {
    let named = |cause: &dyn std::fmt::Display| Failure::usage(format!("{name}: {cause}"));
    let region = file.region().map_err(|error| named(&error))?;
    let sheet = PriceSheet::snapshot(region).map_err(Failure::internal)?;
    let wanted = arguments.threads.or_else(|| available_parallelism().ok());
    let drawing = Drawing {
        draws: arguments.draws,
        seed: arguments.seed,
        threads: wanted.map_or(1, |threads| threads.get()),
    };
    let mut study = Study::of(file, &sheet, drawing).map_err(|error| named(&error))?;
    if file.name.is_none() {
        study.name = Path::new(name)
            .file_stem()
            .map_or_else(|| name.to_owned(), |stem| stem.to_string_lossy().into_owned());
    }
    Ok(study)
}

fn write_charts(folder: &Path, studies: &[Study]) -> Result<(), Failure> {
    let named = |error: std::io::Error| Failure::usage(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(named)?;
    for study in studies {
        let (curves, found) = (&study.curves, &study.crossings);
        for (kind, svg) in [
            ("break-even", reports::break_even_chart(&study.region, curves, found)),
            ("tornado", reports::tornado_chart(&study.uncertainty)),
        ] {
            let file = folder.join(format!("{}-{kind}.svg", study.name.replace(['/', ' '], "-")));
            std::fs::write(&file, svg.map_err(Failure::internal)?).map_err(named)?;
            eprintln!("wrote {}", file.display());
        }
    }
    Ok(())
}

/// The workbook and the pages for finance, of the first scenario with the others beside it.
fn write_finance(arguments: &ForecastArguments, studies: &[Study]) -> Result<(), Failure> {
    let locale = reporting::locale(&arguments.locale)?;
    let wanted: [(_, fn(&Finance) -> _); 2] =
        [(&arguments.xlsx, cost_workbook), (&arguments.pdf, cost_pdf)];
    if wanted.iter().all(|(path, _)| path.is_none()) {
        return Ok(());
    }
    let region: Region = studies[0].region.parse().map_err(Failure::internal)?;
    let sheet = PriceSheet::snapshot(region).map_err(Failure::internal)?;
    let finance = Finance::of_forecast(studies, &sheet, locale).map_err(Failure::internal)?;
    for (path, render) in wanted {
        let Some(path) = path else { continue };
        let bytes = render(&finance).map_err(Failure::internal)?;
        std::fs::write(path, bytes)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}

fn show(studies: &[Study]) {
    if let [_, _, ..] = studies {
        table::side_by_side(studies);
    }
    for study in studies {
        table::study(study);
    }
}

fn budget(arguments: &ForecastArguments, studies: &[Study]) -> u8 {
    let Some(budget) = arguments.budget.map(Usd::new) else {
        return 0;
    };
    let mut code = 0;
    for study in studies {
        let over = study.forecast.months.iter().find(|month| month.total > budget);
        if let Some(month) = over {
            eprintln!(
                "vazao: {}: month {} costs {}, over the budget of {budget}",
                study.name, month.month, month.total
            );
            code = OVER_BUDGET;
        }
    }
    code
}
