//! The aggregator: what is told, what is counted, and what the chain gives back of it.

mod findings;

use findings::{aggregator, at, converged, finding, hows, network, row, told};
use iia_attest::aggregate::{
    AGAIN_NS, AggregateError, Aggregator, Answers, Board, CLAUSE_ROOM, CLAUSE_SINK, DELTAS_MAX,
    Gravity, How, MEANINGS, OPEN_MAX, OVER_MAX, Sink, TOLD_MAX, Told, clause_meaning, meaning,
};
use iia_core::Timestamp;
use iia_core::code::Coded as _;
use iia_core::event::{Event, EventKind};
use iia_core::finding::{Finding, Severity};
use iia_core::stream::Stream;

#[test]
fn r_inv_19_without_an_alert_sink_there_is_no_aggregator() {
    let error = Aggregator::new(Answers::default(), &[]).unwrap_err();
    assert_eq!(error, AggregateError::NoSink);
    assert_eq!(error.code().to_string(), "IIA-ATT-0240");
}

#[test]
fn the_same_again_is_counted_a_change_is_new_and_a_return_ends_it() {
    let mut one = aggregator();
    let first = network("10.20.0.66", "speaks");
    one.handle_finding(at(1), first.clone());
    for second in 2..5 {
        one.handle_finding(at(second), first.clone());
    }
    assert_eq!(hows(&mut one), [How::New]);
    assert_eq!(one.board().open()[0].count, 4);
    // Nothing is hidden: a minute later at the latest the repeats are told, with their number.
    let due = one.poll_timeout().unwrap();
    assert_eq!(due, at(1) + AGAIN_NS);
    one.handle_timeout(due + -1);
    assert!(told(&mut one).is_empty());
    one.handle_timeout(due);
    let again = told(&mut one);
    assert_eq!((again[0].how, again[0].count), (How::Again, 4));
    assert_eq!(one.poll_timeout(), None);
    // Something else is said of the same cause.
    one.handle_finding(at(70), network("10.20.0.66", "writes"));
    let changed = told(&mut one);
    assert_eq!((changed[0].how, changed[0].count), (How::Changed, 5));
    assert_eq!(one.board().len(), 1);
    let words: Vec<&str> = one.board().open()[0]
        .deltas
        .iter()
        .map(|delta| delta.reason.as_str())
        .collect();
    assert_eq!(words, ["speaks", "writes"]);
    one.handle_finding(at(80), converged(&first));
    let over = told(&mut one);
    assert_eq!((over[0].how, over[0].count), (How::Over, 5));
    assert!(one.board().is_empty());
    assert_eq!(one.board().over().count(), 1);
    // And the same once more is new.
    one.handle_finding(at(90), first);
    assert_eq!(hows(&mut one), [How::New]);
}

#[test]
fn a_return_ends_its_own_cause_only_and_a_confirmation_ends_none() {
    let mut one = aggregator();
    let (a, b) = (network("a", "speaks"), network("b", "speaks"));
    one.handle_finding(at(1), a.clone());
    one.handle_finding(at(1), b);
    one.handle_finding(at(2), converged(&a));
    assert_eq!(hows(&mut one), [How::New, How::New, How::Over]);
    assert_eq!(one.board().open()[0].finding.source, "b");
    let well = finding(&Stream::ATTEST_CONFIG, "seg01", "all is as applied");
    one.handle_finding(at(3), converged(&well));
    assert_eq!(hows(&mut one), [How::Confirmed]);
    let stream = Stream::ATTEST_CONFIG;
    assert!(one.board().confirmed(stream.as_str()).is_some());
}

#[test]
fn many_repeats_are_told_at_round_numbers_and_flapping_is_bounded() {
    let mut one = aggregator();
    for _ in 0..10_000 {
        one.handle_finding(at(1), network("x", "speaks"));
    }
    let counts: Vec<u64> = told(&mut one).iter().map(|one| one.count).collect();
    assert_eq!(counts, [1, 10, 100, 1000, 10_000]);
    let mut one = aggregator();
    for turn in 0..10_000 {
        let words = if turn % 2 == 0 { "odd" } else { "even" };
        one.handle_finding(at(1), network("x", words));
    }
    assert!(told(&mut one).len() <= 6);
    let mut one = aggregator();
    for turn in 0..10_000 {
        one.handle_finding(at(1), network("x", &format!("word {turn}")));
    }
    let open = one.board().open()[0];
    assert_eq!(open.deltas.len(), DELTAS_MAX);
    assert_eq!(open.deltas_more, 10_000 - DELTAS_MAX as u64);
    assert!(told(&mut one).len() < DELTAS_MAX + 6);
}

#[test]
fn r_atn_23_an_informational_finding_of_any_stream_is_told_as_a_threat() {
    for meaning in MEANINGS {
        let mut one = aggregator();
        let low = Finding {
            severity: Severity::Info,
            ..finding(&meaning.stream, "x", "a word")
        };
        one.handle_finding(at(1), low);
        let told = told(&mut one);
        assert_eq!(
            told[0].finding.severity,
            Severity::High,
            "{}",
            meaning.title
        );
        assert_eq!(told[0].event().field("severity"), Some("high"));
    }
    assert_eq!(MEANINGS.len(), 7);
}

#[test]
fn r_zon_25_findings_of_all_seven_streams_come_out_on_their_own_and_none_hides_another() {
    let mut one = aggregator();
    for round in 0..3 {
        for meaning in MEANINGS {
            one.handle_finding(at(round), finding(&meaning.stream, "x", "the same words"));
        }
    }
    for meaning in MEANINGS {
        let back = converged(&finding(&meaning.stream, "x", "the same words"));
        one.handle_finding(at(4), back);
    }
    let told = told(&mut one);
    assert_eq!(told.len(), 14);
    for (meaning, pair) in MEANINGS.iter().zip(0..) {
        let (first, last) = (&told[pair], &told[7 + pair]);
        let stream = meaning.stream.as_str();
        assert_eq!(
            (first.finding.stream.as_str(), first.how),
            (stream, How::New)
        );
        assert_eq!(
            (last.finding.stream.as_str(), last.how),
            (stream, How::Over)
        );
        assert_eq!((first.id == last.id, last.count), (true, 3));
    }
}

#[test]
fn the_gravest_comes_first() {
    let mut one = aggregator();
    let grave = Finding {
        severity: Severity::Critical,
        ..network("grave", "speaks")
    };
    for finding in [network("a", "speaks"), grave, network("b", "speaks")] {
        one.handle_finding(at(1), finding);
    }
    let open = one.board().open();
    assert_eq!(open[0].finding.source, "grave");
    assert_eq!(open[0].gravity, Gravity::Critical);
}

#[test]
fn a_flood_of_one_stream_is_said_and_hides_nothing_of_another() {
    let mut one = aggregator();
    for number in 0..=OPEN_MAX {
        one.handle_finding(at(1), network(&format!("talker {number}"), "speaks"));
        if number + 1 == OPEN_MAX {
            assert!(told(&mut one).iter().all(|told| told.how == How::New));
        }
    }
    let said = told(&mut one);
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].finding.clause, CLAUSE_ROOM);
    assert!(said[0].finding.reason.contains("there is room for no more"));
    // The rest is counted on it.
    for number in 0..99 {
        one.handle_finding(at(1), network(&format!("more {number}"), "speaks"));
    }
    let said = told(&mut one);
    assert_eq!(said.last().unwrap().count, 100);
    let drift = finding(&Stream::ATTEST_POLICY_DRIFT, "", "nothing filters");
    one.handle_finding(at(2), drift);
    assert_eq!(hows(&mut one), [How::New]);
}

#[test]
fn a_flood_of_strangers_hides_no_contract() {
    let mut one = aggregator();
    let named = |number: usize| Finding {
        contract: format!("iia.contract.device.press_{number}"),
        ..network("", "expects traffic, and none was seen")
    };
    for number in 0..2 * OPEN_MAX {
        one.handle_finding(at(1), network(&format!("talker {number}"), "speaks"));
    }
    told(&mut one);
    for number in 0..OPEN_MAX {
        one.handle_finding(at(2), named(number));
    }
    // The word that there was no room for all of the strangers takes a place.
    let said = told(&mut one);
    let open = said.iter().filter(|told| told.how == How::New).count();
    assert_eq!(open, OPEN_MAX - 1);
}

#[test]
fn streams_that_nobody_knows_find_an_end() {
    let mut one = aggregator();
    for number in 0..100 {
        let stream: Stream = format!("ot.attestation.made_up_{number}").parse().unwrap();
        one.handle_finding(at(1), finding(&stream, "x", "speaks"));
    }
    assert!(one.board().len() <= 200);
    assert!(
        told(&mut one)
            .iter()
            .any(|one| one.finding.clause == CLAUSE_ROOM)
    );
}

#[test]
fn what_nobody_carries_away_is_counted_and_said() {
    let mut one = aggregator();
    for stream in MEANINGS {
        for number in 0..OPEN_MAX {
            for words in ["one", "two"] {
                let what = finding(&stream.stream, &number.to_string(), words);
                one.handle_finding(at(1), what);
            }
        }
    }
    assert_eq!(one.lost(), (7 * 2 * OPEN_MAX - TOLD_MAX) as u64);
    let lost = one.lost();
    assert_eq!(told(&mut one).len(), TOLD_MAX);
    one.handle_timeout(at(2));
    let said = told(&mut one);
    let words = format!("{lost} findings were lost");
    assert!(said.iter().any(|one| one.finding.reason.contains(&words)));
    assert_eq!(one.lost(), 0);
}

#[test]
fn what_is_over_is_remembered_up_to_a_number() {
    let mut one = aggregator();
    for number in 0..=OVER_MAX {
        let what = network(&number.to_string(), "speaks");
        one.handle_finding(at(1), what.clone());
        one.handle_finding(at(2), converged(&what));
    }
    assert_eq!(one.board().over().count(), OVER_MAX);
    assert_eq!(one.board().forgotten(), 1);
}

#[test]
fn what_stands_in_the_chain_makes_the_same_board_again() {
    let mut one = Aggregator::new(
        Answers::new(vec![row("a", "data_integrity", "security")]),
        &[Sink::Journal],
    )
    .unwrap();
    for number in 0..150 {
        let what = network(&format!("{}", number % 7), &format!("word {}", number % 3));
        one.handle_finding(at(number), what.clone());
        if number % 31 == 0 {
            one.handle_finding(at(number), converged(&what));
        }
    }
    one.handle_timeout(at(1000));
    let mut board = Board::default();
    let mut again = aggregator();
    for told in told(&mut one) {
        let event = told.event();
        assert!(event.check().is_ok());
        let read = Told::read(&event).unwrap();
        assert_eq!(read, told);
        board.recall(&read);
        again.recall(&read);
    }
    let of = |board: &Board| -> Vec<(String, u64, Timestamp, usize)> {
        let open = board.open();
        let each = |one: &&iia_attest::aggregate::Open| {
            (one.id.clone(), one.count, one.first, one.deltas.len())
        };
        open.iter().map(each).collect()
    };
    assert_eq!(of(&board), of(one.board()));
    assert_eq!(board.over().count(), one.board().over().count());
    assert_eq!(
        board.open()[0].accountable[0].contact,
        "oncall://site/security"
    );
    assert!(
        told(&mut again).is_empty(),
        "what is recalled is not told again"
    );
}

#[test]
fn events_that_no_aggregator_wrote_are_refused_or_taken_for_news() {
    let event = |fields: &[(&str, &str)]| {
        let start = Event::new(EventKind::Finding, at(1));
        fields
            .iter()
            .fold(start, |event, (key, value)| event.with(key, *value))
    };
    let plain = event(&[
        ("stream", "ot.attestation.network"),
        ("conclusion", "diverge"),
    ]);
    assert_eq!(Told::read(&plain).unwrap().how, How::New);
    for bad in [
        event(&[]),
        event(&[("conclusion", "perhaps")]),
        event(&[("conclusion", "diverge"), ("how", "loudly")]),
        event(&[("conclusion", "diverge"), ("severity", "info")]),
        event(&[("conclusion", "diverge"), ("times", "-1")]),
        event(&[("conclusion", "diverge"), ("first_ns", "soon")]),
        Event::new(EventKind::TimeState, at(1)).with("conclusion", "diverge"),
    ] {
        let error = Told::read(&bad).unwrap_err();
        assert_eq!(error.code().to_string(), "IIA-ATT-0040");
    }
}

#[test]
fn every_stream_and_clause_is_explained() {
    for one in MEANINGS {
        assert_eq!(meaning(one.stream.as_str()).unwrap().title, one.title);
        assert!(one.next.len() >= 2);
        let own = clause_meaning(one.stream.as_str(), CLAUSE_SINK);
        assert!(own.is_some());
    }
    for clause in ["parties", "silence", "session"] {
        assert!(clause_meaning("ot.attestation.network", clause).is_some());
    }
    assert!(clause_meaning("ot.attestation.network", "default_deny").is_none());
    assert!(meaning("ot.acs.modbus").is_none());
}
