//! The transient bus: topics by contract, subscribers bounded, drops counted, nobody waits.
#![expect(clippy::unwrap_used, reason = "tests")]

use iia_contract::scope::TopicFilter;
use iia_link::bus::{BACKLOG_MAX, Bus, Delivery, SUBSCRIBERS_MAX, TOPICS_MAX, cover};

fn filters(texts: &[&str]) -> Vec<TopicFilter> {
    texts
        .iter()
        .map(|text| TopicFilter::parse(text).unwrap())
        .collect()
}

#[test]
fn a_subscriber_hears_the_topics_of_its_contract_and_no_others() {
    let mut bus = Bus::default();
    let attest = bus.subscribe(filters(&["seen/#"])).unwrap();
    let publish = bus
        .subscribe(filters(&["seen/collect", "finding/+/high"]))
        .unwrap();
    let deaf = bus.subscribe(Vec::new()).unwrap();
    assert_eq!(bus.publish("seen/collect", &1), [attest, publish]);
    assert_eq!(bus.publish("finding/press/high", &2), [publish]);
    assert_eq!(bus.publish("secret", &3), []);
    let lost = 0;
    assert_eq!(bus.poll(attest), Some(Delivery { lost, message: 1 }));
    assert_eq!(bus.poll(attest), None);
    assert_eq!(bus.poll(publish), Some(Delivery { lost, message: 1 }));
    assert_eq!(bus.poll(publish), Some(Delivery { lost, message: 2 }));
    assert_eq!(bus.poll(deaf), None);
    assert!(
        !cover(&filters(&["seen/#"]), "secret") && cover(&filters(&["seen/#"]), "seen/collect")
    );
}

#[test]
fn who_is_slow_loses_the_oldest_and_learns_how_many_while_others_lose_none() {
    let mut bus = Bus::default();
    let (slow, quick) = (
        bus.subscribe(filters(&["t"])).unwrap(),
        bus.subscribe(filters(&["t"])).unwrap(),
    );
    for message in 0..BACKLOG_MAX {
        bus.publish("t", &message);
        assert_eq!(bus.poll(quick), Some(Delivery { lost: 0, message }));
    }
    assert_eq!(bus.counts(), (BACKLOG_MAX as u64, 0), "as many as may wait");
    for message in [BACKLOG_MAX, BACKLOG_MAX + 1] {
        bus.publish("t", &message);
        bus.poll(quick);
    }
    assert_eq!(bus.counts().1, 2);
    assert_eq!(
        bus.poll(slow),
        Some(Delivery {
            lost: 2,
            message: 2
        })
    );
    assert_eq!(
        bus.poll(slow),
        Some(Delivery {
            lost: 0,
            message: 3
        })
    );
    bus.leave(slow);
    assert_eq!(bus.poll(slow), None);
}

#[test]
fn subscribers_and_their_topics_end_at_their_limits() {
    let mut bus = Bus::<u8>::default();
    assert!(
        bus.subscribe(vec![TopicFilter::parse("t").unwrap(); TOPICS_MAX + 1])
            .is_err()
    );
    let first = bus
        .subscribe(vec![TopicFilter::parse("t").unwrap(); TOPICS_MAX])
        .unwrap();
    for _ in 1..SUBSCRIBERS_MAX {
        bus.subscribe(Vec::new()).unwrap();
    }
    assert!(bus.subscribe(Vec::new()).is_err());
    bus.leave(first);
    assert!(bus.subscribe(Vec::new()).is_ok());
}
