//! Which decoder a flow gets: by its port where the bytes agree, by its bytes alone where they can be nothing else.

use alloc::boxed::Box;

use super::{Frames, Session, arp, dhcp, dns, http, lldp, ntp, tls};

/// A decoder of TCP streams: the ports where it is expected, whether bytes can be its on such a port, whether they can be
/// nothing else on any, and how one begins. Bytes are the first of a direction that were seen, from the middle of a
/// connection too.
struct Stream {
    ports: &'static [u16],
    fits: fn(&[u8]) -> bool,
    claims: fn(&[u8]) -> bool,
    begin: fn() -> Box<dyn Session>,
}

/// A decoder of datagrams, in the same terms.
struct Datagrams {
    ports: &'static [u16],
    fits: fn(&[u8]) -> bool,
    begin: fn() -> Box<dyn Session>,
}

/// A row a decoder. Whoever claims comes before whoever only fits.
static STREAMS: &[Stream] = &[
    Stream {
        ports: &[80, 8080],
        fits: http::claims,
        claims: http::claims,
        begin: || Box::new(http::Http::default()),
    },
    Stream {
        ports: &[443, 802, 853, 2221, 4843, 8443, 8883],
        fits: tls::fits,
        claims: tls::claims,
        begin: || Box::new(tls::Tls::default()),
    },
    Stream {
        ports: &[53, 5355],
        fits: dns::stream_fits,
        claims: |_| false,
        begin: || Box::new(dns::Dns::stream()),
    },
];

static DATAGRAMS: &[Datagrams] = &[
    Datagrams {
        ports: &[123],
        fits: ntp::fits,
        begin: || Box::new(ntp::Ntp::default()),
    },
    Datagrams {
        ports: &[53, 5353, 5355],
        fits: dns::fits,
        begin: || Box::new(dns::Dns::default()),
    },
    Datagrams {
        ports: &[67, 68],
        fits: dhcp::fits,
        begin: || Box::new(dhcp::Dhcp),
    },
    Datagrams {
        ports: &[546, 547],
        fits: dhcp::fits6,
        begin: || Box::new(dhcp::Dhcp6),
    },
];

/// Whether a port of TCP, or else of UDP, is one at which a decoder is expected.
pub(crate) fn serves(port: u16, tcp: bool) -> bool {
    match tcp {
        true => STREAMS.iter().any(|row| row.ports.contains(&port)),
        false => DATAGRAMS.iter().any(|row| row.ports.contains(&port)),
    }
}

/// The decoder for a TCP flow between these ports, as its first bytes tell.
pub(crate) fn stream(ports: [u16; 2], bytes: &[u8]) -> Option<Box<dyn Session>> {
    let expected = |row: &&Stream| ports.iter().any(|port| row.ports.contains(port));
    let claims = STREAMS.iter().find(|row| (row.claims)(bytes));
    let fits = || {
        let mut expected = STREAMS.iter().filter(expected);
        expected.find(|row| (row.fits)(bytes))
    };
    claims.or_else(fits).map(|row| (row.begin)())
}

/// The decoder whose bytes these are and nobody else's, on any port.
pub(crate) fn claimed(bytes: &[u8]) -> Option<Box<dyn Session>> {
    let row = STREAMS.iter().find(|row| (row.claims)(bytes))?;
    Some((row.begin)())
}

/// The decoder for datagrams between these ports, as the first of them tells.
pub(crate) fn datagram(ports: [u16; 2], bytes: &[u8]) -> Option<Box<dyn Session>> {
    let expected = |row: &&Datagrams| ports.iter().any(|port| row.ports.contains(port));
    let mut expected = DATAGRAMS.iter().filter(expected);
    let row = expected.find(|row| (row.fits)(bytes))?;
    Some((row.begin)())
}

/// How many decoders of frames there are.
pub(crate) const FRAMES: usize = 2;

/// The decoders of frames without IP, each with its EtherType.
pub(crate) fn frames() -> [(u16, Box<dyn Frames>); FRAMES] {
    [(0x0806, Box::new(arp::Arp)), (0x88cc, Box::new(lldp::Lldp))]
}
