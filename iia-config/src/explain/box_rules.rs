//! Rules of a box: zones, interfaces, conduits, identities, trust.

super::table! {
"C001" E "nothing joins the inbound and the outbound side directly" why "Everything between zones crosses the internal DMZ, in both directions; no waiver and no siphon changes that." clause "L32, L148" good "  source spiffe://iia.local/zone/api/workload/query_server
  destination spiffe://iia.local/zone/bus/workload/relay
" bad "  source spiffe://iia.local/zone/api/workload/query_server
  destination spiffe://iia.local/zone/lake/workload/lake_writer
";
"C004" E "no http, https or s3 address" why "The box speaks no HTTP at its boundary. Contacts are for people and may be web pages." clause "L29" good "    network_server lns://lorawan-ns.local:8080
" bad "    network_server https://lorawan-ns.local:8080
";
"C005" E "nothing listens on an observation interface" why "The control network is only listened to; a listener could be spoken to." clause "L31, L92" good "  listen udp/10.20.0.1:53
  interface cell0
  protocol dns
  allow 10.20.0.0/24
}
" bad "  listen udp/10.20.0.1:53
  interface cell0
  protocol dns
  allow 10.20.0.0/24
}

endpoint tapped {
  workload spiffe://iia.local/zone/collect/workload/protocol_collector
  listen tls/10.20.0.2:7443
  interface acs0
}
";
"C006" E "nothing is sent through an observation interface" why "The control network is only listened to." clause "L31" good "  connect tls/203.0.113.20:7448
  interface it0
" bad "  connect tls/203.0.113.20:7448
  interface acs0
";
"C007" E "services of a cell stay in the cell" why "Name, time and address services answer their own cell only and are never routed." clause "L31, L93" good "  protocol dns
  allow 10.20.0.0/24
" bad "  protocol dns
  allow 10.0.0.0/8
";
"C008" E "a tunnel is dialled out" why "A tunnel that listens is a door into the box." clause "L135, L426" good "  connect tls/203.0.113.20:7448
" bad "  listen tls/203.0.113.20:7448
";
"C009" E "the local UI is local" why "It is reached from named addresses on the management interface, and never routed." clause "L95, L431" good "  protocol https
  allow 192.0.2.8/29
" bad "  protocol https
";
"C010" E "no console on the network" why "The console is a serial line bound to the TPM; a network login would be a way around every contract." clause "L439" good "  listen udp/10.20.0.1:53
  interface cell0
  protocol dns
" bad "  listen tcp/10.20.0.1:22
  interface cell0
  protocol ssh
";
"C011" E "a conduit carries contracts between its own zones" why "A conduit without contract is a hole." clause "L35, L190" good "  from collect
  to lake
  contract iia.contract.internal.collect_to_lake
" bad "  from collect
  to lake
";
"C012" W "a contract is carried out by something" why "A contract that nothing observes or carries is a promise that nobody keeps." clause "L35" good "  collector spiffe://iia.local/zone/collect/workload/protocol_collector
  protocol modbus_tcp
" bad "  protocol modbus_tcp
";
"C015" E "a zone has a known role, which lies on its side" why "The role decides what a zone may touch." clause "L124-L137" good "  role ot.dmz.bus
  side dmz
" bad "  role ot.dmz.bus
  side inbound
";
"C016" E "bridges, networks and addresses are apart" why "Two zones on one bridge are one zone. The kernel takes interface names of 15 bytes." clause "L142" good "  bridge iz-bus
  subnet 10.90.4.0/24
" bad "  bridge iz-audit
  subnet 10.90.4.0/24
";
"C017" E "audit, attestation and a detection engine with alerts exist" why "Prevention is assumed to leak, so somebody watches." clause "L36, L322" good "  observer spiffe://iia.local/zone/witness/workload/ids
  alerts security.ids.*
" bad "  observer spiffe://iia.local/zone/witness/workload/ids
";
"C018" E "an IO master sees with its own eyes and signs with its own key" why "Whoever checks a reading must not share the wire, the identity or the key of what it checks." clause "L328, L334" good "  capture spiffe://iia.local/zone/io/workload/io_master
" bad "  capture spiffe://iia.local/zone/collect/workload/protocol_collector
  capture spiffe://iia.local/zone/io/workload/io_master
";
"C019" E "the inner half of a level 4 pair has no way back" why "Behind a diode nothing answers: no tunnel, no UI, no listener, no transport that waits." clause "L651" good "  sl_target 3
  topology single_box
" bad "  sl_target 4
  topology two_box_diode
  half acs
";
"C020" E "of levels 1 to 4, the fourth is claimed with a diode only" why "Software alone does not stop an attacker with means." clause "L71" good "  sl_target 3
" bad "  sl_target 4
";
"C023" E "the lake is the only zone that keeps records" why "What is kept in one place can be aged, proven and lost in one place. The bus may drop." clause "L152, L154" good "  bridge iz-bus
  subnet 10.90.4.0/24
" bad "  bridge iz-bus
  subnet 10.90.4.0/24
  retention 1d
";
"C024" E "nothing opens what is closed" why "The default is to drop; a key that accepts everything does not exist." clause "L143" good "  strict off
" bad "  strict off
  allow_all on
";
"C025" E "listeners are those that contracts ask for" why "A listener that no contract asks for is attack surface; one that is missing is an outage." clause "L30" good "endpoint attest {
" bad "endpoint collect {
  workload spiffe://iia.local/zone/collect/workload/protocol_collector
}

endpoint attest {
";
"C032" E "what is named exists" why "A name that leads nowhere is a rule that holds nowhere." clause "L488" good "  contract iia.contract.internal.publish_to_bus
" bad "  contract iia.contract.internal.publish_to_buss
";
"C037" E "what runs is named by digest" why "A tag can be moved to other bytes after it was signed." clause "L365" good "  image relay sha256:" bad "  image relay latest
  image relay sha256:";
"C040" E "a SPIFFE ID keeps every rule of its standard" why "Two readings of one identity are two identities." clause "L355" good "  source spiffe://iia.local/zone/publish/workload/edge_publisher
" bad "  source spiffe://iia.local/zone/publish/../workload/edge_publisher
";
"C041" E "an own identity is a workload of a zone" why "Identities are issued to what is declared." clause "L355" good "  observer spiffe://iia.local/zone/witness/workload/ids
" bad "  observer spiffe://iia.local/zone/witness/workload/ghost
";
"C042" E "no contract, no identity" why "A workload that no contract names has nobody to talk to." clause "L199" good "  workload agent 10.90.11.2
  image agent" bad "  workload agent 10.90.11.2
  workload idle 10.90.11.3
  image idle sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
  image agent";
"C043" E "somebody vouches for every foreign identity" why "A certificate that chains to nothing says nothing." clause "L242" good "  observer spiffe://iia.local/zone/witness/workload/ids
" bad "  observer spiffe://elsewhere.example/zone/witness/workload/ids
";
"C046" E "a trust root is there for its purpose, holds, and is not the box's own" why "Whoever could vouch for the box's own trust domain could be any workload of it." clause "L242" good "trust_root enterprise-artifacts {
" bad "trust_root another {
  trust_domain iia.local
  use peer_svid
}

trust_root enterprise-artifacts {
";
"C047" E "references only, never secrets" why "The artifact is read by many; a secret in it is none." clause "L474" good "  reference tunnel-psk-2026
" bad "  reference hR8xKq2LmZ9vTb4YwN7sPd3F
";
"C049" W "a trust root holds for as long as the box may be alone" why "A box without connection for 30 days must not lose its peers." clause "L586" good "  use consumer_svid
  expires 2028-01-01T00:00:00Z
" bad "  use consumer_svid
  expires 2026-12-01T00:00:00Z
";
"C053" E "whoever is called is somebody" why "A clock starts when an incident does; a path that leads to nobody stops it." clause "L254" good "    on_call pagerduty://enterprise-bi/p2
" bad "    on_call pagerduty://enterprise-bi/p9
";
"C062" E "accountable is one named role of the directory" why "A team is nobody." clause "L274" good "    acs_accountable site-security-manager
" bad "    acs_accountable site-security-team
";
"C063" E "a party can be reached" why "The box tells who answers and how at the time of an incident." clause "L274" good "  contact tel://site/security-manager
" bad "  contact gopher://site/security-manager
";
"C084" E "two operators are two" why "Two keys in one hand are one person." clause "L558" good "    key approver_a
    key approver_b
" bad "    key approver_a
";
"C095" W "a waiver says what, why, who and until when" why "What is set aside stays visible. Only warnings can be; an error cannot." clause "L35" good "contract iia.contract.boundary.bi_lake.batch 2.0.0 {
" bad "waiver old_root {
  rule C049
  reason \"renewal is ordered\"
  accountable site-security-manager
  expires 2027-01-31T00:00:00Z
}

contract iia.contract.boundary.bi_lake.batch 2.0.0 {
";
}
