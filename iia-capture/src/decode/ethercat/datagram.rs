//! The fields of one datagram (ETG.1000.4, 5.4): its head, what its data mean, how often it was done.

use iia_core::observe::{Outcome, Value};

use super::packet::{Datagram, Header};
use super::{mailbox, names, register};
use crate::decode::Fields;

/// What a command does with the memory of slaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Effect {
    /// It brings data back.
    pub(crate) reads: bool,
    /// It carries data there.
    pub(crate) writes: bool,
    /// It goes by physical address, of one slave or all.
    pub(crate) physical: bool,
    /// It goes to one slave and no other.
    pub(crate) single: bool,
}

/// What a command does.
pub(crate) const fn effect(command: u8) -> Effect {
    Effect {
        reads: matches!(command, 1 | 3 | 4 | 6 | 7 | 9 | 10 | 12 | 13 | 14),
        writes: matches!(command, 2 | 3 | 5 | 6 | 8 | 9 | 11..=14),
        physical: matches!(command, 1..=9 | 13 | 14),
        single: matches!(command, 1..=6),
    }
}

/// Whether the data of a datagram say anything: nobody has filled those of a read that was not done yet.
pub(crate) const fn says(datagram: &Datagram<'_>) -> bool {
    effect(datagram.command).writes || datagram.counter > 0
}

/// What became of a datagram that came back: one that nobody did is unanswered.
pub(crate) const fn outcome(datagram: &Datagram<'_>) -> Outcome {
    match (datagram.command, datagram.counter) {
        (1..=14, 0) => Outcome::Unanswered,
        _ => Outcome::Answered,
    }
}

/// Adds a datagram's fields; `header` is that of its frame. `mailbox` says whether it goes to a mailbox.
pub(crate) fn tell<'a>(
    fields: &mut Fields<'a>,
    header: Header,
    datagram: &Datagram<'a>,
    mailbox: bool,
) {
    if datagram.place == 1 {
        frame(fields, header);
    }
    head(fields, datagram);
    data(fields, datagram, mailbox);
    fields.uint("ecat.cnt", datagram.counter);
}

/// Adds the header of a frame.
pub(crate) fn frame(fields: &mut Fields<'_>, header: Header) {
    fields.uint("ecatf.length", header.length());
    fields.uint("ecatf.reserved", header.reserved());
    fields.code("ecatf.type", header.kind(), names::frame(header.kind()));
}

fn head(fields: &mut Fields<'_>, datagram: &Datagram<'_>) {
    fields.uint("iia.ecat.place", datagram.place);
    fields.code("ecat.cmd", datagram.command, names::short(datagram.command));
    fields.uint("ecat.idx", datagram.index);
    match datagram.command {
        10..=12 => fields.uint("ecat.lad", datagram.logical()),
        _ => {
            fields.uint("ecat.adp", datagram.station());
            let offset = datagram.offset();
            fields.code("ecat.ado", offset, names::area(offset));
        }
    }
    fields.uint("ecat.subframe.length", datagram.flags & 0x07ff);
    fields.uint("ecat.subframe.reserved", datagram.reserved());
    let flags = [
        ("ecat.subframe.circulating", datagram.circulating()),
        ("ecat.subframe.more", datagram.more()),
    ];
    for (name, flag) in flags {
        fields.add(name, Value::Bool(flag));
    }
    fields.uint("ecat.int", datagram.interrupt);
}

fn data<'a>(fields: &mut Fields<'a>, datagram: &Datagram<'a>, mailbox: bool) {
    let (offset, bytes) = (datagram.offset(), datagram.data);
    let rest = if mailbox && says(datagram) {
        mailbox::tell(fields, bytes)
    } else if effect(datagram.command).physical && offset < register::END {
        let known = match says(datagram) {
            true => register::tell(fields, offset, bytes),
            false => register::known(offset, bytes),
        };
        if known { &[] } else { bytes }
    } else {
        bytes
    };
    if !rest.is_empty() {
        fields.add("ecat.data", Value::Bytes(rest));
    }
}
