//! The firewall of the box at the press line: the demo runs in a network namespace of its own, so that the rules are the
//! kernel's and nobody else's network is touched.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use iia_capture::live::passive::Interface;
use iia_contract::compile::Target as _;
use iia_contract::compile::nft::Ruleset;

use super::wire;
use crate::host;
use crate::screen::{Screen, Tone};
use crate::terms::Settings;

/// Set for the demo that runs inside.
const INSIDE: &str = "IIA_DEMO_NETWORK";
/// What the demo runs first inside: the loopback interface, on which the boxes speak.
const BEGIN: &str = "ip link set lo up && exec \"$0\" \"$@\"";

/// Starts the demo again in a network namespace of its own, where this machine lets anybody have one; comes back where it
/// does not, or when it runs inside already. An interface that is to be watched goes along, and comes back with its end.
pub(super) fn enter(interface: Option<&Interface>) -> anyhow::Result<()> {
    if is_inside() {
        return Ok(());
    }
    if !has_namespaces() {
        anyhow::ensure!(
            interface.is_none(),
            "an interface is watched in a network namespace, which this machine does not let you have"
        );
        return Ok(());
    }
    interface.map(wire::follow).transpose()?;
    let program = std::env::current_exe()?;
    let error = unshare()
        .args(["sh", "-c", BEGIN])
        .arg(program)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "own")
        .exec();
    Err(error).context("run in a network namespace")
}

/// Whether the firewall is the demo's own.
pub(super) fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

fn unshare() -> Command {
    let mut command = Command::new("unshare");
    command
        .args(["--map-root-user", "--net"])
        .env("PATH", host::path());
    command
}

fn has_namespaces() -> bool {
    let tried = unshare()
        .args(["sh", "-c", "ip link set lo up && nft list ruleset"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success())
}

/// Loads what the contracts of a box open, and nothing else.
pub(super) fn load(settings: &Settings) -> anyhow::Result<()> {
    let (ruleset, _) = Ruleset::compile(&settings.catalog, &settings.topology);
    host::nft(&["-f", "-"], &ruleset.write())
}

/// Flushes every rule, as somebody would who is in a hurry.
pub(super) fn flush() -> anyhow::Result<Instant> {
    host::nft(&["flush", "ruleset"], "")?;
    Ok(Instant::now())
}

/// Says how long it took until the screen knew.
pub(super) fn told(screen: &Screen, took: Option<Duration>) {
    match took {
        Some(took) => screen.line(
            Tone::Good,
            &format!(
                "the observer said so {} ms after the hand",
                took.as_millis()
            ),
        ),
        None => screen.line(Tone::Bad, "the observer said nothing"),
    }
}
