//! Rules of a contract by itself, and of contracts beside each other.

super::table! {
"C002" E "no transport is HTTP in whatever dress" why "HTTP at the boundary brings servers, proxies and parsers that nobody contracted." clause "L29, L94" good "    kind lake_batch
    protocol iia_link
" bad "    kind lake_batch
    protocol s3
";
"C003" E "TLS at the boundary names what is spoken inside" why "A TLS endpoint that takes any protocol takes HTTP." clause "L29" good "    alpn \"iia/1\"
" bad "    alpn \"h2\"
";
"C013" E "operations, hosts and ports are named one by one" why "A contract that says any is none." clause "L220" good "  operation WRITE_BATCH
" bad "  operation ANY
";
"C014" E "one contract owns what is seen" why "Every exchange belongs to one contract, so that somebody answers for it." clause "L35" good "contract iia.contract.device.press_a 1.0.0 {
" bad "contract iia.contract.device.press_a.again 1.0.0 {
  scope device
  collector spiffe://iia.local/zone/collect/workload/protocol_collector
  protocol modbus_tcp
  client 10.20.0.10
  server tcp/10.20.0.21:502
  unit 1
  read holding_register 10 29
}

contract iia.contract.device.press_a 1.0.0 {
";
"C021" W "Sparkplug stays at levels 2 and 3" why "Above them, consumers want records that they can ask for, not a session state." clause "L167" good "    kind lake_batch
" bad "    kind mqtt_sparkplug
";
"C022" E "telemetry and transactions have contracts of their own" why "One may be dropped, the other may not happen twice; one contract cannot promise both." clause "L180" good "  operation WRITE_BATCH
" bad "  operation COMMIT
  operation WRITE_BATCH
";
"C030" E "an id is iia.contract.<scope>.<purpose>, and unique" why "Whoever reads a record of it knows what kind of contract it was." clause "samples" good "contract iia.contract.internal.cfg_to_audit 1.0.0 {
" bad "contract iia.contract.boundary.cfg_to_audit 1.0.0 {
";
"C031" E "an entry has the keys of the table, and nothing else" why "A key that is not known would be a wish that nothing fulfils." clause "L488" good "  cardinality many_to_one
" bad "  cardinalty many_to_one
";
"C033" E "an internal contract has source, destination, operations, transport, cardinality and failure" why "Whatever is left out would be decided by accident. Device and inbound contracts have their own parts." clause "L215-L223" good "  operation WRITE_STREAM
  cardinality many_to_one
" bad "  operation WRITE_STREAM
";
"C034" E "as many ends as the contract says" why "A fan-out to one, or one end that is two, is a mistake in the contract or in the endpoints." clause "L222" good "  cardinality many_to_one
" bad "  cardinality broadcast
";
"C035" E "whoever tries again waits, and whoever fails open says so" why "Retries without bound are an outage of their own." clause "L223" good "    on_unreachable retry
    backoff_max 5s
" bad "    on_unreachable retry
";
"C036" E "between workloads there is mutual TLS, 1.3 at least" why "Inside the box nobody is believed without a certificate either." clause "L144, L635" good "    tls_min 1.3
" bad "    tls_min 1.2
";
"C044" E "the box's own identities live an hour at most" why "A stolen key is worth an hour." clause "L355" good "    publisher_ttl 1h
" bad "    publisher_ttl 1d
";
"C045" E "both sides say how often credentials change" why "A cadence that is not stated is never." clause "L242" good "    consumer_rotation 7d
" bad "";
"C048" E "a common name is unique and has 64 bytes at most" why "Targets that match common names must not mix two consumers up." clause "derived" good "    cn_alias mcp-bridge
" bad "    cn_alias bi-ingest
";
"C050" E "the box commits in eleven dimensions" why "A dimension that is left out is a dispute to come." clause "L234-L244" good "  ordering {
    sequence monotonic_per_service
    service_id uuid_v7
  }
" bad "";
"C051" E "the other side commits in eight dimensions" why "Contracts are bilateral: both sides are accountable, and both can be seen." clause "L249-L256" good "  upstream schema {
    accepts_loose on
  }
" bad "";
"C052" E "connectivity is told in numbers" why "An adjective cannot be breached." clause "L249" good "    path primary_fibre
" bad "    path reliable
";
"C054" E "records stay 30 days at least" why "A consumer that was away for 30 days finds everything." clause "L237" good "    on_box 30d
    aging oldest_first_after_acked
" bad "    on_box 7d
    aging oldest_first_after_acked
";
"C055" E "records are numbered for each service" why "Without numbers nobody sees a gap." clause "L238" good "    sequence monotonic_per_service
" bad "    sequence by_time
";
"C056" E "a transaction arrives, and counts once; telemetry waits for nobody" why "The two kinds of delivery cannot promise the same." clause "L239" good "    class telemetry
" bad "    class telemetry
    ack on
";
"C057" E "whoever was away gets what is still kept" why "A buffer that is shorter than the retention is a gap that could have been filled." clause "L240" good "    buffer 30d
" bad "    buffer 1d
";
"C058" E "a head a minute, and a consumer that looks at it" why "A chain that nobody checks proves nothing." clause "L243, L256, L393" good "    head_period 1m
" bad "    head_period 1h
";
"C059" E "fair use has limits, and the consumer can take them" why "A consumer that cannot take what the box may send fails by itself, and it is known who." clause "L244, L255" good "    sustained_rows 50000000/h
" bad "    sustained_rows 1000/h
";
"C060" E "somebody answers for each of ten events" why "At the time of an incident nobody negotiates." clause "L263-L272" good "  raci box_outage {
" bad "  raci box_outages {
";
"C061" E "one role a side is accountable, and somebody is responsible" why "Two who answer are none." clause "L260" good "    acs_responsible site-security-team
" bad "";
"C064" E "a threshold is a number of something that is measured" why "A breach is told by the box itself, from what it observes." clause "L289" good "    max 500ms
    window 1h
" bad "    max 500
    window 1h
";
"C065" E "something is exposed, and security and audit travel alone" why "Whoever reads process data need not see who was refused." clause "L234" good "    include health.*
    include process.*
" bad "    include health.*
    include process.*
    include security.alerts
";
"C066" E "freshness is told in durations, none finer than the box has" why "A word such as hourly does not say how old a record may be." clause "L236" good "    published 1h
" bad "    published hourly_aggregate
";
"C067" W "a question has limits" why "A question without end is an outage for everybody else." clause "L244" good "    timeout 30s
" bad "";
"C068" E "a contract can be fetched before its endpoint answers" why "Nobody can keep a contract that he could not read." clause "L295" good "  published 2026-10-01T00:00:00Z
" bad "  published 2026-11-15T00:00:00Z
";
"C070" E "a device's values have type, unit, rate and a range" why "What a device may say is declared, so that anything else is found." clause "L330" good "    low -40
    high 85
" bad "    low 85
    high -40
";
"C071" E "an IO check has a tolerance" why "Two readings are never the same; how far apart is still the same is agreed." clause "L477" good "    via io_master
    tolerance 0.5%
" bad "    via io_master
";
"C072" E "radio is never for control" why "Radio can be jammed by anybody who stands near." clause "L125, L673" good "  classification io_only_never_control
" bad "";
"C073" E "what is never for control stays so for whoever takes it" why "A classification that ends at the first consumer is none." clause "samples" good "    not_for_control on
    not_for_safety_interlock on
" bad "    not_for_safety_interlock on
";
"C074" E "silence is longer than the pace" why "An alarm that comes before anything is due is soon ignored." clause "L315" good "  silence 30m
" bad "  silence 1m
";
"C075" W "OPC UA is secured" why "A session that anybody can read or join is told in the report." clause "L35" good "    policy basic256sha256
" bad "    policy basic128rsa15
";
"C082" E "only what is signed is taken" why "Signatures count by distinct keys and distinct operators who may sign this class. The envelope and its threshold are checked before a byte is read as text; the contract must ask for it." clause "L484, L558" good "    signature_required on
" bad "    signature_required off
";
"C083" E "nothing is applied without leave" why "An approval names the artifact, the box and a window; expired or not yet open is refused. The contract must ask for it." clause "L554-L562" good "    required on
" bad "    required off
";
"C089" E "the box pulls, over mutual TLS, from the source of its images" why "The box calls; nobody calls the box. One root vouches for all that it runs." clause "L532, L562" good "    target tls/203.0.113.30:7449
    every 15m
" bad "    target config-repo
    every 15m
";
}
