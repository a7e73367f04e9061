//! Captures of strangers: files, packets, streams of Modbus.

use std::io::{self, Read};

use iia_capture::decode::modbus::{Framing, Request, Response, frame};
use iia_capture::generate;
use iia_capture::pipeline::{Options, Pipeline, Stats};
use iia_capture::source::LinkType;
use iia_capture::source::pcap::PcapSource;
use iia_capture::{CaptureError, Packet};
use iia_core::Timestamp;
use iia_core::observe::{Exchange, Observation, Outcome};

use crate::input::Input;

type Packets = Vec<(Timestamp, u16, u32, Vec<u8>)>;

fn packets(reader: impl Read) -> (Packets, Option<CaptureError>) {
    let mut found = Vec::new();
    let mut source = match PcapSource::open(reader) {
        Ok(source) => source,
        Err(error) => return (found, Some(error)),
    };
    loop {
        match source.next_packet() {
            Ok(None) => return (found, None),
            Ok(Some(packet)) => found.push((
                packet.ts,
                packet.link.0,
                packet.orig_len,
                packet.data.to_vec(),
            )),
            Err(error) => return (found, Some(error)),
        }
    }
}

/// The same, several packets at a time.
fn several(reader: impl Read) -> (Packets, Option<CaptureError>) {
    let mut found = Vec::new();
    let mut source = match PcapSource::open(reader) {
        Ok(source) => source,
        Err(error) => return (found, Some(error)),
    };
    loop {
        let packets = match source.next_packets() {
            Ok(packets) if packets.is_empty() => return (found, None),
            Ok(packets) => packets,
            Err(error) => return (found, Some(error)),
        };
        let rows = packets.iter().map(|packet| {
            let (link, bytes) = (packet.link.0, packet.data.to_vec());
            (packet.ts, link, packet.orig_len, bytes)
        });
        found.extend(rows);
    }
}

/// A reader that gives a few bytes at a time.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = self.1.min(out.len());
        self.0.read(&mut out[..len])
    }
}

/// A capture has the same packets and the same end however its bytes arrive, and no more bytes than the file.
pub fn pcap(data: &[u8]) {
    let whole = packets(data);
    let total: usize = whole.0.iter().map(|(.., bytes)| bytes.len() + 12).sum();
    assert!(total <= data.len().max(24), "{total} of {}", data.len());
    assert_eq!(several(data), whole);
    for step in [1, 7, 4096] {
        assert_eq!(packets(Drip(data, step)), whole, "{step} bytes at a time");
    }
}

const LINKS: [u16; 8] = [1, 1, 1, 0, 101, 108, 113, 276];

/// Any packets at all: counts agree with what is reported, values with their counts, and the same one by one and several at a time.
pub fn pipeline(data: &[u8]) {
    let mut input = Input(data);
    let link = LinkType(LINKS[usize::from(input.byte() % 8)]);
    let mut packets = Vec::new();
    let mut at = 1_800_000_000_000_000_000i64;
    while !input.is_empty() && packets.len() < 256 {
        at = at.saturating_add(i64::from(u16::from_le_bytes(input.array())) << (input.byte() % 40));
        packets.push((Timestamp::from_ns(at), input.piece()));
    }
    let (seen, stats) = run(link, &packets, false);
    assert_eq!(run(link, &packets, true), (seen, stats));
    assert_eq!(stats.packets, packets.len() as u64);
}

/// Reports as text, and what was counted; the promises of each report are checked on the way.
fn run(link: LinkType, packets: &[(Timestamp, &[u8])], several: bool) -> (Vec<String>, Stats) {
    let mut pipeline = Pipeline::new(Options::default());
    let (mut seen, mut exchanges, mut conns, mut carried) = (Vec::new(), 0, 0, 0);
    let mut sink = |observation: &Observation<'_>| {
        match observation {
            Observation::Exchange(exchange) => {
                sound(exchange);
                exchanges += 1;
            }
            Observation::Conn(conn) => {
                assert!(conn.last >= conn.ts);
                carried += conn.orig_pkts + conn.resp_pkts;
                conns += 1;
            }
            _ => {}
        }
        seen.push(format!("{observation:?}"));
    };
    let packets = packets.iter().map(|(ts, data)| Packet {
        ts: *ts,
        link,
        orig_len: data.len() as u32,
        data,
    });
    let packets: Vec<Packet<'_>> = packets.collect();
    if several {
        pipeline.handle_packets(&packets, &mut sink);
    } else {
        for packet in &packets {
            pipeline.handle_packet(packet, &mut sink);
        }
    }
    pipeline.finish(&mut sink);
    let stats = pipeline.stats();
    assert_eq!(
        (exchanges, conns, stats.flows),
        (stats.exchanges, stats.conns, 0)
    );
    assert_eq!(
        carried + stats.not_ip + stats.malformed + stats.fragments,
        stats.packets
    );
    (seen, stats)
}

/// What was answered, and what answers, keeps the protocol's rules; what breaks them is told as it stood there.
fn sound(exchange: &Exchange<'_>) {
    assert!(exchange.func < 0x80);
    let keeps = matches!(exchange.outcome, Outcome::Answered | Outcome::Orphan);
    for span in [exchange.read, exchange.write].into_iter().flatten() {
        let values = span.iter().count();
        assert!(
            values <= span.count as usize && span.count <= 0xffff,
            "{exchange:?}"
        );
        if keeps {
            assert!(
                (1..=2000).contains(&span.count) && span.last() <= 0xffff,
                "{exchange:?}"
            );
            assert!(values == span.count as usize || values == 0, "{exchange:?}");
        }
    }
    assert!(exchange.latency_ns.is_none_or(|latency| latency >= 0));
}

/// The two directions of a connection, cut into segments as the input says: sound messages are the same exchanges
/// however they were cut.
pub fn modbus(data: &[u8]) {
    let mut input = Input(data);
    let cut = 1 + usize::from(input.byte());
    let mut turns = Vec::new();
    while !input.is_empty() && turns.len() < 32 {
        let kind = input.byte();
        let up = kind & 1 == 0;
        let bytes = match kind & 2 {
            0 => input.piece().to_vec(),
            _ => (0..1 + kind / 64)
                .flat_map(|_| unit(&mut input, up))
                .collect(),
        };
        turns.push((up, bytes));
    }
    let (whole, whole_stats) = talk(&turns, usize::MAX);
    let (pieces, pieces_stats) = talk(&turns, cut);
    if turns.iter().all(|(up, bytes)| keeps_the_rules(bytes, *up)) {
        let exchanges = |seen: &[String]| seen[..seen.len().saturating_sub(1)].to_vec();
        assert_eq!(exchanges(&whole), exchanges(&pieces));
        assert_eq!(whole_stats.units, pieces_stats.units);
        assert_eq!(
            (whole_stats.units_malformed, pieces_stats.units_malformed),
            (0, 0)
        );
    }
}

/// A unit that keeps the rules: which function, which addresses and how many come from the input.
fn unit(input: &mut Input<'_>, up: bool) -> Vec<u8> {
    let [transaction, func, addr, count, value] = input.array();
    let count = 1 + count % 16;
    let run = [0, addr, 0, count];
    let values: Vec<u8> = (0..count * 2).map(|at| value.wrapping_add(at)).collect();
    let bits = &values[..usize::from(count.div_ceil(8))];
    let counted = |values: &[u8]| [&[values.len() as u8], values].concat();
    let (func, data) = match (func % 9, up) {
        (func @ 0..=1, false) => (func + 1, counted(bits)),
        (func @ 2..=3, false) => (func + 1, counted(&values)),
        (func @ 0..=3, true) => (func + 1, run.to_vec()),
        (4, _) => (5, vec![0, addr, if value & 1 == 1 { 0xff } else { 0 }, 0]),
        (5, _) => (6, vec![0, addr, value, value]),
        (6, true) => (15, [&run[..], &counted(bits)].concat()),
        (7, true) => (16, [&run[..], &counted(&values)].concat()),
        (func @ 6..=7, false) => (func + 9, run.to_vec()),
        (_, true) => (23, [&run[..], &run[..], &counted(&values)].concat()),
        (_, false) => (0x80 | (1 + value % 6), vec![1 + value % 4]),
    };
    let head = [0, transaction % 4, 0, 0, 0, data.len() as u8 + 2, 1, func];
    [&head[..], &data].concat()
}

/// Whether what one side says is whole units and nothing else, each by the rules of its function. Otherwise what is
/// seen depends on where the decoder finds its feet again; and a unit that the other side interrupts is taken, at the
/// beginning of a capture, for the end of one that came before.
fn keeps_the_rules(said: &[u8], up: bool) -> bool {
    let mut rest = said;
    while !rest.is_empty() {
        let Framing::Whole(unit) = frame(rest) else {
            return false;
        };
        let sound = if up {
            Request::parse(unit.pdu).is_some_and(|request| request.sound)
        } else {
            Response::parse(unit.pdu).is_some()
        };
        if !sound {
            return false;
        }
        rest = &rest[unit.len..];
    }
    true
}

/// The first segment of a side: its bytes are counted from 1.
fn syn(hosts: ([u8; 4], [u8; 4]), ports: (u16, u16), flags: u8) -> Vec<u8> {
    const FLAGS: usize = 14 + 20 + 13;
    let mut frame = generate::frame(hosts, ports, (0, 0), &[]);
    frame[FLAGS] = flags;
    frame
}

fn talk(turns: &[(bool, Vec<u8>)], cut: usize) -> (Vec<String>, Stats) {
    let (client, server, mut sequences) = ([10, 0, 0, 1], [10, 0, 0, 2], [1u32, 1]);
    let mut frames = vec![
        syn((client, server), (40_000, 502), 0x02),
        syn((server, client), (502, 40_000), 0x12),
    ];
    for (up, bytes) in turns {
        for part in bytes.chunks(cut.min(1400)) {
            let (from, ports) = if *up {
                ((client, server), (40_000, 502))
            } else {
                ((server, client), (502, 40_000))
            };
            let [mine, theirs] = [usize::from(!*up), usize::from(*up)].map(|side| sequences[side]);
            frames.push(generate::frame(from, ports, (mine, theirs), part));
            sequences[usize::from(!*up)] = mine.wrapping_add(part.len() as u32);
        }
    }
    let at = Timestamp::from_secs(1_800_000_000);
    let packets: Vec<_> = frames.iter().map(|frame| (at, frame.as_slice())).collect();
    run(LinkType::ETHERNET, &packets, false)
}
