//! The catalog in a list: each contract, its version, and the digest of its text.

use alloc::string::String;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_core::time::parse_utc;

use crate::raw::Version;
use crate::tree::{Entry, Tree};

/// A contract in the list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: Version,
    /// Its scope.
    pub scope: String,
    /// Until when this version stays in force.
    pub deprecated: Option<Timestamp>,
    /// The digest of its text, from its kind to its last brace.
    pub digest: Digest,
}

/// Every contract of a catalog, in order of id and version.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Manifest {
    /// The contracts.
    pub contracts: Vec<Listed>,
}

impl Manifest {
    /// The list of a document's contracts.
    pub fn of(document: &Tree) -> Self {
        let mut contracts: Vec<Listed> = document
            .of_kind("contract")
            .map(|one| listed(&one))
            .collect();
        contracts.sort_by(|one, other| (&one.id, one.version).cmp(&(&other.id, other.version)));
        Self { contracts }
    }

    /// One digest for the whole list, so that two boxes can see that they have the same catalog.
    pub fn digest(&self) -> Digest {
        let mut bytes = Vec::new();
        for one in &self.contracts {
            for part in [one.id.as_bytes(), one.digest.as_bytes()] {
                bytes.extend((part.len() as u64).to_be_bytes());
                bytes.extend(part);
            }
        }
        Digest::of(Context::Catalog, &bytes)
    }
}

fn listed(entry: &Entry<'_>) -> Listed {
    Listed {
        id: entry.name.into(),
        version: entry.version.unwrap_or(Version::NONE),
        scope: entry.text("scope").into(),
        deprecated: parse_utc(entry.text("deprecated")),
        digest: Digest::of(Context::Catalog, entry.source().as_bytes()),
    }
}
