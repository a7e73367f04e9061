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
#[path = "truth_opcua/zeek.rs"]
mod zeek;

use std::fs::File;
use std::path::{Path, PathBuf};

use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;
use iia_core::observe::{Observation, Protocol};

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

/// Rows of Zeek's logs that nothing here equals, and why.
const ZEEK_EXPLAINED: &[(&str, usize, &str)] = &[];

#[test]
fn every_request_of_zeek_is_told_with_its_answer_or_explained() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("every_request_of_zeek_is_told_with_its_answer_or_explained");
    };
    let (mut same, mut ours_all, mut wrong) = (0, 0, Vec::new());
    for path in judged(&corpus) {
        let mut ours = zeek::ours(&corpus.join(&path));
        ours_all += ours.iter().filter(|row| row[2] != "-").count();
        let name = path.file_name().unwrap().to_str().unwrap();
        let mut missing = Vec::new();
        for row in zeek::theirs(&corpus, &path) {
            match ours.iter().position(|own| *own == row) {
                Some(at) => {
                    ours.swap_remove(at);
                    same += 1;
                }
                None => missing.push(row),
            }
        }
        let explained = ZEEK_EXPLAINED.iter().find(|row| row.0 == name);
        if explained.map_or(0, |row| row.1) != missing.len() {
            wrong.push(format!("{name}: {} {missing:?}", missing.len()));
        }
    }
    eprintln!("{same} requests of Zeek's are equal, {ours_all} are told");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(same > 300);
}

/// Flows that are called OPC UA, and messages of it, by protocol.
fn called(path: &Path) -> (usize, usize, usize) {
    let (mut flows, mut told, mut unsent) = (0, 0, 0);
    let mut source = PcapSource::open(File::open(path).unwrap()).unwrap();
    let mut pipeline = Pipeline::new(Options::default());
    let mut sink = |seen: &Observation<'_>| match seen {
        Observation::Conn(conn) => flows += usize::from(conn.protocol == Protocol::OpcUa),
        Observation::Said(said) => {
            told += usize::from(said.protocol == Protocol::OpcUa);
            unsent += usize::from(said.protocol == Protocol::OpcUaPubSub);
        }
        _ => {}
    };
    while let Ok(Some(packet)) = source.next_packet() {
        pipeline.handle_packet(&packet, &mut sink);
    }
    pipeline.finish(&mut sink);
    (flows, told, unsent)
}

#[test]
fn nothing_else_is_called_opc_ua() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("nothing_else_is_called_opc_ua");
    };
    let mut captures = 0;
    for (path, protocol) in oracle::manifest(&corpus) {
        let (flows, told, unsent) = called(&corpus.join(&path));
        match protocol.as_str() {
            "opcua" => assert!(flows > 0 && told > 0, "{}", path.display()),
            _ => assert_eq!((flows, told, unsent), (0, 0, 0), "{}", path.display()),
        }
        captures += 1;
    }
    assert!(captures > 300, "{captures}");
}
