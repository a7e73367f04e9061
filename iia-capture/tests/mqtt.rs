//! MQTT by its rules, on messages made by hand from the standard (MQTT 5, MQTT 3.1.1, Sparkplug 3.0.0).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod line;
mod mqtt_made;
mod wire;

use iia_capture::decode::mqtt::{ALIASES_MAX, fits};
use line::Line;
use mqtt_made::{CONNACK, CONNACK_5, accepted, connect, packet, text};
use wire::Random;

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
