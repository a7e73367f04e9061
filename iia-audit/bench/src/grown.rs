//! How cost grows with the log: opening, a head, a proof, and what verifying a proof costs.

use std::time::{Duration, Instant};

use iia_audit::log::Log;
use iia_audit::tree;

use crate::ours::{self, event};

pub fn all() {
    let most = std::env::var("IIA_BENCH_GROWTH")
        .ok()
        .and_then(|most| most.parse().ok())
        .unwrap_or(1_000_000_u64);
    println!("\nrecords, open, append of 1, head, proof, its bytes, verify, resident memory");
    let dir = crate::dir();
    let mut log = ours::create(dir.path());
    let events = vec![event(); 10_000];
    let mut size = 10_000;
    while size <= most {
        while log.size() < size {
            log.append(&events, ours::now()).expect("append");
        }
        drop(log);
        let started = Instant::now();
        log = Log::open(&dir.path().join("audit")).expect("open").0;
        let open = started.elapsed();
        let append = fastest(|| log.append(&events[..1], ours::now()).expect("append"));
        let head = fastest(|| log.head());
        let (head, root) = (head, log.head().root);
        let seq = log.size() / 3;
        let proof = fastest(|| log.inclusion(seq).expect("proof"));
        let path = log.inclusion(seq).expect("proof");
        // Any leaf costs the same to check; that it is not this one's is found at the end.
        let leaf = tree::leaf(&[0; 32]);
        let check = fastest(|| tree::verify_inclusion(leaf, seq, log.size(), &path, &root));
        println!(
            "{size:>12} {open:>12.2?} {append:>10.2?} {head:>10.2?} {proof:>10.2?} {:>6} {check:>10.2?} {:>8} KiB",
            path.len() * 32,
            resident()
        );
        size *= 10;
    }
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
