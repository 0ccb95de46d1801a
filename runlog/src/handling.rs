//! Every message that the function was handed, as `invocations.parquet`: one row a message and
//! invocation, so that a message that came twice has two rows. CloudWatch keeps sums; this is what
//! a simulation can be calibrated from and held against.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::column::reader::ColumnReader;
use parquet::data_type::Int64Type;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader as _, RowGroupReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::RunFileError;
use crate::damaged::refuse_damaged;

/// One message in one invocation. Instants are microseconds from the start of the run; those of
/// the cloud before it are negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Handling {
    /// Which invocation: rows of the same number belong together.
    pub invocation: i64,
    /// Which message: the same number is the same message.
    pub message: i64,
    /// Messages in the invocation.
    pub messages: i64,
    /// When the queue took the message: `SentTimestamp`, whose resolution is 1 ms.
    pub sent_us: i64,
    /// When the poller that got it began to wait.
    pub polled_us: i64,
    /// When the batch was complete.
    pub received_us: i64,
    /// When the invocation was over and what it processed was deleted.
    pub ended_us: i64,
    /// Lambda's `Duration`, µs.
    pub duration_us: i64,
    /// Lambda's `Init Duration`, µs; 0 in a warm environment.
    pub init_us: i64,
    /// How often Lambda refused the batch for want of concurrency.
    pub throttles: i64,
    /// How often the message has been received, this time included.
    pub receive: i64,
    /// 1 if the invocation succeeded, be it in part.
    pub succeeded: i64,
    /// 1 if the message was processed and deleted.
    pub processed: i64,
}

/// The columns in the order of [`Handling::row`].
const SCHEMA: &str = "message handling {
    required int64 invocation;
    required int64 message;
    required int64 messages;
    required int64 sent_us;
    required int64 polled_us;
    required int64 received_us;
    required int64 ended_us;
    required int64 duration_us;
    required int64 init_us;
    required int64 throttles;
    required int64 receive;
    required int64 succeeded;
    required int64 processed;
}";

const COLUMNS: usize = 13;

/// Rows held in memory before they are written: 10 MB.
const ROW_GROUP_ROWS: usize = 100_000;

impl Handling {
    fn row(&self) -> [i64; COLUMNS] {
        [
            self.invocation,
            self.message,
            self.messages,
            self.sent_us,
            self.polled_us,
            self.received_us,
            self.ended_us,
            self.duration_us,
            self.init_us,
            self.throttles,
            self.receive,
            self.succeeded,
            self.processed,
        ]
    }

    fn from_row(row: [i64; COLUMNS]) -> Self {
        Self {
            invocation: row[0],
            message: row[1],
            messages: row[2],
            sent_us: row[3],
            polled_us: row[4],
            received_us: row[5],
            ended_us: row[6],
            duration_us: row[7],
            init_us: row[8],
            throttles: row[9],
            receive: row[10],
            succeeded: row[11],
            processed: row[12],
        }
    }
}

/// Writes handlings.
pub struct HandlingWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    rows: Vec<Handling>,
}

impl<W: Write + Send> HandlingWriter<W> {
    /// Starts a file.
    ///
    /// # Errors
    /// What the writer says.
    pub fn new(out: W) -> Result<Self, ParquetError> {
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let file = SerializedFileWriter::new(out, schema, Arc::new(properties))?;
        Ok(Self { file, rows: Vec::new() })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// What the writer says when a row group is full.
    pub fn write(&mut self, handling: Handling) -> Result<(), ParquetError> {
        self.rows.push(handling);
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
        let rows: Vec<_> = self.rows.drain(..).map(|handling| handling.row()).collect();
        let mut group = self.file.next_row_group()?;
        let mut column = 0;
        while let Some(mut writer) = group.next_column()? {
            let values: Vec<i64> = rows.iter().map(|row| row[column]).collect();
            writer.typed::<Int64Type>().write_batch(&values, None, None)?;
            writer.close()?;
            column += 1;
        }
        group.close().map(|_| ())
    }
}

/// Rows that are in memory at the same time.
const BATCH_ROWS: usize = 8_192;

/// Reads all handlings of a file, in the order in which they ended.
///
/// # Errors
/// If the file cannot be read or is not one of ours; the message names the file.
pub fn read_handlings(path: &Path) -> Result<Vec<Handling>, RunFileError> {
    let mut all = Vec::new();
    each_handling(path, |row| all.push(row))?;
    Ok(all)
}

/// Hands over the handlings of a file, in the order in which they ended, in memory that does not
/// grow with them.
///
/// # Errors
/// If the file cannot be read or is not one of ours; the message names the file.
pub fn each_handling(path: &Path, mut each: impl FnMut(Handling)) -> Result<(), RunFileError> {
    let broken = |error: ParquetError| RunFileError::unreadable(path, &error);
    let file = File::open(path).map_err(|error| RunFileError::unreadable(path, &error))?;
    let reader = refuse_damaged(|| SerializedFileReader::new(file)).map_err(broken)?;
    for number in 0..reader.num_row_groups() {
        let group = refuse_damaged(|| reader.get_row_group(number)).map_err(broken)?;
        each_of_group(&*group, &mut each).map_err(broken)?;
    }
    Ok(())
}

/// Columns are read by themselves, which takes a twentieth of reading rows.
fn each_of_group(
    group: &dyn RowGroupReader,
    each: &mut impl FnMut(Handling),
) -> Result<(), ParquetError> {
    let mut columns = Vec::with_capacity(COLUMNS);
    for column in 0..COLUMNS {
        match refuse_damaged(|| group.get_column_reader(column))? {
            ColumnReader::Int64ColumnReader(reader) => columns.push((reader, Vec::new())),
            _ => return Err(ParquetError::General(format!("column {column} is no INT64"))),
        }
    }
    loop {
        let mut rows = usize::MAX;
        for (reader, values) in &mut columns {
            values.clear();
            let read = || reader.read_records(BATCH_ROWS, None, None, values);
            rows = rows.min(refuse_damaged(read)?.1);
        }
        if rows == 0 {
            return Ok(());
        }
        for row in 0..rows {
            let values = std::array::from_fn(|column| columns[column].1[row]);
            each(Handling::from_row(values));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_comes_back_as_itself_over_several_row_groups() {
        let path = tempfile::tempdir().unwrap().keep().join("invocations.parquet");
        let row = |n: i64| Handling::from_row(std::array::from_fn(|column| n * 13 - column as i64));
        let count = ROW_GROUP_ROWS as i64 + 7;
        let mut writer = HandlingWriter::new(File::create(&path).unwrap()).unwrap();
        (0..count).for_each(|n| writer.write(row(n)).unwrap());
        writer.finish().unwrap();
        let read = read_handlings(&path).unwrap();
        assert_eq!(read, (0..count).map(row).collect::<Vec<_>>());
        // Distinct columns: the second is one less than the first.
        assert_eq!((read[1].invocation, read[1].message, read[1].processed), (13, 12, 1));
    }

    #[test]
    fn a_file_that_is_not_ours_is_named() {
        let path = tempfile::tempdir().unwrap().keep().join("other.parquet");
        std::fs::write(&path, "not parquet").unwrap();
        let error = read_handlings(&path).unwrap_err();
        assert!(error.to_string().contains("other.parquet"), "{error}");
    }
}
