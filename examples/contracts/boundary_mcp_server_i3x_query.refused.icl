iia-config 1

# refused: C045 C050 C051 C053 C060 C061
# As it is often written: what the consumer gets is there, what both sides owe is not.
contract iia.contract.boundary.mcp_server.i3x_query 1.0.0 {
  scope boundary
  publisher spiffe://iia.local/zone/api/workload/i3x_query_server
  consumer spiffe://enterprise.example/iia/consumer/mcp_bridge
  consumer_role mcp_server
  organization enterprise-ai
  contact oncall://enterprise-ai/mcp-bridge
  operation QUERY
  profile {
    kind structured_query
    standard cesmii_i3x
    standard_version v1
    protocol iia_link
    security mtls
    alpn "iia/1"
    trust_root enterprise-trust-root-v3
  }
  inventory {
    include health.*
    include process.*
    exclude audit.*
    exclude contract.*
    exclude security.*
  }
  freshness {
    native_resolution 100ms
    query_latency_p99_max 500ms
  }
  delivery {
    mode query_response
    consistency eventual_with_watermark
    class telemetry
  }
  auth {
    consumer_rotation 7d
  }
  quota {
    rows_max 100000
    queries 50/s
    timeout 30s
    complexity_max 100
  }
  use {
    not_for_control on
    attribute_to_box on
    relay_to_agents on
    log_queries on
  }
  upstream ack {
    window_max 5s
  }
  upstream incident {
    on_call oncall://enterprise-ai/mcp-bridge
    response_max 8h
  }
  upstream query {
    query_response_max 5s
  }
  raci ai_agent_misuse {
    acs_responsible site-security-team
    acs_accountable site-security-manager
    upstream_responsible enterprise-ai-trust-and-safety
    upstream_accountable enterprise-ciso
    consulted legal
    consulted regulator-liaison
    informed audit-team
  }
  raci query_failure {
    acs_responsible site-data-engineering
    acs_accountable site-ops-manager
    upstream_responsible enterprise-ai-engineering
    upstream_accountable enterprise-data-director
    informed audit-team
  }
  raci rate_limit_exceeded {
    acs_accountable site-ops-manager
    upstream_responsible enterprise-network-team
    upstream_accountable enterprise-cio
    informed audit-team
  }
}
