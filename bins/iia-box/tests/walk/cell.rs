//! A device of the cell whose certificate operators revoke: a real broker puts it out and lets it in no more, and lets
//! everybody else go on.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use iia_audit::verify::records;
use iia_core::event::{Event, EventKind};

use crate::demo::Demo;
use crate::revoked::{apply, signed_of, until};

const PORT: &str = "18884";

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// The cell: its broker's directory, and a directory for what devices have.
struct Cell {
    place: tempfile::TempDir,
}

impl Cell {
    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn file(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// What the renderer writes for a broker, with these files and any topic for any device.
    fn conf(&self) -> String {
        let (lib, log) = (self.file("broker"), self.file("log"));
        let text = format!(
            "user root\nallow_anonymous false\npersistence false\npid_file {lib}/mosquitto.pid\nlog_dest file {log}\n\
             log_type all\nconnection_messages true\nlistener {PORT} 127.0.0.1\ncafile {lib}/ca.pem\n\
             crlfile {lib}/crl.pem\ncertfile {lib}/cert.pem\nkeyfile {lib}/key.pem\ntls_version tlsv1.3\n\
             require_certificate true\nuse_identity_as_username true\n"
        );
        fs::write(self.path("conf"), text).unwrap();
        self.file("conf")
    }

    /// A device makes a key and asks; the box answers with its certificate. The serial number of that.
    fn device(&self, dir: &Path, name: &str) -> String {
        let key = self.file(&format!("{name}.key"));
        let made = Command::new("openssl")
            .args([
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
            ])
            .args([
                "-nodes",
                "-subj",
                "/CN=whatever",
                "-outform",
                "DER",
                "-keyout",
                &key,
            ])
            .output()
            .unwrap();
        assert!(made.status.success());
        let mut asks = Command::new(env!("CARGO_BIN_EXE_iia-box"))
            .args(["cell", "issue", "--device", name, "--box"])
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        asks.stdin.take().unwrap().write_all(&made.stdout).unwrap();
        let answer = asks.wait_with_output().unwrap();
        assert!(answer.status.success());
        let text = String::from_utf8(answer.stdout).unwrap();
        fs::write(self.path(&format!("{name}.pem")), &text).unwrap();
        let first = text.lines().next().unwrap();
        first.strip_prefix("# serial ").unwrap().to_owned()
    }

    /// A stock client of this device.
    fn client(&self, demo: &Demo, program: &str, name: &str) -> Command {
        let mut command = demo.inside(program);
        command
            .args([
                "-V",
                "5",
                "-q",
                "1",
                "-h",
                "127.0.0.1",
                "-p",
                PORT,
                "-t",
                "a",
                "--insecure",
            ])
            .args(["--cafile", &self.file("broker/ca.pem")])
            .args(["--cert", &self.file(&format!("{name}.pem"))])
            .args(["--key", &self.file(&format!("{name}.key"))])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn publishes(&self, demo: &Demo, name: &str) -> bool {
        let mut client = self.client(demo, "mosquitto_pub", name);
        client.args(["-m", "x"]).status().unwrap().success()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

fn lists(audit: &Path) -> Vec<Event> {
    let mut all = Vec::new();
    // What is being written just now is read the next time.
    let _torn = records(audit, |record| {
        let event = record.body.event;
        all.extend((event.kind == EventKind::RevocationList).then_some(event));
    });
    all
}

/// Whether every program is there that judges.
fn has_judges() -> bool {
    for program in ["mosquitto_pub", "mosquitto_sub", "mosquitto", "openssl"] {
        if Command::new(program).arg("--help").output().is_err() {
            assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none_or(|all| all != "1"));
            eprintln!("SKIPPED: the broker of the cell: {program}");
            return false;
        }
    }
    true
}

#[test]
fn a_device_that_operators_revoke_is_put_out_by_a_real_broker_and_comes_in_no_more() {
    if !has_judges() {
        return;
    }
    let cell = Cell {
        place: tempfile::tempdir().unwrap(),
    };
    fs::create_dir(cell.path("broker")).unwrap();
    let place = cell.file("broker");
    let arguments = ["--broker", &place, "--broker-port", PORT];
    let mut demo = Demo::start(&[&["--speed", "2", "--no-kill"], &arguments[..]].concat());
    demo.until("collect serves");
    let audit = demo.evidence("seg01").join("audit");
    let dir = audit.ancestors().nth(2).unwrap();
    let serial = cell.device(dir, "lost");
    cell.device(dir, "good");
    let conf = cell.conf();
    let mut broker = demo.inside("mosquitto");
    let _broker = Running(broker.args(["-c", &conf]).spawn().unwrap());
    until("the broker lets nobody in", || {
        cell.publishes(&demo, "lost")
    });
    assert!(cell.publishes(&demo, "good"));
    // Live sessions of both.
    let _both = ["lost", "good"].map(|name| {
        let mut client = cell.client(&demo, "mosquitto_sub", name);
        Running(
            client
                .args(["-i", &format!("live-{name}")])
                .spawn()
                .unwrap(),
        )
    });
    for name in ["lost", "good"] {
        let words = format!("Sending SUBACK to live-{name}");
        until("no live session", || cell.log().contains(&words));
    }
    let before = lists(&audit);
    assert_eq!(before[0].field("count"), Some("0"));

    let base = dir.parent().unwrap();
    let line = format!("serial \"{serial}\"");
    let began = Instant::now();
    assert!(apply(dir, &signed_of(base, "site-engineer", &line)));
    let cut = |name: &str| {
        let client = format!("live-{name}");
        let is_its_end = |line: &str| line.contains(&client) && line.contains("disconnect");
        cell.log().lines().any(is_its_end)
    };
    until("the broker goes on with it", || cut("lost"));
    eprintln!(
        "put out {} ms after the applier began",
        began.elapsed().as_millis()
    );
    until("the chain does not say so", || {
        lists(&audit).len() > before.len()
    });
    let told = lists(&audit).pop().unwrap();
    let field = |key| told.field(key).unwrap_or_default();
    assert_eq!((field("outcome"), field("count")), ("written", "1"));
    assert!(field("broker").ends_with("sessions were ended"), "{told:?}");
    assert!(!cell.publishes(&demo, "lost"), "revoked");
    assert!(cell.publishes(&demo, "good"));
    // Whoever is not revoked comes back by itself, and whoever is stays out.
    let accepted = |name: &str| {
        cell.log()
            .matches(&format!("Sending SUBACK to live-{name}"))
            .count()
    };
    until("nobody comes back", || accepted("good") == 2);
    assert_eq!(accepted("lost"), 1);
    demo.pull_the_plug();
}
