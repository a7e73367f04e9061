//! The made mix of protocols is sound traffic: tshark finds nothing malformed in it, and as many messages of each protocol
//! as are told here.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    unreachable_pub,
    reason = "tests"
)]

mod asked_now;

use std::collections::BTreeMap;

use iia_capture::generate::{MixOptions, write_mix};
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;
use iia_core::observe::{Observation, Outcome};

const PACKETS: u64 = 20_000;

/// Messages of each protocol, a message and its answer counted as two, and whatever was malformed.
fn ours(bytes: &[u8]) -> (BTreeMap<&'static str, usize>, u64) {
    let mut source = PcapSource::open(bytes).unwrap();
    let mut pipeline = Pipeline::new(Options::default());
    let mut told = BTreeMap::<&str, usize>::new();
    let mut take = |seen: &Observation<'_>| match seen {
        Observation::Said(said) => {
            let halves =
                usize::from(!said.asked.is_empty()) + usize::from(!said.answered.is_empty());
            *told.entry(said.protocol.name()).or_default() += halves;
        }
        Observation::Exchange(exchange) => {
            let halves = if exchange.outcome == Outcome::Answered {
                2
            } else {
                1
            };
            *told.entry("modbus_tcp").or_default() += halves;
        }
        _ => {}
    };
    while let Some(packet) = source.next_packet().unwrap() {
        pipeline.handle_packet(&packet, &mut take);
    }
    pipeline.finish(&mut take);
    (told, pipeline.stats().units_malformed)
}

#[test]
fn tshark_finds_the_same_sound_messages() {
    if !asked_now::installed("tshark_finds_the_same_sound_messages") {
        return;
    }
    let mut bytes = Vec::new();
    let options = MixOptions {
        packets: PACKETS,
        ..MixOptions::default()
    };
    write_mix(&mut bytes, options).unwrap();
    let (told, malformed) = ours(&bytes);
    eprintln!("{told:?}");
    assert_eq!(malformed, 0);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mix.pcap");
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(
        asked_now::rows(&path, "_ws.malformed", &["frame.number"]).len(),
        0
    );
    // Its MQTT-SN has no port of its own unless it is told one; the corpus judges that.
    assert!(told["mqtt_sn"] > 0);
    for (protocol, filter) in [
        ("arp", "arp"),
        ("dns", "dns"),
        ("ethercat", "ecat"),
        ("ethernet_ip", "enip"),
        ("modbus_tcp", "mbtcp"),
        ("mqtt", "mqtt"),
        ("ntp", "ntp"),
        ("opcua", "opcua"),
        ("profinet_dcp", "pn_dcp"),
        ("profinet_rt", "pn_rt && !pn_dcp"),
    ] {
        let theirs = asked_now::rows(&path, filter, &["frame.number"]).len();
        let mine = told.get(protocol).copied().unwrap_or(0);
        assert!(theirs > 0, "{protocol}");
        assert_eq!(mine, theirs, "{protocol}");
    }
}
