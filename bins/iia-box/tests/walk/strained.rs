//! What is not as agreed, induced on a running box by whoever does it: a stranger at the API, a consumer that asks for more
//! than its contract lets it, a box above that answers too late. Each is one row of its stream, at its own time.

use std::fs;

use iia::sla::{Account, Fault};
use iia_core::stream::Stream;

use crate::demo::{Demo, signal};
use crate::events::{forge, unauthenticated};
use crate::falls::process_of;
use crate::kept::{BOX, CONSUMER, NORTH, account, kept, now_ns};

const SECOND_NS: i64 = 1_000_000_000;
/// The windows of the level of service, and the longest that an acknowledgement may take here; the machine may be busy.
const WINDOW_NS: i64 = 5 * SECOND_NS;
const ACK_MAX_NS: i64 = 2 * SECOND_NS;
/// How long the box above stands still.
const STILL: std::time::Duration = std::time::Duration::from_secs(3);

/// The example with a consumer that may have a thousand rows, and a level of service that a busy machine keeps.
fn config() -> String {
    let of = [
        ("rows_max 100000\n", "rows_max 1000\n"),
        ("verify_every 10s\n", "verify_every 5s\n"),
        (
            "metric delivery.ack_latency_p99\n    max 500ms\n    window 10s\n",
            "metric delivery.ack_latency_max\n    max 2s\n    window 5s\n",
        ),
    ];
    of.iter().fold(BOX.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    })
}

/// What an account says on a stream.
fn on<'a>(account: &'a Account, stream: &Stream) -> Vec<&'a Fault> {
    let faults = account.faults.iter();
    faults.filter(|fault| fault.stream == *stream).collect()
}

fn between((from, until): (i64, i64), fault: &Fault) {
    let at = fault.until.as_ns();
    assert!(from <= at && at <= until, "{from} {at} {until}: {fault:?}");
}

#[test]
fn a_stranger_a_greedy_consumer_and_a_slow_box_above_are_each_one_row_at_its_time() {
    let dir = tempfile::tempdir().unwrap();
    forge(dir.path());
    let (path, config) = (dir.path().join("box.icl"), config());
    fs::write(&path, &config).unwrap();
    let file = path.to_str().unwrap();
    let mut demo = Demo::start(&["--speed", "10", "--no-kill", "--config", file]);
    demo.until("collect serves");
    let before = now_ns();
    unauthenticated(&demo, dir.path());
    let strange = (before, now_ns());
    // The box above stands still while something is on its way to it: the traffic does not pause.
    let intake = process_of(demo.pid(), ("site", "intake")).unwrap();
    let stopped = now_ns();
    signal("STOP", intake);
    std::thread::sleep(STILL);
    signal("CONT", intake);
    let slow = (stopped, now_ns());
    demo.until("Consumers at the query API");
    let before = now_ns();
    demo.until("An identity is revoked");
    let greedy = (before, now_ns());
    let run = demo.finish();
    let kept = kept((&run, "seg01"), &config);
    stranger(&kept.others, strange);
    consumer(account(&kept, CONSUMER), greedy);
    // The consumer never checks a head: the first window of its absence began when the accounts were opened.
    let absence = on(account(&kept, CONSUMER), &Stream::AUDIT_VERIFY);
    let opened = absence[0].from.unwrap().as_ns();
    breach(account(&kept, NORTH), slow, opened);
}

/// Whoever proves nothing has no contract.
fn stranger(others: &[Fault], when: (i64, i64)) {
    let told: Vec<&Fault> = others
        .iter()
        .filter(|one| one.stream == Stream::AUTH)
        .collect();
    let [fault] = told[..] else {
        panic!("one stranger is told once: {others:#?}");
    };
    assert_eq!(fault.clause, "identity");
    assert!(
        fault.reason.ends_with("could not prove who it is"),
        "{}",
        fault.reason
    );
    between(when, fault);
}

fn consumer(account: &Account, when: (i64, i64)) {
    let told = on(account, &Stream::QUOTA);
    let [fault] = told[..] else {
        panic!(
            "one question for too much is told once: {:#?}",
            account.faults
        );
    };
    assert_eq!(
        (fault.clause.as_str(), fault.reason.as_str()),
        ("quota rows_max", "100000 rows, 1000 at most")
    );
    between(when, fault);
}

/// An acknowledgement that came when the box above went on is a breach of the window in which it came, at its end; what
/// was overdue when a window ended before is one of that window as well. No other window is told.
fn breach(account: &Account, (stopped, went_on): (i64, i64), opened: i64) {
    let told = on(account, &Stream::SLA_BREACH);
    assert!(
        told.iter().all(|fault| fault.clause == "acknowledged"),
        "{told:#?}"
    );
    let windows: Vec<(i64, i64)> = told
        .iter()
        .map(|fault| (fault.from.unwrap().as_ns(), fault.until.as_ns()))
        .collect();
    let whole = |end: &i64| (end - opened) % WINDOW_NS == 0;
    assert!(
        windows.iter().all(|(_, until)| whole(until)),
        "{opened} {windows:?}"
    );
    let overdue = |until: &i64| stopped + ACK_MAX_NS < *until && *until < went_on + SECOND_NS;
    let [first @ .., last] = &windows[..] else {
        panic!("a breach is told: {:#?}", account.faults);
    };
    assert!(
        last.0 <= went_on + SECOND_NS && went_on <= last.1,
        "{went_on} {windows:?}"
    );
    assert!(
        first.len() <= 1 && first.iter().all(|(_, until)| overdue(until)),
        "{windows:?}"
    );
    assert!(
        first.iter().all(|(_, until)| *until == last.0),
        "{windows:?}"
    );
}
