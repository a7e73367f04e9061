//! What every target has in common: elements that are allowed, each with its contracts; a writer, a reader, a drift.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};

use crate::catalog::Catalog;
use crate::topology::Topology;

/// Ids of contracts.
pub type Contracts = BTreeSet<String>;

/// Bytes that a reader takes at most.
pub const LOADED_LEN_MAX: usize = 64 * 1024 * 1024;

/// What a target is to load, or has loaded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy<E> {
    /// What is allowed, and by which contracts.
    pub allowed: BTreeMap<E, Contracts>,
    /// What stands there and is nothing that the compiler ever writes, in the target's own words.
    pub foreign: BTreeSet<String>,
}

impl<E> Default for Policy<E> {
    fn default() -> Self {
        Self {
            allowed: BTreeMap::new(),
            foreign: BTreeSet::new(),
        }
    }
}

impl<E: Ord> Policy<E> {
    /// Allows something, by one contract more.
    pub(super) fn allow(&mut self, element: E, contract: &str) {
        self.allowed
            .entry(element)
            .or_default()
            .insert(contract.into());
    }
}

/// What is allowed more than once belongs to all of the contracts.
impl<E: Ord> FromIterator<(E, Contracts)> for Policy<E> {
    fn from_iter<I: IntoIterator<Item = (E, Contracts)>>(allowed: I) -> Self {
        let mut policy = Self::default();
        for (element, contracts) in allowed {
            policy.allowed.entry(element).or_default().extend(contracts);
        }
        policy
    }
}

/// A target: what it loads is made from a catalog, written, read back and compared.
pub trait Target: Sized {
    /// Compiles a catalog for a box; pure, and the same input gives the same value. The notes tell which contracts
    /// open nothing, and why.
    fn compile(catalog: &Catalog, topology: &Topology) -> (Self, Vec<String>);

    /// The text that the target loads.
    fn write(&self) -> String;

    /// Reads what the target has loaded, as it lists it or as it was written.
    ///
    /// # Errors
    /// [`ReadError`].
    #[cfg(feature = "std")]
    fn read(loaded: &[u8]) -> Result<Self, ReadError>;

    /// How what `is` there differs from this, which should be; nothing when they agree.
    fn drift(&self, is: &Self) -> Vec<Drift>;
}

/// One thing that a target permits, where it loads a list of such. It says itself in words.
pub trait Permit: Ord + Display + Sized {
    /// What a catalog permits on a box; see [`Target::compile`].
    fn compile(catalog: &Catalog, topology: &Topology) -> (Policy<Self>, Vec<String>);

    /// See [`Target::write`].
    fn write(policy: &Policy<Self>) -> String;

    /// See [`Target::read`].
    ///
    /// # Errors
    /// [`ReadError`].
    #[cfg(feature = "std")]
    fn read(loaded: &[u8]) -> Result<Policy<Self>, ReadError>;
}

impl<E: Permit> Target for Policy<E> {
    fn compile(catalog: &Catalog, topology: &Topology) -> (Self, Vec<String>) {
        E::compile(catalog, topology)
    }

    fn write(&self) -> String {
        E::write(self)
    }

    #[cfg(feature = "std")]
    fn read(loaded: &[u8]) -> Result<Self, ReadError> {
        E::read(loaded)
    }

    fn drift(&self, is: &Self) -> Vec<Drift> {
        drift(self, is)
    }
}

/// Why what is loaded cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is not what the target writes.
    #[error("not {0}")]
    Malformed(&'static str),
    /// It is longer than 64 MiB.
    #[error("longer than {LOADED_LEN_MAX} bytes")]
    TooLong,
}

impl iia_core::code::Coded for ReadError {
    fn code(&self) -> iia_core::code::Code {
        match self {
            Self::Malformed(_) => iia_core::code::Code::new("CON", 20),
            Self::TooLong => iia_core::code::Code::new("CON", 420),
        }
    }
}

/// One difference between what should be loaded and what is.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Drift {
    /// It should be there and is not.
    Missing {
        /// What, in words, with its contracts.
        what: String,
    },
    /// It is there and should not be.
    Surplus {
        /// What, in words, with the contracts that it claims.
        what: String,
    },
    /// It is there and says something else.
    Changed {
        /// What, in words: as it should be, and as it is.
        what: String,
    },
}

impl Display for Drift {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { what } => write!(f, "missing: {what}"),
            Self::Surplus { what } => write!(f, "not contracted: {what}"),
            Self::Changed { what } => write!(f, "changed: {what}"),
        }
    }
}

/// How `is` differs from what `should` be; nothing when they agree.
pub fn drift<E: Permit>(should: &Policy<E>, is: &Policy<E>) -> Vec<Drift> {
    let mut found = Vec::new();
    for (element, contracts) in &is.allowed {
        match should.allowed.get(element) {
            None => found.push(Drift::Surplus {
                what: format!("{element} ({})", words(contracts)),
            }),
            Some(due) if due != contracts => found.push(Drift::Changed {
                what: format!(
                    "{element} ({}), should be ({})",
                    words(contracts),
                    words(due)
                ),
            }),
            Some(_) => {}
        }
    }
    let surplus = is.foreign.difference(&should.foreign);
    found.extend(surplus.map(|what| Drift::Surplus { what: what.clone() }));
    for (element, contracts) in &should.allowed {
        if !is.allowed.contains_key(element) {
            found.push(Drift::Missing {
                what: format!("{element} ({})", words(contracts)),
            });
        }
    }
    let missing = should.foreign.difference(&is.foreign);
    found.extend(missing.map(|what| Drift::Missing { what: what.clone() }));
    found
}

fn words(contracts: &Contracts) -> String {
    if contracts.is_empty() {
        return "no contract".into();
    }
    joined(contracts)
}

/// Ids with spaces between them.
pub(super) fn joined(contracts: &Contracts) -> String {
    let mut text = String::new();
    for id in contracts {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(id);
    }
    text
}

/// The ids of a text that [`joined`] made.
#[cfg(feature = "std")]
pub(super) fn parted(text: &str) -> Contracts {
    text.split_whitespace().map(String::from).collect()
}

/// The text of what is loaded.
#[cfg(feature = "std")]
pub(super) fn text<'b>(loaded: &'b [u8], what: &'static str) -> Result<&'b str, ReadError> {
    if loaded.len() > LOADED_LEN_MAX {
        return Err(ReadError::TooLong);
    }
    core::str::from_utf8(loaded).map_err(|_| ReadError::Malformed(what))
}

/// The JSON of what is loaded.
#[cfg(feature = "std")]
pub(super) fn json(loaded: &[u8], what: &'static str) -> Result<serde_json::Value, ReadError> {
    let text = text(loaded, what)?;
    serde_json::from_str(text).map_err(|_| ReadError::Malformed(what))
}
