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

const SECRET: &str =
    "A password, or a token that opens doors, is never told: only that one was given.";
const ENCRYPTED: &str =
    "What is encrypted is told as encrypted; tshark 4.0 reads the ciphertext as if it were plain.";
const CHUNKS: &str = "Chunks ahead of a message's last are no records of their own: the last has everything, and how many.";
const LATE: &str = "A segment comes late; the tables were made without putting those in order, with it tshark says the same.";
const EARLY: &str = "A moment three minutes after 1601 fits no clock, and is told as its count; tshark wraps it to 1970.";
const BROKEN: &str = "A method's NodeId has encoding 7, which there is not; nothing behind it is read, tshark goes on.";

/// What differs from the tables, and why.
fn explained() -> Vec<truth::Explained> {
    let capture = "open62541_client-server_encrypted.pcap";
    let mut all = vec![
        (capture, "opcua.security.rqid", 11, ENCRYPTED),
        (capture, "opcua.security.seq", 11, ENCRYPTED),
    ];
    for capture in ["opcua_with-gap.pcap", "opcua_with-gap_with-handshake.pcap"] {
        // The one message that they do not have has all but an address and a result.
        let not = [
            "opcua.transport.endpoint",
            "opcua.nodeid.string",
            "opcua.StatusCode",
        ];
        let fields = FIELDS.iter().filter(|field| !not.contains(field));
        all.extend(fields.map(|field| (capture, *field, 1, LATE)));
    }
    all
}

/// What differs from what this machine's tshark says of every field, and why.
fn explained_deep() -> Vec<truth::Explained> {
    let (prosys, unified) = (
        "prosys_basic256sha256.pcap",
        "unified_cpp_basic256sha256.pcap",
    );
    let encoding = "opcua.servicenodeid.encodingmask";
    let (number, sequence) = ("opcua.security.rqid", "opcua.security.seq");
    let mut all = vec![
        (
            "opc-ua-ap-method-wireshark-freeze.pcap",
            "opcua.variant.ArraySize",
            1,
            BROKEN,
        ),
        (prosys, "opcua.Timestamp", 6, EARLY),
        (unified, "opcua.Timestamp", 6, EARLY),
    ];
    for (capture, count) in [
        ("open62541_client-server_encrypted.pcap", 11),
        (prosys, 13),
        (unified, 13),
    ] {
        all.push((capture, encoding, count, ENCRYPTED));
    }
    for (capture, count) in [
        ("open62541_client-server_encrypted.pcap", 11),
        (prosys, 18),
        (unified, 13),
    ] {
        all.push((capture, number, count, ENCRYPTED));
        all.push((capture, sequence, count, ENCRYPTED));
    }
    for field in ["type", "chunk", "size", "scid"] {
        let transport = FIELDS
            .iter()
            .filter(|name| name.starts_with("opcua.transport."));
        let name = transport
            .copied()
            .find(|name| name.ends_with(field))
            .unwrap();
        all.push((prosys, name, 5, CHUNKS));
    }
    for name in ["opcua.security.tokenid", number, sequence] {
        all.push((prosys, name, 5, CHUNKS));
    }
    let secret = [
        ("opcua_with-gap_with-handshake.pcap", 1),
        (
            "open62541_client-server_mainloop-ActivateSession-diagInfo.pcap",
            1,
        ),
        ("open62541_client-server_mainloop-hasInnerDiagInfo.pcap", 1),
        (
            "open62541_client-server_mainloop-hasInnerDiagInfohasAddlInfo.pcap",
            1,
        ),
        (
            "open62541_client-server_mainloop-hasInnerStatusCode.pcap",
            1,
        ),
        (
            "open62541_client-server_mainloop-not-localhost-non-standard-port.pcap",
            1,
        ),
        ("open62541_client-server_mainloop-not-localhost.pcap", 1),
        ("open62541_client-server_mainloop-withStringTable.pcap", 1),
        ("open62541_read_service_test_data.pcap", 2),
        ("open62541_read_service_test_data_with_history.pcap", 2),
    ];
    for (capture, count) in secret {
        all.push((capture, "opcua.Password", count, SECRET));
        if count == 2 {
            all.push((capture, "opcua.TokenData", 1, SECRET));
        }
    }
    all
}

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
    truth::hold(&agreement, &explained(), "opcua.md");
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
    truth::hold(&agreement, &explained_deep(), "opcua.md");
}

/// Rows of Zeek's logs that nothing here equals, and why.
const ZEEK_EXPLAINED: &[(&str, usize)] = &[
    // Zeek loses the response whose segment comes late.
    ("opcua_with-gap.pcap", 1),
    ("opcua_with-gap_with-handshake.pcap", 1),
    // ServiceFault, which answers twenty requests here, is no answer to Zeek.
    (
        "open62541_client-server_mainloop-ActivateSession-diagInfo.pcap",
        20,
    ),
    // A response in six chunks is none to Zeek.
    ("prosys_basic256sha256.pcap", 1),
];

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
