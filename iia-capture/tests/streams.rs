//! However a conversation is cut into packets, the same exchanges are seen.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests"
)]

mod wire;

use wire::{Random, Segment, exchange, observe, unit};

/// Turns of client and server, several units in one turn.
fn conversation(random: &mut Random, turns: u16) -> Vec<Segment> {
    let (mut segments, mut sent) = (Vec::new(), [0, 0]);
    for turn in 0..turns {
        let count = u16::try_from(1 + random.below(3)).unwrap();
        let pairs: Vec<_> = (0..count).map(|n| exchange(random, turn * 8 + n)).collect();
        let requests: Vec<u8> = pairs.iter().flat_map(|pair| pair.0.clone()).collect();
        let responses: Vec<u8> = pairs.iter().flat_map(|pair| pair.1.clone()).collect();
        for (from_client, bytes) in [(true, requests), (false, responses)] {
            let (mine, other) = (usize::from(from_client), usize::from(!from_client));
            let (at, acked) = (sent[mine], sent[other]);
            sent[mine] += bytes.len();
            segments.push(Segment {
                from_client,
                at,
                bytes,
                acked,
            });
        }
    }
    segments
}

/// Cuts one turn at random places.
fn cut(random: &mut Random, turn: &Segment) -> Vec<Segment> {
    let mut places: Vec<usize> = (0..random.below(5))
        .map(|_| random.below(turn.bytes.len()))
        .collect();
    places.extend([0, turn.bytes.len()]);
    places.sort_unstable();
    places.dedup();
    let part = |ends: &[usize]| Segment {
        at: turn.at + ends[0],
        bytes: turn.bytes[ends[0]..ends[1]].to_vec(),
        ..turn.clone()
    };
    places.windows(2).map(part).collect()
}

/// Sends some parts twice, some with a piece of their neighbours, and all of them in any order.
fn disturb(random: &mut Random, turn: &Segment) -> Vec<Segment> {
    let mut parts = cut(random, turn);
    for part in parts.clone() {
        if random.below(3) == 0 {
            let start = random.below(part.at - turn.at + 1);
            let end = part.at - turn.at + part.bytes.len();
            parts.push(Segment {
                at: turn.at + start,
                bytes: turn.bytes[start..end].to_vec(),
                ..turn.clone()
            });
        }
    }
    // The first part of a flow tells where its stream begins, so that it stays first.
    let fixed = usize::from(turn.at == 0);
    for place in (fixed + 1..parts.len()).rev() {
        parts.swap(place, fixed + random.below(place - fixed + 1));
    }
    parts
}

#[test]
fn any_cutting_order_overlap_and_repetition_gives_the_same_exchanges() {
    for seed in 0..400 {
        let mut random = Random(seed);
        let whole = conversation(&mut random, 8);
        let (want, _) = observe(&whole);
        let turns: Vec<Vec<Segment>> = whole
            .iter()
            .map(|turn| disturb(&mut random, turn))
            .collect();
        let (got, stats) = observe(&turns.concat());
        assert_eq!(got, want, "seed {seed}");
        assert_eq!(
            (stats.units_malformed, stats.reorder_bytes, stats.pending),
            (0, 0, 0)
        );
    }
}

#[test]
fn one_byte_at_a_time_is_enough() {
    let mut random = Random(7);
    let whole = conversation(&mut random, 3);
    let bytes = whole.iter().flat_map(|turn| {
        (0..turn.bytes.len()).map(|place| Segment {
            at: turn.at + place,
            bytes: vec![turn.bytes[place]],
            ..turn.clone()
        })
    });
    assert_eq!(observe(&bytes.collect::<Vec<_>>()).0, observe(&whole).0);
}

#[test]
fn everything_sent_again_later_changes_nothing() {
    let whole = conversation(&mut Random(3), 6);
    let mut again = whole.clone();
    for (place, turn) in whole.iter().enumerate() {
        again.insert((place * 2 + 4).min(again.len()), turn.clone());
    }
    assert_eq!(observe(&again).0, observe(&whole).0);
}

#[test]
fn a_capture_that_begins_anywhere_sees_all_that_follows() {
    for seed in 0..1000 {
        let mut random = Random(seed);
        let whole = conversation(&mut random, 8);
        let (want, _) = observe(&whole);
        let packets: Vec<Segment> = whole
            .iter()
            .flat_map(|turn| cut(&mut random, turn))
            .collect();
        let begin = random.below(packets.len());
        let (got, _) = observe(&packets[begin..]);
        // The turn it begins in may be lost, and, where that was inside a unit and the next is cut as well, the next one.
        let begun = begun(&packets[begin], &whole);
        let later = whole
            .iter()
            .filter(|turn| turn.from_client && turn.at > begun);
        let units: usize = later.skip(1).map(|turn| count(&turn.bytes)).sum();
        let lost: Vec<_> = want[want.len() - units..]
            .iter()
            .filter(|one| !got.contains(one))
            .collect();
        assert!(lost.is_empty(), "seed {seed}: {lost:?}");
        let joined = got
            .iter()
            .filter(|one| one.contains("Answered") || one.contains("Exception"));
        let invented: Vec<_> = joined.filter(|one| !want.contains(one)).collect();
        assert!(invented.is_empty(), "seed {seed}: {invented:?}");
    }
}

/// Where in the client's stream the turn of a packet begins.
fn begun(packet: &Segment, whole: &[Segment]) -> usize {
    let holds = |turn: &&Segment| {
        turn.from_client == packet.from_client
            && (turn.at..turn.at + turn.bytes.len()).contains(&packet.at)
    };
    let turn = whole.iter().find(holds).unwrap();
    if turn.from_client {
        turn.at
    } else {
        turn.acked.saturating_sub(1)
    }
}

fn count(mut bytes: &[u8]) -> usize {
    let mut units = 0;
    while !bytes.is_empty() {
        let len = usize::from(u16::from_be_bytes([bytes[4], bytes[5]])) + 6;
        bytes = &bytes[len..];
        units += 1;
    }
    units
}

#[test]
fn a_lost_packet_costs_its_own_exchanges_only() {
    for seed in 0..200 {
        let mut random = Random(seed);
        let mut whole = conversation(&mut random, 10);
        let (want, _) = observe(&whole);
        let lost = 2 + random.below(whole.len() - 4);
        let units = count(&whole.remove(lost).bytes);
        let (got, stats) = observe(&whole);
        let missing = want.iter().filter(|one| !got.contains(one)).count();
        assert!(missing <= units, "seed {seed}: {missing} of {units}");
        assert_eq!(stats.units_malformed, 0);
    }
}

#[test]
fn one_bad_message_does_not_blind_the_witness() {
    for bad in [
        &[0u8; 12][..],
        &[0xff; 30],
        b"GET / HTTP/1.1\r\n\r\n",
        &[0, 1, 0, 0, 0, 1, 1],
    ] {
        for place in 1..6 {
            let whole = conversation(&mut Random(5), 6);
            let (want, _) = observe(&whole);
            let mut bent = whole.clone();
            let turn = bent
                .iter_mut()
                .filter(|turn| turn.from_client)
                .nth(place)
                .unwrap();
            let at = turn.at;
            turn.bytes = [bad, &turn.bytes].concat();
            for later in &mut bent {
                if later.from_client && later.at > at {
                    later.at += bad.len();
                } else if !later.from_client && later.acked > at {
                    later.acked += bad.len();
                }
            }
            let (got, _) = observe(&bent);
            let gone = want.iter().filter(|one| !got.contains(one)).count();
            assert!(gone <= 3, "{bad:?} at {place}: {gone} of {}", want.len());
        }
    }
}

#[test]
fn a_broken_request_is_one_record_with_its_address_and_answer() {
    let turn = |from_client, at, acked, bytes| Segment {
        from_client,
        at,
        bytes,
        acked,
    };
    let segments = [
        turn(true, 0, 0, unit(1, &[3, 0, 7, 0, 0])),
        turn(false, 0, 12, unit(1, &[0x83, 3])),
        turn(true, 12, 9, unit(2, &[3, 0, 7, 0, 1])),
        turn(false, 9, 24, unit(2, &[3, 2, 0, 5])),
    ];
    let (seen, stats) = observe(&segments);
    assert_eq!((seen.len(), stats.units_malformed), (2, 1));
    assert!(
        seen[0].contains("Malformed") && seen[0].contains("addr: 7, count: 0"),
        "{}",
        seen[0]
    );
}
