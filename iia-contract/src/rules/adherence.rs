//! C022, C058, C059, C064: what is measured, and what is not mixed.

use alloc::format;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::{Found, MINUTE_NS, Rule, at, rule};
use crate::adherence::metric::{METRICS, Metric};
use crate::raw::{Scopes, Unit};
use crate::tree::{Block, Entry};

const B: Scopes = Scopes::BOUNDARY;

pub(super) const RULES: &[Rule] = &[
    rule(Scopes::INTERNAL.or(B), mixed),
    rule(B, audit),
    rule(B, quota),
    rule(B, slas),
];

/// Operations that tell, and expect nothing back.
const TELLING: &[&str] = &[
    "ANNOUNCE",
    "PUBLISH",
    "PUBLISH_BATCH",
    "SIPHON",
    "SUBSCRIBE",
    "WRITE_BATCH",
    "WRITE_STREAM",
];
/// Operations that ask for something to happen, once.
const ORDERING: &[&str] = &[
    "CANCEL",
    "COMMAND",
    "COMMIT",
    "CONFIRM",
    "EXECUTE",
    "ORDER",
    "RESERVE",
    "SUBMIT_ORDER",
    "TRANSFER",
];

/// C022: telemetry and transactions have contracts of their own.
fn mixed(entry: &Entry<'_>, found: &mut Found) {
    let class = at(entry, "delivery", "class").map_or("", |f| f.text());
    let mut tells = class == "telemetry";
    let mut orders = class == "transactional";
    for field in entry.fields("operation") {
        tells |= TELLING.contains(&field.text());
        orders |= ORDERING.contains(&field.text());
        if tells && orders {
            let message = format!(
                "operation `{}` beside those of the other kind",
                field.text()
            );
            let help = "telemetry and transactions have contracts of their own";
            return found.reject("C022", field.span(), message, help);
        }
    }
}

/// C058: a head a minute, and a consumer that looks at it.
fn audit(entry: &Entry<'_>, found: &mut Found) {
    let Some(audit) = entry.block("audit") else {
        return;
    };
    found.need_in("C058", &audit, &["head_period"]);
    let slow = audit
        .field("head_period")
        .filter(|f| f.ns().is_none_or(|ns| ns <= 0 || ns > MINUTE_NS));
    if let Some(field) = slow {
        let message = format!("a head every {}", field.text());
        found.reject("C058", field.span(), message, "more than 0, 1m at most");
    }
    let every = entry
        .named("upstream", "audit")
        .and_then(|block| block.field("verify_every"));
    if every.is_none_or(|f| f.ns().is_none_or(|ns| ns <= 0)) {
        let help = "add block upstream audit with verify_every";
        found.reject(
            "C058",
            audit.head(),
            "nothing says how often the consumer checks the chain",
            help,
        );
    }
    if !audit.is_on("consumer_validates") {
        found.reject(
            "C058",
            audit.head(),
            "the consumer need not check the chain",
            "write consumer_validates on",
        );
    }
}

/// C059: rate and payload have an end, and the other side can take it.
fn quota(entry: &Entry<'_>, found: &mut Found) {
    let Some(quota) = entry.block("quota") else {
        return;
    };
    let rated = quota.field("rows").or_else(|| quota.field("queries"));
    let capped = quota
        .field("payload_max")
        .or_else(|| quota.field("rows_max"));
    if rated.is_none() || capped.is_none() {
        let help = "a rate (rows or queries) and a cap (payload_max or rows_max)";
        found.reject("C059", quota.head(), "fair use has no limit", help);
    }
    let most = quota.field("rows").and_then(|f| f.number(0));
    let capacity = entry.named("upstream", "capacity");
    let takes = capacity.and_then(|block| block.field("sustained_rows"));
    let (Some(most), Some(field)) = (most, takes) else {
        return;
    };
    let least = field.number(0).and_then(|takes| takes.order(most));
    if least.is_none_or(|order| order == Ordering::Less) {
        let message = format!(
            "the consumer takes {}, the box may send {}",
            field.text(),
            quota.text("rows")
        );
        found.reject(
            "C059",
            field.span(),
            message,
            "sustained_rows is not below the quota",
        );
    }
}

/// C064: a threshold is a number of something that is measured.
fn slas(entry: &Entry<'_>, found: &mut Found) {
    for block in entry.blocks_of("sla") {
        sla(&block, found);
    }
}

fn sla(block: &Block<'_>, found: &mut Found) {
    found.need_in("C064", block, &["metric", "window", "breach"]);
    let metric = Metric::named(block.text("metric"));
    if let Some(field) = block.field("metric").filter(|_| metric.is_none()) {
        let message = format!("`{}` is measured by nobody", field.text());
        let known: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
        found.reject(
            "C064",
            field.span(),
            message,
            &format!("one of {}", known.join(", ")),
        );
    }
    let bounds = ["max", "min"]
        .into_iter()
        .filter_map(|key| block.field(key));
    if bounds.clone().next().is_none() {
        found.reject("C064", block.head(), "no threshold", "add max or min");
    }
    for field in bounds {
        let number = field.number(0);
        let unit = number.is_some_and(|n| n.unit != Unit::None || n.per.is_some());
        let other = metric.filter(|one| !number.is_some_and(|n| one.measure.fits(n)));
        if !unit {
            let message = format!("`{}` has no unit", field.text());
            found.reject(
                "C064",
                field.span(),
                message,
                "a number with its unit, such as 500ms",
            );
        } else if let Some(metric) = other {
            let message = format!("`{}` is no measure of {}", field.text(), metric.name);
            found.reject("C064", field.span(), message, metric.measure.unit());
        }
    }
    let breach = block.field("breach");
    if let Some(field) = breach.filter(|f| f.text() != "ot.contract.sla_breach") {
        let message = format!("`{}` is not where breaches appear", field.text());
        found.reject(
            "C064",
            field.span(),
            message,
            "write breach ot.contract.sla_breach",
        );
    }
    if let Some(field) = block
        .field("window")
        .filter(|f| f.ns().is_none_or(|ns| ns <= 0))
    {
        found.reject("C064", field.span(), "a window of nothing", "more than 0");
    }
}
