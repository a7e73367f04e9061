//! A bundle: chosen records of a log, each proven.

use iia_audit::bundle::{self, Known, Outcome as Said, RUN_HEAD_LEN, Report, tar};
use iia_audit::envelope::{BARE_LEN, Shown};

use super::{Bad, Checked, Form, Outcome, Row};

/// The records of a bundle, and where each starts in the file.
pub(super) struct Bundle {
    shown: Vec<Shown>,
    offsets: Vec<u64>,
}

pub(super) fn check(bytes: &[u8], known: &Known) -> (Checked, Bundle) {
    let mut report = bundle::verify(bytes, known);
    let checked = checked(&report);
    let offsets = offsets(bytes, &report.shown);
    let shown = std::mem::take(&mut report.shown);
    (checked, Bundle { shown, offsets })
}

fn checked(report: &Report) -> Checked {
    let all = report
        .shown
        .iter()
        .all(|one| report.existed_by(one.seq()).is_some());
    let cosigned = report.heads.iter();
    let cosigned = cosigned.filter_map(|head| Some((head.size, head.cosigned?)));
    Checked {
        form: Form::Bundle,
        origin: report.origin.clone(),
        log_id: report.log_id,
        pinned: report.pinned,
        outcome: match report.outcome() {
            Said::Failed => Outcome::Failed,
            _ if all => Outcome::Verified,
            _ => Outcome::NotAllWitnessed,
        },
        records: report.size(),
        retired: 0,
        told: match report.bad {
            Some(_) => 0,
            None => report.size(),
        },
        is_rewritten: false,
        missing: 0,
        cosigned: cosigned.collect(),
        signed: report.size(),
        seals: 0,
        sealed: None,
        hidden: report.gaps(),
        // Nothing in a bundle that does not hold is to be relied upon.
        bad: report.bad.as_ref().map(|bad| Bad {
            seq: 0,
            file: bad.entry.clone(),
            offset: bad.offset as u64,
            why: bad.why.clone(),
        }),
    }
}

/// Where each record starts: one after the other, with a head before each run.
fn offsets(bytes: &[u8], shown: &[Shown]) -> Vec<u64> {
    let entries = tar::read(bytes).unwrap_or_default();
    let records = entries.iter().find(|entry| entry.name == "records");
    let mut at = records.map_or(0, |entry| entry.offset);
    let mut run = None;
    let mut offsets = Vec::with_capacity(shown.len());
    for one in shown {
        let (is_whole, len) = match one {
            Shown::Whole(record) => (true, record.len),
            Shown::Bare(_) => (false, BARE_LEN),
        };
        if run != Some((one.seq(), is_whole)) {
            at += RUN_HEAD_LEN;
        }
        offsets.push(at as u64);
        at += len;
        run = Some((one.seq() + 1, is_whole));
    }
    offsets
}

impl Bundle {
    pub(super) fn each(&self, end: u64, take: &mut dyn FnMut(&Row<'_>)) {
        let rows = self.shown.iter().zip(&self.offsets);
        for (one, offset) in rows.filter(|(one, _)| one.seq() < end) {
            take(&Row {
                seq: one.seq(),
                written: one.written(),
                hash: one.hash(),
                kind: one.kind(),
                record: one.whole(),
                file: "records",
                offset: *offset,
            });
        }
    }
}
