//! Whether one device contract covers what was seen on the control network.

use iia_core::observe::{Access, Conn, Exchange, Frame, Outcome, Protocol, Span};

use super::Clause;
use super::rule::Rule;
use super::verdict::Says;
use crate::scope::Tag;

/// Whether a contract is for the protocol of a flow. A flow that carried nothing recognised is judged by its ends: a
/// handshake or a probe to a contracted port, or a protocol that no decoder knows.
pub(super) fn speaks(rule: &Rule<'_>, conn: &Conn) -> bool {
    let silent = conn.protocol == Protocol::Unknown && conn.orig_bytes == 0 && conn.resp_bytes == 0;
    match rule.protocol {
        Protocol::Unknown => true,
        Protocol::ModbusTcp => silent || conn.protocol == Protocol::ModbusTcp,
        other => conn.protocol == Protocol::Unknown || conn.protocol == other,
    }
}

pub(super) fn conn(rule: &Rule<'_>, conn: &Conn) -> Says {
    vlan(rule, conn.flow.vlan)?;
    Ok(Clause::Client)
}

fn vlan(rule: &Rule<'_>, vlan: u16) -> Result<(), Clause> {
    match rule.vlans.is_empty() || rule.vlans.contains(&vlan) {
        true => Ok(()),
        false => Err(Clause::Vlan),
    }
}

/// An attempt counts whether it was answered or not.
#[inline]
pub(super) fn exchange(rule: &Rule<'_>, exchange: &Exchange<'_>) -> Says {
    vlan(rule, exchange.flow.vlan)?;
    if !rule.every_unit && !rule.units.has(exchange.unit) {
        return Err(Clause::Unit);
    }
    match exchange.outcome {
        Outcome::Malformed => return Err(Clause::Malformed),
        // The request of an orphan was never seen: who and where is all that can be judged.
        Outcome::Orphan => return Ok(Clause::Client),
        _ => {}
    }
    let (read, write) = (exchange.read.as_ref(), exchange.write.as_ref());
    let clause = match rule.functions.has(exchange.func) {
        true => Clause::Function,
        false => spans(rule, (read, write))?,
    };
    match rule.ranges.hold(read) && rule.ranges.hold(write) {
        true => Ok(clause),
        false => Err(Clause::Value),
    }
}

fn spans(rule: &Rule<'_>, (read, write): (Option<&Span<'_>>, Option<&Span<'_>>)) -> Says {
    if read.is_none() && write.is_none() {
        return Err(Clause::Function);
    }
    if let Some(span) = write {
        if rule.writes.is_empty() {
            return Err(Clause::ReadOnly);
        }
        if !rule.writes.hold(span) {
            return Err(Clause::Write);
        }
    }
    match (read, write) {
        (Some(span), _) if !rule.reads.hold(span) => Err(Clause::Read),
        (_, Some(_)) => Ok(Clause::Write),
        _ => Ok(Clause::Read),
    }
}

/// A frame is judged by who sends it to whom and, where its contract lists some, by its service.
pub(super) fn frame(rule: &Rule<'_>, frame: &Frame) -> Says {
    vlan(rule, frame.vlan)?;
    match frame.func {
        Some(func) if rule.functions.has(func) => Ok(Clause::Function),
        Some(_) if !rule.device.functions.is_empty() => Err(Clause::Function),
        _ => Ok(Clause::Client),
    }
}

pub(super) fn access(rule: &Rule<'_>, access: &Access<'_>) -> Says {
    vlan(rule, access.flow.vlan)?;
    let observed = rule.device.observed.as_deref();
    let tag = observed.and_then(|observed| observed.tags.get(access.tag));
    let tag = tag.ok_or(Clause::Tag)?;
    if access.write && !tag.write {
        return Err(Clause::ReadOnly);
    }
    match access.value_micros.is_none_or(|value| sound(tag, value)) {
        true => Ok(Clause::Tag),
        false => Err(Clause::Value),
    }
}

fn sound(tag: &Tag, micros: i64) -> bool {
    tag.low_micros.is_none_or(|low| low <= micros)
        && tag.high_micros.is_none_or(|high| micros <= high)
}
