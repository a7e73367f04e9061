//! Whatever is on the wire, the ear is bounded, says what it could not read, and goes on hearing.
#![expect(clippy::unwrap_used, reason = "tests")]

use iia_attest::network::ear::TALKS_MAX;
use iia_attest::network::{Deed, Ear};
use iia_contract::Catalog;
use iia_core::Timestamp;
use iia_core::observe::{Outcome, Protocol};
use iia_core::time::SECOND_NS;

fn ear() -> Ear {
    Ear::new(&Catalog::check(&[]).unwrap().0)
}

/// A segment of TCP in a frame.
fn segment(
    (from, to): (([u8; 4], u16), ([u8; 4], u16)),
    (seq, ack, flags): (u32, u32, u8),
    data: &[u8],
) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    let len = u16::try_from(40 + data.len()).unwrap();
    frame.extend(len.to_be_bytes());
    frame.extend([0, 1, 0, 0, 64, 6, 0, 0]);
    frame.extend(from.0);
    frame.extend(to.0);
    frame.extend(from.1.to_be_bytes());
    frame.extend(to.1.to_be_bytes());
    frame.extend(seq.to_be_bytes());
    frame.extend(ack.to_be_bytes());
    frame.extend([5 << 4, flags, 32, 0, 0, 0, 0, 0]);
    frame.extend_from_slice(data);
    frame
}

const CLIENT: ([u8; 4], u16) = ([10, 0, 0, 1], 40_000);
const SERVER: ([u8; 4], u16) = ([10, 0, 0, 2], 502);

/// A question for register 9 and its answer, in a connection that was there before.
fn exchange(number: u32) -> [Vec<u8>; 2] {
    let asks = [0, 1, 0, 0, 0, 6, 1, 3, 0, 9, 0, 1];
    let answers = [0, 1, 0, 0, 0, 5, 1, 3, 2, 0, 77];
    let (asked, answered) = (1 + number * 12, 1 + number * 11);
    [
        segment((CLIENT, SERVER), (asked, answered, 0x18), &asks),
        segment((SERVER, CLIENT), (answered, asked + 12, 0x18), &answers),
    ]
}

fn heard(ear: &mut Ear, at: i64, frame: &[u8]) -> Vec<Deed> {
    let mut deeds = Vec::new();
    ear.handle_frame(Timestamp::from_ns(at), frame, |_, deed| deeds.push(deed));
    deeds
}

fn answered(deeds: &[Deed]) -> usize {
    let is = |deed: &&Deed| matches!(deed, Deed::Exchange { outcome: Outcome::Answered, read: Some(read), .. } if read.values == [77]);
    deeds.iter().filter(is).count()
}

#[test]
fn every_cut_and_every_bent_byte_is_passed_and_what_follows_is_heard() {
    let whole = exchange(0);
    for frame in &whole {
        for at in 0..frame.len() {
            let mut ear = ear();
            heard(&mut ear, 0, &frame[..at]);
            for bit in 0..8 {
                let mut bent = frame.clone();
                bent[at] ^= 1 << bit;
                heard(&mut ear, 1, &bent);
            }
            // Whatever that was, another connection is heard.
            let mut deeds = Vec::new();
            for frame in exchange(1000) {
                let mut other = frame;
                for end in [29, 33] {
                    other[end] ^= 0x40;
                }
                deeds.extend(heard(&mut ear, 2, &other));
            }
            assert_eq!(answered(&deeds), 1, "{at}");
        }
    }
}

#[test]
fn what_cannot_be_read_is_said_once_a_second() {
    let mut ear = ear();
    // The second half of a packet.
    let mut fragment = exchange(0)[0].clone();
    fragment[21] = 5;
    for number in 0..10 {
        assert!(heard(&mut ear, number, &fragment).is_empty());
    }
    let mut said = Vec::new();
    ear.handle_timeout(Timestamp::from_ns(SECOND_NS), |_, deed| said.push(deed));
    assert_eq!(said, [Deed::Lost(10)]);
    assert_eq!(ear.counts().unread, 10);
}

#[test]
fn a_flood_of_connections_makes_room_and_the_newest_is_heard() {
    let mut ear = ear();
    let mut opened = 0;
    for number in 0..u32::try_from(TALKS_MAX).unwrap() + 100 {
        let [_, a, b, c] = number.to_be_bytes();
        let from = ([10, a, b, c], 40_000);
        let syn = segment((from, ([10, 200, 0, 1], 4840)), (1, 0, 2), &[]);
        opened += heard(&mut ear, number.into(), &syn).len();
    }
    assert_eq!(opened, TALKS_MAX + 100, "each is told when it begins");
    assert!(ear.counts().forgotten >= 100);
    let deeds = exchange(0).map(|frame| heard(&mut ear, SECOND_NS / 2, &frame));
    assert_eq!(answered(&deeds.concat()), 1);
}

#[test]
fn a_question_without_answer_and_another_protocol_are_told() {
    let mut ear = ear();
    let [asks, _] = exchange(0);
    heard(&mut ear, 0, &asks);
    let mut said = Vec::new();
    ear.handle_timeout(Timestamp::from_ns(11 * SECOND_NS), |_, deed| {
        said.push(deed)
    });
    let is_unanswered = |deed: &Deed| {
        matches!(
            deed,
            Deed::Exchange {
                outcome: Outcome::Unanswered,
                ..
            }
        )
    };
    assert!(said.iter().any(is_unanswered), "{said:?}");
    let http = segment(
        (([10, 0, 0, 3], 40_001), SERVER),
        (1, 1, 0x18),
        b"GET / HTTP/1.0\r\n\r\n",
    );
    let deeds = heard(&mut ear, 12 * SECOND_NS, &http);
    let is_foreign = |deed: &Deed| {
        matches!(
            deed,
            Deed::Flow {
                protocol: Protocol::Unknown,
                carried: true,
                ..
            }
        )
    };
    assert!(deeds.iter().any(is_foreign), "{deeds:?}");
}
