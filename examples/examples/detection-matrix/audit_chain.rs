//! `ot.attestation.audit_chain`: a real log on disk, a real witness at the next box up, and a thief of the disk and the key.
//!
//! Time is injected: the observer hears the witness and reads the disk once after the act, and then waits as long as it does.

use std::error::Error;
use std::fs;
use std::path::Path;

use iia_attest::audit_chain::{GRACE_NS, Seen, Shown};
use iia_audit::log::Log;
use iia_core::finding::{Conclusion, Finding};
use iia_core::time::Clock as _;
use plant::Plant;

use super::{Outcome, clean};

#[expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "shared with tests"
)]
#[allow(dead_code, reason = "shared with tests, which use all of it")]
#[path = "../../../iia-attest/tests/audit_chain/plant.rs"]
mod plant;

const RECORDS: u64 = 40;
/// Seconds that are waited for a finding: more than a head may take.
const WAIT_SECS: i64 = 300 + GRACE_NS / 1_000_000_000;

/// Does it once; nothing where this is no fault of this stream.
pub(crate) fn run(done: &str) -> Result<Option<Outcome>, Box<dyn Error>> {
    let mut plant = Plant::new(RECORDS);
    let order: Option<Vec<usize>> = match done {
        "the end of the log is cut off" => Some((0..30).collect()),
        "two records change places" => Some((0..12).chain([13, 12]).chain(14..40).collect()),
        "a record is taken out" => Some((0..40).filter(|at| *at != 17).collect()),
        _ => None,
    };
    match (done, order) {
        (_, Some(order)) => plant::arrange(plant.dir.path(), &order),
        ("a record is edited where it lies", _) => edit(plant.dir.path())?,
        ("the log is taken back, its heads and receipts with it", _) => {
            plant::take_back(plant.dir.path(), 20);
        }
        ("the log is written anew and signed with the stolen key", _) => write_anew(&plant)?,
        ("an older state of the disk is put back", _) => put_back(&mut plant)?,
        ("two histories are signed", _) => fork(&mut plant)?,
        ("no head comes any more", _) => {}
        _ => return Ok(None),
    }
    let acted = plant.now();
    if !matches!(done, "no head comes any more" | "two histories are signed") {
        plant.hear();
        plant.read();
    }
    for _ in 0..WAIT_SECS {
        if let Some(finding) = wrong(&mut plant) {
            return Ok(Some(Outcome::told(acted, plant.now(), finding)));
        }
        plant.wait(1);
    }
    Ok(Some(Outcome::silent()))
}

/// The first finding that is none of peace.
fn wrong(plant: &mut Plant) -> Option<Finding> {
    let mut found = plant.findings().into_iter();
    found.find(|one| one.conclusion != Conclusion::Converge)
}

/// Changes one bit in the middle of a record.
fn edit(dir: &Path) -> Result<(), Box<dyn Error>> {
    let places = plant::places(dir);
    let (from, len) = places.get(20).copied().ok_or("no record 20")?;
    let path = plant::segment(dir);
    let mut bytes = fs::read(&path)?;
    let byte = bytes.get_mut(from + len / 2).ok_or("no such byte")?;
    *byte ^= 1;
    Ok(fs::write(path, bytes)?)
}

/// Half of the log is replaced by another story of the same length, with a head that the log's own key signs.
fn write_anew(plant: &Plant) -> Result<(), Box<dyn Error>> {
    let dir = plant.dir.path();
    plant::take_back(dir, 20);
    let (mut log, ..) = Log::open(&dir.join("audit"))?;
    for number in 0..20 {
        let event = plant::event(&format!("nothing happened {number}"));
        log.append(&[event], plant.clock.read())?;
    }
    log.publish_head(&plant::key(1))?;
    Ok(())
}

/// The next box up gets one history, and the log shows another one of the same length here.
fn fork(plant: &mut Plant) -> Result<(), Box<dyn Error>> {
    let aside = tempfile::tempdir()?;
    plant::copy(plant.dir.path(), aside.path());
    plant.write(5);
    plant.publish();
    plant.look();
    if let Some(early) = wrong(plant) {
        return Err(format!("told before anything was done: {}", early.reason).into());
    }
    let (mut log, ..) = Log::open(&aside.path().join("audit"))?;
    for number in 0..5 {
        let event = plant::event(&format!("all is well {number}"));
        log.append(&[event], plant.clock.read())?;
    }
    let note = log.publish_head(&plant::key(1))?;
    let from = plant.observer.shown();
    let proof = log.consistency(from)?;
    plant.see(Seen::Shown(Shown { note, from, proof }));
    Ok(())
}

fn put_back(plant: &mut Plant) -> Result<(), Box<dyn Error>> {
    let old = tempfile::tempdir()?;
    let audit = plant.dir.path().join("audit");
    plant::copy(&audit, old.path());
    plant.write(10);
    plant.publish();
    plant.look();
    if let Some(early) = wrong(plant) {
        return Err(format!("told before anything was done: {}", early.reason).into());
    }
    fs::remove_dir_all(&audit)?;
    plant::copy(old.path(), &audit);
    Ok(())
}

/// A day of a log that is written, signed and witnessed each minute, and read as a whole each five.
pub(crate) fn day() -> clean::Row {
    let mut plant = Plant::new(RECORDS);
    let mut found = 0;
    for minute in 0..clean::DAY / 60 {
        plant.write(1);
        plant.publish();
        plant.ask();
        // The next box up is a few seconds later.
        plant.wait(5);
        plant.hear();
        if plant.observer.wanted().is_some() {
            plant.ask();
        }
        if minute % 5 == 4 {
            plant.read();
        }
        plant.wait(55);
        found += clean::wrong(plant.findings());
    }
    let what = "a day of an audit log, a head a minute that a witness signs, read as a whole each five minutes";
    (what, plant.numbers, found)
}
