//! The plant, its box and its IO master.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use iia_audit::frame::Record;
use iia_audit::verify::Follow;
use iia_config::keys;
use iia_config::trust::key_text;
use iia_core::sign::{PublicKey, Signer as _};

use super::part::Part;

const TEST: &str = "r_zon_15_what_a_proxy_does_is_found_with_what_the_io_master_signed";
const INSIDE: &str = "IIA_IN_A_NAMESPACE";
const MAKE: &str = concat!(
    include_str!("../../../../examples/tests/io_rig/plant.sh"),
    include_str!("make.sh")
);
const BOX: &str = include_str!("../../../../examples/box-pi/box.icl");
const RELAY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plant/relay.py");
const ADDED: &str = include_str!("io.icl");

/// Who the IO master is, and the user that it runs as.
pub(crate) const MASTER: &str = "spiffe://iia.local/zone/io/workload/io_master";
pub(crate) const USER: u32 = 4242;

fn skip(why: &str) {
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(!all, "{TEST}: {why}");
    eprintln!("SKIPPED: {TEST}: {why}");
}

pub(crate) fn python() -> PathBuf {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/venv/bin/python");
    std::env::var_os("IIA_PYTHON").map_or_else(|| own.into(), PathBuf::from)
}

fn imports(python: &Path) -> bool {
    let asked = Command::new(python)
        .args(["-c", "import cryptography, pymodbus"])
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

/// Runs this very test again where it may make networks and other users; `true` there.
pub(crate) fn inside() -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    if !imports(&python()) {
        skip("a Python with pymodbus and cryptography (IIA_PYTHON or target/venv)");
        return false;
    }
    program();
    let run = format!("{MAKE}\nexec \"$0\" --exact {TEST} --nocapture");
    let output = Command::new("unshare")
        .args(["--net", "--mount", "sh", "-c", &run])
        .arg(std::env::current_exe().unwrap())
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if said.contains("running 1 test") {
        assert!(output.status.success(), "{said}{errors}");
        eprint!("{errors}");
    } else {
        skip(&errors);
    }
    false
}

/// The program of the box; it is built where it is not there yet.
fn program() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_iia-io")).with_file_name("iia-box");
    if !program.exists() {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--locked", "--offline", "-p", "iia-box"])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
            .status();
        assert!(built.unwrap().success());
    }
    program
}

/// Puts the entries of `added` where the canonical order has them.
fn config(key: &PublicKey) -> String {
    let mut text = BOX.replace("127.90.22.", "10.90.22.");
    let added = ADDED.replace("KEY", &key_text(key));
    for (entry, before) in added.trim_end().split("\n\n").zip([
        "zone api {",
        "zone lake {",
        "trust_root ",
        "contract iia.contract.device.scada_press_a ",
        "contract iia.contract.internal.lake_to_audit ",
    ]) {
        assert_eq!(text.matches(&format!("\n{before}")).count(), 1, "{before}");
        text = text.replace(&format!("\n{before}"), &format!("\n{entry}\n\n{before}"));
    }
    text
}

pub(crate) struct Rig {
    pub(crate) proxy: Part,
    _parts: [Part; 3],
    demo: Child,
    said: BufReader<ChildStdout>,
    lines: String,
    key: PublicKey,
    dir: tempfile::TempDir,
    chain: Option<Follow>,
    records: Vec<Record>,
    /// The process of the IO master.
    pub(crate) pid: u32,
}

impl Rig {
    /// Starts everything, until the IO master serves.
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let file = dir.path().join("key");
        let key = keys::create(&file).unwrap().public_key();
        std::os::unix::fs::chown(&file, Some(USER), Some(USER)).unwrap();
        let icl = dir.path().join("box.icl");
        fs::write(&icl, config(&key)).unwrap();
        let device = Part::start(Some("device"), "device");
        let proxy = Part::start(None, "proxy");
        let relay = Part::run(None, &[RELAY]);
        let master = format!(
            "ip netns exec master setpriv --reuid {USER} --regid {USER} --clear-groups --inh-caps +net_raw \
             --ambient-caps +net_raw {} --interface tap0 --key {}",
            env!("CARGO_BIN_EXE_iia-io"),
            file.display()
        );
        let mut demo = Command::new(program())
            .args(["demo", "--interface", "box0", "--seconds", "0", "--no-kill"])
            .arg("--config")
            .arg(&icl)
            .arg("--dir")
            .arg(dir.path().join("run"))
            .args(["--io-master", &master])
            .env("IIA_DEMO_NETWORK", "own")
            .env("IIA_LOG", "iia_io=info")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(demo.stdout.take().unwrap());
        let mut rig = Self {
            proxy,
            _parts: [device, relay, Part::start(Some("collector"), "collector")],
            demo,
            said,
            lines: String::new(),
            key,
            dir,
            chain: None,
            records: Vec::new(),
            pid: 0,
        };
        rig.hear("io_master serves");
        rig
    }

    /// Reads what the demo says until a line with these words.
    fn hear(&mut self, words: &str) {
        loop {
            let mut line = String::new();
            let read = self.said.read_line(&mut line).unwrap();
            self.lines += &line;
            assert!(read > 0, "the demo ended before `{words}`\n{}", self.lines);
            if line.contains(words) {
                return;
            }
        }
    }

    fn evidence(&self) -> PathBuf {
        self.dir.path().join("run/seg01/evidence")
    }

    /// Reads what the chain has got.
    fn read(&mut self) {
        let audit = self.evidence().join("audit");
        let chain = self
            .chain
            .get_or_insert_with(|| Follow::open(&audit).unwrap());
        // A record may be half written.
        let _later = chain.read(|record| self.records.push(record));
    }

    /// Waits for a record that is like that.
    pub(crate) fn until(&mut self, wait: Duration, is_it: impl Fn(&Record) -> bool) -> Record {
        let started = Instant::now();
        loop {
            self.read();
            if let Some(found) = self.records.iter().find(|record| is_it(record)) {
                return found.clone();
            }
            assert!(started.elapsed() < wait, "{}", self.findings());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, time: Duration) {
        std::thread::sleep(time);
        self.read();
    }

    /// How many records are like that.
    pub(crate) fn seen(&self, is_it: impl Fn(&Record) -> bool) -> usize {
        let found: Vec<&Record> = self.records.iter().filter(|one| is_it(one)).collect();
        if !found.is_empty() {
            eprintln!("{found:#?}");
        }
        found.len()
    }

    /// The record that is like that.
    pub(crate) fn seen_one(&self, is_it: impl Fn(&Record) -> bool) -> Record {
        let mut found = self.records.iter().filter(|one| is_it(one));
        found.next().unwrap().clone()
    }

    fn findings(&self) -> String {
        let all = self.records.iter().map(|record| &record.body.event);
        let told = all.filter_map(|event| event.field("reason"));
        let log = fs::read_to_string(self.dir.path().join("run/seg01/state/io_master.log"));
        format!(
            "{}\n{}",
            told.collect::<Vec<_>>().join("\n"),
            log.unwrap_or_default()
        )
    }

    pub(crate) const fn key(&self) -> PublicKey {
        self.key
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(name, self.pid);
    }

    /// Frames that the IO master's tap has sent, as the kernel counts them.
    pub(crate) fn sent_on_the_tap(&self) -> u64 {
        let counted = Command::new("ip")
            .args(["netns", "exec", "master", "cat"])
            .arg("/sys/class/net/tap0/statistics/tx_packets")
            .output()
            .unwrap();
        String::from_utf8(counted.stdout)
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    }

    /// Interrupts the demo, as its user would, and waits for its good end; gives the evidence.
    pub(crate) fn finish(&mut self) -> PathBuf {
        signal("INT", self.demo.id());
        self.said.read_to_string(&mut self.lines).unwrap();
        let status = self.demo.wait().unwrap();
        assert!(status.success(), "{}", self.lines);
        self.evidence()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _gone = self.demo.kill();
        let _reaped = self.demo.wait();
    }
}

fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), pid.to_string()])
        .status();
    assert!(sent.unwrap().success());
}
