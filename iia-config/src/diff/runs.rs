//! Registers that may be read or written, address by address: a longer run beside a shorter one opens what is more, and
//! not all of it again.

use std::collections::{BTreeMap, BTreeSet};

use super::flow::{Flow, Session};

/// From the first address to the last.
type Run = (u64, u64);
/// A session, and what may be done with which table, such as `read coil`.
type Kind<'f> = (&'f Session, &'f str);

/// What flows of `these` and not of `others`.
pub(super) fn beyond(these: &BTreeSet<Flow>, others: &BTreeSet<Flow>) -> BTreeSet<Flow> {
    let mut known: BTreeMap<Kind<'_>, Vec<Run>> = BTreeMap::new();
    for flow in others {
        if let Some((what, run)) = run(&flow.operation) {
            known.entry((&flow.session, what)).or_default().push(run);
        }
    }
    let mut found = BTreeSet::new();
    for flow in these.difference(others) {
        let Some((what, run)) = run(&flow.operation) else {
            found.insert(flow.clone());
            continue;
        };
        let less = known.get(&(&flow.session, what));
        let left = less.into_iter().flatten().fold(vec![run], without);
        found.extend(left.into_iter().map(|(first, last)| Flow {
            session: flow.session.clone(),
            operation: format!("{what} {first} {last}"),
        }));
    }
    found
}

/// `read coil 0 5` in two: what, and the addresses.
fn run(operation: &str) -> Option<(&str, Run)> {
    let (rest, last) = operation.rsplit_once(' ')?;
    let (what, first) = rest.rsplit_once(' ')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    let of_table = ["read ", "write "]
        .iter()
        .any(|verb| what.starts_with(verb));
    (of_table && first <= last).then_some((what, (first, last)))
}

/// The runs without the addresses of another.
fn without(runs: Vec<Run>, &(from, to): &Run) -> Vec<Run> {
    let cut = |(first, last): Run| {
        let before = from.checked_sub(1).map(|end| (first, last.min(end)));
        let behind = to.checked_add(1).map(|start| (first.max(start), last));
        [before, behind].into_iter().flatten()
    };
    let parts = runs.into_iter().flat_map(cut);
    parts.filter(|(first, last)| first <= last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flows(operations: &[&str]) -> BTreeSet<Flow> {
        let flow = |operation: &&str| {
            let text = |text: &str| text.to_owned();
            let (contract, from, to, at) = (text("c"), text("a"), text("b"), text(""));
            Flow {
                session: Session {
                    contract,
                    from,
                    to,
                    at,
                },
                operation: text(operation),
            }
        };
        operations.iter().map(flow).collect()
    }

    #[test]
    fn runs_are_told_by_their_addresses() {
        for (before, after, opened, closed) in [
            (
                &["read coil 0 5"][..],
                &["read coil 0 3"][..],
                &[][..],
                &["read coil 4 5"][..],
            ),
            (
                &["read coil 0 3", "read coil 4 5"],
                &["read coil 0 5"],
                &[],
                &[],
            ),
            (
                &["read coil 2 3"],
                &["read coil 0 9"],
                &["read coil 0 1", "read coil 4 9"],
                &[],
            ),
            (
                &["read coil 0 5"],
                &["write coil 0 5"],
                &["write coil 0 5"],
                &["read coil 0 5"],
            ),
            (
                &["read coil 0 5"],
                &["read discrete_input 3 8"],
                &["read discrete_input 3 8"],
                &["read coil 0 5"],
            ),
            (
                &["function 1", "unit 5"],
                &["unit 5", "unit 6"],
                &["unit 6"],
                &["function 1"],
            ),
            (
                &["read coil 0 18446744073709551615"],
                &["read coil 7 7"],
                &[],
                &["read coil 0 6", "read coil 8 18446744073709551615"],
            ),
        ] {
            let (before, after) = (flows(before), flows(after));
            assert_eq!(beyond(&after, &before), flows(opened), "{after:?}");
            assert_eq!(beyond(&before, &after), flows(closed), "{before:?}");
        }
    }
}
