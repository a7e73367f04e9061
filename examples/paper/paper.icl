iia-config 1

# The reference environment of the paper, five zones in one box's firewall.
#
#   zone 1  field     sensors behind svc0: they ask the broker and the time, and nobody asks them
#   zone 2  control   broker and scada, which owns the names of the plant's values
#   zone 3  watchdog  watchdog, attest, audit, lake: hears through acs0, keeps the evidence, opens nothing outwards
#   edge              bus and publish: the only way out, and out alone
#   zone 4  cloud     behind it0: it is sent to and asks for nothing
#   zone 5  trust     ota and ui: updates and management
artifact paper.reference 1.0.0 {
  revision 1
  issued 2026-11-30T06:00:00Z
  target paper
  trust_domain iia.local
}

policy box {
  sl_target 3
  topology single_box
}

interface acs0 {
  kind observation
  side inbound
}

interface it0 {
  kind it
  side outbound
}

interface svc0 {
  kind services
  side inbound
  network 10.50.0.0/24
}

zone attest {
  role ot.dmz.attest
  side dmz
  bridge iz-attest
  subnet 10.77.0.0/24
  workload observer 10.77.0.2
}

zone audit {
  role ot.dmz.audit
  side dmz
  bridge iz-audit
  subnet 10.77.1.0/24
  workload chain 10.77.1.2
}

zone broker {
  role ot.acs.netservices
  side inbound
  bridge iz-broker
  subnet 10.77.2.0/24
  workload broker 10.77.2.2
}

zone bus {
  role ot.dmz.bus
  side dmz
  bridge iz-bus
  subnet 10.77.3.0/24
  workload relay 10.77.3.2
}

zone lake {
  role ot.acs.lake
  side inbound
  bridge iz-lake
  subnet 10.77.4.0/24
  workload lake_writer 10.77.4.2
}

zone ota {
  role ot.mgmt.cfg
  side management
  bridge iz-ota
  subnet 10.77.5.0/24
  workload updater 10.77.5.2
}

zone publish {
  role ot.it.publish
  side outbound
  bridge iz-publish
  subnet 10.77.6.0/24
  workload edge_publisher 10.77.6.2
}

zone scada {
  role ot.acs.collect
  side inbound
  bridge iz-scada
  subnet 10.77.7.0/24
  workload scada 10.77.7.2
}

zone ui {
  role ot.mgmt.ui
  side management
  bridge iz-ui
  subnet 10.77.8.0/24
  workload console 10.77.8.2
}

zone watchdog {
  role ot.acs.witness
  side inbound
  bridge iz-watchdog
  subnet 10.77.9.0/24
  workload wire_witness 10.77.9.2
}

endpoint attest {
  workload spiffe://iia.local/zone/attest/workload/observer
  listen tls/10.77.0.2:7443
}

endpoint audit {
  workload spiffe://iia.local/zone/audit/workload/chain
  listen tls/10.77.1.2:7443
}

endpoint broker {
  workload spiffe://iia.local/zone/broker/workload/broker
  listen tls/10.77.2.2:8883
  interface svc0
  allow 10.50.0.0/24
}

endpoint bus {
  workload spiffe://iia.local/zone/bus/workload/relay
  listen tls/10.77.3.2:7443
}

endpoint cloud {
  workload spiffe://cloud.example/zone/collect/workload/intake
  connect tls/203.0.113.10:7443
  interface it0
}

endpoint lake {
  workload spiffe://iia.local/zone/lake/workload/lake_writer
  listen tls/10.77.4.2:7443
}

endpoint ota {
  workload spiffe://iia.local/zone/ota/workload/updater
  listen tls/10.77.5.2:7443
}

ruleset unknown-talkers {
  kind ids
  engine iia_attest
  observer spiffe://iia.local/zone/attest/workload/observer
  alerts attestation.network
  journal file
}

trust_root cloud-root {
  trust_domain cloud.example
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

service cell-mqtt {
  kind mqtt
  interface svc0
  network 10.50.0.0/24
  listen tls/10.50.0.1:8883
}

service cell-time {
  kind ntp
  interface svc0
  network 10.50.0.0/24
  listen tcp/10.50.0.1:4460
  listen udp/10.50.0.1:123
  nts on
}

unit broker {
  workload spiffe://iia.local/zone/broker/workload/broker
  program "/usr/lib/iia/broker"
  user 2001
}

unit ota {
  workload spiffe://iia.local/zone/ota/workload/updater
  program "/usr/lib/iia/ota"
  user 2002
}

unit scada {
  workload spiffe://iia.local/zone/scada/workload/scada
  program "/usr/lib/iia/scada"
  user 2003
}

contract iia.contract.boundary.cloud.evidence 1.0.0 {
  scope boundary
  publisher spiffe://iia.local/zone/publish/workload/edge_publisher
  consumer spiffe://cloud.example/zone/collect/workload/intake
  organization cloud-operations
  contact oncall://site/ops-manager
  operation ADD_CHECKPOINT
  operation ADD_ENTRIES
  operation PUBLISH_HEAD
  profile {
    kind telemetry
    protocol iia_link
    security mtls
    alpn "iia/1"
    trust_root cloud-root
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
    path internet
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

contract iia.contract.boundary.cloud.telemetry 2.0.0 {
  scope boundary
  publisher spiffe://iia.local/zone/publish/workload/edge_publisher
  consumer spiffe://cloud.example/zone/collect/workload/intake
  organization cloud-operations
  contact oncall://site/ops-manager
  operation PUBLISH_BATCH
  profile {
    kind telemetry
    protocol iia_link
    security mtls
    alpn "iia/1"
    trust_root cloud-root
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
    path internet
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

contract iia.contract.device.field_sensor 1.0.0 {
  scope device
  collector spiffe://iia.local/zone/scada/workload/scada
  protocol mqtt
  identity sensor1
  client 10.50.0.0/24
  server tls/10.50.0.1:8883
  observation {
    mode mqtt_subscription
    topic "plant/packout/line-1/#"
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
  operation PUBLISH_FINDING
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
  operation APPEND
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

contract iia.contract.internal.broker_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/broker/workload/broker
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

contract iia.contract.internal.ota_to_attest 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/ota/workload/updater
  destination spiffe://iia.local/zone/attest/workload/observer
  operation SUBMIT_OBSERVATION
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

contract iia.contract.internal.ota_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/ota/workload/updater
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

contract iia.contract.internal.publish_to_bus 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/publish/workload/edge_publisher
  destination spiffe://iia.local/zone/bus/workload/relay
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

contract iia.contract.internal.scada_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/scada/workload/scada
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

contract iia.contract.internal.scada_to_broker 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/scada/workload/scada
  destination spiffe://iia.local/zone/broker/workload/broker
  operation SUBSCRIBE
  cardinality one_to_one
  transport {
    protocol mqtt
    security mtls
    port tls/8883
  }
  failure {
    on_unreachable retry
    backoff_max 5s
  }
}

contract iia.contract.internal.scada_to_lake 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/scada/workload/scada
  destination spiffe://iia.local/zone/lake/workload/lake_writer
  operation APPEND
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

contract iia.contract.internal.ui_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/ui/workload/console
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

contract iia.contract.internal.ui_to_ota 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/ui/workload/console
  destination spiffe://iia.local/zone/ota/workload/updater
  operation SUBMIT_ARTIFACT
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

contract iia.contract.internal.watchdog_to_attest 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/watchdog/workload/wire_witness
  destination spiffe://iia.local/zone/attest/workload/observer
  operation SUBMIT_OBSERVATION
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

contract iia.contract.internal.watchdog_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/watchdog/workload/wire_witness
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

contract iia.contract.internal.watchdog_to_lake 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/watchdog/workload/wire_witness
  destination spiffe://iia.local/zone/lake/workload/lake_writer
  operation APPEND
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
