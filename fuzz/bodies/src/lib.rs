//! What each fuzz target asserts. A body takes any bytes at all: it must not panic, not hang, and what it finds good
//! must hold its promises (one text for one value, the same again when read again, nothing larger than its limit).
//!
//! libFuzzer calls the bodies through `fuzz_targets/`, and `examples/tests/fuzz_corpus.rs` replays the committed
//! corpora through the same bodies without libFuzzer.
#![forbid(unsafe_code)]

pub mod audit;
pub mod canon;
pub mod capture;
pub mod config;
pub mod edge;
pub mod identity;
pub mod input;
pub mod lake;
pub mod link;

/// A body.
pub type Body = fn(&[u8]);

/// Every target by its name, which is also the name of its corpus.
pub const TARGETS: &[(&str, Body)] = &[
    ("audit_note", audit::note::note),
    ("audit_policy", audit::note::policy),
    ("audit_proof", audit::proof::proof),
    ("audit_record", audit::record::record),
    ("audit_witness", audit::proof::witness),
    ("canon_decode", canon::decode),
    ("capture_modbus", capture::modbus),
    ("capture_pcap", capture::pcap),
    ("capture_pipeline", capture::pipeline),
    ("config_approval", config::approval),
    ("config_envelope", config::envelope),
    ("config_parse", config::parse),
    ("config_validate", config::validate),
    ("edge_query", edge::query),
    ("edge_wire", edge::wire),
    ("lake_ipc", lake::ipc),
    ("lake_wal", lake::wal),
    ("link_frame", link::frame),
    ("link_hello", link::hello),
    ("spiffe_id", identity::spiffe_id),
    ("svid_chain", identity::svid_chain),
    ("svid_request", identity::svid_request),
];
