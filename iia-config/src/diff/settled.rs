//! What need not be compared: entries that stand in both documents with the very same text.

use hashbrown::HashMap;

use iia_contract::tree::Entry;

use crate::parse::Document;

/// For each entry of two documents, by place, whether it is settled: it stands in both with the same text, and no
/// other entry of either has its kind and name. It means the same on both sides, so nothing about it changes.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) old: Vec<bool>,
    pub(super) new: Vec<bool>,
}

/// Where the entries of one kind and name stand: the first of each side, and how many there are.
#[derive(Default)]
struct Places {
    old: Option<usize>,
    new: Option<usize>,
    entries: usize,
}

impl Settled {
    pub(super) fn of(a: &Document, b: &Document) -> Self {
        let mut named: HashMap<(&str, &str), Places> = HashMap::with_capacity(a.entries().len());
        for (at, entry) in a.entries().enumerate() {
            let places = named.entry((entry.kind, entry.name)).or_default();
            places.old = places.old.or(Some(at));
            places.entries += 1;
        }
        for (at, entry) in b.entries().enumerate() {
            let places = named.entry((entry.kind, entry.name)).or_default();
            places.new = places.new.or(Some(at));
            places.entries += 1;
        }
        let mut settled = Self {
            old: vec![false; a.entries().len()],
            new: vec![false; b.entries().len()],
        };
        for places in named.into_values().filter(|places| places.entries == 2) {
            if let (Some(old), Some(new)) = (places.old, places.new)
                && text(a, old).is_some_and(|before| Some(before) == text(b, new))
            {
                settle(&mut settled.old, old);
                settle(&mut settled.new, new);
            }
        }
        settled
    }
}

fn text(document: &Document, at: usize) -> Option<&str> {
    let entry = document.tree().entry(u32::try_from(at).ok()?)?;
    Some(document.slice(entry.span))
}

fn settle(settled: &mut [bool], at: usize) {
    if let Some(flag) = settled.get_mut(at) {
        *flag = true;
    }
}

/// The contracts of a document that are not settled.
pub(super) fn open_contracts<'d>(
    document: &'d Document,
    settled: &'d [bool],
) -> impl Iterator<Item = Entry<'d>> {
    let entries = document.entries().zip(settled);
    let open = entries.filter(|(entry, settled)| !**settled && entry.kind == "contract");
    open.map(|(entry, _)| entry)
}
