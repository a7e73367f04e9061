//! An interface that only sees: what is to be done before a collector may watch it.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use iia_capture::live::passive::Interface;

use crate::host::{nft, run};
use crate::role::INTERFACE;

/// How long the interface may take to be there.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Makes the interface passive; what the collector of a box is told.
pub(crate) fn take(interface: &Interface, seconds: u64) -> anyhow::Result<Vec<String>> {
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

fn arrived(interface: &Interface) -> anyhow::Result<()> {
    let started = Instant::now();
    let shown = || run("ip", &["link", "show", "dev", interface.name()]);
    while let Err(error) = shown() {
        anyhow::ensure!(started.elapsed() < WAIT_MAX, "{error:#}");
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
