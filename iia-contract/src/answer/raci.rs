//! Who is accountable for an event, and on which path they are reached.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::raw::Version;
use crate::tree::{Block, Entry, Tree};

/// A role, and the path on which it is reached; empty where the catalog has no party of this name.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Named {
    /// The role.
    pub role: String,
    /// Its contact path.
    pub contact: String,
}

/// What the two sides of a contract have of something.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sides {
    /// On the box's side.
    pub acs: Vec<Named>,
    /// On the other side.
    pub upstream: Vec<Named>,
}

/// Who is called about an incident, and for how long that may take.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Call {
    /// Who is called.
    pub on_call: String,
    /// Within which time somebody answers, in nanoseconds.
    pub response_max_ns: Option<i64>,
    /// Who is called next.
    pub escalation: String,
}

/// Who answers for one event under one contract.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Raci {
    /// The contract.
    pub contract: String,
    /// Its version.
    pub version: Version,
    /// Whose the other side is.
    pub organization: String,
    /// The event.
    pub event: String,
    /// The one role on the hook, on each side.
    pub accountable: Sides,
    /// Who does the work, on each side.
    pub responsible: Sides,
    /// Who is asked.
    pub consulted: Vec<Named>,
    /// Who is told.
    pub informed: Vec<Named>,
    /// Why the event cannot occur; empty when it can.
    pub not_applicable: String,
    /// Whom the box calls on the other side.
    pub call: Call,
}

impl Raci {
    /// Who answers for an event, under each boundary contract of a document, in the document's order. Parties of the
    /// document give the contact paths.
    pub fn of(document: &Tree, event: &str) -> Vec<Self> {
        let contracts = document.of_kind("contract");
        contracts
            .filter_map(|entry| answer(document, &entry, event))
            .collect()
    }
}

fn answer(document: &Tree, entry: &Entry<'_>, event: &str) -> Option<Raci> {
    let block = entry.named("raci", event)?;
    let of = |key| named(document, &block, key);
    let incident = entry.named("upstream", "incident");
    let word = |key| incident.map_or("", |block| block.text(key)).into();
    Some(Raci {
        contract: entry.name.into(),
        version: entry.version.unwrap_or(Version::NONE),
        organization: entry.text("organization").into(),
        event: event.into(),
        accountable: Sides {
            acs: of("acs_accountable"),
            upstream: of("upstream_accountable"),
        },
        responsible: Sides {
            acs: of("acs_responsible"),
            upstream: of("upstream_responsible"),
        },
        consulted: of("consulted"),
        informed: of("informed"),
        not_applicable: block.text("not_applicable").into(),
        call: Call {
            on_call: word("on_call"),
            response_max_ns: incident.and_then(|block| block.field("response_max")?.ns()),
            escalation: word("escalation"),
        },
    })
}

fn named(document: &Tree, block: &Block<'_>, key: &str) -> Vec<Named> {
    let contact = |role: &str| {
        let mut parties = document.of_kind("party");
        let party = parties.find(|party| party.name == role);
        party.map_or("", |party| party.text("contact"))
    };
    let named = |role: &str| Named {
        role: role.into(),
        contact: contact(role).into(),
    };
    block.fields(key).map(|field| named(field.text())).collect()
}

impl fmt::Display for Raci {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            contract,
            version,
            organization,
            event,
            ..
        } = self;
        write!(f, "{event} under {contract} {version}")?;
        if !organization.is_empty() {
            write!(f, " with {organization}")?;
        }
        if !self.not_applicable.is_empty() {
            return write!(f, "\n    cannot occur       {}", self.not_applicable);
        }
        let rows = [
            ("accountable here", &self.accountable.acs),
            ("accountable there", &self.accountable.upstream),
            ("responsible here", &self.responsible.acs),
            ("responsible there", &self.responsible.upstream),
            ("asked", &self.consulted),
            ("told", &self.informed),
        ];
        for (what, all) in rows {
            for one in all {
                let contact = if one.contact.is_empty() {
                    "no contact is written down"
                } else {
                    &one.contact
                };
                write!(f, "\n    {what:<18} {} ({contact})", one.role)?;
            }
        }
        let Call {
            on_call,
            response_max_ns,
            escalation,
        } = &self.call;
        if !on_call.is_empty() {
            write!(f, "\n    call               {on_call}")?;
            if let Some(ns) = response_max_ns {
                let within =
                    crate::adherence::metric::text(crate::adherence::metric::duration(*ns));
                write!(f, ", who answers within {within}")?;
            }
        }
        if !escalation.is_empty() {
            write!(f, "\n    then               {escalation}")?;
        }
        Ok(())
    }
}
