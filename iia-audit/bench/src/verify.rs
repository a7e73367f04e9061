//! What verification costs, and the room that records take.

use std::fs;
use std::time::Instant;

use iia_audit::verify::verify_log;

use crate::ours::{self, event};

const RECORDS: usize = 150_000;

pub fn all() {
    let dir = crate::dir();
    let mut log = ours::create(dir.path());
    let events = vec![event(); 10_000];
    for _ in 0..RECORDS / events.len() {
        log.append(&events, ours::now()).expect("append");
    }
    drop(log);
    let bytes: u64 = fs::read_dir(dir.path().join("audit/seg"))
        .expect("segments")
        .map(|entry| entry.expect("entry").metadata().expect("length").len())
        .sum();
    println!("\n{RECORDS} records of 300 bytes: {:.0} bytes each on disk", bytes as f64 / RECORDS as f64);
    let mut fastest = f64::MAX;
    for _ in 0..5 {
        let started = Instant::now();
        let report = verify_log(dir.path(), &Default::default());
        fastest = fastest.min(started.elapsed().as_secs_f64());
        assert!(report.bad.is_none(), "{:?}", report.bad);
        assert_eq!(report.records, RECORDS as u64);
    }
    let rate = RECORDS as f64 / fastest;
    println!("verification: {rate:.0} records a second, {:.2} GB/s, {:.0} ns a record", bytes as f64 / fastest / 1e9, 1e9 / rate);
}
