//! The IO master's decoders on what no honest device sends: cut, bent, out of order, without end.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use iia_attest::io::tap::CONVERSATIONS_MAX;
use iia_attest::io::wire::modbus::{ASKED_MAX, Asked, Joined, Message, Side, answer};
use iia_attest::io::wire::net::Segment;
use iia_attest::io::wire::stream::{Direction, WAITING_MAX};
use iia_attest::io::wire::{Data, Owner, Part, Way, WireError, ethercat, hart, io_link, rtu};
use iia_attest::io::{Format, Layout, Place, Point, Reading, Station, Tap, Tolerance, wire::Area};
use iia_core::Timestamp;
use iia_core::code::Coded as _;
use iia_core::observe::Table;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .filter_map(|digit| Some(u8::try_from(digit.to_digit(16)?).unwrap()))
        .collect();
    digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

#[test]
fn questions_that_cannot_be_are_refused() {
    for (pdu, sound) in [
        ("03 0000 0001", true),
        ("03 0000 007d", true),
        ("03 0000 007e", false),
        ("03 0000 0000", false),
        ("03 ffff 0001", true),
        ("03 ffff 0002", false),
        ("03 0000", false),
        ("03 0000 0001 00", false),
        ("01 0000 07d0", true),
        ("01 0000 07d1", false),
        ("05 0003 ff00", true),
        ("05 0003 0000", true),
        ("05 0003 0001", false),
        ("06 0001 1234", true),
        ("0f 0000 000a 02 0102", true),
        ("0f 0000 000a 01 01", false),
        ("10 0000 0001 02 1234", true),
        ("10 0000 0001 03 123456", false),
        ("10 0000 0001 02 12", false),
        ("17 0000 0001 0000 0001 02 1234", true),
        ("17 0000 0001 0000 0001 02 12", false),
        ("2b 0e 01 00", true),
        ("", false),
    ] {
        assert_eq!(Asked::parse(&bytes(pdu)).is_ok(), sound, "{pdu}");
    }
    let read = (Table::HoldingRegister, 0, 2);
    for (pdu, want) in [
        ("03 04 0001 0002", Some(true)),
        ("83 02", Some(false)),
        ("03 02 0001", None),
        ("03 04 0001", None),
        ("03 04 0001 0002 00", None),
        ("03", None),
    ] {
        let found = answer(&bytes(pdu), read).ok().map(|held| held.is_some());
        assert_eq!(found, want, "{pdu}");
    }
}

#[test]
fn an_answer_belongs_to_its_question_and_questions_are_bounded() {
    let owner = Owner::Line(0);
    let pdu = bytes("03 0000 0001");
    let reply = bytes("03 02 00ff");
    let ask = |transaction| Message {
        transaction,
        unit: 1,
        pdu: &pdu,
    };
    let tell = |transaction, unit| Message {
        transaction,
        unit,
        pdu: &reply,
    };
    let at = Timestamp::from_ns;
    let mut joined = Joined::default();
    joined.handle_question(at(5), owner, ask(1)).unwrap();
    assert_eq!(joined.handle_answer(at(6), owner, tell(2, 1)), Ok(None));
    assert_eq!(joined.handle_answer(at(6), owner, tell(1, 2)), Ok(None));
    let chunk = joined
        .handle_answer(at(9), owner, tell(1, 1))
        .unwrap()
        .unwrap();
    assert_eq!(
        (chunk.took_ns, chunk.way, chunk.first),
        (Some(4), Way::Said, 0)
    );
    // Twice is once.
    assert_eq!(joined.handle_answer(at(9), owner, tell(1, 1)), Ok(None));
    for transaction in 0..=u16::try_from(ASKED_MAX).unwrap() {
        joined
            .handle_question(at(10), owner, ask(transaction))
            .unwrap();
    }
    assert_eq!(joined.handle_answer(at(11), owner, tell(0, 1)), Ok(None));
    assert!(
        joined
            .handle_answer(at(11), owner, tell(1, 1))
            .unwrap()
            .is_some()
    );
}

#[test]
fn messages_are_the_same_however_they_are_cut_and_noise_is_counted() {
    let stream = bytes("0001 0000 0006 01 03 0000 0001 0002 0000 0006 01 03 0005 0002");
    for cut in 0..=stream.len() {
        let mut side = Side::default();
        let mut seen = Vec::new();
        for part in [&stream[..cut], &stream[cut..]] {
            side.handle_bytes(part, |message| seen.push(message.transaction));
        }
        assert_eq!((seen, side.malformed()), (vec![1, 2], 0), "{cut}");
    }
    for noise in [
        "0001 0001 0006 01 03 0000 0001",
        "0001 0000 0001 01",
        "0001 0000 00ff 01 03",
    ] {
        let mut side = Side::default();
        side.handle_bytes(&bytes(noise), |_| unreachable!());
        assert_eq!(side.malformed(), 1, "{noise}");
        side.handle_bytes(&stream, |message| assert_eq!(message.unit, 1));
        assert_eq!(side.malformed(), 1);
    }
}

fn framed(content: &str) -> Vec<u8> {
    let mut frame = bytes(content);
    let sum = rtu::crc(&frame);
    frame.extend(sum.to_le_bytes());
    frame
}

#[test]
fn a_serial_line_is_read_however_it_is_cut_and_behind_noise() {
    // The CRC of the specification's appendix: 02 07 gives 41 12.
    assert_eq!(rtu::crc(&[2, 7]), 0x1241);
    let all = [
        framed("11 03 0000 0002"),
        framed("11 03 04 0001 0002"),
        framed("11 06 0005 00aa"),
        framed("11 06 0005 00aa"),
        framed("11 10 0001 0002 04 000a 0102"),
        framed("11 10 0001 0002"),
        framed("11 01 0000 0003"),
        framed("11 01 01 05"),
        framed("11 03 0000 0001"),
        framed("11 83 02"),
    ]
    .concat();
    let read = |parts: &[&[u8]]| {
        let mut line = rtu::Line::new(3);
        let mut seen = Vec::new();
        for part in parts {
            line.handle_bytes(Timestamp::default(), part, |chunk| {
                let held = match chunk.data {
                    Data::Bits(bits, count) => (bits.to_vec(), count),
                    Data::Bytes(bytes) => (bytes.to_vec(), 0),
                };
                seen.push((chunk.way, chunk.first, held));
            });
        }
        (seen, line.skipped())
    };
    let (want, skipped) = read(&[&all]);
    let values: Vec<_> = want
        .iter()
        .map(|one| (one.0, one.1, one.2.0.clone()))
        .collect();
    assert_eq!(
        values,
        [
            (Way::Said, 0, vec![0, 1, 0, 2]),
            (Way::Told, 5, vec![0, 0xaa]),
            (Way::Told, 1, vec![0, 10, 1, 2]),
            (Way::Said, 0, vec![5]),
        ]
    );
    assert_eq!(skipped, 0);
    for cut in 0..=all.len() {
        assert_eq!(
            read(&[&all[..cut], &all[cut..]]),
            (want.clone(), 0),
            "{cut}"
        );
    }
    let (behind, skipped) = read(&[&[0xff, 0x55, 0xaa], &all]);
    assert_eq!((behind, skipped), (want.clone(), 3));
    // A bent frame is none, and those behind it are read.
    let mut bent = all.clone();
    bent[8 + 4] ^= 1;
    let (seen, skipped) = read(&[&bent]);
    assert!(skipped > 0 && seen.ends_with(&want[1..]), "{seen:?}");
    for at in 0..all.len() * 8 {
        let mut bent = all.clone();
        bent[at / 8] ^= 1 << (at % 8);
        for (_, _, (value, _)) in read(&[&bent]).0 {
            assert!(
                want.iter().any(|one| one.2.0 == value),
                "bit {at}: {value:?}"
            );
        }
    }
}

fn segment(seq: u32, data: &[u8]) -> Segment<'_> {
    Segment {
        seq,
        ack: 0,
        syn: false,
        ends: false,
        data,
    }
}

#[test]
fn a_stream_gives_each_byte_once_in_order_and_says_where_some_are_missing() {
    for start in [7, u32::MAX - 3] {
        let at = |offset: u32| start.wrapping_add(offset);
        let mut stream = Direction::default();
        let mut seen = Vec::new();
        for (offset, data) in [
            (0, &b"ab"[..]),
            (0, b"ab"),
            (4, b"ef"),
            (4, b"efgh"),
            (1, b"bcd"),
            (6, b"gh"),
            (8, b"i"),
        ] {
            let ready = stream.handle_segment(&segment(at(offset), data));
            assert!(!ready.gap);
            seen.extend(ready.bytes);
        }
        assert_eq!(seen, b"abcdefghi");
        // A hole whose bytes the other end has was lost here only.
        let ready = stream.handle_segment(&segment(at(20), b"uv"));
        assert!(ready.bytes.is_empty());
        assert!(stream.handle_ack(at(15)).bytes.is_empty());
        let ready = stream.handle_ack(at(22));
        assert_eq!((ready.gap, ready.bytes.as_slice()), (true, &b"uv"[..]));
        // A hole that is never filled is given up when too much waits behind it.
        let piece = vec![0x5a; 1460];
        let mut offset = 100;
        let gap = (0..100).find_map(|_| {
            let ready = stream.handle_segment(&segment(at(offset), &piece));
            offset += 1460;
            ready.gap.then_some(ready.bytes.len())
        });
        assert!(gap.unwrap() > WAITING_MAX && gap.unwrap() <= WAITING_MAX + 1460);
    }
}

#[test]
fn checksums_hold_against_every_bit() {
    let frame = bytes("ff ff ff 82 a6 06 bc 61 4e 01 00 b0");
    let sum = frame[3..11].iter().fold(0, |sum, byte| sum ^ byte);
    let mut frame = frame;
    frame[11] = sum;
    assert!(hart::Frame::parse(&frame).is_ok());
    for bit in 24..frame.len() * 8 {
        let mut bent = frame.clone();
        bent[bit / 8] ^= 1 << (bit % 8);
        assert!(hart::Frame::parse(&bent).is_err(), "{bit}");
    }
    for len in 0..frame.len() {
        assert!(hart::Frame::parse(&frame[..len]).is_err(), "{len}");
    }
    let shape = io_link::Shape {
        kind: 2,
        out_len: 2,
        in_len: 0,
        request_len: 1,
    };
    let mut port = bytes("80 80 1234");
    port[1] |= io_link::checksum(port.iter().copied());
    assert!(shape.question(&port).is_ok());
    let caught = (0..port.len() * 8).filter(|bit| {
        let mut bent = port.clone();
        bent[bit / 8] ^= 1 << (bit % 8);
        shape.question(&bent).is_err()
    });
    assert_eq!(caught.count(), port.len() * 8);
    for error in [
        WireError::Cut,
        WireError::Checksum { protocol: "HART" },
        WireError::Form {
            protocol: "HART",
            what: "x",
        },
    ] {
        assert!(
            error.code().to_string().starts_with("IIA-ATT-003"),
            "{error}"
        );
    }
}

#[test]
fn datagrams_end_where_the_frame_does() {
    let one = "0c 83 00000100 0300 0000 aabbcc 0400";
    let frame = |header: &str, body: &str| bytes(&format!("{header} {body}"));
    let mut seen = Vec::new();
    let sound = frame("0f 10", one);
    ethercat::datagrams(&sound, |datagram| {
        seen.push(datagram.chunk(0).unwrap().first)
    })
    .unwrap();
    assert_eq!(seen, [0x0001_0000]);
    // More is announced than there is; a length beyond the frame; another type.
    let more = frame("0f 10", &one.replace("0300 0000", "0380 0000"));
    assert_eq!(ethercat::datagrams(&more, |_| {}), Err(WireError::Cut));
    assert_eq!(
        ethercat::datagrams(&frame("ff 17", one), |_| {}),
        Err(WireError::Cut)
    );
    ethercat::datagrams(&frame("0f 50", one), |_| unreachable!()).unwrap();
}

fn point(area: Area, first: u32, format: Format) -> Point {
    Point {
        name: "p".into(),
        unit: String::new(),
        contract: "c".into(),
        tolerance: Tolerance {
            ppm: 5_000,
            whole_micros: None,
            absolute_micros: 0,
            skew_ns: 1,
        },
        places: vec![Place {
            area,
            first,
            format,
            gain_micros: 1_000_000,
            offset_micros: 0,
            way: Way::Said,
        }],
    }
}

#[test]
fn points_are_read_where_they_lie_whole() {
    use iia_attest::io::wire::Chunk;
    let modbus = |table| Area {
        owner: Owner::Line(1),
        part: Part::Modbus { unit: 1, table },
    };
    let registers = modbus(Table::HoldingRegister);
    let cyclic = Area {
        owner: Owner::Line(1),
        part: Part::Connection(9),
    };
    let coils = modbus(Table::Coil);
    let rows = [
        (registers, 10, Format::Unsigned(2), Some(0x1234 * 1_000_000)),
        (registers, 11, Format::Signed(2), Some(-2_000_000)),
        (registers, 12, Format::Float(4), Some(12_500_000)),
        (
            registers,
            10,
            Format::Unsigned(4),
            Some(0x1234_fffe * 1_000_000),
        ),
        (registers, 13, Format::Float(4), None),
        (registers, 9, Format::Unsigned(2), None),
        (registers, 14, Format::Unsigned(2), None),
        (
            registers,
            10,
            Format::Unsigned(3),
            Some(0x12_34ff * 1_000_000),
        ),
        (registers, 10, Format::Unsigned(9), None),
        (registers, 10, Format::Float(2), None),
        (cyclic, 0, Format::Unsigned(2), Some(0x3412 * 1_000_000)),
        (cyclic, 0, Format::Bit(4), Some(1_000_000)),
        (cyclic, 7, Format::Unsigned(1), Some(0)),
        (cyclic, 8, Format::Unsigned(1), None),
        (coils, 6, Format::Bit(0), Some(1_000_000)),
        (coils, 5, Format::Bit(0), Some(0)),
        (coils, 8, Format::Bit(0), None),
    ];
    let held = bytes("1234 fffe 4148 0000");
    for (area, first, format, want) in rows {
        let layout = Layout::new(&[point(area, first, format)]);
        let (data, start) = match area.part {
            Part::Modbus {
                table: Table::Coil, ..
            } => (Data::Bits(&[0b0000_1010], 5), 3),
            Part::Modbus { .. } => (Data::Bytes(&held), 10),
            _ => (Data::Bytes(&held), 0),
        };
        let chunk = Chunk {
            area,
            first: start,
            data,
            way: Way::Said,
            took_ns: None,
        };
        let mut found = None;
        layout.read(
            (Timestamp::default(), Station::Device),
            &chunk,
            |reading: Reading| {
                found = Some(reading.micros);
            },
        );
        assert_eq!(found, want, "{first} {format:?}");
    }
}

#[test]
fn a_tap_follows_so_many_conversations_and_no_more() {
    let mut tap = Tap::new(Station::Device, 0);
    for number in 0..u16::try_from(CONVERSATIONS_MAX).unwrap() + 5 {
        let mut frame = bytes(
            "020000000002 020000000001 0800 4500 0034 0000 0000 40 06 0000 0a000001 0a000002",
        );
        frame.extend((number + 1024).to_be_bytes());
        frame.extend(bytes("01f6 00000001 00000000 5018 0000 0000 0000"));
        frame.extend(bytes("0001 0000 0006 01 03 0000 0001"));
        tap.handle_frame(
            Timestamp::from_ns(number.into()),
            &frame,
            &Layout::default(),
            |_| {},
        );
    }
    assert_eq!((tap.counts().forgotten, tap.counts().malformed), (5, 0));
}
