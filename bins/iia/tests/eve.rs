//! The event log held against that of the real Suricata, on the same captures: every event that it writes is among ours, and what both
//! say has one value.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// Events of flows and of the protocols that both know. Connections that began before the capture are read too.
const CONF: &str = "%YAML 1.1\n---\noutputs:\n  - eve-log:\n      enabled: yes\n      filetype: regular\n      filename: eve.json\n      types: [flow, modbus, mqtt, dns, tls]\napp-layer:\n  protocols:\n    modbus:\n      enabled: yes\n      detection-ports:\n        dp: 502\n    mqtt:\n      enabled: yes\n    dns:\n      tcp:\n        enabled: yes\n        detection-ports:\n          dp: 53\n      udp:\n        enabled: yes\n        detection-ports:\n          dp: 53\n    tls:\n      enabled: yes\n";

/// What is counted.
const KINDS: [&str; 5] = ["flow", "modbus", "mqtt", "dns", "tls"];
/// How many events of each kind there are: flows, units of Modbus, packets of MQTT, messages of DNS, connections of TLS.
type Counts = [usize; KINDS.len()];

/// Captures of the corpus, and what of each kind Suricata writes.
const CAPTURES: &[(&str, Counts)] = &[
    ("_link/zeek_zeek/ipv6-fragmented-dns.pcap", [2, 0, 0, 5, 0]),
    ("_link/zeek_zeek/pppoe-over-qinq.pcap", [1, 0, 0, 0, 1]),
    (
        "modbus/ITI_ICS-Security-Tools/ModbusTCP.pcap",
        [14, 244, 0, 0, 0],
    ),
    (
        "modbus/cisagov_icsnpp-modbus/modbus_example.pcap",
        [2, 46, 0, 0, 0],
    ),
    (
        "mqtt/OISF_suricata-verify/mqtt31-sub-userpass__input.pcap",
        [1, 0, 5, 0, 0],
    ),
    (
        "mqtt/OISF_suricata-verify/mqtt311-pub-qos2__input.pcap",
        [1, 0, 7, 0, 0],
    ),
    (
        "mqtt/OISF_suricata-verify/mqtt5-pub-qos2__input.pcap",
        [1, 0, 7, 0, 0],
    ),
    (
        "mqtt/OISF_suricata-verify/mqtt5-sub-mosquittoprops__input.pcap",
        [1, 0, 5, 0, 0],
    ),
    (
        "mqtt/OISF_suricata-verify/mqtt5-unsub-qos1__input.pcap",
        [2, 0, 9, 0, 0],
    ),
];

/// How a difference begins and ends that is Suricata's: a DISCONNECT of one byte is its reason code (MQTT 5, 3.14.2.1).
const THEIRS: (&str, &str) = (
    "mqtt/OISF_suricata-verify/mqtt5-unsub-qos1__input.pcap ",
    ".reason_code: 4, Suricata 0",
);

fn corpus() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("IIA_CORPUS").map_or_else(beside, PathBuf::from);
    folder.join("MANIFEST.tsv").is_file().then_some(folder)
}

/// Says that a test cannot run; fails where everything must.
fn skip(test: &str, what: &str) {
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(!all, "{test}: {what} is missing");
    eprintln!("SKIPPED: {test}: {what}");
}

fn events(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn suricata(capture: &Path) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(at("conf"), CONF).unwrap();
    std::fs::write(at("rules"), "").unwrap();
    let output = Command::new("suricata")
        .args(["-c", &at("conf"), "-S", &at("rules"), "-k", "none"])
        .args(["--runmode", "single", "-l"])
        .arg(folder.path())
        .arg("-r")
        .arg(capture)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    events(&std::fs::read_to_string(at("eve.json")).unwrap())
}

fn ours(capture: &Path) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_iia"))
        .args(["decode", "--eve"])
        .arg(capture)
        .output()
        .unwrap();
    events(&String::from_utf8(output.stdout).unwrap())
}

/// What events say, by what it is about. Who is the client of a connection that began before the capture, Suricata takes from the
/// first packet; so ends and counts stand in order here.
type Said = BTreeMap<(&'static str, String), VecDeque<Value>>;

fn said(events: &[Value]) -> Said {
    let mut said = Said::new();
    for event in events {
        let mut ends = [["src_ip", "src_port"], ["dest_ip", "dest_port"]]
            .map(|end| format!("{} {}", event[end[0]], event[end[1]]));
        ends.sort();
        let ends = format!("{ends:?} {}", event["proto"]);
        let mut add = |kind, about: String, what: Value| {
            let place = (kind, format!("{ends} {about}"));
            said.entry(place).or_default().push_back(what);
        };
        match event["event_type"].as_str().unwrap() {
            "flow" => {
                let flow = &event["flow"];
                let mut packets =
                    ["pkts_toserver", "pkts_toclient"].map(|name| flow[name].as_u64());
                packets.sort_unstable();
                let what = json!({ "end": flow["end"], "age": flow["age"], "packets": packets });
                add("flow", flow["start"].to_string(), what);
            }
            "modbus" => {
                for part in ["request", "response"] {
                    let unit = &event["modbus"][part];
                    let about =
                        format!("{part} {} {}", unit["transaction_id"], unit["function_raw"]);
                    if unit.is_object() {
                        add("modbus", about, unit.clone());
                    }
                }
            }
            "dns" => {
                let dns = &event["dns"];
                let about = format!("{} {}", dns["type"], dns["id"]);
                add("dns", about, dns.clone());
            }
            // One a connection there, one a message here.
            "tls" => {
                let place = ("tls", format!("{ends} "));
                let connection = said.entry(place).or_default();
                if connection.is_empty() {
                    connection.push_back(json!({}));
                }
                let all = connection[0].as_object_mut().unwrap();
                all.extend(event["tls"].as_object().unwrap().clone());
            }
            "mqtt" => {
                for (kind, packet) in event["mqtt"].as_object().unwrap() {
                    add(
                        "mqtt",
                        format!("{kind} {}", packet["message_id"]),
                        packet.clone(),
                    );
                }
            }
            _ => {}
        }
    }
    said
}

/// Counts what both have with one value; says where the values differ.
fn agree(mine: &Value, their: &Value, at: &str, wrong: &mut Vec<String>) -> usize {
    match (mine, their) {
        (Value::Object(mine), Value::Object(their)) => {
            let both = mine
                .iter()
                .filter_map(|(name, value)| Some((name, value, their.get(name)?)));
            let counts =
                both.map(|(name, mine, their)| agree(mine, their, &format!("{at}.{name}"), wrong));
            counts.sum()
        }
        (Value::Array(mine), Value::Array(their)) if mine.len() == their.len() => {
            let both = mine.iter().zip(their);
            both.map(|(mine, their)| agree(mine, their, at, wrong))
                .sum()
        }
        _ if mine == their => 1,
        _ => {
            wrong.push(format!("{at}: {mine}, Suricata {their}"));
            0
        }
    }
}

/// How many events of each kind Suricata writes of a capture, and how many values are equal; says what is not.
fn compare(capture: &Path, name: &str, wrong: &mut Vec<String>) -> (Counts, usize) {
    let mut ours = said(&ours(capture));
    let (mut count, mut equal) = ([0; KINDS.len()], 0);
    for (place, theirs) in said(&suricata(capture)) {
        let mine = ours.entry(place.clone()).or_default();
        for their in theirs {
            let at = format!("{name} {place:?}");
            let kind = KINDS.iter().position(|one| *one == place.0);
            count[kind.unwrap()] += 1;
            match mine.pop_front() {
                Some(mine) => equal += agree(&mine, &their, &at, wrong),
                None => wrong.push(format!("{at}: Suricata alone has {their}")),
            }
        }
    }
    (count, equal)
}

/// Names of every type that dnsmasq gives, asked for by dig over UDP and TCP, and handshakes of OpenSSL, as they are kept on a wire.
#[test]
fn what_dnsmasq_answers_and_openssl_shows_is_as_suricata_has_it() {
    let test = "what_dnsmasq_answers_and_openssl_shows_is_as_suricata_has_it";
    let programs = [
        "suricata", "dnsmasq", "dig", "openssl", "dumpcap", "unshare",
    ];
    let is_there = |name: &&str| {
        let found = Command::new("sh")
            .args(["-c", &format!("command -v {name}")])
            .output();
        found.is_ok_and(|found| found.status.success())
    };
    if !programs.iter().all(is_there) {
        return skip(test, "one of the programs");
    }
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/eve/talk.sh");
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "sh", "-e", script])
        .arg(folder.path())
        .output()
        .unwrap();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return skip(test, &format!("a network namespace: {said}"));
    }
    let mut wrong = Vec::new();
    let capture = folder.path().join("talk.pcapng");
    let (count, equal) = compare(&capture, "talk", &mut wrong);
    eprintln!("{equal} values are equal");
    assert_eq!(wrong, [""; 0]);
    // A question more for each time that the server was not there yet.
    let [.., names, handshakes] = count;
    assert!(
        names >= 18 && handshakes == 2 && equal > 150,
        "{count:?} {equal}"
    );
}

#[test]
fn r_pap_11_every_event_of_suricata_is_among_ours() {
    let test = "r_pap_11_every_event_of_suricata_is_among_ours";
    let Some(corpus) = corpus() else {
        return skip(test, "the corpus");
    };
    if Command::new("suricata").arg("-V").output().is_err() {
        return skip(test, "suricata");
    }
    let (mut equal, mut wrong) = (0, Vec::new());
    for (name, want) in CAPTURES {
        let (count, values) = compare(&corpus.join(name), name, &mut wrong);
        equal += values;
        if count != *want {
            wrong.push(format!(
                "{name}: {count:?} events of Suricata and not {want:?}"
            ));
        }
    }
    eprintln!("{equal} values are equal");
    let (begin, end) = THEIRS;
    let theirs = wrong
        .iter()
        .position(|one| one.starts_with(begin) && one.ends_with(end));
    wrong.remove(theirs.unwrap());
    assert_eq!(wrong, [""; 0]);
}
