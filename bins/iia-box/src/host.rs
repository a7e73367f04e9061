//! Programs of the machine that set up its network.

use std::io::{self, Write as _};
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Output, Stdio};

use anyhow::Context as _;

/// Where programs for administrators are, which not everybody's path names.
const SBIN: &str = "/usr/sbin:/sbin";

/// Where programs are looked for.
pub(crate) fn path() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:{SBIN}")
}

/// Starts something while nothing of this process speaks to a TPM: a program would have a way to it.
#[cfg(feature = "tpm")]
pub(crate) fn apart<T>(start: impl FnOnce() -> T) -> T {
    iia_identity::tpm::apart(crate::keeper::tpm::ANSWER_MAX, start)
}

/// This program speaks to no TPM.
#[cfg(not(feature = "tpm"))]
pub(crate) fn apart<T>(start: impl FnOnce() -> T) -> T {
    start()
}

/// Runs a program to its end, and gives what it writes.
pub(crate) fn output(command: &mut Command) -> io::Result<Output> {
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    apart(|| command.spawn())?.wait_with_output()
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
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("PATH", path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = apart(|| command.spawn()).with_context(|| program.to_owned())?;
    let mut to_child = child.stdin.take().context("its input")?;
    let _it_reads_nothing = to_child.write_all(input.as_bytes());
    drop(to_child);
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{program}: {}", said.trim());
    Ok(())
}
