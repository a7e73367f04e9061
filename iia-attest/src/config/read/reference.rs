//! Reference values: what an artifact intends, by this observer's own reading of the signed text.
//!
//! What is compiled from an artifact (a ruleset, the text of a service's files) is not compiled again here: an observer that
//! shared the compiler would share its faults. Of files it is read which they must be, of which revision, and what they must
//! start; the firewall is held against the catalog's meaning by `policy_drift`; everything else of them is pinned by the
//! first look that finds what is stated right.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::Digest;
use iia_core::sign::PublicKey;

use super::envelope::{self, ArtifactError};
use super::flat::{self, Entry};
use crate::config::element::{Aspect, Element, Intended, Kind, State};

/// The trust domain of a box that states none.
const TRUST_DOMAIN: &str = "iia.local";
/// What is said of a call whose state is still the one that it made.
pub(super) const IN_FORCE: &str = "in force";
/// The calls of a configuration, each of which must have been made for it.
const CALLS: [&str; 7] = [
    "trust_roots",
    "idps",
    "bindings",
    "catalog",
    "endpoints",
    "services",
    "firewall",
];

/// What an artifact intends.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reference {
    /// Its name, version and revision, as rendered files state them.
    pub name: String,
    /// Its digest.
    pub digest: Option<Digest>,
    /// Elements that must be there.
    pub elements: Vec<Intended>,
    /// What every element of a kind must state, if it states it at all.
    pub every: Vec<(Kind, State)>,
}

impl Reference {
    /// What a signed artifact intends, once `need` of these keys have signed it.
    ///
    /// # Errors
    /// [`ArtifactError`].
    pub fn open(bytes: &[u8], keys: &[PublicKey], need: usize) -> Result<Self, ArtifactError> {
        let (body, digest) = envelope::open(bytes, keys, need)?;
        Self::read(body, digest)
    }

    /// What the body of an artifact intends.
    ///
    /// # Errors
    /// [`ArtifactError`].
    pub fn read(body: &str, digest: Digest) -> Result<Self, ArtifactError> {
        let entries = flat::read(body)?;
        let mut artifacts = entries.iter().filter(|entry| entry.kind == "artifact");
        let artifact = artifacts.next().ok_or(ArtifactError::Nameless)?;
        let revision = artifact.text("revision");
        let name = format!(
            "{} {}, revision {revision}",
            artifact.name, artifact.version
        );
        let domain = match artifact.text("trust_domain") {
            "" => TRUST_DOMAIN,
            domain => domain,
        };
        let mut elements: Vec<Intended> = entries
            .iter()
            .flat_map(|entry| of_entry(entry, domain, &name))
            .collect();
        elements.extend(CALLS.map(|call| {
            let state = State::default().with(Aspect::Revision, digest.to_string());
            // What the kernel has is not in the form in which the call states it.
            let state = match call {
                "firewall" => state,
                _ => state.with(Aspect::Value, IN_FORCE),
            };
            intended(Kind::Call, call, state)
        }));
        let every = State::default().with(Aspect::Revision, name.clone());
        Ok(Self {
            name,
            digest: Some(digest),
            elements,
            every: [(Kind::File, every)].into(),
        })
    }
}

fn intended(kind: Kind, name: impl Into<Box<str>>, state: State) -> Intended {
    Intended {
        element: Element::new(kind, name),
        state,
    }
}

fn of_entry(entry: &Entry<'_>, domain: &str, revision: &str) -> Vec<Intended> {
    let plain = State::default();
    let one = |kind, name: &str, state| [intended(kind, name, state)].into();
    match entry.kind {
        "trust_root" => {
            let state = plain.with(Aspect::Value, entry.text("trust_domain"));
            let pinned = match entry.text("certificate") {
                "" => state,
                digest => state.with(Aspect::Content, digest),
            };
            one(Kind::Root, entry.name, pinned)
        }
        "idp" | "credential" => one(Kind::Reference, &reference(entry), plain),
        "contract" => {
            let state = plain.with(Aspect::Version, entry.version);
            one(Kind::Contract, entry.name, state)
        }
        "endpoint" => endpoint(entry).into_iter().collect(),
        "zone" => identities(entry, domain),
        "service" => {
            let state = plain.with(Aspect::Revision, revision);
            one(
                Kind::File,
                &format!("systemd/iia-{}.service", entry.name),
                state,
            )
        }
        "unit" => unit(entry, revision),
        _ => Vec::new(),
    }
}

/// An identity provider or a credential, as the applier names it: kind, name, fields as they stand.
fn reference(entry: &Entry<'_>) -> String {
    let mut line = format!("{} {}", entry.kind, entry.name);
    for (key, values) in &entry.fields {
        line.push_str("; ");
        line.push_str(&flat::line(key, values));
    }
    line
}

fn endpoint(entry: &Entry<'_>) -> Option<Intended> {
    let (verb, place) = match (entry.text("listen"), entry.text("connect")) {
        (place, "") => ("listens", place),
        ("", place) => ("reached", place),
        _ => return None,
    };
    let (_, addr) = place.split_once('/')?;
    let state = State::default()
        .with(Aspect::Value, format!("{} {verb}", entry.text("workload")))
        .with(Aspect::Address, addr);
    Some(intended(Kind::Endpoint, entry.name, state))
}

fn identities(entry: &Entry<'_>, domain: &str) -> Vec<Intended> {
    let of = |workload: &[&str]| {
        let [name, addr] = workload else { return None };
        let id = format!("spiffe://{domain}/zone/{}/workload/{name}", entry.name);
        let state = State::default()
            .with(Aspect::Role, entry.text("role"))
            .with(Aspect::Address, *addr);
        Some(intended(Kind::Identity, id, state))
    };
    entry.each("workload").filter_map(of).collect()
}

/// The file that starts a workload, and the process that must run.
fn unit(entry: &Entry<'_>, revision: &str) -> Vec<Intended> {
    let user = entry.text("user");
    let file = State::default()
        .with(Aspect::Revision, revision)
        .with(Aspect::User, user);
    let (program, image) = (entry.text("program"), entry.text("image"));
    let mut elements = Vec::new();
    if !program.is_empty() {
        let starts = |state: State| {
            let state = state.with(Aspect::Program, program);
            state.with(Aspect::Arguments, arguments(entry))
        };
        let path = format!("systemd/iia-{}.service", entry.name);
        elements.push(intended(Kind::File, path, starts(file.clone())));
        let process = State::default().with(Aspect::User, user);
        elements.push(intended(Kind::Process, entry.name, starts(process)));
    }
    if !image.is_empty() {
        let path = format!("quadlet/iia-{}.container", entry.name);
        let from = format!("{}@{image}", entry.text("repository"));
        elements.push(intended(Kind::File, path, file.with(Aspect::Image, from)));
    }
    elements
}

/// Arguments in their order, each between quotation marks.
fn arguments(entry: &Entry<'_>) -> String {
    let mut placed: Vec<(u64, &str)> = entry
        .each("argument")
        .filter_map(|values| match values {
            [place, text] => Some((place.parse().ok()?, *text)),
            _ => None,
        })
        .collect();
    placed.sort_by_key(|(place, _)| *place);
    joined(placed.iter().map(|(_, text)| *text))
}

/// Arguments as one text that reads back as the same arguments.
pub(super) fn joined<'a>(arguments: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = arguments
        .map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
        .collect();
    quoted.join(" ")
}
