//! Frames of a serial line: carried by TCP and UDP, and on the line itself.
#![cfg(feature = "generate")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod bus_line;
mod wire;

use bus_line::{Talk, ascii, rtu};
use iia_capture::decode::modbus::rtu::crc;
use iia_capture::pipeline::Options;
use iia_core::observe::Protocol;
use wire::{Random, unit};

/// A request, its response, and the exchange in words.
const ROWS: &[(&[u8], &[u8], &str)] = &[
    (
        // Without its addresses it reads as a unit of Modbus/TCP.
        &[3, 0, 0, 0, 2],
        &[3, 4, 0, 1, 0, 2],
        "modbus_rtu 17 3 answered r0+2[1, 2] w-",
    ),
    (
        &[1, 0, 19, 0, 10],
        &[1, 2, 0xcd, 1],
        "modbus_rtu 17 1 answered r19+10[1, 0, 1, 1, 0, 0, 1, 1, 1, 0] w-",
    ),
    (
        // So do both of these.
        &[6, 0, 0, 0, 2],
        &[6, 0, 0, 0, 2],
        "modbus_rtu 17 6 answered r- w0+1[2]",
    ),
    (
        &[5, 0, 5, 0xff, 0],
        &[5, 0, 5, 0xff, 0],
        "modbus_rtu 17 5 answered r- w5+1[1]",
    ),
    (
        &[16, 0, 20, 0, 2, 4, 0, 7, 0, 8],
        &[16, 0, 20, 0, 2],
        "modbus_rtu 17 16 answered r- w20+2[7, 8]",
    ),
    (
        &[23, 0, 1, 0, 2, 0, 30, 0, 1, 2, 0, 9],
        &[23, 4, 0, 3, 0, 4],
        "modbus_rtu 17 23 answered r1+2[3, 4] w30+1[9]",
    ),
    (
        &[3, 0, 195, 0, 20],
        &[0x83, 2],
        "modbus_rtu 17 3 exception r195+20[] w-",
    ),
    (
        &[22, 0, 7, 0xf0, 0xf0, 15, 15],
        &[22, 0, 7, 0xf0, 0xf0, 15, 15],
        "modbus_rtu 17 22 answered r- w7+1[]",
    ),
    (
        &[43, 14, 1, 0],
        &[43, 14, 1, 1, 0, 0, 1, 0, 2, b'A', b'B'],
        "modbus_rtu 17 43 answered r- w-",
    ),
    (&[17], &[17, 2, 9, 0xff], "modbus_rtu 17 17 answered r- w-"),
    (
        &[8, 0, 0, 1, 2, 3, 4],
        &[8, 0, 0, 1, 2, 3, 4],
        "modbus_rtu 17 8 answered r- w-",
    ),
];

fn want() -> Vec<String> {
    ROWS.iter().map(|row| row.2.to_owned()).collect()
}

fn options(rtu: &[u16]) -> Options {
    Options {
        rtu_ports: rtu.to_vec(),
        ..Options::default()
    }
}

#[test]
fn rtu_is_seen_on_port_502_and_on_any_port_given() {
    for (port, begun) in [(502, true), (502, false), (4001, true), (4001, false)] {
        let mut talk = Talk::new(options(&[4001]), port);
        if begun {
            talk.open();
        }
        for (request, response, _) in ROWS {
            talk.tcp(true, &rtu(17, request));
            talk.tcp(false, &rtu(17, response));
        }
        let talk = talk.finish();
        assert_eq!(talk.seen, want(), "{port} {begun}");
        assert_eq!(talk.conns, [Protocol::ModbusRtu]);
        let told = [
            "mask_write_register answered",
            "read_device_identification answered",
        ];
        assert_eq!(talk.said[..2], told);
    }
}

/// Whichever message a capture begins with.
#[test]
fn what_comes_first_does_not_matter() {
    for first in 0..ROWS.len() {
        let mut talk = Talk::new(Options::default(), 502);
        talk.open();
        for (request, response, _) in &ROWS[first..] {
            talk.tcp(true, &rtu(17, request));
            talk.tcp(false, &rtu(17, response));
        }
        // A function whose length nothing tells proves nothing alone.
        assert_eq!(talk.finish().seen, want()[first..], "{first}");
    }
}

#[test]
fn a_device_may_open_the_connection() {
    let mut talk = Talk::new(options(&[4001]), 4001);
    talk.open();
    for (request, response, _) in ROWS {
        talk.tcp(false, &rtu(17, request));
        talk.tcp(true, &rtu(17, response));
    }
    let talk = talk.finish();
    assert_eq!(talk.seen, want());
    let from_asker = "10.0.0.2:4001 > 10.0.0.1:40000";
    assert!(talk.flows.iter().all(|flow| flow == from_asker));
}

#[test]
fn any_cutting_gives_the_same_exchanges() {
    for seed in 0..200 {
        let mut random = Random(seed);
        let mut talk = Talk::new(options(&[4001]), if seed % 2 == 0 { 502 } else { 4001 });
        talk.open();
        for (request, response, _) in ROWS {
            for (up, pdu) in [(true, request), (false, response)] {
                let frame = rtu(17, pdu);
                let mut rest = &frame[..];
                while !rest.is_empty() {
                    let len = 1 + random.below(rest.len());
                    talk.tcp(up, &rest[..len]);
                    rest = &rest[len..];
                }
            }
        }
        assert_eq!(talk.finish().seen, want(), "seed {seed}");
    }
}

#[test]
fn several_frames_in_one_segment_are_all_read() {
    let mut talk = Talk::new(Options::default(), 502);
    let all = |response: bool| -> Vec<u8> {
        let frames = ROWS.iter().take(10);
        let pdus = frames.map(|row| if response { row.1 } else { row.0 });
        pdus.flat_map(|pdu| rtu(17, pdu)).collect()
    };
    talk.open();
    talk.tcp(true, &all(false));
    talk.tcp(false, &all(true));
    assert_eq!(talk.finish().seen, want()[..10]);
}

#[test]
fn what_reads_as_both_is_decided_by_the_answer() {
    // 11 3 0 0 0 2 c6 9b: RTU reads two registers; Modbus/TCP has a unit of function 0x9b in it.
    let both = rtu(0x11, &[3, 0, 0, 0, 2]);
    let mut talk = Talk::new(Options::default(), 502);
    talk.tcp(true, &both);
    talk.tcp(true, &unit(1, &[6, 0, 1, 0, 9]));
    talk.tcp(false, &unit(1, &[6, 0, 1, 0, 9]));
    let talk = talk.finish();
    let write = "modbus_tcp 1 6 answered r- w1+1[9]";
    assert_eq!(talk.seen.last().unwrap(), write);
    assert!(!talk.conns.contains(&Protocol::ModbusRtu));
    // Nobody answers at all.
    let mut talk = Talk::new(Options::default(), 502);
    (0..7).for_each(|_| talk.tcp(true, &both));
    let seen = talk.finish().seen;
    let want = "modbus_rtu 17 3 unanswered r0+2[] w-";
    assert_eq!(seen, [want; 7]);
}

#[test]
fn a_client_cannot_hide_units_behind_frames() {
    let mut talk = Talk::new(Options::default(), 502);
    talk.open();
    talk.tcp(true, &rtu(1, &[3, 0, 10, 0, 2]));
    for transaction in 1..4 {
        talk.tcp(true, &unit(transaction, &[6, 0, 1, 0, 9]));
        talk.tcp(false, &unit(transaction, &[6, 0, 1, 0, 9]));
    }
    let talk = talk.finish();
    let write = "modbus_tcp 1 6 answered r- w1+1[9]";
    assert_eq!(talk.seen.iter().filter(|one| *one == write).count(), 3);
}

/// A write of 35 registers whose bytes are two units of Modbus/TCP as well.
#[test]
fn a_client_cannot_hide_units_in_a_frame() {
    let read = [&[0x11, 16, 0, 0, 0, 35, 70, 3][..], &[0; 33]].concat();
    let write = [&[0, 9, 0, 0, 0, 32, 1, 15, 0, 1, 0, 200, 25][..], &[7; 25]].concat();
    // As a frame: unit 17, function 16, from 0, 35 registers in 70 bytes. As units: one of a read, and one that writes 200 coils.
    let body = [&read[..], &write[..36]].concat();
    let frame = [&body[..], &crc(&body).to_le_bytes()].concat();
    let mut talk = Talk::new(Options::default(), 502);
    talk.open();
    talk.tcp(true, &frame);
    let seen = talk.finish().seen;
    assert!(seen.iter().all(|one| one.starts_with("modbus_tcp")));
    let hidden = seen
        .iter()
        .any(|one| one.starts_with("modbus_tcp 1 15") && one.contains("w1+200"));
    assert!(hidden, "{seen:?}");
}

#[test]
fn a_wrong_checksum_is_malformed_and_costs_itself_only() {
    let mut talk = Talk::new(options(&[4001]), 4001);
    for (number, (request, response, _)) in ROWS.iter().enumerate() {
        talk.tcp(true, &rtu(17, request));
        if number == 3 {
            let mut bent = rtu(17, response);
            bent[4] ^= 1;
            talk.tcp(false, &bent);
            continue;
        }
        talk.tcp(false, &rtu(17, response));
    }
    let seen = talk.finish().seen;
    assert!(seen.contains(&"modbus_rtu 17 5 malformed r- w-".into()));
    assert!(seen.contains(&"modbus_rtu 17 5 unanswered r- w5+1[1]".into()));
    let others = want().into_iter().enumerate().filter(|one| one.0 != 3);
    assert!(others.map(|one| one.1).all(|one| seen.contains(&one)));
}

#[test]
fn datagrams_carry_units_or_frames() {
    let mut talk = Talk::new(Options::default(), 502);
    talk.udp(true, &unit(1, &[3, 0, 0, 0, 2]));
    talk.udp(false, &unit(1, &[3, 4, 0, 1, 0, 2]));
    let talk = talk.finish();
    assert_eq!(talk.seen, ["modbus_tcp 1 3 answered r0+2[1, 2] w-"]);
    assert_eq!(talk.conns, [Protocol::ModbusTcp]);
    let mut talk = Talk::new(Options::default(), 502);
    for (request, response, _) in ROWS {
        talk.udp(true, &rtu(17, request));
        talk.udp(false, &rtu(17, response));
    }
    assert_eq!(talk.finish().seen, want());
}

#[test]
fn a_serial_line_is_read_however_its_bytes_come() {
    for (seal, chunk) in [
        (rtu as fn(u8, &[u8]) -> Vec<u8>, 300),
        (rtu, 1),
        (rtu, 5),
        (ascii, 600),
        (ascii, 7),
    ] {
        let mut talk = Talk::new(Options::default(), 0);
        for (request, response, _) in ROWS {
            for pdu in [request, response] {
                for part in seal(17, pdu).chunks(chunk) {
                    talk.serial(part);
                }
                talk.micros += 100_000;
            }
        }
        let talk = talk.finish();
        assert_eq!(talk.seen, want(), "{chunk}");
        assert!(
            talk.flows
                .iter()
                .all(|flow| flow == "0.0.0.0:0 > 0.0.0.0:0")
        );
    }
}

#[test]
fn silence_ends_a_frame_and_noise_costs_little() {
    let mut talk = Talk::new(Options::default(), 0);
    let (request, response) = (rtu(1, &[3, 0, 1, 0, 1]), rtu(1, &[3, 2, 0, 5]));
    talk.serial(&request);
    talk.serial(&response);
    talk.micros += 100_000;
    talk.serial(&request[..5]);
    talk.micros += 100_000;
    talk.serial(&request);
    talk.serial(&[0xff; 7]);
    talk.micros += 100_000;
    talk.serial(&request);
    talk.serial(&response);
    let good = "modbus_rtu 1 3 answered r1+1[5] w-";
    let bad = [
        "modbus_rtu 1 3 malformed r- w-",
        "modbus_rtu 255 127 malformed r- w-",
    ];
    let lost = "modbus_rtu 1 3 unanswered r1+1[] w-";
    assert_eq!(talk.finish().seen, [good, bad[0], bad[1], lost, good]);
}

#[test]
fn everybody_is_told_and_nobody_answers() {
    let mut talk = Talk::new(Options::default(), 0);
    talk.serial(&rtu(0, &[5, 0, 5, 0, 0]));
    talk.serial(&rtu(4, &[6, 0, 5, 0, 1]));
    talk.serial(&rtu(4, &[6, 0, 5, 0, 1]));
    let talk = talk.finish();
    let want = [
        "modbus_rtu 0 5 stated r- w5+1[0]",
        "modbus_rtu 4 6 answered r- w5+1[1]",
    ];
    assert_eq!(talk.seen, want);
}

#[test]
fn nothing_is_called_rtu_for_a_checksum_alone() {
    let mut random = Random(5);
    for round in 0..30_000 {
        let len = 1 + random.below(40);
        let bytes = random.bytes(len);
        let mut talk = Talk::new(options(&[4001]), [502, 4001][round % 2]);
        talk.tcp(true, &bytes);
        // A function that no standard defines, with a right checksum.
        talk.tcp(true, &rtu(1, &[66, 1, 2, 3]));
        // Units above 247 do not exist.
        talk.tcp(true, &rtu(250, &[3, 0, 1, 0, 1]));
        let talk = talk.finish();
        assert!(talk.seen.is_empty(), "{bytes:?} {:?}", talk.seen);
    }
}

#[test]
fn no_bytes_bring_a_line_down() {
    let mut random = Random(9);
    let mut talk = Talk::new(options(&[4001]), 4001);
    for round in 0..40_000 {
        let (request, response, _) = ROWS[random.below(ROWS.len())];
        let seal = if round % 3 == 0 { ascii } else { rtu };
        let mut frame = seal(17, if round % 2 == 0 { request } else { response });
        for _ in 0..random.below(3) {
            let place = random.below(frame.len());
            frame[place] = random.bytes(1)[0];
        }
        frame.truncate(1 + random.below(frame.len() * 2));
        match random.below(3) {
            0 => talk.serial(&frame),
            1 => talk.udp(round % 2 == 0, &frame),
            _ => talk.tcp(round % 2 == 0, &frame),
        }
    }
    assert!(talk.finish().seen.len() > 10_000);
}
