//! Record batches into a Parquet file.

use std::fs::File;
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::LakeError;
use crate::error::bad;

/// Rows of a row group: small enough to prune and to hold in memory on a small board.
pub const ROW_GROUP_ROWS: usize = 128 * 1024;

/// A Parquet file under construction.
pub struct ParquetSink {
    writer: ArrowWriter<File>,
}

impl ParquetSink {
    /// Begins a file.
    ///
    /// # Errors
    /// [`LakeError::Storage`], [`LakeError::BadBatch`].
    pub fn create(path: &Path, schema: SchemaRef) -> Result<Self, LakeError> {
        let properties = properties(&schema)?;
        let writer =
            ArrowWriter::try_new(File::create(path)?, schema, Some(properties)).map_err(bad)?;
        Ok(Self { writer })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// [`LakeError::BadBatch`].
    pub fn write(&mut self, rows: &RecordBatch) -> Result<(), LakeError> {
        self.writer.write(rows).map_err(bad)
    }

    /// Adds a word to the file's own description.
    pub fn describe(&mut self, key: &str, value: String) {
        self.writer
            .append_key_value_metadata(KeyValue::new(key.to_owned(), value));
    }

    /// Ends the file; durable on return.
    ///
    /// # Errors
    /// [`LakeError::Storage`], [`LakeError::BadBatch`].
    pub fn finish(self) -> Result<(), LakeError> {
        let file = self.writer.into_inner().map_err(bad)?;
        Ok(file.sync_all()?)
    }
}

/// Dictionaries for words, deltas for what grows, zstd over all; the least and the greatest of each number a row group.
fn properties(schema: &SchemaRef) -> Result<WriterProperties, LakeError> {
    let level = ZstdLevel::try_new(1).map_err(bad)?;
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS));
    for field in schema.fields() {
        let column = ColumnPath::from(field.name().as_str());
        match field.data_type() {
            DataType::Dictionary(..) | DataType::Utf8 => {
                // WHY: the least and the greatest word prune nothing, and finding them costs a comparison a row.
                builder = builder
                    .set_column_statistics_enabled(column.clone(), EnabledStatistics::None)
                    .set_column_dictionary_enabled(column, true);
            }
            DataType::List(item) if matches!(item.data_type(), DataType::Struct(_)) => {
                let name = [field.name(), "list", item.name(), "name"].map(String::from);
                builder = builder.set_column_dictionary_enabled(ColumnPath::new(name.into()), true);
            }
            DataType::Timestamp(..) | DataType::Int64 if !field.is_nullable() => {
                builder = builder.set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
            }
            _ => {}
        }
    }
    Ok(builder.build())
}
