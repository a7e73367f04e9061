//! One field before and after: whether whoever agreed before still agrees.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::cmp::Ordering;

use iia_core::time::parse_utc;

use super::effect::{Binds, Effect};
use crate::raw::Number;
use crate::scope::{Net, Run, merge};
use crate::tree::Field;

/// All fields of one key; none of them when the block is not there.
pub(super) type Fields<'a, 't> = &'a [Field<'t>];

/// Whether both say the same, in whatever order.
pub(super) fn are_same(effect: Effect, before: Fields<'_, '_>, after: Fields<'_, '_>) -> bool {
    match effect {
        Effect::Until => !ends_earlier(before, after),
        _ => lines(before) == lines(after),
    }
}

fn ends_earlier(before: Fields<'_, '_>, after: Fields<'_, '_>) -> bool {
    let end = |fields: Fields<'_, '_>| fields.first().and_then(|field| parse_utc(field.text()));
    end(after)
        .zip(end(before))
        .is_some_and(|(after, before)| after < before)
}

/// Whether `after` breaks what `before` promised. Both differ.
pub(super) fn breaks(effect: Effect, before: Fields<'_, '_>, after: Fields<'_, '_>) -> bool {
    match effect {
        Effect::Free => false,
        Effect::Until => ends_earlier(before, after),
        Effect::Told => !before.is_empty(),
        Effect::Fixed => true,
        Effect::Allows => !lines(before).is_subset(&lines(after)),
        Effect::Narrows if after.is_empty() => false,
        Effect::Narrows => before.is_empty() || !lines(before).is_subset(&lines(after)),
        Effect::Nets => !all(before, after, |one, other| {
            Net::parse(one)
                .zip(Net::parse(other))
                .is_some_and(|(one, other)| one.prefix >= other.prefix && other.contains(one.addr))
        }),
        Effect::Patterns => !all(before, after, is_in),
        Effect::Withheld => !all(after, before, is_in),
        Effect::Runs => !runs(before).iter().all(|run| {
            runs(after).iter().any(|other| {
                other.table == run.table && other.first <= run.first && run.last <= other.last
            })
        }),
        Effect::Upper(binds) => moved(before, after, Ordering::Less, binds),
        Effect::Lower(binds) => moved(before, after, Ordering::Greater, binds),
        Effect::Switch(binds) => {
            (is_on(after) == (binds == Binds::Other)) && is_on(before) != is_on(after)
        }
    }
}

fn lines<'t>(fields: Fields<'_, 't>) -> BTreeSet<&'t str> {
    fields.iter().map(Field::line).collect()
}

/// Whether each value of one list lies in a value of the other.
fn all(some: Fields<'_, '_>, others: Fields<'_, '_>, is_in: impl Fn(&str, &str) -> bool) -> bool {
    some.iter()
        .all(|one| others.iter().any(|other| is_in(one.text(), other.text())))
}

/// Whether a pattern of streams lies in another.
fn is_in(one: &str, other: &str) -> bool {
    one == other
        || other
            .strip_suffix('*')
            .is_some_and(|start| one.starts_with(start))
}

fn runs(fields: Fields<'_, '_>) -> Vec<Run> {
    merge(fields.iter().filter_map(crate::read::run_of).collect())
}

fn number(fields: Fields<'_, '_>) -> Option<Number> {
    fields.first()?.number(0)
}

/// Whether a bound that is tighter when it moves one way binds the other side more, or the box less.
fn moved(before: Fields<'_, '_>, after: Fields<'_, '_>, tighter: Ordering, binds: Binds) -> bool {
    let order = match (number(before), number(after)) {
        (None, Some(_)) => Some(tighter),
        (Some(_), None) => Some(tighter.reverse()),
        (Some(before), Some(after)) => after.order(before),
        // Words where numbers could stand are agreed as they stand.
        (None, None) => None,
    };
    match order {
        None => true,
        Some(Ordering::Equal) => false,
        Some(order) => (order == tighter) == (binds == Binds::Other),
    }
}

fn is_on(fields: Fields<'_, '_>) -> bool {
    fields.first().is_some_and(|field| field.text() == "on")
}
