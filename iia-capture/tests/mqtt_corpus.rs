//! Captures of others, bent and cut: nothing else is called MQTT, and nothing brings the decoders down.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod oracle;
mod truth;
mod wire;

use std::fs::File;
use std::path::Path;

use iia_capture::Packet;
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;
use iia_core::Timestamp;
use iia_core::observe::{Observation, Protocol};
use wire::Random;

#[test]
fn nothing_else_is_called_mqtt() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("nothing_else_is_called_mqtt");
    };
    let (mut captures, mut packets) = (0, 0);
    for (path, protocol) in oracle::manifest(&corpus) {
        if protocol.starts_with("mqtt") {
            continue;
        }
        let mut pipeline = Pipeline::new(Options::default());
        let mut sink = |seen: &Observation<'_>| {
            let spoken = match seen {
                Observation::Said(said) => said.protocol,
                Observation::Conn(conn) => conn.protocol,
                Observation::Message(message) => panic!("{}: {message:?}", path.display()),
                _ => return,
            };
            let is = matches!(spoken, Protocol::Mqtt | Protocol::MqttSn);
            assert!(!is, "{}: {seen:?}", path.display());
        };
        let mut source = PcapSource::open(File::open(corpus.join(&path)).unwrap()).unwrap();
        while let Ok(Some(packet)) = source.next_packet() {
            pipeline.handle_packet(&packet, &mut sink);
        }
        pipeline.finish(&mut sink);
        captures += 1;
        packets += pipeline.stats().packets;
    }
    eprintln!("{captures} captures, {packets} packets, no MQTT in them");
    assert!(captures > 300);
}

/// The packets of a capture.
fn packets(path: &Path) -> Vec<(Timestamp, iia_capture::source::LinkType, Vec<u8>)> {
    let mut source = PcapSource::open(File::open(path).unwrap()).unwrap();
    let mut all = Vec::new();
    while let Ok(Some(packet)) = source.next_packet() {
        all.push((packet.ts, packet.link, packet.data.to_vec()));
    }
    all
}

#[test]
fn bent_and_cut_captures_are_survived() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("bent_and_cut_captures_are_survived");
    };
    let mut random = Random(17);
    let rows = oracle::manifest(&corpus);
    for (path, _) in rows.iter().filter(|row| row.1.starts_with("mqtt")) {
        let all = packets(&corpus.join(path));
        for _ in 0..40 {
            let mut pipeline = Pipeline::new(Options::default());
            for (ts, link, data) in &all {
                let mut data = data.clone();
                match random.below(4) {
                    0 => {
                        // Behind the headers of Ethernet, IPv4 or IPv6, and TCP or UDP.
                        let at = 42 + random.below(data.len().saturating_sub(42));
                        let bit = 1 << random.below(8);
                        data.iter_mut()
                            .skip(at)
                            .take(1)
                            .for_each(|byte| *byte ^= bit);
                    }
                    1 if random.below(8) == 0 => data.truncate(random.below(data.len())),
                    2 if random.below(16) == 0 => continue,
                    _ => {}
                }
                let packet = Packet {
                    ts: *ts,
                    link: *link,
                    orig_len: u32::try_from(data.len()).unwrap(),
                    data: &data,
                };
                pipeline.handle_packet(&packet, &mut |_| {});
            }
            pipeline.finish(&mut |_| {});
        }
    }
}
