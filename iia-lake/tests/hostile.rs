//! Bytes of a peer are never believed.
#![expect(clippy::unwrap_used, reason = "tests")]

use iia_core::observe::{Conn, Flow, Protocol, Transport};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::{Append as _, Batch};
use iia_lake::batch::ConnBuilder;
use iia_lake::{Lake, LakeError, Options, ipc};

fn batch() -> Batch {
    let mut builder = ConnBuilder::new(ServiceId::default());
    let flow = Flow {
        orig_h: [10, 0, 0, 1].into(),
        orig_p: 1,
        resp_h: [10, 0, 0, 2].into(),
        resp_p: 502,
        transport: Transport::Tcp,
        vlan: 0,
    };
    let ts = iia_core::Timestamp::from_secs(1);
    let (orig_pkts, resp_pkts, orig_bytes, resp_bytes, missed_bytes) = (1, 1, 2, 2, 0);
    let protocol = Protocol::Unknown;
    builder.append(
        &Conn {
            ts,
            last: ts,
            flow,
            protocol,
            orig_pkts,
            resp_pkts,
            orig_bytes,
            resp_bytes,
            missed_bytes,
        },
        None,
        None,
    );
    builder.finish(Sequence::new(1)).unwrap()
}

#[test]
fn bent_and_cut_streams_never_bring_the_lake_down() {
    let dir = tempfile::tempdir().unwrap();
    let (mut lake, _) = Lake::open(
        &dir.path().join("l"),
        &dir.path().join("w"),
        Options::default(),
    )
    .unwrap();
    let good = batch();
    std::panic::set_hook(Box::new(|_| {}));
    for byte in 0..good.ipc.len() {
        for bit in [0, 3, 7] {
            let mut bent = good.clone();
            if let Some(byte) = bent.ipc.get_mut(byte) {
                *byte ^= 1 << bit;
            }
            let _refused_or_taken = ipc::decode(&bent.ipc);
        }
        let cut = good.ipc.get(..byte).unwrap().to_vec();
        let _refused = lake.append(&Batch {
            ipc: cut,
            ..good.clone()
        });
    }
    let _ = std::panic::take_hook();
    assert!(lake.append(&good).is_ok());
}

#[test]
fn numbers_that_disagree_with_the_rows_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (mut lake, _) = Lake::open(
        &dir.path().join("l"),
        &dir.path().join("w"),
        Options::default(),
    )
    .unwrap();
    for (first, rows) in [(1, 2), (0, 1), (u64::MAX, 1)] {
        let bad = Batch {
            first: Sequence::new(first),
            rows,
            ..batch()
        };
        assert_eq!(
            lake.append(&bad).unwrap_err().code.to_string(),
            "IIA-LAK-0001",
            "{first} {rows}"
        );
    }
}

#[test]
fn a_batch_over_the_limit_is_refused_before_it_is_read() {
    let too_large = vec![0; ipc::BATCH_LEN_MAX + 1];
    assert!(matches!(
        ipc::decode(&too_large),
        Err(LakeError::TooLarge { unit: "bytes", .. })
    ));
    assert!(matches!(
        ipc::decode(too_large.get(1..).unwrap()),
        Err(LakeError::BadBatch { .. })
    ));
}
