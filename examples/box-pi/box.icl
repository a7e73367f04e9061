iia-config 1

artifact seg01.packout.milwaukee 1.0.0 {
  revision 1
  issued 2026-11-24T06:00:00Z
  target seg01
  trust_domain iia.local
}

interface acs0 {
  kind observation
  side inbound
}

interface it0 {
  kind it
  side outbound
}

zone api {
  role ot.it.api
  side outbound
  bridge iz-api
  subnet 127.90.33.0/24
  workload query_server 127.90.33.2
}

zone attest {
  role ot.dmz.attest
  side dmz
  bridge iz-attest
  subnet 127.90.23.0/24
  workload observer 127.90.23.2
}

zone audit {
  role ot.dmz.audit
  side dmz
  bridge iz-audit
  subnet 127.90.22.0/24
  workload chain 127.90.22.2
}

zone bus {
  role ot.dmz.bus
  side dmz
  bridge iz-bus
  subnet 127.90.21.0/24
  workload relay 127.90.21.2
}

zone cfg {
  role ot.mgmt.cfg
  side management
  bridge iz-cfg
  subnet 127.90.42.0/24
  workload supervisor 127.90.42.2
}

zone collect {
  role ot.acs.collect
  side inbound
  bridge iz-collect
  subnet 127.90.11.0/24
  workload protocol_collector 127.90.11.2
}

zone lake {
  role ot.acs.lake
  side inbound
  bridge iz-lake
  subnet 127.90.14.0/24
  workload lake_writer 127.90.14.2
}

zone publish {
  role ot.it.publish
  side outbound
  bridge iz-publish
  subnet 127.90.31.0/24
  workload edge_publisher 127.90.31.2
}

zone ui {
  role ot.mgmt.ui
  side management
  bridge iz-ui
  subnet 127.90.41.0/24
  workload console 127.90.41.2
}

endpoint api {
  workload spiffe://iia.local/zone/api/workload/query_server
  listen tls/127.90.33.2:7443
  interface it0
}

endpoint audit {
  workload spiffe://iia.local/zone/audit/workload/chain
  listen tls/127.90.22.2:7443
}

endpoint bus {
  workload spiffe://iia.local/zone/bus/workload/relay
  listen tls/127.90.21.2:7443
}

endpoint lake {
  workload spiffe://iia.local/zone/lake/workload/lake_writer
  listen tls/127.90.14.2:7443
}

endpoint north {
  workload spiffe://site.example/zone/collect/workload/intake
  connect tls/127.91.11.2:7443
  interface it0
}

ruleset techniques {
  kind scan
  engine iia_detect
  observer spiffe://iia.local/zone/collect/workload/protocol_collector
}

ruleset unknown-talkers {
  kind ids
  engine iia_attest
  observer spiffe://iia.local/zone/attest/workload/observer
  alerts attestation.network
  journal file
  relay_line "state/relay"
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

contract iia.contract.boundary.engineering.query 1.1.0 {
  scope boundary
  publisher spiffe://iia.local/zone/api/workload/query_server
  consumer spiffe://site.example/zone/engineering/workload/notebook
  organization site-operations
  contact oncall://site/ops-manager
  operation QUERY
  profile {
    kind structured_query
    protocol iia_link
    security mtls
    alpn "iia/1"
    trust_root site-root
  }
  inventory {
    include acs.*
    include contract.*
    exclude contract.auth
  }
  freshness {
    native_resolution 1s
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
    rows_max 100000
    queries 10/s
    timeout 30s
    complexity_max 100
  }
  upstream ack {
    window_max 30s
  }
  upstream audit {
    verify_every 10s
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
    path site_lan
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

contract iia.contract.boundary.site.evidence 1.0.0 {
  scope boundary
  publisher spiffe://iia.local/zone/publish/workload/edge_publisher
  consumer spiffe://site.example/zone/collect/workload/intake
  organization site-operations
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
    path site_lan
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

contract iia.contract.boundary.site.telemetry 2.0.0 {
  scope boundary
  publisher spiffe://iia.local/zone/publish/workload/edge_publisher
  consumer spiffe://site.example/zone/collect/workload/intake
  organization site-operations
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
    path site_lan
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

contract iia.contract.device.historian_press_b 1.0.0 {
  scope device
  collector spiffe://iia.local/zone/collect/workload/protocol_collector
  protocol modbus_tcp
  client 10.20.0.11
  server tcp/10.20.0.22:502
  unit 2
  read holding_register 0 9
  silence 10s
}

contract iia.contract.device.scada_press_a 1.0.0 {
  scope device
  collector spiffe://iia.local/zone/collect/workload/protocol_collector
  protocol modbus_tcp
  client 10.20.0.10
  server tcp/10.20.0.21:502
  unit 1
  read coil 0 7
  read holding_register 0 19
  read input_register 0 9
  write holding_register 100 101
  silence 10s
}

contract iia.contract.device.scada_press_b 1.0.0 {
  scope device
  collector spiffe://iia.local/zone/collect/workload/protocol_collector
  protocol modbus_tcp
  client 10.20.0.10
  server tcp/10.20.0.22:502
  unit 2
  read coil 0 7
  read holding_register 0 19
  read input_register 0 9
  silence 10s
}

contract iia.contract.internal.api_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/api/workload/query_server
  destination spiffe://iia.local/zone/audit/workload/chain
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

contract iia.contract.internal.api_to_bus 1.1.0 {
  scope internal
  source spiffe://iia.local/zone/api/workload/query_server
  destination spiffe://iia.local/zone/bus/workload/relay
  operation QUERY
  operation REPORT_DEEDS
  operation REPORT_VIOLATION
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

contract iia.contract.internal.attest_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/attest/workload/observer
  destination spiffe://iia.local/zone/audit/workload/chain
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

contract iia.contract.internal.attest_to_bus 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/attest/workload/observer
  destination spiffe://iia.local/zone/bus/workload/relay
  operation ANNOUNCE
  operation SUBSCRIBE
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

contract iia.contract.internal.attest_to_lake 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/attest/workload/observer
  destination spiffe://iia.local/zone/lake/workload/lake_writer
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

contract iia.contract.internal.audit_to_lake 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/audit/workload/chain
  destination spiffe://iia.local/zone/lake/workload/lake_writer
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

contract iia.contract.internal.bus_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/bus/workload/relay
  destination spiffe://iia.local/zone/audit/workload/chain
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

contract iia.contract.internal.bus_to_lake 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/bus/workload/relay
  destination spiffe://iia.local/zone/lake/workload/lake_writer
  operation QUERY
  operation SIPHON
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
  source spiffe://iia.local/zone/cfg/workload/supervisor
  destination spiffe://iia.local/zone/audit/workload/chain
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

contract iia.contract.internal.collect_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/collect/workload/protocol_collector
  destination spiffe://iia.local/zone/audit/workload/chain
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

contract iia.contract.internal.collect_to_bus 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/collect/workload/protocol_collector
  destination spiffe://iia.local/zone/bus/workload/relay
  operation ANNOUNCE
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

contract iia.contract.internal.collect_to_lake 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/collect/workload/protocol_collector
  destination spiffe://iia.local/zone/lake/workload/lake_writer
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

contract iia.contract.internal.console_to_bus 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/ui/workload/console
  destination spiffe://iia.local/zone/bus/workload/relay
  operation SUBSCRIBE
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
  source spiffe://iia.local/zone/lake/workload/lake_writer
  destination spiffe://iia.local/zone/audit/workload/chain
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

contract iia.contract.internal.publish_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/publish/workload/edge_publisher
  destination spiffe://iia.local/zone/audit/workload/chain
  operation FETCH_HEAD
  operation FETCH_RECORDS
  operation SUBMIT_MIRRORED
  operation SUBMIT_RECEIPT
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

contract iia.contract.internal.publish_to_bus 1.1.0 {
  scope internal
  source spiffe://iia.local/zone/publish/workload/edge_publisher
  destination spiffe://iia.local/zone/bus/workload/relay
  operation ANNOUNCE
  operation REPORT_DEEDS
  operation SIPHON
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
