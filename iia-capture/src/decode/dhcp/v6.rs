//! DHCP for IPv6 (RFC 8415): who asks for an address, and who gives which one out, through relays too.

use core::net::{IpAddr, Ipv6Addr};

use alloc::string::String;

use iia_core::Timestamp;
use iia_core::observe::{Mac, Outcome, Protocol, Value};

use super::names;
use crate::decode::dns::name;
use crate::decode::{Cut, Fields, Reader, Session, Turn};

/// Relays that a message may have come through (RFC 8415, 7.6), and options within one another.
pub const DEPTH_MAX: usize = 8;
const RELAY_HEAD_LEN: usize = 34;

/// Whether a datagram is a message: a type that exists, and options that fill it to the last byte.
pub fn fits(bytes: &[u8]) -> bool {
    let Some(kind) = bytes.first() else {
        return false;
    };
    let head = match kind {
        12 | 13 => RELAY_HEAD_LEN,
        _ => 4,
    };
    let Some(rest) = bytes.get(head..) else {
        return false;
    };
    let mut reader = Reader::new(rest);
    let mut options = 0;
    while !reader.is_empty() {
        let (Some(_), Some(len)) = (reader.be16(), reader.be16()) else {
            return false;
        };
        if reader.take(usize::from(len)).is_none() {
            return false;
        }
        options += 1;
    }
    names::v6(*kind).is_some() && options > 0
}

/// Clients, relays and servers of a network; each message is told alone, as for IPv4.
#[derive(Debug, Default)]
pub struct Dhcp6;

impl Session for Dhcp6 {
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
        let domain = domain(unit);
        let mut fields = turn.fields();
        let mut walk = Walk {
            what: "unknown",
            domain: domain.as_deref(),
        };
        let whole = walk.message(&mut fields, unit, 0).is_some();
        let outcome = match whole {
            true => Outcome::Stated,
            false => Outcome::Malformed,
        };
        turn.tell(walk.what, outcome, fields);
    }
}

struct Walk<'a> {
    /// The message in the innermost relay's.
    what: &'static str,
    /// The client's name.
    domain: Option<&'a str>,
}

/// The name that a client gives itself (RFC 4704, 4.2), in whatever relay's message it lies. Without a last label it is
/// a part of one.
fn domain(unit: &[u8]) -> Option<String> {
    let mut message = unit;
    for _ in 0..DEPTH_MAX {
        let head = match message.first()? {
            12 | 13 => RELAY_HEAD_LEN,
            _ => 4,
        };
        let mut reader = Reader::new(message.get(head..)?);
        message = loop {
            let (code, len) = (reader.be16()?, reader.be16()?);
            let value = reader.take(usize::from(len))?;
            match code {
                9 => break value,
                39 => return labels(value.get(1..)?),
                _ => {}
            }
        };
    }
    None
}

fn labels(bytes: &[u8]) -> Option<String> {
    let mut whole = bytes.to_vec();
    if bytes.last() != Some(&0) {
        whole.push(0);
    }
    name(&whole, 0).map(|(text, _)| text)
}

impl<'a> Walk<'a> {
    fn message(&mut self, fields: &mut Fields<'a>, bytes: &'a [u8], depth: usize) -> Option<()> {
        let mut reader = Reader::new(bytes);
        let kind = reader.u8()?;
        self.what = names::v6(kind).unwrap_or("unknown");
        fields.code("dhcpv6.msgtype", kind, names::v6(kind));
        if matches!(kind, 12 | 13) {
            fields.uint("dhcpv6.hopcount", reader.u8()?);
            fields.add("dhcpv6.linkaddr", address(reader.array()?));
            fields.add("dhcpv6.peeraddr", address(reader.array()?));
        } else {
            let [a, b, c] = reader.array()?;
            fields.uint("dhcpv6.xid", u32::from_be_bytes([0, a, b, c]));
        }
        self.options(fields, reader.rest(), depth)
    }

    fn options(&mut self, fields: &mut Fields<'a>, bytes: &'a [u8], depth: usize) -> Option<()> {
        let mut reader = Reader::new(bytes);
        while !reader.is_empty() {
            let (code, len) = (reader.be16()?, reader.be16()?);
            let value = reader.take(usize::from(len))?;
            fields.uint("dhcpv6.option.type", code);
            fields.uint("dhcpv6.option.length", len);
            self.option(fields, code, value, depth + 1)?;
        }
        Some(())
    }

    /// One option (RFC 8415, 21; RFC 3646; RFC 4704); those that hold others are gone into.
    fn option(
        &mut self,
        fields: &mut Fields<'a>,
        code: u16,
        value: &'a [u8],
        depth: usize,
    ) -> Option<()> {
        if depth > DEPTH_MAX {
            return None;
        }
        let mut reader = Reader::new(value);
        match code {
            1 | 2 => duid(fields, value)?,
            3 | 25 => {
                let _ = reader.array::<4>()?;
                fields.add("dhcpv6.iaid", Value::Bytes(value.get(..4)?));
                fields.uint("dhcpv6.iaid.t1", reader.be32()?);
                fields.uint("dhcpv6.iaid.t2", reader.be32()?);
                self.options(fields, reader.rest(), depth)?;
            }
            4 => {
                fields.add("dhcpv6.iata", Value::Bytes(reader.take(4)?));
                self.options(fields, reader.rest(), depth)?;
            }
            5 => {
                fields.add("dhcpv6.iaaddr.ip", address(reader.array()?));
                fields.uint("dhcpv6.iaaddr.pref_lifetime", reader.be32()?);
                fields.uint("dhcpv6.iaaddr.valid_lifetime", reader.be32()?);
                self.options(fields, reader.rest(), depth)?;
            }
            6 => {
                while !reader.is_empty() {
                    fields.uint("dhcpv6.requested_option_code", reader.be16()?);
                }
            }
            7 => fields.uint("dhcpv6.option_preference", reader.u8()?),
            // Hundredths of a second; Wireshark says thousandths.
            8 => fields.uint("dhcpv6.elapsed_time", u32::from(reader.be16()?) * 10),
            9 => self.message(fields, value, depth)?,
            13 => {
                let status = reader.be16()?;
                fields.code("dhcpv6.status_code", status, names::status(status));
                if !reader.is_empty() {
                    fields.text("dhcpv6.status_msg", reader.rest());
                }
            }
            16 => {
                fields.uint("dhcpv6.vendorclass.enterprise", reader.be32()?);
                while !reader.is_empty() {
                    let len = reader.be16()?;
                    fields.text("dhcpv6.vendorclass.data", reader.take(usize::from(len))?);
                }
            }
            18 => fields.add("dhcpv6.interface_id", Value::Bytes(value)),
            23 => {
                while !reader.is_empty() {
                    fields.add("dhcpv6.dns_server", address(reader.array()?));
                }
            }
            39 => {
                let flags = reader.u8()?;
                fields.uint("dhcpv6.client_fqdn_flags", flags);
                self.naming(fields, flags);
                if let Some(name) = self.domain {
                    fields.add("dhcpv6.client_domain", Value::Text(name));
                }
            }
            14 => {}
            _ => fields.add("iia.dhcpv6.option.value", Value::Bytes(value)),
        }
        Some(())
    }

    /// Who is to write, or has written, the client's name into the DNS (RFC 4704, 4.1).
    fn naming(&self, fields: &mut Fields<'_>, flags: u8) {
        let bits: &[(u8, &str)] = match self.what {
            "advertise" | "reply" => &[
                (1, "dhcpv6.clientfqdn.server.s"),
                (2, "dhcpv6.clientfqdn.server.o"),
                (4, "dhcpv6.clientfqdn.server.n"),
            ],
            _ => &[
                (1, "dhcpv6.clientfqdn.client.s"),
                (4, "dhcpv6.clientfqdn.client.n"),
            ],
        };
        for (bit, name) in bits {
            fields.add(name, Value::Bool(flags & bit != 0));
        }
    }
}

/// Who a client or server says it is, for ever (RFC 8415, 11).
fn duid<'a>(fields: &mut Fields<'a>, value: &'a [u8]) -> Option<()> {
    fields.add("dhcpv6.duid.bytes", Value::Bytes(value));
    let mut reader = Reader::new(value);
    let kind = reader.be16()?;
    fields.uint("dhcpv6.duid.type", kind);
    match kind {
        1 => {
            fields.uint("dhcpv6.duidllt.hwtype", reader.be16()?);
            // Seconds since 2000 (RFC 8415, 11.2).
            let since = i64::from(reader.be32()?);
            let ts = iia_core::Timestamp::from_secs(946_684_800 + since);
            fields.add("dhcpv6.duidllt.time", Value::Time(ts));
            fields.add("dhcpv6.duidllt.link_layer_addr", hardware(reader.rest()));
        }
        2 => {
            fields.uint("dhcpv6.duiden.enterprise", reader.be32()?);
            fields.add("dhcpv6.duiden.identifier", Value::Bytes(reader.rest()));
        }
        3 => {
            fields.uint("dhcpv6.duidll.hwtype", reader.be16()?);
            fields.add("dhcpv6.duidll.link_layer_addr", hardware(reader.rest()));
        }
        4 => fields.add("dhcpv6.duiduuid.bytes", Value::Bytes(reader.rest())),
        _ => {}
    }
    Some(())
}

/// An address of Ethernet, or the bytes of another.
fn hardware(bytes: &[u8]) -> Value<'_> {
    bytes
        .try_into()
        .map_or(Value::Bytes(bytes), |mac| Value::Mac(Mac(mac)))
}

const fn address(bytes: [u8; 16]) -> Value<'static> {
    Value::Ip(IpAddr::V6(Ipv6Addr::from_octets(bytes)))
}
