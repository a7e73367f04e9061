//! Who held up which side, on a running box: deeds in, rows of `ot.contract.*` out.
//!
//! The accounts run [`BEHIND_NS`] behind the clock, so that what is on its way is counted at its own time and in the
//! order in which it happened. They live in memory: after a fall windows begin anew, what is in the lake stays.

use std::collections::BTreeMap;

use iia_contract::Catalog;
use iia_contract::adherence::message::{Fate, Message};
use iia_contract::adherence::{Adherence, PERIOD_NS};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;
use iia_core::time::SECOND_NS;

use crate::deed::{Deed, Sent, What};

/// How far the accounts run behind the clock.
pub(crate) const BEHIND_NS: i64 = SECOND_NS;
/// Deeds that wait for their time at most; beyond it the oldest are counted before it.
const DEEDS_MAX: usize = 65_536;
/// Messages of which the place of their records is remembered; beyond it their rows do not name it.
const PLACES_MAX: usize = 8192;
/// Below this all streams of the accounts lie.
const OWN: &str = "ot.contract.";

/// The accounts of a box.
pub(crate) struct Accounts {
    adherence: Adherence,
    deeds: BTreeMap<(i64, u64), Deed>,
    arrived: u64,
    places: BTreeMap<(String, u64), String>,
    /// Rows about messages that carried nothing but such rows, and since when the oldest waits.
    aside: Vec<Finding>,
    since: Timestamp,
}

impl Accounts {
    /// Opens the accounts of a catalog.
    pub(crate) fn open(catalog: &Catalog, now: Timestamp) -> Self {
        Self {
            adherence: Adherence::new(catalog, now),
            deeds: BTreeMap::new(),
            arrived: 0,
            places: BTreeMap::new(),
            aside: Vec::new(),
            since: now,
        }
    }

    /// Takes a deed, which is counted when its time has come.
    pub(crate) fn take(&mut self, deed: Deed) {
        self.arrived += 1;
        self.deeds.insert((deed.ts_ns, self.arrived), deed);
        while self.deeds.len() > DEEDS_MAX {
            self.count_first();
        }
    }

    /// A violation that somebody else has stored: it counts towards the thresholds of its contract.
    pub(crate) fn violation(&mut self, finding: &Finding) {
        // It is counted now: the accounts' time never goes back.
        let now = Timestamp::default();
        self.adherence
            .handle_breach(now, &finding.contract, finding.clone());
    }

    fn count_first(&mut self) {
        let Some((_, deed)) = self.deeds.pop_first() else {
            return;
        };
        if let What::Sent(Sent { ticket, about, .. }) = &deed.what
            && self.places.len() < PLACES_MAX
        {
            let key = (deed.contract.clone(), *ticket);
            self.places.insert(key, about.clone());
        }
        self.adherence
            .handle_event(deed.at(), &deed.contract, &deed.what.event());
    }

    /// Counts what happened until [`BEHIND_NS`] before `now`; gives the rows to store.
    pub(crate) fn settle(&mut self, now: Timestamp) -> Vec<Finding> {
        self.settle_until(now - BEHIND_NS)
    }

    fn settle_until(&mut self, until: Timestamp) -> Vec<Finding> {
        while let Some((at, _)) = self.deeds.first_key_value().map(|(key, _)| *key)
            && at <= until.as_ns()
        {
            self.count_first();
        }
        self.adherence.handle_timeout(until);
        let mut rows = self.rows();
        if self.aside.is_empty() {
            self.since = until;
        }
        // Rows about rows go along with others, or once a period: each for itself they would never end.
        if !rows.is_empty() || until.since_ns(self.since) >= PERIOD_NS {
            rows.append(&mut self.aside);
            self.since = until;
        }
        rows
    }

    /// At the end: everything that is known, and what nobody has acknowledged.
    pub(crate) fn close(&mut self, now: Timestamp) -> Vec<Finding> {
        let mut rows = self.settle_until(now);
        rows.append(&mut self.aside);
        let waiting = self.adherence.waiting_messages();
        let waiting: Vec<(String, Message)> = waiting
            .map(|(id, message)| (id.to_owned(), *message))
            .collect();
        rows.extend(waiting.into_iter().map(|(id, one)| self.row(id, &one)));
        rows
    }

    fn rows(&mut self) -> Vec<Finding> {
        let mut rows = Vec::new();
        for (contract, message) in self.adherence.take_messages() {
            let row = self.row(contract, &message);
            let own = row.evidence.iter().any(|place| place.starts_with(OWN));
            if own { &mut self.aside } else { &mut rows }.push(row);
        }
        while let Some(finding) = self.adherence.poll_finding() {
            // Whoever saw a violation has stored it, with its evidence.
            if !finding.is_on(&Stream::VIOLATION) {
                rows.push(finding);
            }
        }
        rows
    }

    /// A message as a row: what it carried, when, and what became of it.
    fn row(&mut self, contract: String, message: &Message) -> Finding {
        let [source, destination] = self.adherence.parties(&contract).map(str::to_owned);
        let known = !message.fate.is_open();
        let key = (contract, message.ticket);
        let place = match known {
            true => self.places.remove(&key),
            false => self.places.get(&key).cloned(),
        };
        let all = matches!(message.fate, Fate::Acked(_, acked) if acked == message.records);
        let (conclusion, severity) = match (known, all) {
            (false, _) => (Conclusion::Missing, Severity::Medium),
            (true, true) => (Conclusion::Converge, Severity::Info),
            (true, false) => (Conclusion::Diverge, Severity::Medium),
        };
        Finding {
            ts_ns: message.sent.as_ns(),
            stream: Stream::DELIVERY.as_str().into(),
            conclusion,
            severity,
            contract: key.0,
            clause: "message".into(),
            source,
            destination,
            operation: "sent".into(),
            reason: message.to_string(),
            evidence: place.into_iter().collect(),
        }
    }
}
