//! Programs of the machine that set up its network.

use std::io::Write as _;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

use anyhow::Context as _;

/// Where programs for administrators are, which not everybody's path names.
const SBIN: &str = "/usr/sbin:/sbin";

/// Where programs are looked for.
pub(crate) fn path() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:{SBIN}")
}

/// Runs a program to its good end.
pub(crate) fn run(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    give(program, arguments, "")
}

/// Runs `nft` with an input to its good end.
pub(crate) fn nft(arguments: &[&str], input: &str) -> anyhow::Result<()> {
    give("nft", arguments, input)
}

/// Tells whoever started this process, where it wants to know (`sd_notify`), that it has begun.
pub(crate) fn ready() {
    if let Some(place) = std::env::var_os("NOTIFY_SOCKET") {
        let told = UnixDatagram::unbound().and_then(|socket| socket.send_to(b"READY=1", place));
        if let Err(error) = told {
            tracing::warn!(%error, "host.ready");
        }
    }
}

fn give(program: &str, arguments: &[&str], input: &str) -> anyhow::Result<()> {
    let mut child = Command::new(program)
        .args(arguments)
        .env("PATH", path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| program.to_owned())?;
    let mut to_child = child.stdin.take().context("its input")?;
    let _it_reads_nothing = to_child.write_all(input.as_bytes());
    drop(to_child);
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{program}: {}", said.trim());
    Ok(())
}
