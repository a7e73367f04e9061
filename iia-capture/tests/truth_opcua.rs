//! OPC UA held against tshark and against Zeek with ICSNPP.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod oracle;
mod truth;

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

/// What differs, and why.
const EXPLAINED: &[truth::Explained] = &[];

#[test]
fn every_column_of_the_tables_agrees_or_is_explained() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("every_column_of_the_tables_agrees_or_is_explained");
    };
    let agreement = truth::agree(&corpus, "opcua", FIELDS);
    truth::hold(&agreement, EXPLAINED, "opcua.md");
}
