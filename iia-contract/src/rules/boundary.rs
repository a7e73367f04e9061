//! C003, C021, C044, C045, C048, C050, C054 to C057, C065 to C068: what the box commits to (001:227-244).

use alloc::format;
use alloc::vec::Vec;

use super::{DAY_NS, Found, HOUR_NS, Rule, at, rule};
use crate::raw::Scopes;
use crate::schema::HTTP;
use crate::tree::{Entry, Field};

const B: Scopes = Scopes::BOUNDARY;
const RETENTION_MIN_NS: i64 = 30 * DAY_NS;
const CN_LEN_MAX: usize = 64;
/// Highest Purdue level at which Sparkplug is at home.
const SPARKPLUG_LEVEL_MAX: u64 = 3;

pub(super) const RULES: &[Rule] = &[
    rule(B, dimensions),
    rule(B, alpn),
    rule(B, sparkplug),
    rule(B, own_svid),
    rule(B, rotation),
    rule(B, alias),
    rule(B.or(Scopes::DEVICE), retention),
    rule(B, ordering),
    rule(B, delivery),
    rule(B, gap),
    rule(B, inventory),
    rule(B, freshness),
    rule(B, query),
    rule(B, publication),
];

/// The eleven dimensions of the box's side, one block each.
const DIMENSIONS: [&str; 11] = [
    "profile",
    "inventory",
    "freshness",
    "retention",
    "ordering",
    "delivery",
    "gap",
    "evolution",
    "auth",
    "audit",
    "quota",
];

/// C050: every dimension is there, and who is on the other side.
fn dimensions(entry: &Entry<'_>, found: &mut Found) {
    found.need_fields(
        "C050",
        entry,
        &["publisher", "consumer", "organization", "contact"],
    );
    found.need_blocks("C050", entry, &DIMENSIONS);
}

/// C003: TLS at the boundary names what is spoken inside, and that is not HTTP.
fn alpn(entry: &Entry<'_>, found: &mut Found) {
    let Some(profile) = entry.block("profile") else {
        return;
    };
    if profile.text("security") != "mtls" && profile.field("security").is_some() {
        let message = format!("security `{}` is not mutual TLS", profile.text("security"));
        found.reject("C003", profile.head(), message, "write security mtls");
    }
    let help = "write alpn \"iia/1\"";
    let Some(field) = profile.field("alpn") else {
        let message = "TLS that does not say what is spoken inside";
        return found.reject("C003", profile.head(), message, help);
    };
    let name = field.text();
    if name.is_empty() || name.starts_with("http") || HTTP.contains(&name) {
        let message = format!("ALPN `{name}` is HTTP or says nothing");
        found.reject("C003", field.span(), message, help);
    }
}

/// C021: Sparkplug belongs to levels 2 and 3.
fn sparkplug(entry: &Entry<'_>, found: &mut Found) {
    let Some(profile) = entry.block("profile") else {
        return;
    };
    let level = profile.field("consumer_level");
    let high = level.filter(|field| {
        field
            .count()
            .is_none_or(|level| level > SPARKPLUG_LEVEL_MAX)
    });
    if let Some(field) = high.filter(|_| profile.text("kind") == "mqtt_sparkplug") {
        let message = format!("Sparkplug to level {}", field.text());
        found.warn(
            "C021",
            field.span(),
            message,
            "above level 3 use lake_batch or structured_query",
        );
    }
}

/// C044: the box's own SVIDs live an hour at most.
fn own_svid(entry: &Entry<'_>, found: &mut Found) {
    let field = at(entry, "auth", "publisher_ttl");
    let long = field.filter(|f| f.ns().is_none_or(|ns| ns <= 0 || ns > HOUR_NS));
    if let Some(field) = long {
        let message = format!("the box's SVID would live {}", field.text());
        found.reject("C044", field.span(), message, "more than 0, 1h at most");
    }
}

/// C045: both sides say how often credentials change.
fn rotation(entry: &Entry<'_>, found: &mut Found) {
    if let Some(auth) = entry.block("auth") {
        found.need_in("C045", &auth, &["publisher_ttl", "consumer_rotation"]);
    }
}

/// C048: an X.509 common name has 64 bytes at most.
fn alias(entry: &Entry<'_>, found: &mut Found) {
    let field = at(entry, "auth", "cn_alias").filter(|f| f.text().len() > CN_LEN_MAX);
    if let Some(field) = field {
        let message = format!("a common name of {} bytes", field.text().len());
        found.reject("C048", field.span(), message, "64 bytes at most");
    }
}

/// C054: thirty days at least.
fn retention(entry: &Entry<'_>, found: &mut Found) {
    let field = at(entry, "retention", "on_box");
    let short = field.filter(|f| f.ns().is_none_or(|ns| ns < RETENTION_MIN_NS));
    if let Some(field) = short {
        let message = format!("records stay {} only", field.text());
        found.reject("C054", field.span(), message, "30d at least");
    }
}

/// C055: numbered without a gap for each service.
fn ordering(entry: &Entry<'_>, found: &mut Found) {
    let Some(ordering) = entry.block("ordering") else {
        return;
    };
    found.need_in("C055", &ordering, &["sequence", "service_id"]);
    let other = ordering
        .field("sequence")
        .filter(|f| f.text() != "monotonic_per_service");
    if let Some(field) = other {
        let message = format!("sequence `{}` shows no gap", field.text());
        found.reject(
            "C055",
            field.span(),
            message,
            "write sequence monotonic_per_service",
        );
    }
}

/// C056: what is ordered arrives and is counted once; what is only told is not acknowledged one by one.
fn delivery(entry: &Entry<'_>, found: &mut Found) {
    let Some(delivery) = entry.block("delivery") else {
        return;
    };
    let transactional = delivery.text("class") == "transactional";
    let sure = delivery.text("mode") == "at_least_once" && delivery.field("dedupe").is_some();
    if transactional && !sure {
        let help = "mode at_least_once, and dedupe says by what";
        found.reject(
            "C056",
            delivery.head(),
            "transactional, and yet it may get lost or count twice",
            help,
        );
    }
    if delivery.text("class") == "telemetry" && delivery.is_on("ack") {
        let help = "telemetry moves on by cursor; write ack off or class transactional";
        found.reject(
            "C056",
            delivery.head(),
            "telemetry that waits for an acknowledgement",
            help,
        );
    }
}

/// C057: whoever was away gets everything that is still kept, and sees what is not.
fn gap(entry: &Entry<'_>, found: &mut Found) {
    let Some(gap) = entry.block("gap") else {
        return;
    };
    let kept = at(entry, "retention", "on_box").and_then(|f| f.ns());
    let held = gap.field("buffer").and_then(|f| f.ns());
    if let (Some(kept), Some(held)) = (kept, held)
        && held < kept
    {
        let help = "the buffer is as long as the retention at least";
        found.reject(
            "C057",
            gap.head(),
            "the buffer is shorter than the retention",
            help,
        );
    }
    if !gap.is_on("watermark") {
        found.reject(
            "C057",
            gap.head(),
            "a consumer cannot ask how far the box is",
            "write watermark on",
        );
    }
}

/// Whether everything under one pattern is also under the other.
pub(crate) fn within(inner: &str, outer: &str) -> bool {
    match outer.strip_suffix(".*") {
        Some(stem) => {
            let inner = inner.strip_suffix(".*").unwrap_or(inner);
            inner == stem
                || inner
                    .strip_prefix(stem)
                    .is_some_and(|rest| rest.starts_with('.'))
        }
        None => inner == outer,
    }
}

/// C065: something is exposed, excludes win, and security and audit travel alone.
fn inventory(entry: &Entry<'_>, found: &mut Found) {
    let Some(inventory) = entry.block("inventory") else {
        return;
    };
    let includes: Vec<Field<'_>> = inventory.fields("include").collect();
    if includes.is_empty() {
        return found.reject(
            "C065",
            inventory.head(),
            "no stream is exposed",
            "add include, such as process.*",
        );
    }
    let sensitive = |field: &Field<'_>| {
        ["security.*", "audit.*"]
            .iter()
            .any(|name| within(field.text(), name))
    };
    let mixed = includes.iter().any(|field| !sensitive(field));
    for field in &includes {
        let gone = inventory
            .fields("exclude")
            .any(|out| within(field.text(), out.text()));
        if gone {
            let message = format!("`{}` is included and wholly excluded", field.text());
            found.reject(
                "C065",
                field.span(),
                message,
                "excludes win: remove one of them",
            );
        }
        if sensitive(field) && mixed {
            let message = format!("`{}` beside ordinary streams", field.text());
            found.reject(
                "C065",
                field.span(),
                message,
                "security and audit have a contract of their own",
            );
        }
    }
}

/// C066: numbers, and nothing finer than the box has it.
fn freshness(entry: &Entry<'_>, found: &mut Found) {
    let Some(freshness) = entry.block("freshness") else {
        return;
    };
    let query = at(entry, "delivery", "mode").is_some_and(|f| f.text() == "query_response");
    let needed: &[&str] = match query {
        true => &["native_resolution"],
        false => &["native_resolution", "published", "lag_max"],
    };
    found.need_in("C066", &freshness, needed);
    let Some(published) = freshness.field("published") else {
        return;
    };
    let native = freshness.field("native_resolution").and_then(|f| f.ns());
    match (published.ns(), native) {
        (None, _) => {
            let message = format!("`{}` is no duration", published.text());
            found.reject(
                "C066",
                published.span(),
                message,
                "write a duration, such as 1h",
            );
        }
        (Some(published_ns), Some(native)) if published_ns < native => {
            let help = "the published resolution is not finer than the native one";
            found.reject(
                "C066",
                published.span(),
                "finer than what the box has",
                help,
            );
        }
        _ => {}
    }
}

/// C067: a question has an end.
fn query(entry: &Entry<'_>, found: &mut Found) {
    let Some(profile) = entry
        .block("profile")
        .filter(|p| p.text("kind") == "structured_query")
    else {
        return;
    };
    let limits = ["rows_max", "queries", "timeout", "complexity_max"];
    let missing = limits
        .into_iter()
        .filter(|key| at(entry, "quota", key).is_none());
    let missing: Vec<&str> = missing.collect();
    if !missing.is_empty() {
        let message = format!("questions without limit: {}", missing.join(", "));
        found.warn("C067", profile.head(), message, "state them in block quota");
    }
}

/// C068: a contract can be read before its endpoint answers.
fn publication(entry: &Entry<'_>, found: &mut Found) {
    let Some(enabled) = entry.field("enabled") else {
        return;
    };
    // Times are written in one form of one length, so their texts are in their order.
    let early = entry
        .field("published")
        .is_none_or(|f| f.text() > enabled.text());
    if early {
        let help = "published comes first, or at the same time";
        found.reject(
            "C068",
            enabled.span(),
            "the endpoint answers before the contract can be fetched",
            help,
        );
    }
}
