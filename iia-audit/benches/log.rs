//! Appending and verifying.
#![expect(clippy::unwrap_used, reason = "a bench is its own page")]
use iia_audit::log::{Log, Submission};
use iia_audit::note::{Purpose, VerifierKey};
use iia_audit::policy::Policy;
use iia_audit::verify::verify;
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::sign::{Signer as _, SoftwareKey};
use iia_core::time::{Clock as _, ManualClock};

fn main() {
    divan::main();
}

fn open(dir: &std::path::Path) -> (Log, ManualClock) {
    let key = SoftwareKey::from_seed(&[1; 32].into());
    let name = |name: &str, purpose| VerifierKey {
        name: name.into(),
        purpose,
        key: key.public_key(),
    };
    let witnesses = vec![name("w", Purpose::Cosignature)];
    let policy = Policy {
        log: name("l", Purpose::Log),
        witnesses,
        quorum: 1,
        mirrors: Vec::new(),
    };
    let clock = ManualClock::new(Timestamp::from_secs(1));
    (
        Log::create(&dir.join("audit"), &policy, &key, clock.read()).unwrap(),
        clock,
    )
}

fn submissions(count: usize) -> Vec<Submission> {
    let event = Event::new(EventKind::ContractViolation, Timestamp::from_secs(1))
        .with("source", "10.20.0.66")
        .with("destination", "10.20.0.21:502")
        .with("operation", "write holding_register 110")
        .with(
            "reason",
            "write holding_register 110 by 10.20.0.66: the contract allows only reads",
        );
    let source: iia_core::SpiffeId = "spiffe://iia.local/zone/a/workload/b".parse().unwrap();
    (0..count)
        .map(|_| Submission {
            source: source.clone(),
            event: event.clone(),
        })
        .collect()
}

#[divan::bench(args = [1, 64, 1024])]
fn append_durable(bencher: divan::Bencher, count: usize) {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, clock) = open(dir.path());
    let batch = submissions(count);
    bencher
        .counter(count)
        .bench_local(|| log.append(&batch, clock.read()).unwrap());
}

#[divan::bench(sample_count = 10)]
fn verify_records(bencher: divan::Bencher) {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, clock) = open(dir.path());
    log.append(&submissions(100_000), clock.read()).unwrap();
    drop(log);
    bencher
        .counter(100_000usize)
        .bench_local(|| verify(dir.path(), None));
}
