//! `ot.attestation.identity`: what the issuer gave out against what the catalog names, and who is seen with what.
//!
//! It reads the issuer's log record by record, the catalog's meaning itself, and the certificates that others see at
//! their sessions. It shares no code with the issuer: a key that was stolen, an issuer that was bent and a log that was
//! mended each show in one of these three not fitting the other two.

mod known;
mod revoked;
mod words;

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use iia_contract::Catalog;
use iia_contract::scope::Terms;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::issuance::Issuance;
use iia_core::time::SECOND_NS;
use iia_core::{Digest, Timestamp};

use crate::correlator::Correlator;
use known::{Certificate, Known};
use words::finding;

pub use known::CERTIFICATES_MAX;
pub use revoked::REVOKED_MAX;
use revoked::Revoked;

/// Identities that are followed at most; those beyond it are counted.
pub const IDENTITIES_MAX: usize = 4096;
/// Sessions that wait for their record at most; beyond it they are counted.
pub const SESSIONS_MAX: usize = 4096;
/// Findings that wait to be taken at most; beyond it the observer says how many it lost.
pub const WAITING_MAX: usize = 8192;
/// Roots at most; those beyond it are not believed.
pub const AUTHORITIES_MAX: usize = 64;
/// How long a session may be ahead of the record of its certificate, in nanoseconds: the log is read in steps.
pub const GRACE_NS: i64 = 10 * SECOND_NS;
/// Longest life that an SVID may have, in nanoseconds (001:355).
const LIFE_MAX_NS: i64 = 3600 * SECOND_NS;

/// What it sees.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Seen {
    /// The next record of the issuance log.
    Issued(Issuance),
    /// A certificate at a session.
    Session {
        /// The SPIFFE ID that it gives.
        id: String,
        /// Its serial number, lower-case hexadecimal.
        serial: String,
        /// The whole certificate, as a digest of `Context::File`.
        certificate: Digest,
    },
    /// A root in the bundle of the own trust domain, as a digest of `Context::File`.
    Published(Digest),
    /// A workload was stopped in order: it renews no more.
    Stopped(String),
    /// A session of another trust domain, whose issuer's log is not here: only its name and its revocation count.
    Guest(String),
    /// A session of this identity has ended.
    Ended(String),
    /// An identity was revoked: it gets nothing more, and what is open with it ends.
    Revoked(String),
}

/// The observer of one issuer.
#[derive(Clone, Debug)]
pub struct Identity {
    named: BTreeSet<String>,
    authorities: BTreeSet<Digest>,
    /// Number and digest of the last record; what was before the first one is not known.
    last: Option<(u64, Digest)>,
    certificates: Known,
    identities: BTreeMap<String, Current>,
    /// Sessions whose certificate no record has yet, by serial number.
    waiting: BTreeMap<String, (Timestamp, String)>,
    revoked: Revoked,
    findings: VecDeque<Finding>,
    lost: u64,
    others: u64,
}

/// The newest certificate of an identity.
#[derive(Clone, Debug)]
struct Current {
    not_after: Timestamp,
    admitted: String,
    ended: bool,
}

impl Identity {
    /// An observer of the issuer of those workloads that the catalog names.
    pub fn new(catalog: &Catalog) -> Self {
        let mut named = BTreeSet::new();
        for contract in catalog.contracts() {
            match &contract.terms {
                Terms::Internal(terms) => {
                    named.insert(terms.source.to_string());
                    named.insert(terms.destination.to_string());
                }
                Terms::Boundary(terms) => {
                    named.insert(terms.publisher.to_string());
                    named.insert(terms.consumer.to_string());
                }
                Terms::Device(terms) => {
                    named.extend(terms.collector.iter().map(ToString::to_string));
                }
                Terms::Inbound(terms) => drop(named.insert(terms.puller.to_string())),
            }
        }
        Self {
            named,
            authorities: BTreeSet::new(),
            last: None,
            certificates: Known::default(),
            identities: BTreeMap::new(),
            waiting: BTreeMap::new(),
            revoked: Revoked::default(),
            findings: VecDeque::new(),
            lost: 0,
            others: 0,
        }
    }

    /// Findings that nobody took in time.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Identities, sessions and revocations that found no room.
    pub const fn others(&self) -> u64 {
        self.others.saturating_add(self.revoked.others())
    }

    fn issued(&mut self, now: Timestamp, record: &Issuance) {
        if let Some(before) = self.last
            && let Err(error) = record.check_after(before)
        {
            self.say(finding(
                now,
                "log",
                Severity::Critical,
                &record.id,
                words::log(&error),
            ));
        }
        self.last = Some((record.seq, record.digest()));
        let wrong = |clause, severity, reason| {
            let mut found = finding(now, clause, severity, &record.id, reason);
            found.evidence.push(words::evidence(record));
            found
        };
        let mut found = Vec::new();
        if !self.named.contains(&record.id) {
            found.push(wrong(
                "contract",
                Severity::Critical,
                words::no_entry(record),
            ));
        }
        if self.revoked.is_revoked(&record.id) {
            let reason = words::issued_after(record);
            found.push(wrong("revoked", Severity::Critical, reason));
        }
        let life = record.not_after_ns.saturating_sub(record.not_before_ns);
        if !(0..=LIFE_MAX_NS).contains(&life) {
            found.push(wrong("life", Severity::High, words::life(record)));
        }
        if !self.authorities.is_empty() && !self.authorities.contains(&record.authority) {
            found.push(wrong(
                "authority",
                Severity::Critical,
                words::authority(record),
            ));
        }
        if let Some(before) = self.identities.get(&record.id)
            && before.admitted != record.admitted
        {
            let reason = words::other(record, &before.admitted);
            found.push(wrong("continuity", Severity::Critical, reason));
        }
        found.into_iter().for_each(|found| self.say(found));
        self.remember(now, record);
    }

    /// Follows the identity, and settles a session that was ahead of its record.
    fn remember(&mut self, now: Timestamp, record: &Issuance) {
        let certificate = Certificate {
            id: record.id.clone(),
            digest: record.certificate,
            not_after: Timestamp::from_ns(record.not_after_ns),
        };
        let not_after = certificate.not_after;
        self.certificates
            .put(record.serial.clone(), certificate, now);
        if let Some((_, id)) = self.waiting.remove(&record.serial)
            && id != record.id
        {
            let reason = words::swapped(&record.serial, &id, &record.id);
            self.say(finding(now, "session", Severity::Critical, &id, reason));
        }
        let current = Current {
            not_after,
            admitted: record.admitted.clone(),
            ended: false,
        };
        let room = self.identities.len() < IDENTITIES_MAX;
        match self.identities.get_mut(&record.id) {
            Some(before) => {
                let back = before.ended;
                *before = current;
                if back {
                    let mut found = finding(
                        now,
                        "continuity",
                        Severity::High,
                        &record.id,
                        words::back(record),
                    );
                    found.conclusion = Conclusion::Converge;
                    self.say(found);
                }
            }
            None if room => drop(self.identities.insert(record.id.clone(), current)),
            None => self.others += 1,
        }
    }

    /// A session begins, of whatever trust domain.
    fn opened(&mut self, now: Timestamp, id: &str) {
        if !self.named.contains(id) {
            let reason = words::unknown(id);
            self.say(finding(now, "session", Severity::Critical, id, reason));
        }
        if self.revoked.opened(now, id) {
            let reason = words::after(id);
            self.say(finding(now, "revoked", Severity::Critical, id, reason));
        }
    }

    fn session(&mut self, now: Timestamp, id: String, serial: String, certificate: Digest) {
        self.opened(now, &id);
        match self.certificates.get(&serial) {
            Some(known) if known.id == id && known.digest == certificate => {}
            Some(known) => {
                let reason = words::swapped(&serial, &id, &known.id);
                self.say(finding(now, "session", Severity::Critical, &id, reason));
            }
            // What has been forgotten for want of room is not accused.
            None if self.certificates.forgotten() > 0 || self.waiting.len() >= SESSIONS_MAX => {
                self.others += 1;
            }
            None => drop(self.waiting.entry(serial).or_insert((now + GRACE_NS, id))),
        }
    }

    fn say(&mut self, found: Finding) {
        if self.findings.len() < WAITING_MAX {
            self.findings.push_back(found);
        } else {
            self.lost += 1;
        }
    }
}

impl Correlator for Identity {
    type Observation = Seen;

    fn handle_observation(&mut self, now: Timestamp, seen: Seen) {
        self.handle_timeout(now);
        match seen {
            Seen::Issued(record) => self.issued(now, &record),
            Seen::Session {
                id,
                serial,
                certificate,
            } => self.session(now, id, serial, certificate),
            Seen::Published(root) if self.authorities.len() < AUTHORITIES_MAX => {
                self.authorities.insert(root);
            }
            Seen::Published(_) => self.others += 1,
            Seen::Stopped(id) => drop(self.identities.remove(&id)),
            Seen::Guest(id) => self.opened(now, &id),
            Seen::Revoked(id) => self.revoked.revoke(now, &id),
            Seen::Ended(id) => {
                if self.revoked.closed(&id) {
                    let reason = words::ended(&id);
                    let mut found = finding(now, "revoked", Severity::High, &id, reason);
                    found.conclusion = Conclusion::Converge;
                    self.say(found);
                }
            }
        }
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        let late = |(due, _): &(Timestamp, String)| now >= *due;
        let aside: Vec<String> = {
            let late = self.waiting.iter().filter(|(_, one)| late(one));
            late.map(|(serial, _)| serial.clone()).collect()
        };
        for serial in aside {
            if let Some((due, id)) = self.waiting.remove(&serial) {
                let reason = words::aside(&serial, &id);
                self.say(finding(due, "session", Severity::Critical, &id, reason));
            }
        }
        for (due, id, open) in self.revoked.due(now) {
            let reason = words::kept(&id, open);
            self.say(finding(due, "revoked", Severity::Critical, &id, reason));
        }
        let mut gone = Vec::new();
        for (id, current) in &mut self.identities {
            if !current.ended && now > current.not_after {
                current.ended = true;
                gone.push((current.not_after, id.clone()));
            }
        }
        for (when, id) in gone {
            let mut found = finding(when, "continuity", Severity::High, &id, words::gone(&id));
            found.conclusion = Conclusion::Missing;
            self.say(found);
        }
    }

    fn poll_finding(&mut self) -> Option<Finding> {
        self.findings.pop_front()
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        let waiting = self.waiting.values().map(|(due, _)| *due);
        let live = self.identities.values().filter(|current| !current.ended);
        waiting
            .chain(self.revoked.next_due())
            .chain(live.map(|current| current.not_after + 1))
            .min()
    }
}
