//! The walking demo: three boxes on this machine, real traffic, and every step of the way from packet to north.

mod change;
mod ending;
mod firewall;
mod heads;
mod kept;
mod levels;
mod said;
mod standing;
mod story;
mod wire;

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::DemoArguments;
use crate::screen::{Screen, Tone};

/// Runs the demo.
pub(crate) fn run(arguments: &DemoArguments) -> anyhow::Result<()> {
    story::readable(arguments)?;
    firewall::enter(arguments.interface.as_ref())?;
    let dir = directory(arguments)?;
    let mut screen = Screen::new();
    screen.line(
        Tone::Head,
        "Three boxes on this machine: seg01 at a press line, the site box above it, the enterprise box at the top",
    );
    screen.line(
        Tone::Quiet,
        &format!("everything is kept in {}", dir.display()),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = tokio::task::LocalSet::new();
    let told = local.block_on(&runtime, story::tell(arguments, &dir, &mut screen))?;
    ending::tell(&dir, &told, &mut screen)
}

/// A directory of this run's own: evidence is never written over.
fn directory(arguments: &DemoArguments) -> anyhow::Result<PathBuf> {
    if let Some(dir) = &arguments.dir {
        anyhow::ensure!(
            !dir.exists(),
            "{} exists already; evidence is never written over",
            dir.display()
        );
        std::fs::create_dir_all(dir)?;
        return Ok(dir.canonicalize()?);
    }
    for number in 1..10_000 {
        let dir = Path::new("iia-demo").join(format!("run-{number}"));
        std::fs::create_dir_all("iia-demo")?;
        match std::fs::create_dir(&dir) {
            Ok(()) => return Ok(dir.canonicalize()?),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).context("make a directory for this run"),
        }
    }
    anyhow::bail!("iia-demo holds ten thousand runs; remove some")
}

/// Where the first key of a box's seals is kept, in place of a safe elsewhere.
fn escrow(dir: &Path, box_name: &str) -> PathBuf {
    dir.join("escrow").join(format!("{box_name}.seal-key"))
}
