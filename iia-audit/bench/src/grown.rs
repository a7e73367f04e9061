//! How cost grows with the log: opening, an append, a head, a proof, what verifying a proof costs, and memory. What is older
//! goes as it would on a box, so that a hundred million records need no more room than their hashes.

use std::time::{Duration, Instant};

use iia_audit::log::{Log, Retention, Retired};
use iia_audit::note;
use iia_audit::tree;
use iia_core::Timestamp;
use iia_core::time::{Clock as _, ManualClock};

use crate::ours::{self, MIRROR, event, key};

/// Records between two looks at what may go.
const EVERY: u64 = 1_000_000;

pub fn all() {
    let most = std::env::var("IIA_BENCH_GROWTH")
        .ok()
        .and_then(|most| most.parse().ok())
        .unwrap_or(1_000_000_u64);
    println!(
        "\n     records         open   append of 1         head        proof  bytes      verify    memory   here from"
    );
    let dir = crate::dir();
    let mut log = kept(ours::create(dir.path()));
    let events = vec![event(); 10_000];
    let (mut size, mut gone) = (10_000, 0);
    while size <= most {
        while log.size() < size {
            log.append(&events, ours::now()).expect("append");
            if log.size() % EVERY < events.len() as u64 {
                gone = retire(&mut log).max(gone);
            }
        }
        drop(log);
        let started = Instant::now();
        log = kept(Log::open(&dir.path().join("audit")).expect("open").0);
        let open = started.elapsed();
        let append = fastest(|| log.append(&events[..1], ours::now()).expect("append"));
        let head = fastest(|| log.head());
        let root = log.head().root;
        let seq = log.size() / 3;
        let proof = fastest(|| log.inclusion(seq).expect("proof"));
        let path = log.inclusion(seq).expect("proof");
        // Any leaf costs the same to check; that it is not this one's is found at the end.
        let leaf = tree::leaf(&[0; 32]);
        let check = fastest(|| tree::verify_inclusion(leaf, seq, log.size(), &path, &root));
        println!(
            "{size:>12} {open:>12.2?} {append:>13.2?} {head:>12.2?} {proof:>12.2?} {:>6} {check:>11.2?} {:>6} KiB {gone:>11}",
            path.len() * 32,
            resident()
        );
        size *= 10;
    }
}

fn kept(log: Log) -> Log {
    log.with_keeper(event().source)
}

/// The mirror signs for everything, a month goes by, and what may go does.
fn retire(log: &mut Log) -> u64 {
    let head = log.publish_head(&key(1)).expect("head");
    let text = head.split("\n\n").next().expect("text").to_owned() + "\n";
    let line = note::cosign(&text, MIRROR, &key(3), 1_800_000_000).expect("cosign");
    log.keep_mirrored(&format!("{head}{line}"))
        .expect("mirrored");
    let mut gone = 0;
    // Each time a month went by since the time before.
    let months = i64::try_from(log.size() / EVERY).unwrap_or(0) + 1;
    let later = ManualClock::new(Timestamp::from_secs(1_800_000_000 + months * 31 * 86_400)).read();
    let retention = Retention::days(30).expect("retention");
    while let Retired::Gone(_, end) = log.retire(&retention, &[], later).expect("retire") {
        gone = end;
    }
    gone
}

fn fastest<T>(mut work: impl FnMut() -> T) -> Duration {
    (0..20)
        .map(|_| {
            let started = Instant::now();
            std::hint::black_box(work());
            started.elapsed()
        })
        .min()
        .unwrap_or_default()
}

/// Kibibytes of memory that the process holds.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok())
        .unwrap_or(0)
}
