//! Who held up which side: the nine `ot.contract.*` streams, from what was agreed and what happened (001:276-291).
//!
//! Time comes in. A window ends at its end and not before; what happens at that very moment belongs to the next one.
//! What was to be done within a time is missed once the time is over and not before; what is done at its last moment
//! is done. Same faults of one period are told once, and counted at the period's end.

mod account;
mod close;
mod duty;
pub mod event;
mod line;
pub mod message;
pub mod metric;
mod note;
mod period;
pub mod promise;
mod quota;
mod repeat;
pub(crate) mod spread;
pub mod statement;
mod threshold;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;

pub use close::CATCH_UP_MAX;
pub use event::{Event, Side};
pub use period::PERIOD_NS;
pub use repeat::REPEATS_MAX;
pub use spread::STEPS;
pub use statement::Statement;
pub use threshold::{PROMISE_WINDOW_NS, Threshold};

use crate::Catalog;
use crate::scope::Contract;
use account::Account;
use message::Message;
use note::Note;
use repeat::Repeats;
use threshold::Fact;

/// Findings that wait to be taken at most; beyond it they are lost and counted.
pub const FINDINGS_MAX: usize = 8192;

/// The accounts of a catalog's contracts.
#[derive(Clone, Debug)]
pub struct Adherence {
    contracts: Vec<Contract>,
    accounts: BTreeMap<String, (usize, Account)>,
    repeats: Repeats,
    findings: VecDeque<Finding>,
    lost: u64,
    now: Timestamp,
    /// Nothing ends before this.
    due: Option<Timestamp>,
}

impl Adherence {
    /// Opens an account for the newest version of each contract; all windows begin at `now`.
    pub fn new(catalog: &Catalog, now: Timestamp) -> Self {
        let contracts = catalog.contracts().to_vec();
        let account = |(at, contract): (usize, &Contract)| {
            (
                contract.id.as_str().into(),
                (at, Account::new(contract, now)),
            )
        };
        // Versions of one id stand in order, so that the newest one stays.
        let accounts = contracts.iter().enumerate().map(account).collect();
        Self {
            contracts,
            accounts,
            repeats: Repeats::new(now),
            findings: VecDeque::new(),
            lost: 0,
            now,
            due: None,
        }
        .scheduled()
    }

    fn scheduled(mut self) -> Self {
        self.due = self.end();
        self
    }

    /// Something happened under a contract. Under one that does not exist it is a violation.
    pub fn handle_event(&mut self, now: Timestamp, contract: &str, event: &Event<'_>) {
        let now = self.turn(now);
        let Some((_, account)) = self.accounts.get_mut(contract) else {
            return self.unknown(now, contract, event);
        };
        let note = account.handle(now, event);
        let end = account.end();
        self.due = self.due.min(end).or(end);
        if let Some(finding) = note.map(|note| self.finding(contract.into(), note)) {
            self.report(finding);
        }
    }

    /// Whoever cannot prove who it is need not have come to naming a contract.
    fn unknown(&mut self, now: Timestamp, contract: &str, event: &Event<'_>) {
        let reason = format!("no contract {contract}");
        let Event::AuthFailed(who) = *event else {
            return self.violation(now, ["", ""], event.name(), reason);
        };
        let reason = format!("{who} could not prove who it is");
        let note = Note::bad(now, &Stream::AUTH, "identity", reason).grave();
        let finding = self.finding(String::new(), note.of(event.name()));
        self.report(Finding {
            source: who.into(),
            ..finding
        });
    }

    /// Somebody attempted what no contract covers.
    pub fn handle_violation(&mut self, now: Timestamp, parties: [&str; 2], operation: &str) {
        let now = self.turn(now);
        let [source, destination] = parties;
        let reason = format!("{operation} by {source} at {destination}, and no contract covers it");
        self.violation(now, parties, operation, reason);
    }

    /// Somebody attempted, under a contract, what that contract does not cover.
    pub fn handle_breach(&mut self, now: Timestamp, contract: &str, finding: Finding) {
        let now = self.turn(now);
        if let Some((_, account)) = self.accounts.get_mut(contract) {
            account.feed(Fact::Counted(metric::Count::Violations));
        }
        self.report(Finding {
            ts_ns: now.as_ns(),
            stream: Stream::VIOLATION.as_str().into(),
            ..finding
        });
    }

    fn violation(&mut self, now: Timestamp, parties: [&str; 2], operation: &str, reason: String) {
        let [source, destination] = parties.map(String::from);
        self.report(Finding {
            ts_ns: now.as_ns(),
            stream: Stream::VIOLATION.as_str().into(),
            conclusion: Conclusion::Diverge,
            severity: Severity::High,
            contract: String::new(),
            clause: "catalog".into(),
            source,
            destination,
            operation: operation.into(),
            reason,
            evidence: Vec::new(),
        });
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        let now = self.turn(now);
        // What is due at this very moment has not come.
        self.pass(now, now + 1);
    }

    /// Ends what ended before `now`; gives `now`, which never goes back.
    fn turn(&mut self, now: Timestamp) -> Timestamp {
        self.now = self.now.max(now);
        self.pass(self.now, self.now);
        self.now
    }

    /// Ends windows that are over at `now`, and misses what was due before `due`.
    fn pass(&mut self, now: Timestamp, due: Timestamp) {
        if self.due.is_none_or(|due| now < due) {
            return;
        }
        let mut told = Vec::new();
        for (id, (_, account)) in &mut self.accounts {
            if account.end().is_some_and(|end| end <= now) {
                let mut notes = Vec::new();
                // What was missed counts in the window that it ends in, or, after a leap of the clock, before it.
                account.miss(due, &mut notes);
                account.close(now, &mut notes);
                told.extend(notes.into_iter().map(|note| (id.clone(), note)));
            }
        }
        told.sort_by_key(|(_, note)| note.at);
        let told: Vec<Finding> = told
            .into_iter()
            .map(|(id, note)| self.finding(id, note))
            .collect();
        let again = self.repeats.close(now);
        again
            .into_iter()
            .chain(told)
            .for_each(|finding| self.push(finding));
        self.due = self.end();
    }

    /// Who speaks under a contract, and to whom; empty where nobody is named.
    pub fn parties(&self, contract: &str) -> [&str; 2] {
        let account = self.accounts.get(contract);
        account.map_or([""; 2], |(_, one)| [&one.source, &one.destination])
    }

    fn finding(&self, contract: String, note: Note) -> Finding {
        let [source, destination] = self.parties(&contract).map(String::from);
        Finding {
            ts_ns: note.at.as_ns(),
            stream: note.stream.as_str().into(),
            conclusion: note.conclusion,
            severity: note.severity,
            contract,
            clause: note.clause,
            source,
            destination,
            operation: note.operation.into(),
            reason: note.reason,
            evidence: Vec::new(),
        }
    }

    /// Tells a finding, unless the same fault was told in this period.
    fn report(&mut self, finding: Finding) {
        if finding.conclusion != Conclusion::Diverge || self.repeats.is_first(&finding) {
            self.push(finding);
        }
        let end = self.repeats.end();
        self.due = self.due.min(end).or(self.due).or(end);
    }

    fn push(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push_back(finding);
        } else {
            self.lost += 1;
        }
    }

    /// The next finding.
    pub fn poll_finding(&mut self) -> Option<Finding> {
        self.findings.pop_front()
    }

    /// When [`Self::handle_timeout`] is due, or earlier.
    pub const fn poll_timeout(&self) -> Option<Timestamp> {
        self.due
    }

    fn end(&self) -> Option<Timestamp> {
        let ends = self
            .accounts
            .values()
            .filter_map(|(_, account)| account.end());
        ends.chain(self.repeats.end()).min()
    }

    /// Findings that nobody took in time.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Messages whose fate became known, or whose time for an acknowledgement is over, since the last call, each with
    /// its contract; of more than [`message::LOG_MAX`] of one contract the newest.
    pub fn take_messages(&mut self) -> Vec<(String, Message)> {
        let accounts = self.accounts.iter_mut();
        let news = accounts.flat_map(|(id, (_, account))| {
            let messages = account.messages.take().into_iter();
            messages.map(|message| (id.clone(), message))
        });
        news.collect()
    }

    /// Messages that nobody has acknowledged yet, each with its contract.
    pub fn waiting_messages(&self) -> impl Iterator<Item = (&str, &Message)> {
        let accounts = self.accounts.iter();
        accounts.flat_map(|(id, (_, account))| {
            let messages = account.messages.all();
            let waiting = messages.filter(|message| message.fate.is_open());
            waiting.map(|message| (id.as_str(), message))
        })
    }

    /// What was sent under a contract between two times, and how it fared. `None` for a contract that is no boundary
    /// contract of the catalog.
    pub fn statement(
        &self,
        contract: &str,
        from: Timestamp,
        until: Timestamp,
    ) -> Option<Statement> {
        let (at, account) = self.accounts.get(contract)?;
        let messages = account.messages.all().copied();
        let statement = Statement::of(self.contracts.get(*at)?, messages, (from, until))?;
        Some(statement.without(account.messages.left_out()))
    }
}
