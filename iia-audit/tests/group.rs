//! Many producers share syncs: each event is stored once, in its producer's order, before its producer is told.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::thread;

use iia_audit::AuditError;
use iia_audit::log::{Committer, Log, QUEUE_MAX, Submission};
use iia_audit::verify::{Outcome, records, verify};

const PRODUCERS: u64 = 16;
const EVENTS: u64 = 40;

fn from(producer: u64, number: u64) -> Submission {
    let mut submission = common::event(&"x".repeat(200), number);
    let id = format!("spiffe://iia.local/zone/a/workload/w{producer}");
    submission.source = id.parse().unwrap();
    submission
}

#[test]
fn every_event_of_many_producers_is_there_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let log = common::create(dir.path());
    let (committer, producer) = Committer::start(log, common::clock()).unwrap();
    let threads: Vec<_> = (0..PRODUCERS)
        .map(|number| {
            let (producer, audit) = (producer.clone(), dir.path().join("audit"));
            thread::spawn(move || {
                for event in 1..=EVENTS {
                    producer
                        .submit(from(number, event))
                        .unwrap()
                        .wait()
                        .unwrap();
                }
                // What was acknowledged is in the file, for whoever reads it now.
                let mut seen = 0;
                let me = from(number, 1).source;
                let _torn = records(&audit, |record| {
                    if record.source() == me.as_str() {
                        seen = record.body.event.source_seq;
                    }
                });
                assert_eq!(seen, EVENTS);
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    let log = committer.close().unwrap();
    assert_eq!(log.size(), PRODUCERS * EVENTS);
    assert!(matches!(
        producer.submit(from(1, 99)),
        Err(AuditError::Busy)
    ));
    drop(log);
    let mut next = BTreeMap::new();
    let mut batches = std::collections::BTreeSet::new();
    records(&dir.path().join("audit"), |record| {
        let expected = next.entry(record.source().to_owned()).or_insert(1);
        assert_eq!(record.body.event.source_seq, *expected);
        *expected += 1;
        batches.insert(record.written.boottime_ns);
    })
    .unwrap();
    assert!(
        batches.len() as u64 <= PRODUCERS * EVENTS / 2,
        "{}",
        batches.len()
    );
    assert_ne!(verify(dir.path(), None).outcome(), Outcome::Failed);
}

#[test]
fn a_batch_that_is_refused_is_told_to_each_of_its_producers_and_to_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let (committer, producer) =
        Committer::start(common::create(dir.path()), common::clock()).unwrap();
    let mut bad = from(1, 0);
    bad.event.fields.resize(99, bad.event.fields[0].clone());
    assert!(matches!(
        producer.submit(bad).unwrap().wait(),
        Err(AuditError::BadRecord { .. })
    ));
    producer.submit(from(1, 1)).unwrap().wait().unwrap();
    let log = committer.close().unwrap();
    assert_eq!(log.size(), 1);
}

#[test]
fn a_full_queue_refuses_and_never_waits() {
    // A writer whose clock stands still in the middle of a batch until it is let go.
    let (hold, held) = std::sync::mpsc::channel::<()>();
    struct Stuck(std::sync::Mutex<std::sync::mpsc::Receiver<()>>);
    impl iia_core::time::Clock for Stuck {
        fn read(&self) -> iia_core::time::Reading {
            let _held = self.0.lock().unwrap().recv();
            common::clock().read()
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let clock = Stuck(std::sync::Mutex::new(held));
    let (committer, producer) = Committer::start(common::create(dir.path()), clock).unwrap();
    let mut taken = 0;
    loop {
        match producer.submit(from(1, 0)) {
            Ok(_later) => taken += 1,
            Err(AuditError::Busy) => break,
            Err(error) => unreachable!("{error}"),
        }
    }
    assert!((QUEUE_MAX..=2 * QUEUE_MAX).contains(&taken), "{taken}");
    drop(hold);
    let log: Log = committer.close().unwrap();
    assert_eq!(log.size(), taken as u64);
}

#[test]
fn nobody_waits_for_a_writer_that_fell() {
    struct Broken;
    impl iia_core::time::Clock for Broken {
        fn read(&self) -> iia_core::time::Reading {
            unreachable!("the clock is broken")
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let (committer, producer) = Committer::start(common::create(dir.path()), Broken).unwrap();
    let told = producer.submit(from(1, 1)).unwrap().wait();
    assert_eq!(told, Err(AuditError::Poisoned));
    assert!(matches!(committer.close(), Err(AuditError::Poisoned)));
}
