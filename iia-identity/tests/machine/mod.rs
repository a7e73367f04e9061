//! A software TPM of a test's own, and the programs that judge what is done with it.
#![allow(dead_code, reason = "every test file uses some of it")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::common;

/// A software TPM with a state of its own; it ends with the test.
pub(crate) struct Machine {
    place: tempfile::TempDir,
    port: u16,
}

impl Machine {
    /// Starts one, or says aloud that a program is missing.
    pub(crate) fn start(test: &str) -> Option<Self> {
        for program in ["swtpm", "tpm2_quote", "openssl"] {
            let there = Command::new(program).arg("--version").output().is_ok();
            if !there {
                common::skip(test, program);
                return None;
            }
        }
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("state")).unwrap();
        let mut machine = Self { place, port: 0 };
        machine.power_on();
        Some(machine)
    }

    /// Starts the TPM from nothing: registers are zero, keys are as they were.
    pub(crate) fn power_on(&mut self) {
        let state = self.path("state");
        let pid = self.path("pid");
        for _ in 0..32 {
            let port = free_port();
            let started = Command::new("swtpm")
                .args(["socket", "--tpm2", "--daemon", "--tpmstate"])
                .arg(format!("dir={}", state.display()))
                .arg("--server")
                .arg(format!("type=tcp,port={port},bindaddr=127.0.0.1"))
                .arg("--ctrl")
                .arg(format!("type=tcp,port={},bindaddr=127.0.0.1", port + 1))
                .args(["--flags", "not-need-init,startup-clear", "--pid"])
                .arg(format!("file={}", pid.display()))
                .output()
                .unwrap();
            if started.status.success() {
                self.port = port;
                return;
            }
        }
        panic!("the software TPM does not start");
    }

    /// Cuts its power.
    pub(crate) fn power_off(&self) {
        let Ok(pid) = fs::read_to_string(self.path("pid")) else {
            return;
        };
        let pid = pid.trim();
        let _ended = Command::new("kill").args(["-KILL", pid]).output();
        let proc = PathBuf::from(format!("/proc/{pid}/exe"));
        while proc.read_link().is_ok() {
            std::thread::yield_now();
        }
    }

    pub(crate) fn reboot(&mut self) {
        self.power_off();
        let _gone = fs::remove_file(self.path("pid"));
        self.power_on();
    }

    /// The address for the library.
    pub(crate) fn address(&self) -> String {
        format!("swtpm:host=127.0.0.1,port={}", self.port)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Runs a program of the TPM tools in the machine's folder; no other client may be connected.
    pub(crate) fn tool(&self, line: &str) -> Output {
        let mut words = line.split_whitespace();
        Command::new(words.next().unwrap())
            .args(words)
            .current_dir(self.place.path())
            .env("TPM2TOOLS_TCTI", self.address())
            .env("TSS2_LOG", "all+NONE")
            .output()
            .unwrap()
    }

    /// Runs one that must succeed.
    pub(crate) fn does(&self, line: &str) -> String {
        let done = self.tool(line);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{line}\n{said}");
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// A signer of policies made by OpenSSL: the point of its key; the key stays in `signer.pem`.
    pub(crate) fn signer(&self, name: &str) -> [u8; 65] {
        self.does(&format!(
            "openssl ecparam -name prime256v1 -genkey -noout -out {name}"
        ));
        let der = self
            .tool(&format!("openssl ec -in {name} -pubout -outform DER"))
            .stdout;
        der[der.len() - 65..].try_into().unwrap()
    }

    /// r and s of OpenSSL's signature over `message`.
    pub(crate) fn signed(&self, name: &str, message: &[u8]) -> [u8; 64] {
        self.write("message", message);
        let der = self
            .tool(&format!("openssl dgst -sha256 -sign {name} message"))
            .stdout;
        let mut both = [0; 64];
        let mut rest = &der[2..];
        for half in 0..2 {
            let (number, after) = rest[2..].split_at(usize::from(rest[1]));
            let number = number.strip_prefix(&[0]).unwrap_or(number);
            let end = (half + 1) * 32;
            both[end - number.len()..end].copy_from_slice(number);
            rest = after;
        }
        both
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.power_off();
    }
}

/// A port that is free, and the next one too.
fn free_port() -> u16 {
    loop {
        let one = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = one.local_addr().unwrap().port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    iia_core::digest::hex(bytes)
}

/// A TPM2B: the length before the bytes.
pub(crate) fn sized(bytes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(bytes.len()).unwrap();
    [&len.to_be_bytes()[..], bytes].concat()
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
