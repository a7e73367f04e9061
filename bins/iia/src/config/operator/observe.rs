//! The observer's part by hand: compares what is on trial with what the box has, and signs the answer that the applier
//! waits for. It looks at the states that are files; what it cannot look at it names.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use iia_config::apply::Call;
use iia_config::desk::{Expected, on_trial};
use iia_config::envelope::seal;
use iia_config::lifecycle::Confirmation;
use iia_config::stage::Store;
use iia_config::trust::Class;
use iia_core::SpiffeId;
use iia_core::time::{Clock as _, Floor, SECOND_NS, SystemClock};

use super::key;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The box's directory
    #[arg(long)]
    dir: PathBuf,
    /// The box's name
    #[arg(long = "box")]
    box_name: String,
    /// The observer's key, which the trust document names for class `confirmation`
    #[arg(short, long)]
    key: String,
    #[command(flatten)]
    secrets: key::Secrets,
    /// Who looks
    #[arg(long)]
    identity: SpiffeId,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let clock = SystemClock::new(Floor::default(), SECOND_NS.unsigned_abs());
    let store = Store::at(&arguments.dir);
    let Some(expected) = on_trial(&store, &arguments.box_name, clock.read())? else {
        println!("nothing is on trial");
        return Ok(ExitCode::FAILURE);
    };
    let Expected {
        class, artifact, ..
    } = expected;
    if let Some(call) = differs(&arguments.dir.join("state"), &expected)? {
        println!(
            "{} {artifact} is not in force: {call} is something else; nothing is signed",
            class.name()
        );
        return Ok(ExitCode::FAILURE);
    }
    let key = key::open(&arguments.key, &arguments.secrets)?;
    // An answer is written in whole seconds, and one from before the trial does not count: the next one begins soon.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let seen = clock.read().wall;
    let text = Confirmation::text(
        (class, artifact),
        &arguments.box_name,
        &arguments.identity,
        seen,
    );
    let answer = seal(Class::Confirmation, text.as_bytes(), &[key.as_ref()])?;
    let path = arguments.dir.join("state").join("observed");
    let beside = path.with_extension("new~");
    fs::write(&beside, answer).with_context(|| format!("write {}", beside.display()))?;
    fs::rename(&beside, &path)?;
    println!(
        "{} {artifact} is in force, by its state files; signed into {}",
        class.name(),
        path.display()
    );
    if class == Class::Config {
        println!(
            "not looked at from here: rendered services and the kernel's firewall, which the applier read back"
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// The first call whose state is a file and says something else than it should.
fn differs(state: &Path, expected: &Expected) -> anyhow::Result<Option<&'static str>> {
    let found = expected.differs(|call: Call| {
        let path = state.join(call.name());
        match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            other => other.with_context(|| format!("read {}", path.display())),
        }
    })?;
    Ok(found.map(Call::name))
}
