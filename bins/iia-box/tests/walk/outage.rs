//! The other end is cut off, and the box does what the contract says: it keeps so much, drops the oldest, and tells it.

use std::fs;
use std::time::{Duration, Instant};

use iia_audit::verify::records;
use iia_core::event::{Event, EventKind};

use crate::demo::{Demo, signal};
use crate::falls::process_of;

const BOX: &str = include_str!("../../../../examples/box-pi/box.icl");
const PUBLISHER: &str = "spiffe://iia.local/zone/publish/workload/edge_publisher";
const CONTRACT: &str = "iia.contract.internal.publish_to_bus";
/// What the box says about its publisher and its bus, and what it is to say here.
const RETRY: &str = "  failure {\n    on_unreachable retry\n    backoff_max 5s\n  }\n";
const BUFFER: &str = "  failure {\n    on_unreachable buffer_local\n    buffer_records 4\n    buffer_age 1h\n    \
                      backoff_max 200ms\n    alarm contract.adherence\n    on_buffer_full drop_oldest_with_alarm\n  }\n";
/// A head goes north each five seconds, and each is told to the bus in more than four deeds.
const AWAY: Duration = Duration::from_secs(7);
const PATIENCE: Duration = Duration::from_secs(20);

fn config() -> String {
    let (before, rest) = BOX.split_once(&format!("contract {CONTRACT} ")).unwrap();
    let ours = rest.replacen(RETRY, BUFFER, 1);
    assert_ne!(ours, rest);
    format!("{before}contract {CONTRACT} {ours}")
}

#[test]
fn while_the_bus_is_cut_off_the_publisher_keeps_four_deeds_and_tells_what_it_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("box.icl");
    fs::write(&path, config()).unwrap();
    let config = path.to_str().unwrap();
    let mut demo = Demo::start(&["--speed", "2", "--no-kill", "--config", config]);
    demo.until("collect serves");
    let audit = demo.evidence("seg01").join("audit");
    let told = |kind: EventKind, outcome: &str| {
        let mut all: Vec<Event> = Vec::new();
        // What is being written just now is read the next time.
        let _torn = records(&audit, |record| {
            let event = record.body.event;
            let is = |key, value| event.field(key) == Some(value);
            let ours = is("id", PUBLISHER) && is("contract", CONTRACT) && is("outcome", outcome);
            all.extend((event.kind == kind && ours).then_some(event));
        });
        all
    };
    // Nobody starts the bus again as long as the supervisor stands still.
    let bus = process_of(demo.pid(), ("seg01", "bus")).unwrap();
    signal("STOP", demo.pid());
    signal("KILL", bus);
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
    let [began, dropped, ended] = wanted.map(|(kind, outcome)| told(kind, outcome));
    assert_eq!(began.len(), ended.len());
    let lost: u64 = dropped
        .iter()
        .map(|event| event.field("count").unwrap().parse::<u64>().unwrap())
        .sum();
    assert!(lost > 0);
    assert_eq!(dropped[0].field("stream"), Some("contract.adherence"));
    demo.pull_the_plug();
}
