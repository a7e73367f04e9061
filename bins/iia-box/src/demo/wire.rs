//! An interface that the demo watches: it moves into the demo's own network and becomes passive there.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use iia_capture::live::passive::Interface;

use super::firewall::nft;
use crate::role::INTERFACE;

/// How long the interface may take to come along.
const WAIT_MAX: Duration = Duration::from_secs(5);
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
        .env("PATH", super::firewall::path())
        .stdin(Stdio::null())
        .spawn()
        .context("sh")?;
    Ok(())
}

/// Makes the interface passive; what the collector of a box is told.
pub(super) fn args(interface: &Interface, seconds: u64) -> anyhow::Result<Vec<String>> {
    let name = interface.name();
    arrived(interface)?;
    nft(&["-f", "-"], &interface.rules())?;
    for line in interface.settings().lines() {
        // A kernel without IPv6 has no settings of it.
        let _said = run("sysctl", &["-q", "-w", &line.replace(' ', "")]);
    }
    for words in interface.commands() {
        let (program, arguments) = words.split_first().context("a command")?;
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        run(program, &arguments)?;
    }
    Ok(vec![INTERFACE.into(), name.into(), seconds.to_string()])
}

/// The line over what is seen there.
pub(super) fn heading(interface: &Interface, seconds: u64) -> String {
    let name = interface.name();
    match seconds {
        0 => format!("{name}, as it comes, until it is interrupted"),
        seconds => format!("{name}, as it comes, for {seconds} s"),
    }
}

fn arrived(interface: &Interface) -> anyhow::Result<()> {
    let started = Instant::now();
    let shown = || run("ip", &["link", "show", "dev", interface.name()]);
    while let Err(error) = shown() {
        anyhow::ensure!(started.elapsed() < WAIT_MAX, "{error:#}");
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn run(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new(program).args(arguments).output();
    let output = output.with_context(|| program.to_owned())?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{program}: {}", said.trim());
    Ok(())
}
