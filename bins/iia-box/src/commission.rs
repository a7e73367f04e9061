//! Bringing a box to life: keys, log, and the life of its first configuration from signed text to applied state.

use std::fs;
use std::path::Path;

use iia_audit::note::VerifierKey;
use iia_audit::policy::Policy;
use iia_config::apply::{Call, Calls};
use iia_config::desk::{Desk, Site};
use iia_config::envelope;
use iia_config::lifecycle::Confirmation;
use iia_config::stage::Store;
use iia_config::trust::{Class, key_text};
use iia_core::event::{Event, EventKind};
use iia_core::sign::Signer as _;
use iia_core::time::{Clock as _, Reading};
use iia_core::{SpiffeId, Timestamp};

use crate::boxdir::BoxDir;
use crate::workload::clock;
use crate::{chain, keys};

/// The operators of a site: who writes configurations and who approves them.
pub(crate) struct Operators<'a> {
    dir: &'a Path,
}

const AUTHOR: &str = "site-engineer";
const APPROVER: &str = "ops-manager";
/// How long the first configuration may stay unconfirmed: an hour, while its roles are started.
const TRIAL_NS: u64 = 3600 * 1_000_000_000;

impl<'a> Operators<'a> {
    /// Makes the operators' keys in `dir`.
    pub(crate) fn create(dir: &'a Path) -> anyhow::Result<Self> {
        fs::create_dir_all(dir)?;
        keys::create(&dir.join(AUTHOR))?;
        keys::create(&dir.join(APPROVER))?;
        Ok(Self { dir })
    }

    /// The trust document that names them: one signs, another approves.
    fn trust(&self) -> anyhow::Result<String> {
        let key =
            |name: &str| anyhow::Ok(key_text(&keys::load(&self.dir.join(name))?.public_key()));
        Ok(format!(
            "iia-config 1\n\nkey {APPROVER} {{\n  operator {APPROVER}\n  public {}\n  class approval\n}}\n\n\
             key {AUTHOR} {{\n  operator {AUTHOR}\n  public {}\n  class approval\n  class config\n}}\n\n\
             approval_rule approval {{\n  class approval\n  threshold 1\n}}\n",
            key(APPROVER)?,
            key(AUTHOR)?,
        ))
    }

    fn sign(&self, text: &[u8]) -> anyhow::Result<Vec<u8>> {
        Ok(envelope::seal(
            Class::Config,
            text,
            &[&keys::load(&self.dir.join(AUTHOR))?],
        )?)
    }

    fn approve(&self, artifact: &str, box_name: &str, now: Timestamp) -> anyhow::Result<Vec<u8>> {
        let day = 86_400 * iia_core::time::SECOND_NS;
        let time = |at: Timestamp| {
            at.to_string()
                .get(..19)
                .map(|text| format!("{text}Z"))
                .unwrap_or_default()
        };
        let text = format!(
            "iia-approval 1\n\napproval first 1.0.0 {{\n  purpose apply\n  class config\n  artifact {artifact}\n  \
             box {box_name}\n  issued {from}\n  not_before {from}\n  not_after {}\n}}\n",
            time(now + day),
            from = time(now - 60 * iia_core::time::SECOND_NS),
        );
        Ok(envelope::seal(
            Class::Approval,
            text.as_bytes(),
            &[&keys::load(&self.dir.join(APPROVER))?],
        )?)
    }
}

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
    /// Its operators.
    pub(crate) operators: &'a Operators<'a>,
}

/// One step of the life of an artifact, in words.
pub(crate) type Told<'a> = dyn FnMut(&str) + 'a;

impl Commission<'_> {
    /// Makes the keys of a new box.
    pub(crate) fn keys(dir: &BoxDir, name: &str) -> anyhow::Result<(VerifierKey, VerifierKey)> {
        dir.create()?;
        chain::make_keys(dir, name)
    }

    /// Takes a text from its author to applied state; every step is in the box's audit chain, also one that fails.
    pub(crate) fn run(self, text: &[u8], told: &mut Told<'_>) -> anyhow::Result<()> {
        let now = clock().read();
        let mut log = chain::create(self.dir, &self.policy, now)?;
        // The desk numbers its own events, so it is a source of its own.
        let source = SpiffeId::workload(&self.domain.parse()?, "cfg", "desk")?;
        let site = place(self.name);
        let trust = self.operators.trust()?;
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
        text: &[u8],
        desk: &mut Desk,
        now: Reading,
        told: &mut Told<'_>,
    ) -> anyhow::Result<()> {
        let signed = self.operators.sign(text)?;
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
        let approval = self
            .operators
            .approve(&artifact.to_string(), self.name, now.wall)?;
        let mut calls = Files {
            dir: self.dir,
            made: Vec::new(),
        };
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

/// Ends the trial of what is applied: `observer` saw it in force. Gives the events for the chain, which the observer
/// submits and numbers as its own.
pub(crate) fn confirm(
    dir: &BoxDir,
    box_name: &str,
    observer: SpiffeId,
) -> anyhow::Result<Vec<Event>> {
    let now = clock().read();
    let mut desk = Desk::open(Store::at(dir.path()), place(box_name))?;
    let mut calls = Files {
        dir,
        made: Vec::new(),
    };
    desk.settle(&mut calls, now)?;
    let applied = desk.state().applied().map(|kept| kept.digest());
    let artifact = applied.ok_or_else(|| anyhow::anyhow!("nothing is applied"))?;
    desk.confirm(&Confirmation { artifact, observer }, now)?;
    let mut events = desk.outbox().to_vec();
    desk.acknowledge(events.last().map_or(0, |event| event.source_seq))?;
    events.iter_mut().for_each(|event| event.source_seq = 0);
    Ok(events)
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
struct Files<'a> {
    dir: &'a BoxDir,
    made: Vec<Call>,
}

impl Files<'_> {
    fn path(&self, call: Call) -> std::path::PathBuf {
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
