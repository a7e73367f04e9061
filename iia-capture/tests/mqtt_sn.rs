//! MQTT-SN by its rules, on messages made by hand from the standard (MQTT-SN 1.2).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod line;
mod wire;

use iia_capture::decode::mqtt_sn::{NODES_MAX, TOPICS_MAX, fits};
use line::Line;
use wire::Random;

/// A message with its length, which needs three bytes where it is long.
fn message(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    match u8::try_from(body.len() + 2) {
        Ok(len) => [&[len, kind], &body[..]].concat(),
        Err(_) => {
            let len = u16::try_from(body.len() + 4).unwrap().to_be_bytes();
            [&[1, len[0], len[1], kind], &body[..]].concat()
        }
    }
}

fn connect(client: &str) -> Vec<u8> {
    message(0x04, &[&[4, 1, 0, 60], client.as_bytes()])
}

/// A client that the gateway accepted.
fn connected() -> Line {
    let mut line = Line::to(1884);
    line.datagram(true, &connect("sensor"))
        .datagram(false, &[3, 5, 0]);
    line.told.clear();
    line
}

#[test]
fn what_breaks_the_rules_is_malformed_and_does_not_fit() {
    for bytes in [
        // No such type, lengths that are not the datagram's, messages that are too short or too long for their type.
        vec![2, 0x03],
        vec![2, 0x40],
        vec![3, 0x16],
        vec![2, 0x16, 0],
        vec![1, 0, 2, 0x16],
        vec![4, 0x05, 0, 0],
        vec![3, 0x05, 4],
        vec![5, 0x18, 0, 0, 1],
        vec![4, 0x0f, 0],
        message(0x0c, &[&[0, 0, 1]]),
        // Another protocol's number, no client, no message number, topics that cannot be.
        message(0x04, &[&[4, 2, 0, 60], b"sensor"]),
        message(0x04, &[&[4, 1, 0, 60]]),
        message(0x0c, &[&[0x20, 0, 1, 0, 0], b"on"]),
        message(0x0c, &[&[0x03, 0, 1, 0, 1], b"on"]),
        message(0x0c, &[&[0x00, 0, 0, 0, 1], b"on"]),
        message(0x0a, &[&[0, 0, 0, 1]]),
        message(0x12, &[&[0, 0, 0], b"plant"]),
        message(0x12, &[&[1, 0, 1], b"plant"]),
        // A forwarder without a message, and one within another.
        vec![4, 0xfe, 0, 7],
        [&[4, 0xfe, 0, 7][..], &[4, 0xfe, 0, 8], &[2, 0x16]].concat(),
    ] {
        assert!(!fits(&bytes), "{bytes:02x?}");
        let mut line = connected();
        line.datagram(true, &bytes)
            .datagram(true, &[2, 0x16])
            .datagram(false, &[2, 0x17]);
        let outcomes: Vec<&str> = line.told.iter().map(|one| one.outcome.as_str()).collect();
        assert_eq!(outcomes, ["malformed", "answered"], "{bytes:02x?}");
    }
    let mut random = Random(5);
    let random = (0..20_000).filter(|_| {
        let len = 12 + random.below(80);
        fits(&random.bytes(len))
    });
    // A length and a type are two bytes.
    assert!(random.count() <= 1);
}

#[test]
fn each_request_is_one_record_with_its_answer() {
    let will = |kind: u8| message(kind, &[&[0x20], b"plant/will"]);
    for (up, request, answer, want) in [
        (
            true,
            connect("sensor"),
            vec![3, 5, 1],
            ("connect", "refused 1"),
        ),
        (
            true,
            vec![3, 0x01, 1],
            vec![3, 0x02, 9],
            ("searchgw", "answered"),
        ),
        (
            false,
            vec![2, 0x06],
            will(0x07),
            ("willtopicreq", "answered"),
        ),
        (
            false,
            vec![2, 0x08],
            message(0x09, &[b"gone"]),
            ("willmsgreq", "answered"),
        ),
        (
            true,
            message(0x0a, &[&[0, 0, 0, 7], b"plant/7"]),
            vec![7, 0x0b, 0, 4, 0, 7, 0],
            ("register", "answered"),
        ),
        (
            true,
            message(0x0c, &[&[0x20, 0, 4, 0, 7], b"on"]),
            vec![7, 0x0d, 0, 4, 0, 7, 2],
            ("publish", "refused 2"),
        ),
        (
            true,
            message(0x0c, &[&[0x40, 0, 4, 0, 7], b"on"]),
            vec![4, 0x0f, 0, 7],
            ("publish", "answered"),
        ),
        (
            true,
            message(0x0c, &[&[0x40, 0, 4, 0, 7], b"on"]),
            vec![7, 0x0d, 0, 4, 0, 7, 1],
            ("publish", "refused 1"),
        ),
        (
            true,
            vec![4, 0x10, 0, 7],
            vec![4, 0x0e, 0, 7],
            ("pubrel", "answered"),
        ),
        (
            true,
            message(0x12, &[&[0x20, 0, 7], b"plant/+"]),
            vec![8, 0x13, 0x20, 0, 0, 0, 7, 0],
            ("subscribe", "answered"),
        ),
        (
            true,
            message(0x14, &[&[0, 0, 7], b"plant/+"]),
            vec![4, 0x15, 0, 7],
            ("unsubscribe", "answered"),
        ),
        (
            true,
            message(0x16, &[b"sensor"]),
            vec![2, 0x17],
            ("pingreq", "answered"),
        ),
        (
            true,
            vec![4, 0x18, 0, 60],
            vec![2, 0x18],
            ("disconnect", "answered"),
        ),
        (
            true,
            will(0x1a),
            vec![3, 0x1b, 0],
            ("willtopicupd", "answered"),
        ),
        (
            true,
            message(0x1c, &[b"gone"]),
            vec![3, 0x1d, 3],
            ("willmsgupd", "refused 3"),
        ),
    ] {
        let mut line = connected();
        line.datagram(up, &request).wait(9).datagram(!up, &answer);
        assert_eq!(line.ended(), [want], "{request:02x?}");
        assert_eq!(line.told[0].latency_ms, Some(10));
    }
    // What asks for nothing, what is never answered, what nobody asked for.
    let mut line = connected();
    line.datagram(false, &[5, 0x00, 9, 0, 60])
        .datagram(false, &[2, 0x18])
        .datagram(false, &[2, 0x17]);
    line.datagram(true, &message(0x0c, &[&[0x61, 0, 9, 0, 0], b"on"]))
        .datagram(true, &[2, 0x16])
        .finish();
    let want = [
        ("advertise", "stated"),
        ("disconnect", "stated"),
        ("pingreq", "orphan"),
        ("publish", "stated"),
        ("pingreq", "unanswered"),
    ];
    assert_eq!(line.ended(), want);
    assert_eq!(line.told[3].values("mqttsn.qos"), ["3 without_connection"]);
}

#[test]
fn numbers_have_the_topics_that_were_registered() {
    let said = |kind: u8, topic: [u8; 2]| message(0x0c, &[&[kind], &topic, &[0, 0], b"on"]);
    let mut line = connected();
    // By the client's REGISTER, by the gateway's, by a SUBSCRIBE, and what nobody registered.
    line.datagram(true, &message(0x0a, &[&[0, 0, 0, 1], b"plant/1"]))
        .datagram(false, &[7, 0x0b, 0, 4, 0, 1, 0]);
    line.datagram(false, &message(0x0a, &[&[0, 5, 0, 1], b"plant/2"]))
        .datagram(true, &[7, 0x0b, 0, 5, 0, 1, 0]);
    line.datagram(true, &message(0x12, &[&[0, 0, 2], b"plant/3"]))
        .datagram(false, &[8, 0x13, 0, 0, 6, 0, 2, 0]);
    line.told.clear();
    for (bytes, want) in [
        (said(0, [0, 4]), vec!["plant/1"]),
        (said(0, [0, 5]), vec!["plant/2"]),
        (said(0, [0, 6]), vec!["plant/3"]),
        (said(0, [0, 7]), vec![]),
        (said(1, [0, 4]), vec![]),
        (said(2, *b"ab"), vec!["ab"]),
    ] {
        line.datagram(true, &bytes);
        assert_eq!(
            line.told.last().unwrap().values("iia.mqttsn.topic"),
            want,
            "{bytes:02x?}"
        );
    }
    let acts: Vec<(&str, &str, &str)> = line
        .acts
        .iter()
        .map(|act| (act.0.as_str(), act.1, act.2.as_str()))
        .collect();
    let want = [
        ("sensor", "subscribe", "plant/3"),
        ("sensor", "publish", "plant/1"),
        ("sensor", "publish", "plant/2"),
        ("sensor", "publish", "plant/3"),
        ("sensor", "publish", "ab"),
    ];
    assert_eq!(acts, want);
    // A session that begins anew knows nothing of the last one.
    line.datagram(true, &connect("sensor"))
        .datagram(true, &said(0, [0, 4]));
    assert_eq!(
        line.told.last().unwrap().values("iia.mqttsn.topic"),
        [""; 0]
    );
}

#[test]
fn nodes_behind_a_forwarder_have_their_own_topics() {
    let by = |node: u8, message: &[u8]| [&[4, 0xfe, 1, node], message].concat();
    let mut line = Line::to(1884);
    for node in 1..=2 {
        line.datagram(true, &by(node, &connect(&format!("node-{node}"))));
        let topic = format!("plant/{node}");
        line.datagram(
            true,
            &by(node, &message(0x0a, &[&[0, 0, 0, 1], topic.as_bytes()])),
        );
    }
    for node in [2, 1] {
        line.datagram(false, &by(node, &[3, 5, 0]))
            .datagram(false, &by(node, &[7, 0x0b, 0, 9, 0, 1, 0]));
    }
    let ended = line.ended();
    assert_eq!(
        ended
            .iter()
            .filter(|one| **one == ("connect", "answered"))
            .count(),
        2
    );
    assert_eq!(
        ended
            .iter()
            .filter(|one| **one == ("register", "answered"))
            .count(),
        2
    );
    for node in [1, 2] {
        line.datagram(true, &by(node, &message(0x0c, &[&[0, 0, 9, 0, 0], b"on"])));
        let last = line.told.last().unwrap();
        assert_eq!(last.values("iia.mqttsn.topic"), [format!("plant/{node}")]);
        assert_eq!(last.values("mqttsn.wireless.node.id"), [node.to_string()]);
        assert_eq!(line.acts.last().unwrap().0, format!("node-{node}"));
    }
}

#[test]
fn nodes_and_topics_without_end_stay_within_the_limits() {
    let mut line = Line::to(1884);
    let by = |node: u16, message: &[u8]| [&[5, 0xfe, 1], &node.to_be_bytes()[..], message].concat();
    let register = |topic: u16| message(0x0a, &[&topic.to_be_bytes(), &[0, 1], b"plant/7"]);
    let said = |topic: u16| message(0x0c, &[&[0], &topic.to_be_bytes(), &[0, 0], b"on"]);
    let (nodes, topics) = (
        u16::try_from(NODES_MAX).unwrap(),
        u16::try_from(TOPICS_MAX).unwrap(),
    );
    for node in 1..=nodes + 5 {
        line.datagram(true, &by(node, &register(1)));
    }
    for topic in 1..=topics + 5 {
        line.datagram(true, &by(1, &register(topic)));
    }
    for (node, topic, known) in [
        (nodes, 1, 1),
        (nodes + 1, 1, 0),
        (1, topics, 1),
        (1, topics + 1, 0),
    ] {
        line.datagram(true, &by(node, &said(topic)));
        let last = line.told.last().unwrap();
        assert_eq!(
            last.values("iia.mqttsn.topic").len(),
            known,
            "{node} {topic}"
        );
    }
}

#[test]
fn every_end_and_every_bit_flip_is_survived() {
    let talk = [
        (true, connect("sensor")),
        (false, vec![3, 5, 0]),
        (true, message(0x0a, &[&[0, 0, 0, 1], b"plant/1"])),
        (false, vec![7, 0x0b, 0, 4, 0, 1, 0]),
        (true, message(0x12, &[&[0, 0, 2], b"plant/3"])),
        (false, vec![8, 0x13, 0, 0, 6, 0, 2, 0]),
        (true, message(0x0c, &[&[0x20, 0, 4, 0, 7], &[b'x'; 300]])),
        (false, vec![7, 0x0d, 0, 4, 0, 7, 0]),
        (true, [&[4, 0xfe, 1, 7], &connect("node")[..]].concat()),
    ];
    for (_, bytes) in &talk {
        for end in 0..bytes.len() {
            let mut line = connected();
            line.datagram(true, &bytes[..end])
                .datagram(false, &bytes[..end])
                .finish();
        }
    }
    let mut random = Random(3);
    for _ in 0..2000 {
        let mut line = Line::to(1884);
        for (up, bytes) in &talk {
            let mut bytes = bytes.clone();
            let at = random.below(bytes.len() * 2);
            if at < bytes.len() {
                bytes[at] ^= 1 << random.below(8);
            }
            line.datagram(*up, &bytes);
        }
        line.finish();
    }
}
