iia-config 1

contract iia.contract.device.old_press 1.0.0 {
  scope device
  collector spiffe://iia.local/zone/cell/workload/old_press
  protocol modbus_tcp
  client 10.61.0.1
  server tcp/10.61.0.9:502
  unit 1
  read holding_register 0 19
  write holding_register 10 11
  silence 10s
}

contract iia.contract.internal.scada_to_old_press 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/control/workload/scada
  destination spiffe://iia.local/zone/cell/workload/old_press
  operation EXCHANGE
  cardinality one_to_one
  transport {
    protocol iia_link
    security mtls
    port tls/7443
  }
  failure {
    on_unreachable fail_closed
  }
}
