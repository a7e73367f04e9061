//! C002, C033 to C036: contracts between workloads of one box (001:213-223).

use alloc::format;
use alloc::vec::Vec;

use super::{Found, HOUR_NS, Rule, at, rule};
use crate::raw::Scopes;
use crate::schema::{HTTP, SCHEMAS};
use crate::tree::Entry;

pub(super) const RULES: &[Rule] = &[
    rule(Scopes::INTERNAL, parts),
    rule(Scopes::ALL, transport),
    rule(Scopes::INTERNAL, failure),
    rule(Scopes::INTERNAL, security),
    rule(Scopes::INTERNAL.or(Scopes::BOUNDARY), schemas),
];

/// C033: all six parts.
fn parts(entry: &Entry<'_>, found: &mut Found) {
    found.need_fields("C033", entry, &["source", "destination", "cardinality"]);
    found.need_blocks("C033", entry, &["transport", "failure"]);
    if let Some(failure) = entry.block("failure") {
        found.need_in("C033", &failure, &["on_unreachable"]);
    }
}

/// C002: no HTTP, in whatever dress.
// IIA 1: no HTTP at the boundary.
fn transport(entry: &Entry<'_>, found: &mut Found) {
    for block in ["transport", "profile", "pull"] {
        let Some(block) = entry.block(block) else {
            continue;
        };
        for key in ["protocol", "security"] {
            let Some(field) = block.field(key) else {
                continue;
            };
            let mut words = field.text().split(['+', '_', '-']);
            let whole = HTTP
                .iter()
                .any(|http| field.text().eq_ignore_ascii_case(http));
            if whole || words.any(|word| HTTP.iter().any(|http| word.eq_ignore_ascii_case(http))) {
                let message = format!("transport `{}` is HTTP", field.text());
                found.reject(
                    "C002",
                    field.span(),
                    message,
                    "use iia_link; only a broker speaks HTTP",
                );
            }
        }
    }
}

/// C035: who tries again waits, and not for ever longer; who fails open says so.
fn failure(entry: &Entry<'_>, found: &mut Found) {
    let Some(failure) = entry.block("failure") else {
        return;
    };
    let backoff = failure.field("backoff_max").and_then(|field| field.ns());
    let bounded = backoff.is_some_and(|ns| ns > 0 && ns <= HOUR_NS);
    match failure.text("on_unreachable") {
        "retry" if !bounded => {
            let help = "add backoff_max, such as 30s; 1h at most";
            found.reject("C035", failure.head(), "retry without a longest wait", help);
        }
        "fail_open_with_alarm" if failure.field("alarm").is_none() => {
            let help = "add alarm with the stream on which it appears";
            found.reject("C035", failure.head(), "fails open without an alarm", help);
        }
        "buffer_local" => found.need_in(
            "C035",
            &failure,
            &["buffer_records", "buffer_age", "on_buffer_full"],
        ),
        _ => {}
    }
}

/// C036: mutual TLS, 1.3 at least.
fn security(entry: &Entry<'_>, found: &mut Found) {
    if let Some(field) = at(entry, "transport", "security").filter(|f| f.text() != "mtls") {
        let message = format!("security `{}` is not mutual TLS", field.text());
        found.reject("C036", field.span(), message, "write security mtls");
    }
    let oldest = at(entry, "transport", "tls_min");
    let old = |micros: i64| micros < 1_300_000;
    if let Some(field) = oldest.filter(|f| f.number(0).is_none_or(|n| old(n.micros))) {
        let message = format!("TLS {} is too old", field.text());
        found.reject("C036", field.span(), message, "1.3, or leave it out");
    }
}

/// C032: records that a payload or an inventory names exist.
fn schemas(entry: &Entry<'_>, found: &mut Found) {
    let blocks = ["payload", "inventory"].into_iter();
    let blocks: Vec<_> = blocks.filter_map(|key| entry.block(key)).collect();
    for field in blocks.iter().flat_map(|block| block.fields("schema")) {
        if !SCHEMAS.contains(&field.text()) {
            let near = crate::shape::nearest(field.text(), SCHEMAS.iter().copied());
            let help = near.map_or_else(
                || format!("known: {}", SCHEMAS.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("no record is called `{}`", field.text());
            found.reject("C032", field.span(), message, &help);
        }
    }
}
