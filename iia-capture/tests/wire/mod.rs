//! A conversation of one client with one server, and what a pipeline makes of its packets.

use iia_capture::generate::frame;
use iia_capture::pipeline::{Options, Pipeline, Stats};
use iia_capture::source::{LinkType, Packet};
use iia_core::Timestamp;
use iia_core::observe::{Exchange, Observation};

pub const CLIENT: ([u8; 4], u16) = ([10, 20, 0, 10], 40_000);
pub const SERVER: ([u8; 4], u16) = ([10, 20, 0, 21], 502);

/// A small generator of numbers, the same for the same seed.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len)
            .map(|_| u8::try_from(self.below(256)).unwrap())
            .collect()
    }
}

/// A part of one direction of the stream.
#[derive(Clone, Debug)]
pub struct Segment {
    pub from_client: bool,
    /// Where it begins in its direction.
    pub at: usize,
    pub bytes: Vec<u8>,
    /// How much of the other direction its sender has.
    pub acked: usize,
}

pub fn unit(transaction: u16, pdu: &[u8]) -> Vec<u8> {
    let mut adu = transaction.to_be_bytes().to_vec();
    adu.extend_from_slice(&[0, 0]);
    adu.extend_from_slice(&u16::try_from(pdu.len() + 1).unwrap().to_be_bytes());
    adu.push(1);
    adu.extend_from_slice(pdu);
    adu
}

/// A request that is sound, and its response.
pub fn exchange(random: &mut Random, transaction: u16) -> (Vec<u8>, Vec<u8>) {
    let count = u8::try_from(1 + random.below(20)).unwrap();
    let addr = u8::try_from(random.below(200)).unwrap();
    let values = random.bytes(usize::from(count) * 2);
    let read = [&[3, 0, addr, 0, count][..], &[3, count * 2], &values].concat();
    let (request, response) = match random.below(6) {
        0 => (vec![1, 0, addr, 0, 9], vec![1, 2, values[0], 1]),
        1 => (vec![6, 0, addr, 1, 2], vec![6, 0, addr, 1, 2]),
        2 => (
            [&[16, 0, addr, 0, count, count * 2][..], &values].concat(),
            vec![16, 0, addr, 0, count],
        ),
        3 => (vec![4, 0, addr, 0, count], vec![0x84, 2]),
        4 => (vec![90, 1, 2, 3], vec![90, 0xfe]),
        _ => (read[..5].to_vec(), read[5..].to_vec()),
    };
    (unit(transaction, &request), unit(transaction, &response))
}

/// What a pipeline reports, without times: those depend on the cutting.
pub fn observe(segments: &[Segment]) -> (Vec<String>, Stats) {
    let mut pipeline = Pipeline::new(Options::default());
    let mut seen = Vec::new();
    let mut sink = |observation: &Observation<'_>| {
        if let Observation::Exchange(exchange) = observation {
            seen.push(words(exchange));
        }
    };
    for (number, segment) in segments.iter().enumerate() {
        let bytes = packet(segment);
        pipeline.handle_packet(&at(i64::try_from(number).unwrap(), &bytes), &mut sink);
    }
    pipeline.finish(&mut sink);
    (seen, pipeline.stats())
}

pub fn words(exchange: &Exchange<'_>) -> String {
    let zero = Timestamp::default();
    format!(
        "{:?}",
        Exchange {
            ts: zero,
            latency_ns: None,
            ..*exchange
        }
    )
}

pub fn packet(segment: &Segment) -> Vec<u8> {
    let (from, to) = if segment.from_client {
        (CLIENT, SERVER)
    } else {
        (SERVER, CLIENT)
    };
    let seq = |at: usize| u32::try_from(at).unwrap().wrapping_add(0xffff_fff0);
    frame(
        (from.0, to.0),
        (from.1, to.1),
        (seq(segment.at), seq(segment.acked)),
        &segment.bytes,
    )
}

pub fn at(millis: i64, data: &[u8]) -> Packet<'_> {
    Packet {
        ts: Timestamp::from_ns(1_800_000_000_000_000_000 + millis * 1_000_000),
        link: LinkType::ETHERNET,
        orig_len: u32::try_from(data.len()).unwrap(),
        data,
    }
}
