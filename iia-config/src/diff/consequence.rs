//! What a change brings about.

use std::collections::{BTreeMap, BTreeSet};

use iia_contract::raw::Version;
use iia_contract::tree::{Block, Entry};
use iia_contract::version::{Change, Step};

use super::binding::{Binding, bindings};
use super::flow::{Flow, Session, flows};
use super::obligation::{Obligation, moved};
use super::runs::beyond;
use super::settled::{Settled, open_contracts};
use crate::parse::Document;

/// The event of a contract's RACI that a change of the contract itself is.
const EVOLUTION: &str = "contract_evolution";

/// A stream that a contract exposes or withholds.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Topic {
    /// The contract.
    pub contract: String,
    /// The line: `include …` or `exclude …`.
    pub line: String,
}

/// Who answers for an event, before and after.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct RaciChange {
    /// The contract.
    pub contract: String,
    /// The event.
    pub event: String,
    /// Lines that are gone.
    pub gone: Vec<String>,
    /// Lines that are new.
    pub new: Vec<String>,
}

/// Somebody who is to be told.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Notice {
    /// Who: a party, or an organization.
    pub who: String,
    /// How they are reached; empty when nobody wrote it down.
    pub contact: String,
    /// The contract that changes.
    pub contract: String,
    /// Why they.
    pub role: &'static str,
}

/// The version that a changed contract should have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VersionDue {
    /// The contract.
    pub contract: String,
    /// Its version before.
    pub before: Version,
    /// Its version after.
    pub after: Version,
    /// The lowest version that says what kind of change it is.
    pub due: Version,
    /// What breaks consumers; empty when nothing does.
    pub breaks: String,
}

impl VersionDue {
    /// Whether the version says what kind of change it is.
    pub fn is_kept(&self) -> bool {
        self.after >= self.due
    }
}

/// What a change brings about.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Consequences {
    /// What may flow that could not before.
    pub opened: BTreeSet<Flow>,
    /// What may not flow any more.
    pub closed: BTreeSet<Flow>,
    /// Sessions under which nothing may flow any more: live ones are cut.
    pub cut: BTreeSet<Session>,
    /// Workloads that get an SVID, or another address.
    pub bound: BTreeSet<Binding>,
    /// Workloads that lose theirs.
    pub unbound: BTreeSet<Binding>,
    /// Lines of inventories that are new.
    pub topics_new: BTreeSet<Topic>,
    /// Lines of inventories that are gone.
    pub topics_gone: BTreeSet<Topic>,
    /// Obligations that moved.
    pub obligations: BTreeSet<Obligation>,
    /// Who answers for what.
    pub raci: BTreeSet<RaciChange>,
    /// Who is to be told.
    pub notify: BTreeSet<Notice>,
    /// Versions, where a contract changed.
    pub versions: Vec<VersionDue>,
}

/// What the change from `a` to `b` brings about.
pub fn consequences(a: &Document, b: &Document) -> Consequences {
    // What is settled flows, promises and answers as before, and nobody else has its name.
    let settled = Settled::of(a, b);
    let contracts_before = || open_contracts(a, &settled.old);
    let contracts_after = || open_contracts(b, &settled.new);
    let (old, new) = (flows(contracts_before()), flows(contracts_after()));
    let (before, after) = (bindings(a), bindings(b));
    let live: BTreeSet<&Session> = new.iter().map(|flow| &flow.session).collect();
    let cut = old.iter().map(|flow| &flow.session);
    let mut found = Consequences {
        cut: cut
            .filter(|session| !live.contains(session))
            .cloned()
            .collect(),
        opened: beyond(&new, &old),
        closed: beyond(&old, &new),
        bound: after.difference(&before).cloned().collect(),
        unbound: before.difference(&after).cloned().collect(),
        ..Consequences::default()
    };
    let mut names: BTreeMap<&str, (Option<Entry<'_>>, Option<Entry<'_>>)> = BTreeMap::new();
    for entry in contracts_before() {
        newest(&mut names.entry(entry.name).or_default().0, entry);
    }
    for entry in contracts_after() {
        newest(&mut names.entry(entry.name).or_default().1, entry);
    }
    for pair in names.into_values() {
        found.contract(pair, (a, b));
    }
    found
}

fn newest<'d>(slot: &mut Option<Entry<'d>>, entry: Entry<'d>) {
    if slot.is_none_or(|other| other.version < entry.version) {
        *slot = Some(entry);
    }
}

/// The lines of a block of an entry that may not be there.
fn lines(entry: Option<&Entry<'_>>, is_wanted: impl Fn(&Block<'_>) -> bool) -> BTreeSet<String> {
    let blocks = entry
        .into_iter()
        .flat_map(|entry| entry.blocks().collect::<Vec<_>>());
    let fields = blocks
        .filter(|block| is_wanted(block))
        .flat_map(|block| block.all().collect::<Vec<_>>());
    fields.map(|field| field.line().to_owned()).collect()
}

impl Consequences {
    fn contract(
        &mut self,
        (old, new): (Option<Entry<'_>>, Option<Entry<'_>>),
        documents: (&Document, &Document),
    ) {
        let Some(name) = old.or(new).map(|entry| entry.name) else {
            return;
        };
        self.topics(name, (old.as_ref(), new.as_ref()));
        self.raci(name, (old.as_ref(), new.as_ref()));
        let changed = match (&old, &new) {
            (Some(old), Some(new)) => {
                self.obligations.extend(moved(old, new));
                self.version(old, new)
            }
            _ => true,
        };
        if changed {
            let both = [(old, documents.0), (new, documents.1)];
            for (entry, document) in both {
                entry.iter().for_each(|entry| self.notify(entry, document));
            }
        }
    }

    fn topics(&mut self, name: &str, (old, new): (Option<&Entry<'_>>, Option<&Entry<'_>>)) {
        let of = |entry| lines(entry, |block| block.key == "inventory");
        let (before, after) = (of(old), of(new));
        let topic = |line: &String| Topic {
            contract: name.into(),
            line: line.clone(),
        };
        self.topics_new.extend(after.difference(&before).map(topic));
        self.topics_gone
            .extend(before.difference(&after).map(topic));
    }

    fn raci(&mut self, name: &str, (old, new): (Option<&Entry<'_>>, Option<&Entry<'_>>)) {
        let events = |entry: Option<&Entry<'_>>| -> BTreeSet<String> {
            let blocks = entry
                .into_iter()
                .flat_map(|entry| entry.blocks().collect::<Vec<_>>());
            let raci = blocks.filter(|block| block.key == "raci");
            raci.filter_map(|block| block.name.map(str::to_owned))
                .collect()
        };
        for event in events(old).union(&events(new)) {
            let is_it = |block: &Block<'_>| block.key == "raci" && block.name == Some(event);
            let (before, after) = (lines(old, is_it), lines(new, is_it));
            if before != after {
                self.raci.insert(RaciChange {
                    contract: name.into(),
                    event: event.clone(),
                    gone: before.difference(&after).cloned().collect(),
                    new: after.difference(&before).cloned().collect(),
                });
            }
        }
    }

    /// Notes the version that is due; gives whether anything changed.
    fn version(&mut self, old: &Entry<'_>, new: &Entry<'_>) -> bool {
        let step = Step::between(old, new);
        if step.change == Change::None {
            return step.before != step.after;
        }
        self.versions.push(VersionDue {
            contract: new.name.into(),
            before: step.before,
            after: step.after,
            due: step.due(),
            breaks: step.change.what().into(),
        });
        true
    }

    /// The other side, and whoever the contract names for its own evolution.
    fn notify(&mut self, entry: &Entry<'_>, document: &Document) {
        let contract = entry.name;
        if !entry.text("contact").is_empty() {
            self.notify.insert(Notice {
                who: entry.text("organization").into(),
                contact: entry.text("contact").into(),
                contract: contract.into(),
                role: "the other side",
            });
        }
        let roles = [
            ("acs_responsible", "responsible"),
            ("acs_accountable", "accountable"),
            ("upstream_responsible", "responsible"),
            ("upstream_accountable", "accountable"),
            ("consulted", "consulted"),
            ("informed", "informed"),
        ];
        let mut blocks = entry.blocks();
        let Some(raci) = blocks.find(|block| block.key == "raci" && block.name == Some(EVOLUTION))
        else {
            return;
        };
        for (key, role) in roles {
            for field in raci.fields(key).collect::<Vec<_>>() {
                let mut parties = document.of_kind("party");
                let party = parties.find(|party| party.name == field.text());
                self.notify.insert(Notice {
                    who: field.text().into(),
                    contact: party.map_or_else(String::new, |party| party.text("contact").into()),
                    contract: contract.into(),
                    role,
                });
            }
        }
    }
}
