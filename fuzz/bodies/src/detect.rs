//! Rules over what was said: any text, and what a detector makes of a conversation under it.

use iia_capture::detect::{Analyzer as _, Detector, Rules, Sighting, Yara, YaraRules};
use iia_core::Timestamp;
use iia_core::observe::{
    Between, Exchange, Field, Flow, Observation, Outcome, Protocol, Said, Transport, Value,
};

/// Exchanges of the conversation.
const EXCHANGES: usize = 256;

/// A text is refused at a line that it has, or its rules tell the same of the same conversation, and never more than there
/// was.
pub fn rules(data: &[u8]) {
    let (seeds, text) = data.split_at(data.len().min(8));
    let text = String::from_utf8_lossy(text);
    match Rules::parse(&text) {
        Err(error) => assert!((1..=text.lines().count().max(1)).contains(&error.line)),
        Ok(rules) => {
            let told = tell(rules.clone(), seeds);
            assert_eq!(told, tell(rules, seeds));
        }
    }
}

fn tell(rules: Rules, seeds: &[u8]) -> Vec<String> {
    let mut detector = Detector::new(rules.clone());
    let (mut told, mut times) = (Vec::new(), vec![0u64; rules.iter().count()]);
    let mut tell = |sighting: &Sighting<'_>| {
        assert!(sighting.first <= sighting.last);
        let at = rules
            .iter()
            .position(|rule| rule.name == sighting.rule.name);
        times[at.expect("one of the rules")] += sighting.times;
        told.push(sighting.to_string());
    };
    for number in 0..EXCHANGES {
        detector.observe(&Observation::Exchange(exchange(number, seeds)), &mut tell);
    }
    detector.finish(&mut tell);
    assert!(times.iter().all(|times| *times <= EXCHANGES as u64));
    told
}

/// The exchange at a place, from a few bytes.
fn exchange(number: usize, seeds: &[u8]) -> Exchange<'static> {
    let of = |at: usize| {
        let seed = seeds.get(at).copied().unwrap_or(3);
        seed.wrapping_mul((number % 251) as u8)
    };
    Exchange {
        // Times that go back as well.
        ts: Timestamp::from_ns(i64::from(of(0)) * 300_000_000 + number as i64),
        flow: Flow {
            orig_h: [10, 0, 0, of(1) % 4].into(),
            orig_p: 40_000,
            resp_h: [10, 0, 1, of(2)].into(),
            resp_p: 502,
            transport: Transport::Tcp,
            vlan: 0,
        },
        protocol: Protocol::ModbusTcp,
        outcome: [Outcome::Answered, Outcome::Exception(2), Outcome::Orphan]
            [usize::from(of(3)) % 3],
        transaction: 0,
        unit: of(4),
        func: of(5),
        read: None,
        write: None,
        latency_ns: None,
    }
}

/// A text of YARA's rules is refused at a line that it has, or its rules find the same in the same bytes again, each once.
pub fn yara(data: &[u8]) {
    let (carried, text) = data.split_at(data.len().min(16));
    let text = String::from_utf8_lossy(text);
    match YaraRules::parse(&text) {
        Err(error) => assert!((1..=text.split('\n').count()).contains(&error.line)),
        Ok(rules) => {
            let (first, second) = (looked(rules.clone(), carried), looked(rules, carried));
            // What took too long says nothing about what would have been found.
            if let (Some(first), Some(second)) = (first, second) {
                assert_eq!(first, second);
            }
        }
    }
}

/// What rules find in a payload; nothing where they did not come to its end.
fn looked(rules: YaraRules, carried: &[u8]) -> Option<Vec<String>> {
    let exchange = exchange(1, &[]);
    let asked = [Field {
        name: "mqtt.msg",
        value: Value::Bytes(carried),
    }];
    let said = Observation::Said(Said {
        ts: exchange.ts,
        between: Between::Flow(exchange.flow),
        from_orig: true,
        protocol: Protocol::Mqtt,
        what: "publish",
        outcome: Outcome::Stated,
        latency_ns: None,
        asked: &asked,
        answered: &[],
    });
    let (mut yara, mut told) = (Yara::new(rules), Vec::new());
    let mut tell = |sighting: &Sighting<'_>| {
        assert_eq!(sighting.times, 1);
        told.push(sighting.to_string());
    };
    yara.observe(&said, &mut tell);
    yara.finish(&mut tell);
    (yara.given_up() == 0).then_some(told)
}
