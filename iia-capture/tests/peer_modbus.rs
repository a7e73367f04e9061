//! A real client and a real server of Modbus talk to each other: what the client asked for and got is what is seen, over
//! TCP and UDP, in units and in frames, and on a serial line.
#![cfg(feature = "generate")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod bus_line;

use std::path::PathBuf;
use std::process::Command;

use bus_line::Talk;
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::{LinkType, Packet};
use iia_core::Timestamp;
use iia_core::observe::{Exchange, Field, Observation, Outcome, Said};
use serde_json::{Value, json};

fn python(test: &str) -> Option<PathBuf> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python");
    let python = std::env::var_os("IIA_PYTHON").map_or_else(|| own.into(), PathBuf::from);
    let imports = Command::new(&python)
        .args(["-c", "import pymodbus"])
        .output();
    if imports.is_ok_and(|done| done.status.success()) {
        return Some(python);
    }
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
    let missing = "a Python with pymodbus (IIA_PYTHON or target/venv)";
    assert!(!all, "{test}: {missing}");
    eprintln!("SKIPPED: {test}: {missing}");
    None
}

/// Packets with who sent them, and what the client made of it.
type Heard = (Vec<(bool, Vec<u8>)>, Vec<Value>);

fn printed(python: &PathBuf, way: &str) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/modbus_talk.py");
    let output = Command::new(python).args([script, way]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{way}: {error}");
    text
}

fn talk(python: &PathBuf, way: &str) -> Heard {
    let text = printed(python, way);
    let (mut packets, mut answers) = (Vec::new(), Vec::new());
    for line in text.lines() {
        match line.split_at(2) {
            ("A ", answer) => answers.push(serde_json::from_str(answer).unwrap()),
            (side, hex) => packets.push((side == "S ", bytes(hex))),
        }
    }
    (packets, answers)
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |byte: &u8| u8::try_from(char::from(*byte).to_digit(16).unwrap()).unwrap();
    let pair = |pair: &[u8]| digit(&pair[0]) << 4 | digit(&pair[1]);
    hex.as_bytes().chunks_exact(2).map(pair).collect()
}

/// An exchange as the client tells it.
fn told(exchange: &Exchange<'_>) -> Value {
    let (read, write) = (exchange.read, exchange.write);
    let span = read.or(write);
    let of = if read.is_some() { read } else { write };
    let values: Vec<u16> = of.iter().flat_map(|span| span.iter()).collect();
    let code = match exchange.outcome {
        Outcome::Exception(code) => Some(code),
        _ => None,
    };
    json!({
        "func": exchange.func,
        "addr": span.map(|span| span.addr),
        "count": span.map(|span| span.count),
        "values": (!values.is_empty()).then_some(values),
        "exception": code,
    })
}

/// Functions whose exchange is told by what is said beside it.
const BESIDE: [u8; 5] = [11, 12, 21, 24, 43];

/// What a device keeps beside its registers, as the client tells it.
fn kept(said: &Said<'_>) -> Option<Value> {
    let every = |fields: &[Field<'_>], name: &str| {
        let named = fields.iter().filter(|field| field.name == name);
        let values = named.map(|field| match field.value.number() {
            Some(number) => number.into(),
            None => Value::from(field.value.to_string()),
        });
        values.collect::<Vec<_>>()
    };
    let one = |fields, name| every(fields, name).into_iter().next();
    let (asked, answered) = (said.asked, said.answered);
    let ready = || one(answered, "modbus.ev_status") == Some(0.into());
    Some(match said.what {
        "get_comm_event_counter" => {
            json!({ "func": 11, "ready": ready(), "count": one(answered, "modbus.ev_count") })
        }
        "get_comm_event_log" => json!({
            "func": 12, "ready": ready(), "count": one(answered, "modbus.ev_count"),
            "messages": one(answered, "modbus.ev_msg_count"), "events": every(answered, "modbus.event"),
        }),
        "write_file_record" => json!({
            "func": 21, "file": one(asked, "iia.modbus.file_number"),
            "record": one(asked, "iia.modbus.record_number"), "data": every(asked, "modbus.data"),
        }),
        "read_fifo_queue" => json!({
            "func": 24, "addr": one(asked, "modbus.reference_num"), "data": one(answered, "modbus.data"),
        }),
        _ => return None,
    })
}

fn objects(said: &Said<'_>) -> Option<Value> {
    let of = said.answered.iter();
    let texts = of.filter(|field| field.name == "modbus.object_str_value");
    let texts: Vec<String> = texts.map(|field| field.value.to_string()).collect();
    (!texts.is_empty()).then(|| json!({ "func": 43, "objects": texts }))
}

/// What a pipeline makes of frames.
fn seen(link: LinkType, frames: &[Vec<u8>]) -> (Vec<Value>, Vec<String>) {
    let frames = (1i64..).zip(frames);
    seen_at(
        link,
        frames.map(|(number, data)| (number * 100_000_000, data.clone())),
    )
}

/// The same of frames with their moments in nanoseconds.
fn seen_at(
    link: LinkType,
    frames: impl IntoIterator<Item = (i64, Vec<u8>)>,
) -> (Vec<Value>, Vec<String>) {
    let options = Options {
        rtu_ports: vec![4001],
        ..Options::default()
    };
    let mut pipeline = Pipeline::new(options);
    let (mut all, mut protocols) = (Vec::new(), Vec::new());
    let mut take = |observation: &Observation<'_>| match observation {
        Observation::Exchange(exchange) => {
            assert!(exchange.unit == 17 && exchange.outcome != Outcome::Malformed);
            protocols.push(exchange.protocol.name().to_owned());
            if !BESIDE.contains(&exchange.func) {
                all.push(told(exchange));
            }
        }
        Observation::Said(said) => all.extend(objects(said).or_else(|| kept(said))),
        _ => {}
    };
    for (ns, data) in frames {
        let packet = Packet {
            ts: Timestamp::from_ns(1_800_000_000_000_000_000 + ns),
            link,
            orig_len: u32::try_from(data.len()).unwrap(),
            data: &data,
        };
        pipeline.handle_packet(&packet, &mut take);
    }
    pipeline.finish(&mut take);
    protocols.dedup();
    (all, protocols)
}

#[test]
fn what_a_client_asked_for_and_got_is_what_is_seen() {
    let Some(python) = python("what_a_client_asked_for_and_got_is_what_is_seen") else {
        return;
    };
    for (way, port, protocol) in [
        ("tcp", 502, "modbus_tcp"),
        ("udp", 502, "modbus_tcp"),
        ("tcprtu", 502, "modbus_rtu"),
        ("tcprtu", 4001, "modbus_rtu"),
        ("udprtu", 502, "modbus_rtu"),
    ] {
        let (packets, answers) = talk(&python, way);
        let mut talk = Talk::new(Options::default(), port);
        let mut frames = Vec::new();
        for (up, payload) in &packets {
            frames.push(match way {
                "udp" | "udprtu" => talk.udp_frame(*up, payload),
                _ => talk.tcp_frame(*up, payload),
            });
        }
        let link = if way.starts_with("udp") {
            LinkType::RAW
        } else {
            LinkType::ETHERNET
        };
        assert_eq!(answers.len(), 20);
        same(&seen(link, &frames), (&answers, protocol), way);
        if way == "tcprtu" {
            let line: Vec<Vec<u8>> = packets.into_iter().map(|packet| packet.1).collect();
            same(
                &seen(LinkType::USER0, &line),
                (&answers, protocol),
                "a serial line",
            );
        }
    }
}

/// A serial port of a client and one of a server, both of them pymodbus's, and what passes between them as it comes, in pieces.
#[test]
fn r_zon_06_what_two_others_say_on_a_serial_line_is_what_is_seen() {
    let test = "r_zon_06_what_two_others_say_on_a_serial_line_is_what_is_seen";
    let Some(python) = python(test) else { return };
    let there = Command::new(&python).args(["-c", "import serial"]).output();
    if !there.is_ok_and(|done| done.status.success()) {
        let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
        assert!(!all, "{test}: pyserial is missing");
        eprintln!("SKIPPED: {test}: the Python package pyserial");
        return;
    }
    let text = printed(&python, "line");
    let (mut pieces, mut answers) = (Vec::new(), Vec::new());
    for line in text.lines() {
        match line.split_once(' ').unwrap() {
            ("A", answer) => answers.push(serde_json::from_str(answer).unwrap()),
            (_, piece) => {
                let (ns, hex) = piece.split_once(' ').unwrap();
                pieces.push((ns.parse().unwrap(), bytes(hex)));
            }
        }
    }
    assert!(answers.len() == 20 && pieces.len() > 45, "{}", pieces.len());
    let seen = seen_at(LinkType::USER0, pieces);
    same(&seen, (&answers, "modbus_rtu"), "two terminals");
}

fn same((seen, protocols): &(Vec<Value>, Vec<String>), want: (&[Value], &str), way: &str) {
    assert_eq!(protocols, &[want.1], "{way}");
    for (mine, their) in seen.iter().zip(want.0) {
        assert_eq!(mine, their, "{way}");
    }
    assert_eq!(seen.len(), want.0.len(), "{way}");
}
