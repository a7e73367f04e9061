//! Rings of captures: files that nobody closed, and proofs of slices.

use iia_capture::ring::{FILE_LEN_MIN, Limits, Ring, Slice, verify};
use iia_core::Timestamp;

use crate::input::Input;

/// A file of any bytes is sealed as far as it is whole, and a slice of everything proves just that; a proof of any text reads
/// back as it was, and proves nothing that is not there.
pub fn ring(data: &[u8]) {
    let mut input = Input(data);
    match input.byte() % 2 {
        0 => file(input.0),
        _ => proof(input.0),
    }
}

fn file(bytes: &[u8]) {
    let limits = Limits {
        file_len: FILE_LEN_MIN,
        file_ns: i64::MAX,
        files: 4,
        total_len: 2 * FILE_LEN_MIN,
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("000000000007.pcapng");
    std::fs::write(&path, bytes).expect("a file");
    let mut ring = Ring::open(folder.path(), limits).expect("a ring");
    let Some(seal) = ring.poll_sealed() else {
        return assert!(!path.exists());
    };
    assert!(seal.recovered && seal.packets > 0 && seal.number == 7);
    let kept = std::fs::read(&path).expect("what is left");
    assert_eq!(kept.len() as u64, seal.len);
    assert!(bytes.starts_with(&kept));
    let mut cut = Vec::new();
    let range = (Timestamp::from_ns(i64::MIN), Timestamp::from_ns(i64::MAX));
    let slice = ring.slice(range, &mut cut).expect("a slice");
    // Nothing is at the very end of time.
    if seal.span.last < i64::MAX {
        assert_eq!(cut, kept);
        let verified = verify(&cut, &slice).expect("a proof");
        assert_eq!((verified.packets, verified.around), (seal.packets, 0));
        assert_eq!(verified.seals, [seal.digest()]);
    }
    drop(ring);
    let again = Ring::open(folder.path(), limits).expect("the same ring");
    assert_eq!(again.seals().copied().collect::<Vec<_>>(), [seal]);
}

fn proof(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (text, data) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(slice) = Slice::from_json(text) else {
        return;
    };
    assert_eq!(Slice::from_json(&slice.to_json()).ok(), Some(slice.clone()));
    let verified = verify(data.as_bytes(), &slice);
    assert_eq!(verified.is_ok(), slice.parts.is_empty() && data.is_empty());
}
