//! What is applied on a box, as a program uses it: the signed artifact, verified again before it is believed.

use std::path::Path;

use iia_contract::answer::Raci;
use iia_contract::compile::Topology;
use iia_contract::schema::EVENTS;
use iia_core::code::{Code, Coded};
use iia_core::digest::{Context, Digest};
use iia_core::time::Floor;

use crate::alert::AlertSinks;
use crate::credential::Credential;
use crate::engine::{Engine, RulesetError, SignedRules};
use crate::envelope::{self, EnvelopeError};
use crate::io_master::IoMaster;
use crate::limits::DOCUMENT_LEN_MAX;
use crate::parse::parse;
use crate::stage::{Slot, StageError, Store};
use crate::trust::Class;
use crate::validate::{Checked, Facts, listing, validate};

/// The configuration that is applied.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The box's name.
    pub box_name: String,
    /// What it says, sound by every rule.
    pub checked: Checked,
    /// Where things are and what pins them.
    pub topology: Topology,
    /// Where alerts go on the machine itself.
    pub alerts: AlertSinks,
    /// The engines that look for attacks, and their rules.
    pub engines: Vec<Engine>,
    /// The secrets that it refers to.
    pub credentials: Vec<Credential>,
    /// Who answers for what, event by event and contract by contract.
    pub answers: Vec<Raci>,
    /// Who reads the plant a second time, and how far apart is still the same.
    pub io_masters: Vec<IoMaster>,
    /// The key by which the machine's TPM attests, as the digest of its public area; nothing where none is named.
    pub attestation_key: Option<String>,
    /// Earlier than this it is not.
    pub floor: Floor,
}

/// Why nothing that is applied can be believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppliedError {
    /// Nothing is applied yet.
    #[error("nothing is applied on this box")]
    Nothing,
    /// What is applied cannot be parsed, or breaks a rule: it was never applied by the way it should.
    #[error("the applied artifact is not sound")]
    Unsound,
    /// It cannot be read, or was changed on disk.
    #[error("{0}")]
    Stage(#[from] StageError),
    /// Nobody whom the operators trust has signed it.
    #[error("{0}")]
    Envelope(#[from] EnvelopeError),
}

impl Coded for AppliedError {
    fn code(&self) -> Code {
        let number = match self {
            Self::Stage(error) => return error.code(),
            Self::Envelope(error) => return error.code(),
            Self::Unsound => 31,
            Self::Nothing => 332,
        };
        Code::new("CFG", number)
    }
}

/// Reads and verifies what is applied on the box with this directory.
///
/// # Errors
/// [`AppliedError`].
pub fn load(dir: &Path) -> Result<Applied, AppliedError> {
    let store = Store::at(dir);
    let state = store.load()?.ok_or(AppliedError::Nothing)?;
    let trust = store.trust()?.ok_or(AppliedError::Nothing)?;
    let bytes = store.get(Class::Config, Slot::Applied)?;
    let bytes = bytes.ok_or(AppliedError::Nothing)?;
    let opened = envelope::open(&bytes, Class::Config, &trust)?;
    let document = parse(opened.body, DOCUMENT_LEN_MAX).map_err(|_| AppliedError::Unsound)?;
    let mut targets = document
        .of_kind("artifact")
        .flat_map(|entry| entry.fields("target"));
    let box_name = targets
        .next()
        .map_or_else(String::new, |field| field.text().to_owned());
    let facts = Facts::of_box(box_name.clone());
    let checked = validate(&document, &facts).map_err(|_| AppliedError::Unsound)?;
    let engines = signed(rules(dir, &box_name)?, Engine::all(&document));
    Ok(Applied {
        box_name,
        checked,
        topology: Topology::read(document.tree()),
        alerts: AlertSinks::read(&document),
        engines,
        credentials: Credential::all(&document),
        answers: EVENTS
            .iter()
            .flat_map(|event| Raci::of(document.tree(), event))
            .collect(),
        io_masters: IoMaster::all(&document),
        attestation_key: document
            .of_kind("policy")
            .find_map(|entry| Some(entry.field("attestation_key")?.text().to_owned())),
        floor: state.floor(),
    })
}

/// The system image that is named: what the machine is to start.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NamedImage {
    /// The artifact that names it.
    pub artifact: Digest,
    /// Its parts by name, with the digest of each.
    pub parts: Vec<(String, String)>,
}

impl NamedImage {
    /// The digest of a part.
    pub fn part(&self, name: &str) -> Option<&str> {
        let found = self.parts.iter().find(|(part, _)| part == name);
        found.map(|(_, digest)| digest.as_str())
    }
}

/// Reads and verifies which image is named on the box with this directory and name; `None` where none is.
///
/// # Errors
/// [`AppliedError`].
pub fn image(dir: &Path, box_name: &str) -> Result<Option<NamedImage>, AppliedError> {
    let store = Store::at(dir);
    let Some(bytes) = store.get(Class::Image, Slot::Applied)? else {
        return Ok(None);
    };
    let trust = store.trust()?.ok_or(AppliedError::Nothing)?;
    let opened = envelope::open(&bytes, Class::Image, &trust)?;
    let document = parse(opened.body, DOCUMENT_LEN_MAX).map_err(|_| AppliedError::Unsound)?;
    let facts = Facts::of_box(box_name);
    let listing = listing(&document, Class::Image, &facts).map_err(|_| AppliedError::Unsound)?;
    Ok(Some(NamedImage {
        artifact: Digest::of(Context::Artifact, opened.body),
        parts: listing.items,
    }))
}

/// Reads and verifies which set of rules is applied on the box with this directory and name; `None` where none is.
///
/// # Errors
/// [`AppliedError`].
pub fn rules(dir: &Path, box_name: &str) -> Result<Option<SignedRules>, AppliedError> {
    let store = Store::at(dir);
    let Some(bytes) = store.get(Class::Ruleset, Slot::Applied)? else {
        return Ok(None);
    };
    let trust = store.trust()?.ok_or(AppliedError::Nothing)?;
    SignedRules::open(&bytes, &trust, &Facts::of_box(box_name))
        .map(Some)
        .map_err(|error| match error {
            RulesetError::Envelope(error) => error.into(),
            _ => AppliedError::Unsound,
        })
}

/// The engines of a configuration, with the rules of the set that is applied: which rules an engine reads may change without the
/// configuration, who runs which engine may not.
fn signed(rules: Option<SignedRules>, engines: Vec<Engine>) -> Vec<Engine> {
    let rules = rules.map_or_else(Vec::new, |rules| rules.engines);
    let read = |engine: Engine| {
        let own = |named: &&Engine| {
            (&named.name, &named.engine, &named.observer)
                == (&engine.name, &engine.engine, &engine.observer)
        };
        rules.iter().find(own).cloned().unwrap_or(engine)
    };
    engines.into_iter().map(read).collect()
}

/// Which configuration is applied, without reading it; `None` when there is none.
///
/// # Errors
/// [`StageError`].
pub fn digest(dir: &Path) -> Result<Option<Digest>, StageError> {
    let state = Store::at(dir).load()?;
    Ok(state.and_then(|state| state.applied().map(|kept| kept.digest())))
}
