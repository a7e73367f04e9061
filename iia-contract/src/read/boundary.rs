//! Boundary contracts.

use alloc::boxed::Box;

use iia_core::time::parse_utc;

use super::device::usage;
use super::{Ids, Part, operations, part, told};
use crate::raw::Number;
use crate::scope::{
    Audit, Auth, Boundary, Delivery, Evolution, Freshness, Gap, Obligations, Ordering, Profile,
    Quota, Raci, Sla, Text, Upstream,
};
use crate::tree::{Block, Entry};

pub(super) fn read<'t>(entry: &Entry<'t>, ids: &mut Ids<'t>) -> Option<Boundary> {
    let (inventory, quota) = (part(entry, "inventory"), part(entry, "quota"));
    Some(Boundary {
        publisher: ids.of(entry, "publisher")?,
        consumer: ids.of(entry, "consumer")?,
        operations: operations(entry),
        include: inventory.words("include"),
        exclude: inventory.words("exclude"),
        rows_max: quota.count("rows_max"),
        queries_per_second: quota.number("queries").and_then(per_second),
        obligations: Box::new(obligations(entry)),
    })
}

/// A rate as whole numbers a second, rounded up so that a slow rate is not none.
fn per_second(rate: Number) -> Option<u32> {
    let secs = rate.per?.secs();
    let micros = rate.micros.checked_add(secs * 1_000_000 - 1)?;
    u32::try_from(micros / 1_000_000 / secs).ok()
}

fn obligations(entry: &Entry<'_>) -> Obligations {
    let (retention, audit) = (part(entry, "retention"), part(entry, "audit"));
    let named = |key: &'static str| entry.blocks_of(key);
    let name = |block: &Block<'_>| -> Text { block.name.unwrap_or_default().into() };
    Obligations {
        organization: entry.text("organization").into(),
        consumer_role: entry.field("consumer_role").map(|f| f.text().into()),
        contact: entry.text("contact").into(),
        schemas: part(entry, "inventory").words("schema"),
        published: parse_utc(entry.text("published")),
        enabled: parse_utc(entry.text("enabled")),
        profile: profile(&part(entry, "profile")),
        freshness: freshness(&part(entry, "freshness")),
        retention_ns: retention.ns("on_box").unwrap_or(0),
        aging: retention.maybe("aging"),
        ordering: ordering(&part(entry, "ordering")),
        delivery: delivery(&part(entry, "delivery")),
        gap: gap(&part(entry, "gap")),
        evolution: evolution(&part(entry, "evolution")),
        auth: auth(&part(entry, "auth")),
        audit: Audit {
            told: told(&audit),
            consumer_validates: audit.is_on("consumer_validates"),
            head_period_ns: audit.ns("head_period"),
            on_failure: audit.maybe("on_failure"),
            checkpoints: audit.is_on("checkpoints"),
        },
        quota: quota(&part(entry, "quota")),
        usage: usage(&part(entry, "use")),
        upstream: upstream(entry),
        raci: named("raci")
            .map(|block| (name(&block), raci(&Part(Some(block)))))
            .collect(),
        slas: named("sla")
            .map(|block| (name(&block), sla(&Part(Some(block)))))
            .collect(),
    }
}

fn profile(block: &Part<'_>) -> Profile {
    Profile {
        kind: block.word("kind"),
        standard: block.maybe("standard"),
        standard_version: block.maybe("standard_version"),
        protocol: block.word("protocol"),
        alpn: block.maybe("alpn"),
        endpoint: block.maybe("endpoint"),
        trust_root: block.maybe("trust_root"),
        schedule: block.maybe("schedule"),
        table_format: block.maybe("table_format"),
        consumer_level: block.count("consumer_level"),
        topics: block.topics(),
    }
}

fn freshness(block: &Part<'_>) -> Freshness {
    Freshness {
        native_ns: block.ns("native_resolution"),
        published_ns: block.ns("published"),
        lag_max_ns: block.ns("lag_max"),
        query_p99_max_ns: block.ns("query_latency_p99_max"),
    }
}

fn ordering(block: &Part<'_>) -> Ordering {
    Ordering {
        sequence: block.word("sequence"),
        service_id: block.word("service_id"),
    }
}

fn delivery(block: &Part<'_>) -> Delivery {
    Delivery {
        mode: block.word("mode"),
        consistency: block.maybe("consistency"),
        dedupe: block.maybe("dedupe"),
        consumer_dedupes: block.is_on("consumer_dedupes"),
        class: block.maybe("class"),
        ack: block.is_on("ack"),
    }
}

fn gap(block: &Part<'_>) -> Gap {
    Gap {
        buffer_ns: block.ns("buffer").unwrap_or(0),
        detect: block.maybe("detect"),
        watermark: block.is_on("watermark"),
        watermark_endpoint: block.maybe("watermark_endpoint"),
    }
}

fn evolution(block: &Part<'_>) -> Evolution {
    Evolution {
        additive_within_major: block.is_on("additive_within_major"),
        breaking_needs_major: block.is_on("breaking_needs_major"),
        deprecation_overlap_ns: block.ns("deprecation_overlap").unwrap_or(0),
    }
}

fn auth(block: &Part<'_>) -> Auth {
    Auth {
        publisher_ttl_ns: block.ns("publisher_ttl"),
        consumer_rotation_ns: block.ns("consumer_rotation"),
        issuer: block.maybe("issuer"),
        cn_alias: block.maybe("cn_alias"),
    }
}

fn quota(block: &Part<'_>) -> Quota {
    Quota {
        rows: block.number("rows"),
        rows_max: block.count("rows_max"),
        queries: block.number("queries"),
        timeout_ns: block.ns("timeout"),
        complexity_max: block.count("complexity_max"),
        payload_len_max: block.bytes("payload_max"),
    }
}

fn upstream(entry: &Entry<'_>) -> Upstream {
    let of = |name: &str| Part(entry.named("upstream", name));
    let (connectivity, auth, incident) = (of("connectivity"), of("auth"), of("incident"));
    let capacity = of("capacity");
    Upstream {
        bandwidth_min: connectivity.number("bandwidth_min"),
        latency_p99_max_ns: connectivity.ns("latency_p99_max"),
        uptime_min: connectivity.number("uptime_min"),
        path: connectivity.maybe("path"),
        redundancy: connectivity.maybe("redundancy"),
        rotation_ns: auth.ns("rotation"),
        custody: auth.maybe("custody"),
        continuity: auth.maybe("continuity"),
        ack_window_max_ns: of("ack").ns("window_max"),
        query_response_max_ns: of("query").ns("query_response_max"),
        accepts_loose: of("schema").is_on("accepts_loose"),
        on_call: incident.maybe("on_call"),
        response_max_ns: incident.ns("response_max"),
        escalation: incident.maybe("escalation"),
        sustained_rows: capacity.number("sustained_rows"),
        burst_rows: capacity.number("burst_rows"),
        verify_every_ns: of("audit").ns("verify_every"),
    }
}

fn raci(block: &Part<'_>) -> Raci {
    Raci {
        acs_responsible: block.words("acs_responsible"),
        acs_accountable: block.word("acs_accountable"),
        upstream_responsible: block.words("upstream_responsible"),
        upstream_accountable: block.word("upstream_accountable"),
        consulted: block.words("consulted"),
        informed: block.words("informed"),
        not_applicable: block.maybe("not_applicable"),
    }
}

fn sla(block: &Part<'_>) -> Sla {
    Sla {
        metric: block.word("metric"),
        max: block.number("max"),
        min: block.number("min"),
        window_ns: block.ns("window").unwrap_or(0),
        breach: block.word("breach"),
    }
}
