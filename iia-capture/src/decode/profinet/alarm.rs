//! Alarms (IEC 61158-6-10, 4.8): acknowledged messages between two endpoints, numbered both ways.

use super::super::{Fields, Reader};
use super::layout;
use super::walk::Step::{Num, Parts};
use super::walk::{Bits, Step, Walk, plain};

/// Bytes before what a message carries.
pub(super) const HEADER_LEN: usize = 12;

const DATA: u8 = 1;
const NACK: u8 = 2;
const ACK: u8 = 3;
const ERR: u8 = 4;

const fn pdu_type(kind: u64) -> Option<&'static str> {
    Some(match kind as u8 {
        DATA => "DATA-RTA-PDU",
        NACK => "NACK-RTA-PDU",
        ACK => "ACK-RTA-PDU",
        ERR => "ERR-RTA-PDU",
        _ => return None,
    })
}

static HEAD: &[Step] = &[
    Num(2, "pn_io.alarm_dst_endpoint"),
    Num(2, "pn_io.alarm_src_endpoint"),
    Parts(
        1,
        &[
            Bits("pn_io.pdu_type.type", 0, 4, pdu_type),
            Bits("pn_io.pdu_type.version", 4, 4, plain),
        ],
    ),
    Parts(
        1,
        &[
            Bits("pn_io.window_size", 0, 4, plain),
            Bits("pn_io.tack", 4, 1, plain),
        ],
    ),
    Num(2, "pn_io.send_seq_num"),
    Num(2, "pn_io.ack_seq_num"),
    Num(2, "pn_io.var_part_len"),
];

/// Says a message; what it is, and `None` where it breaks the rules.
pub(super) fn pdu<'a>(reader: Reader<'a>, fields: &mut Fields<'a>) -> (&'static str, Option<()>) {
    let bytes = reader.rest();
    let kind = bytes.get(4).copied().unwrap_or(0) & 0x0f;
    let len = bytes.get(10..12).unwrap_or_default();
    let len = len
        .iter()
        .fold(0, |len, byte| len << 8 | usize::from(*byte));
    let what = what(kind, bytes.get(HEADER_LEN..).unwrap_or_default());
    // What fills up a short frame stands behind the part whose length is told.
    let whole = bytes.len() >= HEADER_LEN + len;
    let bytes = bytes.get(..HEADER_LEN + len).unwrap_or(bytes);
    let mut walk = Walk::new(bytes, 0, fields);
    let head = walk.steps(HEAD);
    let body = head.and_then(|()| match kind {
        DATA => walk.steps(&[Step::Blocks]),
        ERR => walk
            .steps(layout::STATUS)
            .and_then(|()| walk.steps(&[Step::Rest("iia.profinet.vendor_data")])),
        NACK | ACK => walk.steps(&[Step::Rest("iia.profinet.data")]),
        _ => None,
    });
    let sound = whole && !walk.broken;
    (what, body.filter(|()| sound))
}

fn what(kind: u8, body: &[u8]) -> &'static str {
    let block = body.first_chunk().map(|kind| u16::from_be_bytes(*kind));
    match (kind, block) {
        (DATA, Some(0x0001 | 0x0002)) => "alarm_notification",
        (DATA, Some(0x8001 | 0x8002)) => "alarm_ack",
        (DATA, _) => "alarm_data",
        (NACK, _) => "rta_nack",
        (ACK, _) => "rta_ack",
        (ERR, _) => "rta_error",
        _ => "unknown",
    }
}
