//! Precision time (IEC 61158-6-10, 4.5): sync frames, announcements, and how long a line takes.

use super::super::{Fields, Reader};
use super::walk::Step::{Code, Int, Mac, Num, Pad, Parts, Rest, Uuid};
use super::walk::{Bits, Step, Walk, plain};

/// Bytes of a block that are told in the lower part of what stands before it.
const LEN_BITS: u32 = 9;

static SYNC: &[Step] = &[
    Num(4, "pn_ptcp.res1"),
    Num(4, "pn_ptcp.res2"),
    Num(4, "pn_ptcp.delay10ns"),
    Num(2, "pn_ptcp.sequence_id"),
    Num(1, "pn_ptcp.delay1ns_byte"),
    Pad(1),
    Num(4, "pn_ptcp.delay1ns"),
];

static FOLLOW_UP: &[Step] = &[
    Pad(12),
    Num(2, "pn_ptcp.sequence_id"),
    Pad(2),
    Int(4, "pn_ptcp.delay1ns_fup"),
];

static DELAY: &[Step] = &[
    Pad(12),
    Num(2, "pn_ptcp.sequence_id"),
    Pad(2),
    Num(4, "pn_ptcp.delay1ns"),
];

static ANNOUNCE: &[Step] = &[Pad(12), Num(2, "pn_ptcp.sequence_id"), Pad(6)];

/// Says a message; what it is, and `None` where it breaks the rules.
pub(super) fn pdu<'a>(
    id: u16,
    reader: Reader<'a>,
    fields: &mut Fields<'a>,
) -> (&'static str, Option<()>) {
    let (what, head) = match id {
        0x0020 | 0x0021 => ("sync_with_follow_up", SYNC),
        0x0080 | 0x0081 => ("sync", SYNC),
        0xff00 | 0xff01 => ("announce", ANNOUNCE),
        0xff20 | 0xff21 => ("follow_up", FOLLOW_UP),
        0xff40 => ("delay_request", DELAY),
        0xff41 => ("delay_response_with_follow_up", DELAY),
        0xff42 => ("delay_follow_up_response", DELAY),
        _ => ("delay_response", DELAY),
    };
    let mut walk = Walk::new(reader.rest(), 0, fields);
    let done = walk.steps(head).and_then(|()| blocks(&mut walk));
    (what, done)
}

const fn block_type(kind: u64) -> Option<&'static str> {
    Some(match kind {
        0 => "end",
        1 => "subdomain",
        2 => "time",
        3 => "time extension",
        4 => "master",
        5 => "port parameter",
        6 => "delay parameter",
        7 => "port time",
        0x7f => "organizationally specific",
        _ => return None,
    })
}

/// Blocks up to the one that ends them; seven bits of type and nine of length stand before each.
fn blocks(walk: &mut Walk<'_, '_>) -> Option<()> {
    loop {
        let head = walk.number(2)?;
        let (kind, len) = (head >> LEN_BITS, head & ((1 << LEN_BITS) - 1));
        walk.fields.code("pn_ptcp.tl_type", kind, block_type(kind));
        walk.fields.uint("pn_ptcp.tl_length", len);
        if kind == 0 {
            return Some(());
        }
        let body = walk.reader.take(usize::try_from(len).ok()?)?;
        walk.within((body, 2), |inner| inner.steps(block(kind)))?;
    }
}

static PRIORITY: &[Bits] = &[
    Bits("pn_ptcp.master_priority1_prio", 0, 3, priority),
    Bits("pn_ptcp.master_priority1_level", 3, 3, plain),
    Bits("pn_ptcp.master_priority1_res", 6, 1, plain),
    Bits("pn_ptcp.master_priority1_act", 7, 1, plain),
];

const fn priority(priority: u64) -> Option<&'static str> {
    Some(match priority {
        0 => "sync slave",
        1 => "primary master",
        2 => "secondary master",
        _ => return None,
    })
}

static SUBDOMAIN: &[Step] = &[
    Mac("pn_ptcp.master_source_address"),
    Uuid("pn_ptcp.subdomain_uuid"),
];
static TIME: &[Step] = &[
    Num(2, "pn_ptcp.epoch_number"),
    Num(4, "pn_ptcp.seconds"),
    Num(4, "pn_ptcp.nanoseconds"),
];
static TIME_EXTENSION: &[Step] = &[
    Num(2, "pn_ptcp.flags"),
    Num(2, "pn_ptcp.currentutcoffset"),
    Rest("iia.profinet.block_data"),
];
static MASTER: &[Step] = &[
    Parts(1, PRIORITY),
    Num(1, "pn_ptcp.master_priority2"),
    Num(1, "pn_ptcp.clock_class"),
    Num(1, "pn_ptcp.clock_accuracy"),
    Int(2, "pn_ptcp.clockvariance"),
];
static PORT_PARAMETER: &[Step] = &[
    Pad(2),
    Num(4, "pn_ptcp.t2portrxdelay"),
    Num(4, "pn_ptcp.t3porttxdelay"),
];
static DELAY_PARAMETER: &[Step] = &[Mac("pn_ptcp.port_mac_address")];
static PORT_TIME: &[Step] = &[Pad(2), Num(4, "pn_ptcp.t2timestamp")];
static ORGANIZATION: &[Step] = &[
    Num(3, "pn_ptcp.oui"),
    Code(1, "pn_ptcp.subtype", plain),
    Rest("iia.profinet.block_data"),
];

const fn block(kind: u64) -> &'static [Step] {
    match kind {
        1 => SUBDOMAIN,
        2 => TIME,
        3 => TIME_EXTENSION,
        4 => MASTER,
        5 => PORT_PARAMETER,
        6 => DELAY_PARAMETER,
        7 => PORT_TIME,
        0x7f => ORGANIZATION,
        _ => &[Rest("iia.profinet.block_data")],
    }
}
