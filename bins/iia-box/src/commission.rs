//! Bringing a box to life: keys, log, and the life of its first configuration from signed text to applied state.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use iia_audit::note::VerifierKey;
use iia_audit::policy::Policy;
use iia_config::apply::{Call, Calls};
use iia_config::lifecycle::{Rejected, Submitted};
use iia_config::stage::{Slot, Store};
use iia_config::trust::{Class, Trust, key_text};
use iia_config::validate::Facts;
use iia_config::{envelope, limits};
use iia_core::event::{Event, EventKind};
use iia_core::sign::Signer as _;
use iia_core::time::{Clock as _, Floor, Reading, SystemClock};
use iia_core::{SpiffeId, Timestamp};

use crate::boxdir::BoxDir;
use crate::{chain, keys};

/// The operators of a site: who writes configurations and who approves them.
pub(crate) struct Operators<'a> {
    dir: &'a Path,
}

const AUTHOR: &str = "site-engineer";
const APPROVER: &str = "ops-manager";

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
             approval_rule approval {{\n  class approval\n  threshold 1\n  two_person on\n}}\n",
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
            "iia-approval 1\n\napproval first {{\n  artifact {artifact}\n  box {box_name}\n  not_before {}\n  not_after {}\n}}\n",
            time(now - 60 * iia_core::time::SECOND_NS),
            time(now + day),
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
        let now = SystemClock::new(Floor::default(), 1_000_000_000).read();
        let mut log = chain::create(self.dir, &self.policy, now)?;
        let cfg = SpiffeId::workload(&self.domain.parse()?, "cfg", "supervisor")?;
        let mut note = |events: Vec<Event>| chain::append(&mut log, &cfg, events, now);
        let store = Store::at(&self.dir.config());
        let trust_text = self.operators.trust()?;
        let (path, digest) = store.put(Slot::Trust, trust_text.as_bytes())?;
        let event = Event::new(EventKind::ArtifactSubmitted, now.wall).with("class", "trust");
        note(vec![
            event.with("path", path).with("digest", digest.to_string()),
        ])?;
        let trust =
            Trust::parse(trust_text.as_bytes()).map_err(|_| anyhow::anyhow!("trust document"))?;
        let signed = self.operators.sign(text)?;
        told(&format!(
            "{AUTHOR} signs {} bytes of readable text",
            text.len()
        ));
        let outcome = self.life(signed, (&trust, &store, now), &mut note, told);
        if let Err(error) = &outcome {
            if let Some(rejected) = error.downcast_ref::<Refused>() {
                note(vec![rejected.0.event.clone()])?;
            }
        }
        outcome
    }

    fn life(
        &self,
        signed: Vec<u8>,
        (trust, store, now): (&Trust, &Store, Reading),
        note: &mut dyn FnMut(Vec<Event>) -> anyhow::Result<()>,
        told: &mut Told<'_>,
    ) -> anyhow::Result<()> {
        let wall = now.wall;
        let (submitted, event) = Submitted::new(signed, wall);
        note(vec![event])?;
        let (verified, event) = submitted.verify(trust, wall).map_err(Refused)?;
        told(&format!(
            "verified: signed by {}",
            event.field("operators").unwrap_or_default()
        ));
        note(vec![event])?;
        let (parsed, event) = verified
            .parse(limits::DOCUMENT_LEN_DEFAULT, wall)
            .map_err(Refused)?;
        told(&format!(
            "parsed: {} entries, canonical",
            event.field("entries").unwrap_or_default()
        ));
        note(vec![event])?;
        let facts = Facts::of_box(self.name);
        let (validated, event) = parsed.validate(&facts, wall).map_err(Refused)?;
        told(&format!(
            "validated: {} contracts, every rule kept",
            event.field("contracts").unwrap_or_default()
        ));
        note(vec![event])?;
        let (staged, event) = validated
            .stage(wall, |bytes| store.put(Slot::Staged, bytes))
            .map_err(Refused)?;
        told(&format!("staged as {}", staged.digest()));
        note(vec![event])?;
        let approval = self
            .operators
            .approve(&staged.digest().to_string(), self.name, wall)?;
        let (path, digest) = store.put(Slot::Approval, &approval)?;
        let (authorised, event) = staged
            .authorise(&approval, self.name, trust, (now, &[]))
            .map_err(Refused)?;
        told(&format!("approved by {APPROVER}, who is not the author"));
        note(vec![
            event.with("path", path).with("digest", digest.to_string()),
        ])?;
        let mut calls = Files {
            dir: self.dir,
            made: Vec::new(),
        };
        let (applied, mut events) = authorised.apply(&mut calls, wall)?;
        let bytes = store
            .get(Slot::Staged)?
            .context("the staged artifact is gone")?;
        let (path, digest) = store.put(Slot::Applied, &bytes)?;
        if let Some(last) = events.pop() {
            events.push(last.with("path", path).with("digest", digest.to_string()));
        }
        told(&format!(
            "applied: {} gated calls, revision {}",
            calls.made.len(),
            applied.checked.revision
        ));
        note(events)
    }
}

/// A refusal on its way to the chain and to the person who waits.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.why)]
pub(crate) struct Refused(pub(crate) Box<Rejected>);

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
