//! R-PAP-20, and the failures of R-PAP-18 that are its own: an old Modbus/TCP device (pymodbus) behind its sidecar, in a
//! network where nobody but the sidecar comes near it. What the contracts name goes through under mutual TLS, and whoever
//! comes with a wrong certificate, a wrong name, no TLS, or a wrong request gets nothing, and the device hears nothing of it.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

#[path = "../examples/sidecar/main.rs"]
#[allow(dead_code, reason = "its main is not ours")]
mod sidecar;

#[path = "../../iia-contract/tests/net/mod.rs"]
mod net;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use iia_core::SpiffeId;
use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_identity::issue::{Issuer, KeyKind, Subject};
use net::{Lab, skip};

const CATALOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sidecar/sidecar.icl");
const SCADA: &str = "spiffe://iia.local/zone/control/workload/scada";
const STRANGER: &str = "spiffe://iia.local/zone/control/workload/stranger";
const PRESS: &str = "spiffe://iia.local/zone/cell/workload/old_press";
const CONTRACT: &str = "iia.contract.internal.scada_to_old_press";
const LISTENS: &str = "10.60.0.1:7443";
const DEVICE: &str = "10.61.0.9";
/// Nothing goes through the box: the sidecar is the only way.
const SHUT: &str = "table inet gate {\n  chain forward {\n    type filter hook forward priority 0; policy drop;\n  }\n}\n";
/// With these words the test's own program is the sidecar's.
const ARGUMENTS: &str = "IIA_SIDECAR";

/// A device whose registers hold their own number, which says what it is asked.
const OLD_DEVICE: &str = r#"
import sys
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusDeviceContext, ModbusServerContext
from pymodbus.server import StartTcpServer

def said(sending, pdu):
    if not sending:
        print("asked", pdu.function_code, flush=True)
    return pdu

block = ModbusSequentialDataBlock(1, list(range(0, 100)))
device = ModbusDeviceContext(hr=block)
print("serves", flush=True)
StartTcpServer(ModbusServerContext(devices=device, single=True), address=("10.61.0.9", 502), trace_pdu=said)
"#;

/// A device's own tool, beside it: plain, and read where the sidecar has no part in it.
const BESIDE: &str = r#"
from pymodbus.client import ModbusTcpClient
client = ModbusTcpClient("10.61.0.9", port=502)
assert client.connect()
print(client.read_holding_registers(10, count=2, device_id=1).registers)
"#;

/// Whoever signs for anybody: what a sidecar refuses, its own catalog refuses.
struct Anybody;

impl Gate for Anybody {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

/// The program: the test starts itself again, since only programs of a test's own crate have a path.
#[test]
#[ignore = "the sidecar's program, which the other test starts"]
fn the_program() {
    let words = std::env::var(ARGUMENTS).unwrap_or_default();
    let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    if let Err(error) = sidecar::run(&words) {
        eprintln!("sidecar: {error}");
        std::process::exit(3);
    }
}

fn program(namespace: &str, words: &[&str]) -> Command {
    let mut command = Command::new("ip");
    command
        .args(["netns", "exec", namespace])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "the_program",
            "--ignored",
            "--nocapture",
            "--quiet",
        ])
        .env(ARGUMENTS, words.join(" "))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// A program that ends with the test, and what it said so far.
struct Running(Child, BufReader<std::process::ChildStdout>);

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let out = child.stdout.take().unwrap();
        Self(child, BufReader::new(out))
    }

    /// The next line with these words.
    fn until(&mut self, words: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.1.read_line(&mut line).unwrap();
            assert!(read > 0, "it ended before `{words}`");
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Ends it; what it had not yet been heard to say.
    fn rest(mut self) -> String {
        self.0.kill().unwrap();
        let lines = (&mut self.1).lines().map_while(Result::ok);
        lines.map(|line| line + "\n").collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

struct Keys(tempfile::TempDir);

impl Keys {
    /// Identities of an issuer, each in its directory.
    fn put(&self, issuer: &Issuer, name: &str, id: &str) -> PathBuf {
        let dir = self.0.path().join(name);
        fs::create_dir(&dir).unwrap();
        let subject = Subject::of(id.parse().unwrap()).unwrap();
        let made = issuer.issue_with_key(KeyKind::P256, &subject, &Anybody, now());
        let (issued, key) = made.unwrap();
        fs::write(dir.join("id"), id).unwrap();
        fs::write(dir.join("cert.der"), &issued.chain[0]).unwrap();
        fs::write(dir.join("key.der"), key.as_pkcs8()).unwrap();
        fs::write(dir.join("root.der"), issuer.root()).unwrap();
        dir
    }
}

fn now() -> iia_core::time::Reading {
    SystemClock::new(Floor::default(), 0).read()
}

fn issuer() -> Issuer {
    Issuer::create("iia.local".parse().unwrap(), 3600, 1, now()).unwrap()
}

/// What is answered to these lines, one line each; or the reason why there was no session.
fn asks(
    namespace: &str,
    (keys, contract): (&Path, &str),
    lines: &[&str],
) -> Result<Vec<String>, String> {
    let words = [
        "ask",
        CATALOG,
        keys.to_str().unwrap(),
        LISTENS,
        PRESS,
        contract,
    ];
    let mut child = program(namespace, &words)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    // Whoever is refused does not read it.
    let _refused = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.code() == Some(3) {
        return Err(text(output.stderr));
    }
    let said = text(output.stdout);
    let is_answer = |line: &&str| {
        line.starts_with("refused ") || line.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let answers = said
        .lines()
        .filter(|line| !line.is_empty())
        .filter(is_answer);
    Ok(answers.map(str::to_owned).collect())
}

#[test]
fn an_old_device_is_reached_through_its_sidecar_as_contracted_and_in_no_other_way() {
    let test = "an_old_device_is_reached_through_its_sidecar_as_contracted_and_in_no_other_way";
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
    let there = Command::new(&python)
        .args(["-c", "import pymodbus.server"])
        .output();
    if !there.is_ok_and(|output| output.status.success()) {
        return skip(test, "pymodbus (IIA_PYTHON)");
    }
    let Some(mut lab) = Lab::open(test) else {
        return;
    };
    let address = |text: &str| text.parse().unwrap();
    lab.add_zone("it0", address("10.60.0.1"), 24, &[address("10.60.0.9")]);
    lab.add_zone("cell0", address("10.61.0.1"), 24, &[address(DEVICE)]);
    lab.load(SHUT);
    let (it, cell, router) = (lab.zone("it0"), lab.zone("cell0"), lab.router().to_owned());
    let mut old = Command::new("ip");
    old.args(["netns", "exec", &cell, &python, "-c", OLD_DEVICE]);
    let mut device = Running::start(&mut old);
    device.until("serves");

    let (issuer, foreign) = (issuer(), issuer());
    let keys = Keys(tempfile::tempdir().unwrap());
    let press = keys.put(&issuer, "press", PRESS);
    let scada = keys.put(&issuer, "scada", SCADA);
    let stranger = keys.put(&issuer, "stranger", STRANGER);
    let forged = keys.put(&foreign, "forged", SCADA);
    // It believes who it asks, and is not believed.
    fs::write(forged.join("root.der"), issuer.root()).unwrap();
    let device_at = format!("{DEVICE}:502");
    let words = [
        "serve",
        CATALOG,
        press.to_str().unwrap(),
        LISTENS,
        &device_at,
    ];
    let mut beside = Running::start(&mut program(&router, &words));
    beside.until("serves");

    // Read 0 to 4, write 10 and read it back, write two at once.
    let good = [
        "1 0300000005",
        "1 06000a1234",
        "1 03000a0001",
        "1 10000a00020400070008",
    ];
    let answers = asks(&it, (&scada, CONTRACT), &good).unwrap();
    let wanted = [
        "030a00000001000200030004",
        "06000a1234",
        "03021234",
        "10000a0002",
    ];
    assert_eq!(answers, wanted);
    let tool = Command::new("ip")
        .args(["netns", "exec", &cell, &python, "-c", BESIDE])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&tool.stdout).trim(), "[7, 8]");
    for func in [3, 6, 3, 16, 3] {
        device.until(&format!("asked {func}"));
    }

    // Another register, another function, another unit, and what is no request: the device hears of none.
    let bad = [
        "1 06000c0001",
        "1 0300000015",
        "1 0100000001",
        "1 2b0e0100",
        "2 0300000001",
        "1 03000000",
    ];
    let answers = asks(&it, (&scada, CONTRACT), &bad).unwrap();
    assert_eq!(answers.len(), bad.len(), "{answers:?}");
    for (answer, request) in answers.iter().zip(bad) {
        assert!(answer.starts_with("refused IIA-"), "{request}: {answer}");
    }
    let reason = beside.until("write holding_register 12");
    assert!(reason.contains(SCADA), "{reason}");

    // A certificate of another issuer; a workload that no contract names; a contract that there is not.
    for (who, contract) in [
        (&forged, CONTRACT),
        (&stranger, CONTRACT),
        (&scada, "iia.contract.internal.other"),
    ] {
        let refused = asks(&it, (who, contract), &good).unwrap_err();
        assert!(refused.contains("IIA-"), "{refused}");
    }
    // The old way: there is no way to the device, and the sidecar does not speak without TLS.
    let plain = |host: &str, port: u16| {
        let script = format!(
            "import socket\ns = socket.create_connection(('{host}', {port}), 2)\n\
             s.sendall(bytes.fromhex('000100000006010300000001'))\ns.settimeout(2)\nprint('got', s.recv(99).hex())"
        );
        let asked = Command::new("ip")
            .args(["netns", "exec", &it, "python3", "-c", &script])
            .output()
            .unwrap();
        String::from_utf8(asked.stdout).unwrap()
    };
    assert_eq!(plain(DEVICE, 502), "");
    let said = plain("10.60.0.1", 7443);
    assert!(!said.contains("000100000005010302"), "{said}");

    // Of all that the device has heard nothing; a good client is served as before.
    let answers = asks(&it, (&scada, CONTRACT), &["1 0300010001"]).unwrap();
    assert_eq!(answers, ["03020001"]);
    device.until("asked 3");
    assert_eq!(device.rest(), "");
    // A device that is gone is told, and nothing hangs.
    let answers = asks(&it, (&scada, CONTRACT), &["1 0300010001"]).unwrap();
    assert!(answers[0].starts_with("refused IIA-LNK-"), "{answers:?}");
}
