//! Frames that are made by hand, to put behind a capture.

use iia_capture::generate::frame;
use iia_capture::source::LinkType;
use iia_core::time::SECOND_NS;

use crate::kept::Kept;

/// Ethernet frames to come behind a capture, a millisecond apart, a second after its last packet.
pub(crate) fn behind(packets: &[Kept], frames: &[Vec<u8>]) -> Vec<Kept> {
    let last = packets.iter().map(|packet| packet.ts).max();
    let begin = last.unwrap_or_default() + SECOND_NS;
    let kept = |(number, frame): (i64, &Vec<u8>)| Kept {
        ts: begin + number * 1_000_000,
        link: LinkType::ETHERNET,
        orig_len: u32::try_from(frame.len()).unwrap_or(u32::MAX),
        data: frame.clone(),
    };
    (0..).zip(frames).map(kept).collect()
}

/// A request and its answer in a connection of their own.
pub(crate) fn exchange(
    (client, server, port): ([u8; 4], [u8; 4], u16),
    unit: u8,
    request: &[u8],
    answer: &[u8],
) -> Vec<Vec<u8>> {
    let from = 61_234;
    let (request, answer) = (adu(unit, request), adu(unit, answer));
    let next = 1 + u32::try_from(request.len()).unwrap_or(0);
    vec![
        frame((client, server), (from, port), (1, 1), &request),
        frame((server, client), (port, from), (1, next), &answer),
    ]
}

fn adu(unit: u8, pdu: &[u8]) -> Vec<u8> {
    let len = u16::try_from(pdu.len() + 1).unwrap_or(0).to_be_bytes();
    [&[0x7a, 0x69, 0, 0][..], &len, &[unit], pdu].concat()
}

/// A frame of a type, from a station that nobody knows.
pub(crate) fn raw(destination: [u8; 6], ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = [&destination[..], &[2, 0xbb, 0, 0, 0, 0x66]].concat();
    frame.extend_from_slice(&ethertype.to_be_bytes());
    frame.extend_from_slice(payload);
    frame.resize(frame.len().max(60), 0);
    frame
}

/// A UDP datagram without checksum to a port.
pub(crate) fn datagram(source: [u8; 4], destination: [u8; 4], port: u16) -> Vec<u8> {
    // BACnet: who is there?
    let payload = [0x81, 0x0b, 0, 12, 1, 0x20, 0xff, 0xff, 0, 0xff, 0x10, 8];
    let mut ip = vec![0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 17, 0, 0];
    ip.extend_from_slice(&source);
    ip.extend_from_slice(&destination);
    let mut sum: u32 = ip
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]))
        .sum();
    sum = (sum & 0xffff) + (sum >> 16);
    let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap_or(0);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    ip.extend_from_slice(&port.to_be_bytes());
    ip.extend_from_slice(&port.to_be_bytes());
    ip.extend_from_slice(&[0, 20, 0, 0]);
    ip.extend_from_slice(&payload);
    raw([0xff; 6], 0x0800, &ip)
}

/// PROFINET DCP: set the name of the station to `x`.
pub(crate) const DCP_SET: [u8; 18] = [0xfe, 0xfd, 4, 0, 0, 0, 0, 1, 0, 0, 0, 8, 2, 2, 0, 3, 0, 0];

/// A GOOSE frame of application 1 with an empty message in it.
pub(crate) const GOOSE: [u8; 10] = [0, 1, 0, 10, 0, 0, 0, 0, 0x61, 0];

/// EtherCAT: a broadcast write of two bytes to the control register of the application layer.
pub(crate) const ETHERCAT: [u8; 16] = [0x0e, 0x10, 8, 1, 0, 0, 0x20, 1, 2, 0, 0, 0, 2, 0, 0, 0];
