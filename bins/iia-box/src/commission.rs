//! Bringing a box to life: keys, log, and the life of its first configuration from signed text to applied state.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use iia_audit::note::VerifierKey;
use iia_audit::policy::Policy;
use iia_config::apply::{Call, Calls};
use iia_config::desk::{Desk, DeskError, Site};
use iia_config::stage::{StageError, Store};
use iia_core::SpiffeId;
use iia_core::event::{Event, EventKind};
use iia_core::time::{Clock as _, Reading};

use crate::boxdir::BoxDir;
use crate::operators::{APPROVER, AUTHOR, Operators};
use crate::workload::clock;
use crate::{chain, observe};

/// How long the first configuration may stay unconfirmed: an hour, while its roles are started.
const TRIAL_NS: u64 = 3600 * 1_000_000_000;

/// How often the desk is tried while another has it open, and how long between: a second in all.
const LOCK_TRIES: u32 = 100;
const LOCK_WAIT: Duration = Duration::from_millis(10);

/// A box that is to be brought to life.
pub(crate) struct Commission<'a> {
    /// Its trust domain.
    pub(crate) domain: &'a str,
    /// Its directory.
    pub(crate) dir: &'a BoxDir,
    /// Its name.
    pub(crate) name: &'a str,
    /// Whoever vouches for its audit heads.
    pub(crate) policy: Policy,
    /// Where the first key of its seals goes, which is not on the box.
    pub(crate) escrow: PathBuf,
    /// Its operators.
    pub(crate) operators: &'a Operators,
}

/// One step of the life of an artifact, in words.
pub(crate) type Told<'a> = dyn FnMut(&str) + 'a;

impl Commission<'_> {
    /// Makes the keys of a new box.
    pub(crate) fn keys(dir: &BoxDir, name: &str) -> anyhow::Result<(VerifierKey, VerifierKey)> {
        dir.create()?;
        observe::make_key(dir)?;
        chain::make_keys(dir, name)
    }

    /// Takes a text from its author to applied state; every step is in the box's audit chain, also one that fails.
    pub(crate) fn run(self, text: &str, told: &mut Told<'_>) -> anyhow::Result<()> {
        let now = clock().read();
        let mut log = chain::create(self.dir, &self.policy, &self.escrow, now)?;
        // The desk numbers its own events, so it is a source of its own.
        let source = SpiffeId::workload(&self.domain.parse()?, "cfg", "desk")?;
        let site = place(self.name);
        let trust = self.operators.trust(&observe::public_key(self.dir)?)?;
        let store = Store::at(self.dir.path());
        let mut desk = Desk::begin(store, site, trust.as_bytes(), now)?;
        let outcome = self.life(text, &mut desk, now, told);
        let events = desk.outbox().to_vec();
        let last = events.last().map_or(0, |event| event.source_seq);
        chain::append(&mut log, &source, events, now)?;
        desk.acknowledge(last)?;
        outcome
    }

    fn life(
        &self,
        text: &str,
        desk: &mut Desk,
        now: Reading,
        told: &mut Told<'_>,
    ) -> anyhow::Result<()> {
        let signed = self.operators.sign(text, AUTHOR)?;
        told(&format!(
            "{AUTHOR} signs {} bytes of readable text",
            text.len()
        ));
        let seen = desk.outbox().len();
        let staged = desk.submit(signed, now);
        for event in desk.outbox().iter().skip(seen) {
            in_words(event, told);
        }
        let artifact = staged?;
        let approval =
            self.operators
                .approve("first", (&artifact.to_string(), self.name), now.wall)?;
        let mut calls = Files::at(self.dir);
        desk.release(&approval, &mut calls, now)?;
        told(&format!("approved by {APPROVER}, who is not the author"));
        let revision = desk.state().applied().map_or(0, |kept| kept.revision);
        told(&format!(
            "applied: {} gated calls, revision {revision}",
            calls.made.len()
        ));
        Ok(())
    }
}

fn place(box_name: &str) -> Site {
    Site {
        box_name: box_name.into(),
        trial_ns: TRIAL_NS,
    }
}

/// Ends the trial of what is applied with its observer's answer. What it tells waits in the outbox, from which the
/// keeper of the chain takes it.
pub(crate) fn confirm(dir: &BoxDir, box_name: &str, answer: &[u8]) -> anyhow::Result<()> {
    let now = clock().read();
    let mut desk = open(dir, box_name)?;
    desk.settle(&mut Files::at(dir), now)?;
    Ok(desk.confirm(answer, now)?)
}

/// Takes a signed revocation; whoever follows the store of the box acts on it.
pub(crate) fn revoke(dir: &BoxDir, box_name: &str, signed: &[u8]) -> anyhow::Result<()> {
    let now = clock().read();
    let mut desk = open(dir, box_name)?;
    desk.revoke(signed, now)?;
    Ok(())
}

/// The desk, as soon as the keeper of the chain, which empties its outbox, is done with it.
fn open(dir: &BoxDir, box_name: &str) -> Result<Desk, DeskError> {
    for _ in 0..LOCK_TRIES {
        match Desk::open(Store::at(dir.path()), place(box_name)) {
            Err(DeskError::Storage(StageError::Locked)) => std::thread::sleep(LOCK_WAIT),
            opened => return opened,
        }
    }
    Err(StageError::Locked.into())
}

/// What a step did, for a person who watches.
fn in_words(event: &Event, told: &mut Told<'_>) {
    let field = |key: &str| event.field(key).unwrap_or_default();
    match event.kind {
        EventKind::ArtifactVerified => {
            told(&format!("verified: signed by {}", field("operators")));
        }
        EventKind::ArtifactParsed => {
            told(&format!("parsed: {} entries, canonical", field("entries")));
        }
        EventKind::ArtifactValidated => told(&format!(
            "validated: {} contracts, every rule kept",
            field("contracts")
        )),
        EventKind::ArtifactStaged => told(&format!("staged as {}", field("artifact"))),
        _ => {}
    }
}

/// The state that gated calls govern, one file each, in the box's state directory.
pub(crate) struct Files<'a> {
    dir: &'a BoxDir,
    made: Vec<Call>,
}

impl<'a> Files<'a> {
    /// Those of a box.
    pub(crate) const fn at(dir: &'a BoxDir) -> Self {
        Self {
            dir,
            made: Vec::new(),
        }
    }

    fn path(&self, call: Call) -> PathBuf {
        self.dir.state().join(call.name())
    }
}

impl Calls for Files<'_> {
    fn before(&mut self, call: Call) -> Result<Vec<u8>, String> {
        match fs::read(self.path(call)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            other => other.map_err(|error| error.to_string()),
        }
    }

    fn make(&mut self, call: Call, after: &[u8]) -> Result<(), String> {
        crate::boxdir::write_durably(&self.path(call), after).map_err(|error| error.to_string())?;
        self.made.push(call);
        Ok(())
    }
}
