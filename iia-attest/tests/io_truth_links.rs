//! The IO master's decoders held against others: HART against tshark, Modbus and IO-Link against libraries.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::panic,
    reason = "tests"
)]

mod judge;

use std::collections::BTreeMap;
use std::path::Path;

use iia_attest::io::wire::hart::variable;
use iia_attest::io::wire::io_link::{Shape, checksum};
use iia_attest::io::wire::{Data, Owner, Part, Way, modbus, rtu};
use iia_attest::io::{Station, Tap};
use iia_core::Timestamp;
use judge::{bytes, corpus, fields, frames, made, python, run, values};

type Cells = Vec<Vec<String>>;

/// By frame, the values of a HART device by their offset.
fn hart_heard(frames: &[(i64, Vec<u8>)]) -> BTreeMap<usize, BTreeMap<u32, f32>> {
    let mut tap = Tap::new(Station::Sensor, 0);
    let mut all = BTreeMap::<_, BTreeMap<_, _>>::new();
    for (number, (ns, frame)) in (1..).zip(frames) {
        tap.handle_chunks(Timestamp::from_ns(*ns), frame, |chunk| {
            if let (Part::Hart(_), Data::Bytes(value)) = (chunk.area.part, chunk.data) {
                let value = f32::from_be_bytes(value.try_into().unwrap());
                all.entry(number).or_default().insert(chunk.first, value);
            }
        });
    }
    all
}

fn hart_names() -> Vec<(u32, String)> {
    let named = [
        (variable::CURRENT, "pv_loop_current"),
        (variable::PERCENT, "pv_percent_range"),
        (variable::PRIMARY, "pv"),
        (variable::PRIMARY + 4, "sv"),
        (variable::PRIMARY + 8, "tv"),
        (variable::PRIMARY + 12, "qv"),
    ];
    let named = named.map(|(first, name)| (first, name.to_owned()));
    let slots = (0..8u32).map(|slot| {
        (
            variable::SLOT + 4 * slot,
            format!("slot{slot}_device_var_value"),
        )
    });
    named.into_iter().chain(slots).collect()
}

/// Compares every value of every frame; how many there were.
fn hart_compared(test: &str, file: &Path) -> Option<usize> {
    let named = hart_names();
    let names: Vec<String> = named
        .iter()
        .map(|(_, name)| format!("hart_ip.pt.rsp.{name}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let rows: Vec<(usize, Cells)> = fields(test, file, "hart_ip", &names)?;
    let ours = hart_heard(&frames(test, file).unwrap());
    let mut compared = 0;
    for (number, cells) in rows {
        let mine = ours.get(&number).cloned().unwrap_or_default();
        for ((first, name), cell) in named.iter().zip(&cells) {
            let theirs = cell.first().map(|text| text.parse::<f32>().unwrap());
            let value = mine.get(first).copied();
            let same = match (value, theirs) {
                (Some(one), Some(other)) => {
                    (one - other).abs() <= other.abs() * 1e-5 || one.is_nan() && other.is_nan()
                }
                (one, other) => one.is_none() && other.is_none(),
            };
            assert!(
                same,
                "{} {number} {name}: {value:?}, tshark {theirs:?}",
                file.display()
            );
            compared += usize::from(value.is_some());
        }
    }
    Some(compared)
}

/// An answer of HART over UDP from port 5094: status, then what the command brings.
fn hart_frame(command: u8, data: &[u8], long: bool) -> Vec<u8> {
    let mut pdu = if long {
        bytes("86 a6 06 bc 61 4e")
    } else {
        bytes("06 81")
    };
    pdu.extend([command, u8::try_from(data.len() + 2).unwrap(), 0, 0]);
    pdu.extend(data);
    pdu.push(pdu.iter().fold(0, |sum, byte| sum ^ byte));
    let mut message = bytes("01 01 03 00 0007");
    message.extend(u16::to_be_bytes(u16::try_from(pdu.len() + 8).unwrap()));
    message.extend(pdu);
    let udp_len = u16::try_from(message.len() + 8).unwrap();
    let mut frame = bytes("020000000002 020000000001 0800 4500");
    frame.extend((udp_len + 20).to_be_bytes());
    frame.extend(bytes("0000 0000 40 11 0000 0a000002 0a000001 13e6 c000"));
    frame.extend(udp_len.to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(message);
    frame
}

#[test]
fn values_of_hart_are_those_of_tshark() {
    let test = "values_of_hart_are_those_of_tshark";
    let mut compared = 0;
    for file in corpus(test, "hart_ip") {
        let Some(count) = hart_compared(test, &file) else {
            return;
        };
        compared += count;
    }
    // The captures have bursts of command 9; the others are made.
    assert!(compared >= 18, "{compared}");
    let value = |number: f32| number.to_be_bytes().to_vec();
    let one = |before: &[u8], number: f32, behind: &[u8]| [before, &value(number), behind].concat();
    let mut all = Vec::new();
    for number in [12.5_f32, -40.0, 0.0, 118.25, 1.0e-3, 2.5e6] {
        let current = value(4.0 + number.rem_euclid(16.0));
        let four: Vec<u8> = (0..4u8)
            .flat_map(|unit| one(&[unit + 32], number * f32::from(unit + 1), &[]))
            .collect();
        let slots: Vec<u8> = (0..4u8)
            .flat_map(|slot| one(&[slot, 57], number + f32::from(slot), &[]))
            .collect();
        let long: Vec<u8> = (0..8u8)
            .flat_map(|slot| one(&[slot, 64, 57], number - f32::from(slot), &[0xc0]))
            .collect();
        let nine = [vec![0], long, vec![0, 0, 1, 0]].concat();
        for (command, data) in [
            (1, one(&[32], number, &[])),
            (2, [current.clone(), value(number)].concat()),
            (3, [current, four].concat()),
            (33, slots),
            (9, nine),
        ] {
            all.push(hart_frame(command, &data, true));
            all.push(hart_frame(command, &data, false));
        }
    }
    let count = hart_compared(test, &made("hart_made.pcap", &all)).unwrap();
    assert_eq!(count, 6 * 2 * (1 + 2 + 5 + 4 + 8));
}

/// What a library's client asked a library's server and got: told by it, and by our reading of the bytes.
#[test]
fn what_a_client_of_modbus_got_is_what_is_read() {
    let test = "what_a_client_of_modbus_got_is_what_is_read";
    let Some(python) = python(test, "pymodbus") else {
        return;
    };
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../iia-capture/tests/peers/modbus_talk.py"
    );
    for way in ["tcp", "tcprtu"] {
        let text = run(&python, script, &[way]);
        let (mut theirs, mut packets) = (Vec::new(), Vec::new());
        for line in text.lines() {
            match line.split_at(2) {
                ("A ", answer) => {
                    let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
                    let func = answer["func"].as_u64().unwrap();
                    if answer["values"].is_array() && func != 22 {
                        let values = answer["values"].as_array().unwrap().iter();
                        let values =
                            values.map(|one| u16::try_from(one.as_u64().unwrap()).unwrap());
                        let reads = matches!(func, 1..=4 | 23);
                        theirs.push((
                            reads,
                            u32::try_from(answer["addr"].as_u64().unwrap()).unwrap(),
                            values.collect(),
                        ));
                    }
                }
                (side, hex) => packets.push((side == "S ", bytes(hex))),
            }
        }
        let mut mine: Vec<(bool, u32, Vec<u16>)> = Vec::new();
        let mut take = |chunk: &iia_attest::io::wire::Chunk<'_>| {
            mine.push((chunk.way == Way::Said, chunk.first, values(chunk.data)));
        };
        let (mut line, mut joined) = (rtu::Line::new(1), modbus::Joined::default());
        let mut sides = [modbus::Side::default(), modbus::Side::default()];
        for (number, (asks, packet)) in (0..).zip(&packets) {
            let at = Timestamp::from_ns(number);
            if way == "tcprtu" {
                line.handle_bytes(at, packet, |chunk| take(&chunk));
                continue;
            }
            sides[usize::from(*asks)].handle_bytes(packet, |message| {
                let held = match asks {
                    true => joined.handle_question(at, Owner::Line(1), message),
                    false => joined.handle_answer(at, Owner::Line(1), message),
                };
                held.unwrap().iter().for_each(&mut take);
            });
        }
        // The library does not tell what function 23 writes.
        mine.retain(|one| *one != (false, 30, vec![9, 9]));
        assert_eq!(mine, theirs, "{way}");
        assert!(mine.len() > 9, "{mine:?}");
        assert_eq!(line.skipped(), 0);
    }
}

#[test]
fn sequences_of_io_link_are_those_of_a_library() {
    let test = "sequences_of_io_link_are_those_of_a_library";
    let Some(python) = python(test, "iolink_utils") else {
        return;
    };
    let (mut arguments, mut want) = (Vec::new(), String::new());
    let hex = |bytes: &[u8]| match bytes {
        [] => "-".to_owned(),
        bytes => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    for number in 0..240u8 {
        let (kind, out_len, in_len, request_len) = match number % 4 {
            0 => (0, 0, 0, 1),
            1 => (1, 0, 0, 8),
            2 => (2, 2, 3, 1),
            _ => (2, 0, 2, 2),
        };
        let shape = Shape {
            kind,
            out_len,
            in_len,
            request_len,
        };
        let reads = number % 8 < 4;
        let control = u8::from(reads) << 7 | number & 0x7f;
        let fill =
            |len: u8, from: u8| (0..len).map(move |at| from.wrapping_mul(31).wrapping_add(at * 7));
        let asked = if reads { 0 } else { request_len };
        let mut port: Vec<u8> = [control, kind << 6]
            .into_iter()
            .chain(fill(out_len, number))
            .chain(fill(asked, 99))
            .collect();
        port[1] |= checksum(port.iter().copied());
        let answered = request_len - asked;
        let mut device: Vec<u8> = fill(answered, number)
            .chain(fill(in_len, number ^ 0x55))
            .collect();
        device.push(number & 0xc0);
        let sum = checksum(device.iter().copied());
        *device.last_mut().unwrap() |= sum;
        // Every fifth is bent.
        let bent = number % 5 == 4;
        if bent {
            *device.last_mut().unwrap() ^= 1 << (number % 6);
        }
        let question = shape.question(&port).unwrap();
        let reply = shape.reply(control, &device);
        assert_eq!(reply.is_err(), bent);
        want += &format!("1 {} {}\n", hex(question.out), hex(question.request));
        let end = device.len() - 1;
        let (request, input) = device[..end].split_at(answered.into());
        want += &format!("{} {} {}\n", u8::from(!bent), hex(input), hex(request));
        if let Ok(reply) = reply {
            assert_eq!((reply.request, reply.input), (request, input));
            assert_eq!(
                (reply.event, reply.valid),
                (number & 0x80 != 0, number & 0x40 == 0)
            );
        }
        arguments.push(format!(
            "{kind}:{out_len}:{request_len}:{in_len}:{}:{}",
            hex(&port),
            hex(&device)
        ));
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/io_link.py");
    assert_eq!(run(&python, script, &arguments), want);
}
