//! Admission: what may run on the box by what is loaded, against the trust root of its artifact and its contracts.
//!
//! Four things let something run: the list that names which digest may run as which workload, the policy by which images
//! are taken (containers-policy.json(5)), the public keys that may sign what runs, and the roots whose certificates are
//! believed. The observer reads each itself and holds it against the reference values of the signed artifact: an extra key,
//! a place from which anything is taken, a workload that no contract names, a digest that nobody signed, a root that nobody
//! published are findings, and so is what is agreed and would be refused.

mod containers;
mod key;
mod list;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_contract::catalog::Catalog;
use iia_contract::topology::Topology;
use iia_core::finding::Finding;
use iia_core::{Digest, Timestamp};

pub use self::containers::{ContainerPolicy, Takes};

use self::containers::{Identity, Key, Requirement, Requirements};
use self::list::{List, Pair};
use super::file::{self, FILES_MAX, File, ReadError};
use super::told::{Difference, Found, Told, add};
use crate::correlator::Correlator;

/// An image of the artifact.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Image {
    /// The directory in which it lies, as the transport `dir` names it.
    pub path: String,
    /// The repository that its signature names.
    pub repository: String,
}

/// What the signed artifact says may be trusted.
#[derive(Clone, Debug, Default)]
pub struct Reference {
    /// Public keys that may sign what runs: PEM or DER.
    pub keys: Vec<Vec<u8>>,
    /// Images that containers are made of.
    pub images: Vec<Image>,
    /// Digests that were signed by one of the keys, where that is known.
    pub signed: Option<BTreeSet<String>>,
    /// Trust domains, and the digests (`Context::File`) of their roots' certificates; none where the artifact pins none.
    pub roots: BTreeMap<String, BTreeSet<Digest>>,
}

/// A bundle that is believed.
#[derive(Clone, Debug)]
pub struct Root {
    /// The trust domain.
    pub domain: String,
    /// Its bundle: PEM, or the JSON of SPIFFE.
    pub bundle: File,
}

/// What is loaded.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The list of what may run as which workload.
    pub admitted: Option<File>,
    /// The policy by which images are taken.
    pub containers: Option<File>,
    /// The keys that may sign what runs.
    pub keys: Vec<File>,
    /// Key files that the policy of containers names.
    pub named: Vec<File>,
    /// The bundles that are believed.
    pub roots: Vec<Root>,
}

impl Loaded {
    fn files(&self) -> impl Iterator<Item = &File> {
        let own = self.admitted.iter().chain(&self.containers);
        let more = self.keys.iter().chain(&self.named);
        own.chain(more)
            .chain(self.roots.iter().map(|root| &root.bundle))
    }
}

/// What is seen of admission.
#[derive(Clone, Debug)]
pub enum Seen {
    /// What is loaded.
    Loaded(Box<Loaded>),
    /// Somebody changed it, as the machine's own audit has it.
    Changed {
        /// Such as `vi (process 4711, root)`.
        by: String,
    },
    /// It cannot be read.
    Unreadable {
        /// Why, in words.
        why: String,
    },
}

/// The observer.
#[derive(Clone, Debug)]
pub struct AdmissionDrift {
    reference: Reference,
    keys: BTreeSet<Digest>,
    agreed: BTreeMap<Pair, String>,
    told: Told,
}

impl AdmissionDrift {
    /// An observer of what may run on a box.
    pub fn new(catalog: &Catalog, topology: &Topology, reference: Reference) -> Self {
        Self {
            keys: reference.keys.iter().map(|bytes| key::key(bytes)).collect(),
            agreed: list::agreed(catalog, topology),
            reference,
            told: Told::new("the admission policy"),
        }
    }

    /// Whether it was seen and was what is agreed when it was last seen.
    pub fn converges(&self) -> bool {
        self.told.converges()
    }

    fn look(&self, loaded: &Loaded) -> Found {
        let mut found = Found::new();
        match loaded
            .admitted
            .as_ref()
            .map(|file| (file, List::read(file)))
        {
            Some((file, Ok(list))) => {
                let signed = self.reference.signed.as_ref();
                list.differences(&self.agreed, signed, &file.path, &mut found);
            }
            Some((file, Err(error))) => unread(&mut found, file, &error),
            None if self.agreed.is_empty() => {}
            None => {
                let words = "nothing says what may run as which workload: there is no list";
                tell(&mut found, "admitted", "default_deny", words.into(), "");
            }
        }
        match loaded
            .containers
            .as_ref()
            .map(|file| (file, ContainerPolicy::read(file)))
        {
            Some((file, Ok(policy))) => self.containers(&policy, file, loaded, &mut found),
            Some((file, Err(error))) => unread(&mut found, file, &error),
            None if self.reference.images.is_empty() => {}
            None => {
                let words = "nothing says which images are taken: there is no policy of containers";
                tell(&mut found, "containers", "default_deny", words.into(), "");
            }
        }
        let files = loaded.keys.len() + loaded.named.len() + loaded.roots.len();
        if files > FILES_MAX {
            let words = format!(
                "there are more than {FILES_MAX} keys and bundles: they were not looked at"
            );
            tell(&mut found, "files", "limit", words, "");
            return found;
        }
        self.trusted(loaded, &mut found);
        self.roots(loaded, &mut found);
        found
    }

    /// From where images are taken, and whether those of the artifact are.
    fn containers(
        &self,
        policy: &ContainerPolicy,
        file: &File,
        loaded: &Loaded,
        found: &mut Found,
    ) {
        let at = file.path.as_str();
        let mut open = |place: String, within: Option<&str>, asked: &Requirements| {
            if let Some(why) = self.opens(within, asked, &loaded.named) {
                let words = format!("{place}: {why} ({at})");
                tell(found, &format!("takes {place}"), "surplus", words, at);
            }
        };
        open("images from anywhere".into(), None, &policy.default);
        for (transport, scopes) in &policy.scopes {
            for (scope, asked) in scopes {
                let place = match scope.as_str() {
                    "" => format!("images by {transport}"),
                    scope => format!("images by {transport} from {scope}"),
                };
                let within = (transport == "dir").then_some(scope.as_str());
                open(place, within, asked);
            }
        }
        for Image { path, repository } in &self.reference.images {
            let asked = policy.asked("dir", path);
            let fits = |one: &Requirement| self.fits(one, repository, &loaded.named);
            if !asked.iter().all(fits) {
                let words = format!(
                    "the image of the artifact in {path} is not taken as it is signed ({at})"
                );
                tell(found, &format!("blocked {path}"), "admission", words, at);
            }
        }
    }

    /// Why more is taken from a place than the artifact says; nothing where it is not.
    fn opens(&self, within: Option<&str>, asked: &Requirements, files: &[File]) -> Option<String> {
        if containers::takes(asked) == Takes::Nothing {
            return None;
        }
        let signed = asked
            .iter()
            .filter(|one| matches!(one, Requirement::Signed { .. }));
        let mut why = None;
        for weak in signed.map(|one| self.weak(within, one, files)) {
            // One signature that is as it should be is enough.
            why = Some(weak?);
        }
        Some(why.unwrap_or_else(|| match containers::takes(asked) {
            Takes::Anything => "anything is taken, signed or not".into(),
            _ => "they are taken by a signature that the artifact does not know".into(),
        }))
    }

    /// Why a signature is worth less than that of the artifact's images.
    fn weak(&self, within: Option<&str>, one: &Requirement, files: &[File]) -> Option<String> {
        let Requirement::Signed { keys, names } = one else {
            return Some("no signature of sigstore is asked".into());
        };
        for key in keys {
            let (name, digest) = match key {
                Key::At(path) => (path.clone(), digest_of(path, files)),
                Key::Here(bytes) => ("the key that stands in it".into(), Some(key::key(bytes))),
            };
            match digest {
                None => return Some(format!("they are taken by {name}, which was not shown")),
                Some(digest) if self.keys.contains(&digest) => {}
                Some(_) => {
                    return Some(format!(
                        "they are taken by {name}, a key that the trust root does not have"
                    ));
                }
            }
        }
        let above =
            |path: &str, scope: &str| path == scope || scope.starts_with(&format!("{path}/"));
        let mut images = self.reference.images.iter();
        let is_meant = images.any(|image| {
            let names = matches!(names, Identity::Repository(name) if *name == image.repository);
            names && within.is_some_and(|scope| above(&image.path, scope))
        });
        match (is_meant, names) {
            (true, _) => None,
            (false, Identity::Repository(name)) => Some(format!(
                "they are taken as {name}, which the artifact does not have there"
            )),
            (false, Identity::Other(kind)) => {
                Some(format!("they are taken under another name ({kind})"))
            }
        }
    }

    /// Whether an image that is signed as the artifact says is what is asked for.
    fn fits(&self, one: &Requirement, repository: &str, files: &[File]) -> bool {
        match one {
            Requirement::Anything => true,
            Requirement::Reject | Requirement::Otherwise(_) => false,
            Requirement::Signed { keys, names } => {
                let known = |key: &Key| match key {
                    Key::At(path) => {
                        digest_of(path, files).is_some_and(|one| self.keys.contains(&one))
                    }
                    Key::Here(bytes) => self.keys.contains(&key::key(bytes)),
                };
                keys.iter().any(known)
                    && matches!(names, Identity::Repository(name) if name == repository)
            }
        }
    }

    /// The keys that may sign what runs.
    fn trusted(&self, loaded: &Loaded, found: &mut Found) {
        let mut seen = BTreeSet::new();
        for file in &loaded.keys {
            let digest = key::key(&file.bytes);
            seen.insert(digest);
            if !self.keys.contains(&digest) {
                let words = format!(
                    "{} may sign what runs, and the trust root does not have that key",
                    file.path
                );
                tell(
                    found,
                    &format!("key {digest}"),
                    "trust_root",
                    words,
                    &file.path,
                );
            }
        }
        for digest in self.keys.difference(&seen) {
            let words =
                format!("a key of the trust root may not sign what runs: {digest} is not loaded");
            tell(found, &format!("no key {digest}"), "trust_root", words, "");
        }
    }

    /// The roots whose certificates are believed.
    fn roots(&self, loaded: &Loaded, found: &mut Found) {
        let mut seen: BTreeMap<&str, BTreeSet<Digest>> = BTreeMap::new();
        for Root { domain, bundle } in &loaded.roots {
            let Some(roots) = key::roots(&bundle.bytes) else {
                let words = format!("{} is no bundle of {domain}", bundle.path);
                tell(
                    found,
                    &format!("bundle {domain}"),
                    "trust_root",
                    words,
                    &bundle.path,
                );
                continue;
            };
            let Some(pinned) = self.reference.roots.get(domain) else {
                let words = format!(
                    "{domain} is believed, and the artifact has no such trust domain ({})",
                    bundle.path
                );
                tell(
                    found,
                    &format!("domain {domain}"),
                    "trust_root",
                    words,
                    &bundle.path,
                );
                continue;
            };
            for digest in roots
                .iter()
                .filter(|one| !pinned.is_empty() && !pinned.contains(one))
            {
                let words = format!(
                    "a root of {domain} is believed that the artifact does not have: {digest} ({})",
                    bundle.path
                );
                tell(
                    found,
                    &format!("root {domain} {digest}"),
                    "trust_root",
                    words,
                    &bundle.path,
                );
            }
            seen.entry(domain).or_default().extend(roots);
        }
        for (domain, pinned) in &self.reference.roots {
            let loaded = seen.get(domain.as_str());
            let is_there = loaded.is_some_and(|roots| !roots.is_empty() && pinned.is_subset(roots));
            if !is_there {
                let words = format!("a root of {domain} that the artifact has is not believed");
                tell(found, &format!("no root {domain}"), "trust_root", words, "");
            }
        }
    }
}

fn digest_of(path: &str, files: &[File]) -> Option<Digest> {
    let file = files.iter().find(|file| file.path == path)?;
    Some(key::key(&file.bytes))
}

/// What cannot be read says nothing, and is not taken for what is agreed.
fn unread(found: &mut Found, file: &File, error: &ReadError) {
    let at = file.path.as_str();
    tell(
        found,
        &format!("unread {at}"),
        "sight",
        error.to_string(),
        at,
    );
}

fn tell(found: &mut Found, key: &str, clause: &'static str, words: String, at: &str) {
    let evidence = Some(at).filter(|at| !at.is_empty());
    let difference = Difference {
        clause,
        words,
        evidence: evidence.map(ToString::to_string).into_iter().collect(),
        ..Difference::default()
    };
    add(found, key.into(), difference);
}

impl Correlator for AdmissionDrift {
    type Observation = Seen;

    fn handle_observation(&mut self, now: Timestamp, seen: Seen) {
        match seen {
            Seen::Changed { by } => self.told.changed(by),
            Seen::Unreadable { why } => self.told.blind(now, &why),
            Seen::Loaded(loaded) => {
                let found = self.look(&loaded);
                self.told.seen(now);
                self.told
                    .tell(now, found, file::last_written(loaded.files()));
            }
        }
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        self.told.handle_timeout(now);
    }

    fn poll_finding(&mut self) -> Option<Finding> {
        self.told.poll_finding()
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        self.told.poll_timeout()
    }
}
