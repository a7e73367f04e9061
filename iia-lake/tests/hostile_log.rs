//! A write-ahead log whose digests are right and whose numbers are not: whoever writes the disk can make one.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use iia_core::Timestamp;
use iia_core::digest::{Context, Hasher};
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::observe::{Conn, Flow, Protocol, Transport};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Batch;
use iia_core::stream::Stream;
use iia_lake::batch::{ConnBuilder, FindingBuilder};
use iia_lake::{Lake, LakeError, Options};

const SERVICE: ServiceId = ServiceId::from_bytes([5; 16]);

fn conn() -> Batch {
    let mut builder = ConnBuilder::new(SERVICE);
    let (orig_h, resp_h) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
    let (orig_p, resp_p, transport, vlan) = (1, 502, Transport::Tcp, 0);
    let flow = Flow {
        orig_h,
        orig_p,
        resp_h,
        resp_p,
        transport,
        vlan,
    };
    let ts = Timestamp::from_secs(1);
    let (orig_pkts, resp_pkts, orig_bytes, resp_bytes, missed_bytes) = (1, 1, 2, 2, 0);
    let (last, protocol) = (ts, Protocol::Unknown);
    let counts = Conn {
        ts,
        last,
        flow,
        protocol,
        orig_pkts,
        resp_pkts,
        orig_bytes,
        resp_bytes,
        missed_bytes,
    };
    builder.append(&counts, None, None);
    builder.finish(Sequence::new(1)).unwrap()
}

fn finding() -> Batch {
    let mut builder = FindingBuilder::new(Stream::CONN, SERVICE);
    let x = || String::from("x");
    builder.append(&Finding {
        ts_ns: 5,
        stream: x(),
        conclusion: Conclusion::Diverge,
        severity: Severity::High,
        contract: x(),
        clause: x(),
        source: x(),
        destination: x(),
        operation: x(),
        reason: x(),
        evidence: vec![x()],
    });
    builder.finish(Sequence::new(2)).unwrap()
}

fn frame(first: u64, rows: u64, ipc: &[u8]) -> Vec<u8> {
    let mut head = b"IAW1".to_vec();
    head.extend_from_slice(&u32::try_from(ipc.len()).unwrap().to_le_bytes());
    head.extend_from_slice(SERVICE.as_bytes());
    head.extend_from_slice(&first.to_le_bytes());
    head.extend_from_slice(&rows.to_le_bytes());
    let digest = Hasher::new(Context::LakeFrame)
        .update(&head)
        .update(ipc)
        .finish();
    [&head, digest.as_bytes().as_slice(), ipc].concat()
}

fn open(dir: &Path, name: &str, log: &[u8]) -> Result<u64, LakeError> {
    fs::create_dir_all(dir.join("wal")).unwrap();
    fs::write(dir.join("wal").join(name), log).unwrap();
    let opened = Lake::open(&dir.join("lake"), &dir.join("wal"), Options::default());
    opened.map(|(lake, _)| lake.rows(&Stream::CONN))
}

const FIRST: &str = "ot.acs.conn-0000000000000000.wal";

#[test]
fn numbers_that_disagree_with_the_rows_are_not_taken_up() {
    let rows = conn().ipc;
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(open(dir.path(), FIRST, &frame(1, 1, &rows)), Ok(1));
    for (first, count) in [
        (1, 0),
        (1, 2),
        (0, 1),
        (0, 0),
        (u64::MAX, 1),
        (1, u64::MAX),
        (1 << 63, 1),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let log = frame(first, count, &rows);
        let got = open(dir.path(), FIRST, &log);
        assert!(
            matches!(got, Err(LakeError::BadBatch { .. })),
            "{first} {count} {got:?}"
        );
        assert_eq!(fs::read(dir.path().join("wal").join(FIRST)).unwrap(), log);
    }
}

#[test]
fn rows_of_two_shapes_are_not_joined() {
    let dir = tempfile::tempdir().unwrap();
    let log = [frame(1, 1, &conn().ipc), frame(2, 1, &finding().ipc)].concat();
    assert!(matches!(
        open(dir.path(), FIRST, &log),
        Err(LakeError::BadBatch { .. })
    ));
}

#[test]
fn a_log_behind_missing_segments_is_not_taken_for_their_rows() {
    let dir = tempfile::tempdir().unwrap();
    let got = open(
        dir.path(),
        "ot.acs.conn-0000000000000007.wal",
        &frame(8, 1, &conn().ipc),
    );
    assert!(matches!(got, Err(LakeError::BadSegment { .. })), "{got:?}");
}

/// Each magic word states a length up to the end: looking at all of them in full takes minutes.
#[test]
fn a_tail_made_to_cost_time_is_damage_and_costs_none() {
    let claim = [&b"IAW1"[..], &3_000_000u32.to_le_bytes(), &[0; 8]].concat();
    let log = claim.repeat(4_000_000 / claim.len());
    let dir = tempfile::tempdir().unwrap();
    let before = std::time::Instant::now();
    let got = open(dir.path(), FIRST, &log);
    assert!(
        matches!(got, Err(LakeError::DamagedInside { at: 0, .. })),
        "{got:?}"
    );
    assert!(before.elapsed().as_secs() < 30);
}

#[test]
fn bytes_behind_the_end_of_a_stream_are_refused() {
    let mut ipc = conn().ipc;
    assert!(iia_lake::ipc::decode(&ipc).is_ok());
    ipc.push(0);
    assert!(matches!(
        iia_lake::ipc::decode(&ipc),
        Err(LakeError::BadBatch { .. })
    ));
}
