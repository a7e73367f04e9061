//! The columns that every stream begins with, and those of a flow.

use std::net::IpAddr;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Int16Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::SchemaRef;
use iia_core::Timestamp;
use iia_core::observe::{Flow, Link, Mac, Protocol};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Batch;
use iia_core::stream::Stream;

use crate::LakeError;
use crate::column::{Words, emptied};
use crate::error::bad;
use crate::ipc;

#[derive(Debug)]
pub(super) struct Head {
    service: ServiceId,
    ts: Vec<i64>,
    ts_ns: Vec<i16>,
}

impl Head {
    pub(super) const fn new(service: ServiceId) -> Self {
        Self {
            service,
            ts: Vec::new(),
            ts_ns: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, ts: Timestamp) {
        self.ts.push(ts.as_ns().div_euclid(1000));
        self.ts_ns
            .push(i16::try_from(ts.as_ns().rem_euclid(1000)).unwrap_or(0));
    }

    pub(super) const fn rows(&self) -> usize {
        self.ts.len()
    }

    pub(super) fn finish(&mut self, first: Sequence) -> Result<Vec<ArrayRef>, LakeError> {
        let rows = self.rows();
        let from = i64::try_from(first.as_u64()).map_err(bad)?;
        let to = from
            .checked_add(i64::try_from(rows).map_err(bad)?)
            .ok_or_else(|| bad("sequence is used up"))?;
        let service = StringArray::from(vec![self.service.to_string()]);
        let service = DictionaryArray::<Int32Type>::try_new(
            Int32Array::from(vec![0; rows]),
            Arc::new(service),
        );
        let ts = TimestampMicrosecondArray::from(emptied(&mut self.ts)).with_timezone("UTC");
        Ok(vec![
            Arc::new(ts),
            Arc::new(Int16Array::from(emptied(&mut self.ts_ns))),
            Arc::new(Int64Array::from_iter_values(from..to)),
            Arc::new(service.map_err(bad)?),
        ])
    }

    /// Joins the columns to a batch that knows its stream and numbers.
    pub(super) fn batch(
        &self,
        stream: &Stream,
        first: Sequence,
        rows: &RecordBatch,
    ) -> Result<Batch, LakeError> {
        Ok(Batch {
            stream: stream.clone(),
            service: self.service,
            first,
            rows: rows.num_rows() as u64,
            ipc: ipc::encode(std::slice::from_ref(rows))?,
        })
    }
}

pub(super) fn record_batch(
    schema: SchemaRef,
    columns: Vec<ArrayRef>,
) -> Result<RecordBatch, LakeError> {
    RecordBatch::try_new(schema, columns).map_err(bad)
}

/// An address as a number and its family: hashes and compares faster than the address.
fn number(addr: IpAddr) -> (u128, bool) {
    match addr {
        IpAddr::V4(addr) => (u128::from(addr.to_bits()), false),
        IpAddr::V6(addr) => (addr.to_bits(), true),
    }
}

#[derive(Debug, Default)]
pub(super) struct Flows {
    orig_h: Words<(u128, bool)>,
    orig_p: Vec<i32>,
    resp_h: Words<(u128, bool)>,
    resp_p: Vec<i32>,
    vlan: Vec<i32>,
    protocol: Words<Protocol>,
}

impl Flows {
    pub(super) fn push(&mut self, flow: &Flow, protocol: Protocol) {
        self.orig_h
            .push(number(flow.orig_h), || flow.orig_h.to_string());
        self.orig_p.push(i32::from(flow.orig_p));
        self.resp_h
            .push(number(flow.resp_h), || flow.resp_h.to_string());
        self.resp_p.push(i32::from(flow.resp_p));
        self.vlan.push(i32::from(flow.vlan));
        self.protocol.push(protocol, || protocol.name().into());
    }

    /// Ends without IP: their Ethernet addresses, told apart from IPv6 by bits that no address of 48 has.
    pub(super) fn push_link(&mut self, link: &Link, protocol: Protocol) {
        let key = |mac: Mac| {
            let [a, b, c, d, e, f] = mac.0;
            let number = u128::from(u64::from_be_bytes([0, 0, a, b, c, d, e, f]));
            (number | 1 << 127 | 1 << 64, false)
        };
        self.orig_h
            .push(key(link.source), || link.source.to_string());
        self.orig_p.push(0);
        self.resp_h
            .push(key(link.destination), || link.destination.to_string());
        self.resp_p.push(0);
        self.vlan.push(i32::from(link.vlan));
        self.protocol.push(protocol, || protocol.name().into());
    }

    pub(super) fn finish(&mut self) -> Result<Vec<ArrayRef>, LakeError> {
        let ints = |column: &mut Vec<i32>| Arc::new(Int32Array::from(emptied(column))) as ArrayRef;
        Ok(vec![
            self.orig_h.finish().map_err(bad)?,
            ints(&mut self.orig_p),
            self.resp_h.finish().map_err(bad)?,
            ints(&mut self.resp_p),
            ints(&mut self.vlan),
            self.protocol.finish().map_err(bad)?,
        ])
    }
}

#[derive(Debug, Default)]
pub(super) struct Verdicts {
    contract: Words<String>,
    reason: Words<String>,
}

impl Verdicts {
    pub(super) fn push(&mut self, contract: Option<&str>, reason: Option<&str>) {
        self.contract.push_word(contract);
        self.reason.push_word(reason);
    }

    pub(super) fn finish(&mut self) -> Result<Vec<ArrayRef>, LakeError> {
        Ok(vec![
            self.contract.finish().map_err(bad)?,
            self.reason.finish().map_err(bad)?,
        ])
    }
}
