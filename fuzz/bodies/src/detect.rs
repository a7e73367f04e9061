//! Rules over what was said: any text, and what a detector makes of a conversation under it.

use iia_capture::detect::{Analyzer as _, Detector, Rules, Sighting};
use iia_core::Timestamp;
use iia_core::observe::{Exchange, Flow, Observation, Outcome, Protocol, Transport};

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
