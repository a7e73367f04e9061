//! The reasons in words, and a finding around them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::issuance::{Issuance, IssuanceError};
use iia_core::stream::Stream;

pub(super) fn finding(
    now: Timestamp,
    clause: &str,
    severity: Severity,
    id: &str,
    reason: String,
) -> Finding {
    Finding {
        ts_ns: now.as_ns(),
        stream: Stream::ATTEST_IDENTITY.as_str().into(),
        conclusion: Conclusion::Diverge,
        severity,
        contract: String::new(),
        clause: clause.into(),
        source: id.into(),
        destination: String::new(),
        operation: String::new(),
        reason,
        evidence: Vec::new(),
    }
}

/// Names a record as evidence.
pub(super) fn evidence(record: &Issuance) -> String {
    format!("issuance#{}", record.seq)
}

pub(super) fn log(error: &IssuanceError) -> String {
    format!("the issuance log was changed: {error}")
}

pub(super) fn no_entry(record: &Issuance) -> String {
    let Issuance { id, serial, .. } = record;
    format!(
        "issuance without an entry: certificate {serial} was given to {id}, which no contract names"
    )
}

pub(super) fn life(record: &Issuance) -> String {
    let seconds = record.not_after_ns.saturating_sub(record.not_before_ns) / 1_000_000_000;
    let Issuance { id, serial, .. } = record;
    format!("certificate {serial} of {id} lives {seconds} s, and an SVID lives one hour at most")
}

pub(super) fn authority(record: &Issuance) -> String {
    let Issuance { id, serial, .. } = record;
    format!("certificate {serial} of {id} is signed by a root that the bundle did not have before")
}

pub(super) fn other(record: &Issuance, before: &str) -> String {
    let named = |digest: &str| match digest {
        "" => String::from("something that nobody admitted"),
        digest => digest.into(),
    };
    let (id, now, before) = (&record.id, named(&record.admitted), named(before));
    format!("{id} was {before} and is {now} now, under one catalog")
}

pub(super) fn back(record: &Issuance) -> String {
    format!("{} has an identity again", record.id)
}

pub(super) fn gone(id: &str) -> String {
    format!("{id} has lost its identity: its last certificate ended and none followed")
}

pub(super) fn unknown(id: &str) -> String {
    format!("a session of {id}, which no contract names")
}

pub(super) fn aside(serial: &str, id: &str) -> String {
    format!(
        "SVID minted aside: a session of {id} has certificate {serial}, and the issuer's log has no such certificate"
    )
}

pub(super) fn swapped(serial: &str, seen: &str, logged: &str) -> String {
    format!(
        "SVID minted aside: a session of {seen} has a certificate with number {serial}, which the issuer's log has for \
             {logged} and with other contents"
    )
}

pub(super) fn after(id: &str) -> String {
    format!("a session of {id}, which was revoked before it began")
}

pub(super) fn kept(id: &str, open: u64) -> String {
    let sessions = if open == 1 { "session" } else { "sessions" };
    format!("{id} was revoked, and {open} {sessions} of it go on")
}

pub(super) fn ended(id: &str) -> String {
    format!("the last session of {id}, which was revoked, has ended")
}

pub(super) fn issued_after(record: &Issuance) -> String {
    let Issuance { id, serial, .. } = record;
    format!("certificate {serial} was given to {id}, which was revoked")
}
