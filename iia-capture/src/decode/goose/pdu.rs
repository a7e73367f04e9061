//! The message itself (IEC 61850-8-1, A.1, `IECGoosePdu`): which control block, which state, which values.

use iia_core::observe::Value;

use super::ber::Element;
use super::{data, time};
use crate::decode::{Fields, Reader};

/// Tags that a message must have, as bits by number.
const REQUIRED: u16 = 0b1101_0111_0111;

/// What identifies a message among those of its publisher.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Head<'a> {
    pub(super) control_block: &'a [u8],
    pub(super) live_ms: u64,
    pub(super) state: u64,
    pub(super) sequence: u64,
    pub(super) entries: Option<u64>,
    pub(super) simulated: bool,
}

/// Tells a message; what identifies it, and whether it keeps every rule.
pub(super) fn tell<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) -> (Head<'a>, bool) {
    let (mut head, mut sound, mut seen) = (Head::default(), true, 0u16);
    let mut reader = Reader::new(bytes);
    while let Some(element) = Element::next(&mut reader) {
        let number = element.tag & 0x1f;
        let bit = 1u16.checked_shl(number.into()).unwrap_or(0);
        // Each at most once, in the order of the numbers.
        sound &= element.whole && bit > seen;
        seen |= bit;
        sound &= field(fields, &mut head, element);
    }
    (
        head,
        sound && reader.is_empty() && seen & REQUIRED == REQUIRED,
    )
}

fn field<'a>(fields: &mut Fields<'a>, head: &mut Head<'a>, element: Element<'a>) -> bool {
    let bytes = element.body;
    match element.tag {
        0xab => return entries(fields, head, bytes),
        0x8c | 0xac => fields.add("iia.goose.security", Value::Bytes(bytes)),
        // Of what is cut, nothing is known.
        _ if !element.whole => return false,
        0x80 => {
            head.control_block = bytes;
            fields.text("goose.gocbRef", bytes);
        }
        0x82 => fields.text("goose.datSet", bytes),
        0x83 => fields.text("goose.goID", bytes),
        0x84 => return time::tell(fields, "goose.t", bytes),
        0x87 | 0x89 => {
            let Some(flag) = element.flag() else {
                return false;
            };
            head.simulated |= flag && element.tag == 0x87;
            let name = match element.tag {
                0x87 => "goose.simulation",
                _ => "goose.ndsCom",
            };
            fields.add(name, Value::Bool(flag));
        }
        0x81 | 0x85 | 0x86 | 0x88 | 0x8a => {
            let Some(number) = element.uint() else {
                return false;
            };
            numbers(fields, head, element.tag, number);
        }
        _ => {
            fields.uint("iia.goose.unknown_tag", element.tag);
            fields.add("iia.goose.bytes", Value::Bytes(bytes));
            return false;
        }
    }
    true
}

fn numbers(fields: &mut Fields<'_>, head: &mut Head<'_>, tag: u8, number: u64) {
    let name = match tag {
        0x81 => {
            head.live_ms = number;
            "goose.timeAllowedtoLive"
        }
        0x85 => {
            head.state = number;
            "goose.stNum"
        }
        0x86 => {
            head.sequence = number;
            "goose.sqNum"
        }
        0x88 => "goose.confRev",
        _ => {
            head.entries = Some(number);
            "goose.numDatSetEntries"
        }
    };
    fields.uint(name, number);
}

/// The values; whether they are sound, and as many as announced.
fn entries<'a>(fields: &mut Fields<'a>, head: &Head<'_>, bytes: &'a [u8]) -> bool {
    let (count, whole) = data::count(bytes);
    fields.uint("goose.allData", count);
    let sound = data::tell(fields, bytes);
    sound && whole && head.entries.is_none_or(|entries| entries == count)
}
