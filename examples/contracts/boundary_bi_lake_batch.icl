iia-config 1

# Hourly batches for a lake of the enterprise. A broker beyond the box writes them to object storage; the box speaks
# its own framing, names its ALPN, and both sides commit in every dimension.
contract iia.contract.boundary.bi_lake.batch 2.0.0 {
  scope boundary
  publisher spiffe://iia.local/zone/publish/workload/edge_publisher
  consumer spiffe://enterprise.example/iia/consumer/bi_ingest
  organization enterprise-bi
  contact oncall://enterprise-bi/ingest-pipeline
  operation PUBLISH_BATCH
  profile {
    kind lake_batch
    protocol iia_link
    security mtls
    alpn "iia/1"
    endpoint tls/203.0.113.10:7447
    trust_root enterprise-trust-root-v3
    schedule hourly_aligned
    table_format iceberg
  }
  inventory {
    include health.*
    include process.*
    exclude audit.*
    exclude security.*
  }
  freshness {
    native_resolution 100ms
    published 1h
    lag_max 90m
  }
  retention {
    on_box 30d
    aging oldest_first_after_acked
  }
  ordering {
    sequence monotonic_per_service
    service_id uuid_v7
  }
  delivery {
    mode at_least_once
    dedupe sequence_per_service
    consumer_dedupes on
    class telemetry
  }
  gap {
    buffer 30d
    detect sequence_discontinuity
    watermark on
    watermark_endpoint api://this-box/contract/iia.contract.boundary.bi_lake.batch/watermark
  }
  evolution {
    additive_within_major on
    breaking_needs_major on
    deprecation_overlap 90d
  }
  auth {
    publisher_ttl 1h
    consumer_rotation 7d
    issuer enterprise-trust-root-v3
  }
  audit {
    failures on
    consumer_validates on
    head_period 1m
    on_failure contract_violation
  }
  quota {
    rows 50000000/h
    payload_max 256MiB
  }
  upstream ack {
    window_max 30s
  }
  upstream audit {
    verify_every 1m
  }
  upstream auth {
    rotation 7d
    custody hsm
  }
  upstream capacity {
    sustained_rows 50000000/h
    burst_rows 200000000/h
  }
  upstream connectivity {
    bandwidth_min 50Mbps
    latency_p99_max 500ms
    uptime_min 99.5%
    path primary_fibre
    redundancy dual_wan
  }
  upstream incident {
    on_call pagerduty://enterprise-bi/p2
    response_max 4h
    escalation pagerduty://enterprise-bi-director/p1
  }
  upstream query {
    query_response_max 5s
  }
  upstream schema {
    accepts_loose on
  }
  raci audit_chain_mismatch {
    acs_responsible site-security-team
    acs_accountable site-security-manager
    upstream_responsible enterprise-bi-security
    upstream_accountable enterprise-ciso
    informed audit-team
  }
  raci box_outage {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-network-team
    upstream_accountable enterprise-cio
    informed audit-team
  }
  raci capacity_exhaustion {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-network-team
    upstream_accountable enterprise-cio
    informed audit-team
  }
  raci cert_expiry {
    acs_responsible site-security-team
    acs_accountable site-security-manager
    upstream_responsible enterprise-bi-security
    upstream_accountable enterprise-ciso
    informed audit-team
  }
  raci connectivity_loss {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-network-team
    upstream_accountable enterprise-cio
    informed audit-team
  }
  raci contract_evolution {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-network-team
    upstream_accountable enterprise-cio
    informed audit-team
  }
  raci data_integrity {
    acs_responsible site-security-team
    acs_accountable site-security-manager
    upstream_responsible enterprise-bi-security
    upstream_accountable enterprise-ciso
    informed audit-team
  }
  raci rate_limit_exceeded {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-network-team
    upstream_accountable enterprise-cio
    informed audit-team
  }
  raci regulator_request {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-network-team
    upstream_accountable enterprise-cio
    informed audit-team
  }
  raci schema_mismatch {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-network-team
    upstream_accountable enterprise-cio
    informed audit-team
  }
}
