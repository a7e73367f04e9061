//! OPC UA held against tshark and against Zeek with ICSNPP.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

#[path = "truth_opcua/live.rs"]
mod live;
mod oracle;
mod truth;

use std::path::{Path, PathBuf};

use truth::Agreement;

/// The columns of tshark's tables that are about OPC UA.
const FIELDS: &[&str] = &[
    "opcua.transport.type",
    "opcua.transport.chunk",
    "opcua.transport.size",
    "opcua.transport.scid",
    "opcua.security.tokenid",
    "opcua.security.seq",
    "opcua.security.rqid",
    "opcua.servicenodeid.numeric",
    "opcua.RequestHandle",
    "opcua.ServiceResult",
    "opcua.transport.endpoint",
    "opcua.EndpointUrl",
    "opcua.SecurityPolicyUri",
    "opcua.nodeid.numeric",
    "opcua.nodeid.string",
    "opcua.nodeid.nsindex",
    "opcua.StatusCode",
];

/// What differs from the tables, and why.
const EXPLAINED: &[truth::Explained] = &[];

/// What differs from what this machine's tshark says of every field, and why.
const EXPLAINED_DEEP: &[truth::Explained] = &[];

/// Captures of the manifest whose connections tshark's tables have.
fn judged(corpus: &Path) -> Vec<PathBuf> {
    let rows = oracle::manifest(corpus).into_iter();
    let ours = rows.filter(|row| row.1 == "opcua").map(|row| row.0);
    ours.collect()
}

#[test]
fn every_column_of_the_tables_agrees_or_is_explained() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("every_column_of_the_tables_agrees_or_is_explained");
    };
    let mut agreement = Agreement::default();
    for path in judged(&corpus) {
        let theirs = truth::theirs(&corpus, &path);
        // On a port that tshark does not know it sees nothing; the other test tells it the port.
        if theirs.1 > 0 {
            let name = path.file_name().unwrap().to_str().unwrap();
            let ours = truth::ours(&corpus.join(&path));
            agreement.compare(name, &ours, &theirs, FIELDS);
        }
    }
    truth::hold(&agreement, EXPLAINED, "opcua.md");
}

#[test]
fn every_field_of_tshark_agrees_or_is_explained() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("every_field_of_tshark_agrees_or_is_explained");
    };
    let Some(fields) = live::fields() else {
        return live::skip("every_field_of_tshark_agrees_or_is_explained");
    };
    let names: Vec<&str> = fields.iter().map(|field| field.0.as_str()).collect();
    let mut agreement = Agreement::default();
    for path in judged(&corpus) {
        let theirs = live::theirs(&corpus.join(&path), &fields);
        let ours = live::same_spelling(truth::ours(&corpus.join(&path)), &fields);
        let name = path.file_name().unwrap().to_str().unwrap();
        agreement.compare(name, &ours, &theirs, &names);
    }
    truth::hold(&agreement, EXPLAINED_DEEP, "opcua.md");
}
