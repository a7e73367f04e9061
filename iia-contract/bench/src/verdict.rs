//! The matcher.

use iia_contract::matcher::{Matcher, Way};
use iia_core::observe::Observation;

use crate::floor;
use crate::measure::{Cost, in_turn, tell};
use crate::site::{SOME, Site};

/// Observations whose ways are known.
fn on_ways(matcher: &Matcher<'_>, seen: &[Observation<'_>]) -> Cost {
    let ways = seen.iter().map(|seen| (matcher.way(seen), *seen));
    let cases: Vec<(Way, Observation<'_>)> = ways.collect();
    in_turn(&cases, |(way, seen)| matcher.judge_on(*way, seen))
}

fn from_scratch(matcher: &Matcher<'_>, seen: &[Observation<'_>]) -> Cost {
    in_turn(seen, |seen| matcher.judge(seen))
}

pub fn flows(contracts: usize) {
    let floor = floor::flow(contracts);
    let site = Site::flows(contracts);
    let matcher = Matcher::of(site.contracts);
    let some = &site.seen[..SOME];
    // The same flow again and again: nothing but the work itself.
    tell("flow, interned, one", contracts, on_ways(&matcher, &some[..1]), floor.some);
    tell("flow, interned", contracts, on_ways(&matcher, some), floor.some);
    tell("flow, interned, all", contracts, on_ways(&matcher, &site.seen), floor.all);
    tell("flow", contracts, from_scratch(&matcher, some), floor.some);
    tell("flow, all", contracts, from_scratch(&matcher, &site.seen), floor.all);
}

pub fn links(contracts: usize) {
    let floor = floor::link(contracts);
    let site = Site::links(contracts);
    let matcher = Matcher::of(site.contracts);
    let some = &site.seen[..SOME];
    tell("link, interned", contracts, on_ways(&matcher, some), floor.some);
    tell("link, interned, all", contracts, on_ways(&matcher, &site.seen), floor.all);
    tell("link, from two SPIFFE IDs, one", contracts, from_scratch(&matcher, &some[..1]), floor.some);
    tell("link, from two SPIFFE IDs", contracts, from_scratch(&matcher, some), floor.some);
    tell("link, from two SPIFFE IDs, all", contracts, from_scratch(&matcher, &site.seen), floor.all);
}

pub fn topics(contracts: usize) {
    let floor = floor::topic(contracts);
    let site = Site::topics(contracts);
    let matcher = Matcher::of(site.contracts);
    let some = &site.seen[..SOME];
    tell("message, five levels, one", contracts, from_scratch(&matcher, &some[..1]), floor.some);
    tell("message, five levels", contracts, from_scratch(&matcher, some), floor.some);
    tell("message, five levels, all", contracts, from_scratch(&matcher, &site.seen), floor.all);
}
