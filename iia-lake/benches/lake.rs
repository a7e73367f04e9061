//! Exchanges into rows, Arrow and Parquet, and the floors beneath: copying, and writing a file and syncing it.
#![expect(clippy::unwrap_used, reason = "a bench is its own page")]
use std::fs::File;
use std::io::Write as _;

use divan::counter::{BytesCount, ItemsCount};
use iia_core::Timestamp;
use iia_core::observe::{Exchange, Flow, Outcome, Protocol, Span, Table, Transport, Values};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::{Append as _, Cursor, Siphon as _};
use iia_core::stream::Stream;
use iia_lake::batch::ExchangeBuilder;
use iia_lake::sink::ParquetSink;
use iia_lake::{Lake, Options, ipc, schema};

const ROWS: u32 = 16 * 1024;

fn main() {
    divan::main();
}

fn builder() -> ExchangeBuilder {
    ExchangeBuilder::new(ServiceId::from_bytes([1; 16]))
}

/// A poll of one of a hundred devices.
fn exchange(number: u32) -> Exchange<'static> {
    let [_, _, high, low] = (number % 100).to_be_bytes();
    let flow = Flow {
        orig_h: [10, 1, 0, 10].into(),
        orig_p: 40_000,
        resp_h: [10, 2, high, low].into(),
        resp_p: 502,
        transport: Transport::Tcp,
        vlan: 0,
    };
    Exchange {
        ts: Timestamp::from_ns(1_800_000_000_000_000_000 + i64::from(number) * 40_000),
        flow,
        protocol: Protocol::ModbusTcp,
        outcome: Outcome::Answered,
        transaction: 1,
        unit: 1,
        func: 3,
        read: Some(Span {
            table: Table::HoldingRegister,
            addr: number % 200,
            count: 4,
            values: Values::Words(&[0, 1, 0, 2, 0, 3, 0, 4]),
        }),
        write: None,
        latency_ns: Some(900_000),
    }
}

fn fill(builder: &mut ExchangeBuilder) {
    for number in 0..ROWS {
        builder.append(&exchange(number), Some("iia.contract.device.press"), None);
    }
}

#[divan::bench(sample_count = 20)]
fn rows_to_arrow(bencher: divan::Bencher) {
    let mut builder = builder();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        fill(&mut builder);
        builder.finish_record_batch(Sequence::new(1)).unwrap()
    });
}

#[divan::bench(sample_count = 20)]
fn floor_copy_of_ipc(bencher: divan::Bencher) {
    let mut builder = builder();
    fill(&mut builder);
    let batch = builder.finish(Sequence::new(1)).unwrap();
    bencher
        .counter(BytesCount::new(batch.ipc.len()))
        .counter(ItemsCount::new(ROWS))
        .bench_local(|| batch.ipc.clone());
}

#[divan::bench(sample_count = 20)]
fn arrow_to_ipc(bencher: divan::Bencher) {
    let mut builder = builder();
    fill(&mut builder);
    let rows = builder.finish_record_batch(Sequence::new(1)).unwrap();
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench_local(|| ipc::encode(std::slice::from_ref(&rows)).unwrap());
}

#[divan::bench(sample_count = 20)]
fn arrow_to_parquet(bencher: divan::Bencher) {
    let dir = tempfile::tempdir().unwrap();
    let mut sink = ParquetSink::create(&dir.path().join("o.parquet"), schema::exchange()).unwrap();
    let mut builder = builder();
    fill(&mut builder);
    let rows = builder.finish_record_batch(Sequence::new(1)).unwrap();
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench_local(|| sink.write(&rows).unwrap());
}

#[divan::bench(sample_count = 20)]
fn floor_write_and_sync(bencher: divan::Bencher) {
    let dir = tempfile::tempdir().unwrap();
    let mut builder = builder();
    fill(&mut builder);
    let batch = builder.finish(Sequence::new(1)).unwrap();
    let mut file = File::create(dir.path().join("log")).unwrap();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        file.write_all(&batch.ipc).unwrap();
        file.sync_data().unwrap();
    });
}

#[divan::bench(sample_count = 20)]
fn append_durable(bencher: divan::Bencher) {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = open(dir.path());
    let (mut builder, mut next) = (builder(), 1);
    bencher
        .counter(ItemsCount::new(ROWS))
        .with_inputs(|| {
            fill(&mut builder);
            let batch = builder.finish(Sequence::new(next)).unwrap();
            next += u64::from(ROWS);
            batch
        })
        .bench_local_refs(|batch| lake.append(batch).unwrap());
}

#[divan::bench(sample_count = 20)]
fn siphon_from_parquet(bencher: divan::Bencher) {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = open(dir.path());
    let mut builder = builder();
    fill(&mut builder);
    lake.append(&builder.finish(Sequence::new(1)).unwrap())
        .unwrap();
    lake.seal().unwrap();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        lake.siphon(&Stream::MODBUS, Cursor(0), u64::from(ROWS))
            .unwrap()
    });
}

fn open(dir: &std::path::Path) -> Lake {
    Lake::open(&dir.join("lake"), &dir.join("wal"), Options::default())
        .unwrap()
        .0
}
