//! Frames to bytes and back, and the floor beneath: copying.
#![expect(clippy::unwrap_used, reason = "a bench is its own page")]
use divan::counter::BytesCount;
use iia_link::frame::{Frame, Kind, decode};

const SIZES: [usize; 2] = [100, 1 << 20];

fn main() {
    divan::main();
}

fn frame(len: usize) -> Frame {
    Frame {
        kind: Kind::Data,
        id: 7,
        payload: vec![7; len],
    }
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
    let frame = frame(len);
    bencher
        .counter(BytesCount::new(len))
        .bench(|| divan::black_box(&frame).encode());
}

#[divan::bench(args = SIZES)]
fn decode_body(bencher: divan::Bencher, len: usize) {
    let bytes = frame(len).encode().unwrap();
    let body = bytes.get(4..).unwrap();
    bencher
        .counter(BytesCount::new(len))
        .bench(|| decode(divan::black_box(body)));
}
