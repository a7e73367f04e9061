//! Records of a segment. The chain key follows from the log's public id, so whoever writes the disk can make hashes
//! that fit: the body makes them too, and what then reads as a record must be the only bytes of that record.

use iia_audit::body::View;
use iia_audit::frame::Body;
use iia_audit::frame::{self, ENVELOPE_LEN, HEAD_LEN, SALT_LEN};
use iia_audit::segment::{Header, Place, Reader, Sources};
use iia_audit::tile::{self, Tile};
use iia_core::canon;
use iia_core::digest::{Context, Digest, Hasher};

use crate::input::Input;

/// The first byte says how much of the input is made to fit.
pub fn record(data: &[u8]) {
    let mut input = Input(data);
    let log_id = Digest::of(Context::File, b"fuzz");
    let header = Header::genesis(log_id);
    let mut segment = header.encode().unwrap_or_default();
    match input.byte() % 3 {
        0 => segment.extend_from_slice(input.0),
        1 => fitted(&mut segment, input, &frame::log_key(&log_id)),
        _ => segment = input.0.to_vec(),
    }
    let _any = Header::decode(input.0);
    read(&segment, &header.place());
    batches(&segment, &header.place());
}

/// Envelopes and bodies from the input, with commitments and links made right.
fn fitted(segment: &mut Vec<u8>, mut input: Input<'_>, key: &[u8; 32]) {
    let mut before = Digest::ZERO;
    while !input.is_empty() && segment.len() < 16 * 1024 {
        let mut envelope = input.array::<ENVELOPE_LEN>();
        let tail = input.piece();
        envelope[64..].copy_from_slice(Digest::of(Context::AuditBody, tail).as_bytes());
        let hash = Hasher::keyed(key)
            .update(before.as_bytes())
            .update(&envelope)
            .finish();
        segment.extend_from_slice(&envelope);
        segment.extend_from_slice(hash.as_bytes());
        segment.extend_from_slice(tail);
        before = hash;
    }
}

/// Read side by side, a segment is what it is one by one: the same records, then the same end.
fn batches(segment: &[u8], place: &Place) {
    let (Ok(mut one), Ok(mut many)) = (Reader::open(segment, place), Reader::open(segment, place))
    else {
        return;
    };
    let mut sources = Sources::default();
    loop {
        let batch = many.batch(&mut sources);
        let records = batch.as_deref().unwrap_or_default();
        for checked in records {
            let record = one.read().unwrap().unwrap();
            assert_eq!(checked.to_record(), record);
            assert_eq!(checked.offset() + record.len, one.offset);
        }
        match batch {
            Ok(records) if records.is_empty() => {
                assert_eq!(one.read(), Ok(None));
                break;
            }
            Ok(_) => {}
            Err(error) => {
                assert_eq!(one.read(), Err(error));
                break;
            }
        }
    }
    assert_eq!((one.offset, one.next), (many.offset, many.next));
}

/// A body read where it lies is the body that the general decoder reads, and refused where that refuses it.
pub fn body(data: &[u8]) {
    let theirs = canon::decode::<Body>(data).ok();
    let theirs = theirs.filter(|body| body.event.check().is_ok());
    assert_eq!(View::parse(data).map(|view| view.to_body()), theirs);
}

/// One path for one tile.
pub fn tile(data: &[u8]) {
    let Some(tile) = std::str::from_utf8(data).ok().and_then(Tile::parse) else {
        return;
    };
    assert_eq!(tile.path().as_bytes(), data);
    assert!((1..=tile::WIDTH).contains(&tile.width) && tile.end().is_some());
}

fn read(segment: &[u8], place: &Place) {
    let Ok(mut reader) = Reader::open(segment, place) else {
        return;
    };
    let key = frame::log_key(&place.log_id);
    loop {
        let (from, before, seq) = (reader.offset, reader.before, reader.next);
        let record = match reader.read() {
            Ok(Some(record)) => record,
            Ok(None) => return assert!(segment[reader.offset..].iter().all(|byte| *byte == 0)),
            Err(_) => {
                let _damaged = !reader.is_torn();
                return assert_eq!((reader.offset, reader.next), (from, seq));
            }
        };
        let bytes = &segment[from..reader.offset];
        let salt: [u8; SALT_LEN] = core::array::from_fn(|at| bytes[HEAD_LEN - SALT_LEN + at]);
        let mut again = Vec::new();
        let hash = frame::encode(
            &mut again,
            (&key, &before),
            seq,
            (record.written, salt),
            &record.body,
        );
        assert_eq!((hash, again.as_slice()), (Ok(record.hash), bytes));
        assert_eq!((record.seq, record.len), (seq, bytes.len()));
        assert!(canon::encode(&record.body).len() <= frame::BODY_MAX);
        assert!(!record.to_line().contains('\n'));
    }
}
