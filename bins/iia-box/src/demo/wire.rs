//! An interface that the demo watches: it moves into the demo's own network and becomes passive there.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use iia_capture::live::passive::Interface;

/// Runs beside: as soon as the process is in another network, the interface follows it there.
const FOLLOW: &str = "\
    here=$(readlink /proc/$$/ns/net)\n\
    for _ in $(seq 500); do\n\
        [ \"$(readlink /proc/$1/ns/net)\" = \"$here\" ] || exec ip link set dev \"$2\" netns \"$1\"\n\
        sleep 0.01\n\
    done";

/// Says so where there is no such interface.
pub(super) fn exists(interface: &Interface) -> anyhow::Result<()> {
    let path = Path::new("/sys/class/net").join(interface.name());
    let here = path.exists() || super::firewall::is_inside();
    anyhow::ensure!(here, "there is no interface {}", interface.name());
    Ok(())
}

/// Lets the interface follow this process into the network that it is about to enter.
pub(super) fn follow(interface: &Interface) -> anyhow::Result<()> {
    let own = std::process::id().to_string();
    Command::new("sh")
        .args(["-c", FOLLOW, "follow", &own, interface.name()])
        .env("PATH", crate::host::path())
        .stdin(Stdio::null())
        .spawn()
        .context("sh")?;
    Ok(())
}

/// The line over what is seen there.
pub(super) fn heading(interface: &Interface, seconds: u64) -> String {
    let name = interface.name();
    match seconds {
        0 => format!("{name}, as it comes, until it is interrupted"),
        seconds => format!("{name}, as it comes, for {seconds} s"),
    }
}
