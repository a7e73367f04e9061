//! The six kinds of contract that the architecture gives as samples, in this language: each is sound, and where the
//! usual form breaks a rule, that form is refused for just the reasons that its first comment names.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use iia_config::format;
use iia_config::parse::{Document, parse};
use iia_config::validate;
use iia_contract::Catalog;
use iia_contract::scope::{Boundary, Device, Inbound, Internal, Terms};

const DAY_NS: i64 = 86_400_000_000_000;
const SECOND_NS: i64 = 1_000_000_000;

fn files() -> Vec<PathBuf> {
    let dir = format!("{}/../examples/contracts", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn read(path: &PathBuf) -> Document {
    let bytes = fs::read(path).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let document = parse(&bytes, 1 << 16);
    document
        .unwrap_or_else(|found| panic!("{}", found[0].render(&path.display().to_string(), &text)))
}

fn sound(name: &str) -> Catalog {
    let path = files()
        .into_iter()
        .find(|path| path.ends_with(name))
        .unwrap();
    let document = read(&path);
    validate::catalog(&document).unwrap_or_else(|found| {
        panic!(
            "{}",
            found
                .iter()
                .map(|found| found.render(name, document.text()))
                .collect::<String>()
        )
    })
}

fn terms(name: &str) -> Terms {
    sound(name).contracts()[0].terms.clone()
}

#[test]
fn every_sample_is_sound_or_refused_for_the_reasons_that_it_names() {
    let (mut kept, mut refused) = (0, 0);
    for path in files() {
        let document = read(&path);
        assert_eq!(
            format::first_difference(&document),
            None,
            "{}",
            path.display()
        );
        let first = document.comments()[0];
        let named = document
            .comment(&first)
            .strip_prefix("# refused: ")
            .map(str::to_owned);
        let outcome = validate::catalog(&document);
        match named {
            None => {
                assert!(outcome.is_ok(), "{}: {outcome:?}", path.display());
                kept += 1;
            }
            Some(codes) => {
                let want: BTreeSet<&str> = codes.split(' ').collect();
                let found = outcome.unwrap_err();
                let got: BTreeSet<&str> = found.iter().map(|found| found.code).collect();
                assert_eq!(got, want, "{}", path.display());
                refused += 1;
            }
        }
    }
    assert_eq!((kept, refused), (6, 4));
}

#[test]
fn the_internal_sample_means_what_it_says() {
    let Terms::Internal(Internal {
        operations,
        cardinality,
        transport,
        failure,
        payload,
        told,
        ..
    }) = terms("internal_collect_to_lake.icl")
    else {
        panic!()
    };
    assert_eq!(
        operations.iter().collect::<Vec<_>>(),
        ["WRITE_BATCH", "WRITE_STREAM"]
    );
    assert_eq!(
        (cardinality.as_str(), transport.ports.len()),
        ("many_to_one", 1)
    );
    assert_eq!(
        (failure.buffer_records, failure.buffer_age_ns),
        (Some(100_000), Some(30 * DAY_NS))
    );
    assert_eq!(
        failure.on_buffer_full.as_deref(),
        Some("drop_oldest_with_alarm")
    );
    assert_eq!(
        (payload.schemas.len(), payload.max_len),
        (4, Some(64 * 1024))
    );
    assert_eq!(
        (told.attempts, told.failures, told.buffer_events),
        (false, true, true)
    );
}

#[test]
fn the_batch_sample_means_what_it_says() {
    let Terms::Boundary(Boundary {
        include,
        exclude,
        obligations,
        ..
    }) = terms("boundary_bi_lake_batch.icl")
    else {
        panic!()
    };
    assert_eq!((include.len(), exclude.len()), (2, 2));
    let o = *obligations;
    assert_eq!(o.freshness.lag_max_ns, Some(90 * 60 * SECOND_NS));
    assert_eq!(
        (o.retention_ns, o.gap.buffer_ns, o.gap.watermark),
        (30 * DAY_NS, 30 * DAY_NS, true)
    );
    assert_eq!(o.quota.payload_len_max, Some(256 << 20));
    assert_eq!(
        (
            o.evolution.additive_within_major,
            o.evolution.deprecation_overlap_ns
        ),
        (true, 90 * DAY_NS)
    );
    assert_eq!(
        (o.audit.head_period_ns, o.audit.on_failure.as_deref()),
        (Some(60 * SECOND_NS), Some("contract_violation"))
    );
    assert_eq!(
        (
            o.profile.schedule.as_deref(),
            o.profile.table_format.as_deref()
        ),
        (Some("hourly_aligned"), Some("iceberg"))
    );
    assert_eq!(
        (o.delivery.consumer_dedupes, o.ordering.service_id.as_str()),
        (true, "uuid_v7")
    );
    assert_eq!(
        (
            o.upstream.ack_window_max_ns,
            o.upstream.query_response_max_ns
        ),
        (Some(30 * SECOND_NS), Some(5 * SECOND_NS))
    );
    assert_eq!(
        o.upstream.uptime_min.map(|n| n.in_smallest()),
        Some(995_000_000_000)
    );
    assert_eq!(
        o.upstream.burst_rows.map(|n| n.micros),
        Some(200_000_000_000_000)
    );
    assert_eq!(o.raci.len(), 10);
    assert_eq!(
        o.raci["audit_chain_mismatch"].upstream_accountable,
        "enterprise-ciso"
    );
}

#[test]
fn the_query_sample_means_what_it_says() {
    let Terms::Boundary(b) = terms("boundary_mcp_server_i3x_query.icl") else {
        panic!()
    };
    assert_eq!(
        (b.rows_max, b.queries_per_second),
        (Some(100_000), Some(50))
    );
    let o = *b.obligations;
    assert_eq!(
        (o.quota.complexity_max, o.quota.timeout_ns),
        (Some(100), Some(30 * SECOND_NS))
    );
    assert_eq!(
        (o.consumer_role.as_deref(), o.profile.standard.as_deref()),
        (Some("mcp_server"), Some("cesmii_i3x"))
    );
    assert!(
        o.usage.not_for_control
            && o.usage.attribute_to_box
            && o.usage.relay_to_agents
            && o.usage.log_queries
    );
    assert_eq!(o.freshness.query_p99_max_ns, Some(SECOND_NS / 2));
    assert_eq!(
        o.raci["ai_agent_misuse"].consulted,
        ["legal", "regulator-liaison"]
    );
}

#[test]
fn the_device_samples_mean_what_they_say() {
    let Terms::Device(Device {
        observed, servers, ..
    }) = terms("device_plc_compressor_unit_3_opcua.icl")
    else {
        panic!()
    };
    let observed = observed.unwrap();
    assert_eq!(
        (servers[0].port, observed.tags.len(), observed.queue_depth),
        (4840, 4, Some(100))
    );
    assert_eq!(observed.tags["compressor_unit_3.run_state"].values.len(), 5);
    assert_eq!(observed.io_attestation.unwrap().tolerance_ppm, Some(5000));
    assert_eq!(
        observed.session.unwrap().policy.as_deref(),
        Some("basic256sha256")
    );

    let Terms::Device(Device {
        observed,
        silence_ns,
        cadence_ns,
        ..
    }) = terms("device_lorawan_field_env_sensors_zone_a.icl")
    else {
        panic!()
    };
    let observed = observed.unwrap();
    assert_eq!(
        (cadence_ns, silence_ns, observed.expected),
        (Some(300 * SECOND_NS), Some(1800 * SECOND_NS), Some(24))
    );
    let temperature = &observed.tags["temperature_c"];
    assert_eq!(
        (temperature.low_micros, temperature.high_micros),
        (Some(-40_000_000), Some(85_000_000))
    );
    assert_eq!(
        observed.classification.as_deref(),
        Some("io_only_never_control")
    );
    assert!(observed.usage.not_for_safety_interlock && observed.usage.advisory_only);
    assert_eq!(
        (observed.topic.as_deref(), observed.qos),
        (Some("application/field-env-zone-a/+/up"), Some(1))
    );
}

#[test]
fn the_inbound_sample_means_what_it_says() {
    let Terms::Inbound(inbound) = terms("inbound_configuration_pull.icl") else {
        panic!()
    };
    let Inbound {
        pull,
        artifact,
        approval,
        refusals,
        check_period_ns,
        ..
    } = *inbound;
    assert_eq!((pull.every_ns, pull.on_restore), (900 * SECOND_NS, true));
    assert_eq!((artifact.keys.len(), artifact.len_max), (2, 256 * 1024));
    assert_eq!(
        (
            approval.keys.len(),
            approval.two_person,
            approval.age_max_ns
        ),
        (2, true, DAY_NS)
    );
    assert_eq!(refusals.on_apply_failure, "rollback_and_alarm");
    assert_eq!(check_period_ns, Some(300 * SECOND_NS));
}
