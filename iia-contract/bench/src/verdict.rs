//! The matcher.

use iia_contract::matcher::{Matcher, Way};
use iia_core::observe::Observation;

use crate::floor;
use crate::measure::{Cost, in_turn, tell};
use crate::site::Site;

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
    let floor = Some(floor::flow(contracts));
    let site = Site::flows(contracts);
    let matcher = Matcher::of(site.contracts);
    // The same flow again and again: nothing but the work itself.
    let one = on_ways(&matcher, &site.seen[..1]);
    tell("flow, interned, one", contracts, one, floor);
    tell("flow, interned, 1,024 in turn", contracts, on_ways(&matcher, &site.seen), floor);
    tell("flow, 1,024 in turn", contracts, from_scratch(&matcher, &site.seen), floor);
}

pub fn links(contracts: usize) {
    let floor = Some(floor::link(contracts));
    let site = Site::links(contracts);
    let matcher = Matcher::of(site.contracts);
    tell("link, interned", contracts, on_ways(&matcher, &site.seen), floor);
    tell("link, from two SPIFFE IDs", contracts, from_scratch(&matcher, &site.seen), floor);
    tell("link, one again and again", contracts, from_scratch(&matcher, &site.seen[..1]), floor);
}

pub fn topics(contracts: usize) {
    let floor = Some(floor::topic(contracts));
    let site = Site::topics(contracts);
    let matcher = Matcher::of(site.contracts);
    tell("message, five levels", contracts, from_scratch(&matcher, &site.seen), floor);
    tell("message, one again and again", contracts, from_scratch(&matcher, &site.seen[..1]), floor);
}
