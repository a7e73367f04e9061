//! What a device contract allows instead.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString as _};

use iia_core::observe::{Observation, Table};

use super::attempt;
use super::words::{list, micros};
use crate::matcher::{Clause, range};
use crate::scope::{Device, Run, Tag};

pub(super) fn only(
    device: &Device,
    observation: &Observation<'_>,
    clause: Clause,
) -> Option<String> {
    Some(match clause {
        Clause::Protocol => format!("is for {}", protocol(device)),
        Clause::Client => format!("lets only {} ask", clients(device)),
        Clause::Vlan => format!("is for {}", list(device.vlans.iter().map(vlan))),
        Clause::Unit => format!("is for unit {}", list(&device.units)),
        Clause::Malformed => "covers well-formed messages only".into(),
        Clause::Function => functions(device, observation),
        Clause::Tag => format!("declares only tag {}", tags(device)),
        Clause::ReadOnly => read_only(device, observation),
        Clause::Write => format!(
            "allows only writes of {}",
            runs(&device.writes, table(observation, true))
        ),
        Clause::Read => format!(
            "allows only reads of {}",
            runs(&device.reads, table(observation, false))
        ),
        Clause::Value => range_of(device, observation)?,
        _ => return None,
    })
}

fn protocol(device: &Device) -> Cow<'_, str> {
    let written = device.observed.as_ref();
    let written = written.and_then(|observed| observed.protocol.as_deref());
    written.map_or_else(|| device.protocol.name().into(), Cow::Borrowed)
}

fn clients(device: &Device) -> String {
    match &device.ethernet {
        Some(ethernet) => list(&ethernet.senders),
        None => list(&device.clients),
    }
}

fn vlan(vlan: &u16) -> String {
    match vlan {
        0 => "untagged frames".into(),
        vlan => format!("VLAN {vlan}"),
    }
}

fn functions(device: &Device, observation: &Observation<'_>) -> String {
    match (device.functions.as_slice(), observation) {
        (functions, Observation::Frame(_)) => format!("allows only function {}", list(functions)),
        ([], _) => "allows reads and writes only".into(),
        (functions, _) => format!(
            "allows besides reads and writes only function {}",
            list(functions)
        ),
    }
}

fn tags(device: &Device) -> String {
    let observed = device.observed.as_ref();
    list(
        observed
            .into_iter()
            .flat_map(|observed| observed.tags.keys()),
    )
}

fn read_only(device: &Device, observation: &Observation<'_>) -> String {
    match observation {
        Observation::Access(access) => format!("lets {} be read only", access.tag),
        _ => format!("allows only reads of {}", runs(&device.reads, None)),
    }
}

/// Of which tag a value is not sound, and what would be.
fn range_of(device: &Device, observation: &Observation<'_>) -> Option<String> {
    let (name, tag) = match observation {
        Observation::Access(access) => {
            let tags = &device.observed.as_ref()?.tags;
            (access.tag, tags.get(access.tag)?)
        }
        Observation::Exchange(exchange) => {
            let spans = exchange.write.iter().chain(&exchange.read);
            let mut unsound = spans.filter_map(|span| range::unsound(device, span));
            unsound.next()?
        }
        _ => return None,
    };
    Some(format!("declares {name} {}", sound(tag)))
}

fn sound(tag: &Tag) -> String {
    match (tag.low_micros, tag.high_micros) {
        (Some(low), Some(high)) => format!("from {} to {}", micros(low), micros(high)),
        (Some(low), None) => format!("from {}", micros(low)),
        (None, Some(high)) => format!("up to {}", micros(high)),
        (None, None) => "without range".to_string(),
    }
}

fn table(observation: &Observation<'_>, write: bool) -> Option<Table> {
    let Observation::Exchange(exchange) = observation else {
        return None;
    };
    let span = match write {
        true => &exchange.write,
        false => &exchange.read,
    };
    span.as_ref().map(|span| span.table)
}

/// The runs of one table when it has any, of every table otherwise.
fn runs(all: &[Run], table: Option<Table>) -> String {
    let same = |entry: &&Run| table.is_none_or(|table| entry.table == table);
    let some = all.iter().any(|entry| same(&entry));
    let shown = all.iter().filter(|entry| !some || same(entry));
    list(shown.map(|entry| {
        format!(
            "{} {}",
            entry.table.name(),
            attempt::run(entry.first, entry.last)
        )
    }))
}
