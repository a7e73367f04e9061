//! The tamper matrix: each way to forge a log, what finds it, and the first bad record.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use iia_audit::checkpoint::Checkpoint;
use iia_audit::log::{Log, Ratchet};
use iia_audit::seal::SealKey;
use iia_audit::segment::HEADER_ALIGN;
use iia_audit::verify::{Elsewhere, Outcome, verify_against};
use iia_core::time::Clock as _;

/// Records in the log; the peer has seen a head over all of them.
const RECORDS: u64 = 12;

/// A log whose files can be forged, and what is known of it elsewhere.
struct Forged {
    dir: PathBuf,
    older: PathBuf,
    foreign: PathBuf,
}

/// Two logs with the same keys and other records, one of them also as it was half-way.
fn world(place: &Path) -> (Forged, Elsewhere) {
    let forged = Forged {
        dir: place.join("log"),
        older: place.join("older"),
        foreign: place.join("foreign"),
    };
    let (seal_key, head) = write(&forged.dir, "ours", Some(&forged.older));
    write(&forged.foreign, "theirs", None);
    let elsewhere = Elsewhere {
        log: Some(common::policy().log),
        heads: vec![head],
        seal_key: Some(seal_key),
        ..Elsewhere::default()
    };
    (forged, elsewhere)
}

fn write(dir: &Path, text: &str, older: Option<&Path>) -> (SealKey, Checkpoint) {
    // Logs of one box differ by when they began.
    let begun = iia_core::Timestamp::from_secs(1_800_000_000 + text.len() as i64);
    let begun = iia_core::time::ManualClock::new(begun).read();
    let mut log = Log::create(
        &dir.join("audit"),
        &common::policy(),
        &common::key(1),
        begun,
    )
    .unwrap();
    let mut witness = common::witness();
    let (mut ratchet, escrow) = Ratchet::begin(&dir.with_extension("ratchet")).unwrap();
    for half in 0..2 {
        for number in 0..RECORDS / 2 {
            let text = format!("{text} {half} {number}");
            log.append(&[common::event(&text, 0)], common::clock().read())
                .unwrap();
        }
        let note = common::receipt(&mut log, &mut witness, half * RECORDS / 2);
        log.keep_receipt(&note).unwrap();
        log.seal(&mut ratchet).unwrap();
        if let (0, Some(older)) = (half, older) {
            copy(dir, older);
            shorten(older);
        }
    }
    (escrow, log.head())
}

/// Takes away the room that an open log has.
fn shorten(dir: &Path) {
    let segment = dir.join("audit/seg/0000000000000000.iia");
    let mut bytes = fs::read(&segment).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes.truncate((end + 1).next_multiple_of(64));
    fs::write(&segment, bytes).unwrap();
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

impl Forged {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.join("audit").join(name)
    }

    fn edit(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(self.path(name)).unwrap();
        change(&mut bytes);
        fs::write(self.path(name), bytes).unwrap();
    }

    fn segment(&self, change: impl FnOnce(&mut Vec<u8>, &[Range<usize>])) {
        self.edit(SEGMENT, |bytes| {
            let records = records(bytes);
            change(bytes, &records);
        });
    }

    /// Takes a file of the other log.
    fn take(&self, name: &str) {
        fs::copy(self.foreign.join("audit").join(name), self.path(name)).unwrap();
    }

    /// The other log stands where this one stood, apart from what is named.
    fn replace(&self, but: &[&str]) {
        let kept: Vec<_> = but
            .iter()
            .map(|name| (name, fs::read(self.path(name)).unwrap()))
            .collect();
        fs::remove_dir_all(&self.dir).unwrap();
        copy(&self.foreign, &self.dir);
        for (name, bytes) in kept {
            fs::write(self.path(name), bytes).unwrap();
        }
    }
}

const SEGMENT: &str = "seg/0000000000000000.iia";

/// Where the records of a segment lie.
fn records(bytes: &[u8]) -> Vec<Range<usize>> {
    let starts = (HEADER_ALIGN..bytes.len())
        .step_by(64)
        .filter(|at| bytes[*at..].starts_with(b"IAR1"));
    let starts: Vec<usize> = starts.chain([bytes.len()]).collect();
    starts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// A class of forgery: its name, what is done, the file that is named and the first bad record.
type Class = (&'static str, fn(&Forged), &'static str, u64);

const CLASSES: [Class; 28] = [
    (
        "time of a record",
        |log| log.segment(|bytes, at| bytes[at[4].start + 17] ^= 1),
        SEGMENT,
        4,
    ),
    (
        "kind of a record",
        |log| log.segment(|bytes, at| bytes[at[4].start + 40] ^= 1),
        SEGMENT,
        4,
    ),
    (
        "source of a record",
        |log| log.segment(|bytes, at| bytes[at[4].start + 50] ^= 1),
        SEGMENT,
        4,
    ),
    (
        "hash of a record",
        |log| log.segment(|bytes, at| bytes[at[4].start + 100] ^= 1),
        SEGMENT,
        4,
    ),
    (
        "salt of a record",
        |log| log.segment(|bytes, at| bytes[at[4].start + 130] ^= 1),
        SEGMENT,
        4,
    ),
    (
        "body of a record",
        |log| log.segment(|bytes, at| bytes[at[4].start + 160] ^= 1),
        SEGMENT,
        4,
    ),
    (
        "padding of a record",
        |log| log.segment(|bytes, at| bytes[at[4].end - 1] ^= 1),
        SEGMENT,
        4,
    ),
    (
        "a record is deleted",
        |log| log.segment(|bytes, at| drop(bytes.drain(at[4].clone()))),
        SEGMENT,
        4,
    ),
    (
        "a record is doubled",
        |log| {
            log.segment(|bytes, at| {
                let record = bytes[at[4].clone()].to_vec();
                drop(bytes.splice(at[5].start..at[5].start, record));
            })
        },
        SEGMENT,
        5,
    ),
    (
        "two records are swapped",
        |log| log.segment(|bytes, at| bytes[at[4].start..at[5].end].rotate_left(at[4].len())),
        SEGMENT,
        4,
    ),
    (
        "a record of another log is put in",
        |log| {
            let theirs = fs::read(log.foreign.join("audit").join(SEGMENT)).unwrap();
            let record = theirs[records(&theirs)[4].clone()].to_vec();
            log.segment(|bytes, at| drop(bytes.splice(at[4].clone(), record)));
        },
        SEGMENT,
        4,
    ),
    (
        "cut within a record",
        |log| log.segment(|bytes, at| bytes.truncate(at[9].start + 70)),
        SEGMENT,
        9,
    ),
    (
        "cut behind a record",
        |log| log.segment(|bytes, at| bytes.truncate(at[9].start)),
        "seals",
        9,
    ),
    (
        "every record is cut off",
        |log| log.segment(|bytes, _| bytes.truncate(HEADER_ALIGN)),
        "seals",
        0,
    ),
    (
        "something is written behind the last record",
        |log| log.segment(|bytes, _| bytes.extend([0, 0, 0, 1])),
        SEGMENT,
        12,
    ),
    (
        "the segment is deleted",
        |log| fs::remove_file(log.path(SEGMENT)).unwrap(),
        "seals",
        0,
    ),
    (
        "the segment is renamed",
        |log| fs::rename(log.path(SEGMENT), log.path("seg/0000000000000001.iia")).unwrap(),
        "seg/0000000000000001.iia",
        0,
    ),
    (
        "the segment is that of another log",
        |log| log.take(SEGMENT),
        SEGMENT,
        0,
    ),
    (
        "the segment's header says another place",
        |log| log.segment(|bytes, _| bytes[8] ^= 1),
        SEGMENT,
        0,
    ),
    (
        "the beginning is that of another log",
        |log| log.take("genesis"),
        SEGMENT,
        0,
    ),
    (
        "the policy wants no witness",
        |log| {
            log.edit("policy", |bytes| {
                *bytes = String::from_utf8_lossy(bytes)
                    .replace("quorum 1", "quorum 0")
                    .into_bytes()
            })
        },
        "genesis",
        0,
    ),
    (
        "a head is that of another log",
        |log| log.take("heads/0000000000000006"),
        "heads/0000000000000006",
        6,
    ),
    (
        "a receipt is that of another log",
        |log| log.take("receipts/0000000000000006"),
        "receipts/0000000000000006",
        6,
    ),
    (
        "the disk is that of an earlier day, receipts too",
        |log| {
            fs::remove_dir_all(&log.dir).unwrap();
            copy(&log.older, &log.dir);
        },
        "the head seen by the next box up",
        6,
    ),
    (
        "everything is written anew with every key of the box",
        |log| log.replace(&[]),
        "seals",
        6,
    ),
    (
        "everything is written anew and the seals are kept",
        |log| log.replace(&["seals"]),
        "seals",
        6,
    ),
    (
        "a seal is taken out",
        |log| {
            log.edit("seals", |bytes| {
                let line = bytes.iter().position(|byte| *byte == b'\n').unwrap();
                drop(bytes.drain(..=line));
            })
        },
        "seals",
        0,
    ),
    (
        "a file is put beside the log",
        |log| fs::write(log.path("note"), "x").unwrap(),
        "note",
        0,
    ),
];

#[test]
fn every_class_of_forgery_is_found_at_its_first_bad_record() {
    let place = tempfile::tempdir().unwrap();
    let (sound, elsewhere) = world(&place.path().join("sound"));
    let report = verify_against(&sound.dir, &elsewhere);
    assert_eq!((report.outcome(), report.bad), (Outcome::Verified, None));
    let mut table = String::new();
    for (number, (class, forge, file, seq)) in CLASSES.into_iter().enumerate() {
        let forged = Forged {
            dir: place.path().join(number.to_string()),
            older: sound.older.clone(),
            foreign: sound.foreign.clone(),
        };
        copy(&sound.dir, &forged.dir);
        forge(&forged);
        let report = verify_against(&forged.dir, &elsewhere);
        assert_eq!(report.outcome(), Outcome::Failed, "{class}");
        let bad = report.bad.unwrap();
        table += &format!(
            "{class}: record {} in {}: {}\n",
            bad.seq,
            bad.file.display(),
            bad.why
        );
        assert!(bad.file.ends_with(file), "{class}: {bad:?}");
        assert_eq!(bad.seq, seq, "{class}: {bad:?}");
    }
    println!("{table}");
}

/// A log that was forged is not opened for more, except where only an outsider can know.
#[test]
fn a_forged_log_is_not_continued() {
    let place = tempfile::tempdir().unwrap();
    let (sound, _) = world(&place.path().join("sound"));
    let mut refused = 0;
    for (number, (_, forge, file, _)) in CLASSES.into_iter().enumerate() {
        let forged = Forged {
            dir: place.path().join(number.to_string()),
            older: sound.older.clone(),
            foreign: sound.foreign.clone(),
        };
        copy(&sound.dir, &forged.dir);
        forge(&forged);
        refused +=
            usize::from(file.starts_with("seg/") && Log::open(&forged.dir.join("audit")).is_err());
    }
    // A torn end is what a crash leaves, and put aside: cut within a record, and something behind the last one.
    assert!(refused >= 13, "{refused}");
}
