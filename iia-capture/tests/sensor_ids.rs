//! A real intrusion detection as the source: what it says of a capture is read, line by line and none else.

use std::collections::BTreeMap;
use std::fs;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;

use iia_capture::sensor::eve::Lines;
use iia_core::event::EventKind;

const CONF: &str = "%YAML 1.1\n---\noutputs:\n  - eve-log:\n      enabled: yes\n      filetype: regular\n      filename: eve.json\n      types:\n        - alert\n        - flow\n        - anomaly\n        - stats\n";
/// A master that nobody contracted opens a connection; anybody writes a register.
const RULES: &str = "alert tcp 10.20.0.66 any -> any 502 (msg:\"unknown master\"; flags:S; sid:1; rev:2; classtype:bad-unknown;)
alert tcp any any -> any 502 (msg:\"write single register\"; content:\"|06|\"; offset:7; depth:1; sid:2; rev:1;)\n";

#[test]
fn what_an_intrusion_detection_says_of_a_capture_is_read() {
    let test = "what_an_intrusion_detection_says_of_a_capture_is_read";
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    fs::write(at("conf"), CONF).unwrap();
    fs::write(at("rules"), RULES).unwrap();
    let capture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/captures/press-line.pcap");
    let ran = Command::new("suricata")
        .args([
            "-c",
            &at("conf"),
            "-S",
            &at("rules"),
            "-l",
            &at(""),
            "-k",
            "none",
            "--runmode",
            "single",
            "-r",
        ])
        .arg(capture)
        .output();
    let Ok(output) = ran else {
        assert!(
            std::env::var_os("IIA_REQUIRE_ALL").is_none(),
            "{test}: no intrusion detection"
        );
        eprintln!("SKIPPED: {test}: no intrusion detection");
        return;
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said = fs::read(at("eve.json")).unwrap();
    let mut lines = Lines::new(BufReader::new(said.as_slice()));
    let mut rules: BTreeMap<String, u64> = BTreeMap::new();
    while let Some(event) = lines.next_event().unwrap() {
        event.check().unwrap();
        assert_eq!(event.kind, EventKind::IntrusionAlert);
        let field = |key: &str| event.field(key).unwrap_or_default().to_owned();
        let about = [
            field("rule"),
            field("signature"),
            field("source"),
            field("destination_port"),
        ]
        .join(" ");
        *rules.entry(about).or_default() += 1;
    }
    assert_eq!(lines.counts().malformed, 0);
    // The same by the words of the lines alone.
    let text = str::from_utf8(&said).unwrap();
    let alerts = text
        .lines()
        .filter(|line| line.contains("\"event_type\":\"alert\""))
        .count() as u64;
    assert!(
        text.lines().count() as u64 > alerts,
        "other lines are there to be passed over"
    );
    assert_eq!(
        (lines.counts().notices, rules.values().sum::<u64>()),
        (alerts, alerts)
    );
    assert_eq!(
        rules.get("1 unknown master 10.20.0.66 502"),
        Some(&1),
        "{rules:?}"
    );
    assert!(
        rules
            .keys()
            .any(|about| about.starts_with("2 write single register")),
        "{rules:?}"
    );
}
