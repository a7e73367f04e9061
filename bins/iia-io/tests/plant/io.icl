interface tap0 {
  kind observation
  side inbound
  capture spiffe://iia.local/zone/io/workload/io_master
}

zone io {
  role ot.acs.io_master
  side inbound
  bridge iz-io
  subnet 10.90.7.0/24
  workload io_master 10.90.7.2
}

io_tolerance io_master {
  observer spiffe://iia.local/zone/io/workload/io_master
  tolerance 0.5%
  skew 500ms
  key KEY
}

contract iia.contract.device.press 1.0.0 {
  scope device
  collector spiffe://iia.local/zone/collect/workload/protocol_collector
  protocol modbus_tcp
  client 10.9.0.1
  server tcp/10.9.0.2:502
  unit 1
  read holding_register 0 2
  write holding_register 10 10
  tag flow {
    type uint16
    unit psi
    rate 1s
    table holding_register
    address 1
    low 0
    high 3000
  }
  tag level {
    type uint16
    unit psi
    rate 1s
    table holding_register
    address 2
    low 0
    high 3000
  }
  tag pressure {
    type uint16
    unit psi
    rate 1s
    table holding_register
    address 0
    low 0
    high 3000
  }
  tag set_point {
    type uint16
    unit psi
    rate 1s
    table holding_register
    address 10
    low 0
    high 3000
  }
  io_attestation {
    enabled on
    via io_master
    tolerance 0.5%
    on_divergence emit_attestation_io_event
  }
}

contract iia.contract.internal.io_master_to_audit 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/io/workload/io_master
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
