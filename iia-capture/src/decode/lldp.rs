//! Neighbours of a link (IEEE 802.1AB): which station is at the other end of a cable, on which port, with which addresses.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use iia_core::observe::{Mac, Outcome, Protocol, Value};

use super::{Fields, Frames, Reader, Turn};

/// TLVs of a frame that are read at most.
pub const TLVS_MAX: usize = 256;
const CHASSIS: u8 = 1;
const PORT: u8 = 2;
const TIME_TO_LIVE: u8 = 3;
const PROFIBUS: [u8; 3] = [0x00, 0x0e, 0xcf];
const IEEE_8021: [u8; 3] = [0x00, 0x80, 0xc2];
const IEEE_8023: [u8; 3] = [0x00, 0x12, 0x0f];

/// What stations say of themselves. It remembers nothing.
#[derive(Debug, Default)]
pub struct Lldp;

impl Frames for Lldp {
    fn protocol(&self, _payload: &[u8]) -> Protocol {
        Protocol::Lldp
    }

    fn frame(&mut self, turn: &mut Turn<'_>, payload: &[u8]) {
        let mut fields = turn.fields();
        let mut reader = Reader::new(payload);
        let mut seen = Seen::default();
        let whole = tlvs(&mut fields, &mut reader, &mut seen).is_some();
        // Chassis, port and time come first, in this order (IEEE 802.1AB, 8.2); time 0 says goodbye (9.2.7.1).
        let sound = whole && seen.order && seen.count >= 3;
        let what = match seen.time {
            Some(0) => "shutdown",
            _ => "announcement",
        };
        let outcome = match sound {
            true => Outcome::Stated,
            false => Outcome::Malformed,
        };
        turn.tell(what, outcome, fields);
    }
}

struct Seen {
    count: usize,
    order: bool,
    time: Option<u16>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            count: 0,
            order: true,
            time: None,
        }
    }
}

/// Reads TLVs to the one that ends them, or to the end of the frame, as many stations send them.
fn tlvs<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>, seen: &mut Seen) -> Option<()> {
    while !reader.is_empty() && seen.count < TLVS_MAX {
        let head = reader.be16()?;
        let kind = u8::try_from(head >> 9).unwrap_or_default();
        let len = head & 0x01ff;
        fields.code("lldp.tlv.type", kind, word(kind));
        fields.uint("lldp.tlv.len", len);
        let value = reader.take(usize::from(len))?;
        seen.order &= match seen.count {
            0 => kind == CHASSIS,
            1 => kind == PORT,
            2 => kind == TIME_TO_LIVE,
            _ => !matches!(kind, CHASSIS | PORT | TIME_TO_LIVE),
        };
        seen.count += 1;
        if kind == 0 {
            return Some(());
        }
        tlv(fields, kind, value, seen)?;
    }
    Some(())
}

/// What a TLV is (IEEE 802.1AB, table 8-1).
const fn word(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0 => "end",
        CHASSIS => "chassis_id",
        PORT => "port_id",
        TIME_TO_LIVE => "time_to_live",
        4 => "port_description",
        5 => "system_name",
        6 => "system_description",
        7 => "system_capabilities",
        8 => "management_address",
        127 => "organisation_specific",
        _ => return None,
    })
}

fn tlv<'a>(fields: &mut Fields<'a>, kind: u8, value: &'a [u8], seen: &mut Seen) -> Option<()> {
    match kind {
        CHASSIS => {
            let (subtype, id) = value.split_first()?;
            fields.uint("lldp.chassis.subtype", *subtype);
            let network = ["lldp.chassis.id.ip4", "lldp.chassis.id.ip6"];
            match (*subtype, id) {
                (4, id) if id.len() == 6 => fields.add("lldp.chassis.id.mac", mac(id)),
                (5, id) => address(fields, id, network)?,
                _ => fields.text("lldp.chassis.id", id),
            }
        }
        PORT => {
            let (subtype, id) = value.split_first()?;
            fields.uint("lldp.port.subtype", *subtype);
            let network = ["lldp.port.id.ip4", "lldp.port.id.ip6"];
            match (*subtype, id) {
                (3, id) if id.len() == 6 => fields.add("lldp.port.id.mac", mac(id)),
                (4, id) => address(fields, id, network)?,
                _ => fields.text("lldp.port.id", id),
            }
        }
        TIME_TO_LIVE => {
            let time = Reader::new(value).be16()?;
            seen.time = Some(time);
            fields.uint("lldp.time_to_live", time);
        }
        4 => fields.text("lldp.port.desc", value),
        5 => fields.text("lldp.tlv.system.name", value),
        6 => fields.text("lldp.tlv.system.desc", value),
        7 => {
            let mut reader = Reader::new(value);
            fields.uint("lldp.tlv.system_cap", reader.be16()?);
            fields.uint("lldp.tlv.enable_system_cap", reader.be16()?);
        }
        8 => management(fields, value)?,
        127 => organisation(fields, value)?,
        _ => {}
    }
    Some(())
}

fn mac(bytes: &[u8]) -> Value<'_> {
    bytes
        .try_into()
        .map_or(Value::Bytes(bytes), |mac| Value::Mac(Mac(mac)))
}

/// A network address behind its family (IANA's address family numbers).
fn address<'a>(fields: &mut Fields<'a>, bytes: &'a [u8], names: [&'static str; 2]) -> Option<()> {
    let (family, address) = bytes.split_first()?;
    fields.uint("lldp.network_address.subtype", *family);
    let [v4, v6] = names;
    ip(fields, *family, address, (v4, v6, "iia.lldp.address"));
    Some(())
}

fn ip<'a>(
    fields: &mut Fields<'a>,
    family: u8,
    bytes: &'a [u8],
    (v4, v6, other): (&'static str, &'static str, &'static str),
) {
    let octets4: Option<[u8; 4]> = bytes.try_into().ok();
    let octets6: Option<[u8; 16]> = bytes.try_into().ok();
    match (family, octets4, octets6) {
        (1, Some(octets), _) => fields.add(v4, Value::Ip(IpAddr::V4(Ipv4Addr::from(octets)))),
        (2, _, Some(octets)) => fields.add(v6, Value::Ip(IpAddr::V6(Ipv6Addr::from(octets)))),
        _ => fields.add(other, Value::Bytes(bytes)),
    }
}

/// Where the station is managed (IEEE 802.1AB, 8.5.9).
fn management<'a>(fields: &mut Fields<'a>, value: &'a [u8]) -> Option<()> {
    let mut reader = Reader::new(value);
    let len = reader.u8()?;
    fields.uint("lldp.mgn.address.len", len);
    let (family, rest) = reader.take(usize::from(len))?.split_first()?;
    fields.uint("lldp.mgn.address.subtype", *family);
    let names = (
        "lldp.mgn.addr.ip4",
        "lldp.mgn.addr.ip6",
        "lldp.mgn.addr.hex",
    );
    ip(fields, *family, rest, names);
    fields.uint("lldp.mgn.interface.subtype", reader.u8()?);
    fields.uint("lldp.mgn.interface.number", reader.be32()?);
    let len = reader.u8()?;
    fields.uint("lldp.mgn.obj.len", len);
    reader.take(usize::from(len)).map(|_| ())
}

/// What organisations add (IEEE 802.1AB, 8.6): the port's VLAN, its speed, and what PROFINET needs to know of a cable.
fn organisation<'a>(fields: &mut Fields<'a>, value: &'a [u8]) -> Option<()> {
    let (oui, rest) = value.split_first_chunk::<3>()?;
    let [a, b, c] = *oui;
    fields.uint("lldp.orgtlv.oui", u32::from_be_bytes([0, a, b, c]));
    let mut reader = Reader::new(rest);
    let subtype = reader.u8()?;
    match *oui {
        PROFIBUS => {
            fields.code("lldp.profinet.subtype", subtype, profinet_word(subtype));
            profinet(fields, subtype, &mut reader)?;
        }
        IEEE_8021 => {
            fields.uint("lldp.ieee.802_1.subtype", subtype);
            if subtype == 1 {
                fields.uint("lldp.ieee.802_1.port_vlan.id", reader.be16()?);
            }
        }
        IEEE_8023 => {
            fields.uint("lldp.ieee.802_3.subtype", subtype);
            if subtype == 1 {
                fields.uint("lldp.ieee.802_3.mac_phy_auto_neg_status", reader.u8()?);
                fields.uint(
                    "lldp.ieee.802_3.pmd_auto_neg_advertised_caps",
                    reader.be16()?,
                );
                fields.uint("lldp.ieee.802_3.pmd_mau_type", reader.be16()?);
            }
        }
        _ => {
            fields.uint("lldp.unknown_subtype", subtype);
            fields.add("lldp.unknown_subtype.content", Value::Bytes(reader.rest()));
        }
    }
    Some(())
}

/// PROFINET's own (IEC 61158-6-10, 4.6).
const fn profinet_word(subtype: u8) -> Option<&'static str> {
    Some(match subtype {
        1 => "measured_delay_values",
        2 => "port_status",
        3 => "alias",
        4 => "mrp_port_status",
        5 => "chassis_mac",
        6 => "ptcp_status",
        7 => "mau_type_extension",
        8 => "mrp_interconnection_port_status",
        _ => return None,
    })
}

/// Periods of a cycle: whether each counts, and its nanoseconds.
const PERIODS: [(&str, &str); 4] = [
    (
        "lldp.profinet.length_of_period_valid",
        "lldp.profinet.length_of_period_length",
    ),
    (
        "lldp.profinet.red_period_begin_valid",
        "lldp.profinet.red_period_begin_offset",
    ),
    (
        "lldp.profinet.orange_period_begin_valid",
        "lldp.profinet.orange_period_begin_offset",
    ),
    (
        "lldp.profinet.green_period_begin_valid",
        "lldp.profinet.green_period_begin_offset",
    ),
];

fn profinet<'a>(fields: &mut Fields<'a>, subtype: u8, reader: &mut Reader<'a>) -> Option<()> {
    match subtype {
        1 => {
            for name in [
                "lldp.profinet.port_rx_delay_local",
                "lldp.profinet.port_rx_delay_remote",
                "lldp.profinet.port_tx_delay_local",
                "lldp.profinet.port_tx_delay_remote",
                "lldp.profinet.cable_delay_local",
            ] {
                fields.uint(name, reader.be32()?);
            }
        }
        2 => {
            fields.uint("lldp.profinet.rtc2_port_status", reader.be16()?);
            let status = reader.be16()?;
            fields.uint("lldp.profinet.rtc3_port_status", status & 7);
            for (bit, name) in [
                (12, "lldp.profinet.rtc3_port_status.fragmentation"),
                (13, "lldp.profinet.rtc3_port_status.preambleLength"),
            ] {
                fields.uint(name, status >> bit & 1);
            }
        }
        4 => {
            let uuid = reader.array()?;
            fields.add("lldp.profinet.mrp_domain_uuid", Value::Uuid(uuid));
            fields.uint("lldp.profinet.mrrt_port_status", reader.be16()?);
        }
        5 => fields.add("lldp.profinet.cm_mac_add", Value::Mac(Mac(reader.array()?))),
        6 => {
            fields.add(
                "lldp.profinet.master_source_address",
                Value::Mac(Mac(reader.array()?)),
            );
            fields.add("lldp.profinet.subdomain_uuid", Value::Uuid(reader.array()?));
            fields.add("lldp.profinet.ir_data_uuid", Value::Uuid(reader.array()?));
            for (valid, what) in PERIODS {
                let word = reader.be32()?;
                fields.uint(valid, word >> 31);
                fields.uint(what, word & 0x7fff_ffff);
            }
        }
        _ => {}
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString as _};
    use alloc::vec::Vec;

    use super::*;

    fn tlv(kind: u8, value: &[u8]) -> Vec<u8> {
        let head = u16::from(kind) << 9 | u16::try_from(value.len()).unwrap();
        [&head.to_be_bytes()[..], value].concat()
    }

    /// The fields that are no TLV header, and whether all was whole and in order.
    fn read(payload: &[u8]) -> (Vec<String>, bool) {
        let (mut fields, mut seen) = (Fields::new(), Seen::default());
        let whole = tlvs(&mut fields, &mut Reader::new(payload), &mut seen).is_some();
        let known = fields.all().iter();
        let words = known.filter(|field| !field.name.starts_with("lldp.tlv."));
        let said = words.map(|field| [field.name, &field.value.to_string()].join(" "));
        (said.collect(), whole && seen.order && seen.count >= 3)
    }

    fn station() -> Vec<Vec<u8>> {
        [
            tlv(1, b"\x07device-1"),
            tlv(2, b"\x07port-001"),
            tlv(3, &[0, 20]),
            tlv(127, &[0, 0x0e, 0xcf, 2, 0, 0, 0, 1]),
            tlv(127, &[0, 0x0e, 0xcf, 5, 2, 0, 0, 0, 0, 1]),
            tlv(8, &[5, 1, 10, 0, 0, 1, 2, 0, 0, 0, 1, 0]),
            tlv(0, &[]),
        ]
        .to_vec()
    }

    #[test]
    fn a_station_of_profinet_is_told() {
        let (said, sound) = read(&station().concat());
        assert!(sound);
        for expected in [
            "lldp.chassis.id device-1",
            "lldp.port.id port-001",
            "lldp.time_to_live 20",
            "lldp.profinet.subtype 2 port_status",
            "lldp.profinet.rtc3_port_status 1",
            "lldp.profinet.cm_mac_add 02:00:00:00:00:01",
            "lldp.mgn.addr.ip4 10.0.0.1",
        ] {
            assert!(
                said.iter().any(|text| text == expected),
                "{expected} {said:?}"
            );
        }
    }

    #[test]
    fn what_is_cut_or_out_of_order_is_malformed() {
        let whole = station().concat();
        let ends: Vec<usize> = station()
            .iter()
            .scan(0, |at, part| {
                *at += part.len();
                Some(*at)
            })
            .collect();
        for len in 0..whole.len() {
            // Many stations leave the end out, so that a frame may stop behind any TLV once the first three are there.
            assert_eq!(read(&whole[..len]).1, ends[2..].contains(&len), "{len}");
        }
        let mut turned = station();
        turned.swap(0, 1);
        assert!(!read(&turned.concat()).1);
    }
}
