iia-config 1

# refused: C004 C089
# Over HTTPS, and in a language that can compute.
contract iia.contract.inbound.configuration_pull 1.0.0 {
  scope inbound
  puller spiffe://iia.local/zone/cfg/workload/config_puller
  pull {
    target https://config-repo.enterprise.example/iia-fleet/box.cue.signed
    every 15m
    on_restore on
    security mtls
    trust_root enterprise-config-trust-root-v3
  }
  artifact {
    signature_required on
    key enterprise-config-key-v3
    key enterprise-config-key-v4
    grammar cue
    grammar_version 0.9
    max_size 256KiB
  }
  approval {
    required on
    target https://config-repo.enterprise.example/iia-fleet/approvals/
    grammar cue
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
