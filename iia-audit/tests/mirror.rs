//! A mirror stores nothing that it has not verified, signs for nothing that it has not stored, and loses nothing.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::fs;
use std::path::Path;

use common::{MIRROR, create_mirrored, event, key, mirror_key, policy};
use iia_audit::AuditError;
use iia_audit::chunk::{Chunk, Position};
use iia_audit::log::{Assembler, Carousel, Log, Mirror};
use iia_audit::verify::{Elsewhere, Outcome, verify_log};
use iia_core::time::Clock as _;

/// A log of several segments.
fn log(dir: &Path, records: usize, with: &str) -> Log {
    let log = create_mirrored(dir).with_segment_len(16 * 1024);
    grown(log, records, with)
}

fn grown(mut log: Log, records: usize, with: &str) -> Log {
    let text = |number: usize| format!("{with}{}", "x".repeat(number * 37 % 500));
    let events: Vec<_> = (0..records).map(|number| event(&text(number), 0)).collect();
    for batch in events.chunks(12) {
        log.append(batch, common::clock().read()).unwrap();
    }
    log
}

fn mirror(of: &Path, at: &Path) -> Mirror {
    let text = |name: &str| fs::read_to_string(of.join("audit").join(name)).unwrap();
    Mirror::create(
        &at.join("audit"),
        (&text("genesis"), &text("policy")),
        &policy().log,
    )
    .unwrap()
}

fn follow(log: &Log, mirror: &mut Mirror) -> usize {
    let mut chunks = 0;
    while let Some(chunk) = log.chunk(mirror.position()).unwrap() {
        assert_eq!(mirror.take(&chunk).unwrap(), mirror.position());
        chunks += 1;
    }
    chunks
}

fn same_bytes(log: &Path, mirror: &Path) {
    let names = |dir: &Path| -> Vec<_> {
        let entries = fs::read_dir(dir.join("audit/seg")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(log), names(mirror));
    for name in names(log) {
        let bytes = |dir: &Path| {
            let bytes = fs::read(dir.join("audit/seg").join(&name)).unwrap();
            let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
            bytes[..=end].to_vec()
        };
        assert!(bytes(log) == bytes(mirror), "{name:?}");
    }
}

fn signed(log: &mut Log, mirror: &mut Mirror) -> Result<u64, AuditError> {
    let head = log.publish_head(&key(1)).unwrap();
    let line = mirror.sign(&head, (MIRROR, &mirror_key()), 7)?;
    log.keep_mirrored(&format!("{head}{line}"))
}

#[test]
fn a_mirror_that_comes_and_goes_ends_with_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let (near, far) = (dir.path().join("box"), dir.path().join("site"));
    let mut log = log(&near, 150, "");
    drop(mirror(&near, &far));
    for round in 0..40 {
        let (mut mirror, recovery) = Mirror::open(&far.join("audit")).unwrap();
        assert_eq!(recovery.quarantined, 0);
        // Some rounds end after one chunk, some go to the end of what is there.
        match round % 3 {
            0 => drop(
                mirror
                    .take(&log.chunk(mirror.position()).unwrap().unwrap())
                    .unwrap(),
            ),
            _ => drop(follow(&log, &mut mirror)),
        }
        log = grown(log, round % 7 + 1, "more");
    }
    let (mut mirror, _) = Mirror::open(&far.join("audit")).unwrap();
    follow(&log, &mut mirror);
    assert_eq!(signed(&mut log, &mut mirror).unwrap(), log.size());
    assert_eq!(log.mirrored().unwrap(), log.size());
    same_bytes(&near, &far);
    let elsewhere = Elsewhere {
        log: Some(policy().log),
        ..Elsewhere::default()
    };
    let report = verify_log(&far, &elsewhere);
    assert_ne!(report.outcome(), Outcome::Failed, "{:?}", report.bad);
    assert_eq!((report.records, report.heads), (log.size(), 1));
}

#[test]
fn a_mirror_signs_for_what_it_has_and_for_one_history() {
    let dir = tempfile::tempdir().unwrap();
    let (near, other, far) = (
        dir.path().join("box"),
        dir.path().join("other"),
        dir.path().join("site"),
    );
    let mut one = log(&near, 30, "one");
    let mut mirror = mirror(&near, &far);
    assert_eq!(
        signed(&mut one, &mut mirror),
        Err(AuditError::Stale { size: 0 })
    );
    follow(&one, &mut mirror);
    signed(&mut one, &mut mirror).unwrap();
    // The same log again, from the same beginning, with another history.
    fs::create_dir_all(&other).unwrap();
    copy(&near, &other);
    let first = fs::read_dir(other.join("audit/seg")).unwrap();
    first.for_each(|entry| drop(fs::remove_file(entry.unwrap().path())));
    drop(fs::remove_dir_all(other.join("audit/tile")));
    let mut two = fork(&near, &other);
    for chunk in [Position::default(), mirror.position()] {
        if let Ok(Some(chunk)) = two.chunk(chunk) {
            let before = mirror.size();
            let _refused = mirror.take(&chunk);
            assert_eq!(mirror.size(), before);
        }
    }
    let head = two.publish_head(&key(1)).unwrap();
    let refused = mirror.sign(&head, (MIRROR, &mirror_key()), 7).unwrap_err();
    assert!(matches!(refused, AuditError::Fork { .. }), "{refused}");
    // A mirror that lost its end does not sign for another one that fits what is left.
    let size = mirror.size();
    drop(mirror);
    let segments = fs::read_dir(far.join("audit/seg")).unwrap();
    let mut segments: Vec<_> = segments.map(|entry| entry.unwrap().path()).collect();
    segments.sort();
    let last = segments.pop().unwrap();
    let bytes = fs::read(&last).unwrap();
    fs::write(&last, &bytes[..bytes.len() - 128]).unwrap();
    let (mut mirror, recovery) = Mirror::open(&far.join("audit")).unwrap();
    assert!(recovery.quarantined > 0 && mirror.size() < size);
    let head = one.publish_head(&key(1)).unwrap();
    assert!(mirror.sign(&head, (MIRROR, &mirror_key()), 7).is_err());
    follow(&one, &mut mirror);
    signed(&mut one, &mut mirror).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(fs::copy(&path, to).unwrap()),
        }
    }
}

/// A second log with the first one's genesis and other records.
fn fork(near: &Path, other: &Path) -> Log {
    let segment = "audit/seg/0000000000000000.iia";
    let header = fs::read(near.join(segment)).unwrap()[..4096].to_vec();
    fs::write(other.join(segment), header).unwrap();
    let (log, _) = Log::open(&other.join("audit")).unwrap();
    grown(log.with_segment_len(16 * 1024), 20, "two")
}

#[test]
fn hostile_chunks_store_nothing_that_is_not_of_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let (near, far) = (dir.path().join("box"), dir.path().join("site"));
    let log = log(&near, 60, "");
    let mut mirror = mirror(&near, &far);
    let first = log.chunk(Position::default()).unwrap().unwrap();
    let mut seed = 99_u64;
    for case in 0..300_usize {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let at = usize::try_from(seed >> 40).unwrap() % first.bytes.len();
        let mut bytes = first.bytes.to_vec();
        match case % 3 {
            0 => bytes[at] ^= 1 << (case % 8),
            1 => bytes.truncate(at),
            _ => bytes.splice(at..at, [0xff; 64]).for_each(drop),
        }
        let chunk = Chunk {
            at: first.at,
            bytes: bytes.into(),
        };
        let before = mirror.size();
        let taken = mirror.take(&chunk);
        // What stood before the first bad byte is stored; nothing else is.
        assert!(taken.is_err() || mirror.size() >= before);
        if mirror.size() > 20 {
            drop(mirror);
            fs::remove_dir_all(&far).unwrap();
            mirror = self::mirror(&near, &far);
        }
    }
    let strange = Chunk {
        at: Position {
            segment: 5,
            offset: 9,
        },
        bytes: vec![1; 64].into(),
    };
    assert!(matches!(
        mirror.take(&strange),
        Err(AuditError::OutOfPlace { .. })
    ));
    follow(&log, &mut mirror);
    same_bytes(&near, &far);
    // Nobody who asks for what is not there gets anything.
    for at in [(1, 0), (0, 5), (0, u64::MAX), (u64::MAX, 0)] {
        let (segment, offset) = at;
        assert!(log.chunk(Position { segment, offset }).is_err(), "{at:?}");
    }
}

#[test]
fn across_a_diode_repetition_brings_everything_and_the_far_side_says_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let (near, far) = (dir.path().join("box"), dir.path().join("site"));
    let log = log(&near, 2_000, "");
    let mut carousel = Carousel::new(Position::default());
    let mut far_side = Assembler::new(mirror(&near, &far));
    let (mut seed, mut rounds, mut sent, mut late) = (3_u64, 0, 0, Vec::new());
    while far_side.missing()
        != [iia_audit::log::Missing {
            from: end(&log),
            to: None,
        }]
    {
        let Some(chunk) = carousel.next(&log).unwrap() else {
            rounds += 1;
            assert!(rounds < 200);
            continue;
        };
        sent += 1;
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        match seed >> 61 {
            // Lost.
            0..=3 => continue,
            // Late: it comes after later ones.
            4 | 5 => late.push(chunk),
            // Twice.
            6 => {
                far_side.take(chunk.clone()).unwrap();
                far_side.take(chunk).unwrap();
            }
            _ => drop(far_side.take(chunk).unwrap()),
        }
        if seed >> 59 & 3 == 0 {
            for chunk in std::mem::take(&mut late) {
                far_side.take(chunk).unwrap();
            }
        }
    }
    assert!(rounds > 1 && sent > 30, "{rounds} {sent}");
    assert_eq!(far_side.into_mirror().size(), log.size());
    same_bytes(&near, &far);
}

fn end(log: &Log) -> Position {
    let mut at = Position::default();
    while let Some(chunk) = log.chunk(at).unwrap() {
        at = chunk.end();
    }
    at
}

#[test]
fn of_a_log_that_has_just_begun_a_mirror_lacks_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (near, far) = (dir.path().join("box"), dir.path().join("site"));
    let mut empty = log(&near, 0, "");
    let mut mirror = mirror(&near, &far);
    assert_eq!(empty.chunk(mirror.position()), Ok(None));
    assert_eq!(signed(&mut empty, &mut mirror), Ok(0));
    let log = grown(empty, 1, "one");
    assert_eq!(follow(&log, &mut mirror), 1);
    same_bytes(&near, &far);
}
