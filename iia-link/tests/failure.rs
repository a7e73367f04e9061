//! What a contract says happens while the other end is away, under outages of every kind and a clock set by hand.

use iia_contract::scope::Failure;
use iia_link::failure::{Alarm, BACKOFF_MIN_NS, Outage, Policy, RECORDS_MAX, Verdict, What};
use proptest::prelude::*;

const SECOND_NS: u64 = 1_000_000_000;

fn terms(on_unreachable: &str, on_buffer_full: &str) -> Policy {
    Policy::of(&Failure {
        on_unreachable: on_unreachable.into(),
        buffer_records: Some(3),
        buffer_age_ns: Some(10_000_000_000),
        backoff_max_ns: Some(5_000_000_000),
        alarm: Some("ot.alarm".into()),
        on_buffer_full: (!on_buffer_full.is_empty()).then(|| on_buffer_full.into()),
    })
}

fn alarms<T>(outage: &mut Outage<T>) -> Vec<(What, u64)> {
    std::iter::from_fn(|| outage.poll_alarm())
        .inspect(|alarm: &Alarm| assert_eq!(alarm.stream, "ot.alarm"))
        .map(|alarm| (alarm.what, alarm.count))
        .collect()
}

#[test]
fn each_word_of_a_contract_does_what_it_says_while_the_other_end_is_away() {
    use Verdict::{Dropped, Hold, Kept, Refused};
    let (held, refused) = (
        (0..5).map(Hold).collect::<Vec<_>>(),
        (0..5).map(Refused).collect::<Vec<_>>(),
    );
    let dropped = [Dropped, Dropped, Dropped, Dropped, Dropped].to_vec();
    let kept = |rest: [Verdict<u32>; 2]| [vec![Kept, Kept, Kept], rest.to_vec()].concat();
    let (began, full, let_go) = (
        (What::BufferingBegan, 1),
        (What::DroppedFull, 2),
        (What::LetGo, 5),
    );
    let rows = [
        ("drop", "", dropped.clone(), vec![]),
        ("retry", "", held, vec![]),
        ("fail_closed", "", refused.clone(), vec![]),
        ("fail_open_with_alarm", "", dropped.clone(), vec![let_go]),
        ("log_and_alarm", "", dropped, vec![let_go]),
        ("a word of tomorrow", "", refused, vec![]),
        (
            "buffer_local",
            "drop_oldest_with_alarm",
            kept([Kept, Kept]),
            vec![began, full],
        ),
        (
            "buffer_local",
            "drop_newest_with_alarm",
            kept([Dropped, Dropped]),
            vec![began, full],
        ),
        (
            "buffer_local",
            "fail_closed",
            kept([Refused(3), Refused(4)]),
            vec![began],
        ),
    ];
    for (away, full, verdicts, told) in rows {
        let mut outage = Outage::new(terms(away, full), 1);
        let got: Vec<_> = (0..5)
            .map(|message| outage.handle_message(0, message))
            .collect();
        assert_eq!(got, verdicts, "{away} {full}");
        assert_eq!(alarms(&mut outage), told, "{away} {full}");
        outage.handle_there();
        while outage.poll_kept(0).is_some() {
            outage.handle_sent();
        }
        assert_eq!(
            outage.handle_message(0, 9),
            Verdict::Send(9),
            "{away}: who is there is spoken to"
        );
    }
}

#[test]
fn what_was_kept_goes_first_and_in_order_and_the_newest_survive() {
    let mut outage = Outage::new(terms("buffer_local", "drop_oldest_with_alarm"), 1);
    for message in 0..5 {
        outage.handle_message(0, message);
    }
    assert_eq!(outage.poll_kept(0), None, "nobody is there");
    outage.handle_there();
    assert_eq!(outage.handle_message(0, 5), Verdict::Kept, "order is kept");
    let mut sent = Vec::new();
    while let Some(message) = outage.poll_kept(0) {
        sent.push(*message);
        outage.handle_sent();
    }
    assert_eq!(sent, [3, 4, 5]);
    assert_eq!(alarms(&mut outage).last(), Some(&(What::BufferingEnded, 1)));
    // A message that was given and not taken is given again.
    outage.handle_away(0);
    outage.handle_message(0, 6);
    outage.handle_there();
    assert_eq!(outage.poll_kept(0), Some(&6));
    outage.handle_away(0);
    outage.handle_there();
    assert_eq!(outage.poll_kept(0), Some(&6));
}

#[test]
fn what_is_too_old_goes_and_is_counted() {
    let mut outage = Outage::new(terms("buffer_local", "fail_closed"), 1);
    outage.handle_away(0);
    outage.handle_message(0, 0);
    outage.handle_message(SECOND_NS, 1);
    alarms(&mut outage);
    outage.handle_timeout(10 * SECOND_NS);
    assert_eq!(outage.kept(), 2, "as old as it may be");
    outage.handle_timeout(10 * SECOND_NS + 1);
    assert_eq!(
        (outage.kept(), alarms(&mut outage)),
        (1, vec![(What::DroppedOld, 1)])
    );
}

#[test]
fn the_records_of_a_contract_end_at_the_limit_of_the_house() {
    let policy = Policy::of(&Failure {
        on_unreachable: "buffer_local".into(),
        buffer_records: Some(u64::MAX),
        ..Failure::default()
    });
    assert_eq!(policy.records_max, RECORDS_MAX);
}

proptest! {
    /// Outages of any length and order: tries are bounded, no message is lost unsaid, order is kept, room is bounded.
    #[test]
    fn nothing_is_lost_unsaid_in_any_outage(seed in any::<u64>(), steps in prop::collection::vec((0u8..4, 1u64..4_000_000_000), 1..300)) {
        let mut outage = Outage::new(terms("buffer_local", "drop_oldest_with_alarm"), seed);
        let (mut now, mut there, mut next, mut got, mut dropped) = (0u64, false, 0u64, Vec::new(), 0u64);
        for (step, wait) in steps {
            now += wait;
            match step {
                0 => { there = true; outage.handle_there(); }
                1 => {
                    there = false;
                    outage.handle_away(now);
                    prop_assert!(!outage.poll_try(now));
                    prop_assert!(outage.poll_try(now + 5 * SECOND_NS), "no later than the contract says");
                    prop_assert!(!outage.poll_try(now + BACKOFF_MIN_NS / 2), "and not at once");
                }
                _ => {
                    match outage.handle_message(now, next) {
                        Verdict::Send(message) => { prop_assert!(there); got.push(message); }
                        verdict => prop_assert_eq!(verdict, Verdict::Kept),
                    }
                    next += 1;
                }
            }
            prop_assert!(outage.kept() <= 3);
            if there {
                while let Some(message) = outage.poll_kept(now) {
                    got.push(*message);
                    outage.handle_sent();
                }
            }
            for (what, count) in alarms(&mut outage) {
                if matches!(what, What::DroppedFull | What::DroppedOld) { dropped += count; }
            }
        }
        prop_assert!(got.is_sorted());
        prop_assert_eq!(got.len() as u64 + dropped + outage.kept() as u64, next);
    }
}

#[test]
fn a_message_of_many_records_is_kept_dropped_or_refused_as_a_whole() {
    let away = |full: &str| Outage::new(terms("buffer_local", full), 1);
    let mut oldest = away("drop_oldest_with_alarm");
    assert_eq!(oldest.handle_records(0, 'a', 2), Verdict::Kept);
    assert_eq!(oldest.handle_records(0, 'b', 1), Verdict::Kept);
    assert_eq!((oldest.kept(), oldest.records()), (2, 3));
    // Room for two is made by the one that has two.
    assert_eq!(oldest.handle_records(0, 'c', 2), Verdict::Kept);
    assert_eq!((oldest.kept(), oldest.records()), (2, 3));
    // There is no room for four, however many go.
    assert_eq!(oldest.handle_records(0, 'd', 4), Verdict::Dropped);
    assert_eq!((oldest.kept(), oldest.records()), (2, 3));
    let told = [(What::BufferingBegan, 1), (What::DroppedFull, 6)];
    assert_eq!(alarms(&mut oldest), told);
    // What is too old is counted by its records as well.
    oldest.handle_timeout(11_000_000_000);
    assert_eq!((oldest.kept(), oldest.records()), (0, 0));
    assert_eq!(alarms(&mut oldest), [(What::DroppedOld, 3)]);

    let mut newest = away("drop_newest_with_alarm");
    assert_eq!(newest.handle_records(0, 'a', 2), Verdict::Kept);
    assert_eq!(newest.handle_records(0, 'b', 2), Verdict::Dropped);
    assert_eq!(newest.handle_records(0, 'c', 1), Verdict::Kept);
    newest.handle_there();
    assert_eq!(newest.poll_kept(0), Some(&'a'));
    newest.handle_sent();
    assert_eq!((newest.kept(), newest.records()), (1, 1));
    newest.handle_sent();
    let told = [
        (What::BufferingBegan, 1),
        (What::DroppedFull, 2),
        (What::BufferingEnded, 1),
    ];
    assert_eq!(alarms(&mut newest), told);

    let mut closed = away("fail_closed");
    assert_eq!(closed.handle_records(0, 'a', 3), Verdict::Kept);
    assert_eq!(closed.handle_records(0, 'b', 1), Verdict::Refused('b'));
    let mut lets_go = Outage::new(terms("log_and_alarm", ""), 1);
    assert_eq!(lets_go.handle_records(0, 'a', 7), Verdict::Dropped);
    assert_eq!(alarms(&mut lets_go), [(What::LetGo, 7)]);
}
