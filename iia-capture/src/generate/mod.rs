//! A seeded capture of Modbus/TCP polls, for benches and for trying things at size: same seed, same bytes.

mod mix;
mod speech;

use std::io::{self, Write};

pub use mix::{MixOptions, write_mix};

/// What to generate.
#[derive(Clone, Copy, Debug)]
pub struct TraceOptions {
    /// Packets.
    pub packets: u64,
    /// Flows, each a client at a server.
    pub flows: u32,
    /// One in so many responses is an exception.
    pub exception_every: u64,
    /// The seed.
    pub seed: u64,
}

impl Default for TraceOptions {
    fn default() -> Self {
        Self {
            packets: 1_000_000,
            flows: 2000,
            exception_every: 100,
            seed: 1,
        }
    }
}

const FUNCTIONS: [u8; 8] = [1, 2, 3, 4, 5, 6, 16, 23];
/// Of a file of microseconds and Ethernet frames, the lower byte first.
const PCAP_HEAD: [u8; 24] = [
    0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0,
];
const START_US: u64 = 1_790_000_000_000_000;

struct Generator {
    state: u64,
    sequences: Vec<(u32, u32)>,
}

/// Writes a pcap file of microseconds: requests and responses in turn over all flows, with valid checksums.
///
/// # Errors
/// What the writer says.
pub fn write_pcap(out: &mut impl Write, options: TraceOptions) -> io::Result<()> {
    out.write_all(&PCAP_HEAD)?;
    let mut generator = Generator {
        state: options.seed,
        sequences: vec![(1, 1); options.flows as usize],
    };
    let mut micros = START_US;
    for pair in 0..options.packets / 2 {
        let flow = u32::try_from(pair % u64::from(options.flows)).unwrap_or(0);
        let transaction = u16::try_from(pair / u64::from(options.flows) % 65_536).unwrap_or(0);
        let (request, response) = generator.exchange(pair, transaction, options.exception_every);
        generator.packet(out, (micros, flow, true), &request)?;
        generator.packet(out, (micros + 40, flow, false), &response)?;
        micros += 80;
    }
    Ok(())
}

impl Generator {
    fn random(&mut self) -> u64 {
        random(&mut self.state)
    }

    fn exchange(
        &mut self,
        pair: u64,
        transaction: u16,
        exception_every: u64,
    ) -> (Vec<u8>, Vec<u8>) {
        let index = usize::try_from(self.random() % FUNCTIONS.len() as u64).unwrap_or(0);
        let func = FUNCTIONS.get(index).copied().unwrap_or(3);
        let count = u8::try_from(1 + self.random() % 6).unwrap_or(1);
        let addr = u8::try_from(self.random() % 200).unwrap_or(0);
        let values: Vec<u8> = (0..count * 2)
            .map(|_| u8::try_from(self.random() % 256).unwrap_or(0))
            .collect();
        let (request, response) = match func {
            1 | 2 => (vec![func, 0, addr, 0, count], vec![func, 1, 0b10_1101]),
            3 | 4 => (
                vec![func, 0, addr, 0, count],
                [&[func, count * 2], values.as_slice()].concat(),
            ),
            5 => (vec![func, 0, addr, 0xff, 0], vec![func, 0, addr, 0xff, 0]),
            6 => (vec![func, 0, addr, 1, 2], vec![func, 0, addr, 1, 2]),
            16 => (
                [&[func, 0, addr, 0, count, count * 2], values.as_slice()].concat(),
                vec![func, 0, addr, 0, count],
            ),
            _ => (
                [
                    &[func, 0, addr, 0, count, 0, addr, 0, count, count * 2],
                    values.as_slice(),
                ]
                .concat(),
                [&[func, count * 2], values.as_slice()].concat(),
            ),
        };
        let refused = exception_every > 0 && pair % exception_every == exception_every - 1;
        let response = if refused {
            vec![func | 0x80, 2]
        } else {
            response
        };
        (unit(transaction, &request), unit(transaction, &response))
    }

    fn packet(
        &mut self,
        out: &mut impl Write,
        (micros, flow, up): (u64, u32, bool),
        adu: &[u8],
    ) -> io::Result<()> {
        let client = [10, 1, 0, 10];
        let [_, _, high, low] = flow.to_be_bytes();
        let server = [10, 2, high, low];
        let client_port = 20_000 + u16::try_from(flow % 40_000).unwrap_or(0);
        let (mine, theirs) = self.sequences.get(flow as usize).copied().unwrap_or((1, 1));
        let (src, dst, sport, dport, seq, ack) = if up {
            (client, server, client_port, 502, mine, theirs)
        } else {
            (server, client, 502, client_port, theirs, mine)
        };
        if let Some((mine, theirs)) = self.sequences.get_mut(flow as usize) {
            let next = if up { mine } else { theirs };
            *next = next.wrapping_add(u32::try_from(adu.len()).unwrap_or(0));
        }
        let frame = frame((src, dst), (sport, dport), (seq, ack), adu);
        record(out, micros, &frame)
    }
}

fn random(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// A packet as the file has it.
fn record(out: &mut impl Write, micros: u64, frame: &[u8]) -> io::Result<()> {
    let len = u32::try_from(frame.len()).unwrap_or(0).to_le_bytes();
    let seconds = u32::try_from(micros / 1_000_000).unwrap_or(0).to_le_bytes();
    let rest = u32::try_from(micros % 1_000_000).unwrap_or(0).to_le_bytes();
    out.write_all(&[seconds, rest, len, len].concat())?;
    out.write_all(frame)
}

fn unit(transaction: u16, pdu: &[u8]) -> Vec<u8> {
    let mut adu = transaction.to_be_bytes().to_vec();
    adu.extend_from_slice(&[0, 0]);
    adu.extend_from_slice(&u16::try_from(pdu.len() + 1).unwrap_or(0).to_be_bytes());
    adu.push(1);
    adu.extend_from_slice(pdu);
    adu
}

type Addresses = ([u8; 4], [u8; 4]);

/// An Ethernet frame with IPv4 and TCP around a payload, checksums right.
pub fn frame(
    (src, dst): Addresses,
    ports: (u16, u16),
    (seq, ack): (u32, u32),
    payload: &[u8],
) -> Vec<u8> {
    let mut tcp = [ports.0.to_be_bytes(), ports.1.to_be_bytes()].concat();
    tcp.extend_from_slice(&seq.to_be_bytes());
    tcp.extend_from_slice(&ack.to_be_bytes());
    tcp.extend_from_slice(&[0x50, 0x18, 0x20, 0, 0, 0, 0, 0]);
    tcp.extend_from_slice(payload);
    let len = u16::try_from(tcp.len()).unwrap_or(0);
    let pseudo = [&src[..], &dst, &[0, 6], &len.to_be_bytes(), &tcp].concat();
    put(&mut tcp, 16, checksum(&pseudo));
    let mut ip = vec![0x45, 0];
    ip.extend_from_slice(&(len + 20).to_be_bytes());
    ip.extend_from_slice(&[0, 0, 0x40, 0, 64, 6, 0, 0]);
    ip.extend_from_slice(&src);
    ip.extend_from_slice(&dst);
    let sum = checksum(&ip);
    put(&mut ip, 10, sum);
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0][..], &ip, &tcp].concat()
}

fn put(bytes: &mut [u8], at: usize, value: u16) {
    if let Some(place) = bytes.get_mut(at..at + 2) {
        place.copy_from_slice(&value.to_be_bytes());
    }
}

fn checksum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| match *pair {
        [a, b] => u32::from(u16::from_be_bytes([a, b])),
        [a] => u32::from(a) << 8,
        _ => 0,
    };
    let mut sum: u32 = bytes.chunks(2).map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}
