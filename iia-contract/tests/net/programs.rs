//! Programs that judge: started for a test, ended with it.

#![allow(dead_code, reason = "each test uses its part")]

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Says aloud why a test does not run; fails instead where everything is required.
pub(crate) fn skip(test: &str, missing: &str) {
    eprintln!("SKIPPED: {test}: {missing}");
    assert!(
        std::env::var_os("IIA_REQUIRE_ALL").is_none(),
        "{test} needs {missing}"
    );
}

/// Whether `program` can be started.
pub(crate) fn has(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .output();
    found.is_ok_and(|output| output.status.success())
}

/// A port of the loopback that nobody uses.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A program in the background; it ends when this is dropped.
pub(crate) struct Running(Child);

impl Running {
    /// Starts a program and waits until it listens on a port of the loopback.
    pub(crate) fn listening(program: &str, arguments: &[&str], port: u16) -> Self {
        let there = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        Self::start(program, arguments, &there)
    }

    /// Starts a program and waits until its socket is there.
    pub(crate) fn at(program: &str, arguments: &[&str], socket: &Path) -> Self {
        Self::start(program, arguments, &|| socket.exists())
    }

    fn start(program: &str, arguments: &[&str], there: &dyn Fn() -> bool) -> Self {
        let child = Command::new(program)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut running = Self(child);
        let deadline = Instant::now() + Duration::from_secs(20);
        while !there() {
            let ended = running.0.try_wait().unwrap();
            assert!(ended.is_none(), "{program} {arguments:?} ended: {ended:?}");
            assert!(Instant::now() < deadline, "{program} does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a script with a task on its input; its answer.
pub(crate) fn ask(python: &Path, script: &str, task: &Value) -> Value {
    let mut child = Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(task.to_string().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}
