iia-config 1

# A bridge that lets AI agents ask, and never act: limits for every question, and an answer for every event.
contract iia.contract.boundary.mcp_server.i3x_query 1.0.0 {
  scope boundary
  publisher spiffe://iia.local/zone/api/workload/i3x_query_server
  consumer spiffe://enterprise.example/iia/consumer/mcp_bridge
  consumer_role mcp_server
  organization enterprise-ai
  contact oncall://enterprise-ai/mcp-bridge
  operation QUERY
  profile {
    kind structured_query
    standard cesmii_i3x
    standard_version v1
    protocol iia_link
    security mtls
    alpn "iia/1"
    trust_root enterprise-trust-root-v3
  }
  inventory {
    include health.*
    include process.*
    exclude audit.*
    exclude contract.*
    exclude security.*
  }
  freshness {
    native_resolution 100ms
    query_latency_p99_max 500ms
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
    mode query_response
    consistency eventual_with_watermark
    class telemetry
  }
  gap {
    buffer 30d
    detect sequence_discontinuity
    watermark on
  }
  evolution {
    additive_within_major on
    breaking_needs_major on
    deprecation_overlap 90d
  }
  auth {
    publisher_ttl 1h
    consumer_rotation 7d
  }
  audit {
    failures on
    consumer_validates on
    head_period 1m
  }
  quota {
    rows_max 100000
    queries 50/s
    timeout 30s
    complexity_max 100
  }
  use {
    not_for_control on
    attribute_to_box on
    relay_to_agents on
    log_queries on
  }
  upstream ack {
    window_max 5s
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
  }
  upstream connectivity {
    bandwidth_min 50Mbps
    latency_p99_max 500ms
    uptime_min 99.5%
    path primary_fibre
    redundancy dual_wan
  }
  upstream incident {
    on_call oncall://enterprise-ai/mcp-bridge
    response_max 8h
    escalation oncall://enterprise-ai/director
  }
  upstream query {
    query_response_max 5s
  }
  upstream schema {
    accepts_loose on
  }
  raci ai_agent_misuse {
    acs_responsible site-security-team
    acs_accountable site-security-manager
    upstream_responsible enterprise-ai-trust-and-safety
    upstream_accountable enterprise-ciso
    consulted legal
    consulted regulator-liaison
    informed audit-team
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
  raci query_failure {
    acs_responsible site-data-engineering
    acs_accountable site-ops-manager
    upstream_responsible enterprise-ai-engineering
    upstream_accountable enterprise-data-director
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
