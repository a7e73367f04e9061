//! Digests, signatures and canonical bytes, and the floors beneath them: copying, and the bare hash.
#![expect(clippy::unwrap_used, reason = "a bench is its own page")]
use divan::counter::BytesCount;
use iia_core::SpiffeId;
use iia_core::canon;
use iia_core::digest::{Context, Digest};
use iia_core::event::{Event, EventKind};
use iia_core::sign::{Signer as _, SoftwareKey};

const SIZES: [usize; 2] = [256, 1 << 20];

fn main() {
    divan::main();
}

#[divan::bench(args = SIZES)]
fn floor_memcpy(bencher: divan::Bencher, len: usize) {
    let (from, mut to) = (vec![7; len], vec![0; len]);
    bencher
        .counter(BytesCount::new(len))
        .bench_local(|| divan::black_box(&mut to).copy_from_slice(divan::black_box(&from)));
}

#[divan::bench(args = SIZES)]
fn floor_blake3(bencher: divan::Bencher, len: usize) {
    let bytes = vec![7; len];
    bencher
        .counter(BytesCount::new(len))
        .bench(|| blake3::hash(divan::black_box(&bytes)));
}

#[divan::bench(args = SIZES)]
fn digest(bencher: divan::Bencher, len: usize) {
    let bytes = vec![7; len];
    bencher
        .counter(BytesCount::new(len))
        .bench(|| Digest::of(Context::AuditBody, divan::black_box(&bytes)));
}

#[divan::bench]
fn sign(bencher: divan::Bencher) {
    let key = SoftwareKey::from_seed(&[1; 32].into());
    bencher.bench(|| key.sign(divan::black_box(b"a head of the audit chain")));
}

#[divan::bench]
fn verify(bencher: divan::Bencher) {
    let key = SoftwareKey::from_seed(&[1; 32].into());
    let message = b"a head of the audit chain";
    let (public, signature) = (key.public_key(), key.sign(message).unwrap());
    bencher.bench(|| public.verify(divan::black_box(message), &signature));
}

#[divan::bench]
fn encode_event(bencher: divan::Bencher) {
    let event = Event::new(
        EventKind::ContractViolation,
        iia_core::Timestamp::from_secs(1),
    )
    .with("source", "10.20.0.66")
    .with("operation", "write holding_register 110");
    bencher.bench(|| canon::encode(divan::black_box(&event)));
}

#[divan::bench]
fn parse_spiffe_id() -> SpiffeId {
    divan::black_box("spiffe://iia.local/zone/lake/workload/lake_writer")
        .parse()
        .unwrap()
}
