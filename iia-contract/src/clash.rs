//! C014, C048: no two contracts own the same thing, so that everything seen belongs to one of them.

use alloc::format;
use alloc::vec::Vec;

use core::hash::BuildHasher as _;
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::catalog::Contracts;
use crate::raw::Scopes;
use crate::rules::{Found, at};
use crate::tree::{self, Field};

/// What a contract owns, as the text that says it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Owned<'t> {
    /// Source, destination and operation; a boundary contract's profile with it.
    Said(&'t str, &'t str, &'t str, &'t str),
    /// Client, server, unit and verb with its table; the runs are compared.
    Asked(&'t str, &'t str, &'t str, &'t str, &'t str),
    /// Sender, receiver and protocol of frames.
    Framed(&'t str, &'t str, &'t str),
    /// A common name.
    Alias(&'t str),
}

type Run = (u32, u32);

/// One thing that one contract owns; the hash brings those of one thing together.
#[derive(Clone, Copy)]
struct Claim {
    hash: u64,
    entry: u32,
    run: Run,
}

/// Claims, and those of one hash as a chain from the last to the first.
struct Claims {
    hasher: DefaultHashBuilder,
    claims: Vec<Claim>,
    /// The last claim of each hash.
    last: HashTable<u32>,
    /// For each claim the one of the same hash before it.
    before: Vec<Option<u32>>,
    /// Hashes with several claims, by the second one.
    shared: Vec<u64>,
}

/// Compares what all contracts own; versions of one contract may own the same.
pub(crate) fn check(contracts: &Contracts<'_>, found: &mut Found) {
    let mut claims = Claims::for_contracts(contracts.len());
    for (at, entry) in (0..).zip(contracts.iter()) {
        owned(&entry, &mut |owned, run| claims.add(at, &owned, run));
    }
    for hash in &claims.shared {
        let mut group = claims.of(*hash);
        group.sort_unstable_by_key(|claim| (claim.run, claim.entry));
        overlaps(&group, contracts, found);
    }
}

/// Claims of one thing, by where their runs begin: each is compared with the one that reaches farthest before it.
fn overlaps(group: &[Claim], contracts: &Contracts<'_>, found: &mut Found) {
    let mut farthest: Option<Claim> = None;
    for claim in group {
        let meets = farthest.filter(|other| claim.run.0 <= other.run.1);
        let entry = |claim: Claim| contracts.get(claim.entry);
        if let (Some(other), Some(mine)) = (meets.and_then(entry), entry(*claim))
            && other.name != mine.name
        {
            tell(&mine, &other, found);
        }
        if farthest.is_none_or(|other| other.run.1 < claim.run.1) {
            farthest = Some(*claim);
        }
    }
}

/// Says what two contracts both own, read from the contracts themselves: a hash alone is no proof.
fn tell(mine: &tree::Entry<'_>, other: &tree::Entry<'_>, found: &mut Found) {
    let mut theirs = Vec::new();
    owned(other, &mut |owned, run| theirs.push((owned, run)));
    let mut both = None;
    owned(mine, &mut |owned, run| {
        let meets = |(same, other): &(Owned<'_>, Run)| {
            *same == owned && run.0 <= other.1 && other.0 <= run.1
        };
        if both.is_none() && theirs.iter().any(meets) {
            both = Some(owned);
        }
    });
    let Some(both) = both else { return };
    let rule = match both {
        Owned::Alias(_) => "C048",
        _ => "C014",
    };
    let message = format!("{} is already owned by contract {}", what(both), other.name);
    found.reject(rule, mine.head(), message, "one contract owns it");
}

const WHOLE: Run = (0, u32::MAX);

impl Claims {
    fn for_contracts(contracts: usize) -> Self {
        let room = contracts * 4;
        Self {
            hasher: DefaultHashBuilder::default(),
            claims: Vec::with_capacity(room),
            last: HashTable::with_capacity(room),
            before: Vec::with_capacity(room),
            shared: Vec::new(),
        }
    }

    fn add(&mut self, entry: u32, owned: &Owned<'_>, run: Run) {
        let hash = self.hasher.hash_one(owned);
        let Ok(at) = u32::try_from(self.claims.len()) else {
            return;
        };
        let of = |at: &u32| self.claims.get(*at as usize).map_or(0, |claim| claim.hash);
        let before = match self.last.entry(hash, |other| of(other) == hash, of) {
            Entry::Occupied(mut last) => Some(core::mem::replace(last.get_mut(), at)),
            Entry::Vacant(place) => {
                place.insert(at);
                None
            }
        };
        // The second claim of a hash is told once: the first has none before it.
        let second = before.and_then(|at| self.before.get(at as usize));
        if second.is_some_and(Option::is_none) {
            self.shared.push(hash);
        }
        self.claims.push(Claim { hash, entry, run });
        self.before.push(before);
    }

    /// Every claim of a hash.
    fn of(&self, hash: u64) -> Vec<Claim> {
        let same = |at: &u32| {
            self.claims
                .get(*at as usize)
                .is_some_and(|claim| claim.hash == hash)
        };
        let last = self.last.find(hash, same).copied();
        let chain =
            core::iter::successors(last, |at| self.before.get(*at as usize).copied().flatten());
        chain
            .filter_map(|at| self.claims.get(at as usize).copied())
            .collect()
    }
}

type Take<'t, 'f> = dyn FnMut(Owned<'t>, Run) + 'f;

/// Everything that a contract owns.
fn owned<'t>(entry: &tree::Entry<'t>, take: &mut Take<'t, '_>) {
    match Scopes::named(entry.text("scope")) {
        Scopes::INTERNAL => said(entry, ("source", "destination"), take),
        Scopes::BOUNDARY => said(entry, ("publisher", "consumer"), take),
        Scopes::DEVICE => device(entry, take),
        _ => {}
    }
}

fn said<'t>(entry: &tree::Entry<'t>, (from, to): (&str, &str), take: &mut Take<'t, '_>) {
    let (from, to) = (entry.text(from), entry.text(to));
    let kind = at(entry, "profile", "kind").map_or("", |field| field.text());
    for field in entry.fields("operation") {
        take(Owned::Said(from, to, field.text(), kind), WHOLE);
    }
    if let Some(alias) = at(entry, "auth", "cn_alias") {
        take(Owned::Alias(alias.text()), WHOLE);
    }
}

fn device<'t>(entry: &tree::Entry<'t>, take: &mut Take<'t, '_>) {
    for sender in entry.fields("sender") {
        for receiver in entry.fields("receiver") {
            let mut frames = |kind: &'t str| {
                take(Owned::Framed(sender.text(), receiver.text(), kind), WHOLE);
            };
            if entry.field("ethertype").is_none() {
                frames(entry.text("protocol"));
            }
            for field in entry.fields("ethertype") {
                frames(field.text());
            }
        }
    }
    let units = entry.fields("unit").map(|field| field.text());
    let every = entry.field("unit").is_none().then_some("");
    for unit in units.chain(every) {
        for client in entry.fields("client") {
            for server in entry.fields("server") {
                asked(entry, (client.text(), server.text(), unit), take);
            }
        }
    }
}

fn asked<'t>(
    entry: &tree::Entry<'t>,
    (client, server, unit): (&'t str, &'t str, &'t str),
    take: &mut Take<'t, '_>,
) {
    let mut bare = true;
    for verb in ["read", "write"] {
        for field in entry.fields(verb) {
            bare = false;
            take(
                Owned::Asked(client, server, unit, verb, field.text()),
                run(&field),
            );
        }
    }
    if bare {
        take(Owned::Asked(client, server, unit, "", ""), WHOLE);
    }
}

fn run(field: &Field<'_>) -> Run {
    let count = |index| {
        let count = field.number(index).and_then(crate::raw::Number::as_count);
        count
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or(0)
    };
    (count(1), count(2))
}

fn what(owned: Owned<'_>) -> alloc::string::String {
    match owned {
        Owned::Said(from, to, operation, _) => format!("`{operation}` from {from} to {to}"),
        Owned::Asked(client, server, unit, "", _) => format!("{client} to {server} unit {unit}"),
        Owned::Asked(client, server, unit, verb, table) => {
            format!("{verb} {table} by {client} at {server} unit {unit}")
        }
        Owned::Framed(sender, receiver, protocol) => {
            format!("{protocol} from {sender} to {receiver}")
        }
        Owned::Alias(name) => format!("common name {name}"),
    }
}
