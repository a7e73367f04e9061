//! What an artifact says, by class: all classes go the same way, only what is validated and applied differs.

use iia_core::Timestamp;

use crate::apply::Plan;
use crate::trust::{Class, Trust};
use crate::validate::{Checked, Listing};

/// What an artifact says, once every rule of its class is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Matter {
    /// A configuration.
    Config(Box<Checked>),
    /// An image or a set of rules, by digest.
    Listing(Box<Listing>),
    /// The operators' keys and rules.
    Trust(Box<Trust>),
}

impl Matter {
    /// Its class.
    pub fn class(&self) -> Class {
        match self {
            Self::Config(_) => Class::Config,
            Self::Listing(listing) => listing.class,
            Self::Trust(_) => Class::Trust,
        }
    }

    /// Its revision.
    pub fn revision(&self) -> u64 {
        match self {
            Self::Config(checked) => checked.revision,
            Self::Listing(listing) => listing.revision,
            Self::Trust(trust) => trust.revision,
        }
    }

    /// When it was written.
    pub fn issued(&self) -> Timestamp {
        match self {
            Self::Config(checked) => checked.issued,
            Self::Listing(listing) => listing.issued,
            Self::Trust(trust) => trust.issued,
        }
    }

    /// The calls that make it so.
    pub fn plan(&self) -> Plan {
        match self {
            Self::Config(checked) => Plan::of(checked),
            Self::Listing(listing) => Plan::of_listing(listing),
            Self::Trust(trust) => Plan::of_trust(trust),
        }
    }

    /// How many contracts, items or keys it has, in words for the chain.
    pub(super) fn told(&self) -> (&'static str, usize) {
        match self {
            Self::Config(checked) => ("contracts", checked.catalog.contracts().len()),
            Self::Listing(listing) => ("items", listing.items.len()),
            Self::Trust(trust) => ("keys", trust.keys().count()),
        }
    }
}
