//! Address resolution (RFC 826): which Ethernet address says it has which IP address.

use core::net::{IpAddr, Ipv4Addr};

use iia_core::observe::{Mac, Outcome, Protocol, Value};

use super::{Frames, Reader, Turn};

/// What a network of Ethernet says about addresses. It remembers nothing.
#[derive(Debug, Default)]
pub struct Arp;

impl Frames for Arp {
    fn protocol(&self, _payload: &[u8]) -> Protocol {
        Protocol::Arp
    }

    fn frame(&mut self, turn: &mut Turn<'_>, payload: &[u8]) {
        let mut fields = turn.fields();
        let mut reader = Reader::new(payload);
        let Some(head) = reader.array::<8>() else {
            return turn.tell("cut_short", Outcome::Malformed, fields);
        };
        let [h1, h2, p1, p2, hlen, plen, o1, o2] = head;
        let (hardware, protocol) = (u16::from_be_bytes([h1, h2]), u16::from_be_bytes([p1, p2]));
        let opcode = u16::from_be_bytes([o1, o2]);
        let what = match opcode {
            1 => "request",
            2 => "reply",
            3 => "reverse_request",
            4 => "reverse_reply",
            8 => "inverse_request",
            9 => "inverse_reply",
            _ => "unknown",
        };
        fields.uint("arp.hw.type", hardware);
        fields.uint("arp.proto.type", protocol);
        fields.uint("arp.hw.size", hlen);
        fields.uint("arp.proto.size", plen);
        fields.uint("arp.opcode", opcode);
        if (hardware, protocol, hlen, plen) != (1, 0x0800, 6, 4) {
            return turn.tell(what, Outcome::Stated, fields);
        }
        let sides = [
            ("arp.src.hw_mac", "arp.src.proto_ipv4"),
            ("arp.dst.hw_mac", "arp.dst.proto_ipv4"),
        ];
        for (mac, ip) in sides {
            let (Some(hardware), Some(address)) = (reader.array::<6>(), reader.array::<4>()) else {
                return turn.tell(what, Outcome::Malformed, fields);
            };
            fields.add(mac, Value::Mac(Mac(hardware)));
            fields.add(ip, Value::Ip(IpAddr::V4(Ipv4Addr::from(address))));
        }
        turn.tell(what, Outcome::Stated, fields);
    }
}
