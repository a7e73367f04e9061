iia-config 1

# A controller that is read by subscription from the services interface, with a second reading of its inputs.
contract iia.contract.device.plc_compressor_unit_3.opcua 1.0.0 {
  scope device
  classification control
  collector spiffe://iia.local/zone/collect/workload/opcua_subscriber
  protocol opcua
  client 10.31.4.40
  server tcp/10.31.4.42:4840
  device {
    kind plc
    vendor "to be filled in"
    model "to be filled in"
    serial "to be filled in"
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
  tag compressor_unit_3.motor_current {
    type float32
    unit amperes
    rate 100ms
  }
  tag compressor_unit_3.run_state {
    type enum
    rate 1s
    value faulted
    value running
    value starting
    value stopped
    value stopping
  }
  tag compressor_unit_3.suction_pressure {
    type float32
    unit psi
    rate 100ms
  }
  failure {
    on_unreachable log_and_alarm
    on_subscription_lost reconnect_with_backoff
    on_unknown_tag emit_contract_violation
    on_out_of_range emit_contract_violation
  }
  io_attestation {
    enabled on
    via io-master
    tolerance 0.5%
    on_divergence emit_attestation_io_event
  }
}
