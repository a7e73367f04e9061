iia-config 1

# The box fetches its own configuration, every quarter of an hour and whenever the connection comes back.
contract iia.contract.inbound.configuration_pull 1.0.0 {
  scope inbound
  puller spiffe://iia.local/zone/cfg/workload/config_puller
  pull {
    target tls/203.0.113.30:7449
    every 15m
    on_restore on
    security mtls
    trust_root enterprise-config-trust-root-v3
  }
  artifact {
    signature_required on
    key enterprise-config-key-v3
    key enterprise-config-key-v4
    grammar icl
    grammar_version 1
    max_size 256KiB
  }
  approval {
    required on
    target tls/203.0.113.30:7449
    grammar icl
    key enterprise-approver-key-a
    key enterprise-approver-key-b
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
