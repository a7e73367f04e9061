//! Who a process is: the kernel's word against a process that has ended, changed, or lends its socket.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use iia_identity::workload::{Attested, Selector, WorkloadError};
use iia_identity::workload_api::{LinuxAttestor, Peer, WorkloadAttestor as _};

use crate::common;
use crate::world::WAIT;

/// A Python of the system, which needs no packages here.
const PYTHON: &str = "/usr/bin/python3";

/// What the child does: connects, says so, and then what it is told.
const CHILD: &str = r#"
import os, socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
os.set_inheritable(peer.fileno(), True)
print("connected", flush=True)
for line in sys.stdin:
    if line == "leave\n":
        if os.fork() == 0:
            os.read(0, 1)   # holds the socket until the test ends
        os._exit(0)
    if line == "exec\n":
        os.execv("/bin/sh", ["sh", "-c", "echo changed; read line"])
"#;

struct Made {
    child: Child,
    peer: Peer,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    _socket: std::os::unix::net::UnixStream,
    _dir: tempfile::TempDir,
}

impl Made {
    fn new(python: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let mut child = Command::new(python)
            .args(["-c", CHILD])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "connected");
        let (socket, _) = listener.accept().unwrap();
        let peer = Peer::of(&socket).unwrap();
        assert_eq!(u32::try_from(peer.pid()).unwrap(), child.id());
        Self {
            child,
            peer,
            lines,
            _socket: socket,
            _dir: dir,
        }
    }

    fn tell(&mut self, what: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(format!("{what}\n").as_bytes()).unwrap();
    }

    fn attest(&self) -> Result<Attested, WorkloadError> {
        LinuxAttestor::default().attest(&self.peer)
    }
}

fn is_there(test: &str) -> bool {
    let there = Path::new(PYTHON).exists();
    if !there {
        common::skip(test, PYTHON);
    }
    there
}

fn sha256sum(path: &Path) -> String {
    let done = Command::new("sha256sum").arg(path).output().unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    text.split(' ').next().unwrap().to_owned()
}

#[test]
fn what_is_seen_of_a_process_is_what_the_kernel_and_sha256sum_say() {
    if !is_there("what_is_seen_of_a_process_is_what_the_kernel_and_sha256sum_say") {
        return;
    }
    let made = Made::new(Path::new(PYTHON));
    let seen = made.attest().unwrap();
    let digest = sha256sum(&std::fs::canonicalize(PYTHON).unwrap());
    let groups = std::fs::read_to_string(format!("/proc/{}/cgroup", made.peer.pid())).unwrap();
    let group = groups
        .lines()
        .next()
        .unwrap()
        .splitn(3, ':')
        .nth(2)
        .unwrap();
    for selector in [
        Selector::uid(made.peer.uid()),
        Selector::gid(made.peer.gid()),
        Selector::sha256(&digest),
        Selector::cgroup(group),
    ] {
        assert!(seen.selectors.contains(&selector), "{selector} {seen:?}");
    }
    assert!(
        seen.words
            .starts_with(&format!("process {} of user", made.peer.pid()))
    );
}

#[test]
fn a_process_that_has_ended_is_nobody_though_its_socket_and_its_number_live_on() {
    let test = "a_process_that_has_ended_is_nobody_though_its_socket_and_its_number_live_on";
    if !is_there(test) {
        return;
    }
    let mut made = Made::new(Path::new(PYTHON));
    assert!(made.attest().is_ok());
    made.tell("leave");
    assert!(made.child.wait().unwrap().success());
    assert_eq!(made.attest(), Err(WorkloadError::Gone));
    // The number goes to another process, with the same user and the same program as a workload would have.
    let last = "/proc/sys/kernel/ns_last_pid";
    let number = u32::try_from(made.peer.pid()).unwrap();
    let began = std::time::Instant::now();
    loop {
        if std::fs::write(last, (number - 1).to_string()).is_err() {
            return common::skip(
                test,
                "leave to choose the number of the next process (root)",
            );
        }
        let mut other = Command::new(PYTHON)
            .args(["-c", "import sys; sys.stdin.read()"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let (is, said) = (other.id() == number, made.attest());
        drop(other.stdin.take());
        let _ended = other.wait();
        assert_eq!(said, Err(WorkloadError::Gone));
        if is {
            return;
        }
        assert!(began.elapsed() < WAIT, "the number did not come again");
    }
}

#[test]
fn a_process_that_becomes_another_program_is_another_workload() {
    if !is_there("a_process_that_becomes_another_program_is_another_workload") {
        return;
    }
    let mut made = Made::new(Path::new(PYTHON));
    assert!(made.attest().is_ok());
    made.tell("exec");
    assert_eq!(made.lines.next().unwrap().unwrap(), "changed");
    assert_eq!(made.attest(), Err(WorkloadError::ProgramChanged));
    drop(made.child.stdin.take());
    let _ended = made.child.wait();
}

#[test]
fn the_program_is_the_file_that_runs_whatever_has_its_name_now() {
    if !is_there("the_program_is_the_file_that_runs_whatever_has_its_name_now") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("python");
    std::fs::copy(std::fs::canonicalize(PYTHON).unwrap(), &program).unwrap();
    let digest = sha256sum(&program);
    let made = Made::new(&program);
    let before = made.attest().unwrap();
    std::fs::remove_file(&program).unwrap();
    std::fs::write(&program, "another").unwrap();
    let after = made.attest().unwrap();
    assert_eq!(before.selectors, after.selectors);
    assert!(after.selectors.contains(&Selector::sha256(&digest)));
    assert!(after.words.contains("python (deleted)"), "{}", after.words);
}

#[test]
fn a_selector_has_a_type_a_name_and_a_value() {
    for good in [
        "unix:uid:0",
        "docker:image_id:sha256:ab",
        "unix:cgroup:/a:b",
    ] {
        assert_eq!(good.parse::<Selector>().unwrap().to_string(), good);
    }
    for bad in [
        "",
        "unix",
        "unix:uid",
        "unix:uid:",
        ":uid:0",
        "unix::0",
        "unix:uid:\n0",
    ] {
        assert_eq!(
            bad.parse::<Selector>(),
            Err(WorkloadError::BadSelector),
            "{bad:?}"
        );
    }
    let long = format!("unix:cgroup:{}", "a".repeat(1024));
    assert!(long.parse::<Selector>().is_err());
}
