//! C070 to C075: devices, what they say and how often.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::ToString as _;

use iia_core::observe::{Mac, Protocol};

use super::{Found, Rule, at, rule};
use crate::raw::{Kind, Scopes};
use crate::read::device::ethertype;
use crate::scope::ADDRESS_MAX;
use crate::tree::{Block, Entry, Field};

const D: Scopes = Scopes::DEVICE;

pub(super) const RULES: &[Rule] = &[
    rule(D, parts),
    rule(D, frames),
    rule(D, vlans),
    rule(D, tags),
    rule(D, bytes),
    rule(D, runs),
    rule(D, io_attestation),
    rule(D, never_control),
    rule(D, silence),
    rule(D, opcua),
];

/// C033: who is heard, and what is spoken.
fn parts(entry: &Entry<'_>, found: &mut Found) {
    found.need_fields("C033", entry, &["protocol"]);
    let below_ip = Protocol::named(entry.text("protocol"))
        .ethertype()
        .is_some();
    if below_ip || entry.field("sender").is_some() {
        found.need_fields("C033", entry, &["sender", "receiver"]);
    } else if entry.block("gateway").is_none() {
        found.need_fields("C033", entry, &["client", "server"]);
    }
}

/// C013, C033: frames name who sends, who receives, and of which type they are; whoever has addresses sends none.
fn frames(entry: &Entry<'_>, found: &mut Found) {
    // One spelling each, so that the same address in two contracts is seen to be the same.
    let sound = |text: &str| Mac::parse(text).is_some_and(|mac| mac.to_string() == text);
    for key in ["sender", "receiver"] {
        for field in entry.fields(key).filter(|field| !sound(field.text())) {
            let message = format!("`{}` is no Ethernet address", field.text());
            let help = "write 01:0c:cd:01:00:01, in lower case";
            found.reject("C013", field.span(), message, help);
        }
    }
    entry
        .fields("ethertype")
        .for_each(|field| of_type(&field, found));
    let named = Protocol::named(entry.text("protocol"))
        .ethertype()
        .is_some();
    if named == entry.field("ethertype").is_some() && entry.field("sender").is_some() {
        let help = "a protocol below IP says it; others write ethertype";
        found.reject("C033", entry.head(), "frames have one EtherType", help);
    }
    if entry.field("sender").is_some() && entry.field("client").is_some() {
        let help = "one contract for frames, one for what has addresses";
        found.reject("C033", entry.head(), "frames and addresses", help);
    }
}

/// C013, C033: an EtherType is one, and of no protocol that has a name: its frames are judged by that name.
fn of_type(field: &Field<'_>, found: &mut Found) {
    let text = field.text();
    let Some(number) = ethertype(text) else {
        let message = format!("`{text}` is no EtherType");
        return found.reject(
            "C013",
            field.span(),
            message,
            "write 0x88f7; 0x0600 at least",
        );
    };
    if let Some(protocol) = Protocol::borne_by(number).next() {
        let message = format!("frames of `{text}` are {}", protocol.name());
        let help = match protocol {
            // What every network says of itself.
            Protocol::Arp | Protocol::Lldp => {
                "they are told and not judged: no contract is needed".into()
            }
            named => format!("write protocol {}, without ethertype", named.name()),
        };
        found.reject("C033", field.span(), message, &help);
    }
}

/// C070: a VLAN has twelve bits, of which two values are reserved.
fn vlans(entry: &Entry<'_>, found: &mut Found) {
    let wrong = |field: &Field<'_>| field.count().is_none_or(|vlan| vlan > 4094);
    for field in entry.fields("vlan").filter(wrong) {
        let message = format!("`vlan {}` is no VLAN", field.text());
        found.reject("C070", field.span(), message, "1 to 4094, or 0 untagged");
    }
}

/// C070: a tag has a type, and what else its type needs.
fn tags(entry: &Entry<'_>, found: &mut Found) {
    let heard = at(entry, "observation", "mode").is_some_and(|f| f.text() == "mqtt_subscription");
    for block in entry.blocks_of("tag") {
        found.need_in("C070", &block, &["type"]);
        if !heard {
            found.need_in("C070", &block, &["rate"]);
        }
        tag(&block, found);
    }
}

fn tag(block: &Block<'_>, found: &mut Found) {
    let kind = block.text("type");
    let counts = !matches!(kind, "enum" | "bool" | "string" | "");
    if counts && block.field("unit").is_none() {
        found.reject(
            "C070",
            block.head(),
            "a quantity without unit",
            "add unit, such as psi",
        );
    }
    let number = |key: &str| block.field(key).and_then(|f| f.number(0));
    if let (Some(low), Some(high)) = (number("low"), number("high"))
        && low.micros >= high.micros
    {
        found.reject(
            "C070",
            block.head(),
            "the range is empty",
            "low is below high",
        );
    }
    if block
        .field("rate")
        .is_some_and(|f| f.ns().is_none_or(|ns| ns <= 0))
    {
        found.reject("C070", block.head(), "a rate of nothing", "more than 0");
    }
    if (kind == "enum") != block.field("value").is_some() {
        found.reject(
            "C070",
            block.head(),
            "an enum has values, and nothing else has",
            "add value, or another type",
        );
    }
    let mut seen = BTreeSet::new();
    for field in block.fields("value") {
        if !seen.insert(field.text()) {
            let message = format!("value `{}` stands twice", field.text());
            found.reject("C070", field.span(), message, "keep one of them");
        }
    }
}

/// C070: units and functions are bytes.
fn bytes(entry: &Entry<'_>, found: &mut Found) {
    for key in ["unit", "function"] {
        for field in entry
            .fields(key)
            .filter(|f| f.count().is_none_or(|n| n > 255))
        {
            let message = format!("`{key} {}` is not between 0 and 255", field.text());
            found.reject("C070", field.span(), message, "one byte on the wire");
        }
    }
}

/// C070: runs of addresses lie within their table.
fn runs(entry: &Entry<'_>, found: &mut Found) {
    for key in ["read", "write"] {
        for field in entry.fields(key).filter(|field| !is_run(field)) {
            let message = format!("`{key}` is not a table, a first and a last address");
            let help = "addresses are those on the wire, 0 to 65535, first not after last";
            found.reject("C070", field.span(), message, help);
        }
    }
}

fn is_run(field: &Field<'_>) -> bool {
    let number = |index| match field.value(index).map(|value| value.kind) {
        Some(Kind::Number(number)) => number.as_count().filter(|at| *at <= ADDRESS_MAX),
        _ => None,
    };
    number(1)
        .zip(number(2))
        .is_some_and(|(first, last)| first <= last)
}

/// C071: whoever is checked says how far two readings may lie apart.
fn io_attestation(entry: &Entry<'_>, found: &mut Found) {
    let Some(block) = entry
        .block("io_attestation")
        .filter(|block| block.is_on("enabled"))
    else {
        return;
    };
    let tolerance = block.field("tolerance").and_then(|f| f.number(0));
    let ppm = tolerance.map(|number| number.in_smallest() / 1_000_000);
    if !ppm.is_some_and(|ppm| ppm > 0 && ppm <= 1_000_000) {
        let help = "add tolerance, such as 0.5%; more than 0, 100% at most";
        found.reject(
            "C071",
            block.head(),
            "io attestation without a tolerance",
            help,
        );
    }
    found.need_in("C071", &block, &["via"]);
}

/// C072, C073: radio is never for control, and whoever takes such data says so.
fn never_control(entry: &Entry<'_>, found: &mut Found) {
    let never = entry.text("classification") == "io_only_never_control";
    let radio = entry.text("protocol") == "lorawan" || entry.block("gateway").is_some();
    if radio && !never {
        let help = "write classification io_only_never_control";
        found.reject("C072", entry.head(), "radio is never for control", help);
    }
    if never
        && !entry
            .block("use")
            .is_some_and(|block| block.is_on("not_for_control"))
    {
        let help = "add block use with not_for_control on";
        found.reject(
            "C073",
            entry.head(),
            "never for control, and its use does not say so",
            help,
        );
    }
}

/// C074: silence is longer than the pace, and somebody is expected.
fn silence(entry: &Entry<'_>, found: &mut Found) {
    let ns = |key: &str| entry.field(key).and_then(|field| field.ns());
    let Some(silence) = ns("silence") else {
        return expected(entry, found);
    };
    let span = entry
        .field("silence")
        .map_or_else(|| entry.head(), |f| f.span());
    if silence <= 0 {
        found.reject(
            "C074",
            span,
            "silence of 0 is always too long",
            "more than 0",
        );
    }
    if ns("cadence").is_some_and(|cadence| cadence > silence) {
        found.reject(
            "C074",
            span,
            "silence is told before anything is due",
            "not shorter than cadence",
        );
    }
    expected(entry, found);
}

fn expected(entry: &Entry<'_>, found: &mut Found) {
    if let Some(field) = entry.field("expected").filter(|f| f.count() == Some(0)) {
        found.reject("C074", field.span(), "nobody is expected", "1 at least");
    }
}

/// C075: OPC UA without security is told.
fn opcua(entry: &Entry<'_>, found: &mut Found) {
    let Some(session) = entry
        .block("session")
        .filter(|_| entry.text("protocol") == "opcua")
    else {
        return;
    };
    let policy = session.text("policy").to_ascii_lowercase();
    let weak = policy.starts_with("basic128") || policy == "none" || policy == "basic256";
    if weak || session.text("mode").eq_ignore_ascii_case("none") {
        let help = "sign_and_encrypt with basic256sha256 or newer";
        found.warn(
            "C075",
            session.head(),
            "OPC UA without security worth the name",
            help,
        );
    }
}
