//! Judged exchanges into a Parquet file.

use std::path::Path;

use iia_contract::matcher::Verdict;
use iia_contract::{Catalog, explain};
use iia_core::observe::Observation;
use iia_core::record::{Sequence, ServiceId};
use iia_lake::LakeError;
use iia_lake::batch::ExchangeBuilder;
use iia_lake::sink::ParquetSink;

/// Rows of a batch on the way to Parquet.
const BATCH_ROWS: usize = 16 * 1024;

pub(super) struct Columns<'a> {
    catalog: &'a Catalog,
    builder: ExchangeBuilder,
    sink: Option<ParquetSink>,
    next: u64,
    failed: Option<LakeError>,
}

impl<'a> Columns<'a> {
    pub(super) fn create(path: &Path, catalog: &'a Catalog) -> anyhow::Result<Self> {
        let sink = ParquetSink::create(path, iia_lake::schema::exchange())?;
        Ok(Self {
            catalog,
            builder: ExchangeBuilder::new(ServiceId::from_bytes([1; 16])),
            sink: Some(sink),
            next: 1,
            failed: None,
        })
    }

    pub(super) fn take(&mut self, observation: &Observation<'_>, verdict: &Verdict) {
        let Observation::Exchange(exchange) = observation else {
            return;
        };
        match verdict {
            Verdict::Covered { contract, .. } => {
                let name = self.catalog.name(*contract);
                self.builder.append(exchange, Some(name), None);
            }
            Verdict::Violation { .. } => {
                let reason = explain::reason(self.catalog, observation, verdict);
                self.builder.append(exchange, None, Some(&reason));
            }
        }
        if self.builder.rows() >= BATCH_ROWS {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let rows = self.builder.rows() as u64;
        let Some(sink) = &mut self.sink else { return };
        let done = self
            .builder
            .finish_record_batch(Sequence::new(self.next))
            .and_then(|batch| sink.write(&batch));
        self.next += rows;
        self.failed = self.failed.take().or(done.err());
    }

    /// Writes what is left; durable on return.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        self.flush();
        if let Some(error) = self.failed.take() {
            return Err(error.into());
        }
        Ok(self.sink.take().map_or(Ok(()), ParquetSink::finish)?)
    }
}
