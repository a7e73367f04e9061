iia-config 1

# One box of a packing line, with everything that the language can say. The tests break it line by line.
artifact seg01.packout.milwaukee 1.4.0 {
  revision 7
  previous b3:6f1ed002ab5595859014ebf0951522d9af8d0d3b0f1b7c1a3a9d0f7e4d1c2b3a
  issued 2026-11-24T06:00:00Z
  target seg01
  fleet packout
  trust_domain iia.local
}

policy box {
  strict off
  sl_target 3
  topology single_box
  document_max 1MiB
  image_trust_root enterprise-artifacts
}

interface acs0 {
  kind observation
  side inbound
  capture spiffe://iia.local/zone/collect/workload/protocol_collector
}

interface cell0 {
  kind services
  side inbound
  network 10.20.0.0/24
  routed off
}

interface io0 {
  kind observation
  side inbound
  capture spiffe://iia.local/zone/io/workload/io_master
}

interface it0 {
  kind it
  side outbound
}

interface mgmt0 {
  kind management
  side management
  network 192.0.2.0/28
  routed off
}

zone api {
  role ot.it.api
  side outbound
  bridge iz-api
  subnet 10.90.1.0/24
  workload query_server 10.90.1.2
  image query_server sha256:e20368e308970b6829b3f346aeefebb9198de07a4d9ec5d16f0c079626edf9a0
}

zone attest {
  role ot.dmz.attest
  side dmz
  bridge iz-attest
  subnet 10.90.2.0/24
  workload observer 10.90.2.2
  image observer sha256:e41f1d834710df8c7bc2befedb7b92339973a92288d8581b3696604c0d04c5f7
}

zone audit {
  role ot.dmz.audit
  side dmz
  bridge iz-audit
  subnet 10.90.3.0/24
  workload chain 10.90.3.2
  image chain sha256:9414886b1ebf025db067a4cbd13a0903fbd9733a5372bba1b58bd72c1699b798
}

zone bus {
  role ot.dmz.bus
  side dmz
  bridge iz-bus
  subnet 10.90.4.0/24
  workload relay 10.90.4.2
  image relay sha256:682fbae20f3428bcec4c117c57bea18d438c4758d972909b41dbe22884e0d6b8
}

zone cfg {
  role ot.mgmt.cfg
  side management
  bridge iz-cfg
  subnet 10.90.5.0/24
  workload config_puller 10.90.5.2
  image config_puller sha256:3cb1eb472d086d129dd488229b3f22b8b70d3c842114a9ae8cb28392b2bd6c0f
}

zone collect {
  role ot.acs.collect
  side inbound
  bridge iz-collect
  subnet 10.90.6.0/24
  workload lorawan_subscriber 10.90.6.2
  workload opcua_subscriber 10.90.6.3
  workload protocol_collector 10.90.6.4
  image lorawan_subscriber sha256:7116399a3697bce4774eb3b9478f5d86dc5b8b4698ad0b2d56134fbc7ba322da
  image opcua_subscriber sha256:f0a474ce99c1caaed5eadb14ca3c377c0ddfa5787d98d5827d444a071fd264c5
  image protocol_collector sha256:e167e5b9e9efb0882ac19f29c488a64b20cbecae1e9f87e57063747eaebb2756
}

zone io {
  role ot.acs.io_master
  side inbound
  bridge iz-io
  subnet 10.90.7.0/24
  workload io_master 10.90.7.2
  image io_master sha256:1a34fd72372e8a2b645c07683412752ce0d1c0ebe5730f0881cb10717f0b557e
}

zone lake {
  role ot.acs.lake
  side inbound
  bridge iz-lake
  subnet 10.90.8.0/24
  durable on
  retention 30d
  workload lake_writer 10.90.8.2
  image lake_writer sha256:46465b860ad8517f2fb7ca9d053217eb09bce0a3bee221c813b75ee622056b46
}

zone netservices {
  role ot.acs.netservices
  side inbound
  sl_target 2
  bridge iz-netservices
  subnet 10.90.9.0/24
  workload resolver 10.90.9.2
  image resolver sha256:439c3635079b57a69aff22860369462fb9330c300fa4dbc70426f087192e369d
}

zone publish {
  role ot.it.publish
  side outbound
  bridge iz-publish
  subnet 10.90.10.0/24
  workload edge_publisher 10.90.10.2
  image edge_publisher sha256:ea7d76eccb2bf18c49322e15c476c166f66c7e7476eb0885910b5cadd46d3a96
}

zone tunnel {
  role ot.it.tunnel
  side outbound
  bridge iz-tunnel
  subnet 10.90.11.0/24
  workload agent 10.90.11.2
  image agent sha256:d4f0bc5a29de06b510f9aa428f1eedba926012b591fef7a518e776a7c9bd1824
}

zone ui {
  role ot.mgmt.ui
  side management
  bridge iz-ui
  subnet 10.90.12.0/24
  workload console 10.90.12.2
  image console sha256:93d8874c8c86f0fc893dbe15c765ffa0fcd342f798dbf669e08f8cbe095d230c
}

zone witness {
  role ot.acs.witness
  side inbound
  bridge iz-witness
  subnet 10.90.13.0/24
  workload ids 10.90.13.2
  image ids sha256:23466067f626bf8a3ae1a39cdf81f31303220b331b5064c6e00662dcc34deaaf
}

conduit collect_to_lake {
  from collect
  to lake
  contract iia.contract.internal.collect_to_lake
}

conduit publish_to_bus {
  from publish
  to bus
  contract iia.contract.internal.publish_to_bus
}

endpoint api {
  workload spiffe://iia.local/zone/api/workload/query_server
  listen tls/198.51.100.4:7447
  interface it0
}

endpoint attest {
  workload spiffe://iia.local/zone/attest/workload/observer
  listen tls/10.90.2.2:7443
}

endpoint audit {
  workload spiffe://iia.local/zone/audit/workload/chain
  listen tls/10.90.3.2:7443
}

endpoint bus {
  workload spiffe://iia.local/zone/bus/workload/relay
  listen tls/10.90.4.2:7443
}

endpoint lake {
  workload spiffe://iia.local/zone/lake/workload/lake_writer
  listen tls/10.90.8.2:7443
}

endpoint local_ui {
  workload spiffe://iia.local/zone/ui/workload/console
  listen tls/192.0.2.2:443
  interface mgmt0
  protocol https
  allow 192.0.2.8/29
}

endpoint resolver {
  workload spiffe://iia.local/zone/netservices/workload/resolver
  listen udp/10.20.0.1:53
  interface cell0
  protocol dns
  allow 10.20.0.0/24
}

endpoint tunnel {
  workload spiffe://iia.local/zone/tunnel/workload/agent
  connect tls/203.0.113.20:7448
  interface it0
}

consumer bi_ingest {
  identity spiffe://enterprise.example/iia/consumer/bi_ingest
  organization enterprise-bi
  contact oncall://enterprise-bi/ingest
  trust_root enterprise-consumers
}

profile bi_ingest {
  contract iia.contract.boundary.bi_lake.batch
  consumer bi_ingest
  endpoint tls/203.0.113.10:7447
  shadow off
}

idp site {
  issuer site-idp
  key ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
  audience seg01-ui
}

credential tunnel {
  store tpm
  reference tunnel-psk-2026
  workload spiffe://iia.local/zone/tunnel/workload/agent
  rotation 30d
}

ruleset witness_ids {
  kind ids
  engine suricata
  observer spiffe://iia.local/zone/witness/workload/ids
  alerts security.ids.*
  digest sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
}

io_tolerance io_master {
  observer spiffe://iia.local/zone/io/workload/io_master
  tolerance 0.5%
  skew 50ms
  key ed25519:PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=
}

trust_root enterprise-artifacts {
  trust_domain artifacts.example
  use artifact_source
  expires 2029-01-01T00:00:00Z
}

trust_root enterprise-consumers {
  trust_domain enterprise.example
  certificate sha256:fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9
  use consumer_svid
  expires 2028-01-01T00:00:00Z
}

key approver_a {
  operator ada
  public ed25519:/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU=
  class approval
}

key approver_b {
  operator bert
  public ed25519:BhUUmKJNk9SNhAjWvDt3+h2nVLJ5nFHhMTK8OzNv8L4=
  class approval
}

key author {
  operator cleo
  public ed25519:eBRr+qVPmH48yrmN5aGEuVz4QGDVdQ7uUQ/T4pOPd5M=
  class config
}

approval_rule approval {
  class approval
  threshold 2
  two_person on
}

party enterprise-bi-director {
  side upstream
  contact pagerduty://enterprise-bi-director/p1
}

party enterprise-bi-oncall {
  side upstream
  contact pagerduty://enterprise-bi/p2
}

party enterprise-cio {
  side upstream
  contact https://enterprise.example/cio
}

party enterprise-ciso {
  side upstream
  contact mailto://ciso@enterprise.example
}

party site-ops-manager {
  side acs
  contact oncall://site/ops-manager
}

party site-security-manager {
  side acs
  contact tel://site/security-manager
}

contract iia.contract.boundary.bi_lake.batch 2.0.0 {
  scope boundary
  publisher spiffe://iia.local/zone/publish/workload/edge_publisher
  consumer spiffe://enterprise.example/iia/consumer/bi_ingest
  organization enterprise-bi
  contact oncall://enterprise-bi/ingest
  operation PUBLISH_BATCH
  published 2026-10-01T00:00:00Z
  enabled 2026-11-01T00:00:00Z
  profile {
    kind lake_batch
    protocol iia_link
    security mtls
    alpn "iia/1"
    endpoint tls/203.0.113.10:7447
    trust_root enterprise-consumers
    schedule hourly_aligned
    table_format iceberg
    consumer_level 4
  }
  inventory {
    include health.*
    include process.*
    exclude audit.*
    exclude process.recipe
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
    issuer enterprise-consumers
    cn_alias bi-ingest
  }
  audit {
    failures on
    consumer_validates on
    head_period 1m
  }
  quota {
    rows 50000000/h
    payload_max 256MiB
  }
  use {
    not_for_control on
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
  sla ack_latency {
    metric delivery.ack_latency_p99
    max 500ms
    window 1h
    breach ot.contract.sla_breach
  }
}

contract iia.contract.boundary.mcp_server.i3x_query 1.0.0 {
  scope boundary
  publisher spiffe://iia.local/zone/api/workload/query_server
  consumer spiffe://enterprise.example/iia/consumer/mcp_bridge
  organization enterprise-bi
  contact oncall://enterprise-bi/ingest
  operation QUERY
  profile {
    kind structured_query
    standard cesmii_i3x
    standard_version v1
    protocol iia_link
    security mtls
    alpn "iia/1"
    trust_root enterprise-consumers
  }
  inventory {
    include process.*
    exclude process.recipe
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
    cn_alias mcp-bridge
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

contract iia.contract.device.lorawan.field_env_sensors.zone_a 1.0.0 {
  scope device
  classification io_only_never_control
  collector spiffe://iia.local/zone/collect/workload/lorawan_subscriber
  protocol lorawan
  stream health.field_env
  cadence 5m
  silence 30m
  expected 24
  gateway {
    kind lorawan_gateway
    network_server lns://lorawan-ns.local:8080
    application field-env-zone-a
    sensor temperature_humidity
  }
  observation {
    mode mqtt_subscription
    topic "application/field-env-zone-a/+/up"
    qos 1
  }
  tag battery {
    type int8
    unit percent
    low 0
    high 100
  }
  tag temperature {
    type float32
    unit celsius
    low -40
    high 85
  }
  failure {
    on_out_of_range emit_contract_violation
    on_silence emit_health_event
    on_unknown_device emit_contract_violation
  }
  retention {
    on_box 30d
  }
  use {
    not_for_control on
    not_for_safety_interlock on
    advisory_only on
  }
}

contract iia.contract.device.peer_delay 1.0.0 {
  scope device
  collector spiffe://iia.local/zone/collect/workload/protocol_collector
  protocol other
  sender "00:1b:1b:4a:00:21"
  receiver "01:80:c2:00:00:0e"
  ethertype "0x88f7"
  cadence 1s
  silence 10s
}

contract iia.contract.device.plc_compressor_unit_3.opcua 1.0.0 {
  scope device
  collector spiffe://iia.local/zone/collect/workload/opcua_subscriber
  protocol opcua
  client 10.31.4.40
  server tcp/10.31.4.42:4840
  stream process.compressor_unit_3
  device {
    kind plc
    location "site/plant_a/area_3/compressor_unit_3"
  }
  observation {
    mode subscription
    sample 100ms
    queue_depth 100
  }
  session {
    mode sign_and_encrypt
    policy basic256sha256
    user_auth x509_client_cert
  }
  tag compressor_unit_3.discharge_pressure {
    type float32
    unit psi
    rate 100ms
  }
  tag compressor_unit_3.run_state {
    type enum
    rate 1s
    value running
    value stopped
  }
  io_attestation {
    enabled on
    via io_master
    tolerance 0.5%
    on_divergence emit_attestation_io_event
  }
}

contract iia.contract.device.press_a 1.0.0 {
  scope device
  collector spiffe://iia.local/zone/collect/workload/protocol_collector
  protocol modbus_tcp
  client 10.20.0.10
  server tcp/10.20.0.21:502
  unit 1
  read holding_register 0 19
  write holding_register 100 101
  silence 10s
}

contract iia.contract.device.profinet_cell_2 1.0.0 {
  scope device
  collector spiffe://iia.local/zone/collect/workload/protocol_collector
  protocol profinet_rt
  sender "00:1b:1b:4a:00:21"
  receiver "00:1b:1b:4a:00:22"
  vlan 100
  cadence 32ms
  silence 1s
}

contract iia.contract.inbound.configuration_pull 1.0.0 {
  scope inbound
  puller spiffe://iia.local/zone/cfg/workload/config_puller
  pull {
    target tls/203.0.113.30:7449
    every 15m
    on_restore on
    security mtls
    trust_root enterprise-artifacts
  }
  artifact {
    signature_required on
    key author
    grammar icl
    grammar_version 1
    max_size 256KiB
  }
  approval {
    required on
    target tls/203.0.113.30:7449
    grammar icl
    key approver_a
    key approver_b
    two_person on
    max_age 1d
  }
  failure {
    on_signature_invalid reject_and_alarm
    on_parse_failure reject_and_alarm
    on_validation_failure reject_and_stage_for_review
    on_apply_failure rollback_and_alarm
  }
  attestation {
    check_period 5m
    on_divergence emit_attestation_config_event
  }
}

contract iia.contract.internal.api_to_bus 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/api/workload/query_server
  destination spiffe://iia.local/zone/bus/workload/relay
  operation QUERY
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    tls_min 1.3
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
    tls_min 1.3
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
    tls_min 1.3
    port tls/7443
  }
  failure {
    on_unreachable retry
    backoff_max 5s
  }
}

contract iia.contract.internal.cfg_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/cfg/workload/config_puller
  destination spiffe://iia.local/zone/audit/workload/chain
  operation SUBMIT_EVENT
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    tls_min 1.3
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
  operation WRITE_STREAM
  cardinality many_to_one
  transport {
    protocol iia_link
    security mtls
    tls_min 1.3
    port tls/7443
  }
  failure {
    on_unreachable buffer_local
    buffer_records 100000
    buffer_age 30d
    on_buffer_full drop_oldest_with_alarm
  }
  payload {
    schema modbus_record
    schema opcua_record
    max_size 64KiB
    rate 50000/s
  }
  audit {
    attempts off
    failures on
    buffer_events on
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
    tls_min 1.3
    port tls/7443
  }
  failure {
    on_unreachable retry
    backoff_max 5s
  }
}

contract iia.contract.internal.io_to_attest 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/io/workload/io_master
  destination spiffe://iia.local/zone/attest/workload/observer
  operation REPORT_READING
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    tls_min 1.3
    port tls/7443
  }
  failure {
    on_unreachable retry
    backoff_max 5s
  }
}

contract iia.contract.internal.lorawan_to_lake 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/collect/workload/lorawan_subscriber
  destination spiffe://iia.local/zone/lake/workload/lake_writer
  operation WRITE_STREAM
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    tls_min 1.3
    port tls/7443
  }
  failure {
    on_unreachable retry
    backoff_max 5s
  }
}

contract iia.contract.internal.opcua_to_lake 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/collect/workload/opcua_subscriber
  destination spiffe://iia.local/zone/lake/workload/lake_writer
  operation WRITE_STREAM
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    tls_min 1.3
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
    tls_min 1.3
    port tls/7443
  }
  failure {
    on_unreachable retry
    backoff_max 5s
  }
}

contract iia.contract.internal.resolver_to_bus 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/netservices/workload/resolver
  destination spiffe://iia.local/zone/bus/workload/relay
  operation REPORT_READING
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    tls_min 1.3
    port tls/7443
  }
  failure {
    on_unreachable retry
    backoff_max 5s
  }
}

contract iia.contract.internal.tunnel_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/tunnel/workload/agent
  destination spiffe://iia.local/zone/audit/workload/chain
  operation SUBMIT_EVENT
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    tls_min 1.3
    port tls/7443
  }
  failure {
    on_unreachable fail_closed
  }
}

contract iia.contract.internal.witness_to_attest 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/witness/workload/ids
  destination spiffe://iia.local/zone/attest/workload/observer
  operation REPORT_FINDING
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    tls_min 1.3
    port tls/7443
  }
  failure {
    on_unreachable retry
    backoff_max 5s
  }
}
