//! Registers that come several times: the units that map logical memory, the managers that guard buffers.

use alloc::vec::Vec;

use super::{Register, bits, coded, flag, parts, plain, told, within};
use crate::decode::ethercat::names;
use crate::decode::{Fields, Reader};
use iia_core::observe::Value;

/// The units that map logical to physical memory (ETG.1000.4, 6.6): where, how long each, how many.
const UNITS: (u16, u16, u16) = (0x0600, 16, 16);
/// The managers of buffers (ETG.1000.4, 6.7).
const MANAGERS: (u16, u16, u16) = (0x0800, 8, 16);

const UNIT: &[Register] = &[
    plain(0, 4, "ecat.fmmu.lstart"),
    plain(4, 2, "ecat.fmmu.llen"),
    plain(6, 1, "ecat.fmmu.lstartbit"),
    plain(7, 1, "ecat.fmmu.lendbit"),
    plain(8, 2, "ecat.fmmu.pstart"),
    plain(10, 1, "ecat.fmmu.pstartbit"),
    parts(
        11,
        1,
        "ecat.fmmu.type",
        &[
            flag("ecat.fmmu.typeread", 0),
            flag("ecat.fmmu.typewrite", 1),
        ],
    ),
    parts(
        12,
        1,
        "ecat.fmmu.activate",
        &[flag("ecat.fmmu.activate0", 0)],
    ),
];

const MANAGER: &[Register] = &[
    plain(0, 2, "ecat.syncman.start"),
    plain(2, 2, "ecat.syncman.len"),
    parts(
        4,
        2,
        "ecat.syncman.ctrlstatus",
        &[
            coded("ecat.syncman.opmode", 0, 2, names::buffer_mode),
            coded("ecat.syncman.access", 2, 2, names::buffer_access),
            flag("ecat.syncman.irq.ecat", 4),
            flag("ecat.syncman.irq.pdi", 5),
            flag("ecat.syncman.wdt", 6),
            flag("ecat.syncman.irq.write", 8),
            flag("ecat.syncman.irq.read", 9),
            flag("ecat.syncman.1bufstate", 11),
            bits("ecat.syncman.3bufstate", 12, 2),
        ],
    ),
    parts(
        6,
        2,
        "ecat.syncman.smenable",
        &[
            flag("ecat.syncman.enable", 0),
            flag("ecat.syncman.repeatreq", 1),
            flag("ecat.syncman.latchsmchg.ecat", 6),
            flag("ecat.syncman.latchsmchg.pdi", 7),
            flag("ecat.syncman.deactivate", 8),
            flag("ecat.syncman.repeatack", 9),
        ],
    ),
];

/// The status byte of a manager alone, which masters poll to learn whether a mailbox is full.
const STATUS: Register = parts(
    5,
    1,
    "iia.ecat.syncman.status",
    &[
        flag("iia.ecat.syncman.written", 0),
        flag("iia.ecat.syncman.read", 1),
        flag("iia.ecat.syncman.full", 3),
        bits("iia.ecat.syncman.buffer", 4, 2),
    ],
);

/// Tells the units and managers that lie wholly in `data`; whether there was one.
pub(super) fn tell<'a>(fields: &mut Fields<'a>, offset: u16, data: &'a [u8]) -> bool {
    let mut any = false;
    for (area, table, name, number) in [
        (UNITS, UNIT, "ecat.fmmu", "iia.ecat.fmmu.number"),
        (MANAGERS, MANAGER, "ecat.syncman", "iia.ecat.syncman.number"),
    ] {
        for (at, bytes) in inside(area, offset, data) {
            any = true;
            fields.uint(number, at);
            fields.add(name, Value::Bytes(bytes));
            for register in table {
                let start = usize::from(register.at);
                told(register, fields, bytes.get(start..).unwrap_or_default());
            }
        }
    }
    if !any {
        status(fields, offset, data);
    }
    any
}

/// The blocks of an area that lie wholly in `data`, each with its number.
fn inside(
    (start, len, count): (u16, u16, u16),
    offset: u16,
    data: &[u8],
) -> impl Iterator<Item = (u16, &[u8])> {
    (0..count).filter_map(move |number| {
        let bytes = within(offset, data, start + number * len, len.into())?;
        Some((number, bytes))
    })
}

/// The status byte of one manager.
fn status(fields: &mut Fields<'_>, offset: u16, data: &[u8]) {
    let (start, len, count) = MANAGERS;
    let Some(at) = offset.checked_sub(start) else {
        return;
    };
    if at % len == STATUS.at && at / len < count && data.len() <= 3 {
        fields.uint("iia.ecat.syncman.number", at / len);
        told(&STATUS, fields, data);
    }
}

/// What a manager guards.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Manager {
    /// Which one it is.
    pub(crate) number: u16,
    /// Where its buffer starts.
    pub(crate) start: u16,
    /// Bytes of the buffer.
    pub(crate) len: u16,
    /// Whether it is a mailbox: one buffer, written and read in turn.
    pub(crate) mailbox: bool,
    /// Whether it is in use.
    pub(crate) enabled: bool,
}

/// The managers whose settings `data` has.
pub(crate) fn managers(offset: u16, data: &[u8]) -> Vec<Manager> {
    let read = |(number, bytes): (u16, &[u8])| {
        let mut reader = Reader::new(bytes);
        let (start, len) = (reader.le16()?, reader.le16()?);
        let (control, enable) = (reader.le16()?, reader.le16()?);
        Some(Manager {
            number,
            start,
            len,
            mailbox: control & 3 == 2,
            enabled: enable & 1 == 1,
        })
    };
    inside(MANAGERS, offset, data).filter_map(read).collect()
}
