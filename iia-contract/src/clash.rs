//! C014, C048: no two contracts own the same thing, so that everything seen belongs to one of them.

use alloc::format;
use alloc::vec::Vec;

use hashbrown::HashMap;

use crate::raw::Scopes;
use crate::rules::{Found, at};
use crate::tree::{Entry, Field};

/// What a contract owns, as the text that says it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Owned<'t> {
    /// Source, destination and operation; a boundary contract's profile with it.
    Said(&'t str, &'t str, &'t str, &'t str),
    /// Client, server, unit and verb with its table; the runs are compared.
    Asked(&'t str, &'t str, &'t str, &'t str, &'t str),
    /// A common name.
    Alias(&'t str),
}

type Run = (u64, u64);

struct Claim<'t> {
    entry: Entry<'t>,
    run: Run,
}

struct Claims<'t, 'f> {
    owned: HashMap<Owned<'t>, Vec<Claim<'t>>>,
    found: &'f mut Found,
}

/// Compares what all contracts own; versions of one contract may own the same.
pub(crate) fn check(entries: &[Entry<'_>], found: &mut Found) {
    let mut claims = Claims {
        owned: HashMap::with_capacity(entries.len() * 2),
        found,
    };
    for entry in entries {
        match Scopes::named(entry.text("scope")) {
            Scopes::INTERNAL => claims.said(entry, ("source", "destination")),
            Scopes::BOUNDARY => claims.said(entry, ("publisher", "consumer")),
            Scopes::DEVICE => claims.device(entry),
            _ => {}
        }
    }
}

/// Claims of one thing that are compared with each other at most; beyond it only the newest are.
const CLAIMS_MAX: usize = 256;
const WHOLE: Run = (0, u64::MAX);

impl<'t> Claims<'t, '_> {
    fn said(&mut self, entry: &Entry<'t>, (from, to): (&str, &str)) {
        let (from, to) = (entry.text(from), entry.text(to));
        let kind = at(entry, "profile", "kind").map_or("", |field| field.text());
        for field in entry.fields("operation") {
            self.claim(entry, Owned::Said(from, to, field.text(), kind), WHOLE);
        }
        if let Some(alias) = at(entry, "auth", "cn_alias") {
            self.claim(entry, Owned::Alias(alias.text()), WHOLE);
        }
    }

    fn device(&mut self, entry: &Entry<'t>) {
        let units = entry.fields("unit").map(|field| field.text());
        let every = entry.field("unit").is_none().then_some("");
        for unit in units.chain(every) {
            for client in entry.fields("client") {
                for server in entry.fields("server") {
                    self.asked(entry, (client.text(), server.text(), unit));
                }
            }
        }
    }

    fn asked(&mut self, entry: &Entry<'t>, (client, server, unit): (&'t str, &'t str, &'t str)) {
        let verbs = ["read", "write"].into_iter();
        let mut bare = true;
        for verb in verbs {
            for field in entry.fields(verb) {
                bare = false;
                let owned = Owned::Asked(client, server, unit, verb, field.text());
                self.claim(entry, owned, run(&field));
            }
        }
        if bare {
            self.claim(entry, Owned::Asked(client, server, unit, "", ""), WHOLE);
        }
    }

    fn claim(&mut self, entry: &Entry<'t>, owned: Owned<'t>, run: Run) {
        let claims = self.owned.entry(owned).or_default();
        let meets = |other: &Claim<'t>| other.run.0 <= run.1 && run.0 <= other.run.1;
        let mut others = claims.iter().rev().take(CLAIMS_MAX);
        if let Some(other) = others.find(|other| other.entry.name != entry.name && meets(other)) {
            let rule = match owned {
                Owned::Alias(_) => "C048",
                _ => "C014",
            };
            let message = format!(
                "{} is already owned by contract {}",
                what(owned),
                other.entry.name
            );
            self.found
                .reject(rule, entry.head(), message, "one contract owns it");
            return;
        }
        claims.push(Claim { entry: *entry, run });
    }
}

fn run(field: &Field<'_>) -> Run {
    let count = |index| field.number(index).and_then(crate::raw::Number::as_count);
    (count(1).unwrap_or(0), count(2).unwrap_or(0))
}

fn what(owned: Owned<'_>) -> alloc::string::String {
    match owned {
        Owned::Said(from, to, operation, _) => format!("`{operation}` from {from} to {to}"),
        Owned::Asked(client, server, unit, "", _) => format!("{client} to {server} unit {unit}"),
        Owned::Asked(client, server, unit, verb, table) => {
            format!("{verb} {table} by {client} at {server} unit {unit}")
        }
        Owned::Alias(name) => format!("common name {name}"),
    }
}
