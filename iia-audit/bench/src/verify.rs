//! What verification costs, and the room that records take.

use std::fs;
use std::path::Path;

use iia_audit::segment::{Header, Reader, Sources};
use iia_audit::verify::verify_log;

use crate::ours::{self, event};

const RECORDS: usize = 600_000;

/// Seconds of processor time that this thread has had.
fn cpu() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

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
    println!(
        "\n{RECORDS} records of 300 bytes: {:.0} bytes each on disk",
        bytes as f64 / RECORDS as f64
    );
    let mut fastest = f64::MAX;
    for _ in 0..5 {
        let started = cpu();
        let report = verify_log(dir.path(), &Default::default());
        fastest = fastest.min(cpu() - started);
        assert!(report.bad.is_none(), "{:?}", report.bad);
        assert_eq!(report.records, RECORDS as u64);
    }
    let rate = RECORDS as f64 / fastest;
    println!(
        "verification on one core: {rate:.0} records a second, {:.2} GB/s, {:.0} ns a record",
        bytes as f64 / fastest / 1e9,
        1e9 / rate
    );
    chain_alone(dir.path());
}

/// Links, bodies and events of one segment that lies in memory: what is left without the file, the tree and heads.
fn chain_alone(dir: &Path) {
    let bytes = fs::read(dir.join("audit/seg/0000000000000000.iia")).expect("segment");
    let place = Header::decode(&bytes).expect("header").0.place();
    let (mut fastest, mut records) = (f64::MAX, 0);
    for _ in 0..5 {
        let started = cpu();
        let mut reader = Reader::open(&bytes, &place).expect("reader");
        let mut sources = Sources::default();
        records = 0;
        loop {
            let batch = reader.batch(&mut sources).expect("batch");
            if batch.is_empty() {
                break;
            }
            records += batch.len();
        }
        fastest = fastest.min(cpu() - started);
    }
    let (rate, each) = (
        bytes.len() as f64 / fastest / 1e9,
        fastest / records as f64 * 1e9,
    );
    println!("chain and bodies alone: {records} records, {rate:.2} GB/s, {each:.0} ns a record");
}
