//! Heads of audit chains as rows.

use std::sync::Arc;

use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Batch;
use iia_core::stream::Stream;
use iia_core::time::Reading;

use super::head::{Head, record_batch};
use crate::column::{Numbers, Words};
use crate::error::bad;
use crate::{LakeError, schema};

/// A head that was published, or that the next box up has cosigned.
#[derive(Clone, Copy, Debug)]
pub struct AuditHead<'a> {
    /// When it was published or cosigned, and what the clock was worth.
    pub now: Reading,
    /// The log's name.
    pub origin: &'a str,
    /// Records under it.
    pub size: u64,
    /// The root of the tree over them, in base64 as in the note.
    pub root: &'a str,
    /// The chain hash of its newest record; nothing where only the head is known.
    pub chain: Option<&'a str>,
    /// The head as a C2SP checkpoint, with every signature that it has.
    pub note: &'a str,
    /// The C2SP tlog-proof of its newest record; nothing where only the head is known.
    pub proof: Option<&'a str>,
}

/// Collects heads.
#[derive(Debug)]
pub struct AuditHeadBuilder {
    head: Head,
    origin: Words<String>,
    size: Vec<i64>,
    root: Words<String>,
    chain: Words<String>,
    note: Words<String>,
    proof: Words<String>,
    time_state: Words<String>,
    time_error_us: Numbers<Int64Type>,
}

impl AuditHeadBuilder {
    /// An empty batch of a service.
    pub fn new(service: ServiceId) -> Self {
        Self {
            head: Head::new(service),
            origin: Words::default(),
            size: Vec::new(),
            root: Words::default(),
            chain: Words::default(),
            note: Words::default(),
            proof: Words::default(),
            time_state: Words::default(),
            time_error_us: Numbers::default(),
        }
    }

    /// Adds a head.
    pub fn append(&mut self, row: &AuditHead<'_>) {
        self.head.push(row.now.wall);
        self.origin.push_word(Some(row.origin));
        self.size.push(i64::try_from(row.size).unwrap_or(i64::MAX));
        self.root.push_word(Some(row.root));
        self.chain.push_word(row.chain);
        self.note.push_word(Some(row.note));
        self.proof.push_word(row.proof);
        let state = row.now.state;
        self.time_state.push_word(Some(state.name()));
        let error_us = state.error_us();
        let error_us = error_us.map(|error_us| i64::try_from(error_us).unwrap_or(i64::MAX));
        self.time_error_us.push(error_us);
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
        columns.extend([
            self.origin.finish().map_err(bad)?,
            Arc::new(Int64Array::from(std::mem::take(&mut self.size))) as ArrayRef,
            self.root.finish().map_err(bad)?,
            self.chain.finish().map_err(bad)?,
            self.note.finish().map_err(bad)?,
            self.proof.finish().map_err(bad)?,
            self.time_state.finish().map_err(bad)?,
            self.time_error_us.finish(),
        ]);
        let rows = record_batch(schema::audit_head(), columns)?;
        self.head.batch(&Stream::AUDIT_HEAD, first, &rows)
    }
}
