//! Names, addresses, time, neighbours and handshakes: every cut and many bent messages are told or passed, each within limits.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod wire;

use iia_capture::pipeline::{Options, Pipeline};
use iia_core::observe::{Observation, Outcome, Protocol};
use wire::{Random, at};

/// A message, the transport's port or the EtherType it goes by, and what it is.
struct Message {
    way: Way,
    bytes: Vec<u8>,
    protocol: Protocol,
}

#[derive(Clone, Copy)]
enum Way {
    Udp(u16),
    Tcp(u16),
    Frame(u16),
}

fn dns() -> Vec<u8> {
    let mut bytes =
        b"\x12\x34\x81\x80\x00\x01\x00\x04\x00\x00\x00\x01\x01a\x01b\x00\x00\x01\x00\x01".to_vec();
    bytes.extend_from_slice(b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x09\x00\x04\x01c\xc0\x0e");
    bytes.extend_from_slice(
        b"\x01c\xc0\x0e\x00\x01\x00\x01\x00\x00\x00\x09\x00\x04\x0a\x00\x00\x01",
    );
    bytes.extend_from_slice(
        b"\xc0\x0c\x00\x21\x00\x01\x00\x00\x00\x09\x00\x08\x00\x01\x00\x02\x00\x35\xc0\x0c",
    );
    bytes.extend_from_slice(b"\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x09\x00\x03\x02hi");
    bytes.extend_from_slice(b"\x00\x00\x29\x10\x00\x00\x00\x00\x00\x00\x04\x00\x0a\x00\x00");
    bytes
}

fn dhcp() -> Vec<u8> {
    let mut bytes = vec![0; 236];
    bytes[..4].copy_from_slice(&[1, 1, 6, 0]);
    bytes.extend_from_slice(&[
        99, 130, 83, 99, 53, 1, 1, 52, 1, 3, 55, 2, 1, 3, 12, 3, b'b', b'o', b'x', 255,
    ]);
    bytes[108..112].copy_from_slice(&[66, 1, b'x', 255]);
    bytes[44..48].copy_from_slice(&[67, 1, b'y', 255]);
    bytes
}

/// A client's message in two relays'.
fn dhcp6() -> Vec<u8> {
    let inner = b"\x01\x01\x02\x03\x00\x01\x00\x0a\x00\x03\x00\x01\x02\0\0\0\0\x01\x00\x27\x00\x05\x00\x03box\
        \x00\x03\x00\x0c\0\0\0\x01\0\0\0\0\0\0\0\0";
    let relay = |message: &[u8]| {
        let len = u16::try_from(message.len()).unwrap().to_be_bytes();
        [&[12, 1][..], &[0; 32], &[0, 9], &len, message].concat()
    };
    relay(&relay(inner))
}

fn hello() -> Vec<u8> {
    let extensions = b"\x00\x00\x00\x0c\x00\x0a\x00\x00\x07box.iia\x00\x0a\x00\x04\x00\x02\x00\x1d\
        \x00\x10\x00\x05\x00\x03\x02h2\x00\x2b\x00\x03\x02\x03\x04\x00\x33\x00\x07\x00\x05\x00\x1d\x00\x01\x09";
    let mut body = [&b"\x03\x03"[..], &[7; 32], b"\x00\x00\x02\x13\x01\x01\x00"].concat();
    body.extend_from_slice(&u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend_from_slice(extensions);
    let len = u8::try_from(body.len()).unwrap();
    [&[22, 3, 1, 0, len + 4, 1, 0, 0, len][..], &body].concat()
}

/// A chain of one certificate that is not signed by anybody.
fn certificate() -> Vec<u8> {
    let der = |tag: u8, value: &[u8]| {
        let len = u8::try_from(value.len()).unwrap();
        match len {
            0..128 => [&[tag, len][..], value].concat(),
            _ => [&[tag, 0x81, len][..], value].concat(),
        }
    };
    let name = der(
        0x30,
        &der(
            0x31,
            &der(0x30, &[der(6, &[0x55, 4, 3]), der(12, b"box")].concat()),
        ),
    );
    let validity = der(
        0x30,
        &[der(0x17, b"260101000000Z"), der(0x18, b"20360101000000Z")].concat(),
    );
    let names = der(
        0x30,
        &[
            der(0x86, b"spiffe://site/box"),
            der(0x82, b"box.iia"),
            der(0x87, &[10, 0, 0, 1]),
        ]
        .concat(),
    );
    let extension = der(
        0x30,
        &[der(6, &[0x55, 0x1d, 0x11]), der(4, &names)].concat(),
    );
    let extensions = der(0xa3, &der(0x30, &extension));
    let inner = [
        der(0xa0, &der(2, &[2])),
        der(2, &[9]),
        der(0x30, &[]),
        name.clone(),
        validity,
        name,
        der(0x30, &[]),
        extensions,
    ];
    let one = der(0x30, &der(0x30, &inner.concat()));
    let length = |len: usize| u32::try_from(len).unwrap().to_be_bytes()[1..].to_vec();
    let list = [length(one.len()), one].concat();
    let body = [length(list.len()), list].concat();
    let message = [vec![11], length(body.len()), body].concat();
    let len = u16::try_from(message.len()).unwrap().to_be_bytes();
    [
        hello(),
        vec![22, 3, 3, len[0], len[1]],
        message,
        vec![21, 3, 3, 0, 2, 2, 48],
    ]
    .concat()
}

fn messages() -> Vec<Message> {
    let framed = |bytes: Vec<u8>| {
        let len = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        [&len[..], &bytes].concat()
    };
    let lldp = b"\x02\x09\x07device-1\x04\x09\x07port-001\x06\x02\x00\x14\xfe\x08\x00\x0e\xcf\x02\0\0\0\x01\
        \x10\x0c\x05\x01\x0a\0\0\x01\x02\0\0\0\x01\0\0\0";
    let message = |way, bytes, protocol| Message {
        way,
        bytes,
        protocol,
    };
    vec![
        message(Way::Udp(53), dns(), Protocol::Dns),
        message(Way::Udp(5353), dns(), Protocol::Dns),
        message(Way::Udp(5355), dns(), Protocol::Dns),
        message(Way::Tcp(53), framed(dns()), Protocol::Dns),
        message(Way::Udp(67), dhcp(), Protocol::Dhcp),
        message(Way::Udp(547), dhcp6(), Protocol::Dhcp),
        message(
            Way::Udp(123),
            [&[0x23][..], &[1; 47]].concat(),
            Protocol::Ntp,
        ),
        message(Way::Tcp(4433), certificate(), Protocol::Tls),
        message(Way::Frame(0x88cc), lldp.to_vec(), Protocol::Lldp),
    ]
}

/// The frame that carries a message.
fn frame(way: Way, bytes: &[u8]) -> Vec<u8> {
    let ends = ([10, 0, 0, 1], [10, 0, 0, 2]);
    match way {
        Way::Frame(kind) => [&[2; 12][..], &kind.to_be_bytes(), bytes].concat(),
        Way::Tcp(port) => iia_capture::generate::frame(ends, (40_000, port), (1, 1), bytes),
        Way::Udp(port) => {
            let len = u16::try_from(bytes.len() + 8).unwrap();
            let udp = [
                &[0xc0, 0][..],
                &port.to_be_bytes(),
                &len.to_be_bytes(),
                &[0, 0],
                bytes,
            ]
            .concat();
            let head = [
                &[0x45, 0][..],
                &(len + 20).to_be_bytes(),
                &[0, 0, 0, 0, 64, 17, 0, 0],
            ]
            .concat();
            [
                &[2; 12][..],
                &[8, 0],
                &head,
                &[10, 0, 0, 1, 10, 0, 0, 2],
                &udp,
            ]
            .concat()
        }
    }
}

/// What is said of a frame: protocol, message, outcome, and whether a field has this value.
fn said(bytes: &[u8], wanted: &str) -> (Vec<(Protocol, &'static str, Outcome)>, bool) {
    let (mut all, mut found) = (Vec::new(), false);
    let mut pipeline = Pipeline::new(Options::default());
    let mut sink = |seen: &Observation<'_>| {
        if let Observation::Said(one) = seen {
            all.push((one.protocol, one.what, one.outcome));
            let mut fields = one.asked.iter().chain(one.answered);
            found |= fields.any(|field| field.value.to_string() == wanted);
        }
    };
    pipeline.handle_packet(&at(0, bytes), &mut sink);
    pipeline.finish(&mut sink);
    (all, found)
}

#[test]
fn a_whole_message_of_each_is_told_without_a_fault() {
    for message in messages() {
        let (all, _) = said(&frame(message.way, &message.bytes), "");
        assert!(!all.is_empty(), "{:?}", message.protocol);
        for (protocol, what, outcome) in all {
            assert_eq!(protocol, message.protocol);
            assert_ne!(outcome, Outcome::Malformed, "{protocol:?} {what}");
        }
    }
}

#[test]
fn what_each_holds_is_told() {
    for (at, wanted) in [
        (0, "c.b"),
        (1, "10.0.0.1"),
        (4, "box"),
        (4, "x"),
        (4, "y"),
        (5, "02:00:00:00:00:01"),
        (5, "box"),
        (7, "box.iia"),
        (7, "CN=box"),
        (7, "spiffe://site/box"),
        (7, "2036-01-01T00:00:00.000000000Z"),
        (7, "48 unknown_ca"),
        (8, "device-1"),
    ] {
        let message = &messages()[at];
        assert!(
            said(&frame(message.way, &message.bytes), wanted).1,
            "{at} {wanted}"
        );
    }
}

#[test]
fn every_cut_and_bent_message_is_told_or_passed() {
    let mut random = Random(31);
    for message in messages() {
        for len in 0..message.bytes.len() {
            let (all, _) = said(&frame(message.way, &message.bytes[..len]), "");
            assert!(all.iter().all(|one| one.0 == message.protocol), "{len}");
        }
        for _ in 0..3000 {
            let mut bent = message.bytes.clone();
            for _ in 0..=random.below(4) {
                let place = random.below(bent.len());
                bent[place] = random.bytes(1)[0];
            }
            said(&frame(message.way, &bent), "");
        }
    }
}
