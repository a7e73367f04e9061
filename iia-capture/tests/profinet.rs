//! PROFINET, with made messages: what is told of each, and that no cut or bent one brings anything down.
#![expect(clippy::unwrap_used, unreachable_pub, reason = "tests")]

#[path = "made/profinet.rs"]
mod made;

use std::collections::BTreeMap;

use iia_capture::decode::profinet::{claims, fits};
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::{LinkType, Packet};
use iia_core::Timestamp;
use iia_core::observe::{Between, Observation, Outcome, Said};
use made::{DEVICE, Message, frame, messages};

/// Reads frames, a millisecond apart, and gives all that was said.
fn read(frames: &[Vec<u8>], mut take: impl FnMut(&Said<'_>)) {
    let mut pipeline = Pipeline::new(Options::default());
    let mut sink = |seen: &Observation<'_>| {
        if let Observation::Said(said) = seen {
            take(said);
        }
    };
    for (number, data) in frames.iter().enumerate() {
        let number = i64::try_from(number).unwrap();
        let packet = Packet {
            ts: Timestamp::from_ns(1_700_000_000_000_000_000 + number * 1_000_000),
            link: LinkType::ETHERNET,
            orig_len: u32::try_from(data.len()).unwrap(),
            data,
        };
        pipeline.handle_packet(&packet, &mut sink);
    }
    pipeline.finish(&mut sink);
}

/// How often each operation ended in which way.
fn told(name: &str) -> BTreeMap<(&'static str, &'static str), usize> {
    let frames: Vec<_> = messages(name).iter().map(frame).collect();
    let mut told = BTreeMap::new();
    read(&frames, |said| {
        *told.entry((said.what, said.outcome.name())).or_default() += 1;
    });
    told
}

#[test]
fn every_kind_of_message_is_told() {
    for (name, expected) in [
        (
            "discovery",
            &[
                // One of the values is not there.
                (("get", "refused"), 1),
                (("hello", "stated"), 1),
                (("identify", "answered"), 1),
                (("identify_response", "stated"), 1),
                (("set", "answered"), 3),
                (("set", "refused"), 2),
                (("set", "unanswered"), 2),
            ][..],
        ),
        (
            "alarms",
            &[
                (("alarm_ack", "stated"), 2),
                (("alarm_notification", "stated"), 10),
                (("rta_ack", "stated"), 1),
                (("rta_error", "stated"), 2),
                (("rta_nack", "stated"), 1),
            ],
        ),
        (
            "time",
            &[
                (("announce", "stated"), 2),
                (("delay_follow_up_response", "stated"), 1),
                (("delay_request", "stated"), 1),
                (("delay_response", "stated"), 1),
                (("delay_response_with_follow_up", "stated"), 1),
                (("follow_up", "stated"), 2),
                (("sync", "stated"), 2),
                (("sync_with_follow_up", "stated"), 2),
            ],
        ),
        (
            "cyclic",
            &[
                (("cyclic", "stated"), 3),
                (("fragment", "stated"), 2),
                (("reserved", "stated"), 1),
                (("rsi", "stated"), 1),
            ],
        ),
        (
            "rings",
            &[
                (("link_down", "stated"), 1),
                (("link_up", "stated"), 1),
                (("option", "stated"), 2),
                (("test", "stated"), 1),
                (("topology_change", "stated"), 1),
            ],
        ),
        (
            "connect",
            &[(("connect", "answered"), 1), (("connect", "refused"), 2)],
        ),
        (
            "control",
            &[(("control", "answered"), 7), (("release", "answered"), 1)],
        ),
        (
            "write",
            &[(("write", "answered"), 2), (("write", "refused"), 1)],
        ),
        (
            "pieces",
            &[
                (("fragment", "stated"), 4),
                (("read", "answered"), 1),
                (("write", "answered"), 1),
            ],
        ),
        (
            "mapper",
            &[
                (("epm_lookup", "answered"), 1),
                (("epm_lookup", "refused"), 1),
            ],
        ),
    ] {
        let expected: BTreeMap<_, usize> = expected.iter().copied().collect();
        assert_eq!(told(name), expected, "{name}");
    }
}

/// A device answers from another port than it was asked at; both are one record, between the ends of the question.
#[test]
fn an_answer_from_another_port_joins_its_question() {
    let frames: Vec<_> = messages("control").iter().map(frame).collect();
    read(&frames[..2], |said| {
        assert_eq!(
            (said.outcome, said.latency_ns),
            (Outcome::Answered, Some(1_000_000))
        );
        let Between::Flow(flow) = said.between else {
            panic!("a flow");
        };
        assert_eq!((flow.resp_p, said.from_orig), (34_964, true));
        assert!(!said.asked.is_empty() && !said.answered.is_empty());
    });
}

/// A question that is sent again is told as such, and the answer joins the first.
#[test]
fn a_repeated_question_is_told_once_as_such() {
    let frames: Vec<_> = messages("control").iter().map(frame).collect();
    let frames = [&frames[0], &frames[0], &frames[1], &frames[1]].map(Clone::clone);
    let mut told = Vec::new();
    read(&frames, |said| {
        let repeated = said
            .asked
            .iter()
            .any(|field| field.name == "iia.profinet.repeated");
        told.push((said.outcome.name(), said.latency_ns, repeated));
    });
    assert_eq!(
        told,
        [
            ("stated", None, true),
            ("answered", Some(2_000_000), false),
            ("orphan", None, false)
        ]
    );
}

/// Pieces of a call are put together in any order, and a lost one costs this call only.
#[test]
fn pieces_come_in_any_order_and_may_be_lost() {
    let pieces: Vec<_> = messages("pieces").iter().map(frame).collect();
    let whole = |order: &[usize]| {
        let frames: Vec<_> = order.iter().map(|at| pieces[*at].clone()).collect();
        let mut whole = 0;
        read(&frames, |said| whole += usize::from(said.what == "write"));
        whole
    };
    assert_eq!(whole(&[0, 1, 2]), 1);
    assert_eq!(whole(&[2, 0, 1]), 1);
    assert_eq!(whole(&[2, 2, 0, 0, 1]), 1);
    assert_eq!(whole(&[0, 2]), 0);
}

/// What is too short is malformed with what was read, and what comes behind it is read all the same.
#[test]
fn a_broken_message_costs_itself_only() {
    let good = messages("connect");
    let mut broken = good[0].clone();
    let end = broken.bytes.len() - 30;
    broken.bytes.truncate(end);
    let frames: Vec<_> = [&broken, &good[2], &good[3]].map(frame).to_vec();
    let mut told = Vec::new();
    read(&frames, |said| {
        told.push((said.outcome.name(), said.asked.len()))
    });
    told.sort_unstable();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].0, "refused");
    assert_eq!(told[1].0, "unanswered");
    assert!(told[1].1 > 40);
}

/// Only what is DCE/RPC of PROFINET is taken for it.
#[test]
fn only_its_interfaces_are_claimed() {
    let ask = &messages("connect")[0].bytes;
    assert!(claims(ask) && fits(ask));
    let lookup = messages("mapper");
    assert!(fits(&lookup[0].bytes) && !claims(&lookup[0].bytes));
    assert!(claims(&lookup[1].bytes));
    for place in [0, 1, 4, 24, 28, 39] {
        let mut other = ask.clone();
        other[place] ^= 0x40;
        assert!(!claims(&other) && !fits(&other), "{place}");
    }
    for len in 0..80 {
        assert!(!claims(&ask[..len]) && !fits(&ask[..len]), "{len}");
    }
}

#[test]
fn no_cut_or_bent_message_brings_anything_down() {
    for name in made::NAMES {
        for message in messages(name) {
            let mut frames = Vec::new();
            for len in (0..message.bytes.len()).step_by(1 + message.bytes.len() / 64) {
                let bytes = message.bytes[..len].to_vec();
                frames.push(frame(&Message { bytes, ..message }));
            }
            for bit in (0..message.bytes.len() * 8).step_by(1 + message.bytes.len() / 24) {
                let mut bytes = message.bytes.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                frames.push(frame(&Message { bytes, ..message }));
            }
            let mut said = 0;
            read(&frames, |_| said += 1);
            assert!(said <= frames.len(), "{name}");
        }
    }
}

/// More calls than may wait: the oldest are told as unanswered, and none twice.
#[test]
fn a_flood_of_calls_stays_within_the_limit() {
    let ask = messages("connect")[0].bytes.clone();
    let number = iia_capture::decode::profinet::WAITING_MAX + 50;
    let frames: Vec<_> = (0..number)
        .map(|sequence| {
            let mut bytes = ask.clone();
            let sequence = u32::try_from(sequence).unwrap();
            bytes[64..68].copy_from_slice(&sequence.to_le_bytes());
            frame(&Message {
                kind: DEVICE,
                bytes,
            })
        })
        .collect();
    let mut unanswered = 0;
    read(&frames, |said| {
        unanswered += usize::from(said.outcome == Outcome::Unanswered);
    });
    assert_eq!(unanswered, number);
}
