//! Whoever watches the control network beside the collector: a real engine of signatures and an observer of the box's own, at
//! one interface. What is agreed brings no word; each thing that intruders do is told by the one, the other or both, and goes
//! the whole way: chain, lake and alert. Captures that others labelled are replayed, and what was not told is counted too.

mod links;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use iia::lake_report::word;
use iia_audit::frame::Record;
use iia_audit::verify::records;
use iia_config::format::canonical;
use iia_config::limits;
use iia_config::parse::parse;
use iia_core::event::EventKind;
use iia_core::stream::Stream;
use iia_identity::admission::Sha256;

use crate::demo::{Demo, Finished, signal};
use crate::wire::{Cable, skip_test};

const TEST: &str = "what_intruders_do_is_told_by_signature_or_by_contract_and_goes_the_whole_way";
const WITNESS: &str = "spiffe://iia.local/zone/witness/workload/ids";
const OBSERVER: &str = "spiffe://iia.local/zone/attest/workload/observer";
const RULES: &str = include_str!("intrusion/attack.rules");
/// How long what is agreed is said, and how long each contract may be silent.
const SECONDS: &str = "3";
const SILENCE: &str = "silence 4s";

/// What is done by itself, by which clause the observer tells it, and by which words the engine does.
const DEEDS: [(&str, &str, &str); 10] = [
    ("write", "read_only", ""),
    ("read", "read", ""),
    ("listen_only", "function", "T0814"),
    ("identity", "function", "T0888"),
    ("unit", "unit", ""),
    ("stranger", "parties", "iia not contracted"),
    ("knock", "parties", "iia not contracted"),
    ("garbage", "protocol", ""),
    ("rename", "parties", ""),
    // Between the same two as the stranger before, so that the engine counts it and says nothing new.
    ("tunnel", "parties", ""),
];

/// Who does it.
const ACTORS: [&str; 3] = ["10.20.0.10", "10.20.0.66", "02:00:00:00:00:09"];

/// Captures of the corpus, and what their label says was done; nothing where nobody is up to anything.
const LABELLED: [(&str, &[&str]); 17] = [
    (
        "enip_cip/ITI_ICS-Security-Tools/EIP-ChangeDateAttempt.pcap",
        &["T0836"],
    ),
    (
        "enip_cip/ITI_ICS-Security-Tools/EIP-ChangeTimeAttempt.pcap",
        &["T0836"],
    ),
    (
        "enip_cip/ITI_ICS-Security-Tools/EIP-FirmwareChange.pcap",
        &["T0857", "T0816"],
    ),
    (
        "enip_cip/ITI_ICS-Security-Tools/EIP-FirmwareChangeFailure.pcap",
        &["T0857"],
    ),
    (
        "enip_cip/ITI_ICS-Security-Tools/EIP-IPAddressChangeAttempt.pcap",
        &["T0836"],
    ),
    (
        "enip_cip/ITI_ICS-Security-Tools/EIP-RebootorRestart.pcap",
        &["T0858"],
    ),
    (
        "enip_cip/ITI_ICS-Security-Tools/EIP-RemoteModeChangeAttempt.pcap",
        &["T0858"],
    ),
    (
        "enip_cip/ITI_ICS-Security-Tools/EIP-SoftwareUpload.pcap",
        &["T0845"],
    ),
    (
        "enip_cip/ITI_ICS-Security-Tools/cip_stop_plc.pcap",
        &["T0858"],
    ),
    (
        "enip_cip/OISF_suricata-verify/enip-alert__enip_test1.pcap",
        &["T0888"],
    ),
    (
        "modbus/cisagov_icsnpp-modbus/modbus_example.pcap",
        &["T0888"],
    ),
    (
        "modbus/idaholab_Malcolm-Test-Artifacts/Modicon.pcap",
        &["T0846"],
    ),
    ("modbus/ITI_ICS-Security-Tools/ModbusTCP.pcap", &[]),
    ("modbus/ITI_ICS-Security-Tools/modbus_test.pcap", &[]),
    ("modbus/zeek_zeek/modbusBig.pcap", &[]),
    ("modbus/idaholab_Malcolm-Test-Artifacts/Advantech.pcap", &[]),
    ("enip_cip/ITI_ICS-Security-Tools/cip-multiple-1.pcap", &[]),
];
/// The second number of the addresses of the first of them.
const NUMBER_FIRST: usize = 100;

fn skip(missing: &str) {
    skip_test(TEST, missing);
}

fn corpus() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let dir = std::env::var_os("IIA_CORPUS").map_or_else(beside, PathBuf::from);
    dir.join("MANIFEST.tsv").is_file().then_some(dir)
}

/// The box of the example with a witness.
fn config(dir: &Path) -> PathBuf {
    let text = include_str!("../../../../examples/box-pi/box.icl");
    let text = text.replace("silence 10s", SILENCE);
    let digest = Sha256::of(RULES.as_bytes());
    let zone = "zone witness {\n  role ot.acs.witness\n  side inbound\n  bridge iz-witness\n  subnet 127.90.12.0/24\n  \
                workload ids 127.90.12.2\n}\n";
    let ruleset = format!(
        "ruleset signatures {{\n  kind ids\n  engine suricata\n  observer {WITNESS}\n  alerts acs.detection\n  digest {digest}\n}}\n"
    );
    let like = "iia.contract.internal.collect_to_audit";
    let contract = text
        .split_inclusive("\n}\n")
        .find(|entry| entry.contains(&format!("contract {like} ")))
        .unwrap();
    let contract = contract
        .replace(like, "iia.contract.internal.witness_to_audit")
        .replace(
            "spiffe://iia.local/zone/collect/workload/protocol_collector",
            WITNESS,
        );
    let text = format!("{text}\n{zone}\n{ruleset}\n{contract}");
    let document = parse(text.as_bytes(), limits::DOCUMENT_LEN_MAX).unwrap();
    let path = dir.join("witnessed.icl");
    fs::write(&path, canonical(&document)).unwrap();
    path
}

/// Puts the signatures where the box looks for them, as soon as it has a directory.
fn give_rules(demo: &Demo) {
    let dir = demo.evidence("seg01");
    let dir = dir.parent().unwrap().join("rules");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("signatures.rules"), RULES).unwrap();
}

/// Says it all; the moment of each.
fn say(interface: &str, captures: &[String]) -> BTreeMap<String, i64> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/walk/intrusion/wire.py");
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
    let said = Command::new(python)
        .arg(script)
        .args([interface, SECONDS])
        .args(captures)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{errors}");
    let said = String::from_utf8(said.stdout).unwrap();
    let line = |line: &str| {
        let (name, at) = line.split_once(' ')?;
        Some((name.to_owned(), at.parse().ok()?))
    };
    said.lines().filter_map(line).collect()
}

/// A record as the test looks at it.
struct Told {
    source: String,
    kind: EventKind,
    fields: BTreeMap<String, String>,
    written_ns: i64,
}

impl Told {
    fn of(record: Record) -> Self {
        let fields = record.body.event.fields.iter();
        Self {
            source: record.body.source.clone(),
            kind: record.body.event.kind,
            fields: fields
                .map(|field| (field.key.clone(), field.value.clone()))
                .collect(),
            written_ns: record.written.utc_ns,
        }
    }

    fn field(&self, key: &str) -> &str {
        self.fields.get(key).map_or("", String::as_str)
    }

    fn is_stated(&self, by: &str) -> bool {
        self.source == WITNESS && self.kind == EventKind::IntrusionAlert && self.field("type") == by
    }

    /// Told by the aggregator, for the first time.
    fn is_news(&self, stream: &Stream) -> bool {
        let is_finding = self.source == OBSERVER && self.kind == EventKind::Finding;
        is_finding && self.field("stream") == stream.as_str() && self.field("how") == "new"
    }
}

fn told(audit: &Path) -> Vec<Told> {
    let mut all = Vec::new();
    // While it is written the last record may be half there.
    let _half = records(audit, |record| all.push(Told::of(record)));
    all
}

fn until(what: &str, mut is: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is() {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A program on the box wants out, where no contract lets it.
fn knock_inside(demo: &Demo) -> i64 {
    let script = "ip link add out0 type veth peer name out1 && ip link set out1 up && ip address add 192.0.2.1/24 dev out0 && ip link set out0 up && exec \"$0\" -c \
                  'import socket,time\ns=socket.socket()\ns.settimeout(.3)\nprint(time.time_ns())\ns.connect_ex((\"192.0.2.9\",4433))'";
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
    let said = demo
        .inside("sh")
        .args(["-c", script, &python])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{errors}");
    String::from_utf8(said.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

#[test]
fn what_intruders_do_is_told_by_signature_or_by_contract_and_goes_the_whole_way() {
    let Some(corpus) = corpus() else {
        return skip("the corpus");
    };
    if Command::new("suricata").arg("-V").output().is_err() {
        return skip("an engine of signatures");
    }
    let Some(cable) = Cable::new() else {
        return skip("the right to make interfaces");
    };
    let [near, far] = &cable.0;
    // What the kernel says of itself on the other end is nobody's deed.
    let quiet = format!("/proc/sys/net/ipv6/conf/{near}/disable_ipv6");
    fs::write(quiet, "1").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let arguments = [
        "--interface",
        far,
        "--seconds",
        "0",
        "--no-kill",
        "--config",
    ];
    let mut demo = Demo::start(&[&arguments[..], &[config.to_str().unwrap()]].concat());
    demo.until("Roles of seg01");
    give_rules(&demo);
    links::link(&demo, "iz-lake");
    demo.until("as it comes, until");
    let audit = demo.evidence("seg01").join("audit");
    let numbered = LABELLED.iter().zip(NUMBER_FIRST..);
    let captures: Vec<String> = numbered
        .map(|((path, _), number)| format!("{number}={}", corpus.join(path).display()))
        .collect();
    let said = say(near, &captures);
    let knocked = knock_inside(&demo);
    links::within(&demo);
    until("the silence is not told", || {
        let all = told(&audit);
        let silent = all.iter().filter(|one| {
            one.is_news(&Stream::ATTEST_NETWORK) && one.field("conclusion") == "missing"
        });
        silent.count() >= 3
    });
    links::deaf(&demo, &audit);
    signal("INT", demo.pid());
    let run = demo.finish();
    let all = told(&run.evidence("seg01").join("audit"));
    by_itself(&all, &said);
    silence(&all, &said);
    labelled(&all);
    calm(&all);
    refused(&all, knocked);
    links::covered(&all);
    whole_way(&run, &all);
}

/// Each thing that was done by itself is told, by the clause that it breaks, within a second.
fn by_itself(all: &[Told], said: &BTreeMap<String, i64>) {
    for (name, clause, words) in DEEDS {
        let (acted, before) = (said[name], said[name] - 50_000_000);
        let soon = |one: &&Told| {
            let is_soon = (before..acted + 2_000_000_000).contains(&one.written_ns);
            is_soon && ACTORS.contains(&one.field("source"))
        };
        let by_contract = all
            .iter()
            .filter(soon)
            .find(|one| one.is_stated("contract") && one.field("clause") == clause);
        let by_signature = all
            .iter()
            .filter(soon)
            .find(|one| one.is_stated("alert") && one.field("signature").contains(words));
        let ms = |one: Option<&Told>| one.map(|one| (one.written_ns - acted) / 1_000_000);
        eprintln!(
            "{name}: by contract {:?} ms, by signature {:?} ms: {}",
            ms(by_contract),
            ms(by_signature.filter(|_| !words.is_empty())),
            by_contract.map_or("", |one| one.field("reason")),
        );
        assert!(by_contract.is_some(), "{name}");
        assert!(
            by_signature.is_some() || words.is_empty(),
            "{name}: {words}"
        );
    }
}

/// Every contract is told to be silent once its time is over, and not before.
fn silence(all: &[Told], said: &BTreeMap<String, i64>) {
    let missing: Vec<&Told> = all
        .iter()
        .filter(|one| one.is_stated("contract") && one.field("conclusion") == "missing")
        .collect();
    let contracts: BTreeSet<&str> = missing.iter().map(|one| one.field("contract")).collect();
    assert_eq!(contracts.len(), 3, "{contracts:?}");
    let after = |one: &&Told| one.written_ns - said["over"];
    let first = missing.iter().map(after).min().unwrap();
    assert!((3_700_000_000..6_000_000_000).contains(&first), "{first}");
}

/// What labels say against what the signatures told of each capture; the observer tells all of them, which nobody contracted.
fn labelled(all: &[Told]) {
    let (mut hits, mut misses, mut wrong) = (0, Vec::new(), Vec::new());
    let mut uncontracted = 0;
    for ((path, techniques), number) in LABELLED.iter().zip(NUMBER_FIRST..) {
        let prefix = format!("10.{number}.");
        let of_it = |one: &&Told| one.field("source").starts_with(&prefix);
        let signatures = all
            .iter()
            .filter(of_it)
            .filter(|one| one.is_stated("alert") && one.field("signature").starts_with('T'));
        let seen: BTreeSet<&str> = signatures
            .filter_map(|one| one.field("signature").get(..5))
            .collect();
        for technique in *techniques {
            match seen.contains(technique) {
                true => hits += 1,
                false => misses.push((path, technique)),
            }
        }
        if techniques.is_empty() && !seen.is_empty() {
            wrong.push((path, seen));
        }
        let by_contract = |one: &&Told| one.is_stated("contract");
        uncontracted += usize::from(all.iter().filter(of_it).any(|one| by_contract(&one)));
    }
    eprintln!(
        "signatures: {hits} of {} labels told, not told {misses:?}; calm captures with a signature: {wrong:?}; captures told by \
         contract: {uncontracted} of {}",
        hits + misses.len(),
        LABELLED.len()
    );
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!((hits, misses.len()), (11, 2), "{misses:?}");
    assert_eq!(uncontracted, LABELLED.len());
}

/// Nothing is told of what is agreed: whoever is told did something, or stopped.
fn calm(all: &[Told]) {
    let acts = |one: &&Told| one.is_stated("contract") && one.field("conclusion") == "diverge";
    let strange = all.iter().filter(acts).filter(|one| {
        let source = one.field("source");
        // Frames without IP are replayed as they are.
        let is_replayed = source.starts_with("10.1") || source.contains(':');
        let is_deed = ACTORS.contains(&source) || source == "127.90.33.2";
        !is_replayed && !is_deed && one.field("clause") != "sight"
    });
    let strange: Vec<_> = strange.map(|one| &one.fields).collect();
    assert!(strange.is_empty(), "{strange:#?}");
    let of_scada = all
        .iter()
        .filter(acts)
        .filter(|one| one.field("source") == "10.20.0.10");
    assert_eq!(
        of_scada.count(),
        6,
        "one each for what the agreed client did"
    );
}

/// What the firewall refuses is a record within a second, and a violation.
fn refused(all: &[Told], knocked: i64) {
    let is_it = |one: &&Told| one.field("destination") == "192.0.2.9:4433";
    let record = all
        .iter()
        .filter(is_it)
        .find(|one| one.kind == EventKind::PacketLogged)
        .unwrap();
    let took = (record.written_ns - knocked) / 1_000_000;
    eprintln!("refused to record: {took} ms");
    assert!(took < 1000, "{took}");
    let violation = all
        .iter()
        .filter(is_it)
        .filter(|one| one.is_news(&Stream::VIOLATION));
    assert_eq!(violation.count(), 1);
}

/// Each that was stated is a finding of the aggregator, in the lake, and on the alert sink.
fn whole_way(run: &Finished, all: &[Told]) {
    let stated = |by: &str, clause: &str| {
        let mut found = all.iter();
        found.any(|one| one.is_stated(by) && one.field("clause") == clause)
    };
    assert!(stated("contract", "read_only"));
    let journal = fs::read_to_string(run.path().join("seg01/state/alerts.log")).unwrap();
    for (stream, words) in [
        (Stream::ATTEST_NETWORK, "lets it read only"),
        (Stream::DETECTION, "T0858 Change Operating Mode"),
        (Stream::DETECTION, "iia not contracted"),
        (Stream::VIOLATION, "the firewall refused"),
    ] {
        let mut news = all.iter().filter(|one| one.is_news(&stream));
        assert!(
            news.any(|one| one.field("reason").contains(words)),
            "{words}"
        );
        let rows = run.rows("seg01", &stream);
        let mut reasons = rows
            .iter()
            .flat_map(|batch| (0..batch.num_rows()).filter_map(|row| word(batch, "reason", row)));
        assert!(
            reasons.any(|reason| reason.contains(words)),
            "lake: {words}"
        );
        assert!(journal.contains(words), "{words}: {journal}");
    }
}
