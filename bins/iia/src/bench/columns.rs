//! Exchanges into Arrow batches, and these into a Parquet file.

use std::path::Path;

use iia_contract::matcher::Verdict;
use iia_contract::{Catalog, explain};
use iia_core::observe::Observation;
use iia_core::record::{Sequence, ServiceId};
use iia_lake::LakeError;
use iia_lake::batch::ExchangeBuilder;
use iia_lake::sink::ParquetSink;

/// Rows of a batch. Where it fits into the processor's second cache a fifth more rows are made than with eight times as many.
const BATCH_ROWS: usize = 2048;

pub(super) struct Columns {
    builder: ExchangeBuilder,
    sink: Option<ParquetSink>,
    next: u64,
    failed: Option<LakeError>,
}

impl Columns {
    /// Batches that go nowhere.
    pub(super) fn new() -> Self {
        Self {
            builder: ExchangeBuilder::new(ServiceId::from_bytes([1; 16])),
            sink: None,
            next: 1,
            failed: None,
        }
    }

    /// Batches that go into a Parquet file.
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let sink = ParquetSink::create(path, iia_lake::schema::exchange())?;
        Ok(Self {
            sink: Some(sink),
            ..Self::new()
        })
    }

    /// Takes an exchange that nobody judged.
    pub(super) fn take(&mut self, observation: &Observation<'_>) {
        if let Observation::Exchange(exchange) = observation {
            self.builder.append(exchange, None, None);
            self.turn();
        }
    }

    pub(super) fn take_judged(
        &mut self,
        catalog: &Catalog,
        observation: &Observation<'_>,
        verdict: &Verdict,
    ) {
        let Observation::Exchange(exchange) = observation else {
            return;
        };
        match verdict {
            Verdict::Covered { contract, .. } => {
                let name = catalog.name(*contract);
                self.builder.append(exchange, Some(name), None);
            }
            Verdict::Violation { .. } => {
                let reason = explain::reason(catalog, observation, verdict);
                self.builder.append(exchange, None, Some(&reason));
            }
        }
        self.turn();
    }

    fn turn(&mut self) {
        if self.builder.rows() >= BATCH_ROWS {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let rows = self.builder.rows() as u64;
        let batch = self.builder.finish_record_batch(Sequence::new(self.next));
        let done = batch.and_then(|batch| match &mut self.sink {
            Some(sink) => sink.write(&batch),
            None => {
                std::hint::black_box(&batch);
                Ok(())
            }
        });
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
