//! What functions of Modbus say beside their exchange, held against tshark field by field.
#![cfg(feature = "generate")]
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
mod wire;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use iia_capture::generate;
use truth::{Agreement, Explained, Values};

/// Fields that only the functions told here have.
const OWN: [&str; 44] = [
    "modbus.and_mask",
    "modbus.or_mask",
    "modbus.byte_cnt_16",
    "modbus.reference_type",
    "modbus.reference_num_32",
    "modbus.diagnostic_code",
    "modbus.diagnostic.return_query_data.request",
    "modbus.diagnostic.return_query_data.echo",
    "modbus.diagnostic.restart_communication_option",
    "modbus.diagnostic.return_diag_register",
    "modbus.diagnostic.ascii_input_delimiter",
    "modbus.diagnostic.clear_ctr_diag_reg",
    "modbus.diagnostic.bus_message_count",
    "modbus.diagnostic.bus_comm_error_count",
    "modbus.diagnostic.bus_exception_error_count",
    "modbus.diagnostic.slave_message_count",
    "modbus.diagnostic.no_slave_response_count",
    "modbus.diagnostic.slave_nak_count",
    "modbus.diagnostic.slave_busy_count",
    "modbus.diagnostic.bus_char_overrun_count",
    "modbus.ev_status",
    "modbus.ev_count",
    "modbus.ev_msg_count",
    "modbus.event",
    "modbus.ev_recv_comm_err",
    "modbus.ev_recv_char_over",
    "modbus.ev_recv_lo_mode",
    "modbus.ev_recv_broadcast",
    "modbus.ev_send_read_ex",
    "modbus.ev_send_slave_abort_ex",
    "modbus.ev_send_slave_busy_ex",
    "modbus.ev_send_slave_nak_ex",
    "modbus.ev_send_write_timeout",
    "modbus.ev_send_lo_mode",
    "modbus.mei",
    "modbus.read_device_id",
    "modbus.conformity_level",
    "modbus.more_follows",
    "modbus.next_object_id",
    "modbus.num_objects",
    "modbus.object_id",
    "modbus.objects_len",
    "modbus.object_str_value",
    "modbus.object_value",
];

/// Fields that exchanges have too: compared in frames that hold nothing but functions told here.
const SHARED: [&str; 8] = [
    "mbtcp.trans_id",
    "mbtcp.unit_id",
    "modbus.func_code",
    "modbus.exception_code",
    "modbus.reference_num",
    "modbus.word_cnt",
    "modbus.byte_cnt",
    "modbus.data",
];

const EXPLAINED: &[Explained] = &[
    ("modbus__modbus.pcap", "modbus.data", 2, BEHIND),
    ("modbus_test_data_part1.pcap", "modbus.data", 2, BEHIND),
    ("modbus_test_data_part1.pcap", "modbus.data", 1, CLIENT),
    ("modbus_test_data_part2.pcap", "modbus.data", 3, BEHIND),
    ("modbus_test_data_part1.pcap", "mbtcp.trans_id", 1, CLIENT),
    ("modbus_test_data_part1.pcap", "mbtcp.unit_id", 1, CLIENT),
    ("modbus_test_data_part1.pcap", "modbus.func_code", 1, CLIENT),
    (MADE, "modbus.data", 1, RECORD),
];
const BEHIND: &str = "bytes behind the end of what the function has, which tshark passes over: told as `modbus.data`, and the message is malformed (V1.1b3, 6.14 and 6.21)";
const CLIENT: &str = "whoever opened this connection from port 502 is a client, and ten requests with the exception bit set are no Modbus; tshark goes by the port and reads responses, this one among them";
const RECORD: &str = "of several records read, tshark gives the first one the bytes of all that follow; its length is in front of it (V1.1b3, 6.14)";
const MADE: &str = "made by hand";

/// Every function and sub-function that is told here, with a response, and exceptions.
#[rustfmt::skip]
const CONVERSATION: &[(&[u8], &[u8])] = &[
    (&[7], &[7, 0x6d]),
    (&[8, 0, 0, 0xa1, 0xb2, 0xc3, 0xd4], &[8, 0, 0, 0xa1, 0xb2, 0xc3, 0xd4]),
    (&[8, 0, 1, 0xff, 0], &[8, 0, 1, 0xff, 0]),
    (&[8, 0, 2, 0, 0], &[8, 0, 2, 0x12, 0x34]),
    (&[8, 0, 3, 0x41, 0], &[8, 0, 3, 0x41, 0]),
    (&[8, 0, 4, 0, 0], &[]),
    (&[8, 0, 10, 0, 0], &[8, 0, 10, 0, 0]),
    (&[8, 0, 11, 0, 0], &[8, 0, 11, 1, 2]),
    (&[8, 0, 12, 0, 0], &[8, 0, 12, 1, 3]),
    (&[8, 0, 13, 0, 0], &[8, 0, 13, 1, 4]),
    (&[8, 0, 14, 0, 0], &[8, 0, 14, 1, 5]),
    (&[8, 0, 15, 0, 0], &[8, 0, 15, 1, 6]),
    (&[8, 0, 16, 0, 0], &[8, 0, 16, 1, 7]),
    (&[8, 0, 17, 0, 0], &[8, 0, 17, 1, 8]),
    (&[8, 0, 18, 0, 0], &[8, 0, 18, 1, 9]),
    (&[8, 0, 19, 0, 0], &[8, 0, 19, 0, 7]),
    (&[8, 0, 20, 0, 0], &[8, 0, 20, 0, 0]),
    (&[11], &[11, 0xff, 0xff, 1, 8]),
    (&[12], &[12, 11, 0, 0, 1, 8, 1, 0x21, 0x20, 0x80, 0xc3, 4, 0x5f]),
    (&[17], &[17, 8, 0x54, 0xff, 0x4d, 0x45, 0x41, 1, 2, 3]),
    (&[20, 14, 6, 0, 4, 0, 1, 0, 2, 6, 0, 3, 0, 9, 0, 2], &[20, 12, 5, 6, 0xd, 0xfe, 0, 0x20, 5, 6, 0x33, 0xcd, 0, 0x40]),
    (&[21, 13, 6, 0, 4, 0, 7, 0, 3, 6, 0xaf, 4, 0xbe, 0x10, 0xd], &[21, 13, 6, 0, 4, 0, 7, 0, 3, 6, 0xaf, 4, 0xbe, 0x10, 0xd]),
    (&[22, 0, 4, 0, 0xf2, 0, 0x25], &[22, 0, 4, 0, 0xf2, 0, 0x25]),
    (&[24, 4, 0xde], &[24, 0, 6, 0, 2, 1, 0xb8, 0x12, 0x84]),
    (&[43, 14, 1, 0], b"\x2b\x0e\x01\x01\x00\x00\x03\x00\x04Make\x01\x05Press\x02\x04V2.1"),
    (&[43, 14, 3, 0], b"\x2b\x0e\x03\x83\xff\x80\x02\x05\x05Model\x80\x02\xab\xcd"),
    (&[43, 14, 4, 0x80], &[43, 14, 4, 0x83, 0, 0, 1, 0x80, 2, 0xab, 0xcd]),
    (&[43, 13, 1, 2, 3, 4, 5], &[43, 13, 1, 2, 3, 4, 5]),
    (&[43, 99, 1], &[43, 99, 2]),
    (&[90, 0, 2], &[90, 0, 0xfe, 1, 2]),
    (&[90, 1, 0x41, 0], &[90, 1, 0xfd, 1]),
    (&[66, 0xaa, 0xbb], &[66, 0xcc]),
    (&[43, 14, 1, 0], &[0xab, 1]),
    (&[20, 7, 6, 0, 4, 0, 1, 0xff, 0], &[0x94, 2]),
    (&[24, 4, 0xde], &[0x98, 3]),
    (&[8, 0, 0, 1, 2], &[0x88, 11]),
];

/// The conversation as a capture.
fn made(path: &Path) {
    let mut file = vec![
        0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0,
    ];
    let hosts = ([10, 0, 0, 1], [10, 0, 0, 2]);
    let (mut sent, mut micros) = ([1u32, 1], 0u32);
    let mut add = |up: bool, adu: &[u8]| {
        let [mine, other] = if up { [0, 1] } else { [1, 0] };
        let (ends, ports) = if up {
            (hosts, (40_000, 502))
        } else {
            ((hosts.1, hosts.0), (502, 40_000))
        };
        let frame = generate::frame(ends, ports, (sent[mine], sent[other]), adu);
        sent[mine] += u32::try_from(adu.len()).unwrap();
        micros += 1000;
        let len = u32::try_from(frame.len()).unwrap();
        file.extend(
            [1_800_000_000, micros, len, len]
                .map(u32::to_le_bytes)
                .concat(),
        );
        file.extend(frame);
    };
    for (number, (request, response)) in CONVERSATION.iter().enumerate() {
        let transaction = u16::try_from(number).unwrap() + 1;
        add(true, &wire::unit(transaction, request));
        if !response.is_empty() {
            add(false, &wire::unit(transaction, response));
        }
    }
    std::fs::write(path, file).unwrap();
}

/// Without the shared fields of frames in which anything is an exchange and nothing else.
fn told(theirs: &Values, values: Values) -> Values {
    let is_told = |code: &String| iia_capture::decode::modbus::told::is_told(code.parse().unwrap());
    let mut frames = BTreeMap::new();
    for ((frame, field), codes) in theirs {
        if field == "modbus.func_code" {
            frames.insert(frame.clone(), codes.iter().all(is_told));
        }
    }
    let keep = |place: &(_, String)| {
        OWN.contains(&place.1.as_str()) || frames.get(&place.0).is_none_or(|told| *told)
    };
    values.into_iter().filter(|one| keep(&one.0)).collect()
}

#[test]
fn every_field_that_no_exchange_has_is_ours_or_explained() {
    let test = "every_field_that_no_exchange_has_is_ours_or_explained";
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip(test);
    };
    let fields: Vec<&str> = OWN.into_iter().chain(SHARED).collect();
    let mut agreement = Agreement::default();
    let dir = tempfile::tempdir().unwrap();
    made(&dir.path().join(MADE));
    let rows = oracle::manifest(&corpus);
    let rows = rows.iter().filter(|row| row.1 == "modbus");
    let captures: Vec<PathBuf> = rows.map(|row| corpus.join(&row.0)).collect();
    for capture in captures.into_iter().chain([dir.path().join(MADE)]) {
        let Some((theirs, frames)) = truth::live(&capture, &["-Y", "modbus"], &fields) else {
            return eprintln!("SKIPPED: {test}: tshark");
        };
        let ours = told(&theirs, truth::ours(&capture));
        let theirs = told(&theirs, theirs.clone());
        let name = capture.file_name().unwrap().to_str().unwrap();
        agreement.compare(name, &ours, &(theirs, frames), &fields);
    }
    eprintln!("{} values, {:#?}", agreement.same, agreement.different);
    truth::hold(&agreement, EXPLAINED, "modbus.md");
}
