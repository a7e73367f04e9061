//! What is said below IP: Ethernet frames of protocols that have no address but a MAC.

use core::fmt;

use super::Protocol;
use crate::time::Timestamp;

/// An Ethernet address.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Reads `01:0c:cd:01:00:01`; `None` when it is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next()?;
            let sound = part.len() == 2 && part.bytes().all(|digit| digit.is_ascii_hexdigit());
            *byte = u8::from_str_radix(part, 16).ok().filter(|_| sound)?;
        }
        parts.next().is_none().then_some(Self(bytes))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let colon = if at > 0 { ":" } else { "" };
            write!(f, "{colon}{byte:02x}")?;
        }
        Ok(())
    }
}

/// A frame that no IP packet is in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frame {
    /// When it was on the wire.
    pub ts: Timestamp,
    /// Who sent it (Wireshark: `eth.src`).
    pub source: Mac,
    /// To whom, often a group (Wireshark: `eth.dst`).
    pub destination: Mac,
    /// The outer VLAN id, 0 when untagged (Wireshark: `vlan.id`).
    pub vlan: u16,
    /// The type behind all tags (Wireshark: `eth.type`, `vlan.etype`).
    pub ethertype: u16,
    /// What is spoken, as far as recognised.
    pub protocol: Protocol,
    /// The service, where the protocol has one (PROFINET DCP, Wireshark: `pn_dcp.service_id`).
    pub func: Option<u8>,
    /// Bytes behind the type.
    pub payload_len: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn an_ethernet_address_is_six_pairs_of_digits() {
        let mac = Mac::parse("01:0C:cd:01:00:fF").unwrap();
        assert_eq!(mac.to_string(), "01:0c:cd:01:00:ff");
        for text in [
            "",
            "01:0c:cd:01:00",
            "01:0c:cd:01:00:01:02",
            "1:0c:cd:01:00:01",
            "01:0c:cd:01:00:+1",
            "01-0c-cd-01-00-01",
            "01:0c:cd:01:00:0g",
        ] {
            assert_eq!(Mac::parse(text), None, "{text}");
        }
    }
}
