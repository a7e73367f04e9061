//! The rules of one client at one server, so laid that only those are asked that could cover.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::slice;

use hashbrown::HashSet;

use super::super::rule::Rule;

/// What an observation asks of a rule.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Asks {
    /// Its protocol and VLANs, and nothing else.
    Ends,
    /// Whether it lists this unit, and then more.
    Unit(u8),
    /// More.
    All,
}

/// Indices of rules in the catalog's order: one, as most clients have, or several.
#[derive(Clone, Debug)]
pub(super) enum Rules {
    One(u32),
    Several(Box<Several>),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Several {
    all: Vec<u32>,
    /// The first of each protocol and VLANs: what those say of it they say of all that are like it.
    kinds: Vec<u32>,
    /// Those for every unit.
    every: Vec<u32>,
    /// Units that others list, sorted, and beside each who lists it.
    units: Vec<u8>,
    listed: Vec<u32>,
}

impl Rules {
    pub(super) fn of(list: Vec<u32>, rules: &[Rule<'_>]) -> Self {
        match *list {
            [one] => Self::One(one),
            _ => Self::Several(Box::new(Several::of(list, rules))),
        }
    }

    /// Rules that together give the verdict of all, each list up to the first that covers.
    ///
    /// The kinds come last: a rule that does not list the unit fails at its protocol, its VLANs or its units, as the first
    /// of its kind does; and where that one lists the unit and fails at more, it comes nearer than the rest.
    #[inline]
    pub(super) fn to_ask(&self, asks: Asks) -> [&[u32]; 3] {
        match (self, asks) {
            (Self::One(rule), _) => [slice::from_ref(rule), &[], &[]],
            (Self::Several(several), Asks::Ends) => [&several.kinds, &[], &[]],
            (Self::Several(several), Asks::All) => [&several.all, &[], &[]],
            (Self::Several(several), Asks::Unit(unit)) => {
                [&several.every, several.listing(unit), &several.kinds]
            }
        }
    }
}

impl Several {
    fn of(all: Vec<u32>, rules: &[Rule<'_>]) -> Self {
        let mut several = Self::default();
        let mut kinds = HashSet::new();
        let mut units = Vec::new();
        for at in &all {
            let Some(rule) = rules.get(*at as usize) else {
                continue;
            };
            if kinds.insert((rule.protocol, rule.vlans)) {
                several.kinds.push(*at);
            }
            if rule.every_unit {
                several.every.push(*at);
            }
            units.extend(rule.device.units.iter().map(|unit| (*unit, *at)));
        }
        units.sort_unstable();
        (several.units, several.listed) = units.into_iter().unzip();
        Self { all, ..several }
    }

    fn listing(&self, unit: u8) -> &[u32] {
        let first = self.units.partition_point(|listed| *listed < unit);
        let last = self.units.partition_point(|listed| *listed <= unit);
        self.listed.get(first..last).unwrap_or_default()
    }
}
