//! A configuration with ten thousand contracts that keeps every rule.

use std::fmt::Write as _;

const EVENTS: [&str; 10] = [
    "audit_chain_mismatch", "box_outage", "capacity_exhaustion", "cert_expiry", "connectivity_loss",
    "contract_evolution", "data_integrity", "rate_limit_exceeded", "regulator_request", "schema_mismatch",
];

/// Of ten thousand contracts 7,000 are with devices, 2,500 within the box and 500 with others.
pub fn document(contracts: usize) -> String {
    let mut text = String::from(HEAD);
    for number in 0..contracts / 20 {
        boundary(&mut text, number);
    }
    for number in 0..contracts * 14 / 20 {
        device(&mut text, number);
    }
    for number in 0..contracts * 5 / 20 {
        internal(&mut text, number);
    }
    text
}

fn device(text: &mut String, number: usize) {
    let (high, low) = (number / 250, number % 250 + 1);
    let _ = write!(
        text,
        "\ncontract iia.contract.device.press_{number:05} 1.0.0 {{\n  scope device\n  \
         collector spiffe://iia.local/zone/collect/workload/protocol_collector\n  protocol modbus_tcp\n  \
         client 10.20.255.10\n  server tcp/10.20.{high}.{low}:502\n  unit 1\n  read coil 0 7\n  \
         read holding_register 0 19\n  read input_register 0 9\n  write holding_register 100 101\n  \
         cadence 1s\n  silence 10s\n}}\n"
    );
}

fn internal(text: &mut String, number: usize) {
    let _ = write!(
        text,
        "\ncontract iia.contract.internal.collect_to_lake_{number:05} 1.2.0 {{\n  scope internal\n  \
         source spiffe://iia.local/zone/collect/workload/protocol_collector\n  \
         destination spiffe://iia.local/zone/lake/workload/lake_writer\n  operation WRITE_BATCH_{number}\n  \
         operation WRITE_STREAM_{number}\n  cardinality many_to_one\n  transport {{\n    protocol iia_link\n    \
         security mtls\n    port tls/7443\n  }}\n  failure {{\n    on_unreachable buffer_local\n    \
         buffer_records 100000\n    buffer_age 30d\n    on_buffer_full drop_oldest_with_alarm\n  }}\n  payload {{\n    \
         schema modbus_record\n    schema opcua_record\n    max_size 64KiB\n    rate 50000/s\n  }}\n  audit {{\n    \
         attempts off\n    failures on\n    buffer_events on\n  }}\n}}\n"
    );
}

fn boundary(text: &mut String, number: usize) {
    let _ = write!(
        text,
        "\ncontract iia.contract.boundary.consumer_{number:05}.batch 2.0.0 {{\n  scope boundary\n  \
         publisher spiffe://iia.local/zone/publish/workload/edge_publisher\n  \
         consumer spiffe://enterprise.example/iia/consumer/ingest_{number:05}\n  organization enterprise-bi\n  \
         contact oncall://enterprise-bi/ingest\n  operation PUBLISH_BATCH\n{BOUNDARY}"
    );
    for event in EVENTS {
        let _ = write!(
            text,
            "  raci {event} {{\n    acs_responsible site-noc-team\n    acs_accountable site-ops-manager\n    \
             upstream_responsible enterprise-network-team\n    upstream_accountable enterprise-cio\n    \
             informed audit-team\n  }}\n"
        );
    }
    text.push_str("}\n");
}

const BOUNDARY: &str = include_str!("boundary.txt");
const HEAD: &str = include_str!("head.txt");
