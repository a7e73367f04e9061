//! Media redundancy (IEC 62439-2, 8; EtherType 0x88e3): who manages a ring, and whether it is open.

use iia_core::observe::{Outcome, Protocol};

use super::super::{Frames, Turn};
use super::walk::Step::{Code, Mac, Num, Own, Rest, Uuid};
use super::walk::{Step, Walk};

/// What the ends of a ring say. It remembers nothing.
#[derive(Debug, Default)]
pub struct Mrp;

impl Frames for Mrp {
    fn protocol(&self, _payload: &[u8]) -> Protocol {
        Protocol::Mrp
    }

    fn frame(&mut self, turn: &mut Turn<'_>, payload: &[u8]) {
        let mut fields = turn.fields();
        let mut walk = Walk::new(payload, 0, &mut fields);
        let (mut what, mut outcome) = ("unknown", Outcome::Stated);
        if pdu(&mut walk, &mut what).is_none() {
            outcome = Outcome::Malformed;
        }
        turn.tell(what, outcome, fields);
    }
}

const fn block_type(kind: u64) -> Option<&'static str> {
    Some(match kind {
        0x00 => "end",
        0x01 => "common",
        0x02 => "test",
        0x03 => "topology_change",
        0x04 => "link_down",
        0x05 => "link_up",
        0x06 => "interconnection_test",
        0x07 => "interconnection_topology_change",
        0x08 => "interconnection_link_down",
        0x09 => "interconnection_link_up",
        0x0a => "interconnection_link_status_poll",
        0x7f => "option",
        _ => return None,
    })
}

/// A version, then blocks up to the one that ends them; the first says what the message is.
fn pdu(walk: &mut Walk<'_, '_>, what: &mut &'static str) -> Option<()> {
    walk.uint(2, "pn_mrp.version")?;
    let mut first = true;
    loop {
        let kind = walk.number(1)?;
        let word = block_type(kind);
        walk.fields.code("pn_mrp.type", kind, word);
        let len = walk.uint(1, "pn_mrp.length")?;
        if kind == 0 {
            return Some(());
        }
        if core::mem::take(&mut first) {
            *what = word.unwrap_or("unknown");
        }
        let body = walk.reader.take(usize::try_from(len).ok()?)?;
        walk.within((body, 2), |inner| inner.steps(block(kind)))?;
        // What fills up a link's block may stand behind the length that it tells.
        if matches!(kind, 4 | 5) && matches!(walk.reader.rest(), [0, 0, next, ..] if *next != 0) {
            walk.reader.take(2);
        }
    }
}

const fn port_role(role: u64) -> Option<&'static str> {
    Some(match role {
        0 => "primary ring port",
        1 => "secondary ring port",
        _ => return None,
    })
}

const fn ring_state(state: u64) -> Option<&'static str> {
    Some(match state {
        0 => "open",
        1 => "closed",
        _ => return None,
    })
}

static COMMON: &[Step] = &[Num(2, "pn_mrp.sequence_id"), Uuid("pn_mrp.domain_uuid")];
static TEST: &[Step] = &[
    Num(2, "pn_mrp.prio"),
    Mac("pn_mrp.sa"),
    Code(2, "pn_mrp.port_role", port_role),
    Code(2, "pn_mrp.ring_state", ring_state),
    Num(2, "pn_mrp.transition"),
    Num(4, "pn_mrp.time_stamp"),
    Rest("iia.mrp.block_data"),
];
static TOPOLOGY_CHANGE: &[Step] = &[
    Num(2, "pn_mrp.prio"),
    Mac("pn_mrp.sa"),
    Num(2, "pn_mrp.interval"),
];
static LINK: &[Step] = &[
    Mac("pn_mrp.sa"),
    Code(2, "pn_mrp.port_role", port_role),
    Num(2, "pn_mrp.interval"),
    Num(2, "pn_mrp.blocked"),
    Rest("iia.mrp.block_data"),
];
static OPTION: &[Step] = &[
    Num(3, "pn_mrp.oui"),
    Own(edition),
    Rest("iia.mrp.block_data"),
];

/// What a maker says of a first kind is a number; blocks between managers may follow (IEC 62439-2, 8.1.12).
fn edition(walk: &mut Walk<'_, '_>) -> Option<()> {
    if walk.reader.is_empty() {
        return Some(());
    }
    let kind = walk.uint(1, "pn_mrp.ed1type")?;
    if kind == 0 && walk.reader.len() >= 2 {
        walk.uint(2, "pn_mrp.ed1manufacturerdata")?;
        if walk.reader.len() >= 2 {
            return walk.steps(BETWEEN_MANAGERS);
        }
    }
    Some(())
}

static BETWEEN_MANAGERS: &[Step] = &[
    Code(1, "pn_mrp.sub_type", sub_type),
    Num(1, "pn_mrp.sub_length"),
    Num(2, "pn_mrp.prio"),
    Mac("pn_mrp.sa"),
    Num(2, "pn_mrp.other_mrm_prio"),
    Mac("pn_mrp.other_mrm_sa"),
];

const fn sub_type(kind: u64) -> Option<&'static str> {
    Some(match kind {
        1 => "test_manager_nack",
        2 => "test_propagate",
        3 => "auto_manager",
        _ => return None,
    })
}

const fn block(kind: u64) -> &'static [Step] {
    match kind {
        0x01 => COMMON,
        0x02 => TEST,
        0x03 => TOPOLOGY_CHANGE,
        0x04 | 0x05 => LINK,
        0x7f => OPTION,
        _ => &[Rest("iia.mrp.block_data")],
    }
}
