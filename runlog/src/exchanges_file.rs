//! The exchanges as a Parquet file: one fixed row per attempt, in order of completion. DuckDB and
//! pandas open it; memory while writing is one row group.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{BoolType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::damaged::refuse_damaged;
use crate::{Exchange, Outcome, RunFileError};

/// The columns. Times are microseconds from the start of the run; `outcome` is
/// [`Outcome::code`]; `attempt` counts from 1, and the row of an order's last attempt `is_last`.
const SCHEMA: &str = "message exchange {
    required int64 index;
    required int64 intended_us;
    required int64 sent_us;
    required int64 end_us;
    required int32 status;
    required int32 outcome;
    required int32 attempt;
    required boolean is_last;
}";

/// Rows held in memory before they are written: 100,000 rows are 5 MB.
const ROW_GROUP_ROWS: usize = 100_000;

/// Writes exchanges.
pub struct ExchangeWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    rows: Vec<Exchange>,
}

impl<W: Write + Send> ExchangeWriter<W> {
    /// Starts a file.
    ///
    /// # Errors
    /// What the writer says.
    pub fn new(out: W) -> Result<Self, ParquetError> {
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            // Instants and indices rise and never repeat: differences are short, and a dictionary
            // would only cost time.
            .set_dictionary_enabled(false)
            .set_encoding(Encoding::DELTA_BINARY_PACKED)
            .set_column_encoding("is_last".into(), Encoding::PLAIN)
            .build();
        let file = SerializedFileWriter::new(out, schema, Arc::new(properties))?;
        Ok(Self { file, rows: Vec::with_capacity(ROW_GROUP_ROWS) })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// What the writer says when a row group is full.
    pub fn write(&mut self, exchange: Exchange) -> Result<(), ParquetError> {
        self.rows.push(exchange);
        if self.rows.len() == ROW_GROUP_ROWS { self.write_row_group() } else { Ok(()) }
    }

    /// Writes what is left and the footer, without which the file cannot be read.
    ///
    /// # Errors
    /// What the writer says.
    pub fn finish(mut self) -> Result<(), ParquetError> {
        if !self.rows.is_empty() {
            self.write_row_group()?;
        }
        self.file.close().map(|_| ())
    }

    fn write_row_group(&mut self) -> Result<(), ParquetError> {
        let rows = std::mem::take(&mut self.rows);
        let longs: [fn(&Exchange) -> u64; 4] =
            [|row| row.index, |row| row.intended_us, |row| row.sent_us, |row| row.end_us];
        let ints: [fn(&Exchange) -> i32; 3] =
            [|row| i32::from(row.status), |row| row.outcome.code(), |row| i32::from(row.attempt)];
        let mut group = self.file.next_row_group()?;
        for column in longs {
            let values: Vec<i64> = rows.iter().map(|row| column(row).cast_signed()).collect();
            if let Some(mut writer) = group.next_column()? {
                writer.typed::<Int64Type>().write_batch(&values, None, None)?;
                writer.close()?;
            }
        }
        for column in ints {
            let values: Vec<i32> = rows.iter().map(column).collect();
            if let Some(mut writer) = group.next_column()? {
                writer.typed::<Int32Type>().write_batch(&values, None, None)?;
                writer.close()?;
            }
        }
        if let Some(mut writer) = group.next_column()? {
            let values: Vec<bool> = rows.iter().map(|row| row.is_last).collect();
            writer.typed::<BoolType>().write_batch(&values, None, None)?;
            writer.close()?;
        }
        group.close()?;
        self.rows = rows;
        self.rows.clear();
        Ok(())
    }
}

/// Reads exchanges back.
pub struct ExchangeReader;

impl ExchangeReader {
    /// Calls `each` with every row of the file.
    ///
    /// # Errors
    /// If the file cannot be read or is not one of ours; the message names the file.
    pub fn read(path: &Path, mut each: impl FnMut(Exchange)) -> Result<(), RunFileError> {
        for exchange in ExchangeRows::open(path)? {
            each(exchange?);
        }
        Ok(())
    }
}

/// The rows of a file, of which one row group is held at a time.
pub struct ExchangeRows {
    path: PathBuf,
    file: SerializedFileReader<File>,
    next_group: usize,
    rows: std::vec::IntoIter<Exchange>,
}

impl ExchangeRows {
    /// Opens a file.
    ///
    /// # Errors
    /// If it cannot be read or is not one of ours; the message names the file.
    pub fn open(path: &Path) -> Result<Self, RunFileError> {
        let broken = |error: ParquetError| RunFileError::unreadable(path, &error);
        let file = File::open(path).map_err(|error| RunFileError::unreadable(path, &error))?;
        let file = refuse_damaged(|| SerializedFileReader::new(file)).map_err(broken)?;
        let schema = parse_message_type(SCHEMA).map_err(broken)?;
        if *file.metadata().file_metadata().schema() != schema {
            return Err(RunFileError::unreadable(path, &"its columns are not those of exchanges"));
        }
        Ok(Self { path: path.to_owned(), file, next_group: 0, rows: Vec::new().into_iter() })
    }

    fn read_group(&mut self) -> Result<Vec<Exchange>, String> {
        let mut longs: [Vec<i64>; 4] = Default::default();
        let mut ints: [Vec<i32>; 3] = Default::default();
        let mut is_last = Vec::new();
        let columns = || {
            let group = self.file.get_row_group(self.next_group)?;
            let count = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
            for (column, values) in longs.iter_mut().enumerate() {
                let reader = group.get_column_reader(column)?;
                let mut reader = get_typed_column_reader::<Int64Type>(reader);
                reader.read_records(count, None, None, values)?;
            }
            for (column, values) in (4..).zip(&mut ints) {
                let reader = group.get_column_reader(column)?;
                let mut reader = get_typed_column_reader::<Int32Type>(reader);
                reader.read_records(count, None, None, values)?;
            }
            let mut reader = get_typed_column_reader::<BoolType>(group.get_column_reader(7)?);
            reader.read_records(count, None, None, &mut is_last)?;
            Ok(count)
        };
        let count = refuse_damaged(columns).map_err(|error| error.to_string())?;
        (0..count).map(|row| exchange(&longs, &ints, &is_last, row)).collect()
    }
}

fn exchange(
    longs: &[Vec<i64>; 4],
    ints: &[Vec<i32>; 3],
    is_last: &[bool],
    row: usize,
) -> Result<Exchange, String> {
    let long = |column: usize| longs[column].get(row).map(|value| value.cast_unsigned());
    let int = |column: usize| ints[column].get(row).copied();
    let read = || {
        Some(Exchange {
            index: long(0)?,
            intended_us: long(1)?,
            sent_us: long(2)?,
            end_us: long(3)?,
            status: u16::try_from(int(0)?).ok()?,
            outcome: Outcome::from_code(int(1)?)?,
            attempt: u8::try_from(int(2)?).ok()?,
            is_last: *is_last.get(row)?,
        })
    };
    read().ok_or_else(|| "a row of another version".to_owned())
}

impl Iterator for ExchangeRows {
    type Item = Result<Exchange, RunFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.rows.next() {
                return Some(Ok(row));
            }
            if self.next_group >= self.file.num_row_groups() {
                return None;
            }
            match self.read_group() {
                Ok(rows) => self.rows = rows.into_iter(),
                Err(cause) => {
                    self.next_group = usize::MAX;
                    return Some(Err(RunFileError::unreadable(&self.path, &cause)));
                }
            }
            self.next_group += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_comes_back_as_itself_over_several_row_groups() {
        let path = tempfile::tempdir().unwrap().keep().join("exchanges.parquet");
        let row = |index: u64| Exchange {
            index,
            intended_us: index * 3 + 1,
            sent_us: index * 5 + 2,
            end_us: index * 7 + 3,
            status: 200 + u16::try_from(index % 300).unwrap(),
            outcome: Outcome::ALL[usize::try_from(index % 5).unwrap()],
            attempt: 1 + u8::try_from(index % 7).unwrap(),
            is_last: index.is_multiple_of(3),
        };
        let count = ROW_GROUP_ROWS as u64 + 11;
        let mut writer = ExchangeWriter::new(File::create(&path).unwrap()).unwrap();
        (0..count).for_each(|index| writer.write(row(index)).unwrap());
        writer.finish().unwrap();

        let mut next = 0;
        ExchangeReader::read(&path, |read| {
            assert_eq!(read, row(next));
            next += 1;
        })
        .unwrap();
        assert_eq!(next, count);
    }

    /// One byte of it is another, in turn: it is read or refused, and nothing else.
    #[test]
    fn a_damaged_file_is_refused() {
        let path = tempfile::tempdir().unwrap().keep().join("exchanges.parquet");
        let mut writer = ExchangeWriter::new(File::create(&path).unwrap()).unwrap();
        (0..3).for_each(|index| {
            let (outcome, is_last) = (Outcome::ALL[0], true);
            let [intended_us, sent_us, end_us] = [11, 12, 13].map(|us| us + index);
            let attempt = 1;
            let row = Exchange {
                index,
                intended_us,
                sent_us,
                end_us,
                status: 202,
                outcome,
                attempt,
                is_last,
            };
            writer.write(row).unwrap();
        });
        writer.finish().unwrap();
        let whole = std::fs::read(&path).unwrap();
        let mut refused = 0;
        for at in 0..whole.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= change;
                std::fs::write(&path, bytes).unwrap();
                let mut rows = 0;
                let read = ExchangeReader::read(&path, |_| rows += 1);
                refused += u32::from(read.is_err());
                assert!(rows <= 3, "byte {at}, {change:#x}: {rows} rows");
            }
        }
        assert!(refused > 100, "{refused}");
    }

    #[test]
    fn a_file_that_is_not_ours_is_named() {
        let path = tempfile::tempdir().unwrap().keep().join("other.parquet");
        std::fs::write(&path, "not parquet").unwrap();
        let error = ExchangeReader::read(&path, |_| ()).unwrap_err();
        assert!(error.to_string().contains("other.parquet"), "{error}");
    }
}
