//! Logs of real machines against another reader of them, and every way to spoil one.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use iia_attest::tpm::log::{EventKind, EventLog, Shown};
use iia_attest::tpm::{TpmError, hash_name};
use iia_core::digest::hex;

/// The log whose PCR 0 the other reader gets wrong: it says that the TPM was started from locality 3, so PCR 0 starts
/// with 3 in its last byte (PC Client Platform Firmware Profile, 10.4.5.3), and tpm2_eventlog 5.4 starts with zero.
const LOCALITY_3: &str = "go-eventlog_glinux-alex.bin";

/// The log that the other reader falls over with a segmentation fault: its last event, EV_NO_ACTION, is of register
/// 0xffffffff, as Windows writes it. It has told 60 events and no register by then; ours are 61.
const FALLS: &str = "go-eventlog_option_rom_eventlog";

/// One event as the other reader tells it.
#[derive(Default)]
struct Theirs {
    fields: BTreeMap<String, String>,
    digests: Vec<(String, String)>,
}

/// What it tells of a log: events, and `bank pcr` to value.
fn theirs(text: &str) -> (Vec<Theirs>, BTreeMap<String, String>) {
    let (mut events, mut pcrs, mut bank) = (Vec::<Theirs>::new(), BTreeMap::new(), None);
    for line in text.lines() {
        let said = line.trim().trim_start_matches("- ");
        if line == "pcrs:" {
            bank = Some(String::new());
            continue;
        }
        let Some((key, value)) = said.split_once(':') else {
            continue;
        };
        let (key, value) = (key.trim(), value.trim().trim_matches(['"', '\'']));
        match &mut bank {
            Some(bank) if value.is_empty() => *bank = key.into(),
            Some(bank) => {
                let value = value.trim_start_matches("0x");
                pcrs.insert(format!("{bank} {key}"), value.to_owned());
            }
            None if key == "PCRIndex" => {
                events.push(Theirs::default());
            }
            None => {}
        }
        let (None, Some(event)) = (&bank, events.last_mut()) else {
            continue;
        };
        match key {
            "AlgorithmId" => event.digests.push((value.into(), String::new())),
            "Digest" => match event.digests.last_mut() {
                Some((_, digest)) if digest.is_empty() => *digest = value.into(),
                _ => event.digests.push(("sha1".into(), value.into())),
            },
            _ => {
                event.fields.entry(key.into()).or_insert(value.into());
            }
        }
    }
    (events, pcrs)
}

fn logs(dir: &Path) -> Vec<(String, Vec<u8>, String)> {
    let mut logs = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let yaml = dir.join(format!("{name}.tpm2_eventlog-5.4.yaml"));
        if let Ok(yaml) = fs::read_to_string(yaml) {
            logs.push((name, fs::read(&path).unwrap(), yaml));
        }
    }
    logs.sort();
    logs
}

#[test]
fn logs_replay_as_another_reader_says_but_for_one_clause() {
    const TEST: &str = "logs_replay_as_another_reader_says_but_for_one_clause";
    let Some(dir) = common::vectors(TEST, "eventlog") else {
        return;
    };
    let (mut same, mut registers, mut explained) = (0, 0, Vec::new());
    for (name, bytes, yaml) in logs(&dir) {
        let log = EventLog::parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let replayed: BTreeMap<_, _> = log
            .replay()
            .iter()
            .map(|(bank, pcr, value)| (format!("{} {pcr}", bank.as_str()), hex(value)))
            .collect();
        let (_, theirs) = theirs(&yaml);
        if theirs.is_empty() {
            assert_eq!(name, FALLS);
            continue;
        }
        registers += theirs.len();
        let keys = |map: &BTreeMap<String, String>| map.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&replayed), keys(&theirs), "{name}");
        let differing: Vec<_> = theirs
            .iter()
            .filter(|(key, value)| replayed.get(*key) != Some(*value))
            .map(|(key, _)| format!("{name}: {key}"))
            .collect();
        same += usize::from(differing.is_empty());
        explained.extend(differing);
        if name == LOCALITY_3 {
            assert_eq!(log.locality(), Some(3));
        }
    }
    assert!(same >= 16 && registers > 100, "{same} {registers}");
    let wanted = ["sha1 0", "sha256 0"].map(|key| format!("{LOCALITY_3}: {key}"));
    assert_eq!(explained, wanted);
}

#[test]
fn every_event_is_the_one_another_reader_shows() {
    let Some(dir) = common::vectors("every_event_is_the_one_another_reader_shows", "eventlog")
    else {
        return;
    };
    let mut shown = BTreeMap::<&str, usize>::new();
    for (name, bytes, yaml) in logs(&dir) {
        let log = EventLog::parse(&bytes).unwrap();
        let (theirs, _) = theirs(&yaml);
        let told = log.events().len() - usize::from(name == FALLS);
        assert_eq!(told, theirs.len(), "{name}");
        for (number, (event, theirs)) in log.events().iter().zip(&theirs).enumerate() {
            let at = format!("{name}: event {number}");
            let field = |key: &str| theirs.fields.get(key).map(String::as_str);
            assert_eq!(field("EventType"), event.kind().name(), "{at}");
            assert_eq!(field("EventSize"), Some(&*event.data().len().to_string()));
            let digests = event.digests().iter().map(|(id, digest)| {
                let bank = hash_name(*id).unwrap().as_str().to_owned();
                (bank, hex(digest))
            });
            assert_eq!(digests.collect::<Vec<_>>(), theirs.digests, "{at}");
            *shown
                .entry(compare(&event.show(), &field, &at))
                .or_default() += 1;
        }
    }
    for kind in [
        "variable",
        "image",
        "blob",
        "separator",
        "text",
        "spec",
        "tagged",
        "partitions",
    ] {
        assert!(
            shown.get(kind).is_some_and(|count| *count > 5),
            "{kind}: {shown:?}"
        );
    }
}

fn compare<'a>(
    shown: &Shown<'_>,
    field: &dyn Fn(&str) -> Option<&'a str>,
    at: &str,
) -> &'static str {
    let number = |key: &str| {
        let text = field(key).unwrap_or_else(|| panic!("{at}: no {key}"));
        match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).unwrap(),
            None => text.parse().unwrap(),
        }
    };
    match shown {
        Shown::Variable {
            vendor,
            name,
            value,
        } => {
            assert_eq!(field("VariableName"), Some(vendor.as_str()), "{at}");
            assert_eq!(field("UnicodeName"), Some(name.as_str()), "{at}");
            assert_eq!(number("VariableDataLength"), value.len() as u64, "{at}");
            if let Some(data) = field("VariableData") {
                assert_eq!(data, hex(value), "{at}");
            }
            "variable"
        }
        Shown::Image {
            address,
            len,
            link_address,
            path,
        } => {
            assert_eq!(number("ImageLocationInMemory"), *address, "{at}");
            assert_eq!(number("ImageLengthInMemory"), *len, "{at}");
            assert_eq!(number("ImageLinkTimeAddress"), *link_address, "{at}");
            assert_eq!(field("DevicePath"), Some(hex(path).as_str()), "{at}");
            "image"
        }
        Shown::Blob { address, len, .. } => {
            assert_eq!(
                (number("BlobBase"), number("BlobLength")),
                (*address, *len),
                "{at}"
            );
            "blob"
        }
        Shown::SpecId {
            version: (major, minor, errata),
        } => {
            assert_eq!(number("specVersionMajor"), u64::from(*major), "{at}");
            assert_eq!(number("specVersionMinor"), u64::from(*minor), "{at}");
            assert_eq!(number("specErrata"), u64::from(*errata), "{at}");
            "spec"
        }
        Shown::Separator { failed } => {
            assert!(!failed, "{at}");
            "separator"
        }
        Shown::Text(_) => "text",
        Shown::Tagged { .. } => "tagged",
        Shown::Partitions { .. } => "partitions",
        Shown::StartupLocality(_) => "locality",
        _ => "bytes",
    }
}

#[test]
fn what_firmware_shows_is_what_it_measured() {
    let Some(dir) = common::vectors("what_firmware_shows_is_what_it_measured", "eventlog") else {
        return;
    };
    let (mut right, mut wrong) = (0, Vec::new());
    for (name, bytes, _) in logs(&dir) {
        let log = EventLog::parse(&bytes).unwrap();
        for (number, event) in log.events().iter().enumerate() {
            for (id, _) in event.digests() {
                match event.shows_what_was_measured(hash_name(*id).unwrap()) {
                    Some(true) => right += 1,
                    Some(false) => wrong.push(format!("{name} {number} {}", event.kind())),
                    None => {}
                }
            }
        }
    }
    assert!(right > 400, "{right}");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn cut_anywhere_a_log_is_refused_or_lacks_whole_events() {
    let Some(dir) = common::vectors(
        "cut_anywhere_a_log_is_refused_or_lacks_whole_events",
        "eventlog",
    ) else {
        return;
    };
    // Every byte of the short ones; of the long ones there would be too many.
    let short = logs(&dir)
        .into_iter()
        .filter(|(_, bytes, _)| bytes.len() < 16_000);
    for (name, bytes, _) in short {
        let whole = EventLog::parse(&bytes).unwrap();
        let ends: Vec<usize> = whole.events().iter().map(|event| event.offset()).collect();
        for cut in 0..bytes.len() {
            match EventLog::parse(&bytes[..cut]) {
                Ok(log) => {
                    assert!(ends.contains(&cut), "{name} cut at {cut}");
                    let kept = &whole.events()[..log.events().len()];
                    assert_eq!(log.events(), kept, "{name} cut at {cut}");
                }
                Err(error) => assert!(matches!(error, TpmError::BadLog { .. }), "{name}: {error}"),
            }
        }
    }
}

#[test]
fn a_bit_turned_in_what_extends_changes_a_register_or_is_refused() {
    const TEST: &str = "a_bit_turned_in_what_extends_changes_a_register_or_is_refused";
    let Some(dir) = common::vectors(TEST, "eventlog") else {
        return;
    };
    let (_, bytes, _) = logs(&dir)
        .into_iter()
        .find(|(name, ..)| name == LOCALITY_3)
        .unwrap();
    let whole = EventLog::parse(&bytes).unwrap();
    let replayed = whole.replay();
    for event in whole.events().iter().filter(|event| event.extends()) {
        // PCR, kind, count, the first digest's algorithm, its first bytes; the kind is what no register has.
        for at in (0..4).chain(8..40) {
            let mut bent = bytes.clone();
            bent[event.offset() + at] ^= 0x40;
            let same = EventLog::parse(&bent).is_ok_and(|log| log.replay() == replayed);
            assert!(!same, "byte {at} of the event at {}", event.offset());
        }
    }
}

fn event(pcr: u32, kind: u32, digests: &[(u16, &[u8])], data: &[u8]) -> Vec<u8> {
    let mut bytes = [pcr.to_le_bytes(), kind.to_le_bytes()].concat();
    bytes.extend((digests.len() as u32).to_le_bytes());
    for (id, digest) in digests {
        bytes.extend(id.to_le_bytes());
        bytes.extend(*digest);
    }
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}

fn spec_id(banks: &[(u16, u16)]) -> Vec<u8> {
    let mut data = b"Spec ID Event03\0\0\0\0\0\0\x02\0\x02".to_vec();
    data.extend((banks.len() as u32).to_le_bytes());
    for (id, len) in banks {
        data.extend(id.to_le_bytes());
        data.extend(len.to_le_bytes());
    }
    data.push(0);
    old(0, 3, &data)
}

fn old(pcr: u32, kind: u32, data: &[u8]) -> Vec<u8> {
    let mut bytes = [pcr.to_le_bytes(), kind.to_le_bytes()].concat();
    bytes.extend([0; 20]);
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn what_cannot_be_is_refused_with_the_place() {
    let head = spec_id(&[(0x000b, 32), (0x0012, 32)]);
    let digest: (u16, &[u8]) = (0x000b, &[1; 32]);
    let unknown: (u16, &[u8]) = (0x0012, &[2; 32]);
    let good = [head.clone(), event(0, 8, &[digest, unknown], b"v1")].concat();
    let log = EventLog::parse(&good).unwrap();
    // A bank that is not known here is kept and not replayed.
    assert_eq!(log.events()[1].digests().len(), 2);
    assert_eq!(log.replay().iter().count(), 1);
    let bad = [
        (
            "a digest of a bank that was not named",
            event(0, 8, &[(0x000c, &[1; 48])], b""),
        ),
        ("one bank twice", event(0, 8, &[digest, digest], b"")),
        (
            "more digests than banks",
            event(0, 8, &[digest, unknown, digest], b""),
        ),
        ("a register that no TPM has", event(24, 8, &[digest], b"")),
    ];
    for (what, bytes) in bad {
        let error = EventLog::parse(&[head.clone(), bytes].concat()).unwrap_err();
        let TpmError::BadLog { event, offset, .. } = error else {
            panic!("{what}: {error}");
        };
        assert_eq!((event, offset), (1, head.len()), "{what}");
    }
    for banks in [
        vec![],
        vec![(0x000b, 20)],
        vec![(4, 20), (4, 20)],
        vec![(1, 1); 17],
    ] {
        let error = EventLog::parse(&spec_id(&banks)).unwrap_err();
        assert!(
            matches!(error, TpmError::BadLog { event: 0, .. }),
            "{error}"
        );
    }
    let locality = |value: u8| {
        let data = [b"StartupLocality\0".as_slice(), &[value]].concat();
        event(0, 3, &[(0x000b, &[0; 32])], &data)
    };
    let two = [head.clone(), locality(3), locality(4)].concat();
    assert!(matches!(
        EventLog::parse(&two),
        Err(TpmError::BadLog { event: 2, .. })
    ));
}

#[test]
fn limits_hold_at_max_and_one_over() {
    let one = old(0, 1, b"");
    let most = one.repeat(16_384);
    assert_eq!(EventLog::parse(&most).unwrap().events().len(), 16_384);
    let over = [most, one].concat();
    assert!(matches!(
        EventLog::parse(&over),
        Err(TpmError::TooMuch { .. })
    ));
    let long = vec![0; (4 << 20) + 1];
    assert!(matches!(
        EventLog::parse(&long),
        Err(TpmError::TooMuch { .. })
    ));
}

#[test]
fn an_unknown_kind_is_kept_and_replayed() {
    let log = [old(4, 0x1234, b"who knows"), old(4, 4, &[0; 4])].concat();
    let log = EventLog::parse(&log).unwrap();
    let [first, last] = log.events() else {
        panic!()
    };
    assert_eq!(first.kind().to_string(), "0x00001234");
    assert_eq!(first.show(), Shown::Bytes(b"who knows"));
    assert_eq!(
        (last.kind(), last.show()),
        (EventKind::SEPARATOR, Shown::Separator { failed: false })
    );
    assert_eq!(log.replay().iter().count(), 1);
}
