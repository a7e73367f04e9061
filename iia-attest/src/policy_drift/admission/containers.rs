//! containers-policy.json(5): from where images are taken, and signed by whom.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::policy_drift::file::{FILE_LEN_MAX, File, RULES_MAX, ReadError};

/// What is asked of an image, all of it.
pub(super) type Requirements = Vec<Requirement>;

/// One thing that is asked of an image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Requirement {
    /// Nothing is asked.
    Anything,
    /// No image is taken.
    Reject,
    /// A signature of sigstore by one of these keys, which names the image by this.
    Signed { keys: Vec<Key>, names: Identity },
    /// A signature of another kind than those that the box's images carry.
    Otherwise(String),
}

/// Where a key is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Key {
    At(String),
    Here(Vec<u8>),
}

/// What a signature must name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Identity {
    /// This repository.
    Repository(String),
    /// Something that depends on from where the image is, or something else.
    Other(String),
}

/// How images from a place are taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Takes {
    /// Whatever they are.
    Anything,
    /// None of them.
    Nothing,
    /// Those that are signed as the policy asks.
    Signed,
}

/// A policy by which images are taken.
#[derive(Clone, Debug)]
pub struct ContainerPolicy {
    pub(super) default: Requirements,
    /// By transport and scope; without a scope it is the transport's own default.
    pub(super) scopes: BTreeMap<String, BTreeMap<String, Requirements>>,
}

impl ContainerPolicy {
    /// Reads a policy, as strictly as whoever takes images by it.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(file: &File) -> Result<Self, ReadError> {
        if file.bytes.len() > FILE_LEN_MAX {
            let (what, max) = ("bytes of a file", FILE_LEN_MAX);
            return Err(ReadError::TooMuch { what, max });
        }
        let value: Option<Value> = serde_json::from_slice(&file.bytes).ok();
        let policy = value.as_ref().and_then(policy);
        let policy = policy.ok_or_else(|| ReadError::Malformed {
            at: file.path.clone(),
            what: "no policy of containers",
        })?;
        let scopes = policy.scopes.values().map(BTreeMap::len);
        if scopes.sum::<usize>() > RULES_MAX {
            let (what, max) = ("scopes of a policy", RULES_MAX);
            return Err(ReadError::TooMuch { what, max });
        }
        Ok(policy)
    }

    /// How images are taken that lie in a directory, by the transport `dir` or `oci`.
    pub fn takes(&self, transport: &str, path: &str) -> Takes {
        takes(self.asked(transport, path))
    }

    /// What is asked of an image in a directory: what its path, the nearest one above it, the transport, or the whole policy
    /// asks.
    pub(super) fn asked(&self, transport: &str, path: &str) -> &Requirements {
        let Some(scopes) = self.scopes.get(transport) else {
            return &self.default;
        };
        let mut at = path;
        while !at.is_empty() {
            if let Some(found) = scopes.get(at) {
                return found;
            }
            at = at.rsplit_once('/').map_or("", |(above, _)| above);
        }
        scopes.get("").unwrap_or(&self.default)
    }
}

pub(super) fn takes(asked: &Requirements) -> Takes {
    match asked {
        asked if asked.contains(&Requirement::Reject) => Takes::Nothing,
        asked if asked.iter().all(|one| *one == Requirement::Anything) => Takes::Anything,
        _ => Takes::Signed,
    }
}

fn policy(value: &Value) -> Option<ContainerPolicy> {
    let fields = only(value, &["default", "transports"])?;
    let mut scopes = BTreeMap::new();
    let transports = match fields.get("transports") {
        Some(transports) => transports.as_object()?,
        None => &Map::new(),
    };
    for (transport, of) in transports {
        let mut own = BTreeMap::new();
        for (scope, asked) in of.as_object()? {
            let is_path = matches!(transport.as_str(), "dir" | "oci");
            if is_path && !scope.is_empty() && !is_sound(scope) {
                return None;
            }
            own.insert(scope.clone(), requirements(asked)?);
        }
        scopes.insert(transport.clone(), own);
    }
    let default = requirements(fields.get("default")?)?;
    Some(ContainerPolicy { default, scopes })
}

/// Whether a path is absolute, of one spelling, and not the root.
fn is_sound(path: &str) -> bool {
    let mut parts = path.split('/');
    let is_absolute = parts.next() == Some("");
    is_absolute && path.len() > 1 && parts.all(|part| !matches!(part, "" | "." | ".."))
}

fn requirements(value: &Value) -> Option<Requirements> {
    let all: Option<Requirements> = value.as_array()?.iter().map(requirement).collect();
    all.filter(|all| !all.is_empty())
}

fn requirement(value: &Value) -> Option<Requirement> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    Some(match text("type")? {
        "insecureAcceptAnything" => {
            only(value, &["type"])?;
            Requirement::Anything
        }
        "reject" => {
            only(value, &["type"])?;
            Requirement::Reject
        }
        "sigstoreSigned" => {
            only(value, &["type", "keyPath", "keyData", "signedIdentity"])?;
            let key = match (text("keyPath"), text("keyData")) {
                (Some(path), None) => Key::At(path.to_string()),
                (None, Some(data)) => Key::Here(STANDARD.decode(data).ok()?),
                _ => return None,
            };
            let keys = Vec::from([key]);
            let names = identity(value.get("signedIdentity"))?;
            Requirement::Signed { keys, names }
        }
        "signedBy" => {
            only(
                value,
                &[
                    "type",
                    "keyType",
                    "keyPath",
                    "keyPaths",
                    "keyData",
                    "signedIdentity",
                ],
            )?;
            identity(value.get("signedIdentity"))?;
            Requirement::Otherwise("a signature of OpenPGP".into())
        }
        _ => return None,
    })
}

fn identity(value: Option<&Value>) -> Option<Identity> {
    let Some(value) = value else {
        return Some(Identity::Other("matchRepoDigestOrExact".into()));
    };
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let kind = text("type")?;
    Some(match kind {
        "exactRepository" => Identity::Repository(text("dockerRepository")?.to_string()),
        "exactReference" => {
            text("dockerReference")?;
            Identity::Other(kind.into())
        }
        "remapIdentity" => {
            text("prefix").and(text("signedPrefix"))?;
            Identity::Other(kind.into())
        }
        "matchExact" | "matchRepository" | "matchRepoDigestOrExact" => Identity::Other(kind.into()),
        _ => return None,
    })
}

/// The fields of an object that has no others than these.
fn only<'v>(value: &'v Value, known: &[&str]) -> Option<&'v Map<String, Value>> {
    let fields = value.as_object()?;
    let all = fields.keys().all(|key| known.contains(&key.as_str()));
    all.then_some(fields)
}
