//! Tables: bytes that are none, a sound one with bytes changed, and one with rows and words changed and written again.

use std::sync::LazyLock;

use iia_audit::bundle::{Outcome, Show};
use iia_audit::envelope::Shown;
use iia_audit::table::{Cell, Report, Writer, make, read, verify};

use super::bundle::{known, log_in};
use crate::input::Input;

const EDITS_MAX: usize = 6;

type Rows = Vec<Vec<Cell>>;
type Words = Vec<(String, String)>;

/// A sound table: its bytes, rows and words, and what it shows.
struct Sound {
    bytes: Vec<u8>,
    rows: Rows,
    words: Words,
    shown: Vec<Shown>,
}

static SOUND: LazyLock<Sound> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a temporary directory");
    log_in(dir.path()).expect("a log in it");
    let mut bytes = Vec::new();
    let show = |seq| if seq == 3 { Show::Bare } else { Show::Whole };
    let made = make(
        dir.path(),
        |record| show(record.seq),
        |piece| {
            bytes.extend_from_slice(piece);
        },
    );
    made.expect("a table");
    let (mut rows, mut shown) = (Vec::new(), Vec::new());
    let table = read(&bytes).expect("a description");
    let words = table.words.clone();
    let all = table.rows(|row| {
        rows.push(row.to_vec());
        Ok(())
    });
    all.expect("rows");
    let report = verify(&bytes, &known(), |one| shown.push(one.clone()));
    assert_eq!(report.outcome(), Outcome::ProvenAndWitnessed);
    Sound {
        bytes,
        rows,
        words,
        shown,
    }
});

/// Nothing but the sound table verifies; of one that is written again, every record is one of the log.
pub fn table(data: &[u8]) {
    let mut input = Input(data);
    match input.byte() % 3 {
        0 => drop(judge(input.0)),
        1 => bytes(&mut input),
        _ => cells(&mut input),
    }
}

fn judge(bytes: &[u8]) -> (Report, Vec<Shown>) {
    let mut shown = Vec::new();
    let report = verify(bytes, &known(), |one| shown.push(one.clone()));
    (report, shown)
}

fn bytes(input: &mut Input<'_>) {
    let mut bytes = SOUND.bytes.clone();
    for _ in 0..usize::from(input.byte()) % EDITS_MAX {
        let (what, value) = (input.byte(), input.byte());
        let at = usize::from(u16::from_le_bytes(input.array())) % bytes.len().max(1);
        match what % 4 {
            0 => bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte ^= value),
            1 => bytes.insert(at.min(bytes.len()), value),
            2 => bytes.truncate(at),
            _ => drop(bytes.drain(at..(at + usize::from(value)).min(bytes.len()))),
        }
    }
    let (report, _) = judge(&bytes);
    assert_eq!(report.bad.is_none(), bytes == SOUND.bytes);
}

fn cells(input: &mut Input<'_>) {
    let (mut rows, mut words) = (SOUND.rows.clone(), SOUND.words.clone());
    for _ in 0..usize::from(input.byte()) % EDITS_MAX {
        edit(&mut rows, &mut words, input);
    }
    let mut bytes = Vec::new();
    let mut writer = Writer::new(|piece: &[u8]| bytes.extend_from_slice(piece));
    if rows.iter().try_for_each(|row| writer.push(row)).is_err() {
        return;
    }
    writer.finish(&words);
    let (report, shown) = judge(&bytes);
    let same = rows == SOUND.rows && words == SOUND.words;
    assert!(!same || report.bad.is_none());
    if report.outcome() != Outcome::Failed {
        let hashes = SOUND.shown.iter().map(|one| (one.seq(), one.hash()));
        assert!(shown.iter().map(|one| (one.seq(), one.hash())).eq(hashes));
        let whole = shown.iter().filter(|one| one.whole().is_some());
        assert!(whole.into_iter().all(|one| SOUND.shown.contains(one)));
    }
}

fn edit(rows: &mut Rows, words: &mut Words, input: &mut Input<'_>) {
    let (what, which, column, value) = (input.byte(), input.byte(), input.byte(), input.byte());
    let at = usize::from(which) % rows.len().max(1);
    let other = usize::from(value) % rows.len().max(1);
    let word = usize::from(which) % words.len().max(1);
    match what % 7 {
        0 if !rows.is_empty() => drop(rows.remove(at)),
        1 if !rows.is_empty() => rows.swap(at, other),
        2 if !words.is_empty() => drop(words.remove(word)),
        3 => words.insert(word, (format!("w{value}"), String::new())),
        4 => words.iter_mut().skip(word).take(1).for_each(|(_, text)| {
            let _last = text.pop();
        }),
        _ => {
            let cells = rows.iter_mut().skip(at).take(1).flatten();
            cells
                .skip(usize::from(column) % 14)
                .take(1)
                .for_each(|cell| change(cell, what, value));
        }
    }
}

fn change(cell: &mut Cell, what: u8, value: u8) {
    match cell {
        _ if what & 0x80 != 0 => *cell = Cell::Empty,
        Cell::Number(number) => *number ^= u64::from(value) << (what & 0x38),
        Cell::Bytes(bytes) => {
            let at = usize::from(what) % bytes.len().max(1);
            bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte ^= value);
        }
        Cell::Empty => *cell = Cell::Number(value.into()),
    }
}
