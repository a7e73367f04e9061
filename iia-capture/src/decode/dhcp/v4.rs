//! DHCP for IPv4 (RFC 2131, RFC 2132): who asks for an address, and who gives which one out.

use core::net::{IpAddr, Ipv4Addr};

use iia_core::Timestamp;
use iia_core::observe::{Mac, Outcome, Protocol, Value};

use super::names;
use crate::decode::{Cut, Fields, Reader, Session, Turn};

/// The header and the cookie (RFC 2131, 2).
const HEAD_LEN: usize = 240;
const COOKIE: [u8; 4] = [99, 130, 83, 99];
const PAD: u8 = 0;
const OVERLOAD: u8 = 52;
const MESSAGE: u8 = 53;
const END: u8 = 255;

/// Whether a datagram is a message: a request or a reply, with the cookie where it must be.
pub fn fits(bytes: &[u8]) -> bool {
    let Some([op, _, hlen, ..]) = bytes.first_chunk::<HEAD_LEN>() else {
        return false;
    };
    matches!(op, 1 | 2) && *hlen <= 16 && bytes.get(236..HEAD_LEN) == Some(&COOKIE)
}

/// Clients and servers of a network. What is asked goes to everybody and the answer to an address that is only given out
/// with it, so that each message is told alone.
#[derive(Debug, Default)]
pub struct Dhcp;

impl Session for Dhcp {
    fn protocol(&self) -> Protocol {
        Protocol::Dhcp
    }

    fn cut(&self, _from_orig: bool, bytes: &[u8]) -> Cut {
        Cut::Unit(bytes.len() as u64)
    }

    fn due(&self) -> Timestamp {
        Timestamp::MAX
    }

    fn unit(&mut self, turn: &mut Turn<'_>, unit: &[u8]) {
        let mut fields = turn.fields();
        if !fits(unit) || head(&mut fields, unit).is_none() {
            return turn.tell("cut_short", Outcome::Malformed, fields);
        }
        let mut found = Found::default();
        let behind = unit.get(HEAD_LEN..).unwrap_or_default();
        let mut whole = options(&mut fields, behind, &mut found).is_some();
        // Options go on where the header has names, when they say so (RFC 2132, 9.3).
        let overload = found.overload;
        if overload & 1 != 0 {
            whole &= options(
                &mut fields,
                unit.get(108..236).unwrap_or_default(),
                &mut found,
            )
            .is_some();
        }
        if overload & 2 != 0 {
            whole &= options(
                &mut fields,
                unit.get(44..108).unwrap_or_default(),
                &mut found,
            )
            .is_some();
        }
        let outcome = match whole {
            true => Outcome::Stated,
            false => Outcome::Malformed,
        };
        let plain = match unit.first() {
            Some(1) => "boot_request",
            _ => "boot_reply",
        };
        turn.tell(found.what.unwrap_or(plain), outcome, fields);
    }
}

/// What options say about the message itself.
#[derive(Default)]
struct Found {
    what: Option<&'static str>,
    overload: u8,
}

fn head<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) -> Option<()> {
    let mut reader = Reader::new(bytes);
    let [op, kind, len, hops] = reader.array()?;
    let word = match op {
        1 => "request",
        _ => "reply",
    };
    fields.code("dhcp.type", op, Some(word));
    fields.uint("dhcp.hw.type", kind);
    fields.uint("dhcp.hw.len", len);
    fields.uint("dhcp.hops", hops);
    fields.uint("dhcp.id", reader.be32()?);
    fields.uint("dhcp.secs", reader.be16()?);
    fields.add("dhcp.flags.bc", Value::Bool(reader.be16()? & 0x8000 != 0));
    for name in [
        "dhcp.ip.client",
        "dhcp.ip.your",
        "dhcp.ip.server",
        "dhcp.ip.relay",
    ] {
        fields.add(name, address(reader.array()?));
    }
    let hardware = reader.take(16)?;
    match (kind, hardware.first_chunk()) {
        (1, Some(mac)) if len == 6 => fields.add("dhcp.hw.mac_addr", Value::Mac(Mac(*mac))),
        _ => {
            let known = hardware.get(..usize::from(len))?;
            if !known.is_empty() {
                fields.add("dhcp.hw.addr", Value::Bytes(known));
            }
        }
    }
    for (name, len) in [("dhcp.server", 64), ("dhcp.file", 128)] {
        let text = until_nul(reader.take(len)?);
        // What options may stand here instead is told with them.
        if !text.is_empty() && text.iter().all(|byte| !byte.is_ascii_control()) {
            fields.text(name, text);
        }
    }
    fields.add("dhcp.cookie", address(reader.array()?));
    Some(())
}

const fn address(bytes: [u8; 4]) -> Value<'static> {
    let [a, b, c, d] = bytes;
    Value::Ip(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or(bytes)
}

/// Reads options to their end; `None` where one is cut.
fn options<'a>(fields: &mut Fields<'a>, bytes: &'a [u8], found: &mut Found) -> Option<()> {
    let mut reader = Reader::new(bytes);
    while let Some(code) = reader.u8() {
        match code {
            PAD => continue,
            END => return Some(()),
            _ => {}
        }
        let len = reader.u8()?;
        let value = reader.take(usize::from(len))?;
        fields.uint("dhcp.option.type", code);
        fields.uint("dhcp.option.length", len);
        match (code, value) {
            (MESSAGE, [number]) => {
                found.what = names::v4(*number).or(found.what);
                fields.code("dhcp.option.dhcp", *number, names::v4(*number));
            }
            (OVERLOAD, [number @ 1..=3]) => {
                found.overload = *number;
                fields.uint("dhcp.option.option_overload", *number);
            }
            _ => option(fields, code, value),
        }
    }
    // The last option is the end; a message that a relay shortened has none.
    None
}

/// How an option's value reads (RFC 2132).
#[derive(Clone, Copy)]
enum Form {
    Addresses,
    Text,
    Bytes1,
    Short,
    Long,
    Raw,
}

const fn form(code: u8) -> (&'static str, Form) {
    match code {
        1 => ("dhcp.option.subnet_mask", Form::Addresses),
        3 => ("dhcp.option.router", Form::Addresses),
        6 => ("dhcp.option.domain_name_server", Form::Addresses),
        12 => ("dhcp.option.hostname", Form::Text),
        15 => ("dhcp.option.domain_name", Form::Text),
        28 => ("dhcp.option.broadcast_address", Form::Addresses),
        42 => ("dhcp.option.ntp_server", Form::Addresses),
        50 => ("dhcp.option.requested_ip_address", Form::Addresses),
        51 => ("dhcp.option.ip_address_lease_time", Form::Long),
        54 => ("dhcp.option.dhcp_server_id", Form::Addresses),
        55 => ("dhcp.option.request_list_item", Form::Bytes1),
        56 => ("dhcp.option.message", Form::Text),
        57 => ("dhcp.option.dhcp_max_message_size", Form::Short),
        58 => ("dhcp.option.renewal_time_value", Form::Long),
        59 => ("dhcp.option.rebinding_time_value", Form::Long),
        60 => ("dhcp.option.vendor_class_id", Form::Text),
        66 => ("dhcp.option.tftp_server_name", Form::Text),
        67 => ("dhcp.option.bootfile_name", Form::Text),
        _ => ("iia.dhcp.option.value", Form::Raw),
    }
}

fn option<'a>(fields: &mut Fields<'a>, code: u8, value: &'a [u8]) {
    let (name, form) = form(code);
    let mut reader = Reader::new(value);
    match (form, value) {
        (Form::Addresses, _) if !value.is_empty() && value.len().is_multiple_of(4) => {
            while let Some(bytes) = reader.array() {
                fields.add(name, address(bytes));
            }
        }
        (Form::Text, _) if !value.is_empty() => fields.text(name, until_nul(value)),
        (Form::Bytes1, _) => value.iter().for_each(|byte| fields.uint(name, *byte)),
        (Form::Short, [a, b]) => fields.uint(name, u16::from_be_bytes([*a, *b])),
        (Form::Long, [a, b, c, d]) => fields.uint(name, u32::from_be_bytes([*a, *b, *c, *d])),
        _ => client(fields, code, value),
    }
}

/// The client's name for itself (RFC 2132, 9.14), and whatever has no form here.
fn client<'a>(fields: &mut Fields<'a>, code: u8, value: &'a [u8]) {
    match (code, value) {
        (61, [1, mac @ ..]) if mac.len() == 6 => {
            let mac: [u8; 6] = mac.try_into().unwrap_or_default();
            fields.uint("dhcp.hw.type", 1u8);
            fields.add("dhcp.hw.mac_addr", Value::Mac(Mac(mac)));
        }
        (_, []) => {}
        _ => fields.add("iia.dhcp.option.value", Value::Bytes(value)),
    }
}
