//! A table: the whole log up to a signed head, as a Parquet file.

use iia_audit::bundle::{Known, Outcome as Said};
use iia_audit::envelope::Shown;
use iia_audit::table::verify;

use super::{Bad, Checked, Form, Outcome, Row};

pub(super) fn check(bytes: &[u8], known: &Known) -> Checked {
    let report = verify(bytes, known, |_| {});
    let cosigned = report.heads.iter();
    let cosigned: Vec<(u64, u64)> = cosigned
        .filter_map(|head| Some((head.size, head.cosigned?)))
        .collect();
    let is_witnessed = cosigned
        .last()
        .is_some_and(|(size, _)| *size == report.records);
    Checked {
        form: Form::Table,
        origin: report.origin.clone(),
        log_id: report.log_id,
        pinned: report.pinned,
        outcome: match report.outcome() {
            Said::Failed => Outcome::Failed,
            _ if is_witnessed => Outcome::Verified,
            _ => Outcome::NotAllWitnessed,
        },
        records: report.records,
        retired: 0,
        told: match &report.bad {
            Some(bad) => bad.seq.unwrap_or(0),
            None => report.records,
        },
        is_rewritten: false,
        missing: 0,
        cosigned,
        signed: report.heads.last().map_or(0, |head| head.size),
        seals: 0,
        sealed: None,
        hidden: Vec::new(),
        bad: report.bad.map(|bad| Bad {
            // What is wrong with the whole file is found at its end: no row of it is to be relied upon.
            seq: bad.seq.unwrap_or(0),
            file: bad.entry,
            offset: bad.offset as u64,
            why: bad.why,
        }),
    }
}

/// Gives the records below `end`; of a table that was verified.
pub(super) fn each(bytes: &[u8], end: u64, take: &mut dyn FnMut(&Row<'_>)) {
    let _verified_before = verify(bytes, &Known::default(), |one: &Shown| {
        if one.seq() < end {
            take(&Row {
                seq: one.seq(),
                written: one.written(),
                hash: one.hash(),
                kind: one.kind(),
                record: one.whole(),
                file: "rows",
                offset: one.seq(),
            });
        }
    });
}
