//! The decision itself: every question is asked, the first "no" ends it.

use super::window::Certain;
use super::{Approval, ApprovalError, Grant, Memory, Purpose, Wanted};
use crate::trust::{Class, Trust};
use iia_core::time::Reading;

/// Whether an approval whose signatures count holds for what is wanted, on this box, now.
///
/// # Errors
/// Why not.
pub fn decide(
    approval: &Approval,
    wanted: &Wanted<'_>,
    (trust, memory): (&Trust, &Memory<'_>),
    now: Reading,
) -> Result<(), ApprovalError> {
    names_it(&approval.grant, wanted, memory)?;
    is_here(&approval.grant, trust, memory.box_name)?;
    is_now(&approval.grant, memory.floor.judge(now))?;
    is_fresh(approval, memory)?;
    is_independent(approval, wanted, trust)
}

/// The artifact, its class, and the direction.
fn names_it(grant: &Grant, wanted: &Wanted<'_>, memory: &Memory<'_>) -> Result<(), ApprovalError> {
    if grant.class != wanted.class {
        return Err(ApprovalError::OtherClass);
    }
    if grant.artifact != wanted.artifact {
        return Err(ApprovalError::OtherArtifact);
    }
    let held = memory.held.contains(&(wanted.class, wanted.artifact));
    match grant.purpose {
        Purpose::Apply if !wanted.newer => Err(ApprovalError::Downgrade),
        Purpose::Revert if wanted.class == Class::Trust => Err(ApprovalError::Backward),
        Purpose::Revert if !held => Err(ApprovalError::NeverHeld),
        _ => Ok(()),
    }
}

fn is_here(grant: &Grant, trust: &Trust, box_name: &str) -> Result<(), ApprovalError> {
    let named = grant.boxes.iter().any(|name| name == box_name);
    let mut fleets = grant.fleets.iter();
    if named || fleets.any(|fleet| trust.is_member(fleet, box_name)) {
        Ok(())
    } else {
        Err(ApprovalError::OtherBox)
    }
}

/// Every moment that it may be now must be inside.
fn is_now(grant: &Grant, now: Reading) -> Result<(), ApprovalError> {
    let span = Certain::of(now).ok_or(ApprovalError::TimeUnknown)?;
    if span.earliest < grant.not_before || span.latest > grant.not_after {
        return Err(ApprovalError::OutsideWindow);
    }
    let mut windows = grant.maintenance.iter();
    if grant.maintenance.is_empty() || windows.any(|window| window.holds(span)) {
        Ok(())
    } else {
        Err(ApprovalError::OutsideMaintenance)
    }
}

fn is_fresh(approval: &Approval, memory: &Memory<'_>) -> Result<(), ApprovalError> {
    let mut used = memory.used.iter();
    if used.any(|used| used.digest == approval.digest) {
        return Err(ApprovalError::Replayed);
    }
    let (name, version) = (&approval.grant.name, approval.grant.version);
    let mut used = memory.used.iter();
    if used.any(|used| used.name == *name && used.version >= version) {
        return Err(ApprovalError::Superseded);
    }
    Ok(())
}

/// Somebody who did not write it; and two people where two are asked for, none of them its sole author.
fn is_independent(
    approval: &Approval,
    wanted: &Wanted<'_>,
    trust: &Trust,
) -> Result<(), ApprovalError> {
    let authors = wanted.authors;
    let is_author = |operator: &&String| authors.contains(operator);
    if approval
        .operators
        .iter()
        .all(|operator| is_author(&operator))
    {
        return Err(ApprovalError::AuthorAlone);
    }
    let two = approval.grant.two_person
        || trust.rule(Class::Approval).two_person
        || trust.rule(wanted.class).two_person;
    let sole = authors.len() == 1;
    let counts = approval.operators.iter();
    let have = counts
        .filter(|operator| !(sole && is_author(operator)))
        .count();
    if two && have < 2 {
        return Err(ApprovalError::TwoPerson { have });
    }
    Ok(())
}
