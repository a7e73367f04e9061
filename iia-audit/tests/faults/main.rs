//! Processes killed at any moment, power cut under a real file system, a full disk, and system calls that fail: what
//! was acknowledged is there afterwards, and what is there verifies.
//!
//! Ordinary runs are short; `IIA_FAULTS=2000 cargo test -p iia-audit --test faults` makes that many of each.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;
mod disk;
mod kill;
mod power;
mod strace;
mod syscalls;
mod writer;

/// How many of each fault.
fn cycles(ordinary: usize) -> usize {
    let asked = std::env::var("IIA_FAULTS").ok();
    asked
        .and_then(|count| count.parse().ok())
        .unwrap_or(ordinary)
}

/// A generator whose numbers are the same on every machine (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}
