//! Violations and findings as rows.

use iia_core::Timestamp;
use iia_core::finding::Finding;
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Batch;
use iia_core::stream::Stream;

use super::head::{Head, record_batch};
use crate::column::Words;
use crate::error::bad;
use crate::{LakeError, schema};

/// Collects findings of one stream.
#[derive(Debug)]
pub struct FindingBuilder {
    stream: Stream,
    head: Head,
    words: [Words<String>; 9],
}

impl FindingBuilder {
    /// An empty batch of a service on a stream.
    pub fn new(stream: Stream, service: ServiceId) -> Self {
        Self {
            stream,
            head: Head::new(service),
            words: Default::default(),
        }
    }

    /// Adds a finding.
    pub fn append(&mut self, finding: &Finding) {
        self.head.push(Timestamp::from_ns(finding.ts_ns));
        let conclusion = format!("{:?}", finding.conclusion).to_lowercase();
        let severity = format!("{:?}", finding.severity).to_lowercase();
        let evidence = finding.evidence.join(" ");
        let row = [
            &conclusion,
            &severity,
            &finding.contract,
            &finding.clause,
            &finding.source,
            &finding.destination,
            &finding.operation,
            &finding.reason,
            &evidence,
        ];
        self.words
            .iter_mut()
            .zip(row)
            .for_each(|(column, word)| column.push_word(Some(word)));
    }

    /// Rows so far.
    pub const fn rows(&self) -> usize {
        self.head.rows()
    }

    /// The rows as a batch for the lake, numbered from `first`; the builder is empty afterwards.
    ///
    /// # Errors
    /// [`LakeError::BadBatch`].
    pub fn finish(&mut self, first: Sequence) -> Result<Batch, LakeError> {
        let mut columns = self.head.finish(first)?;
        for column in &mut self.words {
            columns.push(column.finish().map_err(bad)?);
        }
        let rows = record_batch(schema::finding(), columns)?;
        self.head.batch(&self.stream, first, &rows)
    }
}
