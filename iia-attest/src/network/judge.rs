//! Whether a contract covers what was done, and if not, how near it came.

use iia_core::Timestamp;
use iia_core::observe::{Outcome, Protocol};

use super::agreed::{Agreed, Rule};
use super::deed::{Deed, Touched};
use super::values::{Declared, Says};

/// What is wrong; later ones came nearer to being covered.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Wrong {
    Nobody,
    Protocol,
    Client,
    Vlan,
    Unit,
    Malformed,
    Function,
    Tag,
    ReadOnly,
    Write,
    Read,
    Value,
    Ended,
}

impl Wrong {
    /// The clause in findings.
    pub(super) const fn clause(self) -> &'static str {
        match self {
            Self::Nobody | Self::Client => "parties",
            Self::Protocol => "protocol",
            Self::Vlan => "vlan",
            Self::Unit => "unit",
            Self::Malformed => "malformed",
            Self::Function => "function",
            Self::Tag => "tag",
            Self::ReadOnly => "read_only",
            Self::Write => "write",
            Self::Read => "read",
            Self::Value => "value",
            Self::Ended => "deprecated",
        }
    }
}

/// What the catalog says of a deed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Judged {
    /// This rule covers it, the first that does.
    Covered(u32),
    /// None does; this one came nearest, where one came near at all.
    Wrong(Wrong, Option<u32>),
    /// No contract speaks of such things.
    Unjudged,
}

pub(super) fn judge(agreed: &Agreed, deed: &Deed, now: Timestamp) -> Judged {
    let Some((place, who)) = deed.ends() else {
        return Judged::Unjudged;
    };
    let mut nearest: Option<(Wrong, u32)> = None;
    for (index, rule) in agreed.at(place, &who) {
        let says = covers(rule, deed).and_then(|()| check(rule.in_force(now), Wrong::Ended));
        match says {
            Ok(()) => return Judged::Covered(index),
            Err(wrong) if nearest.is_none_or(|(before, _)| before < wrong) => {
                nearest = Some((wrong, index));
            }
            Err(_) => {}
        }
    }
    match nearest {
        Some((wrong, index)) => Judged::Wrong(wrong, Some(index)),
        None if agreed.somebody_at(place).is_some() => Judged::Wrong(Wrong::Client, None),
        None => Judged::Wrong(Wrong::Nobody, None),
    }
}

fn covers(rule: &Rule, deed: &Deed) -> Result<(), Wrong> {
    let meant = match deed {
        Deed::Flow {
            protocol, carried, ..
        } => flow_is_meant(rule.protocol, *protocol, *carried),
        Deed::Exchange { protocol, .. } | Deed::Access { protocol, .. } => {
            rule.protocol == *protocol
        }
        Deed::Frame(frame) => rule.protocol == frame.protocol,
        Deed::Published { .. } | Deed::Lost(_) => false,
    };
    check(meant, Wrong::Protocol)?;
    check(listed(rule.vlans(), deed.vlan()), Wrong::Vlan)?;
    match deed {
        Deed::Exchange {
            unit,
            func,
            outcome,
            read,
            write,
            ..
        } => {
            check(listed(rule.units(), *unit), Wrong::Unit)?;
            check(*outcome != Outcome::Malformed, Wrong::Malformed)?;
            let touched = (read.as_ref(), write.as_ref());
            match outcome {
                // What was asked was never seen.
                Outcome::Orphan => Ok(()),
                _ => exchange(rule, *func, touched),
            }
        }
        Deed::Access {
            tag,
            write,
            value_micros,
            ..
        } => match rule
            .tags()
            .map(|tags| tags.access(tag, *write, *value_micros))
        {
            Some(Says::Fine) => Ok(()),
            None | Some(Says::NotDeclared) => Err(Wrong::Tag),
            Some(Says::ReadOnly) => Err(Wrong::ReadOnly),
            Some(Says::OutOfRange) => Err(Wrong::Value),
        },
        Deed::Frame(frame) => {
            let fine = frame.func.is_none_or(|func| listed(rule.functions(), func));
            check(fine, Wrong::Function)
        }
        _ => Ok(()),
    }
}

const fn check(fine: bool, wrong: Wrong) -> Result<(), Wrong> {
    match fine {
        true => Ok(()),
        false => Err(wrong),
    }
}

/// Whether a list has it; an empty one has everything.
fn listed<T: PartialEq>(list: &[T], one: T) -> bool {
    list.is_empty() || list.contains(&one)
}

/// Whether a flow may be one of the contract's protocol: a connection that carries nothing may be anybody's, and of what
/// no decoder knows nobody can say that it is another.
fn flow_is_meant(agreed: Protocol, seen: Protocol, carried: bool) -> bool {
    match (agreed, seen) {
        (Protocol::Unknown, _) => true,
        // Modbus is always recognised where it is.
        (Protocol::ModbusTcp, Protocol::Unknown) => !carried,
        (_, Protocol::Unknown) => true,
        (agreed, seen) => agreed == seen,
    }
}

fn exchange(
    rule: &Rule,
    func: u8,
    (read, write): (Option<&Touched>, Option<&Touched>),
) -> Result<(), Wrong> {
    if !rule.functions().contains(&func) {
        check(read.is_some() || write.is_some(), Wrong::Function)?;
        if let Some(write) = write {
            check(!rule.writes.is_empty(), Wrong::ReadOnly)?;
            check(rule.writes.hold(&write.run), Wrong::Write)?;
        }
        check(
            read.is_none_or(|read| rule.reads.hold(&read.run)),
            Wrong::Read,
        )?;
    }
    let sound = |tags: &Declared| tags.sound(read) && tags.sound(write);
    check(rule.tags().is_none_or(sound), Wrong::Value)
}
