//! What breaks the rules of OPC UA, has no end, or comes without a session.
#![expect(clippy::unwrap_used, unreachable_pub, reason = "tests")]

mod opcua_wire;

use iia_capture::decode::opcua::{
    DEPTH_MAX, MESSAGE_LEN_MAX, PARTS_MAX, VALUES_MAX, claims, pubsub,
};
use iia_capture::decode::{Cut, FIELDS_MAX, Frames, Known, LINE_MAX, Scratch, Session, Turn};
use iia_core::Timestamp;
use iia_core::observe::{Between, Link, Mac, Observation, Outcome, Protocol};
use opcua_wire::{
    DOUBLE, Told, Wire, acknowledge, asks, chunk, hello, le, open, read, text, unit, value,
};

/// A network message of publisher 4711 with three data set messages.
fn published() -> Vec<u8> {
    let header = [
        0xf1, 0x01, 0x67, 0x12, 0x09, 5, 0, 9, 0, 3, 31, 0, 32, 0, 33, 0,
    ];
    let key = [&[0x09, 1, 0, 1, 0][..], &DOUBLE].concat();
    let delta = [&[0x8d, 0x01, 2, 0, 1, 0, 1, 0, 1][..], &DOUBLE].concat();
    let alive = vec![0x89, 0x03, 3, 0];
    let messages = [key, delta, alive];
    let sizes = messages
        .iter()
        .flat_map(|one| u16::try_from(one.len()).unwrap().to_le_bytes());
    [&header[..], &sizes.collect::<Vec<u8>>(), &messages.concat()].concat()
}

fn heard(bytes: &[u8], frame: bool) -> Vec<Told> {
    let (mut known, mut scratch, mut told) = (Known::default(), Scratch::default(), Vec::new());
    let mut sink = |seen: &Observation<'_>| {
        if let Observation::Said(said) = seen {
            told.push(Told::of(said));
        }
    };
    let link = Link {
        source: Mac([2; 6]),
        destination: Mac([1; 6]),
        vlan: 0,
        ethertype: 0xb62c,
    };
    let when = (Timestamp::from_secs(1), Between::Link(link), true);
    let mut turn = Turn::new(
        when,
        Protocol::OpcUaPubSub,
        (&mut known, &mut scratch),
        &mut sink,
    );
    match frame {
        true => Frames::frame(&mut pubsub::PubSub::default(), &mut turn, bytes),
        false => Session::unit(&mut pubsub::PubSub::default(), &mut turn, bytes),
    }
    told
}

#[test]
fn data_sets_are_told_without_their_description() {
    let bytes = published();
    assert!(pubsub::fits(&bytes));
    let told = &heard(&bytes, false)[0];
    assert_eq!(
        (told.what.as_str(), told.outcome),
        ("data_set_messages", Outcome::Stated)
    );
    assert_eq!(told.all("iia.uadp.publisher_id"), ["4711"]);
    assert_eq!(told.all("iia.uadp.data_set_writer_id"), ["31", "32", "33"]);
    assert_eq!(told.all("opcua.Double"), ["0.5", "0.5"]);
    assert_eq!(
        told.all("iia.uadp.message_type"),
        ["0 key_frame", "1 delta_frame", "3 keep_alive"]
    );
    // A frame of Ethernet is filled up.
    let filled = [&bytes[..], &[0; 20]].concat();
    assert_eq!(heard(&filled, true)[0].outcome, Outcome::Stated);
    assert_eq!(heard(&filled, false)[0].outcome, Outcome::Malformed);
    assert!(!pubsub::fits(&filled));
}

#[test]
fn sealed_and_broken_data_sets_are_told_as_that() {
    let sealed = [
        0x91, 0x10, 42, 0x03, 7, 0, 0, 0, 4, 1, 2, 3, 4, 9, 9, 9, 9, 9,
    ];
    let told = &heard(&sealed, false)[0];
    assert_eq!(
        (told.outcome, told.all("iia.uadp.encrypted")),
        (Outcome::Stated, vec!["true"])
    );
    assert_eq!(told.all("iia.uadp.unread"), ["5"]);
    for bad in [
        &[0x02, 1][..],
        &[0x91, 0x07, 1],
        &[0x81, 0x80, 0xe0],
        &[0x01, 0x07],
        &[],
    ] {
        assert!(!pubsub::fits(bad), "{bad:?}");
        assert_eq!(heard(bad, false)[0].outcome, Outcome::Malformed, "{bad:?}");
    }
    let bytes = published();
    for len in 0..bytes.len() {
        assert!(!pubsub::fits(&bytes[..len]), "{len}");
    }
}

#[test]
fn no_cut_and_no_bent_bit_brings_it_down() {
    let none = le(u32::MAX);
    let request = chunk(b"MSGF", 1, &read("press.force"));
    let answer = chunk(
        b"MSGF",
        1,
        &value(&[&[0x8c][..], &le(2), &text("a"), &text("b")].concat()),
    );
    let seeds = [
        hello(),
        acknowledge(),
        open(
            "None",
            &[&asks(446)[..], &le(0), &le(0), &le(1), &none, &le(9)].concat(),
        ),
        request.clone(),
        answer,
        chunk(b"MSGA", 1, &[&le(0x8001_0000)[..], &none].concat()),
        published(),
    ];
    for seed in &seeds {
        for place in 0..seed.len() {
            let mut wire = Wire::default();
            wire.client(&request);
            wire.server(&seed[..place]);
            for bit in 0..8 {
                let mut bent = seed.clone();
                bent[place] ^= 1 << bit;
                wire.server(&bent);
                wire.client(&bent);
                heard(&bent, place % 2 == 0);
                wire.session.cut(true, &bent);
            }
            wire.end();
        }
    }
}

#[test]
fn heads_are_believed_only_when_they_are_sane() {
    let good = [
        hello(),
        acknowledge(),
        open("None", &asks(446)),
        chunk(b"MSGF", 1, &read("press")),
        chunk(b"CLOF", 1, &asks(452)),
        unit(b"ERRF", &[&le(0x8001_0000), &le(u32::MAX)]),
        unit(
            b"RHEF",
            &[&text("urn:server"), &text("opc.tcp://press:4840")],
        ),
    ];
    for one in &good {
        assert!(claims(one), "{one:?}");
        assert!(claims(&one[..12]), "{one:?}");
        assert!(!claims(&one[..11]));
        for other in &good {
            assert!(claims(&[&one[..], other].concat()));
        }
        assert!(!claims(&[&one[..], b"GET / HTTP/1.1"].concat()), "{one:?}");
        let mut large = one.clone();
        large[7] = 0x20;
        assert!(!claims(&large));
    }
    for bad in [
        &b"MSGFROM: somebody@example.org"[..],
        b"HELO mail.example.org\r\n",
        b"HELF mail.example.org and more of it",
        b"ERROR: no such thing",
        b"ACKF\x1c\0\0\0\0\0\0\0\x01\0\0\0",
        b"MSGX\x20\0\0\0\x01\0\0\0\x01\0\0\0",
        b"OPNF\x84\0\0\0\0\0\0\0\x04\0\0\0ftp:",
        b"SIP/2.0 200 OK\r\n",
    ] {
        assert!(!claims(bad), "{}", String::from_utf8_lossy(bad));
    }
}

#[test]
fn nonsense_between_messages_costs_itself_only() {
    let mut wire = Wire::default();
    let good = chunk(b"MSGF", 1, &read("press"));
    wire.client(&good);
    let stream = [b"rest of a message, MS".as_slice(), &good].concat();
    let mut rest = &stream[..];
    while !rest.is_empty() {
        let Cut::Unit(len) = wire.session.cut(true, rest) else {
            panic!("{rest:?}")
        };
        let (one, behind) = rest.split_at(usize::try_from(len).unwrap());
        wire.client(one);
        rest = behind;
    }
    assert_eq!(wire.session.cut(true, b"MSGF\x20"), Cut::More);
    assert_eq!(wire.session.cut(true, b"xxMSG"), Cut::Unit(2));
    let told = wire.end();
    let outcomes: Vec<_> = told
        .iter()
        .map(|one| (one.what.as_str(), one.outcome))
        .collect();
    let unanswered = ("read", Outcome::Unanswered);
    assert_eq!(
        outcomes,
        [("no_message", Outcome::Malformed), unanswered, unanswered]
    );
}

#[test]
fn what_breaks_the_rules_is_told_with_what_was_read() {
    let endless = [0x98, 1, 0, 0, 0].repeat(DEPTH_MAX * 2);
    let unknown = [&[3, 2, 0][..], &text("own"), &[1], &text("bytes")].concat();
    for (variant, outcome) in [
        (vec![26 | 0x20, 0], Outcome::Malformed),
        ([&[0x86][..], &le(0x7fff_ffff)].concat(), Outcome::Malformed),
        (
            [&[0x86][..], &le(u32::MAX - 1)].concat(),
            Outcome::Malformed,
        ),
        ([&[12][..], &le(1 << 30)].concat(), Outcome::Malformed),
        (endless, Outcome::Malformed),
        (vec![17, 9, 0, 0, 0, 0], Outcome::Malformed),
        (
            [&[22, 1, 0, 0x44, 1, 1][..], &le(3), &[0; 3]].concat(),
            Outcome::Malformed,
        ),
        ([&[22][..], &unknown].concat(), Outcome::Answered),
        (vec![0], Outcome::Answered),
    ] {
        let mut wire = Wire::default();
        wire.client(&chunk(b"MSGF", 1, &read("press")));
        wire.server(&chunk(b"MSGF", 1, &value(&variant)));
        let told = wire.end();
        assert_eq!((told.len(), told[0].outcome), (1, outcome), "{variant:?}");
        assert_eq!(told[0].all("opcua.nodeid.string")[0], "press");
        assert_eq!(told[0].all("opcua.datavalue.mask"), ["1"]);
    }
}

#[test]
fn what_lies_behind_a_message_or_does_not_fill_its_body_is_told() {
    let structure = [&[22, 1, 0, 0x44, 1, 1][..], &le(3), &[0; 3]].concat();
    let behind = [&value(&[0])[..], &[7; 3]].concat();
    for (answer, name, said) in [
        (value(&structure), "iia.opcua.body_malformed", "true"),
        (behind, "iia.opcua.rest", "3"),
    ] {
        let mut wire = Wire::default();
        wire.client(&chunk(b"MSGF", 1, &read("press")));
        wire.server(&chunk(b"MSGF", 1, &answer));
        let told = wire.end();
        assert_eq!(told[0].outcome, Outcome::Malformed);
        assert_eq!(told[0].all(name), [said], "{name}");
    }
}

#[test]
fn long_arrays_are_told_up_to_a_limit() {
    let values = u32::try_from(VALUES_MAX + 1).unwrap();
    let array = [&[0x83][..], &le(values), &vec![1; VALUES_MAX + 1]].concat();
    let mut wire = Wire::default();
    wire.client(&chunk(b"MSGF", 1, &read("press")));
    wire.server(&chunk(b"MSGF", 1, &value(&array)));
    let told = wire.end();
    assert_eq!(
        (told[0].outcome, told[0].all("opcua.Byte").len()),
        (Outcome::Answered, VALUES_MAX)
    );
    assert_eq!(told[0].all("iia.opcua.values_cut"), ["1"]);
    let nulls = [&[0x98][..], &le(9000), &vec![0; 9000]].concat();
    let mut wire = Wire::default();
    wire.client(&chunk(b"MSGF", 1, &read("press")));
    wire.server(&chunk(b"MSGF", 1, &value(&nulls)));
    assert!(wire.end()[0].answered.len() <= FIELDS_MAX + 1);
}

#[test]
fn of_a_message_that_is_too_long_the_beginning_is_told() {
    let mut wire = Wire::default();
    wire.client(&chunk(b"MSGF", 1, &read("press")));
    let piece = vec![0; 60_000];
    wire.server(&chunk(b"MSGC", 1, &[&value(&[0])[..], &piece].concat()));
    for _ in 0..MESSAGE_LEN_MAX / piece.len() {
        wire.server(&chunk(b"MSGC", 1, &piece));
    }
    wire.server(&chunk(b"MSGF", 1, &piece));
    let told = wire.end();
    assert_eq!(told[0].all("iia.opcua.cut"), ["true"]);
}

#[test]
fn what_is_put_together_has_an_end() {
    let mut wire = Wire::default();
    let body = [&value(&[15])[..], &vec![1; 60_000]].concat();
    for request in 0..100 {
        wire.client(&chunk(
            b"MSGC",
            request,
            &[&asks(631)[..], &vec![0; 60_000]].concat(),
        ));
        for _ in 0..8 {
            wire.server(&chunk(b"MSGC", request, &body));
        }
        let most = 2 * PARTS_MAX * (MESSAGE_LEN_MAX + 1000);
        assert!(wire.session.held() <= most, "{}", wire.session.held());
    }
    for request in 0..100 {
        wire.client(&chunk(b"MSGF", request, &read("press")));
    }
    let unanswered = wire
        .told
        .iter()
        .filter(|one| one.outcome == Outcome::Unanswered)
        .count();
    assert!(unanswered >= 96 - LINE_MAX, "{unanswered}");
}
