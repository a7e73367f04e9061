iia-config 1

# Radio sensors: what they say informs people, and nothing else.
contract iia.contract.device.lorawan.field_env_sensors.zone_a 1.0.0 {
  scope device
  classification io_only_never_control
  collector spiffe://iia.local/zone/collect/workload/lorawan_subscriber
  protocol lorawan
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
  tag battery_pct {
    type int8
    unit percent
    low 0
    high 100
  }
  tag humidity_pct {
    type float32
    unit percent
    low 0
    high 100
  }
  tag temperature_c {
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
