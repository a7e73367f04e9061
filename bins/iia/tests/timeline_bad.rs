//! The timeline of evidence that does not hold: nothing is told that is not proven.
#![expect(clippy::unwrap_used, reason = "tests")]

mod chain;

use std::fs;
use std::path::Path;

use chain::story::{incident, read, violation, written};
use chain::{Chain, segment};
use iia::evidence::Outcome;
use iia::timeline::{Answer, text};

#[test]
fn nothing_is_told_from_the_first_bad_record_on() {
    let dir = tempfile::tempdir().unwrap();
    drop(incident(dir.path()));
    let whole = read(dir.path());
    let path = segment(dir.path());
    let good = fs::read(&path).unwrap();
    for seq in 0..whole.checked.records {
        let mut bent = good.clone();
        let at = chain::offset(dir.path(), seq) + 150;
        bent[at] ^= 1;
        fs::write(&path, &bent).unwrap();
        let timeline = read(dir.path());
        fs::write(&path, &good).unwrap();
        assert_eq!(timeline.checked.outcome, Outcome::Failed);
        assert_eq!(timeline.checked.bad.as_ref().unwrap().seq, seq);
        assert!(timeline.entries.iter().all(|entry| entry.last_seq < seq));
        assert_eq!(timeline.aware.is_some(), seq > 2, "{seq}");
        assert_ne!(timeline.malicious, Answer::No);
        // The head is over all six: nobody can hold it against what is left.
        assert!(
            timeline
                .entries
                .iter()
                .all(|entry| entry.link.vouched == "nobody")
        );
        // Damage inside is not said to be a cut.
        assert_eq!(timeline.checked.missing, 0, "{seq}");
        assert!(text(&timeline).contains(&format!("nothing from record {seq} on is told")));
    }
}

#[test]
fn a_log_that_was_cut_is_missing_records_over_which_a_head_was_signed() {
    let dir = tempfile::tempdir().unwrap();
    drop(incident(dir.path()));
    let path = segment(dir.path());
    let cut = chain::offset(dir.path(), 3);
    let good = fs::read(&path).unwrap();
    fs::write(&path, &good[..cut]).unwrap();
    let timeline = read(dir.path());
    assert_eq!((timeline.checked.records, timeline.checked.missing), (3, 3));
    assert_eq!(timeline.malicious, Answer::Yes);
    assert_eq!(timeline.aware.as_ref().unwrap().link.seq, 2);
    assert!(text(&timeline).contains("3 records behind it missing"));
    // All of it.
    fs::write(&path, &good[..chain::offset(dir.path(), 0)]).unwrap();
    let timeline = read(dir.path());
    assert_eq!((timeline.checked.records, timeline.checked.missing), (0, 6));
    assert_eq!(timeline.malicious, Answer::Yes);
    fs::write(&path, &good[..cut]).unwrap();
    // Whoever also takes away every head leaves a log that looks whole: only the next box up can tell.
    for folder in ["heads", "receipts"] {
        for file in fs::read_dir(dir.path().join("audit").join(folder)).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
    }
    let timeline = read(dir.path());
    assert_eq!(timeline.checked.outcome, Outcome::NotAllWitnessed);
    assert!(text(&timeline).contains("no witness cosigned a head of it"));
}

#[test]
fn a_receipt_vouches_for_no_record_that_it_was_not_held_against() {
    let dir = tempfile::tempdir().unwrap();
    let mut chain = incident(dir.path());
    chain.tell(violation("read coil 7", written(90)));
    chain.tell(violation("read coil 8", written(90)));
    chain.witness();
    drop(chain);
    let path = segment(dir.path());
    let mut bytes = fs::read(&path).unwrap();
    bytes[chain::offset(dir.path(), 7) + 150] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let timeline = read(dir.path());
    let vouched = |seq: u64| {
        let mut entries = timeline.entries.iter();
        entries
            .find(|entry| entry.link.seq == seq)
            .unwrap()
            .link
            .vouched
    };
    // A receipt over six records holds; that over eight does not reach record 6, which may have been written anew.
    assert_eq!(
        [vouched(2), vouched(5), vouched(6)],
        ["witness", "witness", "nobody"]
    );
    assert!(text(&timeline).contains("witnesses had seen the first 6 records"));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).unwrap()),
        }
    }
}

#[test]
fn a_log_written_anew_is_told_up_to_the_last_head_that_fits() {
    let dir = tempfile::tempdir().unwrap();
    let (true_one, forged) = (dir.path().join("true"), dir.path().join("forged"));
    let mut chain = incident(&true_one);
    copy(&true_one, &forged);
    for operation in ["write coil 7", "write coil 8"] {
        chain.tell(violation(operation, written(90)));
    }
    chain.witness();
    drop(chain);
    // Whoever takes the box over writes other records, as many, and keeps the receipts that are known elsewhere.
    let mut chain = Chain::open(&forged);
    for operation in ["read coil 1", "read coil 2"] {
        chain.tell(violation(operation, written(90)));
    }
    drop(chain);
    for folder in ["audit/heads", "audit/receipts"] {
        fs::remove_dir_all(forged.join(folder)).unwrap();
        copy(&true_one.join(folder), &forged.join(folder));
    }
    let told = read(&forged);
    assert_eq!(told.checked.outcome, Outcome::Failed);
    assert_eq!((told.checked.told, told.checked.records), (6, 8));
    assert!(told.checked.is_rewritten && told.checked.missing == 0);
    assert!(
        told.entries
            .iter()
            .all(|entry| entry.link.seq < 6 && entry.link.vouched == "witness")
    );
    let said = text(&told);
    assert!(
        said.contains("nothing from record 6 on is told") && !said.contains("read coil 1"),
        "{said}"
    );
    let why = "records are not those over which a head was signed";
    assert!(
        told.reasons
            .iter()
            .any(|one| one.is_sure && one.words == why)
    );
}
