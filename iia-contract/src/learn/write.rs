//! A proposal as canonical text.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::Write as _;
use core::net::IpAddr;

use iia_core::observe::{Protocol, Transport};

use super::frames::Frames;
use super::group::Learnt;
use super::tags::Tags;
use super::{Endpoint, Evidence};
use crate::scope::Run;

pub(super) fn catalog(
    (contracts, tags, frames): (&[Learnt], &Tags, &Frames),
    captures: &[String],
    box_name: &str,
) -> String {
    let mut out = String::from("iia-config 1\n");
    let _ = write!(
        out,
        "\nartifact {box_name} 0.1.0 {{\n  revision 1\n  issued 1970-01-01T00:00:00Z\n  target {box_name}\n}}\n"
    );
    let mut entries = BTreeMap::new();
    for learnt in contracts {
        let name = name(learnt);
        let mut id = name.clone();
        let mut number = 1;
        while entries.contains_key(&id) {
            number += 1;
            id = format!("{name}-{number}");
        }
        let entry = contract(learnt, &id, (tags, captures));
        entries.insert(id, entry);
    }
    frames.write(captures, &mut entries);
    out.extend(entries.into_values());
    out
}

/// The id: what is done, at which server, and at how many more.
fn name(learnt: &Learnt) -> String {
    let access = &learnt.key.access;
    let what = match learnt.key.protocol {
        Protocol::ModbusTcp if !access.writes.is_empty() => "modbus-write",
        Protocol::ModbusTcp if !access.reads.is_empty() => "modbus-read",
        Protocol::ModbusTcp => "modbus-call",
        _ => "flow",
    };
    let servers = &learnt.key.servers;
    let first = servers.first().map(|server| match learnt.key.protocol {
        Protocol::ModbusTcp => server.addr.to_string(),
        _ => format!("{}-{}-{}", transport(server), server.port, server.addr),
    });
    let place = first.unwrap_or_default().replace([':', '.'], "-");
    // Addresses of version 6 leave groups of zeros out.
    let words = place.split('-').filter(|word| !word.is_empty());
    let place = words.collect::<Vec<_>>().join("-");
    let more = match servers.len() {
        0 | 1 => String::new(),
        many => format!("-and-{}", many - 1),
    };
    format!("iia.contract.device.{what}-{place}{more}")
}

fn contract(learnt: &Learnt, id: &str, (tags, captures): (&Tags, &[String])) -> String {
    let key = &learnt.key;
    let mut out = String::from("\n");
    reasons(&mut out, learnt, captures);
    let protocol = match key.protocol {
        // The language has a word for these; anything else is `other`, and told in the comment.
        Protocol::ModbusTcp | Protocol::OpcUa | Protocol::Enip | Protocol::Mqtt => {
            key.protocol.name()
        }
        _ => "other",
    };
    let _ = write!(
        out,
        "contract {id} 0.1.0 {{\n  scope device\n  protocol {protocol}\n"
    );
    let mut lines = |all: &mut dyn Iterator<Item = String>| {
        let mut all: Vec<String> = all.collect();
        all.sort();
        out.extend(all);
    };
    lines(
        &mut key
            .clients
            .iter()
            .map(|client| format!("  client {client}\n")),
    );
    lines(
        &mut key
            .servers
            .iter()
            .map(|one| format!("  server {}/{}\n", transport(one), socket(one))),
    );
    lines(&mut key.units.iter().map(|unit| format!("  unit {unit}\n")));
    lines(
        &mut key
            .access
            .functions
            .iter()
            .map(|function| format!("  function {function}\n")),
    );
    for (verb, runs) in [("read", &key.access.reads), ("write", &key.access.writes)] {
        lines(
            &mut runs
                .iter()
                .map(|run| format!("  {verb} {}\n", span(run, " "))),
        );
    }
    if let Some(ns) = learnt.evidence.cadence_ns().map(rounded) {
        let _ = writeln!(out, "  cadence {}", span_of(ns));
    }
    if let Some(pair) = key.tagged {
        tags.write(&pair, &mut out);
    }
    out.push_str("}\n");
    out
}

/// What it rests on, as comments.
fn reasons(out: &mut String, learnt: &Learnt, captures: &[String]) {
    let what = match learnt.key.protocol {
        Protocol::ModbusTcp => String::from("exchanges"),
        Protocol::Unknown => String::from("flows"),
        known => format!("flows of {}", known.name()),
    };
    seen(out, &learnt.evidence, &what, captures);
    for (run, (low, high)) in learnt.values.iter().take(RANGES_MAX) {
        let _ = writeln!(out, "# {} held {low} to {high}", span(run, "-"));
    }
    if learnt.values.len() > RANGES_MAX {
        let _ = writeln!(
            out,
            "# and values in {} runs more",
            learnt.values.len() - RANGES_MAX
        );
    }
}

/// How often it was seen, when, and where, as comments.
pub(super) fn seen(out: &mut String, evidence: &Evidence, what: &str, captures: &[String]) {
    let Evidence {
        count,
        once,
        span: seen,
        ..
    } = *evidence;
    let ppm = evidence.confidence_ppm();
    let _ = writeln!(
        out,
        "# learnt from {count} {what}; confidence {}.{:02} %: {once} of them {} the only one of their kind",
        ppm / 10_000,
        ppm / 100 % 100,
        if once == 1 { "was" } else { "were" }
    );
    if let Some((first, last)) = seen {
        let _ = writeln!(out, "# seen from {first} to {last}");
    }
    for index in &evidence.captures {
        if let Some(name) = captures.get(*index) {
            let _ = writeln!(out, "# in {}", printable(name));
        }
    }
    if evidence.more_captures {
        out.push_str("# and in further captures\n");
    }
}

/// Runs whose values are told at most.
const RANGES_MAX: usize = 8;
/// Bytes of a capture's name that are told.
const NAME_MAX: usize = 200;

/// The end of a name, without what a comment may not have.
fn printable(name: &str) -> String {
    let plain = name.chars().map(|one| {
        if one.is_ascii_graphic() || one == ' ' {
            one
        } else {
            '?'
        }
    });
    let plain: String = plain.collect();
    let cut = plain.len().saturating_sub(NAME_MAX);
    plain.get(cut..).unwrap_or_default().trim().to_string()
}

fn span(run: &Run, between: &str) -> String {
    format!("{} {}{between}{}", run.table.name(), run.first, run.last)
}

const fn transport(server: &Endpoint) -> &'static str {
    match server.transport {
        Transport::Udp => "udp",
        _ => "tcp",
    }
}

fn socket(server: &Endpoint) -> String {
    match server.addr {
        IpAddr::V4(addr) => format!("{addr}:{}", server.port),
        IpAddr::V6(addr) => format!("[{addr}]:{}", server.port),
    }
}

/// A duration in the canonical form: the largest unit in which it is whole.
pub(super) fn span_of(ns: i64) -> String {
    const UNITS: [(&str, i64); 6] = [
        ("d", 86_400_000_000),
        ("h", 3_600_000_000),
        ("m", 60_000_000),
        ("s", 1_000_000),
        ("ms", 1000),
        ("us", 1),
    ];
    let us = (ns / 1000).max(1);
    let whole = UNITS.iter().find(|(_, unit)| us % unit == 0);
    whole.map_or_else(String::new, |(name, unit)| format!("{}{name}", us / unit))
}

/// Two leading digits, so that a person reads 1s and not 1.004s.
pub(super) const fn rounded(ns: i64) -> i64 {
    let mut unit = 1;
    while ns / unit >= 100 {
        unit *= 10;
    }
    (ns + unit / 2) / unit * unit
}
