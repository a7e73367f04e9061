//! Rows go in once and come out in order, whatever the batching.
#![expect(clippy::unwrap_used, reason = "tests")]

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use iia_core::Timestamp;
use iia_core::observe::{Conn, Flow, Protocol, Transport};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::{Append as _, Batch, Cursor, Query as _, Range, Siphon as _};
use iia_core::stream::Stream;
use iia_lake::batch::ConnBuilder;
use iia_lake::{Lake, Options, ipc};

const SERVICE: ServiceId = ServiceId::from_bytes([3; 16]);

fn batch(first: u64, rows: u64) -> Batch {
    let mut builder = ConnBuilder::new(SERVICE);
    for number in first..first + rows {
        let ts = Timestamp::from_secs(i64::try_from(number).unwrap());
        let flow = Flow {
            orig_h: [10, 0, 0, 1].into(),
            orig_p: 1,
            resp_h: [10, 0, 0, 2].into(),
            resp_p: 502,
            transport: Transport::Tcp,
            vlan: 0,
        };
        let (orig_pkts, resp_pkts, orig_bytes, resp_bytes, missed_bytes) = (1, 1, 2, 2, 0);
        let protocol = Protocol::Unknown;
        let conn = Conn {
            ts,
            last: ts,
            flow,
            protocol,
            orig_pkts,
            resp_pkts,
            orig_bytes,
            resp_bytes,
            missed_bytes,
        };
        builder.append(&conn, None, Some("why"));
    }
    builder.finish(Sequence::new(first)).unwrap()
}

fn numbers(bytes: &[u8]) -> Vec<i64> {
    let (_, batches) = ipc::decode(bytes).unwrap();
    let column = |batch: &arrow_array::RecordBatch| {
        batch["seq"].as_primitive::<Int64Type>().values().to_vec()
    };
    batches.iter().flat_map(column).collect()
}

fn open(dir: &std::path::Path, open_rows_max: u64) -> Lake {
    Lake::open(
        &dir.join("lake"),
        &dir.join("wal"),
        Options { open_rows_max },
    )
    .unwrap()
    .0
}

#[test]
fn any_batching_repetition_and_restart_gives_the_same_rows() {
    let mut seed = 7u64;
    for round in 0..20 {
        let dir = tempfile::tempdir().unwrap();
        let mut lake = open(dir.path(), 40);
        let (mut sent, total) = (0u64, 200u64);
        while sent < total {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let back = (seed >> 33) % 10;
            let first = (sent + 1).saturating_sub(back).max(1);
            let rows = (1 + (seed >> 40) % 17).min(total + 1 - first);
            let durable = lake.append(&batch(first, rows)).unwrap().as_u64();
            sent = sent.max(first + rows - 1);
            assert_eq!(durable, sent);
            match (seed >> 50) % 9 {
                0 => lake.seal().unwrap(),
                1 => lake = open(dir.path(), 40),
                _ => {}
            }
        }
        let (mut cursor, mut all) = (Cursor(0), Vec::new());
        loop {
            let drawn = lake.siphon(&Stream::CONN, cursor, 1 + round).unwrap();
            if drawn.rows == 0 {
                break;
            }
            all.extend(numbers(&drawn.ipc));
            cursor = drawn.next;
        }
        assert_eq!(all, (1..=200).collect::<Vec<i64>>(), "round {round}");
        assert_eq!(lake.watermark(&Stream::CONN, SERVICE), Sequence::new(200));
        assert_eq!(lake.gaps(), 0);
    }
}

#[test]
fn a_query_is_a_filter() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = open(dir.path(), 1000);
    lake.append(&batch(1, 50)).unwrap();
    lake.seal().unwrap();
    lake.append(&batch(51, 50)).unwrap();
    let ask = |from, to, rows_max| Range {
        stream: Stream::CONN,
        from: Timestamp::from_secs(from),
        to: Timestamp::from_secs(to),
        rows_max,
    };
    for (from, to) in [(0, 200), (10, 20), (45, 60), (51, 51), (101, 300), (-5, 1)] {
        let want: Vec<i64> = (1..=100)
            .filter(|second| (from..to).contains(second))
            .collect();
        let drawn = lake.query(&ask(from, to, 1000)).unwrap();
        let got = if drawn.rows == 0 {
            Vec::new()
        } else {
            numbers(&drawn.ipc)
        };
        assert_eq!((got, drawn.next), (want, Cursor(100)), "{from} {to}");
    }
    assert_eq!(
        numbers(&lake.query(&ask(45, 60, 7)).unwrap().ipc),
        (45..52).collect::<Vec<i64>>()
    );
}

#[test]
fn a_gap_is_accepted_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = open(dir.path(), 1000);
    lake.append(&batch(1, 2)).unwrap();
    lake.append(&batch(6, 1)).unwrap();
    assert_eq!((lake.gaps(), lake.rows(&Stream::CONN)), (3, 3));
}

#[test]
fn the_first_rows_of_a_batch_are_a_batch() {
    let whole = batch(1, 10);
    for (asked, got) in [(0, 0), (1, 1), (7, 7), (10, 10), (11, 10), (u64::MAX, 10)] {
        let first: Vec<i64> = (1..=got).collect();
        assert_eq!(numbers(&ipc::head(&whole.ipc, asked).unwrap()), first);
    }
    assert!(ipc::head(b"nothing", 1).is_err());
    // A lake takes the head, and then the rest of the whole.
    let dir = tempfile::tempdir().unwrap();
    let mut lake = open(dir.path(), 40);
    let part = Batch {
        rows: 7,
        ipc: ipc::head(&whole.ipc, 7).unwrap(),
        ..whole.clone()
    };
    assert_eq!(lake.append(&part).unwrap().as_u64(), 7);
    assert_eq!(lake.append(&whole).unwrap().as_u64(), 10);
    let drawn = lake.siphon(&Stream::CONN, Cursor(0), 100).unwrap();
    assert_eq!(numbers(&drawn.ipc), (1..=10).collect::<Vec<_>>());
}
