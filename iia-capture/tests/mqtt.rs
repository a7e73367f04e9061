//! MQTT by its rules, on messages made by hand from the standard (MQTT 5, MQTT 3.1.1, Sparkplug 3.0.0).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod line;
mod wire;

use iia_capture::decode::mqtt::{ALIASES_MAX, fits};
use line::Line;
use wire::Random;

/// A packet with its fixed header.
fn packet(first: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let (mut head, mut len) = (vec![first], body.len());
    loop {
        let more = if len > 127 { 0x80 } else { 0 };
        head.push(u8::try_from(len & 127).unwrap() | more);
        len >>= 7;
        if len == 0 {
            return [head, body].concat();
        }
    }
}

fn text(text: &str) -> Vec<u8> {
    let len = u16::try_from(text.len()).unwrap().to_be_bytes();
    [&len[..], text.as_bytes()].concat()
}

/// A CONNECT of `press` with this version; of MQTT 5 with properties.
fn connect(level: u8, properties: &[u8]) -> Vec<u8> {
    let name = if level == 3 { "MQIsdp" } else { "MQTT" };
    let own = match level {
        5 => [&[u8::try_from(properties.len()).unwrap()], properties].concat(),
        _ => Vec::new(),
    };
    let head = [text(name), vec![level, 0xc2, 0, 60], own].concat();
    packet(
        0x10,
        &[
            &head,
            &text("client-7"),
            &text("press"),
            &text("hidden-word"),
        ],
    )
}

const CONNACK: &[u8] = &[0x20, 2, 0, 0];
const CONNACK_5: &[u8] = &[0x20, 3, 0, 0, 0];

/// A connection of this version that the server accepted.
fn accepted(level: u8) -> Line {
    let mut line = Line::to(1883);
    line.say(true, &connect(level, &[]));
    line.say(false, if level == 5 { CONNACK_5 } else { CONNACK });
    line.told.clear();
    line
}

#[test]
fn what_breaks_the_rules_is_malformed_and_the_next_packet_is_read() {
    let topic = text("plant/7");
    let cases: Vec<(u8, Vec<u8>)> = vec![
        // No such type, flags that are not the type's, two qualities at once, repeated without number.
        (4, packet(0x00, &[b"abc"])),
        (4, packet(0xf0, &[])),
        (4, packet(0x61, &[&[0, 1]])),
        (4, packet(0x80, &[&[0, 1], &topic, &[0]])),
        (4, packet(0x36, &[&topic, &[0, 1]])),
        (4, packet(0x38, &[&topic])),
        // Topics with wildcards, without letters, with a zero, with bytes that are no text, longer than the packet.
        (4, packet(0x30, &[&text("plant/+")])),
        (4, packet(0x30, &[&text("")])),
        (4, packet(0x30, &[&text("a\0b")])),
        (4, packet(0x30, &[&[0, 2, 0xff, 0xfe]])),
        (4, packet(0x30, &[&[0, 9, b'a']])),
        // No number, no filter, a wildcard inside a level, a quality that is none, something behind the end.
        (4, packet(0x32, &[&topic, &[0, 0]])),
        (4, packet(0x82, &[&[0, 0], &topic, &[0]])),
        (4, packet(0x82, &[&[0, 1]])),
        (4, packet(0x82, &[&[0, 1], &text("a/b#"), &[0]])),
        (4, packet(0x82, &[&[0, 1], &text("#/a"), &[0]])),
        (4, packet(0x82, &[&[0, 1], &topic, &[3]])),
        (4, packet(0xc0, &[&[0]])),
        (4, packet(0xe0, &[&[0]])),
        // Properties: unknown, twice, where they have no place, longer than the packet, an alias of zero.
        (5, packet(0x30, &[&topic, &[2, 0x7f, 1]])),
        (5, packet(0x30, &[&topic, &[4, 1, 1, 1, 1]])),
        (5, packet(0x30, &[&topic, &[3, 0x21, 0, 9]])),
        (5, packet(0x30, &[&topic, &[9, 1, 1]])),
        (5, packet(0x30, &[&topic, &[3, 0x23, 0, 0]])),
        (5, packet(0x30, &[&text(""), &[0], b"no alias"])),
        (5, packet(0x82, &[&[0, 1, 0], &topic, &[0x40]])),
        (5, packet(0x82, &[&[0, 1, 0], &topic, &[0x30]])),
    ];
    for (level, bytes) in cases {
        let mut line = accepted(level);
        line.say(true, &bytes)
            .say(true, &[0xc0, 0])
            .say(false, &[0xd0, 0]);
        let ended: Vec<&str> = line.told.iter().map(|one| one.outcome.as_str()).collect();
        assert_eq!(ended, ["malformed", "answered"], "{bytes:02x?}");
        assert_eq!(line.finish().units_malformed, 1, "{bytes:02x?}");
    }
}

#[test]
fn each_request_is_one_record_with_its_answer() {
    let filter = text("plant/#");
    let topic = text("plant/7");
    for (level, request, answer, want) in [
        (4, vec![0xc0, 0], vec![0xd0, 0], ("pingreq", "answered")),
        (
            4,
            packet(0x32, &[&topic, &[0, 7], b"on"]),
            vec![0x40, 2, 0, 7],
            ("publish", "answered"),
        ),
        (
            4,
            packet(0x34, &[&topic, &[0, 7], b"on"]),
            vec![0x50, 2, 0, 7],
            ("publish", "answered"),
        ),
        (
            4,
            vec![0x62, 2, 0, 7],
            vec![0x70, 2, 0, 7],
            ("pubrel", "answered"),
        ),
        (
            4,
            packet(0x82, &[&[0, 7], &filter, &[1]]),
            vec![0x90, 3, 0, 7, 1],
            ("subscribe", "answered"),
        ),
        (
            4,
            packet(0x82, &[&[0, 7], &filter, &[1]]),
            vec![0x90, 3, 0, 7, 0x80],
            ("subscribe", "refused 128"),
        ),
        (
            4,
            packet(0x82, &[&[0, 7], &filter, &[1], &topic, &[0]]),
            vec![0x90, 4, 0, 7, 0x80, 0],
            ("subscribe", "answered"),
        ),
        (
            4,
            packet(0xa2, &[&[0, 7], &filter]),
            vec![0xb0, 2, 0, 7],
            ("unsubscribe", "answered"),
        ),
        (
            5,
            packet(0x32, &[&topic, &[0, 7, 0], b"on"]),
            vec![0x40, 3, 0, 7, 0x87],
            ("publish", "refused 135"),
        ),
        (
            5,
            packet(0x32, &[&topic, &[0, 7, 0], b"on"]),
            vec![0x40, 3, 0, 7, 0x10],
            ("publish", "answered"),
        ),
        (
            5,
            packet(0x34, &[&topic, &[0, 7, 0]]),
            vec![0x50, 4, 0, 7, 0x97, 0],
            ("publish", "refused 151"),
        ),
        (
            5,
            packet(0xa2, &[&[0, 7, 0], &filter]),
            vec![0xb0, 4, 0, 7, 0, 0x11],
            ("unsubscribe", "answered"),
        ),
        (
            5,
            packet(0x82, &[&[0, 7, 0], &filter, &[1]]),
            vec![0x90, 4, 0, 7, 0, 0x8f],
            ("subscribe", "refused 143"),
        ),
    ] {
        let mut line = accepted(level);
        line.say(true, &request).wait(9).say(false, &answer);
        assert_eq!(line.ended(), [want], "{request:02x?}");
        assert_eq!(line.told[0].latency_ms, Some(10));
        // The other way round where both sides may ask.
        if matches!(request[0] >> 4, 3 | 6) {
            line.say(false, &request).say(true, &answer);
            assert_eq!(line.told.last().unwrap().ended(), want);
        }
    }
}

#[test]
fn a_connection_is_refused_in_the_words_of_its_version() {
    for (level, answer, field, want) in [
        (
            3,
            vec![0x20, 2, 0, 5],
            "mqtt.conack.val",
            "5 not_authorized",
        ),
        (
            4,
            vec![0x20, 2, 0, 4],
            "mqtt.conack.val",
            "4 bad_user_name_or_password",
        ),
        (
            5,
            vec![0x20, 3, 0, 0x86, 0],
            "mqtt.connack.reason_code",
            "134 bad_user_name_or_password",
        ),
        (
            5,
            vec![0x20, 3, 0, 0xee, 0],
            "mqtt.connack.reason_code",
            "238",
        ),
    ] {
        let mut line = Line::to(1883);
        line.say(true, &connect(level, &[])).say(false, &answer);
        assert!(
            line.told[0].outcome.starts_with("refused"),
            "{:?}",
            line.told
        );
        assert_eq!(line.told[0].values(field), [want]);
    }
}

#[test]
fn secrets_are_never_told() {
    let method = [&[0x15], &text("PLAIN")[..], &[0x16], &text("hidden-proof")].concat();
    let mut line = Line::to(1883);
    line.say(true, &connect(5, &method));
    let more = packet(
        0xf0,
        &[&[0x18, u8::try_from(method.len()).unwrap()], &method],
    );
    line.say(false, &more)
        .say(true, &more)
        .say(false, CONNACK_5);
    assert_eq!(
        line.ended(),
        [("auth", "answered"), ("connect", "answered")]
    );
    let all = format!("{:?}", line.told);
    assert!(!all.contains("hidden"), "{all}");
    assert!(!all.contains("68696464656e"), "{all}");
    assert!(
        all.contains("22 authentication_data") && all.contains("PLAIN"),
        "{all}"
    );
    assert_eq!(line.told[1].values("mqtt.conflag.passwd"), ["true"]);
}

#[test]
fn authentication_goes_on_and_begins_again_pair_by_pair() {
    let mut line = accepted(5);
    let auth = |code: u8| packet(0xf0, &[&[code, 0]]);
    line.say(true, &auth(0x19))
        .say(false, &auth(0x18))
        .say(true, &auth(0x18))
        .say(false, &auth(0));
    assert_eq!(line.ended(), [("auth", "answered"), ("auth", "answered")]);
    assert_eq!(
        line.told[0].values("mqtt.auth.reason_code"),
        ["25 re_authenticate", "24 continue_authentication"]
    );
    assert_eq!(
        line.told[1].values("mqtt.auth.reason_code"),
        ["24 continue_authentication", "0 success"]
    );
}

#[test]
fn what_waits_too_long_and_what_answers_nothing_is_told() {
    let ask = packet(0x32, &[&text("plant/7"), &[0, 7], b"on"]);
    let mut line = accepted(4);
    line.say(true, &ask)
        .wait(12_000)
        .say(true, &[0xc0, 0])
        .say(false, &[0xd0, 0]);
    line.say(false, &[0x40, 2, 0, 7]);
    let want = [
        ("publish", "unanswered"),
        ("pingreq", "answered"),
        ("publish", "orphan"),
    ];
    assert_eq!(line.ended(), want);
    // Sent again under its number, the first one goes; what still waits at the end is told.
    let mut line = accepted(4);
    let again = [&[ask[0] | 8], &ask[1..]].concat();
    line.say(true, &ask)
        .say(true, &again)
        .say(false, &[0x40, 2, 0, 7])
        .say(true, &ask);
    line.finish();
    let want = [
        ("publish", "unanswered"),
        ("publish", "answered"),
        ("publish", "unanswered"),
    ];
    assert_eq!(line.ended(), want);
    assert_eq!(line.told[1].values("mqtt.dupflag"), ["true"]);
}

#[test]
fn a_message_keeps_the_topic_that_its_alias_had() {
    let alias = |topic: &str, id: &[u8]| {
        let first = if id.is_empty() { 0x30 } else { 0x32 };
        packet(first, &[&text(topic), id, &[3, 0x23, 0, 5], b"on"])
    };
    let mut line = accepted(5);
    line.say(true, &alias("plant/old", &[]))
        .say(true, &alias("", &[0, 9]));
    line.say(true, &alias("plant/new", &[]))
        .say(true, &alias("", &[]))
        .say(false, &[0x40, 2, 0, 9]);
    let topics: Vec<Vec<&str>> = line
        .told
        .iter()
        .map(|one| one.values("mqtt.topic"))
        .collect();
    assert_eq!(
        topics,
        [["plant/old"], ["plant/new"], ["plant/new"], ["plant/old"]]
    );
    let topics: Vec<&str> = line.acts.iter().map(|act| act.2.as_str()).collect();
    assert_eq!(topics, ["plant/old", "plant/old", "plant/new", "plant/new"]);
    // The other direction has aliases of its own.
    line.told.clear();
    line.say(false, &alias("", &[]));
    assert_eq!(line.told[0].values("mqtt.topic"), [""]);
}

#[test]
fn aliases_without_end_stay_within_the_limit() {
    let mut line = accepted(5);
    let most = u16::try_from(ALIASES_MAX).unwrap();
    for alias in 1..=most + 10 {
        let number = alias.to_be_bytes();
        line.say(
            true,
            &packet(0x30, &[&text("plant/7"), &[3, 0x23], &number]),
        );
    }
    line.told.clear();
    for (alias, want) in [(most, "plant/7"), (most + 1, "")] {
        line.say(
            true,
            &packet(0x30, &[&text(""), &[3, 0x23], &alias.to_be_bytes()]),
        );
        assert_eq!(line.told.last().unwrap().values("mqtt.topic"), [want]);
    }
}

#[test]
fn acts_are_the_clients_and_have_its_name() {
    let mut line = accepted(4);
    let said = packet(0x30, &[&text("plant/7"), b"four"]);
    line.say(true, &said).say(false, &said);
    line.say(
        true,
        &packet(
            0x82,
            &[&[0, 1], &text("plant/+"), &[0], &text("$share/g/a"), &[1]],
        ),
    );
    let press = |act, topic: &str, len| ("press".to_owned(), act, topic.to_owned(), len);
    let want = [
        press("publish", "plant/7", 4),
        press("subscribe", "plant/+", 0),
        press("subscribe", "$share/g/a", 0),
    ];
    assert_eq!(line.acts, want);
    // A client whose CONNECT was not seen is nobody; one that the server names has that name.
    let mut line = Line::to(1883);
    line.say(true, &said);
    assert_eq!((line.told.len(), line.acts.len()), (1, 0));
    let mut line = Line::to(1883);
    let head = [text("MQTT"), vec![5, 2, 0, 60, 0], text("")].concat();
    let assigned = [&[0, 0, 8, 0x12], &text("given")[..]].concat();
    line.say(true, &packet(0x10, &[&head]))
        .say(false, &packet(0x20, &[&assigned]));
    line.say(true, &packet(0x30, &[&text("a"), &[0], b"b"]));
    assert_eq!(
        line.acts,
        [("given".to_owned(), "publish", "a".to_owned(), 1)]
    );
}

#[test]
fn a_gap_costs_its_own_messages_only() {
    let long = packet(0x32, &[&text("plant/7"), &[0, 7], &[b'x'; 5000]]);
    let mut line = accepted(4);
    line.say(true, &long[..2000])
        .lose(true, 1500)
        .say(true, &long[3500..]);
    line.say(true, &packet(0x30, &[&text("plant/8"), b"on"]))
        .say(false, &[0x40, 2, 0, 7]);
    assert_eq!(line.ended(), [("publish", "stated"), ("publish", "orphan")]);
    assert_eq!(line.told[0].values("mqtt.topic"), ["plant/8"]);
}

#[test]
fn a_capture_may_begin_in_the_middle_and_on_any_port_with_a_connect() {
    let mut line = Line::to(1883);
    line.say(true, &[b'x'; 100])
        .say(true, &packet(0x32, &[&text("plant/7"), &[0, 7], b"on"]));
    line.say(false, &[0x40, 2, 0, 7]);
    assert_eq!(line.ended(), [("publish", "answered")]);
    // The end of a packet that is too short to tell goes with it.
    let mut line = Line::to(1883);
    line.say(true, &[b'x'; 9])
        .say(true, &packet(0x30, &[&text("plant/7"), b"on"]));
    assert_eq!(line.ended(), [("publish", "stated")]);
    let mut line = Line::to(50_123);
    line.say(true, &connect(4, &[]))
        .say(false, CONNACK)
        .say(true, &[0xc0, 0]);
    assert_eq!(line.ended(), [("connect", "answered")]);
    let mut line = Line::to(50_123);
    line.say(true, &packet(0x30, &[&text("plant/7"), b"on"]))
        .say(true, &[b'y'; 40]);
    assert_eq!(line.ended(), [("", ""); 0]);
}

#[test]
fn the_version_shows_without_a_connect() {
    // Properties or none in front of the message, and codes by the room that they have.
    let mut line = Line::to(1883);
    let expires = [5, 2, 0, 0, 0, 9];
    line.say(true, &packet(0x30, &[&text("plant/7"), &expires, b"on"]));
    line.say(true, &packet(0x30, &[&text("plant/7"), &[0], b"off"]));
    let messages: Vec<Vec<&str>> = line
        .told
        .iter()
        .map(|one| one.values("mqtt.msg_text"))
        .collect();
    assert_eq!(messages, [["on"], ["off"]]);
    let mut line = Line::to(1883);
    line.say(true, &packet(0x30, &[&text("plant/7"), b"off"]));
    line.say(true, &packet(0x30, &[&text("plant/7"), &[0, 0, 1]]));
    assert_eq!(line.told[0].values("mqtt.msg_text"), ["off"]);
    assert_eq!(line.told[1].values("mqtt.msg"), ["000001"]);
}

#[test]
fn other_bytes_do_not_fit() {
    let topic = text("plant/7");
    for (bytes, want) in [
        (vec![0xc0, 0], true),
        (vec![0xc0, 1], false),
        (vec![0xe0, 0], true),
        (vec![0x20, 2, 0, 5], true),
        (vec![0x20, 2, 0, 9], false),
        (vec![0x20, 2, 2, 0], false),
        (vec![0x40, 2, 0, 0], false),
        (vec![0x40, 2, 0, 7, 0xff], false),
        (packet(0x30, &[&topic, b"on"]), true),
        (packet(0x30, &[&text("a\x01b"), b"on"]), false),
        (packet(0x30, &[&text("a#"), b"on"]), false),
        (packet(0x36, &[&topic, &[0, 1]]), false),
        (connect(4, &[])[..20].to_vec(), true),
        (connect(4, &[])[..9].to_vec(), false),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), false),
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), false),
        (vec![0x16, 3, 1, 0, 0x50, 1, 0, 0, 0x4c, 3, 3], false),
        (vec![0; 40], false),
        (vec![0xff; 40], false),
    ] {
        assert_eq!(fits(&bytes), want, "{bytes:02x?}");
    }
    let mut random = Random(7);
    let random = (0..20_000).filter(|_| {
        let len = 24 + random.below(100);
        fits(&random.bytes(len))
    });
    assert_eq!(random.count(), 0);
}

/// A conversation with most kinds of packets.
fn conversation() -> [Vec<u8>; 2] {
    let topic = text("plant/7");
    let births = [
        0x12, 12, 0x0a, 4, b'f', b'o', b'r', b'c', 0x10, 1, 0x20, 3, 0x50, 9,
    ];
    let birth = text("spBv1.0/g/NBIRTH/e");
    let uplink = text("application/1/device/0102030405060708/event/up");
    let client = [
        connect(5, &[0x21, 0, 9, 0x26, 0, 1, b'a', 0, 1, b'b']),
        packet(
            0x82,
            &[&[0, 1, 0], &text("plant/#"), &[1], &text("+/x"), &[2]],
        ),
        packet(0x32, &[&topic, &[0, 2], &[3, 0x23, 0, 5], b"on"]),
        packet(0x34, &[&text(""), &[0, 3], &[3, 0x23, 0, 5], b"off"]),
        vec![0x62, 2, 0, 3],
        packet(0x30, &[&birth, &[0], &births]),
        packet(
            0x30,
            &[
                &text("spBv1.0/g/NDATA/e"),
                &[0],
                &[0x12, 4, 0x10, 1, 0x50, 7],
            ],
        ),
        packet(
            0x30,
            &[
                &uplink,
                &[0],
                br#"{"fCnt":1,"fPort":2,"data":"AQI=","rxInfo":[{"rssi":-7}]}"#,
            ],
        ),
        packet(0xa2, &[&[0, 4, 0], &text("+/x")]),
        vec![0xc0, 0],
        packet(0x30, &[&topic, &[0], &[b'z'; 3000]]),
        packet(0xe0, &[&[4, 0]]),
    ];
    let server = [
        CONNACK_5.to_vec(),
        vec![0x90, 5, 0, 1, 0, 1, 2],
        vec![0x40, 2, 0, 2],
        vec![0x50, 3, 0, 3, 0],
        vec![0x70, 2, 0, 3],
        vec![0xb0, 4, 0, 4, 0, 0],
        vec![0xd0, 0],
    ];
    [client.concat(), server.concat()]
}

#[test]
fn any_cutting_gives_the_same_records() {
    let [client, server] = conversation();
    let run = |step: usize| {
        let mut line = Line::to(1883);
        client
            .chunks(step)
            .for_each(|part| _ = line.say(true, part));
        server
            .chunks(step)
            .for_each(|part| _ = line.say(false, part));
        line.finish();
        line.told.iter_mut().for_each(|one| one.latency_ms = None);
        (line.told, line.acts)
    };
    let whole = run(1400);
    assert_eq!(whole.0.len(), 12, "{:?}", whole.0);
    let names = |at: usize| whole.0[at].values("iia.sparkplug.metric.name");
    assert!((0..12).any(|at| names(at) == ["forc"]), "{:?}", whole.0);
    for step in [1, 2, 3, 5, 11, 64, 500] {
        assert_eq!(run(step), whole, "{step}");
    }
}

#[test]
fn every_end_and_every_bit_flip_is_survived() {
    let [client, server] = conversation();
    for end in 0..client.len().min(700) {
        let mut line = Line::to(1883);
        line.say(true, &client[..end]).say(false, &server);
        line.finish();
    }
    let mut random = Random(11);
    for _ in 0..3000 {
        let mut bent = [client.clone(), server.clone()];
        for _ in 0..1 + random.below(4) {
            let side = random.below(2);
            let at = random.below(bent[side].len());
            bent[side][at] ^= 1 << random.below(8);
        }
        let mut line = Line::to(1883);
        line.say(true, &bent[0])
            .say(false, &bent[1])
            .say(true, &bent[0]);
        line.finish();
    }
}

/// A field of Protocol Buffers that has a length.
fn field(tag: &[u8], body: &[u8]) -> Vec<u8> {
    let head = packet(0, &[body]);
    [tag, &head[1..]].concat()
}

#[test]
fn payloads_without_bottom_or_end_are_told_as_far_as_they_may_be() {
    let mut nested = vec![0x50, 7];
    for _ in 0..3000 {
        nested = field(&[0x92, 1], &field(&[0x12], &nested));
    }
    let sets = (0..3000).fold(vec![0x18, 7], |inner, _| {
        field(&[0x4a], &field(&[0x12], &inner))
    });
    let many = [0x12, 2, 0x50, 1].repeat(9000);
    for (metric, sound) in [
        (field(&[0x12], &nested), true),
        (
            field(&[0x12], &field(&[0x4a], &field(&[0x12], &sets))),
            true,
        ),
        (many, true),
        (vec![0x12, 5, 0x50, 1], false),
        (vec![0x12, 2, 0x57, 1], false),
        (vec![0xff; 40], false),
    ] {
        let mut line = accepted(4);
        line.say(true, &packet(0x30, &[&text("spBv1.0/g/NDATA/e"), &metric]));
        line.say(true, &[0xc0, 0]).say(false, &[0xd0, 0]);
        assert_eq!(
            line.ended(),
            [("publish", "stated"), ("pingreq", "answered")]
        );
        let told = &line.told[0];
        assert!(told.asked.len() <= 4097);
        assert_eq!(
            told.values("iia.sparkplug.malformed").is_empty(),
            sound,
            "{}",
            metric.len()
        );
    }
}

#[test]
fn of_metrics_that_are_longer_than_what_is_kept_the_first_are_told() {
    let metrics = field(&[0x12], &[0x0a, 1, b'a', 0x50, 7]).repeat(2000);
    let mut line = accepted(4);
    line.say(
        true,
        &packet(0x32, &[&text("spBv1.0/g/NDATA/e"), &[0, 7], &metrics]),
    );
    line.say(false, &[0x40, 2, 0, 7]);
    assert_eq!(line.ended(), [("publish", "answered")]);
    let told = &line.told[0];
    assert!(told.values("iia.sparkplug.metric.value").len() > 400);
    assert_eq!(told.values("iia.sparkplug.malformed"), [""; 0]);
    assert_eq!(told.values("iia.mqtt.payload_len"), ["14000"]);
    assert_eq!(told.values("iia.mqtt.payload_cut"), ["true"]);
}

#[test]
fn an_uplink_is_told_with_the_message_that_brings_it() {
    let body =
        br#"{"deviceInfo":{"devEui":"0102030405060708"},"fCnt":10,"fPort":5,"data":"AQIDBP8=",
        "rxInfo":[{"gatewayId":"03","rssi":-48,"snr":9.5}]}"#;
    let topic = text("application/1/device/0102030405060708/event/up");
    let mut line = accepted(4);
    line.say(true, &packet(0x32, &[&topic, &[0, 7], body]))
        .say(false, &[0x40, 2, 0, 7]);
    assert_eq!(line.ended(), [("publish", "answered")]);
    for (name, want) in [
        ("iia.lorawan.dev_eui", "0102030405060708"),
        ("iia.lorawan.f_cnt", "10"),
        ("iia.lorawan.rssi", "-48"),
        ("iia.lorawan.data", "01020304ff"),
    ] {
        assert_eq!(line.told[0].values(name), [want]);
    }
    // What is no JSON is a message like any other.
    line.say(true, &packet(0x30, &[&topic, b"{\"fCnt\":"]));
    assert_eq!(line.told[1].values("iia.lorawan.f_cnt"), [""; 0]);
}
