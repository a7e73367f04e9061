iia-config 1

artifact enterprise.headquarters 1.0.0 {
  revision 1
  issued 2026-11-24T06:00:00Z
  target enterprise
  trust_domain enterprise.example
}

interface children0 {
  kind it
  side inbound
}

zone audit {
  role ot.dmz.audit
  side dmz
  bridge iz-audit
  subnet 127.92.22.0/24
  workload chain 127.92.22.2
}

zone cfg {
  role ot.mgmt.cfg
  side management
  bridge iz-cfg
  subnet 127.92.42.0/24
  workload supervisor 127.92.42.2
}

zone collect {
  role ot.acs.collect
  side inbound
  bridge iz-collect
  subnet 127.92.11.0/24
  workload intake 127.92.11.2
}

zone lake {
  role ot.acs.lake
  side inbound
  bridge iz-lake
  subnet 127.92.14.0/24
  workload lake_writer 127.92.14.2
}

endpoint audit {
  workload spiffe://enterprise.example/zone/audit/workload/chain
  listen tls/127.92.22.2:7443
}

endpoint intake {
  workload spiffe://enterprise.example/zone/collect/workload/intake
  listen tls/127.92.11.2:7443
  interface children0
}

endpoint lake {
  workload spiffe://enterprise.example/zone/lake/workload/lake_writer
  listen tls/127.92.14.2:7443
}

trust_root site-root {
  trust_domain site.example
  use peer_svid
}

party enterprise-ciso {
  side upstream
  contact oncall://enterprise/ciso
}

party enterprise-operations-manager {
  side upstream
  contact oncall://enterprise/operations
}

party site-ops-manager {
  side acs
  contact oncall://site/ops-manager
}

party site-security-manager {
  side acs
  contact oncall://site/security-manager
}

contract iia.contract.boundary.enterprise.evidence 1.0.0 {
  scope boundary
  publisher spiffe://site.example/zone/publish/workload/edge_publisher
  consumer spiffe://enterprise.example/zone/collect/workload/intake
  organization enterprise-operations
  contact oncall://site/ops-manager
  operation ADD_CHECKPOINT
  operation ADD_ENTRIES
  operation PUBLISH_HEAD
  profile {
    kind telemetry
    protocol iia_link
    security mtls
    alpn "iia/1"
    trust_root site-root
  }
  inventory {
    include security.audit.head
  }
  freshness {
    native_resolution 1s
    published 1m
    lag_max 2m
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
    class transactional
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
    consumer_rotation 1h
  }
  audit {
    failures on
    consumer_validates on
    head_period 1m
  }
  quota {
    rows 1000000/h
    payload_max 16MiB
  }
  upstream ack {
    window_max 30s
  }
  upstream audit {
    verify_every 1m
  }
  upstream auth {
    rotation 1h
    custody file
  }
  upstream capacity {
    sustained_rows 1000000/h
  }
  upstream connectivity {
    bandwidth_min 10Mbps
    latency_p99_max 500ms
    uptime_min 99.5%
    path enterprise_wan
    redundancy none
  }
  upstream incident {
    on_call oncall://enterprise/operations
    response_max 4h
    escalation oncall://enterprise/ciso
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
    upstream_responsible enterprise-security-team
    upstream_accountable enterprise-ciso
    informed audit-team
  }
  raci box_outage {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-operations-team
    upstream_accountable enterprise-operations-manager
    informed audit-team
  }
  raci capacity_exhaustion {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-operations-team
    upstream_accountable enterprise-operations-manager
    informed audit-team
  }
  raci cert_expiry {
    acs_responsible site-security-team
    acs_accountable site-security-manager
    upstream_responsible enterprise-security-team
    upstream_accountable enterprise-ciso
    informed audit-team
  }
  raci connectivity_loss {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-operations-team
    upstream_accountable enterprise-operations-manager
    informed audit-team
  }
  raci contract_evolution {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-operations-team
    upstream_accountable enterprise-operations-manager
    informed audit-team
  }
  raci data_integrity {
    acs_responsible site-security-team
    acs_accountable site-security-manager
    upstream_responsible enterprise-security-team
    upstream_accountable enterprise-ciso
    informed audit-team
  }
  raci rate_limit_exceeded {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-operations-team
    upstream_accountable enterprise-operations-manager
    informed audit-team
  }
  raci regulator_request {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-operations-team
    upstream_accountable enterprise-operations-manager
    informed audit-team
  }
  raci schema_mismatch {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-operations-team
    upstream_accountable enterprise-operations-manager
    informed audit-team
  }
}

contract iia.contract.boundary.enterprise.telemetry 2.0.0 {
  scope boundary
  publisher spiffe://site.example/zone/publish/workload/edge_publisher
  consumer spiffe://enterprise.example/zone/collect/workload/intake
  organization enterprise-operations
  contact oncall://site/ops-manager
  operation PUBLISH_BATCH
  profile {
    kind telemetry
    protocol iia_link
    security mtls
    alpn "iia/1"
    trust_root site-root
  }
  inventory {
    include acs.*
    include attestation.*
    include contract.*
  }
  freshness {
    native_resolution 1s
    published 1s
    lag_max 10s
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
    consumer_rotation 1h
  }
  audit {
    failures on
    consumer_validates on
    head_period 1m
  }
  quota {
    rows 1000000/h
    payload_max 16MiB
  }
  upstream ack {
    window_max 30s
  }
  upstream audit {
    verify_every 1m
  }
  upstream auth {
    rotation 1h
    custody file
  }
  upstream capacity {
    sustained_rows 1000000/h
  }
  upstream connectivity {
    bandwidth_min 10Mbps
    latency_p99_max 500ms
    uptime_min 99.5%
    path enterprise_wan
    redundancy none
  }
  upstream incident {
    on_call oncall://enterprise/operations
    response_max 4h
    escalation oncall://enterprise/ciso
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
    upstream_responsible enterprise-security-team
    upstream_accountable enterprise-ciso
    informed audit-team
  }
  raci box_outage {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-operations-team
    upstream_accountable enterprise-operations-manager
    informed audit-team
  }
  raci capacity_exhaustion {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-operations-team
    upstream_accountable enterprise-operations-manager
    informed audit-team
  }
  raci cert_expiry {
    acs_responsible site-security-team
    acs_accountable site-security-manager
    upstream_responsible enterprise-security-team
    upstream_accountable enterprise-ciso
    informed audit-team
  }
  raci connectivity_loss {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-operations-team
    upstream_accountable enterprise-operations-manager
    informed audit-team
  }
  raci contract_evolution {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-operations-team
    upstream_accountable enterprise-operations-manager
    informed audit-team
  }
  raci data_integrity {
    acs_responsible site-security-team
    acs_accountable site-security-manager
    upstream_responsible enterprise-security-team
    upstream_accountable enterprise-ciso
    informed audit-team
  }
  raci rate_limit_exceeded {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-operations-team
    upstream_accountable enterprise-operations-manager
    informed audit-team
  }
  raci regulator_request {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-operations-team
    upstream_accountable enterprise-operations-manager
    informed audit-team
  }
  raci schema_mismatch {
    acs_responsible site-noc-team
    acs_accountable site-ops-manager
    upstream_responsible enterprise-operations-team
    upstream_accountable enterprise-operations-manager
    informed audit-team
  }
  sla acknowledged {
    metric delivery.ack_latency_p99
    max 500ms
    window 10s
    breach ot.contract.sla_breach
  }
}

contract iia.contract.internal.audit_to_lake 1.0.0 {
  scope internal
  source spiffe://enterprise.example/zone/audit/workload/chain
  destination spiffe://enterprise.example/zone/lake/workload/lake_writer
  operation WRITE_BATCH
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    port tls/7443
  }
  failure {
    on_unreachable retry
    backoff_max 5s
  }
}

contract iia.contract.internal.cfg_to_audit 1.0.0 {
  scope internal
  source spiffe://enterprise.example/zone/cfg/workload/supervisor
  destination spiffe://enterprise.example/zone/audit/workload/chain
  operation SUBMIT_EVENT
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    port tls/7443
  }
  failure {
    on_unreachable retry
    backoff_max 5s
  }
}

contract iia.contract.internal.intake_to_audit 1.0.0 {
  scope internal
  source spiffe://enterprise.example/zone/collect/workload/intake
  destination spiffe://enterprise.example/zone/audit/workload/chain
  operation ADD_CHECKPOINT
  operation ADD_ENTRIES
  operation SUBMIT_EVENT
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    port tls/7443
  }
  failure {
    on_unreachable retry
    backoff_max 5s
  }
}

contract iia.contract.internal.intake_to_lake 1.0.0 {
  scope internal
  source spiffe://enterprise.example/zone/collect/workload/intake
  destination spiffe://enterprise.example/zone/lake/workload/lake_writer
  operation WRITE_CHILD
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    port tls/7443
  }
  failure {
    on_unreachable retry
    backoff_max 5s
  }
}

contract iia.contract.internal.lake_to_audit 1.0.0 {
  scope internal
  source spiffe://enterprise.example/zone/lake/workload/lake_writer
  destination spiffe://enterprise.example/zone/audit/workload/chain
  operation SUBMIT_EVENT
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    port tls/7443
  }
  failure {
    on_unreachable retry
    backoff_max 5s
  }
}
