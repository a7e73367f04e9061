//! OpenSSL's own client and server.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::world::{Credentials, accept_frame, first_frame};

/// Whether OpenSSL 3 is here; said aloud where not, and a failure where everything is required.
pub(crate) fn there(test: &str) -> bool {
    let there = Command::new("openssl").arg("version").output();
    if there.is_ok_and(|done| done.stdout.starts_with(b"OpenSSL 3.")) {
        return true;
    }
    let line = format!("SKIPPED: {test}: openssl 3\n");
    assert!(
        std::env::var_os("IIA_REQUIRE_ALL").is_none_or(|all| all != "1"),
        "{line}"
    );
    let _closed = std::io::stderr().write_all(line.as_bytes());
    false
}

/// The options that show a certificate, and the folder it is in.
pub(crate) struct Files {
    options: Vec<String>,
    _dir: Option<tempfile::TempDir>,
}

impl Files {
    pub(crate) const fn none() -> Self {
        Self {
            options: Vec::new(),
            _dir: None,
        }
    }
}

pub(crate) fn files(svid: &Credentials) -> Files {
    let dir = tempfile::tempdir().unwrap();
    let (leaf, key) = (dir.path().join("leaf.der"), dir.path().join("key.der"));
    std::fs::write(&leaf, &svid.leaf).unwrap();
    std::fs::write(&key, &svid.key).unwrap();
    let (leaf, key) = (leaf.to_str().unwrap(), key.to_str().unwrap());
    let options = [
        "-certform",
        "DER",
        "-cert",
        leaf,
        "-keyform",
        "DER",
        "-key",
        key,
    ];
    Files {
        options: options.map(str::to_owned).to_vec(),
        _dir: Some(dir),
    }
}

/// `openssl s_client`, which asks for a link and stays until the server ends it: what it got over TLS.
pub(crate) async fn client(addr: SocketAddr, files: &Files, more: &[&str]) -> Vec<u8> {
    let mut command = Command::new("openssl");
    command
        .args([
            "s_client",
            "-quiet",
            "-ign_eof",
            "-noservername",
            "-connect",
        ])
        .arg(addr.to_string())
        .args(&files.options)
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let run = move || {
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let _gone = stdin.write_all(&first_frame());
        let done = child.wait_with_output().unwrap();
        drop(stdin);
        done.stdout
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

/// `openssl s_server` on a port of its own, ended when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) addr: SocketAddr,
    _files: Files,
}

impl Server {
    pub(crate) fn start(files: Files, more: &[&str]) -> Self {
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-Verify", "1"])
            .args(&files.options)
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It sends what it reads as soon as somebody is connected.
        let stdin = child.stdin.as_mut().unwrap();
        stdin.write_all(&accept_frame()).unwrap();
        stdin.flush().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let addr = loop {
            let mut line = String::new();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "no s_server");
            if let Some(addr) = line.trim_end().strip_prefix("ACCEPT ") {
                break addr.parse().unwrap();
            }
        };
        // Whatever else it says is read, or it would end.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        Self {
            child,
            addr,
            _files: files,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
