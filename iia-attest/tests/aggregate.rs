//! The aggregator: what is told, what is counted, who is named, and what happens when a sink is lost.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use iia_attest::aggregate::{
    AGAIN_NS, ALERTS_MAX, AggregateError, Aggregator, Alert, Answers, Board, CLAUSE_ROOM,
    CLAUSE_SINK, DELTAS_MAX, Gravity, How, JOB_MAX_NS, Job, MEANINGS, NAMED_MAX, OPEN_MAX,
    OVER_MAX, PROBE_NS, RETRY_MAX_NS, Sink, TOLD_MAX, Told, clause_meaning, meaning,
};
use iia_contract::answer::{Call, Named, Raci, Sides};
use iia_contract::raw::Version;
use iia_core::Timestamp;
use iia_core::code::Coded as _;
use iia_core::event::{Event, EventKind};
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;

const BOTH: [Sink; 2] = [Sink::Journal, Sink::Relay];

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

fn finding(stream: &Stream, source: &str, reason: &str) -> Finding {
    Finding {
        ts_ns: at(1).as_ns(),
        stream: stream.as_str().into(),
        conclusion: Conclusion::Diverge,
        severity: Severity::High,
        contract: String::new(),
        clause: "parties".into(),
        source: source.into(),
        destination: "10.20.0.21:502".into(),
        operation: String::new(),
        reason: reason.into(),
        evidence: vec!["ot.acs.modbus#1/7".into()],
    }
}

fn network(source: &str, reason: &str) -> Finding {
    finding(&Stream::ATTEST_NETWORK, source, reason)
}

fn converged(finding: &Finding) -> Finding {
    Finding {
        conclusion: Conclusion::Converge,
        reason: "as agreed again".into(),
        ts_ns: finding.ts_ns + 1,
        ..finding.clone()
    }
}

fn aggregator() -> Aggregator {
    Aggregator::new(Answers::default(), &BOTH).unwrap()
}

fn told(aggregator: &mut Aggregator) -> Vec<Told> {
    std::iter::from_fn(|| aggregator.poll_told()).collect()
}

fn hows(aggregator: &mut Aggregator) -> Vec<How> {
    told(aggregator).iter().map(|one| one.how).collect()
}

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

/// What a sink is told until it has nothing to do.
fn drain(aggregator: &mut Aggregator, now: Timestamp, sink: Sink) -> Vec<Alert> {
    let mut all = Vec::new();
    while let Some(job) = aggregator.poll_job(now, sink) {
        aggregator.handle_outcome(now, sink, Ok(()));
        match job {
            Job::Deliver(alert) => all.push(alert),
            Job::Probe => break,
        }
    }
    all
}

#[test]
fn news_go_to_every_sink_and_repeats_to_none() {
    let mut one = aggregator();
    let what = network("10.20.0.66", "speaks");
    one.handle_finding(at(1), what.clone());
    one.handle_finding(at(1), what.clone());
    one.handle_finding(at(2), converged(&what));
    for sink in BOTH {
        let alerts = drain(&mut one, at(3), sink);
        let got: Vec<(How, usize)> = alerts.iter().map(|one| (one.how, one.open)).collect();
        assert_eq!(got, [(How::New, 1), (How::Over, 0)]);
    }
}

#[test]
fn r_inv_19_a_lost_sink_is_an_alarm_once_and_what_waited_is_delivered() {
    let mut one = aggregator();
    assert_eq!(one.poll_job(at(0), Sink::Journal), Some(Job::Probe));
    assert_eq!(
        one.poll_job(at(0), Sink::Journal),
        None,
        "one thing at a time"
    );
    one.handle_outcome(at(0), Sink::Journal, Ok(()));
    assert_eq!(one.poll_job(at(0), Sink::Journal), None);
    // With nothing to say, a loss shows within the time of a probe.
    let probed = at(0) + PROBE_NS;
    assert_eq!(one.poll_job(probed, Sink::Journal), Some(Job::Probe));
    one.handle_outcome(probed, Sink::Journal, Err("no such device".into()));
    let said = told(&mut one);
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].finding.clause, CLAUSE_SINK);
    assert_eq!(said[0].finding.severity, Severity::Critical);
    assert!(
        said[0]
            .finding
            .reason
            .contains("journal is lost: no such device")
    );
    // The other sink alerts of it.
    let alerts = drain(&mut one, probed, Sink::Relay);
    assert_eq!(alerts.len(), 1);
    one.handle_finding(probed, network("a", "speaks"));
    told(&mut one);
    // It is tried again, less and less often, and never less often than said.
    let (mut now, mut tries) = (probed, 0);
    while now < at(120) {
        if one.poll_job(now, Sink::Journal).is_some() {
            one.handle_outcome(now, Sink::Journal, Err("no such device".into()));
            tries += 1;
        }
        now = now + RETRY_MAX_NS / 100;
    }
    assert!((10..25).contains(&tries), "{tries}");
    assert!(told(&mut one).is_empty(), "it is told once");
    now = now + RETRY_MAX_NS;
    let alerts = drain(&mut one, now, Sink::Journal);
    assert_eq!(alerts.len(), 3, "the loss, the finding, the return");
    let back = told(&mut one);
    assert_eq!(back[0].how, How::Over);
    assert!(
        back[0]
            .finding
            .reason
            .contains("journal is back: 2 alerts waited for it, 0 were")
    );
    assert!(one.sinks().all(|sink| sink.lost_since.is_none()));
}

#[test]
fn a_sink_that_does_not_answer_is_lost_and_back_when_it_does() {
    let mut one = aggregator();
    one.handle_finding(at(0), network("a", "speaks"));
    told(&mut one);
    assert!(matches!(
        one.poll_job(at(0), Sink::Relay),
        Some(Job::Deliver(_))
    ));
    one.handle_timeout(at(0) + JOB_MAX_NS + -1);
    assert!(told(&mut one).is_empty());
    one.handle_timeout(at(0) + JOB_MAX_NS);
    one.handle_timeout(at(60));
    let said = told(&mut one);
    assert_eq!(said.len(), 1);
    assert!(
        said[0]
            .finding
            .reason
            .contains("relay is lost: it has not answered for 10 s")
    );
    one.handle_outcome(at(61), Sink::Relay, Ok(()));
    assert_eq!(hows(&mut one), [How::Over]);
}

#[test]
fn alerts_beyond_the_limit_are_counted_and_told_on_return() {
    let mut one = Aggregator::new(Answers::default(), &[Sink::Relay]).unwrap();
    one.poll_job(at(1), Sink::Relay);
    one.handle_outcome(at(1), Sink::Relay, Err("gone".into()));
    // The loss itself waits as well.
    for number in 0..ALERTS_MAX - 1 {
        let stream = &MEANINGS[number % 7].stream;
        one.handle_finding(at(2), finding(stream, &number.to_string(), "speaks"));
    }
    assert_eq!(one.sinks().next().unwrap().dropped, 0);
    one.handle_finding(at(2), network("one more", "speaks"));
    assert_eq!(one.sinks().next().unwrap().dropped, 1);
    told(&mut one);
    drain(&mut one, at(60), Sink::Relay);
    let back = told(&mut one);
    let words = format!("{ALERTS_MAX} alerts waited for it, 1 were dropped");
    assert!(
        back[0].finding.reason.contains(&words),
        "{}",
        back[0].finding.reason
    );
}

fn row(contract: &str, event: &str, role: &str) -> Raci {
    let named = |role: &str| Named {
        role: role.into(),
        contact: format!("oncall://site/{role}"),
    };
    Raci {
        contract: contract.into(),
        version: Version::NONE,
        organization: String::new(),
        event: event.into(),
        accountable: Sides {
            acs: vec![named(role)],
            upstream: vec![named("somebody-else")],
        },
        responsible: Sides::default(),
        consulted: Vec::new(),
        informed: Vec::new(),
        not_applicable: String::new(),
        call: Call::default(),
    }
}

#[test]
fn whoever_is_accountable_is_named_with_a_contact() {
    let mut rows = vec![
        row("a", "connectivity_loss", "ops"),
        row("b", "connectivity_loss", "other-ops"),
        row("a", "data_integrity", "security"),
        row("b", "data_integrity", "security"),
    ];
    rows.extend((0..9).map(|number| row("c", "box_outage", &format!("role-{number}"))));
    let answers = Answers::new(rows);
    let who = |finding: &Finding| -> Vec<String> {
        answers
            .of(finding)
            .iter()
            .map(|one| one.role.clone())
            .collect()
    };
    let mut silence = network("", "silent");
    silence.clause = "silence".into();
    assert_eq!(who(&silence), ["ops", "other-ops"]);
    silence.contract = "b".into();
    assert_eq!(who(&silence), ["other-ops"]);
    assert_eq!(who(&network("x", "speaks")), ["security"]);
    silence.clause = CLAUSE_SINK.into();
    assert_eq!(who(&silence).len(), NAMED_MAX);
    let mut one = Aggregator::new(answers, &[Sink::Journal]).unwrap();
    one.handle_finding(at(1), network("10.20.0.66", "speaks\nand lies\u{202e}"));
    let alert = drain(&mut one, at(1), Sink::Journal).remove(0);
    let line = alert.to_line();
    assert!(
        line.contains("accountable: security oncall://site/security; open: 1"),
        "{line}"
    );
    assert!(
        line.starts_with("1970-01-01T00:00:01.000Z high new "),
        "{line}"
    );
    assert!(!line.contains('\n') && !line.contains('\u{202e}'));
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
    assert!(clause_meaning("ot.attestation.network", "parties").is_some());
    assert!(clause_meaning("ot.attestation.network", "default_deny").is_none());
    assert!(meaning("ot.acs.modbus").is_none());
}
