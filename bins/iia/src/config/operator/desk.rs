//! The desk of a box, by hand: begin, submit, status. Applying is `iia-apply`'s.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use iia_audit::log::Log;
use iia_audit::note::{Purpose, VerifierKey};
use iia_audit::policy::Policy;
use iia_config::desk::{Desk, DeskError, Site};
use iia_config::envelope::Armour;
use iia_config::history::live;
use iia_config::stage::{Kept, Phase, Stand, Store};
use iia_config::trust::Class;
use iia_core::Timestamp;
use iia_core::code::Coded as _;
use iia_core::time::{Clock as _, Floor, Reading, SECOND_NS, SystemClock};

use super::read;

/// Which box.
#[derive(clap::Args)]
pub(crate) struct Place {
    /// The box's directory, which holds `evidence` and `state`
    #[arg(long)]
    dir: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct Begin {
    #[command(flatten)]
    place: Place,
    /// The box's name
    #[arg(long = "box")]
    box_name: String,
    /// The first trust document, as text
    #[arg(long)]
    trust: PathBuf,
    /// The box's log key: begins its audit chain as well
    #[arg(long, requires = "witness")]
    log_key: Option<String>,
    /// A witness of the chain, of another box: name+hash+key
    #[arg(long, requires = "log_key")]
    witness: Vec<String>,
    #[command(flatten)]
    secrets: super::key::Secrets,
}

#[derive(clap::Args)]
pub(crate) struct Submit {
    #[command(flatten)]
    place: Place,
    /// The box's name
    #[arg(long = "box")]
    box_name: String,
    /// The signed artifact
    file: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct Status {
    #[command(flatten)]
    place: Place,
}

impl Place {
    fn store(&self) -> Store {
        Store::at(&self.dir)
    }
}

/// The trial's length does not matter here: what is applied, and for how long it is tried, is the applier's.
fn site(box_name: &str) -> Site {
    Site {
        box_name: box_name.into(),
        trial_ns: 0,
    }
}

fn now(floor: Floor) -> Reading {
    SystemClock::new(floor, SECOND_NS.unsigned_abs()).read()
}

pub(crate) fn begin(arguments: &Begin) -> anyhow::Result<ExitCode> {
    let text = read(&arguments.trust)?;
    if let Some(key) = &arguments.log_key {
        begin_log(arguments, key)?;
    }
    let store = arguments.place.store();
    match Desk::begin(
        store,
        site(&arguments.box_name),
        &text,
        now(Floor::default()),
    ) {
        Ok(desk) => {
            let keys = desk.trust().keys().count();
            println!(
                "box {} begins with {keys} operator keys",
                arguments.box_name
            );
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => Ok(refused(&error, &arguments.trust, &text)),
    }
}

/// Begins the box's audit chain: one witness is enough to cover it.
fn begin_log(arguments: &Begin, key: &str) -> anyhow::Result<()> {
    let signer = super::key::open(key, &arguments.secrets)?;
    let witnesses = arguments
        .witness
        .iter()
        .map(|text| VerifierKey::parse(text));
    let policy = Policy {
        log: VerifierKey {
            name: format!("{}/audit", arguments.box_name),
            purpose: Purpose::Log,
            key: signer.public_key(),
        },
        witnesses: witnesses.collect::<Result<_, _>>()?,
        quorum: 1,
        mirrors: Vec::new(),
    };
    let dir = arguments.place.dir.join("evidence").join("audit");
    Log::create(&dir, &policy, signer.as_ref(), now(Floor::default()))?;
    println!(
        "its audit chain is known elsewhere as {}",
        policy.log.to_text()
    );
    Ok(())
}

pub(crate) fn submit(arguments: &Submit) -> anyhow::Result<ExitCode> {
    let bytes = read(&arguments.file)?;
    let store = arguments.place.store();
    let mut desk = Desk::open(store, site(&arguments.box_name))?;
    desk.know_live(live(&arguments.place.dir.join("evidence"))?);
    let now = now(desk.state().floor());
    match desk.submit(bytes.clone(), now) {
        Ok(digest) => {
            let class = Armour::parse(&bytes).map_or("artifact", |armour| armour.class.name());
            println!("staged {class} {digest}; it waits for an approval that names it");
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            let body = Armour::parse(&bytes).map_or(&[][..], |armour| armour.body);
            Ok(refused(&error, &arguments.file, body))
        }
    }
}

fn refused(error: &DeskError, file: &Path, body: &[u8]) -> ExitCode {
    match error {
        DeskError::Rejected(rejected) => {
            let field = |key: &str| rejected.event.field(key).unwrap_or_default();
            let code = rejected.event.field("code");
            let code = code.map_or_else(String::new, |code| format!("{code} "));
            println!("refused at `{}`: {code}{}", field("step"), rejected.why);
            super::super::tell(file, body, &rejected.diagnostics);
        }
        DeskError::Trust(found) => {
            println!("refused: {error}");
            super::super::tell(file, body, found);
        }
        other => println!("refused: {} {other}", other.code()),
    }
    ExitCode::FAILURE
}

pub(crate) fn status(arguments: &Status) -> anyhow::Result<ExitCode> {
    let store = arguments.place.store();
    let state = store.load()?;
    let state = state.with_context(|| {
        format!(
            "{} was never begun: `iia config begin`",
            arguments.place.dir.display()
        )
    })?;
    for class in [Class::Config, Class::Image, Class::Ruleset, Class::Trust] {
        stand(class, &state.of(class));
    }
    match state.phase() {
        Phase::Rest => println!("{:<11}at rest", "phase"),
        Phase::Applying { class, artifact } => println!(
            "{:<11}interrupted while applying {class} {artifact}: the applier goes back when it runs next",
            "phase"
        ),
        Phase::Trial {
            class,
            artifact,
            until_ns,
            ..
        } => println!(
            "{:<11}{class} {artifact} on trial until {}; goes back unless an observer confirms it",
            "phase",
            Timestamp::from_ns(*until_ns)
        ),
    }
    println!(
        "{:<11}{} artifacts, {} approvals used",
        "kept",
        state.kept().len(),
        state.used().len()
    );
    println!(
        "{:<11}{} events wait for the audit chain",
        "outbox",
        state.outbox().len()
    );
    let floor = state.floor().at();
    if floor > Timestamp::from_secs(0) {
        println!("{:<11}no clock below {floor} is believed", "time");
    }
    Ok(ExitCode::SUCCESS)
}

/// Where a class stands; nothing is said of a class that this box never saw.
fn stand(class: Class, stand: &Stand<'_>) {
    let is_config = class == Class::Config;
    if !is_config && stand.staged.is_none() && stand.applied.is_none() {
        return;
    }
    let line = |name: &str, kept: Option<&Kept>| match kept {
        Some(kept) => {
            let by = match kept.authors.join(", ") {
                authors if authors.is_empty() => "put in by hand".into(),
                authors => format!("by {authors}"),
            };
            println!(
                "{name:<11}revision {:<4}{}  {by}",
                kept.revision,
                kept.digest()
            );
        }
        None if is_config => println!("{name:<11}nothing"),
        None => {}
    };
    println!("{}", class.name());
    line("  staged", stand.staged);
    line("  applied", stand.applied);
    line("  previous", stand.previous);
    if stand.revision_highest > 0 {
        println!(
            "{:<11}a revision above {}",
            "  next", stand.revision_highest
        );
    }
}
