iia-config 1

artifact site.milwaukee 1.0.0 {
  revision 1
  issued 2026-11-24T06:00:00Z
  target site
  trust_domain site.example
}

zone cfg {
  role ot.mgmt.cfg
  side management
  bridge iz-cfg
  subnet 127.91.42.0/24
  workload supervisor 127.91.42.2
}

zone collect {
  role ot.acs.collect
  side inbound
  bridge iz-collect
  subnet 127.91.11.0/24
  workload intake 127.91.11.2
}

zone engineering {
  role ot.mgmt.ui
  side management
  bridge iz-eng
  subnet 127.91.41.0/24
  workload laptop 127.91.41.3
  workload notebook 127.91.41.2
}

endpoint child_api {
  workload spiffe://iia.local/zone/api/workload/query_server
  connect tls/127.90.33.2:7443
}

endpoint intake {
  workload spiffe://site.example/zone/collect/workload/intake
  listen tls/127.91.11.2:7443
}

trust_root seg01-root {
  trust_domain iia.local
  use peer_svid
}

party enterprise-ciso {
  side upstream
  contact oncall://enterprise/ciso
}

party site-ops-manager {
  side acs
  contact oncall://site/ops-manager
}

party site-security-manager {
  side acs
  contact oncall://site/security-manager
}

contract iia.contract.boundary.engineering.query 1.0.0 {
  scope boundary
  publisher spiffe://iia.local/zone/api/workload/query_server
  consumer spiffe://site.example/zone/engineering/workload/notebook
  organization site-operations
  contact oncall://site/ops-manager
  operation QUERY
  profile {
    kind structured_query
    protocol iia_link
    security mtls
    trust_root seg01-root
  }
  inventory {
    include acs.*
    include contract.*
    exclude contract.auth
  }
  retention {
    on_box 30d
    aging oldest_first_after_acked
  }
  delivery {
    mode at_least_once
    dedupe sequence_per_service
    class telemetry
  }
  auth {
    publisher_ttl 1h
    consumer_rotation 1h
  }
  audit {
    consumer_validates on
    head_period 1m
  }
  quota {
    rows_max 100000
    queries 10/s
  }
  raci audit_chain_mismatch {
    acs_responsible site-security-team
    acs_accountable site-security-manager
    upstream_responsible enterprise-security-team
    upstream_accountable enterprise-ciso
  }
}

contract iia.contract.boundary.laptop.query 1.0.0 {
  scope boundary
  publisher spiffe://iia.local/zone/api/workload/query_server
  consumer spiffe://site.example/zone/engineering/workload/laptop
  organization site-operations
  contact oncall://site/ops-manager
  operation QUERY
  profile {
    kind structured_query
    protocol iia_link
    security mtls
    trust_root seg01-root
  }
  inventory {
    include acs.*
    include contract.*
    exclude contract.auth
  }
  retention {
    on_box 30d
    aging oldest_first_after_acked
  }
  delivery {
    mode at_least_once
    dedupe sequence_per_service
    class telemetry
  }
  auth {
    publisher_ttl 1h
    consumer_rotation 1h
  }
  audit {
    consumer_validates on
    head_period 1m
  }
  quota {
    rows_max 100000
    queries 10/s
  }
  raci audit_chain_mismatch {
    acs_responsible site-security-team
    acs_accountable site-security-manager
    upstream_responsible enterprise-security-team
    upstream_accountable enterprise-ciso
  }
}

contract iia.contract.boundary.site.telemetry 1.0.0 {
  scope boundary
  publisher spiffe://iia.local/zone/publish/workload/edge_publisher
  consumer spiffe://site.example/zone/collect/workload/intake
  organization site-operations
  contact oncall://site/ops-manager
  operation ADD_CHECKPOINT
  operation PUBLISH_BATCH
  profile {
    kind telemetry
    protocol iia_link
    security mtls
    trust_root seg01-root
  }
  inventory {
    include acs.*
    include attestation.*
    include contract.*
  }
  retention {
    on_box 30d
    aging oldest_first_after_acked
  }
  delivery {
    mode at_least_once
    dedupe sequence_per_service
    class telemetry
  }
  auth {
    publisher_ttl 1h
    consumer_rotation 1h
  }
  audit {
    consumer_validates on
    head_period 1m
  }
  raci audit_chain_mismatch {
    acs_responsible site-security-team
    acs_accountable site-security-manager
    upstream_responsible enterprise-security-team
    upstream_accountable enterprise-ciso
  }
}

contract iia.contract.internal.cfg_to_intake 1.0.0 {
  scope internal
  source spiffe://site.example/zone/cfg/workload/supervisor
  destination spiffe://site.example/zone/collect/workload/intake
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
