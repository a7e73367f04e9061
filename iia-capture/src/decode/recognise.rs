//! Which decoder a flow gets: by its port where the bytes agree, by its bytes alone where they can be nothing else.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use super::{
    Frames, Session, arp, dhcp, dns, enip, ethercat, goose, http, lldp, mqtt, mqtt_sn, ntp, opcua,
    profinet, tls,
};

/// Looks at the first bytes of a direction that were seen, from the middle of a conversation too, or at a datagram.
type Looks = fn(&[u8]) -> bool;

/// A decoder: the ports where it is expected, whether bytes can be its on such a port, whether they can be nothing else
/// on any, and how one begins.
struct Row {
    ports: &'static [u16],
    fits: Looks,
    claims: Looks,
    begin: fn() -> Box<dyn Session>,
}

const fn row(
    ports: &'static [u16],
    [fits, claims]: [Looks; 2],
    begin: fn() -> Box<dyn Session>,
) -> Row {
    Row {
        ports,
        fits,
        claims,
        begin,
    }
}

fn boxed<S: Session + Default + 'static>() -> Box<dyn Session> {
    Box::new(S::default())
}

/// Whoever shares its form with others claims nothing by it.
const fn nothing(_: &[u8]) -> bool {
    false
}

/// Decoders of TCP streams. Whoever claims comes before whoever only fits.
#[rustfmt::skip]
static STREAMS: &[Row] = &[
    row(&[80, 8080], [http::claims, http::claims], boxed::<http::Http>),
    row(&[443, 802, 853, 2221, 4843, 8443, 8883], [tls::fits, tls::claims], boxed::<tls::Tls>),
    row(&[53, 5355], [dns::stream_fits, nothing], || Box::new(dns::Dns::stream())),
    row(&[1883], [mqtt::fits, mqtt::claims], boxed::<mqtt::Mqtt>),
    row(&[enip::PORT], [enip::fits_stream, enip::claims], boxed::<enip::Enip>),
    row(&[4840], [opcua::claims, opcua::claims], boxed::<opcua::OpcUa>),
    row(&[ethercat::PORT], [ethercat::fits_stream, nothing], boxed::<ethercat::Gateway>),
];

/// Decoders of datagrams, in the same order.
#[rustfmt::skip]
static DATAGRAMS: &[Row] = &[
    row(&[53, 5353, 5355], [dns::fits, nothing], boxed::<dns::Dns>),
    row(&[67, 68], [dhcp::fits, nothing], || Box::new(dhcp::Dhcp)),
    row(&[546, 547], [dhcp::fits6, nothing], || Box::new(dhcp::Dhcp6)),
    row(&[123], [ntp::fits, nothing], boxed::<ntp::Ntp>),
    row(&[1883, 1884, 2442], [mqtt_sn::fits, nothing], boxed::<mqtt_sn::MqttSn>),
    row(&[enip::PORT], [enip::fits_datagram, nothing], boxed::<enip::Enip>),
    row(&[enip::IO_PORT], [enip::fits_io, nothing], boxed::<enip::CipIo>),
    row(&[4840], [opcua::pubsub::fits, nothing], boxed::<opcua::pubsub::PubSub>),
    row(&[ethercat::PORT], [ethercat::fits, nothing], boxed::<ethercat::Gateway>),
    row(&[profinet::CM_PORT], [profinet::fits, profinet::claims], boxed::<profinet::ContextManagement>),
    row(profinet::RT_PORTS, [profinet::fits_rt, nothing], boxed::<profinet::RtUdp>),
];

/// Whether a port of TCP, or else of UDP, is one at which a decoder is expected.
pub(crate) fn serves(port: u16, tcp: bool) -> bool {
    let rows = if tcp { STREAMS } else { DATAGRAMS };
    rows.iter().any(|row| row.ports.contains(&port))
}

/// The decoder for a TCP flow between these ports, as its first bytes tell.
pub(crate) fn stream(ports: [u16; 2], bytes: &[u8]) -> Option<Box<dyn Session>> {
    recognised(STREAMS, ports, bytes)
}

/// The decoder whose bytes these are and nobody else's, on any port.
pub(crate) fn claimed(bytes: &[u8]) -> Option<Box<dyn Session>> {
    let row = STREAMS.iter().find(|row| (row.claims)(bytes))?;
    Some((row.begin)())
}

/// The decoder for datagrams between these ports, as the first of them tells.
pub(crate) fn datagram(ports: [u16; 2], bytes: &[u8]) -> Option<Box<dyn Session>> {
    recognised(DATAGRAMS, ports, bytes)
}

fn recognised(rows: &[Row], ports: [u16; 2], bytes: &[u8]) -> Option<Box<dyn Session>> {
    let expected = |row: &&Row| ports.iter().any(|port| row.ports.contains(port));
    let claims = rows.iter().find(|row| (row.claims)(bytes));
    let fits = || {
        let mut expected = rows.iter().filter(expected);
        expected.find(|row| (row.fits)(bytes))
    };
    claims.or_else(fits).map(|row| (row.begin)())
}

/// The decoders of frames without IP, each with its EtherType.
pub(crate) fn frames() -> Vec<(u16, Box<dyn Frames>)> {
    vec![
        (0x0806, Box::new(arp::Arp)),
        (0x8892, Box::new(profinet::Rt::default())),
        (0x88a4, Box::new(ethercat::Ethercat::default())),
        (0x88b8, Box::new(goose::Goose::default())),
        (0x88cc, Box::new(lldp::Lldp)),
        (0x88e3, Box::new(profinet::Mrp)),
        (0xb62c, Box::new(opcua::pubsub::PubSub::default())),
    ]
}
