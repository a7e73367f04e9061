//! What was done, in words.

use alloc::format;
use alloc::string::{String, ToString as _};

use iia_core::observe::{Flow, Protocol, Transport};

use super::agreed::Rule;
use super::deed::{Deed, Place, Touched, Who};
use super::judge::Wrong;

/// The operation, as far as one is known.
pub(super) fn operation(deed: &Deed) -> String {
    match deed {
        Deed::Exchange {
            func, read, write, ..
        } => {
            let one = |verb: &str, touched: &Touched| format!("{verb} {}", run(touched));
            match (read, write) {
                (Some(read), Some(write)) => {
                    format!("{} and {}", one("write", write), one("read", read))
                }
                (Some(read), None) => one("read", read),
                (None, Some(write)) => one("write", write),
                (None, None) => format!("function {func}"),
            }
        }
        Deed::Access { tag, write, .. } => {
            format!("{} {tag}", if *write { "write" } else { "read" })
        }
        Deed::Frame(frame) => frame
            .func
            .map_or_else(String::new, |func| format!("service {func}")),
        Deed::Flow { .. } | Deed::Published { .. } | Deed::Lost(_) => String::new(),
    }
}

fn run(touched: &Touched) -> String {
    let run = &touched.run;
    match run.first == run.last {
        true => format!("{} {}", run.table.name(), run.first),
        false => format!("{} {}..{}", run.table.name(), run.first, run.last),
    }
}

/// What proves it: everything that was seen of it in one line.
pub(super) fn evidence(deed: &Deed) -> String {
    match deed {
        Deed::Exchange {
            flow,
            protocol,
            unit,
            func,
            outcome,
            write,
            ..
        } => {
            let values = write.as_ref().map_or_else(String::new, values);
            format!(
                "{} {} unit {unit} function {func} {}, {}{values}",
                ends(flow),
                protocol.name(),
                operation(deed),
                outcome.name()
            )
        }
        Deed::Flow { flow, protocol, .. } => format!("{} {}", ends(flow), protocol.name()),
        Deed::Access { flow, protocol, .. } => {
            format!("{} {} {}", ends(flow), protocol.name(), operation(deed))
        }
        Deed::Frame(frame) => format!(
            "{} > {} type 0x{:04x} vlan {} {} {} bytes",
            frame.source,
            frame.destination,
            frame.ethertype,
            frame.vlan,
            frame.protocol.name(),
            frame.payload_len
        ),
        Deed::Published { topic } => topic.to_string(),
        Deed::Lost(count) => format!("{count} lost"),
    }
}

/// Values that are shown at most.
const VALUES_MAX: usize = 8;

fn values(touched: &Touched) -> String {
    if touched.values.is_empty() {
        return String::new();
    }
    let shown = touched.values.iter().take(VALUES_MAX);
    let shown: alloc::vec::Vec<String> = shown.map(alloc::string::ToString::to_string).collect();
    let more = touched.values.len() > VALUES_MAX;
    format!(": {}{}", shown.join(" "), if more { " …" } else { "" })
}

fn ends(flow: &Flow) -> String {
    let carrier = match flow.transport {
        Transport::Tcp => "tcp".into(),
        Transport::Udp => "udp".into(),
        Transport::Ip(number) => format!("ip {number}"),
    };
    format!("{flow} {carrier} vlan {}", flow.vlan)
}

/// Why it is told: what was done and what the contract says instead.
pub(super) fn reason(
    deed: &Deed,
    (place, who): (Place, &Who),
    (wrong, rule): (Wrong, Option<&Rule>),
) -> String {
    let contract = rule.map_or("", Rule::contract);
    let did = did(deed, place, who);
    let why = match wrong {
        Wrong::Nobody => "and no contract joins them".into(),
        Wrong::Client => "and no contract names it there".into(),
        Wrong::Protocol => {
            let agreed = rule.map_or(Protocol::Unknown, |rule| rule.protocol);
            format!("and contract {contract} is for {}", name(agreed))
        }
        Wrong::Vlan => format!(
            "on VLAN {}, where contract {contract} does not have it",
            deed.vlan()
        ),
        Wrong::Unit => format!(
            "for unit {}, which contract {contract} does not list",
            unit(deed)
        ),
        Wrong::Malformed => {
            format!("with a message that breaks the protocol's rules (contract {contract})")
        }
        Wrong::Function | Wrong::Tag => format!("which contract {contract} does not list"),
        Wrong::ReadOnly => format!("and contract {contract} lets it read only"),
        Wrong::Write | Wrong::Read => {
            format!("which is outside of what contract {contract} lists")
        }
        Wrong::Ended => format!("and contract {contract} has gone out of force"),
        Wrong::Value => format!("with a value outside its range in contract {contract}"),
    };
    format!("{did}, {why}")
}

const fn unit(deed: &Deed) -> u8 {
    match deed {
        Deed::Exchange { unit, .. } => *unit,
        _ => 0,
    }
}

const fn name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Unknown => "another protocol",
        known => known.name(),
    }
}

fn did(deed: &Deed, place: Place, who: &Who) -> String {
    let operation = operation(deed);
    match deed {
        Deed::Exchange { .. } | Deed::Access { .. } => {
            format!("{who} asks {place} for {operation}")
        }
        Deed::Flow { protocol, .. } => match protocol {
            Protocol::Unknown => format!("{who} speaks to {place}"),
            known => format!("{who} speaks {} to {place}", known.name()),
        },
        Deed::Frame(frame) => {
            let to = match frame.destination.0 {
                [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] => format!("everybody, {place}"),
                [first, ..] if first & 1 == 1 => format!("the group {place}"),
                _ => place.to_string(),
            };
            let what = match (frame.protocol, operation.as_str()) {
                (Protocol::Unknown, _) => "frames".into(),
                (known, "") => format!("{} frames", known.name()),
                (known, operation) => format!("{} frames ({operation})", known.name()),
            };
            format!("{who} sends {what} to {to}")
        }
        Deed::Published { topic } => format!("something is said under {topic}"),
        Deed::Lost(count) => format!("{count} observations were lost"),
    }
}
