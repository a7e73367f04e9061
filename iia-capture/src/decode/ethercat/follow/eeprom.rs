//! The EEPROM of a slave, word by word (ETG.1000.4, 6.4; ETG.2010): who made it, which product it is, its mailboxes.

use alloc::vec::Vec;

use hashbrown::HashMap;
use iia_core::Timestamp;
use iia_core::observe::{Outcome, Value};
use iia_core::time::SECOND_NS;

use super::{Act, Place, STATIONS_MAX, asked};
use crate::decode::ethercat::{codes, register};
use crate::decode::{Fields, Reader, Turn};

/// A word takes milliseconds.
const WAIT_MAX_NS: i64 = 10 * SECOND_NS;
const CONTROL: u16 = 0x0502;
const ADDRESS: u16 = 0x0504;
const DATA: u16 = 0x0508;
const READ: u16 = 0x0100;
const WRITE: u16 = 0x0200;
const RELOAD: u16 = 0x0400;
const ERRORS: u16 = 0x7800;
const BUSY: u16 = 0x8000;

/// What is asked of an EEPROM.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    ts: Timestamp,
    address: u32,
}

/// What is asked of all of them.
#[derive(Debug, Default)]
pub(super) struct Eeprom {
    stations: HashMap<Place, Wanted>,
}

impl Eeprom {
    pub(super) fn act(&mut self, turn: &mut Turn<'_>, act: &Act<'_>) {
        if act.offset >= register::END {
            return;
        }
        let control = register::word_at(act.offset, act.data, CONTROL);
        if let Some(control) = control.filter(|_| act.effect.writes) {
            self.command(turn, act, control);
        }
        if act.effect.reads {
            self.result(turn, act, control.unwrap_or(0));
        }
    }

    fn command(&mut self, turn: &mut Turn<'_>, act: &Act<'_>, control: u16) {
        let address = register::within(act.offset, act.data, ADDRESS, 4);
        let address = address.and_then(|bytes| Reader::new(bytes).le32());
        match (control & (READ | WRITE | RELOAD), address) {
            (READ, Some(address)) => self.read(turn, act, address),
            (WRITE, Some(address)) => {
                let mut fields = head(turn, act.place, address);
                if let Some(data) = register::within(act.offset, act.data, DATA, 2) {
                    fields.add("iia.ecat.sii.data", Value::Bytes(data));
                }
                turn.tell("sii_write", Outcome::Stated, fields);
            }
            (RELOAD, _) => {
                let mut fields = turn.fields();
                act.place.tell(&mut fields);
                turn.tell("sii_reload", Outcome::Stated, fields);
            }
            _ => {}
        }
    }

    fn read(&mut self, turn: &mut Turn<'_>, act: &Act<'_>, address: u32) {
        let place = act.place;
        if self.stations.len() >= STATIONS_MAX && !self.stations.contains_key(&place) {
            return;
        }
        let ts = act.sent;
        if let Some(before) = self.stations.insert(place, Wanted { ts, address }) {
            forgotten(turn, place, before);
        }
    }

    /// What the EEPROM says, once it is not busy any more.
    fn result(&mut self, turn: &mut Turn<'_>, act: &Act<'_>, status: u16) {
        let data = [8, 4, 2].into_iter();
        let data = data
            .filter_map(|len| register::within(act.offset, act.data, DATA, len))
            .next();
        if status & BUSY != 0 || data.is_none() && status & ERRORS == 0 {
            return;
        }
        let Some(wanted) = self.stations.remove(&act.place) else {
            return;
        };
        let before = head(turn, act.place, wanted.address);
        let mut after = turn.fields();
        let outcome = match status & ERRORS {
            0 => Outcome::Answered,
            errors => Outcome::Refused(errors.into()),
        };
        if let Some(data) = data.filter(|_| status & ERRORS == 0) {
            after.add("iia.ecat.sii.data", Value::Bytes(data));
            values(&mut after, wanted.address, data);
        }
        let asked = asked(wanted.ts, true);
        turn.join(("sii_read", outcome), (&asked, before), after);
    }

    pub(super) fn tick(&mut self, turn: &mut Turn<'_>) {
        let now = turn.ts;
        self.forget(turn, |since| now.since_ns(since) > WAIT_MAX_NS);
    }

    pub(super) fn end(&mut self, turn: &mut Turn<'_>) {
        self.forget(turn, |_| true);
    }

    fn forget(&mut self, turn: &mut Turn<'_>, over: impl Fn(Timestamp) -> bool) {
        let late = self.stations.iter().filter(|(_, wanted)| over(wanted.ts));
        let mut late: Vec<_> = late.map(|(place, wanted)| (*place, *wanted)).collect();
        late.sort_by_key(|(_, wanted)| wanted.ts);
        for (place, wanted) in late {
            self.stations.remove(&place);
            forgotten(turn, place, wanted);
        }
    }
}

fn forgotten(turn: &mut Turn<'_>, place: Place, wanted: Wanted) {
    let fields = head(turn, place, wanted.address);
    turn.unanswered("sii_read", (&asked(wanted.ts, true), fields));
}

fn head<'a>(turn: &mut Turn<'_>, place: Place, address: u32) -> Fields<'a> {
    let mut fields = turn.fields();
    place.tell(&mut fields);
    fields.code("iia.ecat.sii.address", address, word(address));
    fields
}

/// What a word of the EEPROM is for (ETG.2010, 2).
const fn word(address: u32) -> Option<&'static str> {
    Some(match address {
        0x00 => "pdi_control",
        0x01 => "pdi_configuration",
        0x04 => "station_alias",
        0x07 => "checksum",
        0x08 => "vendor_id",
        0x0a => "product_code",
        0x0c => "revision_number",
        0x0e => "serial_number",
        0x14 => "bootstrap_receive_mailbox",
        0x16 => "bootstrap_send_mailbox",
        0x18 => "standard_receive_mailbox",
        0x1a => "standard_send_mailbox",
        0x1c => "mailbox_protocols",
        0x3e => "size",
        0x40.. => "category",
        _ => return None,
    })
}

/// Numbers of the identity that lie in what was read.
fn values(fields: &mut Fields<'_>, address: u32, data: &[u8]) {
    for (at, name) in [
        (0x08, "iia.ecat.sii.vendor_id"),
        (0x0a, "iia.ecat.sii.product_code"),
        (0x0c, "iia.ecat.sii.revision"),
        (0x0e, "iia.ecat.sii.serial"),
    ] {
        let Some(start) = u32::checked_sub(at, address).filter(|start| *start < 4) else {
            continue;
        };
        let bytes = data.get(start as usize * 2..).unwrap_or_default();
        let Some(number) = Reader::new(bytes).le32() else {
            continue;
        };
        let vendor = (at == 0x08).then(|| codes::vendor(number.into())).flatten();
        fields.code(name, number, vendor);
    }
}
