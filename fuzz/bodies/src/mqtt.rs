//! Conversations of MQTT over TCP and of MQTT-SN over UDP, with what is in their messages.

use iia_capture::Packet;
use iia_capture::decode::FIELDS_MAX;
use iia_capture::generate;
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::LinkType;
use iia_core::Timestamp;
use iia_core::observe::{Observation, Said};

use crate::input::Input;

const CLIENT: ([u8; 4], u16) = ([10, 0, 0, 1], 40_000);
const SERVER: ([u8; 4], u16) = ([10, 0, 0, 2], 1883);
/// A CONNECT of MQTT 5 and what accepts it: from here on it is known where packets begin.
const CONNECT: &[u8] = b"\x10\x0e\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01a";
const CONNACK: &[u8] = &[0x20, 3, 0, 0, 0];

/// What each side says, and which.
type Turns<'a> = Vec<(bool, &'a [u8])>;

/// Any conversation, from the middle or from its CONNECT: records keep their promises, are the same again when read again,
/// and, where it is known where packets begin, however the stream was cut.
pub fn mqtt(data: &[u8]) {
    let mut input = Input(data);
    let (kind, cut) = (input.byte(), 1 + usize::from(input.byte()));
    let mut turns = Turns::new();
    if kind & 1 == 1 {
        turns.extend([(true, CONNECT), (false, CONNACK)]);
    }
    while !input.is_empty() && turns.len() < 64 {
        turns.push((input.byte() & 1 == 0, input.piece()));
    }
    if kind & 2 == 2 {
        let frames = turns.iter().map(|(up, said)| datagram(*up, said));
        let frames: Vec<_> = frames.collect();
        assert_eq!(run(&frames), run(&frames));
        return;
    }
    let whole = run(&stream(&turns, 1400));
    assert_eq!(run(&stream(&turns, 1400)), whole);
    let pieces = run(&stream(&turns, cut));
    let lost = |told: &[String]| told.iter().any(|one| one.contains("no_unit"));
    if kind & 1 == 1 && !lost(&whole) && !lost(&pieces) {
        assert_eq!(pieces, whole, "{cut} bytes at a time");
    }
}

/// What is told of frames that all come at one moment.
fn run(frames: &[Vec<u8>]) -> Vec<String> {
    let mut pipeline = Pipeline::new(Options::default());
    let mut told = Vec::new();
    let mut said = 0;
    let mut sink = |seen: &Observation<'_>| match seen {
        Observation::Said(one) => {
            sound(one);
            said += 1;
            told.push(format!("{one:?}"));
        }
        Observation::Message(message) => {
            assert!(!message.client.is_empty());
            told.push(format!("{message:?}"));
        }
        _ => {}
    };
    for data in frames {
        let packet = Packet {
            ts: Timestamp::from_secs(1_800_000_000),
            link: LinkType::ETHERNET,
            orig_len: data.len() as u32,
            data,
        };
        pipeline.handle_packet(&packet, &mut sink);
    }
    pipeline.finish(&mut sink);
    assert_eq!(pipeline.stats().said, said);
    told
}

fn sound(said: &Said<'_>) {
    assert!(said.latency_ns.is_none_or(|latency| latency >= 0));
    for fields in [said.asked, said.answered] {
        assert!(fields.len() <= FIELDS_MAX + 1);
        // A secret is never told, whatever it looks like.
        assert!(
            fields
                .iter()
                .all(|field| !field.name.starts_with("mqtt.passwd"))
        );
    }
}

fn stream(turns: &Turns<'_>, cut: usize) -> Vec<Vec<u8>> {
    let (mut frames, mut sequences) = (Vec::new(), [1u32, 1]);
    for (up, said) in turns {
        for part in said.chunks(cut.min(1400)) {
            let [mine, theirs] = sequences;
            let (hosts, ports, counts) = match up {
                true => ((CLIENT.0, SERVER.0), (CLIENT.1, SERVER.1), (mine, theirs)),
                false => ((SERVER.0, CLIENT.0), (SERVER.1, CLIENT.1), (theirs, mine)),
            };
            frames.push(generate::frame(hosts, ports, counts, part));
            let side = &mut sequences[usize::from(!*up)];
            *side = side.wrapping_add(part.len() as u32);
        }
    }
    frames
}

fn datagram(up: bool, said: &[u8]) -> Vec<u8> {
    const HEADERS: usize = 14 + 20;
    let said = said.get(..1400).unwrap_or(said);
    let (from, to) = if up {
        (CLIENT, SERVER)
    } else {
        (SERVER, CLIENT)
    };
    let mut frame = generate::frame((from.0, to.0), (from.1, to.1), (0, 0), &[]);
    frame.truncate(HEADERS);
    frame[14 + 9] = 17;
    let total = (20 + 8 + said.len()) as u16;
    frame[16..18].copy_from_slice(&total.to_be_bytes());
    for part in [from.1, to.1, 8 + said.len() as u16, 0] {
        frame.extend_from_slice(&part.to_be_bytes());
    }
    frame.extend_from_slice(said);
    frame
}

/// A packet with its fixed header, of less than 16 KiB.
fn packet(first: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let len = [body.len() as u8 | 0x80, (body.len() >> 7) as u8];
    let head = if body.len() < 128 {
        vec![first, len[0] & 0x7f]
    } else {
        vec![first, len[0], len[1]]
    };
    [head, body].concat()
}

/// Text with its length.
fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat()
}

/// A field of Protocol Buffers that has a length, below 128.
fn field(tag: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [tag, &[body.len() as u8], &body].concat()
}

/// An input: what it is, into how many bytes it is cut, who says what.
fn input(kind: u8, cut: u8, turns: &[(bool, Vec<u8>)]) -> Vec<u8> {
    let mut seed = vec![kind, cut];
    for (up, said) in turns {
        seed.push(u8::from(!up));
        seed.extend_from_slice(&(said.len() as u16).to_le_bytes());
        seed.extend_from_slice(said);
    }
    seed
}

/// First inputs, made by hand from the standards: each packet type, properties, metrics, an uplink, a forwarder.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let (topic, filter) = (text("plant/7"), text("plant/#"));
    let alias: &[u8] = &[3, 0x23, 0, 5];
    let acknowledged = [
        (true, packet(0x32, &[&topic, &[0, 2], alias, b"on"])),
        (true, packet(0x34, &[&[0, 0, 0, 3], alias, b"off"])),
        (
            false,
            [packet(0x40, &[&[0, 2]]), packet(0x50, &[&[0, 3, 0]])].concat(),
        ),
        (true, [packet(0x62, &[&[0, 3]]), vec![0xc0, 0]].concat()),
        (
            false,
            [
                packet(0x70, &[&[0, 3]]),
                vec![0xd0, 0],
                packet(0xe0, &[&[0x8b, 0]]),
            ]
            .concat(),
        ),
    ];
    let subscribed = [
        (
            true,
            packet(0x82, &[&[0, 1, 2, 0x0b, 7], &filter, &[1], &topic, &[0x2a]]),
        ),
        (false, packet(0x90, &[&[0, 1, 0, 1, 0x87]])),
        (true, packet(0xa2, &[&[0, 2, 0], &filter])),
        (false, packet(0xb0, &[&[0, 2, 0, 0x11]])),
        (true, packet(0xf0, &[&[0x19, 0]])),
        (false, packet(0xf0, &[&[0x18, 0]])),
    ];
    let old = [
        text("MQIsdp"),
        vec![3, 0xc6, 0, 60],
        text("a"),
        topic.clone(),
        text("gone"),
        text("press"),
        text("word"),
    ];
    let middle = [
        (true, b"the end of a packet".to_vec()),
        (true, packet(0x30, &[&topic, b"off"])),
        (false, vec![0x20, 2, 0, 5]),
        (true, packet(0x10, &[&old.concat()])),
    ];
    let body = br#"{"fCnt":1,"fPort":2,"data":"AQI=","rxInfo":[{"rssi":-7,"snr":1.5}]}"#;
    let uplink = packet(
        0x30,
        &[
            &text("application/1/device/0102030405060708/event/up"),
            &[0],
            body,
        ],
    );
    vec![
        ("acknowledged", input(1, 3, &acknowledged)),
        ("subscribed", input(1, 2, &subscribed)),
        ("middle", input(0, 7, &middle)),
        ("uplink", input(1, 40, &[(true, uplink)])),
        ("metrics", input(1, 9, &metrics())),
        ("sensors", input(2, 0, &sensors())),
    ]
}

/// A birth, data by alias, and a template with a table and properties in it.
fn metrics() -> Vec<(bool, Vec<u8>)> {
    let birth = field(
        &[0x12],
        &[&field(&[0x0a], &[b"force"]), &[0x10, 1, 0x20, 3, 0x50, 9]],
    );
    let data = field(&[0x12], &[&[0x10, 1, 0x50, 7]]);
    let row = field(&[0x22], &[&field(&[0x0a], &[&[8, 9]])]);
    let table = field(
        &[0x8a, 1],
        &[&[8, 1], &field(&[0x12], &[b"a"]), &[0x18, 3], &row],
    );
    let own = field(
        &[0x4a],
        &[
            &field(&[0x0a], &[b"unit"]),
            &field(&[0x12], &[&[8, 3, 0x18, 4]]),
        ],
    );
    let inner = field(&[0x12], &[&[0x20, 16], &own, &table]);
    let template = field(
        &[0x12],
        &[&[0x20, 19], &field(&[0x92, 1], &[&inner, &[0x28, 1]])],
    );
    let said = |kind: &str, payload: &[u8]| {
        (
            true,
            packet(
                0x30,
                &[
                    &text(&format!("spBv1.0/g/{kind}/e")),
                    &[0],
                    payload,
                    &[0x18, 1],
                ],
            ),
        )
    };
    vec![
        said("NBIRTH", &birth),
        said("NDATA", &data),
        said("NDATA", &template),
    ]
}

/// A client of MQTT-SN, and one behind a forwarder.
fn sensors() -> Vec<(bool, Vec<u8>)> {
    let message = |kind: u8, body: &[u8]| [&[body.len() as u8 + 2, kind], body].concat();
    vec![
        (true, message(0x04, b"\x04\x01\x00\x3cab")),
        (false, message(0x05, &[0])),
        (true, message(0x0a, b"\x00\x00\x00\x01plant/1")),
        (false, message(0x0b, &[0, 4, 0, 1, 0])),
        (true, message(0x0c, b"\x20\x00\x04\x00\x07on")),
        (false, message(0x0d, &[0, 4, 0, 7, 2])),
        (
            true,
            [vec![4, 0xfe, 1, 7], message(0x04, b"\x04\x01\x00\x3ccd")].concat(),
        ),
        (true, message(0x12, b"\x00\x00\x02plant/+")),
        (false, message(0x13, &[0, 0, 6, 0, 2, 0])),
        (true, message(0x18, &[0, 60])),
    ]
}
