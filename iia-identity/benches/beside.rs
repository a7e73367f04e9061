//! A key and an SVID for it, per second of processor time, beside Python's `cryptography` and one signature of OpenSSL.
//!
//! `cargo bench -p iia-identity --bench beside`; what is absent says so. All in one run, one after the other.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench is its own page"
)]

use std::path::PathBuf;
use std::process::Command;

use iia_core::SpiffeId;
use iia_core::Timestamp;
use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::time::{Clock as _, ManualClock};
use iia_identity::issue::{Issuer, KeyKind, Subject, request};

const ROUNDS: u32 = 20_000;

struct Everyone;

impl Gate for Everyone {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

/// Nanoseconds that this thread has had a processor.
fn ran_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

fn per_second(mut once: impl FnMut()) -> f64 {
    (0..ROUNDS / 20).for_each(|_| once());
    let began = ran_ns();
    (0..ROUNDS).for_each(|_| once());
    f64::from(ROUNDS) * 1e9 / (ran_ns() - began) as f64
}

fn main() {
    let clock = ManualClock::new(Timestamp::from_secs(1_800_000_000));
    let issuer = Issuer::create("iia.local".parse().unwrap(), 3600, 1, clock.read()).unwrap();
    let id: SpiffeId = "spiffe://iia.local/zone/lake/workload/lake_writer"
        .parse()
        .unwrap();
    let subject = Subject::of(id.clone()).unwrap();
    let mut ours = Vec::new();
    for kind in [KeyKind::P256, KeyKind::Ed25519] {
        ours.push(per_second(|| {
            let made = issuer.issue_with_key(kind, &subject, &Everyone, clock.read());
            divan::black_box(made.unwrap());
        }));
        println!(
            "iia-identity  {kind:?} key and SVID        {:>10.0} /s",
            ours.last().unwrap()
        );
    }
    let (csr, _key) = request(&id).unwrap();
    let of_request = per_second(|| {
        divan::black_box(issuer.issue(&csr, &id, &Everyone, clock.read()).unwrap());
    });
    println!("iia-identity  P256 SVID of a request      {of_request:>10.0} /s");
    if let Some(peer) = pyca() {
        println!(
            "cryptography  P256 key and certificate   {peer:>10.0} /s   ours is {:.2} of it",
            ours.first().unwrap() / peer
        );
    }
    if let Some(peer) = openssl() {
        println!(
            "openssl       P256 one signature alone   {peer:>10.0} /s   ours is {:.2} of it",
            ours.first().unwrap() / peer
        );
    }
}

fn pyca() -> Option<f64> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python");
    let python = std::env::var_os("IIA_PYTHON").map_or_else(|| own.into(), PathBuf::from);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/beside.py");
    let done = Command::new(python).arg(script).output().ok()?;
    let text = String::from_utf8(done.stdout).ok()?;
    let found = text.trim().parse().ok();
    if found.is_none() {
        println!("SKIPPED: beside: a Python with cryptography");
    }
    found
}

fn openssl() -> Option<f64> {
    let done = Command::new("openssl")
        .args(["speed", "-seconds", "2", "ecdsap256"])
        .output();
    let text = String::from_utf8(done.ok()?.stdout).ok()?;
    let line = text
        .lines()
        .find(|line| line.contains("ecdsa (nistp256)"))?;
    let mut numbers = line.split_whitespace().rev();
    numbers.nth(1)?.parse().ok()
}
