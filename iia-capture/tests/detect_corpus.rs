//! Captures that others labelled show what their label says, and what Zeek counted of MITRE's indicators is counted here.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod oracle;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use flate2::read::GzDecoder;
use iia_capture::detect::{Analyzer as _, Detector, Rules};
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;

/// Times by rule and technique.
type Seen = BTreeMap<(String, String), u64>;

fn seen(path: &Path) -> Seen {
    let mut source = PcapSource::unpack(File::open(path).unwrap()).unwrap();
    let mut pipeline = Pipeline::new(Options::default());
    let mut detector = Detector::new(Rules::built_in());
    let mut seen = Seen::new();
    let mut tell = |sighting: &iia_capture::detect::Sighting<'_>| {
        let rule = sighting.rule;
        let key = (rule.name.clone(), rule.technique.clone());
        *seen.entry(key).or_default() += sighting.times;
    };
    while let Ok(Some(packet)) = source.next_packet() {
        pipeline.handle_packet(&packet, &mut |observation: &_| {
            detector.observe(observation, &mut tell)
        });
    }
    pipeline.finish(&mut |observation: &_| detector.observe(observation, &mut tell));
    detector.finish(&mut tell);
    seen
}

/// What the file's name says that was done, and the technique of that. The captures are those of ITI's
/// ICS-Security-Tools and of Zeek's and Suricata's tests, named by who made them.
const LABELLED: [(&str, &str); 11] = [
    (
        "enip_cip/ITI_ICS-Security-Tools/EIP-ChangeDateAttempt.pcap",
        "T0836",
    ),
    (
        "enip_cip/ITI_ICS-Security-Tools/EIP-ChangeTimeAttempt.pcap",
        "T0836",
    ),
    (
        "enip_cip/ITI_ICS-Security-Tools/EIP-FirmwareChange.pcap",
        "T0857",
    ),
    (
        "enip_cip/ITI_ICS-Security-Tools/EIP-FirmwareChange.pcap",
        "T0816",
    ),
    (
        "enip_cip/ITI_ICS-Security-Tools/EIP-FirmwareChangeFailure.pcap",
        "T0857",
    ),
    (
        "enip_cip/ITI_ICS-Security-Tools/EIP-RemoteModeChangeAttempt.pcap",
        "T0858",
    ),
    (
        "enip_cip/ITI_ICS-Security-Tools/EIP-RebootorRestart.pcap",
        "T0858",
    ),
    ("enip_cip/ITI_ICS-Security-Tools/cip_stop_plc.pcap", "T0858"),
    (
        "enip_cip/OISF_suricata-verify/enip-alert__enip_test1.pcap",
        "T0888",
    ),
    ("modbus/cisagov_icsnpp-modbus/modbus_example.pcap", "T0888"),
    // A scan of a thousand ports by a scanner beside the polls.
    (
        "modbus/idaholab_Malcolm-Test-Artifacts/Modicon.pcap",
        "T0846",
    ),
];

#[test]
fn r_zon_13_what_a_label_says_is_seen() {
    let test = "r_zon_13_what_a_label_says_is_seen";
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip(test);
    };
    for (capture, technique) in LABELLED {
        let seen = seen(&corpus.join(capture));
        let techniques: BTreeSet<&str> = seen.keys().map(|key| key.1.as_str()).collect();
        assert!(
            techniques.contains(technique),
            "{capture}: {technique} not in {seen:?}"
        );
    }
}

/// Polls of plants and plain conversations, in which nobody is up to anything.
const CALM: [&str; 7] = [
    "modbus/ITI_ICS-Security-Tools/ModbusTCP.pcap",
    "modbus/ITI_ICS-Security-Tools/modbus_test.pcap",
    "modbus/zeek_zeek/modbusBig.pcap",
    "modbus/idaholab_Malcolm-Test-Artifacts/Advantech.pcap",
    "enip_cip/ITI_ICS-Security-Tools/cip-multiple-1.pcap",
    "ethercat/ethercrab-rs_ethercrab/twincat-scan-devices.pcapng",
    "opcua/Wireshark_wireshark/python_opcua-client-server_minimal.pcap",
];

#[test]
fn where_nobody_is_up_to_anything_nothing_is_seen() {
    let test = "where_nobody_is_up_to_anything_nothing_is_seen";
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip(test);
    };
    let there = CALM.iter().filter(|capture| corpus.join(capture).is_file());
    let mut looked_at = 0;
    for capture in there {
        assert_eq!(seen(&corpus.join(capture)), Seen::new(), "{capture}");
        looked_at += 1;
    }
    assert!(looked_at >= 6, "{looked_at} of the captures are there");
}

/// MITRE's indicators for CIP (cisagov/ACID, mDOTS): class and service.
const INDICATORS: [(&str, &str, &[&str]); 4] = [
    ("cip-change-mode", "0x8e", &["0x06", "0x07"]),
    ("cip-program-download", "0xac", &["0x08"]),
    ("cip-modify-parameter", "0x6a", &["0x51"]),
    ("cip-force", "0x68", &["0x4d", "0x4e"]),
];

/// Requests in Zeek's log with one of an indicator's services and its class; none where there is no log.
fn zeek(corpus: &Path, capture: &Path, indicator: (&str, &[&str])) -> Option<u64> {
    let folder = corpus
        .join(capture.parent().unwrap())
        .join("expected/zeek822");
    let log = folder.join(capture.file_name().unwrap()).join("cip.log.gz");
    let lines = BufReader::new(GzDecoder::new(File::open(log).ok()?)).lines();
    let (mut names, mut count) = (Vec::new(), 0);
    for line in lines.map(Result::unwrap) {
        if let Some(fields) = line.strip_prefix("#fields\t") {
            names = fields.split('\t').map(str::to_owned).collect();
        }
        let row: Vec<&str> = line.split('\t').collect();
        let of = |name: &str| {
            let column = names.iter().position(|known: &String| known == name)?;
            row.get(column).copied()
        };
        let asked = of("direction") == Some("request");
        let same = of("class_id") == Some(indicator.0)
            && of("cip_service_code").is_some_and(|service| indicator.1.contains(&service));
        count += u64::from(!line.starts_with('#') && asked && same);
    }
    Some(count)
}

#[test]
fn what_zeek_logs_of_mitres_indicators_is_seen() {
    let test = "what_zeek_logs_of_mitres_indicators_is_seen";
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip(test);
    };
    let (mut theirs, mut ours) = (0, 0);
    for (capture, _) in oracle::manifest(&corpus) {
        if !capture.starts_with("enip_cip") {
            continue;
        }
        let seen = seen(&corpus.join(&capture));
        for (rule, class, services) in INDICATORS {
            let Some(logged) = zeek(&corpus, &capture, (class, services)) else {
                continue;
            };
            let times = seen
                .iter()
                .filter(|(key, _)| key.0 == rule)
                .map(|(_, times)| times);
            let times: u64 = times.sum();
            assert!(
                times >= logged,
                "{}: {rule}: {times} of {logged}",
                capture.display()
            );
            theirs += logged;
            ours += times;
        }
    }
    eprintln!(
        "MITRE's indicators for CIP: {theirs} in Zeek's logs, each seen; {ours} here, with those in Unconnected Send"
    );
    assert!(theirs > 0);
}
