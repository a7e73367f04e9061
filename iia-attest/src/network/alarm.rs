//! What whoever watches the control network says in the chain, and what of it is a finding: the alerts of its signature engine,
//! and what its own observer found. And what the firewall says that it refused.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;

use super::outbox::finding;
use crate::aggregate::{How, Told};

/// Under `type`: what an observer found by the contracts.
pub const BY_CONTRACT: &str = "contract";
/// Under `type`: what an engine found by a signature.
pub const BY_SIGNATURE: &str = "alert";

/// The clause of an alert that names none.
const SIGNATURE: &str = "signature";
/// What the firewall says of frames that would have left an interface that is there to see only.
const OBSERVE: &str = "iia-observe-egress";

/// What an observer found, as a record of whoever watches.
pub fn event(finding: Finding) -> Event {
    let told = Told {
        first_ns: finding.ts_ns,
        finding,
        how: How::New,
        id: String::new(),
        count: 1,
        accountable: Vec::new(),
    };
    let mut event = told.event();
    event.kind = EventKind::IntrusionAlert;
    event.fields.retain(|field| field.key != "finding");
    event.with("type", BY_CONTRACT)
}

/// The finding of a record of whoever watches; nothing for one that is none.
pub fn alarm(event: &Event) -> Option<Finding> {
    match event.field("type") {
        Some(BY_CONTRACT) => by_contract(event),
        Some(BY_SIGNATURE) => Some(by_signature(event)),
        _ => None,
    }
}

fn by_contract(event: &Event) -> Option<Finding> {
    let mut said = event.clone();
    said.kind = EventKind::Finding;
    Told::read(&said).ok().map(|told| told.finding)
}

fn by_signature(event: &Event) -> Finding {
    let field = |key| event.field(key).unwrap_or_default();
    let (asks, answers) = (
        ("source", "source_port"),
        ("destination", "destination_port"),
    );
    // An alert on an answer names who answers first.
    let (asks, answers) = match field("direction") {
        "to_client" => (answers, asks),
        _ => (asks, answers),
    };
    let (source, destination) = (field(asks.0), place(field(answers.0), field(answers.1)));
    let category = match field("category") {
        "" => String::new(),
        category => format!(", {category}"),
    };
    let reason = format!(
        "{} (rule {} of the signature engine{category}): {source} to {destination}",
        field("signature"),
        field("rule"),
    );
    let clause = event.field("clause").unwrap_or(SIGNATURE);
    let about = (field("contract"), clause);
    Finding {
        stream: Stream::DETECTION.as_str().into(),
        severity: match field("severity") {
            "1" => Severity::Critical,
            _ => Severity::High,
        },
        source: source.into(),
        destination,
        operation: format!("rule {} revision {}", field("rule"), field("revision")),
        evidence: evidence(event, &["flow", "community", "count"]),
        ..finding(at(event), Conclusion::Diverge, about, reason)
    }
}

/// The finding of a packet that a rule of the box's firewall refused.
pub fn refusal(event: &Event) -> Option<Finding> {
    if event.kind != EventKind::PacketLogged {
        return None;
    }
    let field = |key| event.field(key).unwrap_or_default();
    let prefix = field("prefix").trim_end();
    let (source, destination) = (addr(field("source")), field("destination"));
    let (stream, clause) = match prefix {
        OBSERVE => (Stream::ATTEST_NETWORK, "passive"),
        _ => (Stream::VIOLATION, "parties"),
    };
    let reason = format!(
        "the firewall refused {source} to {destination} ({}, {prefix}): no contract joins them",
        field("transport")
    );
    Some(Finding {
        stream: stream.as_str().into(),
        source: source.into(),
        destination: destination.into(),
        operation: format!("{} {}", field("hook"), field("transport")),
        evidence: evidence(event, &["in", "out", "uid", "count"]),
        ..finding(at(event), Conclusion::Diverge, ("", clause), reason)
    })
}

const fn at(event: &Event) -> Timestamp {
    Timestamp::from_ns(event.ts_ns)
}

/// What else a record says, by name.
fn evidence(event: &Event, keys: &[&str]) -> Vec<String> {
    let said = |key: &&str| Some(format!("{key}={}", event.field(key)?));
    keys.iter().filter_map(said).collect()
}

fn place(addr: &str, port: &str) -> String {
    match (addr.contains(':'), port) {
        (_, "") => addr.to_string(),
        (true, port) => format!("[{addr}]:{port}"),
        (false, port) => format!("{addr}:{port}"),
    }
}

/// The address of an end `address:port`, whose port is another each time.
pub fn addr(end: &str) -> &str {
    match end.parse::<core::net::SocketAddr>() {
        Ok(_) => end.rsplit_once(':').map_or(end, |(addr, _)| addr),
        Err(_) => end,
    }
}
