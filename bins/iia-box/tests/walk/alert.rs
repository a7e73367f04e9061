//! A finding on its whole way, from the wire to whoever is woken; and what happens when nobody can be woken any more.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use iia::lake_report::word;
use iia::standing::Sights;
use iia_audit::verify::records;
use iia_core::event::{Event, EventKind};
use iia_core::stream::Stream;

use crate::attack::written;
use crate::demo::{Demo, Finished, arrived};

const PATIENCE: Duration = Duration::from_secs(20);
const BOX: &str = include_str!("../../../../examples/box-pi/box.icl");
/// A log of a machine, as the socket `/dev/log` has it: writes every line that it gets into a file.
const LOG: &str = "
import socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
out = open(sys.argv[2], 'ab', buffering=0)
print('listens', flush=True)
while True:
    out.write(listener.recv(8192) + b'\\n')
";
/// What moves the contact: writes down how it is called.
const CONTACT: &str = "#!/bin/sh
printf '%s|%s\\n' \"$1\" \"$2\" >> \"$(dirname \"$0\")/contact.log\"
";

/// Sinks of a machine: its log as a process, its contact as a program.
struct Sinks {
    dir: tempfile::TempDir,
    log: Child,
}

impl Sinks {
    fn new() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let contact = dir.path().join("contact");
        fs::write(&contact, CONTACT).unwrap();
        fs::set_permissions(&contact, fs::Permissions::from_mode(0o755)).unwrap();
        let log = listen(dir.path())?;
        Some(Self { dir, log })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The configuration of the box with these sinks.
    fn config(&self) -> PathBuf {
        let own = "  journal file\n  relay_line \"state/relay\"\n";
        assert!(BOX.contains(own));
        let (socket, contact) = (self.at("log"), self.at("contact"));
        let mine = format!(
            "  journal syslog\n  journal_path \"{}\"\n  relay_program \"{}\"\n",
            socket.display(),
            contact.display()
        );
        let path = self.at("box.icl");
        fs::write(&path, BOX.replace(own, &mine)).unwrap();
        path
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.at(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Waits until a line with these words is there.
    fn until(&self, name: &str, words: &str) {
        let started = Instant::now();
        while !self.lines(name).iter().any(|line| line.contains(words)) {
            let lines = self.lines(name);
            assert!(started.elapsed() < PATIENCE, "{words}\n{lines:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The log of the machine dies, and its socket is gone with it.
    fn kill(&mut self) {
        self.log.kill().unwrap();
        self.log.wait().unwrap();
        fs::remove_file(self.at("log")).unwrap();
    }

    fn start_again(&mut self) {
        self.log = listen(self.dir.path()).unwrap();
    }
}

impl Drop for Sinks {
    fn drop(&mut self) {
        let _gone = self.log.kill();
        let _reaped = self.log.wait();
    }
}

fn listen(dir: &Path) -> Option<Child> {
    let python = std::env::var_os("IIA_PYTHON").unwrap_or_else(|| "python3".into());
    let started = Command::new(python)
        .args(["-c", LOG])
        .arg(dir.join("log"))
        .arg(dir.join("log.lines"))
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else {
        let line = "SKIPPED: alert: python3";
        assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none(), "{line}");
        eprintln!("{line}");
        return None;
    };
    let mut first = [0; 7];
    let out = child.stdout.as_mut().unwrap();
    std::io::Read::read_exact(out, &mut first).unwrap();
    Some(child)
}

fn findings(audit: &Path) -> Vec<Event> {
    let mut all = Vec::new();
    records(audit, |record| {
        if record.body.event.kind == EventKind::Finding {
            all.push(record.body.event);
        }
    })
    .unwrap();
    all
}

fn field<'a>(event: &'a Event, key: &str) -> &'a str {
    event.field(key).unwrap_or_default()
}

#[test]
fn r_inv_19_a_finding_wakes_somebody_and_a_lost_sink_is_an_alarm() {
    let Some(mut sinks) = Sinks::new() else {
        return;
    };
    let config = sinks.config();
    let arguments = [
        "--speed",
        "2",
        "--no-kill",
        "--config",
        config.to_str().unwrap(),
    ];
    let mut demo = Demo::start(&arguments);
    demo.until("10.20.0.66 speaks to 10.20.0.21:502");
    let talker = "10.20.0.66 speaks to 10.20.0.21:502, and no contract joins them";
    for name in ["log.lines", "contact.log"] {
        sinks.until(name, talker);
    }
    sinks.kill();
    let audit = demo.evidence("seg01").join("audit");
    written(&audit, |event, _| {
        field(event, "reason").contains("the alert sink journal is lost")
    });
    // What is left says so, and so does the box to whoever looks at it.
    sinks.until("contact.log", "the alert sink journal is lost");
    let sights = || Sights::of_box(audit.ancestors().nth(2).unwrap()).unwrap();
    let started = Instant::now();
    while !sights().is_some_and(|said| said.sinks.iter().any(|one| one.lost_since_ns != 0)) {
        assert!(started.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(50));
    }
    sinks.start_again();
    sinks.until("log.lines", "the alert sink journal is lost");
    sinks.until("log.lines", "the alert sink journal is back");
    let run = demo.finish();
    everywhere(&run, &sinks);
    counted(&findings(&run.evidence("seg01").join("audit")));
}

/// Each finding is in the chain, at both sinks, in the lake and one level up.
fn everywhere(run: &Finished, sinks: &Sinks) {
    let told = findings(&run.evidence("seg01").join("audit"));
    let own = |event: &&Event| field(event, "stream").starts_with("ot.attestation.");
    let own: Vec<&Event> = told.iter().filter(own).collect();
    for event in &own {
        assert!(["high", "critical"].contains(&field(event, "severity")));
        assert!(
            field(event, "accountable").contains("=oncall://site/"),
            "{event:?}"
        );
        if !["new", "changed", "over"].contains(&field(event, "how")) {
            continue;
        }
        for name in ["log.lines", "contact.log"] {
            let lines = sinks.lines(name);
            let (id, reason) = (field(event, "finding"), field(event, "reason"));
            let has = |line: &&String| line.contains(id) && line.contains(reason);
            assert_eq!(
                lines.iter().filter(has).count(),
                1,
                "{name}: {reason}\n{lines:#?}"
            );
        }
    }
    // By RFC 5424, 6.2.1: facility 10, severity 2 (critical) and 1 (alert).
    let lines = sinks.lines("log.lines");
    assert!(lines.iter().all(|line| {
        line.starts_with("<82>iia-attest[seg01]: ") || line.starts_with("<81>iia-attest[seg01]: ")
    }));
    let verbs: BTreeMap<String, usize> =
        sinks
            .lines("contact.log")
            .iter()
            .fold(BTreeMap::new(), |mut verbs, line| {
                let verb = line.split('|').next().unwrap_or_default();
                *verbs.entry(verb.to_owned()).or_default() += 1;
                verbs
            });
    assert!(verbs["raise"] > 1 && verbs["probe"] > 1, "{verbs:?}");
    let stream = Stream::ATTEST_NETWORK;
    let batches = run.rows("seg01", &stream);
    let reasons = batches
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).filter_map(|row| word(batch, "reason", row)));
    let reasons: Vec<&str> = reasons.collect();
    for words in ["speaks to", "journal is lost", "journal is back"] {
        assert_eq!(
            reasons.iter().filter(|one| one.contains(words)).count(),
            1,
            "{reasons:?}"
        );
    }
    assert_eq!(arrived(run, &stream, ("seg01", "site")), reasons.len());
}

/// One cause, one finding: what comes again is a number and no other alarm.
fn counted(told: &[Event]) {
    let mut new: BTreeMap<&str, usize> = BTreeMap::new();
    for event in told.iter().filter(|event| field(event, "how") == "new") {
        *new.entry(field(event, "finding")).or_default() += 1;
    }
    let lost = told
        .iter()
        .filter(|event| field(event, "clause") == "alert_sink");
    let hows: Vec<&str> = lost.map(|event| field(event, "how")).collect();
    assert_eq!(hows, ["new", "over"]);
    assert!(new.len() > 2);
}

/// A box whose configuration names no sink does not come into being.
#[test]
fn r_inv_19_a_configuration_without_an_alert_sink_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let text = BOX.replace("  journal file\n  relay_line \"state/relay\"\n", "");
    let config = dir.path().join("box.icl");
    fs::write(&config, text).unwrap();
    let _claim = Demo::claim();
    let output = Command::new(env!("CARGO_BIN_EXE_iia-box"))
        .args(["demo", "--speed", "0", "--config"])
        .arg(&config)
        .arg("--dir")
        .arg(dir.path().join("run"))
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("IIA-C017"), "{said}");
    assert!(
        said.contains("ruleset unknown-talkers has no alert sink"),
        "{said}"
    );
}
