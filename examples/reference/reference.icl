iia-config 1

artifact reference.box 1.0.0 {
  revision 1
  issued 2026-11-29T06:00:00Z
  target reference
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

zone api {
  role ot.it.api
  side outbound
  bridge iz-api
  subnet 10.77.0.0/24
  workload query_server 10.77.0.2
}

zone attest {
  role ot.dmz.attest
  side dmz
  bridge iz-attest
  subnet 10.77.1.0/24
  workload observer 10.77.1.2
}

zone audit {
  role ot.dmz.audit
  side dmz
  bridge iz-audit
  subnet 10.77.2.0/24
  workload chain 10.77.2.2
}

zone bus {
  role ot.dmz.bus
  side dmz
  bridge iz-bus
  subnet 10.77.3.0/24
  workload relay 10.77.3.2
}

zone cfg {
  role ot.mgmt.cfg
  side management
  bridge iz-cfg
  subnet 10.77.4.0/24
  workload supervisor 10.77.4.2
}

zone collect {
  role ot.acs.collect
  side inbound
  bridge iz-collect
  subnet 10.77.5.0/24
  workload protocol_collector 10.77.5.2
}

zone io-master {
  role ot.acs.io_master
  side inbound
  bridge iz-io-master
  subnet 10.77.6.0/24
  workload io_master 10.77.6.2
}

zone lake {
  role ot.acs.lake
  side inbound
  bridge iz-lake
  subnet 10.77.7.0/24
  workload lake_writer 10.77.7.2
}

zone netservices {
  role ot.acs.netservices
  side inbound
  bridge iz-netservices
  subnet 10.77.8.0/24
  workload cell_services 10.77.8.2
}

zone publish {
  role ot.it.publish
  side outbound
  bridge iz-publish
  subnet 10.77.9.0/24
  workload edge_publisher 10.77.9.2
}

zone tunnel {
  role ot.it.tunnel
  side outbound
  bridge iz-tunnel
  subnet 10.77.10.0/24
  workload dialler 10.77.10.2
}

zone ui {
  role ot.mgmt.ui
  side management
  bridge iz-ui
  subnet 10.77.11.0/24
  workload console 10.77.11.2
}

zone witness {
  role ot.acs.witness
  side inbound
  bridge iz-witness
  subnet 10.77.12.0/24
  workload wire_witness 10.77.12.2
}

endpoint attest {
  workload spiffe://iia.local/zone/attest/workload/observer
  listen tls/10.77.1.2:7443
}

endpoint audit {
  workload spiffe://iia.local/zone/audit/workload/chain
  listen tls/10.77.2.2:7443
}

endpoint bus {
  workload spiffe://iia.local/zone/bus/workload/relay
  listen tls/10.77.3.2:7443
}

endpoint cfg {
  workload spiffe://iia.local/zone/cfg/workload/supervisor
  listen tls/10.77.4.2:7443
}

endpoint lake {
  workload spiffe://iia.local/zone/lake/workload/lake_writer
  listen tls/10.77.7.2:7443
}

ruleset unknown-talkers {
  kind ids
  engine iia_attest
  observer spiffe://iia.local/zone/attest/workload/observer
  alerts attestation.network
  journal file
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

contract iia.contract.internal.api_to_bus 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/api/workload/query_server
  destination spiffe://iia.local/zone/bus/workload/relay
  operation QUERY
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
  operation APPEND
  operation QUERY
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

contract iia.contract.internal.cfg_to_attest 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/cfg/workload/supervisor
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

contract iia.contract.internal.io_master_to_attest 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/io-master/workload/io_master
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

contract iia.contract.internal.io_master_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/io-master/workload/io_master
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

contract iia.contract.internal.netservices_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/netservices/workload/cell_services
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

contract iia.contract.internal.netservices_to_lake 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/netservices/workload/cell_services
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

contract iia.contract.internal.tunnel_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/tunnel/workload/dialler
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

contract iia.contract.internal.ui_to_bus 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/ui/workload/console
  destination spiffe://iia.local/zone/bus/workload/relay
  operation QUERY
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

contract iia.contract.internal.ui_to_cfg 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/ui/workload/console
  destination spiffe://iia.local/zone/cfg/workload/supervisor
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

contract iia.contract.internal.witness_to_attest 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/witness/workload/wire_witness
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

contract iia.contract.internal.witness_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/witness/workload/wire_witness
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

contract iia.contract.internal.witness_to_lake 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/witness/workload/wire_witness
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
