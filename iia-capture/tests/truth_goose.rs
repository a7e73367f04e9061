//! GOOSE, held against tshark: its tables beside the captures, and the tshark of this machine for every other field.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod ethercat_ring;
mod oracle;
mod truth;
mod tshark;
mod wire;

use std::collections::BTreeMap;

use ethercat_ring::{Record, run};
use iia_core::observe::{Outcome, Protocol};
use truth::{Explained, Values};
use wire::Random;

const FIELDS: &[&str] = &[
    "goose.appid",
    "goose.length",
    "goose.gocbRef",
    "goose.timeAllowedtoLive",
    "goose.datSet",
    "goose.goID",
    "goose.t",
    "goose.stNum",
    "goose.sqNum",
    "goose.simulation",
    "goose.confRev",
    "goose.ndsCom",
    "goose.numDatSetEntries",
];

const EXPLAINED: &[Explained] = &[
    ("GOOSE_missing_conf_rev.pcap", "goose.ndsCom", 1, BEHIND),
    ("GOOSE_missing_dataset.pcap", "goose.goID", 1, BEHIND),
    (
        "GOOSE_missing_timestamp.pcap",
        "goose.simulation",
        1,
        BEHIND,
    ),
    ("GOOSE_missing_timestamp.pcap", "goose.sqNum", 1, BEHIND),
    ("GOOSE_missing_timestamp.pcap", "goose.stNum", 1, BEHIND),
];
const BEHIND: &str =
    "where a field is missing, tshark loses those behind it; their tags say what they are";

/// Moments as tshark writes them: `May 26, 2011 00:55:54.859000027 UTC`.
fn moments(values: &mut Values) {
    for (place, all) in values.iter_mut() {
        if !matches!(place.1.as_str(), "goose.t" | "goose.utc_time") {
            continue;
        }
        for text in all {
            const MONTHS: [&str; 12] = [
                "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
            ];
            // `2011-05-26T00:55:54.859000027Z`
            let part = |from: usize, to: usize| text.get(from..to).unwrap();
            let month = MONTHS[part(5, 7).parse::<usize>().unwrap() - 1];
            let day: u8 = part(8, 10).parse().unwrap();
            *text = format!("{month} {day:>2}, {} {} UTC", part(0, 4), part(11, 29));
        }
    }
}

#[test]
fn every_field_of_tshark_is_ours_or_explained() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("every_field_of_tshark_is_ours_or_explained");
    };
    let agreement = truth::agree_also(&corpus, "goose", FIELDS, moments);
    truth::hold(&agreement, EXPLAINED, "goose.md");
}

/// Fields that differ by design, and why; the page says the same.
const BY_DESIGN: &[(&str, &str)] = &[
    ("goose.stNum", BEHIND),
    ("goose.sqNum", BEHIND),
    ("goose.simulation", BEHIND),
    ("goose.ndsCom", BEHIND),
    ("goose.goID", BEHIND),
    ("goose.allData", BEHIND),
    ("goose.Data", BEHIND),
    ("goose.boolean", BEHIND),
    ("goose.bit_string", BEHIND),
];

#[test]
fn every_other_field_of_this_machines_tshark_is_ours_or_differs_by_design() {
    let test = "every_other_field_of_this_machines_tshark_is_ours_or_differs_by_design";
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip(test);
    };
    if !tshark::present() {
        return tshark::skip(test);
    }
    let fields = tshark::fields(&["goose"]);
    let (mut same, mut different) = (0, BTreeMap::new());
    for (path, _) in oracle::manifest(&corpus)
        .iter()
        .filter(|row| row.1 == "goose")
    {
        let path = corpus.join(path);
        let mut ours = truth::ours(&path);
        moments(&mut ours);
        let mut here = BTreeMap::new();
        same += tshark::compare(&ours, &tshark::read(&path, "goose", &fields), &mut here);
        // Only broken messages differ, and only in these.
        for (field, what) in here {
            let broken = path.to_str().unwrap().contains("GOOSE_");
            let known = BY_DESIGN.iter().any(|row| row.0 == field);
            if !(broken && known) {
                different.insert(field, what);
            }
        }
    }
    eprintln!("{same} values of {} fields", fields.len());
    assert!(different.is_empty() && same > 20_000, "{different:#?}");
}

#[test]
fn nothing_else_is_called_goose() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("nothing_else_is_called_goose");
    };
    for (path, protocol) in oracle::manifest(&corpus) {
        if protocol == "goose" {
            continue;
        }
        let mut frames = Vec::new();
        truth::read(&corpus.join(&path), &mut |said| {
            if said.protocol == Protocol::Goose {
                frames.push(said.ts.as_ns());
            }
        });
        if frames.is_empty() {
            continue;
        }
        assert!(tshark::present(), "{}", path.display());
        let seen = tshark::read(&corpus.join(&path), "goose", &["goose.appid".to_owned()]);
        for ts in frames {
            let place = ((ts, String::new()), "goose.appid".to_owned());
            assert!(seen.contains_key(&place), "{} {ts}", path.display());
        }
    }
}

#[test]
fn messages_are_what_zeek_logs() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("messages_are_what_zeek_logs");
    };
    let mut rows = 0;
    for (path, _) in oracle::manifest(&corpus)
        .iter()
        .filter(|row| row.1 == "goose")
    {
        let stem = path
            .file_stem()
            .unwrap()
            .to_str()
            .unwrap()
            .replace('_', "-");
        let log = format!("expected/zeek/tests.test-{stem}/goose.log");
        let log = corpus.join(path.parent().unwrap()).join(log);
        let Ok(text) = std::fs::read_to_string(log) else {
            continue;
        };
        let mut all: Vec<(Outcome, BTreeMap<&str, String>)> = Vec::new();
        truth::read(&corpus.join(path), &mut |said| {
            let fields = said.asked.iter();
            let fields = fields.map(|field| (field.name, field.value.to_string()));
            all.push((said.outcome, fields.collect()));
        });
        let names = text
            .lines()
            .find_map(|line| line.strip_prefix("#fields\t"))
            .unwrap();
        let names: Vec<_> = names.split('\t').collect();
        let logged = text.lines().filter(|line| !line.starts_with('#'));
        let logged: Vec<_> = logged.collect();
        assert_eq!(logged.len(), all.len(), "{stem}");
        for (line, (outcome, ours)) in logged.iter().zip(&all) {
            let row: BTreeMap<_, _> = names.iter().copied().zip(line.split('\t')).collect();
            let status = row["parse_status"];
            // Zeek lets a message without a moment pass, which must have one.
            let sound = status == "ok" && stem != "GOOSE-missing-timestamp";
            assert_eq!(*outcome == Outcome::Stated, sound, "{stem}");
            rows += 1;
            if status == "failed" {
                continue;
            }
            for (theirs, name) in [
                ("length", "goose.length"),
                ("gocb_ref", "goose.gocbRef"),
                ("time_allowed_to_live", "goose.timeAllowedtoLive"),
                ("dataset", "goose.datSet"),
                ("go_id", "goose.goID"),
                ("st_num", "goose.stNum"),
                ("sq_num", "goose.sqNum"),
                ("conf_rev", "goose.confRev"),
                ("num_dat_set_entries", "goose.numDatSetEntries"),
            ] {
                let nothing = ["0", "(empty)", "-"].contains(&row[theirs]);
                let equal = ours.get(name).map_or(nothing, |value| value == row[theirs]);
                assert!(equal, "{stem} {name}: {:?} {}", ours.get(name), row[theirs]);
            }
        }
    }
    assert_eq!(rows, 16);
}

/// An element.
fn tlv(tag: u8, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).unwrap().to_be_bytes();
    match body.len() {
        0..=127 => [&[tag, len[1]][..], body].concat(),
        _ => [&[tag, 0x82][..], &len, body].concat(),
    }
}

/// A message of this state and sequence, with these values.
fn message(state: u8, sequence: u8, values: &[Vec<u8>]) -> Vec<u8> {
    let count = u8::try_from(values.len()).unwrap();
    let moment = [0x4d, 0xe2, 0xa3, 0xca, 0xdb, 0xe7, 0x6d, 0x0a];
    let pdu = [
        tlv(0x80, b"IED/LLN0$GO$gcb"),
        tlv(0x81, &[0x07, 0xd0]),
        tlv(0x82, b"IED/LLN0$ds"),
        tlv(0x83, b"id"),
        tlv(0x84, &moment),
        tlv(0x85, &[state]),
        tlv(0x86, &[sequence]),
        tlv(0x87, &[0]),
        tlv(0x88, &[1]),
        tlv(0x89, &[0]),
        tlv(0x8a, &[count]),
        tlv(0xab, &values.concat()),
    ];
    frame(&tlv(0x61, &pdu.concat()), 0)
}

fn frame(pdu: &[u8], reserved: u16) -> Vec<u8> {
    let len = u16::try_from(pdu.len() + 8).unwrap();
    let head = [0x3001, len, reserved, 0].map(u16::to_be_bytes).concat();
    let ends = [1, 0x0c, 0xcd, 1, 0, 1, 0, 0x10, 0, 0, 0, 1, 0x88, 0xb8];
    [&ends[..], &head, pdu].concat()
}

/// A value of every type, and one within the other.
fn values() -> Vec<Vec<u8>> {
    let moment = [0x4d, 0xe2, 0xa3, 0xca, 0xdb, 0xe7, 0x6d, 0x0a];
    let inner = [tlv(0x85, &[1]), tlv(0x85, &[2])].concat();
    vec![
        tlv(0x83, &[1]),
        tlv(0x84, &[6, 0x40]),
        tlv(0x85, &[0xff]),
        tlv(0x86, &[0x7f]),
        tlv(0x87, &[8, 0x3f, 0x80, 0, 0]),
        tlv(0x89, &[1, 2]),
        tlv(0x8a, b"hello"),
        tlv(0x8c, &[0, 0, 0, 1, 0, 2]),
        tlv(0x8d, &[0x12]),
        tlv(0x8e, &[0, 0x0f]),
        tlv(0x90, b"text"),
        tlv(0x91, &moment),
        tlv(0xa2, &[tlv(0x83, &[0]), tlv(0xa1, &inner)].concat()),
    ]
}

fn told(frames: &[Vec<u8>]) -> Vec<Record> {
    let frames = frames.iter().enumerate();
    let packets: Vec<_> = frames
        .map(|(at, bytes)| (at as i64 * 1_000_000_000, bytes.clone()))
        .collect();
    run(&packets)
}

#[test]
fn values_have_their_types() {
    let said = told(&[message(1, 0, &values())]);
    assert_eq!(said[0].outcome, Outcome::Stated);
    for (name, value) in [
        ("goose.allData", "13"),
        ("goose.boolean", "true|false"),
        ("goose.bit_string", "40"),
        ("goose.integer", "-1|1|2"),
        ("goose.unsigned", "127"),
        ("goose.float_value", "1"),
        ("goose.visible_string", "hello"),
        ("goose.structure", "2"),
        ("goose.array", "2"),
        ("goose.utc_time", "2011-05-29T19:51:38.859000027Z"),
        ("iia.goose.t.accuracy_bits", "10|10"),
    ] {
        assert_eq!(said[0].asked[name], value, "{name}");
    }
}

#[test]
fn made_values_are_what_this_machines_tshark_sees() {
    if !tshark::present() {
        return tshark::skip("made_values_are_what_this_machines_tshark_sees");
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("made.pcap");
    std::fs::write(&path, ethercat_ring::pcap(&[(0, message(1, 0, &values()))])).unwrap();
    let mut ours = truth::ours(&path);
    moments(&mut ours);
    let mut different = BTreeMap::new();
    let theirs = tshark::read(&path, "goose", &tshark::fields(&["goose"]));
    let same = tshark::compare(&ours, &theirs, &mut different);
    assert!(different.is_empty() && same > 50, "{same} {different:#?}");
}

#[test]
fn a_message_is_told_beside_the_one_before_it() {
    let frames = [(1, 0), (1, 1), (1, 3), (1, 3), (3, 0), (2, 9), (2, 5)];
    let mut frames: Vec<_> = frames
        .map(|(state, sequence)| message(state, sequence, &values()))
        .to_vec();
    frames.insert(2, frame(b"x", 0));
    frames.insert(2, frame(b"x", 0));
    let said = told(&frames);
    let expected: [(&str, &str); 9] = [
        ("", ""),
        ("", ""),
        ("", ""),
        ("", ""),
        ("iia.goose.missed", "1"),
        ("iia.goose.repeated", "true"),
        ("iia.goose.new_state", "true"),
        ("iia.goose.state_back", "true"),
        ("iia.goose.sequence_back", "true"),
    ];
    for (one, (name, value)) in said.iter().zip(expected) {
        let field = one.asked.get(name).map_or("", String::as_str);
        assert_eq!(field, value, "{name} {:?}", one.asked);
    }
    assert_eq!(said[4].asked["iia.goose.late"], "true");
    assert_eq!(said[6].asked["iia.goose.missed"], "1");
}

#[test]
fn what_breaks_the_rules_is_malformed_with_what_was_read() {
    let deep = (0..40).fold(tlv(0x83, &[1]), |inner, _| tlv(0xa2, &inner));
    let mut wrong_count = message(1, 0, &values());
    let at = wrong_count
        .windows(3)
        .position(|three| three == [0x8a, 1, 13])
        .unwrap();
    wrong_count[at + 2] = 12;
    let tester = frame(&message(1, 0, &[])[22..], 0x8000);
    for bytes in [
        message(1, 0, &[deep]),
        message(1, 0, &[tlv(0x83, &[])]),
        message(1, 0, &[tlv(0x9e, &[1])]),
        wrong_count,
        tester,
        frame(&tlv(0x62, b"x"), 0),
    ] {
        assert_eq!(told(&[bytes])[0].outcome, Outcome::Malformed);
    }
    let whole = message(1, 0, &values());
    for len in 14..whole.len() {
        let said = told(&[whole[..len].to_vec()]);
        assert_eq!(
            (said.len(), said[0].outcome),
            (1, Outcome::Malformed),
            "{len}"
        );
        let read = said[0].asked.contains_key("goose.stNum");
        assert!(read || len < 100, "{len}");
    }
}

#[test]
fn any_bent_bit_is_read_as_far_as_it_makes_sense() {
    let mut random = Random(19);
    let whole = message(1, 0, &values());
    for _ in 0..20_000 {
        let mut bent = whole.clone();
        for _ in 0..=random.below(4) {
            let place = 14 + random.below(bent.len() - 14);
            bent[place] ^= 1 << random.below(8);
        }
        assert_eq!(told(&[bent]).len(), 1);
    }
}
