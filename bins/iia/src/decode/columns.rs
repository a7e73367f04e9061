//! Records into Parquet files, one file a kind.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use iia_core::observe::Observation;
use iia_core::record::{Sequence, ServiceId};
use iia_lake::LakeError;
use iia_lake::batch::{ConnBuilder, ExchangeBuilder, SaidBuilder};
use iia_lake::schema;
use iia_lake::sink::ParquetSink;

use crate::table::counted;

/// Rows of a batch on the way to Parquet.
const BATCH_ROWS: usize = 16 * 1024;
/// Bytes of the values of a batch.
const BATCH_TEXT_LEN: usize = 64 * 1024 * 1024;

/// A file with what it is told of so far.
struct Table<B> {
    path: PathBuf,
    sink: ParquetSink,
    builder: B,
    rows: u64,
}

/// The files of a run.
pub(super) struct Tables {
    exchanges: Table<ExchangeBuilder>,
    said: Table<SaidBuilder>,
    flows: Option<Table<ConnBuilder>>,
    failed: Option<LakeError>,
}

impl Tables {
    pub(super) fn create(folder: &Path, flows: bool) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        let service = ServiceId::from_bytes([1; 16]);
        let path = |name: &str| folder.join(name);
        let flows = flows.then(|| {
            let builder = ConnBuilder::new(service);
            Table::create(path("conn.parquet"), schema::conn(), builder)
        });
        Ok(Self {
            exchanges: Table::create(
                path("exchange.parquet"),
                schema::exchange(),
                ExchangeBuilder::new(service),
            )?,
            said: Table::create(
                path("said.parquet"),
                schema::said(),
                SaidBuilder::new(service),
            )?,
            flows: flows.transpose()?,
            failed: None,
        })
    }

    pub(super) fn take(&mut self, seen: &Observation<'_>) {
        let done = match seen {
            Observation::Exchange(exchange) => {
                let table = &mut self.exchanges;
                table.builder.append(exchange, None, None);
                table.flush(table.builder.rows() >= BATCH_ROWS)
            }
            Observation::Said(said) => {
                let table = &mut self.said;
                table.builder.append(said);
                let full = table.builder.text_len() >= BATCH_TEXT_LEN;
                table.flush(full || table.builder.rows() >= BATCH_ROWS)
            }
            Observation::Conn(conn) => match &mut self.flows {
                Some(table) => {
                    table.builder.append(conn, None, None);
                    table.flush(table.builder.rows() >= BATCH_ROWS)
                }
                None => Ok(()),
            },
            _ => Ok(()),
        };
        self.failed = self.failed.take().or(done.err());
    }

    /// Writes what is left and says what is where; durable on return.
    pub(super) fn finish(mut self, out: &mut impl Write) -> anyhow::Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error.into());
        }
        self.exchanges.finish(out)?;
        self.said.finish(out)?;
        self.flows.map_or(Ok(()), |flows| flows.finish(out))
    }
}

/// What makes batches of rows.
trait Builder {
    fn rows(&self) -> usize;
    fn batch(&mut self, first: Sequence) -> Result<arrow_array::RecordBatch, LakeError>;
}

macro_rules! builders {
    ($($name:ident)*) => {
        $(impl Builder for $name {
            fn rows(&self) -> usize {
                $name::rows(self)
            }
            fn batch(&mut self, first: Sequence) -> Result<arrow_array::RecordBatch, LakeError> {
                self.finish_record_batch(first)
            }
        })*
    };
}

builders!(ExchangeBuilder SaidBuilder ConnBuilder);

impl<B: Builder> Table<B> {
    fn create(
        path: PathBuf,
        schema: arrow_schema::SchemaRef,
        builder: B,
    ) -> Result<Self, LakeError> {
        let sink = ParquetSink::create(&path, schema)?;
        Ok(Self {
            path,
            sink,
            builder,
            rows: 0,
        })
    }

    fn flush(&mut self, full: bool) -> Result<(), LakeError> {
        let rows = self.builder.rows() as u64;
        if !full || rows == 0 {
            return Ok(());
        }
        let batch = self.builder.batch(Sequence::new(self.rows + 1))?;
        self.rows += rows;
        self.sink.write(&batch)
    }

    fn finish(mut self, out: &mut impl Write) -> anyhow::Result<()> {
        self.flush(true)?;
        let (rows, path) = (self.rows, self.path.display().to_string());
        self.sink.finish()?;
        tell(out, &path, rows)?;
        Ok(())
    }
}

fn tell(out: &mut impl Write, path: &str, rows: u64) -> io::Result<()> {
    writeln!(out, "{path}: {}", counted(rows, "row"))
}
