//! Frames to bytes and back, and the floor beneath: copying.
#![expect(clippy::unwrap_used, reason = "a bench is its own page")]
use divan::counter::BytesCount;
use iia_link::frame::{FRAGMENT_MAX, Frame, Kind, read};

const SIZES: [usize; 2] = [100, FRAGMENT_MAX];

fn main() {
    divan::main();
}

fn encode_to(payload: &[u8], out: &mut Vec<u8>) {
    let frame = Frame {
        kind: Kind::Data,
        session: 1,
        id: 7,
        payload,
    };
    out.clear();
    frame.encode_to(out).unwrap();
}

#[divan::bench(args = SIZES)]
fn floor_copy(bencher: divan::Bencher, len: usize) {
    let bytes = vec![7u8; len];
    bencher
        .counter(BytesCount::new(len))
        .bench(|| divan::black_box(&bytes).to_vec());
}

#[divan::bench(args = SIZES)]
fn encode(bencher: divan::Bencher, len: usize) {
    let payload = vec![7u8; len];
    let mut out = Vec::new();
    bencher
        .counter(BytesCount::new(len))
        .bench_local(|| encode_to(divan::black_box(&payload), &mut out));
}

#[divan::bench(args = SIZES)]
fn decode(bencher: divan::Bencher, len: usize) {
    let mut bytes = Vec::new();
    encode_to(&vec![7u8; len], &mut bytes);
    bencher
        .counter(BytesCount::new(len))
        .bench(|| read(divan::black_box(&bytes), FRAGMENT_MAX).is_ok());
}
