//! Exchanges as rows.

use std::sync::Arc;

use arrow_array::types::{Int16Type, Int32Type, Int64Type};
use arrow_array::{ArrayRef, Int16Array, Int32Array, RecordBatch};
use iia_core::observe::{Exchange, Outcome, Span, Table};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Batch;
use iia_core::stream::Stream;

use super::head::{Flows, Head, Verdicts, record_batch};
use crate::column::{Lists, Numbers, Words, emptied};
use crate::error::bad;
use crate::{LakeError, schema};

/// Collects exchanges.
#[derive(Debug)]
pub struct ExchangeBuilder {
    head: Head,
    flows: Flows,
    transaction: Vec<i32>,
    unit: Vec<i16>,
    func: Vec<i16>,
    outcome: Words<&'static str>,
    exception: Numbers<Int16Type>,
    latency_ns: Numbers<Int64Type>,
    read: Spans,
    write: Spans,
    verdicts: Verdicts,
}

impl ExchangeBuilder {
    /// An empty batch of a service.
    pub fn new(service: ServiceId) -> Self {
        Self {
            head: Head::new(service),
            flows: Flows::default(),
            transaction: Vec::new(),
            unit: Vec::new(),
            func: Vec::new(),
            outcome: Words::default(),
            exception: Numbers::default(),
            latency_ns: Numbers::default(),
            read: Spans::default(),
            write: Spans::default(),
            verdicts: Verdicts::default(),
        }
    }

    /// Adds an exchange with its verdict: the contract that covers it, or the reason why none does.
    pub fn append(
        &mut self,
        exchange: &Exchange<'_>,
        contract: Option<&str>,
        reason: Option<&str>,
    ) {
        self.head.push(exchange.ts);
        self.flows.push(&exchange.flow, exchange.protocol);
        self.transaction.push(i32::from(exchange.transaction));
        self.unit.push(i16::from(exchange.unit));
        self.func.push(i16::from(exchange.func));
        let outcome = exchange.outcome.name();
        self.outcome.push(outcome, || outcome.into());
        self.exception.push(match exchange.outcome {
            Outcome::Exception(code) => Some(i16::from(code)),
            _ => None,
        });
        self.latency_ns.push(exchange.latency_ns);
        self.read.push(exchange.read.as_ref());
        self.write.push(exchange.write.as_ref());
        self.verdicts.push(contract, reason);
    }

    /// Rows so far.
    pub const fn rows(&self) -> usize {
        self.head.rows()
    }

    /// The rows as one record batch, numbered from `first`; the builder is empty afterwards.
    ///
    /// # Errors
    /// [`LakeError::BadBatch`] when sequence numbers are used up.
    pub fn finish_record_batch(&mut self, first: Sequence) -> Result<RecordBatch, LakeError> {
        let mut columns = self.head.finish(first)?;
        columns.extend(self.flows.finish()?);
        let shorts =
            |column: &mut Vec<i16>| Arc::new(Int16Array::from(emptied(column))) as ArrayRef;
        columns.extend([
            Arc::new(Int32Array::from(emptied(&mut self.transaction))) as ArrayRef,
            shorts(&mut self.unit),
            shorts(&mut self.func),
            self.outcome.finish().map_err(bad)?,
            self.exception.finish(),
            self.latency_ns.finish(),
        ]);
        columns.extend(self.read.finish()?);
        columns.extend(self.write.finish()?);
        columns.extend(self.verdicts.finish()?);
        record_batch(schema::exchange(), columns)
    }

    /// The rows as a batch for the lake.
    ///
    /// # Errors
    /// [`LakeError::BadBatch`].
    pub fn finish(&mut self, first: Sequence) -> Result<Batch, LakeError> {
        let rows = self.finish_record_batch(first)?;
        self.head.batch(&Stream::MODBUS, first, &rows)
    }
}

#[derive(Debug, Default)]
struct Spans {
    table: Words<Table>,
    addr: Numbers<Int32Type>,
    count: Numbers<Int32Type>,
    values: Lists,
}

impl Spans {
    fn push(&mut self, span: Option<&Span<'_>>) {
        match span {
            Some(span) => self.table.push(span.table, || span.table.name().into()),
            None => self.table.push_null(),
        }
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        self.addr.push(span.map(|span| number(span.addr)));
        self.count.push(span.map(|span| number(span.count)));
        self.values.push(span);
    }

    fn finish(&mut self) -> Result<Vec<ArrayRef>, LakeError> {
        Ok(vec![
            self.table.finish().map_err(bad)?,
            self.addr.finish(),
            self.count.finish(),
            self.values.finish().map_err(bad)?,
        ])
    }
}
