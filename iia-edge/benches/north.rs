//! Rows on their way north, and the floor beneath a durable cursor: writing a file and syncing it.
#![expect(clippy::unwrap_used, reason = "a bench is its own page")]
use std::fs::File;
use std::io::Write as _;

use divan::counter::BytesCount;
use iia_core::Timestamp;
use iia_core::store::{Cursor, Drawn};
use iia_core::stream::Stream;
use iia_edge::outbox::Outbox;
use iia_edge::publish::Publisher;
use iia_edge::wire::PublishAck;

const LEN: usize = 64 * 1024;

fn main() {
    divan::main();
}

#[divan::bench]
fn floor_copy(bencher: divan::Bencher) {
    let ipc = vec![7u8; LEN];
    bencher
        .counter(BytesCount::new(LEN))
        .bench(|| divan::black_box(&ipc).clone());
}

#[divan::bench]
fn draw_send_acknowledge(bencher: divan::Bencher) {
    let now = Timestamp::from_secs(0);
    let mut publisher = Publisher::new([(Stream::MODBUS, Cursor(0))]);
    let (mut position, ipc) = (0, vec![7u8; LEN]);
    bencher.counter(BytesCount::new(LEN)).bench_local(|| {
        publisher.poll_draw(now).unwrap();
        position += 100;
        let next = Cursor(position);
        let drawn = Drawn {
            ipc: ipc.clone(),
            rows: 100,
            next,
        };
        let batch = publisher.handle_drawn(drawn).unwrap();
        let ack = PublishAck {
            stream: batch.stream,
            position,
        };
        publisher.handle_ack(&ack).unwrap()
    });
}

#[divan::bench(sample_count = 20)]
fn floor_sync(bencher: divan::Bencher) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cursor");
    bencher.bench_local(|| {
        let mut file = File::create(&path).unwrap();
        file.write_all(b"1000\n").unwrap();
        file.sync_all().unwrap();
    });
}

#[divan::bench(sample_count = 20)]
fn cursor_durable(bencher: divan::Bencher) {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(dir.path()).unwrap();
    bencher.bench_local(|| outbox.acknowledge(&Stream::MODBUS, Cursor(1000)).unwrap());
}
