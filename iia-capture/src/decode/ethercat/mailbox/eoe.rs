//! Ethernet over EtherCAT (ETG.1000.6, 5.7): frames in fragments, addresses that a slave is given.

use core::net::{IpAddr, Ipv4Addr};

use iia_core::observe::{Mac, Value};

use crate::decode::ethercat::codes;
use crate::decode::{Fields, Reader};

/// Whether a body can begin a message: a type that is defined.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first & 0x0f <= 7)
}

/// Tells a message.
pub(super) fn tell<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) {
    let mut reader = Reader::new(bytes);
    let (Some(first), Some(second)) = (reader.le16(), reader.le16()) else {
        return super::invalid(fields, "ecat_mailbox.eoe.invalid");
    };
    let kind = first & 0x0f;
    fields.code("ecat_mailbox.eoe.type", kind, codes::eoe(kind.into()));
    fields.uint("iia.ecat_mailbox.eoe.port", first >> 4 & 0x0f);
    match kind {
        0 => fragment(fields, (first, second), reader.rest()),
        1 => stamp(fields, reader.rest()),
        2 | 7 => init(fields, reader),
        4 => filter(fields, reader),
        _ => {
            fields.code(
                "iia.ecat_mailbox.eoe.result",
                second,
                codes::eoe_result(second.into()),
            );
            if !reader.is_empty() {
                fields.add("iia.ecat_mailbox.eoe.data", Value::Bytes(reader.rest()));
            }
        }
    }
}

/// A piece of a frame: its place in units of 32 bytes; in the first piece, the size of the buffer for all.
fn fragment<'a>(fields: &mut Fields<'a>, (first, second): (u16, u16), bytes: &'a [u8]) {
    let number = second & 0x3f;
    fields.uint("ecat_mailbox.eoe.fragno", number);
    fields.uint("ecat_mailbox.eoe.offset", (second >> 6 & 0x3f) * 32);
    fields.uint("ecat_mailbox.eoe.frame", second >> 12);
    fields.uint("ecat_mailbox.eoe.last", first >> 8 & 1);
    let appended = first >> 9 & 1 == 1;
    if appended {
        fields.uint("ecat_mailbox.eoe.timestampapp", 1u8);
    }
    if first >> 10 & 1 == 1 {
        fields.uint("ecat_mailbox.eoe.timestampreq", 1u8);
    }
    fields.add("ecat_mailbox.eoe.fragment", Value::Bytes(bytes));
    if let Some((_, last)) = bytes.split_last_chunk::<4>().filter(|_| appended) {
        stamp(fields, last);
    }
    if number == 0 {
        ends(fields, bytes);
    }
}

/// Between whom the frame is whose beginning this is.
fn ends(fields: &mut Fields<'_>, bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    for name in ["iia.ecat_mailbox.eoe.dst", "iia.ecat_mailbox.eoe.src"] {
        if let Some(mac) = reader.array() {
            fields.add(name, Value::Mac(Mac(mac)));
        }
    }
    if let Some(kind) = reader.be16() {
        fields.uint("iia.ecat_mailbox.eoe.ethertype", kind);
    }
}

fn stamp(fields: &mut Fields<'_>, bytes: &[u8]) {
    if let Some(ns) = Reader::new(bytes).le32() {
        fields.uint("ecat_mailbox.eoe.timestamp", ns);
    }
}

/// Bytes of every address and name that a slave can be given.
const INIT_LEN: usize = 6 + 4 * 4 + 32;

/// The addresses that a slave is given. Those of IP stand with their last byte first. Each is optional; most masters leave room for
/// those that they do not give, others leave them out, which makes the message shorter.
fn init<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) {
    let Some(flags) = reader.le32() else {
        return super::invalid(fields, "ecat_mailbox.eoe.invalid");
    };
    let has = |bit: u8| flags >> bit & 1 == 1;
    for (bit, name) in INIT_FLAGS {
        fields.add(name, Value::Bool(has(bit)));
    }
    let has_room = reader.len() >= INIT_LEN;
    if has(0) || has_room {
        let Some(mac) = reader.array() else { return };
        if has(0) {
            fields.add("ecat_mailbox.eoe.init.macaddr", Value::Mac(Mac(mac)));
        }
    }
    for (bit, name) in [
        (1, "ecat_mailbox.eoe.init.ipaddr"),
        (2, "ecat_mailbox.eoe.init.subnetmask"),
        (3, "ecat_mailbox.eoe.init.defaultgateway"),
        (4, "ecat_mailbox.eoe.init.dnsserver"),
    ] {
        if has(bit) || has_room {
            let Some(address) = reader.le32() else { return };
            if has(bit) {
                let address = IpAddr::V4(Ipv4Addr::from(address));
                fields.add(name, Value::Ip(address));
            }
        }
    }
    if has(5) {
        let name = reader.rest().split(|byte| *byte == 0).next();
        fields.text("ecat_mailbox.eoe.init.dnsname", name.unwrap_or_default());
    }
}

const INIT_FLAGS: [(u8, &str); 7] = [
    (0, "ecat_mailbox.eoe.init.contains_macaddr"),
    (1, "ecat_mailbox.eoe.init.contains_ipaddr"),
    (2, "ecat_mailbox.eoe.init.contains_subnetmask"),
    (3, "ecat_mailbox.eoe.init.contains_defaultgateway"),
    (4, "ecat_mailbox.eoe.init.contains_dnsserver"),
    (5, "ecat_mailbox.eoe.init.contains_dnsname"),
    (16, "ecat_mailbox.eoe.init.append_timestamp"),
];

/// Which addresses a slave lets through: four bits of count, two of masks, then room for sixteen addresses and four masks.
fn filter(fields: &mut Fields<'_>, mut reader: Reader<'_>) {
    let Some(counts) = reader.le16() else {
        return super::invalid(fields, "ecat_mailbox.eoe.invalid");
    };
    let (filters, masks) = (counts & 0x0f, counts >> 4 & 3);
    fields.uint("iia.ecat_mailbox.eoe.filters", filters);
    fields.uint("iia.ecat_mailbox.eoe.masks", masks);
    fields.add(
        "iia.ecat_mailbox.eoe.nobroadcasts",
        Value::Bool(counts >> 7 & 1 == 1),
    );
    let room = reader.take(ROOM * MAC_LEN);
    let (filters, masks) = (usize::from(filters), usize::from(masks));
    for (name, mac) in FILTERS.into_iter().zip(macs(room)).take(filters) {
        fields.add(name, mac);
    }
    for mac in macs(Some(reader.rest())).take(masks) {
        fields.add("iia.ecat_mailbox.eoe.mask", mac);
    }
}

fn macs(bytes: Option<&[u8]>) -> impl Iterator<Item = Value<'static>> {
    let all = bytes.unwrap_or_default().as_chunks::<MAC_LEN>().0;
    all.iter().map(|mac| Value::Mac(Mac(*mac)))
}

const MAC_LEN: usize = 6;
/// Addresses for which there is room; four bits of count leave the last one unused.
const ROOM: usize = 16;

const FILTERS: [&str; 15] = [
    "ecat_mailbox.eoe.macfilter.filter0",
    "ecat_mailbox.eoe.macfilter.filter1",
    "ecat_mailbox.eoe.macfilter.filter2",
    "ecat_mailbox.eoe.macfilter.filter3",
    "ecat_mailbox.eoe.macfilter.filter4",
    "ecat_mailbox.eoe.macfilter.filter5",
    "ecat_mailbox.eoe.macfilter.filter6",
    "ecat_mailbox.eoe.macfilter.filter7",
    "ecat_mailbox.eoe.macfilter.filter8",
    "ecat_mailbox.eoe.macfilter.filter9",
    "ecat_mailbox.eoe.macfilter.filter10",
    "ecat_mailbox.eoe.macfilter.filter11",
    "ecat_mailbox.eoe.macfilter.filter12",
    "ecat_mailbox.eoe.macfilter.filter13",
    "ecat_mailbox.eoe.macfilter.filter14",
];
