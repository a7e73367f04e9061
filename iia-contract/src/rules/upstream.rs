//! C051 to C053: what the other side commits to, in numbers (001:246-256).

use alloc::format;

use super::{Found, Rule, rule};
use crate::raw::Scopes;
use crate::schema::{ADJECTIVES, UPSTREAM_DIMENSIONS};
use crate::shape::nearest;
use crate::tree::{Block, Entry};

const B: Scopes = Scopes::BOUNDARY;

pub(super) const RULES: &[Rule] = &[
    rule(B, dimensions),
    rule(B, connectivity),
    rule(B, incident),
];

/// C051: all eight, each with what it is about.
fn dimensions(entry: &Entry<'_>, found: &mut Found) {
    for name in UPSTREAM_DIMENSIONS {
        let Some(block) = entry.named("upstream", name) else {
            let message = format!(
                "block `upstream {name}` is missing from contract {}",
                entry.name
            );
            found.reject("C051", entry.head(), message, "both sides commit");
            continue;
        };
        let needed: &[&str] = match *name {
            "auth" => &["rotation", "custody"],
            "ack" => &["window_max"],
            "query" => &["query_response_max"],
            "schema" => &["accepts_loose"],
            "capacity" => &["sustained_rows"],
            "audit" => &["verify_every"],
            _ => &[],
        };
        found.need_in("C051", &block, needed);
    }
    for block in entry.blocks_of("upstream") {
        let name = block.name.unwrap_or_default();
        if !UPSTREAM_DIMENSIONS.contains(&name) {
            let near = nearest(name, UPSTREAM_DIMENSIONS.iter().copied()).unwrap_or("connectivity");
            let message = format!("`upstream {name}` is no dimension");
            found.reject(
                "C051",
                block.head(),
                message,
                &format!("did you mean `{near}`?"),
            );
        }
    }
}

/// C052: numbers, not adjectives.
fn connectivity(entry: &Entry<'_>, found: &mut Found) {
    let Some(block) = entry.named("upstream", "connectivity") else {
        return;
    };
    found.need_in(
        "C052",
        &block,
        &[
            "bandwidth_min",
            "latency_p99_max",
            "uptime_min",
            "path",
            "redundancy",
        ],
    );
    for key in ["path", "redundancy"] {
        let vague = block.field(key).filter(|field| {
            let text = field.text();
            ADJECTIVES.contains(&text) && !(key == "redundancy" && text == "none")
        });
        if let Some(field) = vague {
            let message = format!("`{}` promises nothing", field.text());
            found.reject(
                "C052",
                field.span(),
                message,
                "name it, such as primary_fibre or dual_wan",
            );
        }
    }
    for key in ["bandwidth_min", "uptime_min"] {
        let nothing = block
            .field(key)
            .filter(|f| f.number(0).is_none_or(|n| n.signum() <= 0));
        if let Some(field) = nothing {
            let message = format!("`{key} {}` promises nothing", field.text());
            found.reject("C052", field.span(), message, "more than 0");
        }
    }
    let whole = |block: &Block<'_>| block.field("uptime_min").and_then(|f| f.number(0));
    if let Some(number) = whole(&block).filter(|n| n.in_smallest() > 1_000_000_000_000) {
        let _ = number;
        found.reject(
            "C052",
            block.head(),
            "more than all of the time",
            "100% at most",
        );
    }
}

/// C053: a clock starts.
fn incident(entry: &Entry<'_>, found: &mut Found) {
    if let Some(block) = entry.named("upstream", "incident") {
        found.need_in("C053", &block, &["on_call", "response_max", "escalation"]);
    }
}
