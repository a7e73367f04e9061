//! What is in messages of MQTT, and conversations that are cut, bent and end anywhere.
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

use line::Line;
use mqtt_made::{CONNACK_5, accepted, connect, packet, text};
use wire::Random;

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
    for _ in 0..1000 {
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
    for _ in 0..1000 {
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

#[test]
fn whether_a_host_application_is_there_is_told() {
    let mut line = accepted(4);
    let mut say = |topic: &str, payload: &[u8]| {
        line.say(true, &packet(0x31, &[&text(topic), payload]));
        let told = line.told.last().unwrap();
        [
            "iia.sparkplug.type",
            "iia.sparkplug.host",
            "iia.sparkplug.online",
            "iia.sparkplug.timestamp",
        ]
        .map(|name| told.values(name).concat())
        .join(" ")
    };
    let json = br#"{"online":true,"timestamp":1668114759262}"#;
    assert_eq!(
        say("spBv1.0/STATE/scada", json),
        "STATE scada true 2022-11-10T21:12:39.262000000Z"
    );
    assert_eq!(say("STATE/scada", b"OFFLINE"), "STATE scada false ");
    // What breaks the rules of its version, or stands elsewhere, is a message like any other.
    for (topic, payload) in [
        ("spBv1.0/STATE/scada", &b"ONLINE"[..]),
        ("spBv1.0/STATE/scada", br#"{"online":1,"timestamp":1}"#),
        ("spBv1.0/STATE/scada", br#"{"online":true}"#),
        ("spBv1.0/STATE/a/b", json),
        ("STATE/scada", json),
        ("STATE/", b"ONLINE"),
        ("plant/STATE/scada", b"ONLINE"),
    ] {
        assert_eq!(say(topic, payload), "   ", "{topic}");
    }
}
