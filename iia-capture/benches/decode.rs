//! Packets per second through the decoder, and the floors beneath it: copying the capture, and stepping over its packets.
#![expect(clippy::unwrap_used, reason = "a bench is its own page")]
use divan::counter::{BytesCount, ItemsCount};
use iia_capture::generate::{TraceOptions, write_pcap};
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;

const PACKETS: u64 = 200_000;

fn main() {
    divan::main();
}

fn trace() -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = TraceOptions {
        packets: PACKETS,
        ..TraceOptions::default()
    };
    write_pcap(&mut bytes, options).unwrap();
    bytes
}

#[divan::bench(sample_count = 10)]
fn floor_memcpy(bencher: divan::Bencher) {
    let trace = trace();
    let mut to = vec![0; trace.len()];
    bencher
        .counter(BytesCount::new(trace.len()))
        .counter(ItemsCount::new(PACKETS))
        .bench_local(|| divan::black_box(&mut to).copy_from_slice(divan::black_box(&trace)));
}

#[divan::bench(sample_count = 10)]
fn floor_pcap_stepping(bencher: divan::Bencher) {
    let trace = trace();
    bencher.counter(ItemsCount::new(PACKETS)).bench_local(|| {
        let mut source = PcapSource::open(trace.as_slice()).unwrap();
        while let Some(packet) = source.next_packet().unwrap() {
            divan::black_box(packet.data);
        }
    });
}

#[divan::bench(sample_count = 10)]
fn decode(bencher: divan::Bencher) {
    let trace = trace();
    bencher.counter(ItemsCount::new(PACKETS)).bench_local(|| {
        let mut source = PcapSource::open(trace.as_slice()).unwrap();
        let mut pipeline = Pipeline::new(Options::default());
        let mut exchanges = 0u64;
        loop {
            let packets = source.next_packets().unwrap();
            if packets.is_empty() {
                return exchanges;
            }
            pipeline.handle_packets(&packets, &mut |_| exchanges += 1);
        }
    });
}
