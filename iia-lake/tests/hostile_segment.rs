//! A segment that somebody made: evidence is read by whoever was given it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use iia_core::observe::{Conn, Flow, Protocol, Transport};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::{Append as _, Cursor, Siphon as _};
use iia_core::stream::Stream;
use iia_lake::batch::ConnBuilder;
use iia_lake::{Lake, LakeError, Options};

fn open(dir: &Path) -> Result<Lake, LakeError> {
    let (lake, _) = Lake::open(&dir.join("l"), &dir.join("w"), Options::default())?;
    Ok(lake)
}

/// A lake of one segment; its bytes.
fn sealed(dir: &Path) -> Vec<u8> {
    let mut builder = ConnBuilder::new(ServiceId::default());
    let ts = iia_core::Timestamp::from_secs(1);
    for orig_p in 1..4 {
        let (orig_h, resp_h) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let (resp_p, transport, vlan) = (502, Transport::Tcp, 0);
        let flow = Flow {
            orig_h,
            orig_p,
            resp_h,
            resp_p,
            transport,
            vlan,
        };
        let (orig_pkts, resp_pkts, orig_bytes, resp_bytes, missed_bytes) = (1, 1, 2, 2, 0);
        let (last, protocol) = (ts, Protocol::Unknown);
        let conn = Conn {
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
        builder.append(&conn, None, None);
    }
    let mut lake = open(dir).unwrap();
    lake.append(&builder.finish(Sequence::new(1)).unwrap())
        .unwrap();
    lake.seal().unwrap();
    fs::read(segment(dir)).unwrap()
}

fn segment(dir: &Path) -> std::path::PathBuf {
    dir.join("l/ot.acs.conn/0000000000000000.parquet")
}

/// A description at the end of a file of nothing else.
fn described(footer: &[u8]) -> Vec<u8> {
    let len = u32::try_from(footer.len()).unwrap();
    [b"PAR1", footer, &len.to_le_bytes(), b"PAR1"].concat()
}

#[test]
fn a_description_that_states_more_than_any_machine_holds_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    sealed(dir.path());
    // Version 1; a root with one child and the child; 1 row.
    let schema = [
        0x15, 2, 0x19, 0x2c, 0x48, 1, b'r', 0x15, 2, 0, 0x15, 2, 0x25, 0, 0x18, 1, b'a', 0,
    ];
    let whole = [0xff, 0xff, 0xff, 0xff, 0x07];
    // As many row groups as a number holds, as many words, a root with as many children, a list within structures.
    let groups = [&schema[..], &[0x16, 2, 0x19, 0xfc], &whole].concat();
    let words = [&schema[..], &[0x16, 2, 0x29, 0xfc], &whole].concat();
    let mut children = schema.to_vec();
    children.splice(8..9, [0xfe, 0xff, 0xff, 0xff, 0x0f]);
    let deep = vec![0x1c; 10_000];
    let elements = [&[0x15, 2, 0x19, 0xfc][..], &whole].concat();
    // The list of the schema is said to be a truth value, which takes no room.
    let mut other = groups.clone();
    other.splice(2..3, [0x11]);
    for footer in [groups, words, children, deep, elements, other, Vec::new()] {
        fs::write(segment(dir.path()), described(&footer)).unwrap();
        let refused = open(dir.path());
        assert!(
            matches!(refused, Err(LakeError::BadSegment { .. })),
            "{footer:x?}"
        );
    }
    for bytes in [&b""[..], b"PAR1", b"PAR1PAR1", b"PAR1\xff\xff\xff\xffPAR1"] {
        fs::write(segment(dir.path()), bytes).unwrap();
        assert!(open(dir.path()).is_err(), "{bytes:x?}");
    }
}

#[test]
fn bent_and_cut_segments_never_bring_the_reader_down() {
    let dir = tempfile::tempdir().unwrap();
    let good = sealed(dir.path());
    std::panic::set_hook(Box::new(|_| {}));
    let mut read = 0;
    for byte in (0..good.len()).step_by(3) {
        let mut bent = good.clone();
        *bent.get_mut(byte).unwrap() ^= 1 << (byte % 8);
        let cut = good.get(..byte).unwrap().to_vec();
        for bytes in [bent, cut] {
            fs::write(segment(dir.path()), bytes).unwrap();
            let Ok(lake) = open(dir.path()) else {
                continue;
            };
            let drawn = lake.siphon(&Stream::CONN, Cursor(0), 10);
            read += u64::from(drawn.is_ok_and(|drawn| drawn.rows > 0));
        }
    }
    drop(std::panic::take_hook());
    // Digests are the chain's to check: some changes are of values.
    assert!(
        read > 0 && read < good.len() as u64,
        "{read} of {}",
        good.len()
    );
}
