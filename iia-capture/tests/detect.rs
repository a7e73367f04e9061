//! Rules over what was said: their text, and what a detector makes of it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::net::IpAddr;

use iia_capture::detect::{
    Analyzer, Detector, End, KEYS_MAX, QUIET_NS, Rule, Rules, Sighting, TEXT_LEN_MAX, Wrong,
};
use iia_core::Timestamp;
use iia_core::code::Coded as _;
use iia_core::finding::Severity;
use iia_core::observe::{Exchange, Flow, Observation, Outcome, Protocol, Transport};

const SWEEP: &str = "rule sweep
  technique T0888 Remote System Information Discovery
  on modbus_tcp
  distinct modbus.func_code 4 in 10s by client server";

fn exchange(client: u32, func: u8, at_ms: i64) -> Observation<'static> {
    Observation::Exchange(Exchange {
        ts: Timestamp::from_ns(at_ms * 1_000_000),
        flow: Flow {
            orig_h: IpAddr::from(client.to_be_bytes()),
            orig_p: 40_000,
            resp_h: IpAddr::from([10, 0, 0, 1]),
            resp_p: 502,
            transport: Transport::Tcp,
            vlan: 0,
        },
        protocol: Protocol::ModbusTcp,
        outcome: Outcome::Answered,
        transaction: 1,
        unit: 1,
        func,
        read: None,
        write: None,
        latency_ns: None,
    })
}

/// What a detector tells of exchanges, as rule, times and the span in milliseconds.
fn told(rules: &str, seen: &[(u8, i64)]) -> Vec<(String, u64, i64, i64)> {
    let mut detector = Detector::new(Rules::parse(rules).unwrap());
    let mut told = Vec::new();
    let mut tell = |sighting: &Sighting<'_>| {
        let span = [sighting.first, sighting.last].map(|ts| ts.as_ns() / 1_000_000);
        told.push((sighting.rule.name.clone(), sighting.times, span[0], span[1]));
    };
    for (func, at) in seen {
        detector.observe(&exchange(7, *func, *at), &mut tell);
    }
    detector.finish(&mut tell);
    told
}

#[test]
fn r_zon_14_the_rules_of_the_crate_are_read() {
    let rules = Rules::built_in();
    assert!(rules.iter().count() > 20);
    for rule in rules.iter() {
        assert!(
            rule.technique.len() == 5 && !rule.title.is_empty(),
            "{}",
            rule.name
        );
    }
}

#[test]
fn each_mistake_of_a_text_is_named_with_its_line() {
    let good = "rule a\ntechnique T0888 Name\non modbus_tcp\n";
    assert_eq!(Rules::parse(good).unwrap().iter().count(), 1);
    let many = format!("{good}asked modbus.func_code {}", "1 ".repeat(65));
    let long = "#".repeat(TEXT_LEN_MAX + 1);
    for (text, line, wrong) in [
        ("on modbus_tcp", 1, Wrong::Outside),
        ("rule", 1, Wrong::Name),
        ("rule a b", 1, Wrong::Name),
        ("rule a_b", 1, Wrong::Name),
        ("rule a\ntechnique T0888 N\non flow\nrule a", 4, Wrong::Name),
        ("rule a\non flow", 2, Wrong::Missing),
        (
            "rule a\n\n# r\ntechnique T0888 N\nrule b",
            4,
            Wrong::Missing,
        ),
        ("rule a\ntechnique T88 N", 2, Wrong::Technique),
        ("rule a\ntechnique T0888", 2, Wrong::Technique),
        (
            "rule a\ntechnique T0888 N\ntechnique T0889 N",
            3,
            Wrong::Incomplete,
        ),
        ("rule a\non modbus", 2, Wrong::Protocol),
        ("rule a\non", 2, Wrong::Incomplete),
        ("rule a\nseverity bad", 2, Wrong::Incomplete),
        ("rule a\nseverity high low", 2, Wrong::Incomplete),
        ("rule a\nwhere x 1", 2, Wrong::Clause),
        ("rule a\nasked", 2, Wrong::Incomplete),
        ("rule a\nasked x 9..8", 2, Wrong::Number),
        ("rule a\ncount 1 in 1s by client", 2, Wrong::Number),
        ("rule a\ncount 257 in 1s by client", 2, Wrong::Number),
        ("rule a\ncount 2 in 25h by client", 2, Wrong::Number),
        ("rule a\ncount 2 in 0s by client", 2, Wrong::Number),
        ("rule a\ncount 2 in 1s by server", 2, Wrong::Incomplete),
        (
            "rule a\ncount 2 in 1s by client server more",
            2,
            Wrong::Incomplete,
        ),
        ("rule a\ndistinct 2 in 1s by client", 2, Wrong::Number),
        (many.as_str(), 4, Wrong::TooMany { max: 64 }),
        (long.as_str(), 1, Wrong::TooMany { max: TEXT_LEN_MAX }),
    ] {
        let error = Rules::parse(text).unwrap_err();
        assert_eq!((error.line, error.wrong), (line, wrong), "{text:.60}");
        assert!(error.code().to_string().starts_with("IIA-CAP-"));
    }
}

#[test]
fn enough_within_the_time_is_told_and_no_less() {
    let four = [(1, 0), (2, 100), (3, 200), (4, 300)];
    let sighting = |times, first, last| ("sweep".to_owned(), times, first, last);
    assert_eq!(told(SWEEP, &four), [sighting(4, 0, 300)]);
    // The same one over and over is one.
    assert_eq!(
        told(SWEEP, &[(1, 0), (1, 1), (2, 2), (3, 3), (3, 4), (2, 5)]),
        []
    );
    // At the time's edge, and past it: the first no longer counts.
    assert_eq!(told(SWEEP, &[(1, 0), (2, 1), (3, 2), (4, 10_000)]).len(), 1);
    assert_eq!(told(SWEEP, &[(1, 0), (2, 1), (3, 2), (4, 10_001)]), []);
    // Slowly enough that windows cut at fixed moments would each hold too few.
    let slow = [(1, 7_000), (2, 9_000), (3, 11_000), (4, 13_000)];
    assert_eq!(told(SWEEP, &slow), [sighting(4, 7_000, 13_000)]);
}

#[test]
fn what_goes_on_is_told_again_after_a_while_and_every_time_is_counted() {
    let rule = "rule each\ntechnique T0836 Modify Parameter\non modbus_tcp\nasked modbus.func_code 5..6 15";
    let quiet_ms = QUIET_NS / 1_000_000;
    let seen = [
        (6, 0),
        (3, 1),
        (5, 2),
        (15, 3),
        (6, quiet_ms),
        (6, quiet_ms + 1),
    ];
    let times: Vec<u64> = told(rule, &seen).iter().map(|told| told.1).collect();
    assert_eq!(times, [1, 3, 1]);
}

#[test]
fn an_answer_alone_is_no_act() {
    let mut detector =
        Detector::new(Rules::parse("rule a\ntechnique T0888 N\non modbus_tcp").unwrap());
    let Observation::Exchange(exchange) = exchange(7, 3, 0) else {
        unreachable!()
    };
    let orphan = Exchange {
        outcome: Outcome::Orphan,
        ..exchange
    };
    let mut told = 0;
    detector.observe(&Observation::Exchange(orphan), &mut |_| told += 1);
    assert_eq!(told, 0);
}

#[test]
fn a_flood_of_parties_is_forgotten_and_said() {
    let rule = "rule each\ntechnique T0836 Modify Parameter\non modbus_tcp";
    let mut detector = Detector::new(Rules::parse(rule).unwrap());
    let mut told = 0u64;
    let parties = u32::try_from(KEYS_MAX).unwrap() * 3;
    for client in 0..parties {
        // Twice each: the first is told at once, the second waits.
        detector.observe(&exchange(client, 3, 0), &mut |_| told += 1);
        detector.observe(&exchange(client, 3, 0), &mut |_| told += 1);
    }
    assert_eq!(told, u64::from(parties));
    let mut later = 0u64;
    detector.finish(&mut |_| later += 1);
    assert_eq!(later + detector.forgotten(), u64::from(parties));
    assert!(later <= KEYS_MAX as u64 && later >= KEYS_MAX as u64 / 2);
}

/// An engine of another kind: whoever was never heard before.
struct Strangers {
    rule: Rule,
    known: BTreeSet<IpAddr>,
}

impl Analyzer for Strangers {
    fn observe(&mut self, observation: &Observation<'_>, tell: &mut dyn FnMut(&Sighting<'_>)) {
        let Some(flow) = observation.flow() else {
            return;
        };
        if self.known.insert(flow.orig_h) {
            let ts = observation.ts();
            tell(&Sighting {
                rule: &self.rule,
                client: End::Ip(flow.orig_h),
                server: Some(End::Ip(flow.resp_h)),
                first: ts,
                last: ts,
                times: 1,
            });
        }
    }

    fn finish(&mut self, _tell: &mut dyn FnMut(&Sighting<'_>)) {}
}

#[test]
fn r_ref_12_another_engine_stands_beside_ours() {
    let connected = ("T0860", "Wireless Compromise");
    let strangers = Strangers {
        rule: Rule::of_engine("stranger", connected, Severity::High),
        known: BTreeSet::new(),
    };
    let rules =
        Rules::parse("rule each\ntechnique T0801 Monitor Process State\non modbus_tcp").unwrap();
    let mut engines: Vec<Box<dyn Analyzer>> =
        vec![Box::new(strangers), Box::new(Detector::new(rules))];
    let mut told = Vec::new();
    for client in [7, 7, 8] {
        for engine in &mut engines {
            engine.observe(&exchange(client, 3, 0), &mut |sighting| {
                told.push(sighting.to_string())
            });
        }
    }
    assert_eq!(
        told,
        [
            "T0860 Wireless Compromise: 0.0.0.7 > 10.0.0.1, once (stranger)",
            "T0801 Monitor Process State: 0.0.0.7 > 10.0.0.1, once (each)",
            "T0860 Wireless Compromise: 0.0.0.8 > 10.0.0.1, once (stranger)",
            "T0801 Monitor Process State: 0.0.0.8 > 10.0.0.1, once (each)",
        ]
    );
}

#[test]
fn r_zon_14_an_indicator_of_compromise_is_a_rule() {
    let text = "rule beacon\ntechnique T0869 Standard Application Layer Protocol\non modbus_tcp\nasked server 10.0.0.1\nasked port 502";
    assert_eq!(told(text, &[(3, 0)]).len(), 1);
    assert_eq!(told(&text.replace("10.0.0.1", "10.0.0.2"), &[(3, 0)]), []);
}
