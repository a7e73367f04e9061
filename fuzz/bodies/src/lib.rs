//! What each fuzz target asserts. A body takes any bytes at all: it must not panic, not hang, and what it finds good
//! must hold its promises (one text for one value, the same again when read again, nothing larger than its limit).
//!
//! libFuzzer calls the bodies through `fuzz_targets/`, and `examples/tests/fuzz_corpus.rs` replays the committed
//! corpora through the same bodies without libFuzzer.
#![forbid(unsafe_code)]

#[cfg(feature = "full")]
pub mod attest;
#[cfg(feature = "full")]
pub mod audit;
#[cfg(feature = "full")]
pub mod canon;
#[cfg(feature = "full")]
pub mod capture;
#[cfg(feature = "full")]
pub mod chain;
pub mod config;
pub mod contract;
#[cfg(feature = "full")]
pub mod detect;
#[cfg(feature = "full")]
pub mod edge;
#[cfg(feature = "full")]
pub mod enip;
#[cfg(feature = "full")]
pub mod ethercat;
#[cfg(feature = "full")]
pub mod goose;
#[cfg(feature = "full")]
pub mod identity;
pub mod input;
#[cfg(feature = "full")]
pub mod io;
#[cfg(feature = "full")]
pub mod lake;
#[cfg(feature = "full")]
pub mod link;
#[cfg(feature = "full")]
pub mod mqtt;
#[cfg(feature = "full")]
pub mod opcua;
#[cfg(feature = "full")]
pub mod passive;
#[cfg(feature = "full")]
pub mod pcrs;
#[cfg(feature = "full")]
pub mod profinet;
#[cfg(feature = "full")]
pub mod ring;
#[cfg(feature = "full")]
pub mod sensor;
#[cfg(feature = "full")]
pub mod serial;
#[cfg(feature = "full")]
pub mod tpm;
#[cfg(feature = "full")]
pub mod witness;

#[cfg(feature = "full")]
pub mod vault;

#[path = "../../../iia-config/tests/common/mod.rs"]
mod common;
#[path = "../../../iia-contract/tests/made/mod.rs"]
mod made;
#[path = "../../../iia-contract/tests/naive/mod.rs"]
mod naive;

/// A body.
pub type Body = fn(&[u8]);

/// Every target by its name, which is also the name of its corpus.
#[cfg(feature = "full")]
pub const TARGETS: &[(&str, Body)] = &[
    ("attest_admission", attest::admission),
    ("attest_audit_chain", chain::audit_chain),
    ("attest_broker", attest::broker),
    ("attest_config", attest::config),
    ("attest_io_batch", io::batch),
    ("attest_io_frames", io::frames),
    ("attest_io_line", io::line),
    ("attest_io_readings", io::readings),
    ("attest_ovn", attest::ovn),
    ("attest_passive", passive::passive),
    ("attest_policy", attest::policy),
    ("attest_told", attest::told),
    ("audit_body", audit::record::body),
    ("audit_bundle", audit::bundle::bundle),
    ("audit_note", audit::note::note),
    ("audit_policy", audit::note::policy),
    ("audit_proof", audit::proof::proof),
    ("audit_record", audit::record::record),
    ("audit_table", audit::table::table),
    ("audit_tile", audit::record::tile),
    ("audit_tlog_proof", audit::bundle::proof),
    ("audit_vault", audit::vault::receipt),
    ("audit_witness", audit::proof::witness),
    ("canon_decode", canon::decode),
    ("capture_enip", enip::enip),
    ("capture_ethercat", ethercat::frames),
    ("capture_goose", goose::frames),
    ("capture_modbus", capture::modbus),
    ("capture_mqtt", mqtt::mqtt),
    ("capture_opcua", opcua::opcua),
    ("capture_pcap", capture::pcap),
    ("capture_pipeline", capture::pipeline),
    ("capture_profinet", profinet::messages),
    ("capture_ring", ring::ring),
    ("capture_rules", detect::rules),
    ("capture_sensor", sensor::sensor),
    ("capture_serial", serial::line),
    ("capture_witness", witness::witness),
    ("capture_yara", detect::yara),
    ("config_approval", config::approval::model),
    ("config_consequences", config::change::consequences),
    ("config_diff", config::change::diff),
    ("config_dsse", config::signed::dsse),
    ("config_envelope", config::signed::envelope),
    ("config_grant", config::approval::grant),
    ("config_keys", config::signed::keys),
    ("config_parse", config::text::parse),
    ("config_recogniser", config::text::recogniser),
    ("config_revocation", config::revocation::revocation),
    ("config_round_trip", config::text::round_trip),
    ("config_ruleset", config::rules::ruleset),
    ("config_validate", config::validate),
    ("contract_judge", contract::judge),
    ("contract_nft", contract::nft),
    ("cosign_payload", identity::admission::signature),
    ("crl", identity::admission::crl),
    ("edge_outbox", edge::outbox),
    ("edge_query", edge::query),
    ("edge_vault", vault::reply),
    ("edge_wire", edge::wire),
    ("event_log", tpm::event_log),
    ("grpc_mend", identity::token::mend),
    ("issuance_log", identity::admission::issuance),
    ("jwt_token", identity::token::token),
    ("lake_ipc", lake::ipc),
    ("lake_segment", lake::segment),
    ("lake_wal", lake::wal),
    ("link_frame", link::frame),
    ("link_hello", link::hello),
    ("link_mux", link::mux),
    ("link_sockets", link::sockets),
    ("oci_manifest", identity::admission::manifest),
    ("pcr_policy", pcrs::policy),
    ("spiffe_bundle", identity::bundle::bundle),
    ("spiffe_id", identity::spiffe_id),
    ("svid_chain", identity::svid_chain),
    ("svid_made", identity::made::made),
    ("svid_request", identity::svid_request),
    ("tpm_quote", tpm::quote),
];
