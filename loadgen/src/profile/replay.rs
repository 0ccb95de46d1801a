//! The instants of real arrivals, read from a file: CSV, Parquet, or the JSON lines of an API
//! Gateway access log. Only the instants are read; what the orders were stays where it is.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::Type;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Replay;

/// Names under which an instant is looked for where the profile names none, in this order.
const KNOWN: [&str; 8] = [
    "requestTimeEpoch",
    "requestTime",
    "timestamp",
    "time",
    "issued_at",
    "created_at",
    "received_at",
    "date",
];

/// The form of `$context.requestTime` of API Gateway, which is that of web servers' logs.
const COMMON_LOG: &str = "%d/%b/%Y:%H:%M:%S %z";

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplayFormat {
    /// A table of text whose first line names the columns.
    Csv,
    /// A Parquet file.
    Parquet,
    /// One JSON object a line, as an access log of API Gateway in JSON is.
    JsonLines,
}

/// A file that cannot be replayed. The message names the file, and the line where there are lines.
#[derive(Debug, Error)]
#[error("replay {path}{place}: {cause}", path = path.display(), place = line_text(*line))]
pub struct ReplayFileError {
    /// The file.
    pub path: PathBuf,
    /// Where in it, counted from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub cause: String,
}

fn line_text(line: Option<usize>) -> String {
    line.map(|line| format!(" line {line}")).unwrap_or_default()
}

/// Why a place of a file is no instant: the line, if there are lines, and what is wrong.
type Problem = (Option<usize>, String);

/// Reads the instants of a file, sorted; eight bytes an arrival are kept.
///
/// # Errors
/// If it cannot be read, has no column of instants, or a value in it that is none.
pub fn read_replay(
    path: &Path,
    format: Option<ReplayFormat>,
    column: Option<&str>,
) -> Result<Replay, ReplayFileError> {
    let named = |(line, cause)| ReplayFileError { path: path.to_owned(), line, cause };
    let format = format
        .or_else(|| by_name(path))
        .ok_or_else(|| named((None, "give shape.format: csv, parquet or json-lines".to_owned())))?;
    let instants = match format {
        ReplayFormat::Csv => csv_instants(path, column),
        ReplayFormat::Parquet => parquet_instants(path, column),
        ReplayFormat::JsonLines => json_instants(path, column),
    };
    let instants = instants.map_err(named)?;
    Replay::new(instants).map_err(|error| named((None, error.to_string())))
}

fn by_name(path: &Path) -> Option<ReplayFormat> {
    match path.extension()?.to_str()? {
        "csv" => Some(ReplayFormat::Csv),
        "parquet" => Some(ReplayFormat::Parquet),
        "jsonl" | "ndjson" | "json" | "log" => Some(ReplayFormat::JsonLines),
        _ => None,
    }
}

fn plain(error: impl ToString) -> Problem {
    (None, error.to_string())
}

fn csv_instants(path: &Path, column: Option<&str>) -> Result<Vec<i64>, Problem> {
    let mut reader = csv::Reader::from_path(path).map_err(plain)?;
    let heads: Vec<String> =
        reader.headers().map_err(plain)?.iter().map(|head| head.trim().to_owned()).collect();
    let position = choose(&heads, column).map_err(|cause| (Some(1), cause))?;
    let mut instants = Vec::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(plain)? {
        let line = record.position().map(|at| at.line() as usize);
        let text = record.get(position).unwrap_or("").trim();
        instants.push(instant_us(text).map_err(|cause| (line, cause))?);
    }
    Ok(instants)
}

/// The position of the column that was asked for, or of the first that is known.
fn choose(heads: &[String], column: Option<&str>) -> Result<usize, String> {
    let find = |name: &str| heads.iter().position(|head| head == name);
    let found = match column {
        Some(name) => find(name),
        None => KNOWN.into_iter().find_map(find),
    };
    found.ok_or_else(|| match column {
        Some(name) => format!("no column {name}, only {}", heads.join(", ")),
        None => {
            format!("no column of instants among {}: name it with shape.column", heads.join(", "))
        }
    })
}

fn json_instants(path: &Path, column: Option<&str>) -> Result<Vec<i64>, Problem> {
    let file = BufReader::new(File::open(path).map_err(plain)?);
    let mut instants = Vec::new();
    for (number, line) in (1..).zip(file.lines()) {
        let line = line.map_err(|error| (Some(number), error.to_string()))?;
        if !line.trim().is_empty() {
            instants.push(json_instant(&line, column).map_err(|cause| (Some(number), cause))?);
        }
    }
    Ok(instants)
}

fn json_instant(line: &str, column: Option<&str>) -> Result<i64, String> {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(line).map_err(|error| format!("no JSON object: {error}"))?;
    let names = column.as_ref().map_or(&KNOWN[..], std::slice::from_ref);
    let value = names.iter().find_map(|name| object.get(*name)).ok_or_else(|| {
        let fields: Vec<&str> = object.keys().map(String::as_str).collect();
        format!("no field {} among {}", names.join(" or "), fields.join(", "))
    })?;
    match value {
        serde_json::Value::String(text) => instant_us(text),
        other => instant_us(&other.to_string()),
    }
}

fn parquet_instants(path: &Path, column: Option<&str>) -> Result<Vec<i64>, Problem> {
    let file = File::open(path).map_err(plain)?;
    let reader = SerializedFileReader::new(file).map_err(plain)?;
    let schema = reader.metadata().file_metadata().schema().clone();
    let heads: Vec<String> =
        schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
    let position = choose(&heads, column).map_err(plain)?;
    // Only that column is read.
    let field = schema.get_fields()[position].clone();
    let only =
        Type::group_type_builder(schema.name()).with_fields(vec![field]).build().map_err(plain)?;
    let rows = reader.get_row_iter(Some(only)).map_err(plain)?;
    (1..)
        .zip(rows)
        .map(|(number, row)| {
            let row = row.map_err(plain)?;
            let (_, value) =
                row.get_column_iter().next().ok_or_else(|| plain("a row of nothing"))?;
            parquet_instant(value).map_err(|cause| plain(format!("row {number}: {cause}")))
        })
        .collect()
}

fn parquet_instant(value: &Field) -> Result<i64, String> {
    match value {
        Field::TimestampMillis(ms) => Ok(ms * 1_000),
        Field::TimestampMicros(us) => Ok(*us),
        Field::Str(text) => instant_us(text),
        other => instant_us(&other.to_string()),
    }
}

/// An instant as µs since 1970. A number is seconds, ms, µs or ns by its size: below 1e11, 1e14,
/// 1e17 (the first of each is in the year 5138 and the last in 1973). A text without an offset is
/// UTC.
fn instant_us(text: &str) -> Result<i64, String> {
    if let Ok(number) = text.parse::<f64>() {
        return epoch_us(text, number);
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant.as_microsecond());
    }
    if let Ok(instant) = strtime::parse(COMMON_LOG, text).and_then(|parsed| parsed.to_timestamp()) {
        return Ok(instant.as_microsecond());
    }
    let utc = |time: DateTime| TimeZone::UTC.to_timestamp(time);
    match text.parse::<DateTime>().and_then(utc) {
        Ok(instant) => Ok(instant.as_microsecond()),
        Err(_) => Err(format!("{text:?} is no instant: write it as 2026-11-23T10:14:31-03:00")),
    }
}

fn epoch_us(text: &str, number: f64) -> Result<i64, String> {
    // Whole numbers keep all their digits.
    let times = |factor: i64| match text.parse::<i64>() {
        Ok(whole) => whole.saturating_mul(factor),
        Err(_) => (number * factor as f64).round() as i64,
    };
    match number.abs() {
        size if size < 1e11 => Ok(times(1_000_000)),
        size if size < 1e14 => Ok(times(1_000)),
        size if size < 1e17 => Ok(times(1)),
        size if size < 1e20 => Ok(times(1) / 1_000),
        _ => Err(format!("{text} is no instant")),
    }
}

#[cfg(test)]
mod tests {
    use parquet::basic::{ConvertedType, Type as Physical};
    use parquet::data_type::Int64Type;
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;

    use super::*;

    fn file(name: &str, text: &str) -> PathBuf {
        let path = tempfile::tempdir().unwrap().keep().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn durations_s(path: &Path, column: Option<&str>) -> Result<(u64, f64), String> {
        let replay = read_replay(path, None, column).map_err(|error| error.to_string())?;
        Ok((replay.arrivals(), replay.duration_s()))
    }

    #[test]
    fn instants_are_read_in_every_form_that_logs_have() {
        let second = 1_795_439_671_000_000; // 2026-11-23T13:14:31Z
        for text in [
            "2026-11-23T10:14:31-03:00",
            "2026-11-23T13:14:31Z",
            "2026-11-23T13:14:31",
            "2026-11-23 13:14:31",
            "23/Nov/2026:13:14:31 +0000",
            "23/Nov/2026:10:14:31 -0300",
            "1795439671",
            "1795439671.0",
            "1795439671000",
            "1795439671000000",
            "1795439671000000000",
        ] {
            assert_eq!(instant_us(text), Ok(second), "{text}");
        }
        assert_eq!(instant_us("1795439671123"), Ok(second + 123_000));
        assert_eq!(instant_us("1795439671.5"), Ok(second + 500_000));
        for wrong in ["", "yesterday", "24/Nov/2026", "1e30"] {
            assert!(instant_us(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_csv_names_its_column_or_is_asked_to() {
        let table = "id,issued_at\na,2026-11-23T10:00:07Z\nb,2026-11-23T10:00:00Z\n";
        assert_eq!(durations_s(&file("a.csv", table), None), Ok((2, 7.0)));
        let other = file("b.csv", "id,when\na,1795439671\nb,1795439680\n");
        assert_eq!(durations_s(&other, Some("when")), Ok((2, 9.0)));
        let said = durations_s(&other, None).unwrap_err();
        assert!(said.contains("b.csv line 1") && said.contains("shape.column"), "{said}");
        let said = durations_s(&other, Some("wenn")).unwrap_err();
        assert!(said.contains("wenn") && said.contains("when"), "{said}");
    }

    #[test]
    fn a_value_that_is_no_instant_is_named_with_its_line() {
        let table = file("c.csv", "time\n2026-11-23T10:00:00Z\nsoon\n");
        let said = durations_s(&table, None).unwrap_err();
        assert!(said.contains("c.csv line 3") && said.contains("soon"), "{said}");
        assert!(durations_s(&file("d.csv", "time\n"), None).unwrap_err().contains("no arrival"));
    }

    #[test]
    fn an_access_log_of_api_gateway_is_read_by_its_epoch_or_its_time() {
        let log = "{\"requestId\":\"a\",\"requestTimeEpoch\":1795439671250,\"status\":202}\n\n\
                   {\"requestId\":\"b\",\"requestTimeEpoch\":\"1795439673750\",\"status\":202}\n";
        assert_eq!(durations_s(&file("access.log", log), None), Ok((2, 2.5)));
        let clf = "{\"requestTime\":\"23/Nov/2026:13:14:31 +0000\"}\n\
                   {\"requestTime\":\"23/Nov/2026:13:14:35 +0000\"}\n";
        assert_eq!(durations_s(&file("access.jsonl", clf), None), Ok((2, 4.0)));
        let said = durations_s(&file("x.jsonl", "{\"ip\":\"::1\"}\n"), None).unwrap_err();
        assert!(said.contains("line 1") && said.contains("requestTime"), "{said}");
    }

    #[test]
    fn a_parquet_column_of_timestamps_is_read() {
        let path = tempfile::tempdir().unwrap().keep().join("orders.parquet");
        let column = |name: &str, kind: ConvertedType| {
            let built = Type::primitive_type_builder(name, Physical::INT64)
                .with_repetition(parquet::basic::Repetition::REQUIRED)
                .with_converted_type(kind)
                .build();
            std::sync::Arc::new(built.unwrap())
        };
        let fields = vec![
            column("id", ConvertedType::NONE),
            column("time", ConvertedType::TIMESTAMP_MILLIS),
        ];
        let schema = Type::group_type_builder("orders").with_fields(fields).build().unwrap();
        let out = File::create(&path).unwrap();
        let properties = std::sync::Arc::new(WriterProperties::builder().build());
        let mut writer = SerializedFileWriter::new(out, schema.into(), properties).unwrap();
        let mut group = writer.next_row_group().unwrap();
        for values in [[1, 2, 3], [1_795_439_671_000, 1_795_439_681_000, 1_795_439_675_000]] {
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<Int64Type>().write_batch(&values, None, None).unwrap();
            column.close().unwrap();
        }
        group.close().unwrap();
        writer.close().unwrap();
        assert_eq!(durations_s(&path, None), Ok((3, 10.0)));
    }

    #[test]
    fn a_file_of_an_unknown_kind_asks_for_its_format() {
        let said = durations_s(&file("orders.txt", ""), None).unwrap_err();
        assert!(said.contains("shape.format"), "{said}");
        let said = durations_s(Path::new("/nowhere/x.csv"), None).unwrap_err();
        assert!(said.contains("/nowhere/x.csv"), "{said}");
    }
}
