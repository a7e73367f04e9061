//! The other end is cut off, and the box does what the contract says: it keeps so much, drops the oldest, and tells it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use iia_audit::verify::records;
use iia_core::event::{Event, EventKind};

use crate::demo::{Demo, signal};
use crate::falls::process_of;

const BOX: &str = include_str!("../../../../examples/box-pi/box.icl");
const PUBLISHER: &str = "spiffe://iia.local/zone/publish/workload/edge_publisher";
const COLLECTOR: &str = "spiffe://iia.local/zone/collect/workload/protocol_collector";
const TO_BUS: &str = "iia.contract.internal.publish_to_bus";
const TO_LAKE: &str = "iia.contract.internal.collect_to_lake";
/// What the box says about either link, and what it is to say here.
const RETRY: &str = "  failure {\n    on_unreachable retry\n    backoff_max 5s\n  }\n";
const BUFFER: &str = "  failure {\n    on_unreachable buffer_local\n    buffer_records RECORDS\n    buffer_age 1h\n    \
                      backoff_max 200ms\n    alarm contract.adherence\n    on_buffer_full drop_oldest_with_alarm\n  }\n";
/// A head goes north each five seconds, and each is told to the bus in more than four deeds.
const AWAY: Duration = Duration::from_secs(7);
const PATIENCE: Duration = Duration::from_secs(20);

/// The example box in which one contract says something else about failure.
fn config(place: &Path, contract: &str, failure: &str) -> PathBuf {
    let (before, rest) = BOX.split_once(&format!("contract {contract} ")).unwrap();
    let ours = rest.replacen(RETRY, failure, 1);
    assert_ne!(ours, rest);
    let path = place.join("box.icl");
    fs::write(&path, format!("{before}contract {contract} {ours}")).unwrap();
    path
}

/// The other end of a link is cut off: what whoever runs under its contract tells. Gives the events of each kind.
fn cut_off((role, id): (&str, &str), (contract, buffer): (&str, &str)) -> [Vec<Event>; 3] {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), contract, buffer);
    let config = config.to_str().unwrap();
    let mut demo = Demo::start(&["--speed", "2", "--no-kill", "--config", config]);
    demo.until("collect serves");
    let audit = demo.evidence("seg01").join("audit");
    let told = |kind: EventKind, outcome: &str| {
        let mut all: Vec<Event> = Vec::new();
        // What is being written just now is read the next time.
        let _torn = records(&audit, |record| {
            let event = record.body.event;
            let is = |key, value| event.field(key) == Some(value);
            let ours = is("id", id) && is("contract", contract) && is("outcome", outcome);
            all.extend((event.kind == kind && ours).then_some(event));
        });
        all
    };
    // Nobody starts it again as long as the supervisor stands still.
    let away = process_of(demo.pid(), ("seg01", role)).unwrap();
    signal("STOP", demo.pid());
    signal("KILL", away);
    std::thread::sleep(AWAY);
    signal("CONT", demo.pid());
    let started = Instant::now();
    let wanted = [
        (EventKind::Buffering, "began"),
        (EventKind::RecordsLost, "dropped: no more room"),
        (EventKind::Buffering, "ended"),
    ];
    let open = || {
        let [began, dropped, ended] = wanted.map(|(kind, outcome)| told(kind, outcome).len());
        dropped == 0 || began == 0 || began != ended
    };
    while open() {
        assert!(
            started.elapsed() < PATIENCE,
            "{:?}",
            wanted.map(|(kind, outcome)| told(kind, outcome).len())
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let found = wanted.map(|(kind, outcome)| told(kind, outcome));
    demo.pull_the_plug();
    found
}

fn lost(dropped: &[Event]) -> u64 {
    let counts = dropped.iter().map(|event| event.field("count").unwrap());
    counts.map(|count| count.parse::<u64>().unwrap()).sum()
}

#[test]
fn while_the_bus_is_cut_off_the_publisher_keeps_four_deeds_and_tells_what_it_dropped() {
    let buffer = BUFFER.replace("RECORDS", "4");
    let [began, dropped, ended] = cut_off(("bus", PUBLISHER), (TO_BUS, &buffer));
    assert_eq!(began.len(), ended.len());
    assert!(lost(&dropped) > 0);
    assert_eq!(dropped[0].field("stream"), Some("contract.adherence"));
}

#[test]
fn while_the_lake_is_cut_off_the_collector_keeps_so_many_rows_and_tells_what_it_dropped() {
    let buffer = BUFFER.replace("RECORDS", "64");
    let [began, dropped, ended] = cut_off(("lake", COLLECTOR), (TO_LAKE, &buffer));
    assert_eq!(began.len(), ended.len());
    assert!(lost(&dropped) > 0);
    assert_eq!(dropped[0].field("stream"), Some("contract.adherence"));
}

#[test]
fn while_the_lake_is_cut_off_a_collector_that_fails_closed_goes_no_further() {
    let dir = tempfile::tempdir().unwrap();
    let closed = "  failure {\n    on_unreachable fail_closed\n  }\n";
    let config = config(dir.path(), TO_LAKE, closed);
    let config = config.to_str().unwrap();
    let mut demo = Demo::start(&["--speed", "2", "--no-kill", "--config", config]);
    demo.until("collect serves");
    let lake = process_of(demo.pid(), ("seg01", "lake")).unwrap();
    signal("STOP", demo.pid());
    signal("KILL", lake);
    std::thread::sleep(Duration::from_secs(2));
    signal("CONT", demo.pid());
    demo.until("the lake is away, and the contract with it fails closed");
    assert_ne!(process_of(demo.pid(), ("seg01", "lake")), Some(lake));
    // It begins again, and the lake has every row once.
    let run = demo.finish();
    assert!(
        run.said.contains("the capture is at its end"),
        "{}",
        run.said
    );
}
