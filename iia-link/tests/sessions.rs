//! Many sessions over one connection: windows, limits, order, and whatever a peer may say that it should not.
#![expect(clippy::unwrap_used, reason = "tests")]

use iia_link::LinkError;
use iia_link::frame::{FRAGMENT_MAX, Frame, Kind, PAYLOAD_MAX};
use iia_link::hello::Hello;
use iia_link::mux::{
    COST, Event, HELD_MAX, Message, Mux, OUT_HARD_MAX, SESSIONS_MAX, Sent, WINDOW,
};
use proptest::prelude::*;

fn hello() -> Hello {
    Hello {
        contract: "c".into(),
        version: String::new(),
        operation: "WRITE".into(),
    }
}

/// Both ends, joined by hand.
struct Pair {
    near: Mux,
    far: Mux,
}

impl Pair {
    fn with(sessions: usize) -> Self {
        let mut pair = Self {
            near: Mux::new(true),
            far: Mux::new(false),
        };
        for _ in 0..sessions {
            pair.near.open(hello()).unwrap();
            pair.pump();
        }
        pair
    }

    fn pump(&mut self) {
        loop {
            let out = self.near.output().to_vec();
            self.near.sent(out.len());
            self.far.handle_input(&out).unwrap();
            while let Some(event) = self.far.poll_event() {
                if let Event::Asked(number, _) = event {
                    self.far.accept(number, u64::MAX).unwrap();
                }
            }
            let back = self.far.output().to_vec();
            self.far.sent(back.len());
            self.near.handle_input(&back).unwrap();
            while self.near.poll_event().is_some() {}
            if out.is_empty() && back.is_empty() {
                return;
            }
        }
    }
}

fn bytes(kind: Kind, session: u32, id: u64, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let frame = Frame {
        kind,
        session,
        id,
        payload,
    };
    frame.encode_to(&mut out).unwrap();
    out
}

#[test]
fn a_session_that_nobody_reads_holds_up_itself_and_no_other() {
    let mut pair = Pair::with(2);
    let message = Message::push(vec![7; 1000]);
    let mut sent = 0;
    while pair.near.send(1, &message, 0) == Ok(Sent::Whole) {
        pair.pump();
        sent += 1;
    }
    assert_eq!(sent, WINDOW / (1000 + COST), "the window, and no more");
    assert_eq!(pair.near.send(2, &message, 0), Ok(Sent::Whole));
    pair.pump();
    assert!(pair.far.receive(2).unwrap().is_some());
    for _ in 0..sent {
        assert!(pair.far.receive(1).unwrap().is_some());
        pair.pump();
    }
    assert_eq!(
        pair.near.send(1, &message, 0),
        Ok(Sent::Whole),
        "who reads gives room"
    );
}

#[test]
fn a_message_of_the_longest_length_passes_and_one_byte_more_does_not() {
    let mut pair = Pair::with(1);
    let longest = Message::question(9, vec![7; PAYLOAD_MAX]);
    let mut at = 0;
    while let Sent::UpTo(next) = pair.near.send(1, &longest, at).unwrap() {
        assert!(next > at, "a long message moves while it is not whole");
        at = next;
        pair.pump();
    }
    pair.pump();
    // It counts until it is read.
    assert_eq!(
        pair.near
            .send(1, &longest, 0)
            .map(|sent| matches!(sent, Sent::UpTo(at) if at < WINDOW)),
        Ok(true)
    );
    assert_eq!(pair.far.receive(1).unwrap().unwrap(), longest);
    let longer = Message::push(vec![7; PAYLOAD_MAX + 1]);
    assert!(matches!(
        pair.near.send(1, &longer, 0),
        Err(LinkError::FrameTooLong { .. })
    ));
}

#[test]
fn long_messages_that_nobody_reads_end_at_what_a_connection_holds() {
    let sessions = HELD_MAX / PAYLOAD_MAX + 2;
    let mut pair = Pair::with(sessions);
    let longest = Message::push(vec![7; PAYLOAD_MAX]);
    let mut over = 0;
    for number in 1..=u32::try_from(sessions).unwrap() {
        let mut at = 0;
        loop {
            match pair.near.send(number, &longest, at) {
                Ok(Sent::Whole) => break,
                Ok(Sent::UpTo(next)) => at = next,
                Err(error) => {
                    assert!(matches!(error, LinkError::Refused { .. }), "{error}");
                    over += 1;
                    break;
                }
            }
            pair.pump();
        }
        pair.pump();
    }
    assert_eq!(over, 2, "all but those for which there is room");
    assert!(
        pair.far.receive(1).unwrap().is_some(),
        "others are as they were"
    );
}

#[test]
fn one_session_more_than_the_limit_is_refused_and_said_so() {
    let mut pair = Pair::with(SESSIONS_MAX);
    assert!(pair.near.open(hello()).is_err());
    let number = u32::try_from(SESSIONS_MAX).unwrap() + 1;
    pair.far
        .handle_input(&bytes(Kind::Hello, number, 0, &hello().encode()))
        .unwrap();
    assert_eq!(
        pair.far.output(),
        bytes(Kind::Refuse, number, 0, b"IIA-LNK-0402")
    );
    assert_eq!(pair.far.poll_event(), None);
}

#[test]
fn who_asks_and_does_not_read_is_not_answered_for_ever() {
    let mut pair = Pair::with(SESSIONS_MAX);
    let first = u32::try_from(SESSIONS_MAX).unwrap() + 1;
    let ended = (first..).map(|number| bytes(Kind::Hello, number, 0, &hello().encode()));
    let asked = ended
        .map(|ask| pair.far.handle_input(&ask))
        .position(|answer| answer.is_err());
    let answer = bytes(Kind::Refuse, 1, 0, b"IIA-LNK-0402").len();
    assert!(
        asked.unwrap() <= OUT_HARD_MAX / answer + 1
            && pair.far.output().len() <= OUT_HARD_MAX + answer
    );
}

#[test]
fn whatever_is_out_of_its_order_ends_the_connection() {
    let long = vec![0; FRAGMENT_MAX];
    let rows: [(&str, Vec<u8>); 11] = [
        (
            "a session that was never opened",
            bytes(Kind::Data, 2, 1, b"x"),
        ),
        ("session 0", bytes(Kind::Push, 0, 0, b"x")),
        (
            "a number again",
            bytes(Kind::Hello, 1, 0, &hello().encode()),
        ),
        ("an acceptance by who dials", bytes(Kind::Accept, 1, 0, &[])),
        ("an end with a payload", bytes(Kind::End, 1, 0, b"x")),
        ("credit with a payload", bytes(Kind::Credit, 1, 1, b"x")),
        (
            "credit for what was never sent",
            bytes(Kind::Credit, 1, u64::MAX, &[]),
        ),
        (
            "a code of any length",
            bytes(Kind::Refuse, 1, 0, &[b'x'; 65]),
        ),
        (
            "more than was granted",
            (0..=WINDOW / FRAGMENT_MAX)
                .flat_map(|_| bytes(Kind::Push, 1, 0, &long))
                .collect(),
        ),
        (
            "empty messages without end",
            (0..=WINDOW / COST)
                .flat_map(|_| bytes(Kind::Push, 1, 0, &[]))
                .collect(),
        ),
        ("a hello that is none", bytes(Kind::Hello, 2, 0, b"c")),
    ];
    for (row, said) in rows {
        let mut pair = Pair::with(1);
        assert!(pair.far.handle_input(&said).is_err(), "{row}");
    }
    let mut dialling = Mux::new(true);
    assert!(
        dialling
            .handle_input(&bytes(Kind::Hello, 1, 0, &hello().encode()))
            .is_err()
    );
}

#[test]
fn what_was_on_its_way_when_a_session_ended_is_nobodys() {
    let mut pair = Pair::with(2);
    assert_eq!(
        pair.near.send(1, &Message::push(vec![1]), 0),
        Ok(Sent::Whole)
    );
    pair.far.leave(1);
    pair.pump();
    assert!(pair.near.has_ended(1) && pair.near.send(1, &Message::push(vec![1]), 0).is_err());
    assert_eq!(
        pair.near.send(2, &Message::push(vec![1]), 0),
        Ok(Sent::Whole)
    );
}

proptest! {
    /// However the bytes are torn, the same messages come out in the same order.
    #[test]
    fn torn_bytes_are_the_same_messages(lens in prop::collection::vec(0usize..40_000, 1..6), cut in 1usize..20_000) {
        let mut pair = Pair::with(1);
        let mut all = Vec::new();
        for (id, len) in lens.iter().enumerate() {
            let message = Message::question(id as u64, vec![id as u8; *len]);
            let mut at = 0;
            while let Sent::UpTo(next) = pair.near.send(1, &message, at).unwrap() {
                at = next;
                all.extend_from_slice(pair.near.output());
                pair.near.sent(usize::MAX);
            }
            all.extend_from_slice(pair.near.output());
            pair.near.sent(usize::MAX);
        }
        for torn in all.chunks(cut) {
            pair.far.handle_input(torn).unwrap();
        }
        for (id, len) in lens.iter().enumerate() {
            let message = pair.far.receive(1).unwrap().unwrap();
            prop_assert_eq!((message.id, message.payload.len()), (id as u64, *len));
            prop_assert!(message.payload.iter().all(|byte| *byte == id as u8));
        }
        prop_assert_eq!(pair.far.receive(1), Ok(None));
    }
}
