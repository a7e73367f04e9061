//! A serial line's exchanges held against tshark, frame by frame and field by field.
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

use std::fs::File;
use std::path::Path;

use iia_capture::generate;
use iia_capture::pipeline::{Options, Pipeline, SERIAL_FLOW};
use iia_capture::source::pcap::PcapSource;
use iia_core::observe::{Exchange, Observation, Outcome, Span, Values as Seen};
use truth::{Agreement, Explained, Values};

const FIELDS: [&str; 14] = [
    "mbrtu.unit_id",
    "modbus.func_code",
    "modbus.exception_code",
    "modbus.reference_num",
    "modbus.word_cnt",
    "modbus.bit_cnt",
    "modbus.regval_uint16",
    "modbus.bitval",
    "modbus.read_reference_num",
    "modbus.read_word_cnt",
    "modbus.write_reference_num",
    "modbus.write_word_cnt",
    "modbus.data",
    "mbrtu.crc16.incorrect",
];

/// The link type's meaning, as a user of tshark gives it.
const SERIAL: &str = r#"uat:user_dlts:"User 0 (DLT=147)","mbrtu","0","","0","""#;

const CAPTURE: &str = "modbus_rtu_writes_exceptions.pcap";
const EXPLAINED: &[Explained] = &[
    (CAPTURE, "mbrtu.unit_id", 2, BROADCAST),
    (CAPTURE, "modbus.func_code", 2, BROADCAST),
    (CAPTURE, "modbus.reference_num", 2, BROADCAST),
    (CAPTURE, "modbus.reference_num", 12, ECHO),
    (CAPTURE, "modbus.read_reference_num", 2, ECHO),
    (CAPTURE, "modbus.read_word_cnt", 2, ECHO),
    (CAPTURE, "modbus.write_reference_num", 2, ECHO),
    (CAPTURE, "modbus.write_word_cnt", 2, ECHO),
    (CAPTURE, "modbus.data", 12, ECHO),
    (CARRIED, "mbrtu.unit_id", 2, BROADCAST),
    (CARRIED, "modbus.func_code", 2, BROADCAST),
    (CARRIED, "modbus.reference_num", 2, BROADCAST),
    (CARRIED, "modbus.data", 2, BROADCAST),
    (CAPTURE, "modbus.data", 2, BROADCAST),
];
const CARRIED: &str = "its frames carried by TCP";
const BROADCAST: &str =
    "tshark takes no frame for Modbus whose unit is 0, which is everybody (V1.02, 2.2)";
const ECHO: &str = "on a serial line tshark goes by length, and of functions 5, 6, 22 and 23 it cannot tell a request from a response: it reads neither's fields; here a frame answers when it fits the request before it";

/// The exchanges of a capture as the frames they were made of.
fn ours(path: &Path) -> Values {
    let mut values = Values::new();
    let mut source = PcapSource::open(File::open(path).unwrap()).unwrap();
    let mut pipeline = Pipeline::new(Options::default());
    let mut take = |seen: &Observation<'_>| {
        if let Observation::Exchange(exchange) = seen {
            add(&mut values, exchange);
        }
    };
    while let Ok(Some(packet)) = source.next_packet() {
        pipeline.handle_packet(&packet, &mut take);
    }
    pipeline.finish(&mut take);
    values
}

fn add(values: &mut Values, exchange: &Exchange<'_>) {
    let asked = exchange.ts.as_ns();
    let mut put = |ns: i64, field: &str, value: String| {
        let from = match (exchange.flow == SERIAL_FLOW, ns == asked) {
            (true, _) => String::new(),
            (_, true) => exchange.flow.orig_h.to_string(),
            (_, false) => exchange.flow.resp_h.to_string(),
        };
        let place = ((ns, from), field.to_owned());
        values.entry(place).or_default().push(value);
    };
    let func = exchange.func;
    let answered = exchange.latency_ns.map(|ns| asked + ns);
    for ns in [Some(asked), answered].into_iter().flatten() {
        put(ns, "mbrtu.unit_id", exchange.unit.to_string());
        put(ns, "modbus.func_code", func.to_string());
    }
    if let (Outcome::Exception(code), Some(ns)) = (exchange.outcome, answered) {
        put(ns, "modbus.exception_code", code.to_string());
    }
    let answered = answered.filter(|_| exchange.outcome == Outcome::Answered);
    let repeats = answered.filter(|_| func != 23);
    for (ns, span, of) in [
        (Some(asked), exchange.read, 0),
        (Some(asked), exchange.write, 1),
        (repeats, exchange.write, 1),
    ] {
        if let (Some(ns), Some(span)) = (ns, span) {
            let (addr, count) = names(func, of);
            put(ns, addr, span.addr.to_string());
            if let Some(count) = count {
                put(ns, count, span.count.to_string());
            }
        }
    }
    let single = repeats.filter(|_| matches!(func, 5 | 6));
    for (ns, span) in [
        (Some(asked), exchange.write),
        (single, exchange.write),
        (answered, exchange.read),
    ] {
        if let (Some(ns), Some(span)) = (ns, span) {
            seen(func, &span, |field, value| put(ns, field, value));
        }
    }
}

/// What a span's values are called, and how they are written there.
fn seen(func: u8, span: &Span<'_>, mut put: impl FnMut(&str, String)) {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    match (func, span.values) {
        (_, Seen::None) => {}
        (5, Seen::Bits(bits)) => put(
            "modbus.data",
            if bits == [1] { "ff00" } else { "0000" }.into(),
        ),
        (6 | 15 | 23, Seen::Bits(bytes) | Seen::Words(bytes)) => put("modbus.data", hex(bytes)),
        (_, Seen::Bits(_)) => span
            .iter()
            .for_each(|bit| put("modbus.bitval", bit.to_string())),
        (_, Seen::Words(_)) => span
            .iter()
            .for_each(|word| put("modbus.regval_uint16", word.to_string())),
    }
}

/// The fields of a span's first address and count, where the message says one; of what is read, or else written.
fn names(func: u8, of: usize) -> (&'static str, Option<&'static str>) {
    match (func, of) {
        (23, 0) => ("modbus.read_reference_num", Some("modbus.read_word_cnt")),
        (23, _) => ("modbus.write_reference_num", Some("modbus.write_word_cnt")),
        (5 | 6 | 22, _) => ("modbus.reference_num", None),
        (1 | 2 | 15, _) => ("modbus.reference_num", Some("modbus.bit_cnt")),
        _ => ("modbus.reference_num", Some("modbus.word_cnt")),
    }
}

/// Writes the frames of a line as a connection to port 502: each is answered by the next, but those to everybody.
fn carry(from: &Path, to: &Path) {
    let mut file = pcap_head();
    let mut source = PcapSource::open(File::open(from).unwrap()).unwrap();
    let hosts = ([10, 0, 0, 1], [10, 0, 0, 2]);
    let (mut sent, mut up, mut micros) = ([1u32, 1], true, 0u32);
    while let Some(packet) = source.next_packet().unwrap() {
        let (mine, other) = (usize::from(!up), usize::from(up));
        let (hosts, ports) = match up {
            true => (hosts, (40_000, 502)),
            false => ((hosts.1, hosts.0), (502, 40_000)),
        };
        let frame = generate::frame(hosts, ports, (sent[mine], sent[other]), packet.data);
        let len = u32::try_from(packet.data.len()).unwrap();
        sent[mine] += len;
        micros += 1000;
        let head = [1_800_000_000, micros, len + 54, len + 54];
        file.extend(head.map(u32::to_le_bytes).concat());
        file.extend(frame);
        up = !up || packet.data[0] == 0;
    }
    std::fs::write(to, file).unwrap();
}

fn pcap_head() -> Vec<u8> {
    let words = [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 0x0004_0000, 1];
    words.map(u32::to_le_bytes).concat()
}

#[test]
fn every_frame_of_a_line_is_ours_or_explained() {
    let test = "every_frame_of_a_line_is_ours_or_explained";
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip(test);
    };
    let mut agreement = Agreement::default();
    let rows = oracle::manifest(&corpus);
    for (path, _) in rows.iter().filter(|row| row.1 == "modbus_rtu") {
        let capture = corpus.join(path);
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some((theirs, frames)) = truth::live(&capture, &["-o", SERIAL], &FIELDS) else {
            return eprintln!("SKIPPED: {test}: tshark");
        };
        agreement.compare(name, &ours(&capture), &(theirs, frames), &FIELDS);
        // Where each side has a direction of its own, tshark can tell requests from responses.
        let dir = tempfile::tempdir().unwrap();
        let carried = dir.path().join(CARRIED);
        carry(&capture, &carried);
        let options = ["-d", "tcp.port==502,mbrtu", "-o", "mbrtu.tcp.port:502"];
        let (theirs, frames) = truth::live(&carried, &options, &FIELDS).unwrap();
        agreement.compare(CARRIED, &ours(&carried), &(theirs, frames), &FIELDS);
    }
    eprintln!("{} values, {:#?}", agreement.same, agreement.different);
    assert!(agreement.same > 0);
    truth::hold(&agreement, EXPLAINED, "modbus_rtu.md");
}
