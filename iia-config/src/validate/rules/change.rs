//! C090 to C094: how a contract may change from what is applied.

use hashbrown::{HashMap, HashSet};

use iia_contract::raw::Version;
use iia_contract::tree::Entry;
use iia_contract::version::{Fault, Step, loosened as looser};
use iia_core::time::parse_utc;

use super::Ground;

/// Contracts of one id, before and now.
type Pair<'d> = (Option<Entry<'d>>, Option<Entry<'d>>);

impl<'d> Ground<'d> {
    /// The newest version of every contract, before and now, in order of ids; nothing without a previous document.
    fn pairs(&self) -> Vec<(&'d str, Pair<'d>)> {
        let Some(previous) = &self.facts.previous else {
            return Vec::new();
        };
        let mut pairs: HashMap<&str, Pair<'_>> = HashMap::new();
        let newer = |slot: &mut Option<Entry<'d>>, entry: Entry<'d>| {
            if slot.is_none_or(|other| other.version < entry.version) {
                *slot = Some(entry);
            }
        };
        for entry in previous.of_kind("contract") {
            newer(&mut pairs.entry(entry.name).or_default().0, entry);
        }
        for entry in self.contracts() {
            newer(&mut pairs.entry(entry.name).or_default().1, entry);
        }
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        pairs.sort_by_key(|(id, _)| *id);
        pairs
    }
}

fn version(entry: &Entry<'_>) -> Version {
    entry.version.unwrap_or(Version::NONE)
}

/// C090, C092: the version says what kind of change it is.
pub(super) fn versions(ground: &mut Ground<'_>) {
    for (id, pair) in ground.pairs() {
        let (Some(old), Some(new)) = pair else {
            continue;
        };
        let step = Step::between(&old, &new);
        let Some(fault) = step.fault() else {
            continue;
        };
        let (before, after) = (step.before, step.after);
        let (code, message) = match fault {
            Fault::Back => (
                "C092",
                format!("contract {id} goes back from {before} to {after}"),
            ),
            Fault::Again => (
                "C092",
                format!("contract {id} {before} says something else than before"),
            ),
            Fault::HidesBreak => {
                let what = step.change.what();
                let message = format!(
                    "contract {id}: {what} breaks consumers, {before} to {after} does not say so"
                );
                ("C090", message)
            }
            Fault::HidesMore => (
                "C090",
                format!("contract {id} says more, {before} to {after} does not say so"),
            ),
        };
        let help = match fault {
            Fault::Back => "versions never decrease".into(),
            Fault::Again => "a version is never used twice: raise it".into(),
            _ => format!("write {}", step.due()),
        };
        ground.tell(code, new.head(), message, &help);
    }
}

/// C091: the major version before stays for as long as it promised.
pub(super) fn overlap(ground: &mut Ground<'_>) {
    let issued = ground
        .of_kind("artifact")
        .next()
        .and_then(|entry| parse_utc(entry.text("issued")));
    for (id, pair) in ground.pairs() {
        let (Some(old), Some(new)) = pair else {
            continue;
        };
        if version(&new).major <= version(&old).major {
            continue;
        }
        let promised = old
            .block("evolution")
            .and_then(|block| block.field("deprecation_overlap"));
        let Some(promised) = promised.and_then(|field| field.ns()) else {
            continue;
        };
        let mut kept = ground.contracts().filter(|entry| entry.name == id);
        let kept = kept.find(|entry| version(entry).major == version(&old).major);
        let until = kept.and_then(|entry| parse_utc(entry.text("deprecated")));
        let enough = until
            .zip(issued)
            .is_some_and(|(until, issued)| until.since_ns(issued) >= promised);
        if !enough {
            let message = format!("contract {id} {} ends before its overlap", version(&old));
            let help = "keep it beside the new one, with deprecated at the end of the overlap";
            ground.tell("C091", new.head(), message, help);
        }
    }
}

/// C093: no consumer is cut off who was not told. Between workloads of the box, a contract that goes takes its sessions
/// with it at once.
pub(super) fn removed(ground: &mut Ground<'_>) {
    let artifact = ground.of_kind("artifact").next();
    let span = artifact.map(|entry| entry.head()).unwrap_or_default();
    for (id, pair) in ground.pairs() {
        let (Some(old), None) = pair else {
            continue;
        };
        if old.text("scope") != "boundary" {
            continue;
        }
        let told = parse_utc(old.text("deprecated"));
        let over = told
            .zip(ground.facts.now)
            .is_some_and(|(told, now)| told <= now);
        if ground.facts.live.contains(id) && !over {
            let message =
                format!("contract {id} is taken out while somebody is connected under it");
            ground.tell(
                "C093",
                span,
                message,
                "deprecate it first, and wait until that time",
            );
        }
    }
}

/// C094: an obligation that is loosened is agreed by both sides.
pub(super) fn loosened(ground: &mut Ground<'_>) {
    let sides: HashMap<&str, &str> = ground
        .of_kind("party")
        .map(|entry| (entry.name, entry.text("side")))
        .collect();
    for (id, pair) in ground.pairs() {
        let (Some(old), Some(new)) = pair else {
            continue;
        };
        let Some(what) = looser(&old, &new) else {
            continue;
        };
        let agreed = new
            .fields("acknowledged")
            .filter_map(|field| sides.get(field.text()));
        let agreed: HashSet<&&str> = agreed.collect();
        if agreed.len() < 2 {
            let message = format!("contract {id}: {what} is loosened, and not both sides agree");
            ground.warn(
                "C094",
                new.head(),
                message,
                "add acknowledged with a party of each side",
            );
        }
    }
}
