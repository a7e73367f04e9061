//! Implicit messages: the data that I/O connections carry over UDP (CIP Volume 1, 3-6; Volume 2, 3-3).

use core::net::IpAddr;

use iia_core::Timestamp;
use iia_core::observe::{Between, Outcome, Protocol, Value};

use super::known::Connection;
use super::packet::{item, walk};
use super::{command, names};
use crate::decode::{Cut, Fields, Reader, Session, Turn};

/// The producers and consumers of one flow; connections are known across flows.
#[derive(Debug, Default)]
pub struct CipIo;

impl Session for CipIo {
    fn protocol(&self) -> Protocol {
        Protocol::CipIo
    }

    fn cut(&self, _from_orig: bool, bytes: &[u8]) -> Cut {
        Cut::Unit(bytes.len() as u64)
    }

    fn due(&self) -> Timestamp {
        Timestamp::MAX
    }

    fn unit(&mut self, turn: &mut Turn<'_>, unit: &[u8]) {
        let mut fields = turn.fields();
        let sound = command::items(&mut fields, unit);
        let (mut address, mut data) = (None, None);
        walk(unit, |kind, _, bytes| {
            let mut reader = Reader::new(bytes);
            match kind {
                item::SEQUENCED_ADDRESS => address = reader.le32().zip(reader.le32()),
                item::CONNECTED_ADDRESS => address = reader.le32().map(|id| (id, 0)),
                item::CONNECTED_DATA => data = Some(bytes),
                _ => {}
            }
        });
        let (Some((id, number)), Some(data)) = (address, data) else {
            let what = if sound { "unconnected" } else { "cut_short" };
            return turn.tell(what, Outcome::Malformed, fields);
        };
        let mut reader = Reader::new(data);
        let known = producer(turn).and_then(|producer| turn.known.cip.find(producer, id));
        if let Some((connection, direction)) = known {
            joined(&mut fields, (connection, direction), number, &mut reader);
        }
        fields.add("cipio.data", Value::Bytes(reader.rest()));
        let outcome = match sound {
            true => Outcome::Stated,
            false => Outcome::Malformed,
        };
        turn.tell("io_data", outcome, fields);
    }
}

/// Who sends this unit.
pub(super) fn producer(turn: &Turn<'_>) -> Option<IpAddr> {
    let Between::Flow(flow) = turn.between else {
        return None;
    };
    Some(if turn.from_orig {
        flow.orig_h
    } else {
        flow.resp_h
    })
}

/// What the opening of the connection says about its data.
fn joined<'a>(
    fields: &mut Fields<'a>,
    (connection, direction): (&mut Connection, usize),
    number: u32,
    reader: &mut Reader<'a>,
) {
    let (serial, vendor, originator) = connection.triad;
    fields.uint("iia.cip_io.conn_serial_num", serial);
    fields.code("iia.cip_io.vendor", vendor, names::vendor(vendor));
    fields.uint("iia.cip_io.orig_serial_num", originator);
    fields.add("iia.cip_io.from_originator", Value::Bool(direction == 0));
    let of = |pair: &[u32; 2]| pair.get(direction).copied().unwrap_or(0);
    fields.uint("iia.cip_io.interval_us", of(&connection.intervals));
    if let Some(Some(point)) = connection.way.points.get(direction) {
        fields.uint("iia.cip_io.connpoint", *point);
    }
    if let Some(last) = connection.last.get_mut(direction) {
        let ahead = last.map(|last| number.wrapping_sub(last));
        if let Some(ahead) = ahead.filter(|ahead| (2..1 << 31).contains(ahead)) {
            fields.uint("iia.cip_io.missed", ahead - 1);
        }
        // What comes late does not set the count back.
        if ahead.is_none_or(|ahead| ahead < 1 << 31) {
            *last = Some(number);
        }
    }
    if connection.transport == 1
        && let Some(sequence) = reader.le16()
    {
        fields.uint("cip.seq", sequence);
    }
    if direction == 0 && connection.transport <= 1 {
        header(fields, reader);
    }
}

/// The header in front of what an originator sends: whether it runs, and who owns the connections (CIP Volume 1, 3-6.1.4.1). No
/// message says that there is one, but most devices ask for it; where its reserved bits are set there is none.
fn header(fields: &mut Fields<'_>, reader: &mut Reader<'_>) {
    let mut ahead = *reader;
    let Some(header) = ahead.le32().filter(|header| header >> 4 == 0) else {
        return;
    };
    *reader = ahead;
    fields.uint("cip.32bitheader", header);
    fields.uint("cip.32bitheader.roo", header >> 2 & 3);
    fields.add("cip.32bitheader.coo", Value::Bool(header >> 1 & 1 != 0));
    let runs = header & 1 != 0;
    let word = if runs { "run" } else { "idle" };
    fields.code("cip.32bitheader.run_idle", header & 1, Some(word));
}
