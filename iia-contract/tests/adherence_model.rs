//! Random histories, judged a second time by a model that knows all of the history at once.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "made/text.rs"]
mod text;

use iia_contract::Catalog;
use iia_contract::adherence::{Adherence, Event};
use iia_core::Timestamp;
use iia_core::finding::Conclusion;
use proptest::prelude::*;

const ID: &str = "iia.contract.boundary.bi_lake.batch";
const BATCH: &str = include_str!("../../examples/contracts/boundary_bi_lake_batch.icl");
const SEC: i64 = 1_000_000_000;
/// The contract's own windows: an acknowledgement, a check of the head.
const ACK: i64 = 30 * SEC;
const VERIFY: i64 = 60 * SEC;
/// When every history ends.
const END: i64 = 400 * SEC;

#[derive(Clone, Copy, Debug)]
enum Act {
    Sent(u64),
    Acked(u64),
    Turn(bool),
    Checked,
    /// Time is looked at, and nothing happens.
    Look,
}

#[derive(Clone, Copy, Debug)]
struct Agreed {
    percent: u8,
    max: i64,
    window: i64,
    uptime: i64,
}

impl Agreed {
    fn catalog(self) -> Catalog {
        let Self {
            percent,
            max,
            window,
            uptime,
        } = self;
        let name = if percent == 100 {
            "max".into()
        } else {
            format!("p{percent}")
        };
        let breach = "breach ot.contract.sla_breach";
        let more = format!(
            "sla ack {{\nmetric delivery.ack_latency_{name}\nmax {}ms\nwindow {}ms\n{breach}\n}}\n\
             sla up {{\nmetric connectivity.uptime\nmin {uptime}%\nwindow {}ms\n{breach}\n}}",
            max / 1_000_000,
            window / 1_000_000,
            window / 1_000_000,
        );
        let text = format!(
            "{}\n{more}\n}}\n",
            BATCH.trim_end().strip_suffix('}').unwrap()
        );
        let checked = Catalog::check(&text::entries(&text));
        checked.map_err(|found| format!("{found:#?}")).unwrap().0
    }
}

/// When, what: `breach ack`, `breach up`, `ack` or `verify`.
type Told = (i64, &'static str);

/// The model: what is to be told, counted from the whole history.
fn model(agreed: Agreed, history: &[(i64, Act)]) -> Vec<Told> {
    let mut told = Vec::new();
    let messages = messages(history);
    let mut start = 0;
    while start + agreed.window <= END {
        let end = start + agreed.window;
        let acked = |acked: Option<i64>| acked.filter(|at| (start..end).contains(at));
        let mut latencies: Vec<i64> = messages
            .iter()
            .filter_map(|(sent, ack)| match acked(*ack) {
                Some(at) => Some(at - sent),
                None => {
                    let waits = *sent < end && ack.is_none_or(|at| at >= end);
                    (waits && end - sent > agreed.max).then_some(end - sent)
                }
            })
            .collect();
        latencies.sort_unstable();
        let rank = (latencies.len() * usize::from(agreed.percent))
            .div_ceil(100)
            .max(1);
        if latencies.get(rank - 1).is_some_and(|ns| *ns > agreed.max) {
            told.push((end, "breach ack"));
        }
        let (up, known) = uptime(history, start, end);
        if known > 0 && i128::from(up) * 100 < i128::from(known) * i128::from(agreed.uptime) {
            told.push((end, "breach up"));
        }
        start = end;
    }
    let late = messages.iter().filter(|(sent, ack)| {
        let due = sent + ACK;
        due <= END && ack.is_none_or(|at| at > due)
    });
    told.extend(late.map(|(sent, _)| (sent + ACK, "ack")));
    let checks = history
        .iter()
        .filter(|(_, act)| matches!(act, Act::Checked));
    let ends: Vec<i64> = [0].into_iter().chain(checks.map(|(at, _)| *at)).collect();
    for (number, last) in ends.iter().enumerate() {
        let next = ends.get(number + 1).copied().unwrap_or(i64::MAX);
        if next > last + VERIFY && last + VERIFY <= END {
            told.push((last + VERIFY, "verify"));
        }
    }
    told.sort_unstable();
    told
}

/// When each message was sent first, and acknowledged after that.
fn messages(history: &[(i64, Act)]) -> Vec<(i64, Option<i64>)> {
    let mut messages: Vec<(u64, i64, Option<i64>)> = Vec::new();
    for (at, act) in history {
        let waits = |m: &&mut (u64, i64, Option<i64>), ticket| m.0 == ticket && m.2.is_none();
        match *act {
            Act::Sent(ticket) if !messages.iter_mut().any(|m| waits(&m, ticket)) => {
                messages.push((ticket, *at, None));
            }
            Act::Acked(ticket) => {
                if let Some(message) = messages.iter_mut().find(|m| waits(m, ticket)) {
                    message.2 = Some(*at);
                }
            }
            _ => {}
        }
    }
    messages
        .into_iter()
        .map(|(_, sent, acked)| (sent, acked))
        .collect()
}

/// Time with the link, and time in which it is known whether there was one.
fn uptime(history: &[(i64, Act)], start: i64, end: i64) -> (i64, i64) {
    let turns = history.iter().filter_map(|(at, act)| match act {
        Act::Turn(up) => Some((*at, *up)),
        _ => None,
    });
    let turns: Vec<(i64, bool)> = turns.collect();
    let (mut up, mut known) = (0, 0);
    for (number, (at, is_up)) in turns.iter().enumerate() {
        let until = turns
            .get(number + 1)
            .map_or(end, |next| next.0)
            .clamp(start, end);
        let ns = until - (*at).clamp(start, end);
        known += ns;
        up += if *is_up { ns } else { 0 };
    }
    (up, known)
}

/// The same history, event by event; nothing may be told before its time.
fn run(agreed: Agreed, history: &[(i64, Act)]) -> Vec<Told> {
    let mut adherence = Adherence::new(&agreed.catalog(), Timestamp::default());
    let mut told = Vec::new();
    for (at, act) in history.iter().copied().chain([(END, Act::Look)]) {
        let now = Timestamp::from_ns(at);
        match act {
            Act::Sent(ticket) => {
                adherence.handle_event(
                    now,
                    ID,
                    &Event::Sent {
                        ticket,
                        records: 1,
                        len: 1,
                    },
                );
            }
            Act::Acked(ticket) => {
                adherence.handle_event(now, ID, &Event::Acked { ticket, records: 1 });
            }
            Act::Turn(true) => adherence.handle_event(now, ID, &Event::Up),
            Act::Turn(false) => adherence.handle_event(now, ID, &Event::Down),
            Act::Checked => adherence.handle_event(now, ID, &Event::HeadSound(1)),
            Act::Look => adherence.handle_timeout(now),
        }
        while let Some(finding) = adherence.poll_finding() {
            assert!(finding.ts_ns <= at, "told at {at}: {finding:?}");
            let missing = finding.conclusion == Conclusion::Missing;
            told.push(match (finding.stream.as_str(), finding.clause.as_str()) {
                ("ot.contract.sla_breach", "ack") => (finding.ts_ns, "breach ack"),
                ("ot.contract.sla_breach", "up") => (finding.ts_ns, "breach up"),
                (_, "upstream ack window_max") => (finding.ts_ns, "ack"),
                (_, "upstream audit verify_every") if missing => (finding.ts_ns, "verify"),
                _ => continue,
            });
        }
        assert!(adherence.poll_timeout().is_some_and(|due| due.as_ns() >= 0));
    }
    told.sort_unstable();
    told
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..6u64).prop_map(Act::Sent),
        4 => (0..6u64).prop_map(Act::Acked),
        1 => any::<bool>().prop_map(Act::Turn),
        1 => Just(Act::Checked),
        1 => Just(Act::Look),
    ]
}

/// Steps of half a second or none, so that events and ends often fall together.
fn history() -> impl Strategy<Value = Vec<(i64, Act)>> {
    let step = prop_oneof![3 => 0..8i64, 1 => 0..80i64];
    prop::collection::vec((step, act()), 0..120).prop_map(|steps| {
        let mut now = 0;
        let timed = steps.into_iter().map(|(step, act)| {
            now += step * SEC / 2;
            (now, act)
        });
        // A look at the last moment of a wait is the end of it; an event at the same moment must come first.
        let mut all: Vec<(i64, Act)> = timed.filter(|(at, _)| *at < END).collect();
        all.sort_by_key(|(at, act)| (*at, matches!(act, Act::Look)));
        all
    })
}

fn agreed() -> impl Strategy<Value = Agreed> {
    let percent = prop::sample::select(vec![50u8, 95, 99, 100]);
    (percent, 0..40i64, 1..60i64, 1..100i64).prop_map(|(percent, max, window, uptime)| Agreed {
        percent,
        max: max * SEC / 2,
        window: window * SEC / 2,
        uptime,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn absence_and_breaches_are_those_of_the_model(agreed in agreed(), history in history()) {
        prop_assert_eq!(run(agreed, &history), model(agreed, &history));
    }
}
