//! Alerts at their sinks: who gets which, whom they name, and what happens when a sink takes nothing any more.

mod findings;

use findings::{BOTH, aggregator, at, converged, drain, finding, hows, network, row, told};
use iia_attest::aggregate::{
    ALERTS_MAX, Aggregator, Answers, CLAUSE_SINK, How, JOB_MAX_NS, Job, MEANINGS, NAMED_MAX,
    PROBE_NS, RETRY_MAX_NS, Sink,
};
use iia_core::finding::{Finding, Severity};

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
