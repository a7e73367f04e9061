//! Rules of YARA over what is carried, held against the program of YARA's authors on the same bytes.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod wire;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use iia_capture::detect::{Analyzer as _, FILE_LEN_MAX, FILES_LEN_MAX, FILES_MAX, Yara, YaraRules};
use iia_core::Timestamp;
use iia_core::observe::{
    Between, Field, Flow, Observation, Outcome, Protocol, Said, Transport, Value,
};
use wire::Random;

/// Every kind of condition that a wire can meet: bytes with gaps and choices, text in other cases and widths, expressions, places,
/// numbers of them, sizes, numbers read from the bytes.
const RULES: &str = r#"
rule at_the_start { strings: $a = { 4d 5a ?? 00 [2-4] ( 01 | 02 ) } condition: $a at 0 }
rule text_of_any_case { strings: $a = "UpDaTe" nocase wide ascii condition: $a }
rule hidden { strings: $a = "secret" xor(1-3) condition: $a }
rule expression { strings: $a = /ab[0-9]{2,3}c?d/ condition: $a }
rule word { strings: $a = "press" fullword condition: $a }
rule often { strings: $a = { aa bb } condition: #a > 2 and filesize < 4KB }
rule several { strings: $a = "one" $b = "two" $c = "three" condition: 2 of them }
rule number { condition: filesize > 40 and uint16be(0) == 0x4d5a }
rule behind { strings: $a = "one" $b = "two" condition: for any i in (1..#a) : ( @b > @a[i] ) }
rule nothing_else { condition: not ( text_of_any_case or several ) and filesize < 20 }
"#;

/// Pieces of what rules look for, and of nothing.
const WORDS: [&[u8]; 14] = [
    b"MZ\x90\x00\x07\x07\x01",
    b"MZ\x00\x00\x07\x07\x07\x07\x02",
    b"UPDATE",
    b"u\0p\0d\0a\0t\0e\0",
    b"qgapgv",
    b"ab123cd",
    b"ab1d",
    b" press ",
    b"pressure",
    b"\xaa\xbb",
    b"one",
    b"two",
    b"three",
    b"\0\x01\x02",
];

/// Something that is carried.
fn carried(random: &mut Random) -> Vec<u8> {
    let words = (0..random.below(9)).map(|_| WORDS[random.below(WORDS.len())]);
    words.collect::<Vec<_>>().concat()
}

/// A message between two who are known by a number, as a decoder tells it.
fn said(
    (number, at): (usize, i64),
    (protocol, what): (Protocol, &'static str),
    name: &'static str,
    bytes: &[u8],
    tell: &mut dyn FnMut(&Observation<'_>),
) {
    let [_, _, high, low] = u32::try_from(number).unwrap().to_be_bytes();
    let flow = Flow {
        orig_h: [10, 1, high, low].into(),
        orig_p: 40_000,
        resp_h: [10, 0, 0, 2].into(),
        resp_p: 1883,
        transport: Transport::Tcp,
        vlan: 0,
    };
    let fields = [Field {
        name,
        value: Value::text(bytes),
    }];
    tell(&Observation::Said(Said {
        ts: Timestamp::from_secs(at),
        between: Between::Flow(flow),
        from_orig: true,
        protocol,
        what,
        outcome: Outcome::Stated,
        latency_ns: None,
        asked: &fields,
        answered: &[],
    }));
}

/// The rules that hold, by who sent it: the lower half of an address.
type Found = BTreeSet<(usize, String)>;

/// What the engine tells of these, each sent by somebody of its own in pieces of `step` bytes.
fn told(all: &[Vec<u8>], name: &'static str, step: usize) -> Found {
    let mut engine = Yara::new(YaraRules::parse(RULES).unwrap());
    let mut found = Found::new();
    let mut tell = |sighting: &iia_capture::detect::Sighting<'_>| {
        let address = sighting.client.to_string();
        let mut parts = address
            .rsplit('.')
            .map(|part| part.parse::<usize>().unwrap());
        let (low, high) = (parts.next().unwrap(), parts.next().unwrap());
        found.insert((high * 256 + low, sighting.rule.name.clone()));
    };
    for (number, bytes) in all.iter().enumerate() {
        for (at, piece) in (1..).zip(bytes.chunks(step.max(1))) {
            said(
                (number, at),
                (Protocol::Mqtt, "publish"),
                name,
                piece,
                &mut |seen| engine.observe(seen, &mut tell),
            );
        }
    }
    engine.finish(&mut tell);
    assert_eq!(engine.given_up(), 0);
    found
}

/// What YARA finds in the same bytes.
fn theirs(all: &[Vec<u8>]) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let things = folder.path().join("things");
    std::fs::create_dir(&things).unwrap();
    for (number, bytes) in all.iter().enumerate() {
        std::fs::write(things.join(number.to_string()), bytes).unwrap();
    }
    let rules = folder.path().join("rules");
    std::fs::write(&rules, RULES).unwrap();
    let output = Command::new("yara")
        .arg(&rules)
        .arg(&things)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let found = text.lines().map(|line| line.split_once(' ').unwrap());
    let number = |path: &str| {
        Path::new(path)
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .parse()
            .unwrap()
    };
    found
        .map(|(rule, path)| (number(path), rule.to_owned()))
        .collect()
}

/// Whether YARA is there; says so aloud when it is not.
fn yara(test: &str) -> bool {
    let there = Command::new("yara").arg("--version").output().is_ok();
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(there || !all, "{test}: yara is missing");
    if !there {
        eprintln!("SKIPPED: {test}: yara");
    }
    there
}

#[test]
fn r_zon_14_yara_finds_the_same_rules_in_what_is_carried() {
    if !yara("r_zon_14_yara_finds_the_same_rules_in_what_is_carried") {
        return;
    }
    let mut random = Random(5);
    let all: Vec<_> = (0..2000)
        .map(|_| carried(&mut random))
        .filter(|one| !one.is_empty())
        .collect();
    let (ours, theirs) = (told(&all, "mqtt.msg", usize::MAX), theirs(&all));
    let rules: BTreeSet<&str> = theirs.iter().map(|one| one.1.as_str()).collect();
    assert_eq!(rules.len(), 10, "{rules:?}");
    assert_eq!(ours, theirs);
}

#[test]
fn r_zon_14_a_file_in_pieces_is_looked_at_as_a_whole() {
    if !yara("r_zon_14_a_file_in_pieces_is_looked_at_as_a_whole") {
        return;
    }
    let mut random = Random(6);
    let all: Vec<_> = (0..FILES_MAX)
        .map(|_| carried(&mut random))
        .filter(|one| !one.is_empty())
        .collect();
    for step in [3, 7, 16] {
        let ours = told(&all, "iia.ecat_mailbox.foe.data", step);
        // A piece alone may meet a rule that the whole does not.
        let missing: Vec<_> = theirs(&all).difference(&ours).cloned().collect();
        assert_eq!(missing, [], "{step}");
    }
}

#[test]
fn files_without_end_stay_within_the_limits() {
    let rules = YaraRules::parse("rule end { strings: $a = \"the end\" condition: $a }").unwrap();
    let mut engine = Yara::new(rules);
    let (mut sightings, piece) = (0, vec![b'x'; FILE_LEN_MAX / 4]);
    for at in 0..8 {
        for number in 0..FILES_LEN_MAX / FILE_LEN_MAX + 2 {
            let kind = (Protocol::ModbusTcp, "read_file_record");
            said((number, at), kind, "modbus.data", &piece, &mut |seen| {
                engine.observe(seen, &mut |_| sightings += 1);
            });
        }
    }
    // Beyond the limit of a file its pieces are looked at one by one.
    said(
        (0, 9),
        (Protocol::ModbusTcp, "read_file_record"),
        "modbus.data",
        b"the end",
        &mut |seen| {
            engine.observe(seen, &mut |_| sightings += 1);
        },
    );
    engine.finish(&mut |_| sightings += 1);
    assert_eq!(sightings, 1);
}

#[test]
fn what_is_no_rule_of_yara_is_named_with_its_line() {
    for (text, line) in [
        (
            "rule a { condition: true }\nrule b { condition: nothing }",
            2,
        ),
        ("include \"other\"", 1),
        ("rule a { condition: pe.is_pe }", 1),
        ("\n\nrule a { strings: $a = { 4d ", 3),
    ] {
        let error = YaraRules::parse(text).unwrap_err();
        assert_eq!(error.line, line, "{text}: {error}");
    }
}
