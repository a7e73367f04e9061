//! Messages that break rules, and limits.

use super::*;
use crate::decode::enip::known::Connection;

#[test]
fn offsets_that_go_back_are_malformed_and_read_once() {
    let mut talk = Talk::tcp();
    let one = ask(0x01, &[0x20, 1, 0x24, 1], &[]);
    let offsets = [3, 0, 14, 0, 8, 0, 14, 0];
    let request = ask(
        0x0a,
        &[0x20, 2, 0x24, 1],
        &[&offsets[..], &one, &one].concat(),
    );
    talk.say(true, &unconnected(1, &request));
    let lines = talk.end();
    assert!(
        lines[0].starts_with("multiple_service_packet Malformed"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 2, "{lines:?}");
}

#[test]
fn messages_in_messages_end() {
    let mut talk = Talk::tcp();
    let mut inner = ask(0x01, &[0x20, 1, 0x24, 1], &[]);
    for _ in 0..40 {
        inner = ask(
            0x0a,
            &[0x20, 2, 0x24, 1],
            &[&[1, 0, 4, 0][..], &inner].concat(),
        );
    }
    talk.say(true, &unconnected(1, &inner));
    assert_eq!(talk.end().len(), usize::from(DEPTH_MAX) + 1);
    let count = u16::try_from(PARTS_MAX + 1).unwrap();
    let mut data = count.to_le_bytes().to_vec();
    for at in 0..count {
        data.extend((2 + count * 2 + at * 2).to_le_bytes());
    }
    data.extend(
        vec![0x17; usize::from(count) * 2]
            .chunks(2)
            .flat_map(|_| [0x17, 0]),
    );
    talk.say(
        true,
        &unconnected(2, &ask(0x0a, &[0x20, 2, 0x24, 1], &data)),
    );
    // What is kept of a message that waits is less than that many.
    let lines = talk.end();
    assert!(
        lines.len() <= PARTS_MAX + 1 && lines[0].contains("iia.cip.services_cut=true"),
        "{}",
        lines.len()
    );
}

#[test]
fn connections_stay_within_their_limit_and_the_oldest_goes() {
    let mut known = Connections::default();
    let number = |at: usize| u32::try_from(at).unwrap();
    for at in 0..=CONNECTIONS_MAX {
        known.open(Connection {
            triad: (1, 1, number(at)),
            originator: CLIENT,
            target: SERVER,
            ids: [number(at), number(at)],
            intervals: [0; 2],
            transport: 1,
            way: Target::default(),
            last: [None; 2],
        });
    }
    assert_eq!(known.len(), CONNECTIONS_MAX);
    assert!(known.find(CLIENT, 0).is_none() && known.find(SERVER, 1).is_some());
    for port in 0..200 {
        known.search((CLIENT, port));
    }
    assert!(!known.searched((CLIENT, 0)) && known.searched((CLIENT, 199)));
}

#[test]
fn what_keeps_no_rules_fits_nothing() {
    let good = unconnected(6, &ask(1, &[0x20, 1, 0x24, 1], &[]));
    assert!(fits(&good) && claims(&good) && fits_datagram(&good));
    // The first segment may end anywhere behind the header.
    assert!((HEAD_LEN..good.len()).all(|len| fits(&good[..len])));
    assert!(fits(&good[..HEAD_LEN]) && !claims(&good[..HEAD_LEN]) && !fits(&good[..HEAD_LEN - 1]));
    let open = message(0x65, 0, 0, 1, &[1, 0, 0, 0]);
    assert!(fits(&open) && claims(&open));
    for (at, byte) in [(0, 0x99), (8, 4), (20, 1), (24, 1), (30, 0), (32, 7)] {
        let mut bad = good.clone();
        bad[at] = byte;
        assert!(!fits(&bad) && !claims(&bad), "{at}");
    }
    for bad in [
        &[0; 64][..],
        b"GET / HTTP/1.1\r\nHost: controller\r\n",
        &[0xff; 64],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaaaaaaaaaaaaaaaaa",
    ] {
        assert!(!fits(bad) && !claims(bad) && !fits_datagram(bad) && !fits_io(bad));
    }
    let good = io(1, 2, &[3]);
    assert!(
        fits_io(&good)
            && !fits_io(&good[..good.len() - 1])
            && !fits_io(&[&good[..], &[0]].concat())
    );
}

#[test]
fn cut_and_bent_messages_do_no_harm() {
    let manager = [0x20, 6, 0x24, 1];
    let messages = [
        unconnected(7, &ask(0x54, &manager, &OPEN)),
        unconnected(7, &[&[0xd4, 0, 0, 0][..], &OPENED].concat()),
        unconnected(7, &ask(0x03, &[0x20, 0xf5, 0x24, 1], &[2, 0, 5, 0, 6, 0])),
        unconnected(7, &[0x83, 0, 0, 0, 1, 0, 6, 0, 0, 0, 2, 0, b'a', b'b']),
        connected(5, 1, &ask(0x4d, &tag(b"Tag"), &[0xc3, 0, 1, 0, 5, 0])),
        connected(5, 1, &[0xcd, 0, 0, 0]),
        message(
            0x63,
            0,
            0,
            1,
            &[&[1, 0][..], &item(0x0c, &[1; 40])].concat(),
        ),
        io(17, 1, &[1, 2, 3]),
    ];
    let mut seed = 7u64;
    let mut random = move |end: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(seed >> 33).unwrap() % end
    };
    let mut talk = Talk::tcp();
    let mut data = Talk::of(Box::new(CipIo), flow(Transport::Udp, (IO_PORT, IO_PORT)));
    for message in &messages {
        for len in 0..message.len() {
            let piece = &message[..len];
            let _ = (claims(piece), fits_datagram(piece), fits_io(piece));
            if let (Cut::Unit(len), false) = (
                talk.session.cut(true, &[piece, &[0][..]].concat()),
                piece.is_empty(),
            ) {
                assert!(len > 0 && len <= (UNIT_LEN_MAX + HEAD_LEN) as u64);
            }
            for from_orig in [true, false] {
                talk.say(from_orig, piece);
                data.say(from_orig, piece);
            }
        }
        for _ in 0..2000 {
            let mut bent = message.clone();
            for _ in 0..=random(3) {
                let at = random(bent.len());
                bent[at] ^= 1 << random(8);
            }
            talk.say(random(2) == 0, &bent);
            data.say(random(2) == 0, &bent);
        }
    }
    talk.end();
    assert_eq!(talk.session.held(), 0);
}

#[test]
fn of_a_long_message_the_beginning_is_kept_and_not_held_against_it() {
    let mut talk = Talk::tcp();
    let values = [&[0xc3, 0, 0xd0, 7, 0, 0, 0, 0][..], &[1; 8000]].concat();
    let write = unconnected(7, &ask(0x53, &tag(b"Long"), &values));
    talk.say(true, &write);
    let lines = talk.say(false, &unconnected(7, &[0xd3, 0, 0, 0]));
    assert!(lines[0].starts_with("write_tag_fragmented Answered"));
    assert!(lines[0].contains("iia.cip.value=257"));
    talk.say(true, &write);
    assert!(talk.end()[0].starts_with("write_tag_fragmented Unanswered"));
}
