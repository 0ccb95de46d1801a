//! A table of texts, whatever file it is in.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::Type;
use thiserror::Error;

/// How a table's file begins: AWS's exports are called `.csv`, `.csv.gz` and `.parquet`, but what
/// they are called is not what they are.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const PARQUET: [u8; 4] = *b"PAR1";

/// A table that cannot be read.
#[derive(Debug, Error)]
pub(super) enum TableError {
    #[error(transparent)]
    File(#[from] std::io::Error),
    #[error(transparent)]
    Csv(#[from] csv::Error),
    #[error(transparent)]
    Parquet(#[from] parquet::errors::ParquetError),
    #[error("no column {0:?}")]
    NoColumn(String),
}

/// An open table.
pub(super) enum Table {
    Csv { reader: Box<csv::Reader<Box<dyn Read>>>, columns: Vec<String> },
    Parquet { reader: SerializedFileReader<File>, columns: Vec<String> },
}

impl Table {
    pub(super) fn open(path: &Path) -> Result<Self, TableError> {
        let mut head = [0; 4];
        let read = File::open(path)?.read(&mut head)?;
        let file = File::open(path)?;
        if read == 4 && head == PARQUET {
            let reader = SerializedFileReader::new(file)?;
            let schema = reader.metadata().file_metadata().schema();
            let columns = schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
            return Ok(Self::Parquet { reader, columns });
        }
        let buffered = BufReader::with_capacity(1 << 20, file);
        let bytes: Box<dyn Read> = if head[..2] == GZIP {
            Box::new(MultiGzDecoder::new(buffered))
        } else {
            Box::new(buffered)
        };
        let mut reader = Box::new(csv::Reader::from_reader(bytes));
        let columns = reader.headers()?.iter().map(str::to_owned).collect();
        Ok(Self::Csv { reader, columns })
    }

    pub(super) fn columns(&self) -> &[String] {
        match self {
            Self::Csv { columns, .. } | Self::Parquet { columns, .. } => columns,
        }
    }

    /// The cells of these columns, row by row; a null is an empty text.
    pub(super) fn rows<const N: usize>(
        self,
        names: &[&'static str; N],
    ) -> Result<Vec<[String; N]>, TableError> {
        for name in names {
            if !self.columns().iter().any(|column| column == name) {
                return Err(TableError::NoColumn((*name).to_owned()));
            }
        }
        match self {
            Self::Csv { reader, columns } => csv_rows(*reader, &columns, names),
            Self::Parquet { reader, .. } => parquet_rows(&reader, names),
        }
    }
}

fn csv_rows<const N: usize>(
    mut reader: csv::Reader<Box<dyn Read>>,
    columns: &[String],
    names: &[&'static str; N],
) -> Result<Vec<[String; N]>, TableError> {
    let places = names.map(|name| columns.iter().position(|column| column == name));
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let cell = |place: Option<usize>| place.and_then(|place| record.get(place));
        rows.push(places.map(|place| cell(place).unwrap_or_default().to_owned()));
    }
    Ok(rows)
}

fn parquet_rows<const N: usize>(
    reader: &SerializedFileReader<File>,
    names: &[&'static str; N],
) -> Result<Vec<[String; N]>, TableError> {
    let schema = reader.metadata().file_metadata().schema();
    let wanted = schema.get_fields().iter().filter(|field| names.contains(&field.name()));
    let fields: Vec<Arc<Type>> = wanted.cloned().collect();
    let projection = Type::group_type_builder(schema.name()).with_fields(fields).build()?;
    let mut rows = Vec::new();
    for row in reader.get_row_iter(Some(projection))? {
        let row = row?;
        let cell = |name: &&'static str| {
            let field = row.get_column_iter().find(|(column, _)| column.as_str() == *name);
            field.map_or(String::new(), |(_, field)| text(field))
        };
        rows.push(names.each_ref().map(cell));
    }
    Ok(rows)
}

fn text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        other => other.to_string(),
    }
}
