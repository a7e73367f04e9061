//! The lake's untrusted inputs: rows of a peer, and a write-ahead log and segments found on disk.

use std::path::Path;

use iia_core::digest::{Context, Hasher};
use iia_core::record::ServiceId;
use iia_core::store::{Append as _, Batch, Cursor, Siphon as _};
use iia_core::stream::Stream;
use iia_lake::{Lake, Options, ipc as rows};

use crate::input::Input;

/// Rows that decode are within the limits, and the same rows after a round trip.
pub fn ipc(data: &[u8]) {
    let Ok((schema, batches)) = rows::decode(data) else {
        return;
    };
    let count =
        |batches: &[arrow_array::RecordBatch]| batches.iter().map(|b| b.num_rows()).sum::<usize>();
    assert!(count(&batches) as u64 <= rows::ROWS_MAX && schema.fields().len() <= rows::COLUMNS_MAX);
    let Ok(again) = rows::encode(&batches) else {
        return;
    };
    match rows::decode(&again) {
        Ok((_, got)) => assert_eq!(count(&got), count(&batches)),
        Err(error) => assert!(batches.is_empty(), "{error}"),
    }
}

const SERVICE: ServiceId = ServiceId::from_bytes([5; 16]);

/// A log of frames, some with a digest that fits: opening recovers or refuses, and what was recovered can be read,
/// appended to, sealed and opened again with the same number of rows.
pub fn wal(data: &[u8]) {
    let mut input = Input(data);
    let log = if input.byte().is_multiple_of(4) {
        input.0.to_vec()
    } else {
        frames(input)
    };
    let Ok(dir) = tempfile::tempdir_in(memory()) else {
        return;
    };
    let path = dir.path().join("wal/ot.acs.modbus-0000000000000000.wal");
    let written =
        std::fs::create_dir(dir.path().join("wal")).and_then(|()| std::fs::write(&path, &log));
    assert!(written.is_ok());
    let open = || {
        Lake::open(
            &dir.path().join("lake"),
            &dir.path().join("wal"),
            Options::default(),
        )
    };
    let Ok((lake, recovery)) = open() else {
        // What is torn at its end may lie beside it by now; the rest stays as it was.
        let left = std::fs::read(&path).unwrap_or_default();
        return assert!(log.starts_with(&left) && log.is_empty() == left.is_empty());
    };
    let torn: u64 = recovery.torn.iter().map(|torn| torn.bytes).sum();
    assert!(torn <= log.len() as u64);
    let (found, mark) = (recovery.open_rows, lake.watermark(&Stream::MODBUS, SERVICE));
    assert_eq!((lake.rows(&Stream::MODBUS), drawn(&lake)), (found, found));
    drop(lake);
    let Ok((mut lake, again)) = open() else {
        panic!("a recovered log does not open again");
    };
    assert_eq!((again.open_rows, again.torn.len()), (found, 0));
    assert_eq!(lake.watermark(&Stream::MODBUS, SERVICE), mark);
    let append = mark.next().ok().map(|first| Batch {
        stream: Stream::MODBUS,
        service: SERVICE,
        first,
        rows: 1,
        ipc: good(),
    });
    let more = append.is_some_and(|batch| lake.append(&batch).is_ok());
    let sealed = lake.seal();
    assert!(sealed.is_ok(), "{sealed:?}");
    assert_eq!(drawn(&lake), found + u64::from(more));
}

/// Any bytes as a segment, or a description at the end of nothing: it is refused, or what it states can be asked for.
pub fn segment(data: &[u8]) {
    let mut input = Input(data);
    let bytes = match input.byte() & 1 {
        0 => input.0.to_vec(),
        _ => {
            let len = (input.0.len() as u32).to_le_bytes();
            [b"PAR1", input.0, &len, b"PAR1"].concat()
        }
    };
    let Ok(dir) = tempfile::tempdir_in(memory()) else {
        return;
    };
    let stream = dir.path().join("lake/ot.acs.conn");
    let path = stream.join("0000000000000000.parquet");
    let written = std::fs::create_dir_all(&stream).and_then(|()| std::fs::write(&path, &bytes));
    assert!(written.is_ok());
    let (lake, wal) = (dir.path().join("lake"), dir.path().join("wal"));
    if let Ok((lake, _)) = Lake::open(&lake, &wal, Options::default()) {
        let _rows_or_a_reason = lake.siphon(&Stream::CONN, Cursor(0), ROWS_ASKED);
    }
}

/// Rows that are asked for of a segment.
const ROWS_ASKED: u64 = 100;

fn drawn(lake: &Lake) -> u64 {
    let (mut cursor, mut rows) = (Cursor(0), 0);
    loop {
        match lake.siphon(&Stream::MODBUS, cursor, u64::MAX) {
            Ok(drawn) if drawn.rows == 0 => return rows,
            Ok(drawn) => (cursor, rows) = (drawn.next, rows + drawn.rows),
            Err(error) => panic!("{error}"),
        }
    }
}

/// One exchange as rows.
pub fn good() -> Vec<u8> {
    use iia_core::observe::{Conn, Flow, Protocol, Transport};
    let mut builder = iia_lake::batch::ConnBuilder::new(SERVICE);
    let flow = Flow {
        orig_h: [10, 0, 0, 1].into(),
        orig_p: 1,
        resp_h: [10, 0, 0, 2].into(),
        resp_p: 502,
        transport: Transport::Tcp,
        vlan: 0,
    };
    let ts = iia_core::Timestamp::from_secs(1);
    let conn = Conn {
        ts,
        last: ts,
        flow,
        protocol: Protocol::Unknown,
        orig_pkts: 1,
        resp_pkts: 1,
        orig_bytes: 2,
        resp_bytes: 2,
        missed_bytes: 0,
    };
    builder.append(&conn, None, None);
    let batch = builder.finish(iia_core::record::Sequence::new(1));
    batch.map(|batch| batch.ipc).unwrap_or_default()
}

/// Frames whose numbers come from the input and whose digest is right, and junk between them.
fn frames(mut input: Input<'_>) -> Vec<u8> {
    let good = good();
    let mut log = Vec::new();
    while !input.is_empty() && log.len() < 64 * 1024 {
        let kind = input.byte();
        if kind % 8 == 7 {
            log.extend_from_slice(input.piece());
            continue;
        }
        let ipc = if kind & 1 == 0 {
            good.as_slice()
        } else {
            input.piece()
        };
        let (mut first, mut rows) = (u64::from(input.byte()), 1);
        if kind & 2 == 2 {
            (first, rows) = (input.u64(), input.u64());
        }
        let mut head = b"IAW1".to_vec();
        head.extend_from_slice(&(ipc.len() as u32).to_le_bytes());
        head.extend_from_slice(SERVICE.as_bytes());
        head.extend_from_slice(&first.to_le_bytes());
        head.extend_from_slice(&rows.to_le_bytes());
        let digest = Hasher::new(Context::LakeFrame)
            .update(&head)
            .update(ipc)
            .finish();
        log.extend_from_slice(&head);
        log.extend_from_slice(digest.as_bytes());
        log.extend_from_slice(ipc);
    }
    log
}

/// A directory in memory where there is one: syncs cost nothing there.
fn memory() -> &'static Path {
    let shm = Path::new("/dev/shm");
    if shm.is_dir() { shm } else { Path::new("/tmp") }
}
