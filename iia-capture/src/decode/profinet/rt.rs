//! Frames of PROFINET (EtherType 0x8892; IEC 61158-6-10, 4.3 to 4.9): the frame id says what they carry. Cyclic data too
//! over UDP.

use iia_core::Timestamp;
use iia_core::observe::{Outcome, Protocol, Value};

use super::super::{Cut, Fields, Frames, Reader, Session, Turn};
use super::dcp::Dcp;
use super::{alarm, ptcp};

/// Ports of cyclic data over UDP, for one and for many.
pub(in super::super) const PORTS: &[u16] = &[34962, 34963];
/// Bytes behind cyclic data: cycle counter, data status, transfer status.
const TRAILER_LEN: usize = 4;

/// What a frame id stands for (IEC 61158-6-10, table "FrameID").
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Class {
    /// Time and delay.
    Ptcp,
    /// Cyclic data.
    Cyclic,
    /// An alarm.
    Alarm,
    /// Remote services.
    Rsi,
    /// Discovery and configuration.
    Dcp,
    /// A piece of a frame.
    Fragment,
    /// Nothing yet.
    Reserved,
}

/// What a frame id stands for, and the name of its range.
pub const fn class(id: u16) -> (Class, &'static str) {
    match id {
        0x0020 | 0x0021 => (Class::Ptcp, "PTCP sync with follow up"),
        0x0080 | 0x0081 => (Class::Ptcp, "PTCP sync"),
        0x0100..=0x06ff => (Class::Cyclic, "RT_CLASS_3"),
        0x0700..=0x0fff => (Class::Cyclic, "RT_CLASS_3 redundant"),
        0x8000..=0xbbff => (Class::Cyclic, "RT_CLASS_1 unicast"),
        0xbc00..=0xbfff => (Class::Cyclic, "RT_CLASS_1 multicast"),
        0xc000..=0xf7ff => (Class::Cyclic, "RT_CLASS_1 or RT_CLASS_UDP unicast"),
        0xf800..=0xfbff => (Class::Cyclic, "RT_CLASS_1 or RT_CLASS_UDP multicast"),
        0xfc01 => (Class::Alarm, "alarm high"),
        0xfe01 => (Class::Alarm, "alarm low"),
        0xfe02 => (Class::Rsi, "RSI"),
        0xfefc => (Class::Dcp, "DCP hello"),
        0xfefd => (Class::Dcp, "DCP get or set"),
        0xfefe => (Class::Dcp, "DCP identify request"),
        0xfeff => (Class::Dcp, "DCP identify response"),
        0xff00 | 0xff01 => (Class::Ptcp, "PTCP announce"),
        0xff20 | 0xff21 => (Class::Ptcp, "PTCP follow up"),
        0xff40 => (Class::Ptcp, "PTCP delay request"),
        0xff41 => (Class::Ptcp, "PTCP delay response with follow up"),
        0xff42 => (Class::Ptcp, "PTCP delay follow up response"),
        0xff43 => (Class::Ptcp, "PTCP delay response"),
        0xff80..=0xff8f => (Class::Fragment, "fragment"),
        _ => (Class::Reserved, "reserved"),
    }
}

/// Whether a datagram can be cyclic data or an alarm over UDP: its frame id says so, and its last bytes do.
pub fn fits(bytes: &[u8]) -> bool {
    let Some([high, low]) = bytes.first_chunk() else {
        return false;
    };
    match class(u16::from_be_bytes([*high, *low])).0 {
        Class::Cyclic => {
            bytes.len() > 2 + TRAILER_LEN
                && bytes.last() == Some(&0)
                && bytes
                    .get(bytes.len() - 2)
                    .is_some_and(|status| status & 0x48 == 0)
        }
        Class::Alarm => bytes.len() >= 2 + alarm::HEADER_LEN,
        _ => false,
    }
}

/// What the ends of a link say.
#[derive(Debug, Default)]
pub struct Rt {
    dcp: Dcp,
}

impl Frames for Rt {
    fn protocol(&self, payload: &[u8]) -> Protocol {
        let id = Reader::new(payload).be16().unwrap_or(0);
        match class(id).0 {
            Class::Dcp => Protocol::ProfinetDcp,
            _ => Protocol::ProfinetRt,
        }
    }

    /// DCP's service (Wireshark: `pn_dcp.service_id`).
    fn service(&self, payload: &[u8]) -> Option<u8> {
        let mut reader = Reader::new(payload);
        let id = reader.be16()?;
        matches!(class(id).0, Class::Dcp).then(|| reader.u8())?
    }

    fn frame(&mut self, turn: &mut Turn<'_>, payload: &[u8]) {
        let id = Reader::new(payload).be16().unwrap_or(0);
        match class(id).0 {
            Class::Dcp => self.dcp.frame(turn, payload),
            _ => said(turn, payload),
        }
    }

    fn tick(&mut self, turn: &mut Turn<'_>) {
        turn.protocol = Protocol::ProfinetDcp;
        self.dcp.tick(turn);
    }

    fn end(&mut self, turn: &mut Turn<'_>) {
        turn.protocol = Protocol::ProfinetDcp;
        self.dcp.end(turn);
    }
}

/// A flow of cyclic data or alarms over UDP.
#[derive(Debug, Default)]
pub struct RtUdp;

impl Session for RtUdp {
    fn protocol(&self) -> Protocol {
        Protocol::ProfinetRt
    }

    fn cut(&self, _from_orig: bool, bytes: &[u8]) -> Cut {
        Cut::Unit(bytes.len() as u64)
    }

    fn due(&self) -> Timestamp {
        Timestamp::MAX
    }

    fn unit(&mut self, turn: &mut Turn<'_>, unit: &[u8]) {
        said(turn, unit);
    }
}

/// Tells a frame that asks for nothing.
fn said<'a>(turn: &mut Turn<'_>, payload: &'a [u8]) {
    let mut fields: Fields<'a> = turn.fields();
    let mut reader = Reader::new(payload);
    let Some(id) = reader.be16() else {
        return turn.tell("cut_short", Outcome::Malformed, fields);
    };
    let (class, name) = class(id);
    fields.code("pn_rt.frame_id", id, Some(name));
    let (what, done) = match class {
        Class::Cyclic => ("cyclic", cyclic(reader, &mut fields)),
        Class::Alarm => alarm::pdu(reader, &mut fields),
        Class::Ptcp => ptcp::pdu(id, reader, &mut fields),
        Class::Fragment => ("fragment", fragment(reader, &mut fields)),
        Class::Rsi => ("rsi", data(reader, &mut fields)),
        Class::Dcp | Class::Reserved => ("reserved", data(reader, &mut fields)),
    };
    let outcome = match done {
        Some(()) => Outcome::Stated,
        None => Outcome::Malformed,
    };
    turn.tell(what, outcome, fields);
}

fn data<'a>(mut reader: Reader<'a>, fields: &mut Fields<'a>) -> Option<()> {
    let data = reader.take(reader.len())?;
    fields.add("iia.profinet.data", Value::Bytes(data));
    Some(())
}

/// Cyclic data and what follows them (IEC 61158-6-10, 4.7.2).
fn cyclic<'a>(mut reader: Reader<'a>, fields: &mut Fields<'a>) -> Option<()> {
    let len = reader.len().checked_sub(TRAILER_LEN)?;
    fields.add("iia.profinet.data", Value::Bytes(reader.take(len)?));
    fields.uint("pn_rt.cycle_counter", reader.be16()?);
    let status = reader.u8()?;
    fields.uint("pn_rt.ds", status);
    for (name, bit, words) in STATUS {
        let value = usize::from(status >> bit & 1);
        fields.code(name, value as u64, words.get(value).copied());
    }
    let transfer = reader.u8()?;
    let word = (transfer == 0).then_some("OK");
    fields.code("pn_rt.transfer_status", transfer, word);
    Some(())
}

/// Bits of the data status (IEC 61158-6-10, 4.7.2.1.3), each with its place and its two meanings.
const STATUS: [(&str, u8, [&str; 2]); 8] = [
    ("pn_rt.ds_ignore", 7, ["evaluate", "ignore"]),
    ("pn_rt.ds_Reserved_2", 6, ["zero", "reserved"]),
    ("pn_rt.ds_ok", 5, ["problem", "ok"]),
    ("pn_rt.ds_operate", 4, ["stop", "run"]),
    ("pn_rt.ds_res3", 3, ["zero", "reserved"]),
    ("pn_rt.ds_valid", 2, ["invalid", "valid"]),
    ("pn_rt.ds_redundancy", 1, ["one primary", "no primary"]),
    ("pn_rt.ds_primary", 0, ["backup", "primary"]),
];

/// A piece of a frame (IEC 61158-6-10, 4.8).
fn fragment<'a>(mut reader: Reader<'a>, fields: &mut Fields<'a>) -> Option<()> {
    fields.uint("pn_rt.frag_data_length", reader.u8()?);
    let status = reader.u8()?;
    fields.uint("pn_rt.frag_status.more_follows", status >> 7);
    fields.uint("pn_rt.frag_status.error", status >> 6 & 1);
    fields.uint("pn_rt.frag_status.fragment_number", status & 0x3f);
    fields.add(
        "iia.profinet.data",
        Value::Bytes(reader.take(reader.len())?),
    );
    Some(())
}
