iia-config 1

contract iia.contract.device.press 1.0.0 {
  scope device
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
    via io-master
    tolerance 0.5%
    on_divergence emit_attestation_io_event
  }
}
