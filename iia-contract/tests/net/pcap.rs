//! Captures of made conversations: a handshake with a request and its answer, or two datagrams.

use std::net::IpAddr;

use iia_contract::compile::L4;

/// Somebody asks somebody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Talk {
    pub(crate) l4: L4,
    pub(crate) from: (IpAddr, u16),
    pub(crate) to: (IpAddr, u16),
}

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
const PSH: u8 = 0x08;

/// A capture with every talk, one after the other.
pub(crate) fn capture(talks: &[Talk]) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(0xa1b2_c3d4_u32.to_le_bytes());
    for word in [2_u16, 4] {
        file.extend(word.to_le_bytes());
    }
    for word in [0_u32, 0, 65_535, 1] {
        file.extend(word.to_le_bytes());
    }
    let mut at = 0;
    for talk in talks {
        for frame in frames(talk) {
            at += 1;
            for word in [
                1_764_288_000 + at / 1000,
                at % 1000 * 1000,
                frame.len() as u32,
                frame.len() as u32,
            ] {
                file.extend(word.to_le_bytes());
            }
            file.extend(frame);
        }
    }
    file
}

fn frames(talk: &Talk) -> Vec<Vec<u8>> {
    let Talk { l4, from, to } = *talk;
    if l4 == L4::Udp {
        return vec![
            ip(17, from.0, to.0, &udp(from.1, to.1)),
            ip(17, to.0, from.0, &udp(to.1, from.1)),
        ];
    }
    let asks = |flags, seq, ack, data: &[u8]| {
        ip(
            6,
            from.0,
            to.0,
            &tcp((from.1, to.1), flags, (seq, ack), data),
        )
    };
    let answers = |flags, seq, ack, data: &[u8]| {
        ip(
            6,
            to.0,
            from.0,
            &tcp((to.1, from.1), flags, (seq, ack), data),
        )
    };
    vec![
        asks(SYN, 100, 0, b""),
        answers(SYN | ACK, 900, 101, b""),
        asks(ACK, 101, 901, b""),
        asks(ACK | PSH, 101, 901, b"request"),
        answers(ACK | PSH, 901, 108, b"answer"),
        asks(ACK, 108, 907, b""),
    ]
}

fn tcp(ports: (u16, u16), flags: u8, (seq, ack): (u32, u32), data: &[u8]) -> Vec<u8> {
    let mut segment = Vec::new();
    segment.extend(ports.0.to_be_bytes());
    segment.extend(ports.1.to_be_bytes());
    segment.extend(seq.to_be_bytes());
    segment.extend(ack.to_be_bytes());
    segment.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend(data);
    segment
}

fn udp(from: u16, to: u16) -> Vec<u8> {
    let mut datagram = Vec::new();
    for word in [from, to, 12, 0] {
        datagram.extend(word.to_be_bytes());
    }
    datagram.extend(b"data");
    datagram
}

/// A frame with an IP packet; checksums are left out.
fn ip(protocol: u8, from: IpAddr, to: IpAddr, body: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    let len = u16::try_from(body.len()).unwrap();
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            frame.extend([0x08, 0x00, 0x45, 0]);
            frame.extend((len + 20).to_be_bytes());
            frame.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
            frame.extend(from.octets());
            frame.extend(to.octets());
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
            frame.extend(len.to_be_bytes());
            frame.extend([protocol, 64]);
            frame.extend(from.octets());
            frame.extend(to.octets());
        }
        _ => unreachable!("one family"),
    }
    frame.extend(body);
    frame
}
