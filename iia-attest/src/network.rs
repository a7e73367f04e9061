//! `ot.attestation.network`: expected traffic that stays away, and talkers that no contract knows.
//!
//! It reads the catalog's meaning itself and shares no code with the matcher whose work it checks.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::IpAddr;

use iia_contract::catalog::Catalog;
use iia_contract::scope::{Device, Terms};
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;

use crate::correlator::Correlator;

/// Talkers without contract that are remembered at most; beyond it they are counted together.
pub const TALKERS_MAX: usize = 4096;
/// Findings that wait to be taken at most; beyond it the observer says how many it lost.
pub const WAITING_MAX: usize = 8192;

/// Traffic of one client at one server without a long pause: a run, observed when it began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seen {
    /// Who asked.
    pub client: IpAddr,
    /// Who was asked.
    pub server: IpAddr,
    /// On which port.
    pub port: u16,
    /// How many exchanges.
    pub count: u64,
    /// When the last of them was; runs are reported in the order in which they began.
    pub until: Timestamp,
}

/// The observer.
#[derive(Clone, Debug)]
pub struct Network {
    watched: Vec<Watched>,
    /// Which of them a server and port may belong to, so that many contracts cost no more than few.
    by_server: BTreeMap<(IpAddr, u16), Vec<usize>>,
    /// No window ends before this.
    due: Option<Timestamp>,
    talkers: BTreeMap<(IpAddr, IpAddr, u16), u64>,
    others: u64,
    findings: VecDeque<Finding>,
    lost: u64,
    started: Option<Timestamp>,
}

/// A device contract, and its traffic where it must not fall silent.
#[derive(Clone, Debug)]
struct Watched {
    contract: String,
    device: Device,
    silence_ns: Option<i64>,
    last: Option<Timestamp>,
    silent: bool,
}

impl Watched {
    /// When its window ends, unless it may be silent or is known to be.
    fn end(&self, started: Timestamp) -> Option<Timestamp> {
        let silence_ns = self.silence_ns.filter(|_| !self.silent)?;
        Some(self.last.unwrap_or(started) + silence_ns)
    }
}

impl Network {
    /// An observer of the catalog's device contracts. Time starts with the first thing it is told.
    pub fn new(catalog: &Catalog) -> Self {
        let contracts = catalog.contracts().iter();
        let watched: Vec<Watched> = contracts
            .filter_map(|contract| match &contract.terms {
                Terms::Device(device) => Some(Watched {
                    contract: contract.id.to_string(),
                    device: device.clone(),
                    silence_ns: device.silence_ns,
                    last: None,
                    silent: false,
                }),
                _ => None,
            })
            .collect();
        let mut by_server = BTreeMap::<_, Vec<usize>>::new();
        for (index, watched) in watched.iter().enumerate() {
            for server in &watched.device.servers {
                let at = by_server.entry((server.addr, server.port)).or_default();
                at.push(index);
            }
        }
        Self {
            watched,
            by_server,
            due: None,
            talkers: BTreeMap::new(),
            others: 0,
            findings: VecDeque::new(),
            lost: 0,
            started: None,
        }
    }

    /// Talkers without contract that found no room.
    pub const fn others(&self) -> u64 {
        self.others
    }

    /// Findings that nobody took in time.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    fn report(&mut self, finding: Finding) {
        if self.findings.len() < WAITING_MAX {
            self.findings.push_back(finding);
        } else {
            self.lost += 1;
        }
    }

    fn unknown_talker(&mut self, now: Timestamp, seen: &Seen) {
        let key = (seen.client, seen.server, seen.port);
        if let Some(count) = self.talkers.get_mut(&key) {
            *count += seen.count;
            return;
        }
        if self.talkers.len() >= TALKERS_MAX {
            self.others += seen.count;
            return;
        }
        self.talkers.insert(key, seen.count);
        let destination = format!("{}:{}", seen.server, seen.port);
        let reason = format!(
            "{} speaks to {destination}, and no contract joins them",
            seen.client
        );
        self.report(Finding {
            source: seen.client.to_string(),
            destination,
            clause: "parties".into(),
            ..finding(now, Conclusion::Diverge, "", reason)
        });
    }
}

fn finding(now: Timestamp, conclusion: Conclusion, contract: &str, reason: String) -> Finding {
    Finding {
        ts_ns: now.as_ns(),
        stream: Stream::ATTEST_NETWORK.as_str().into(),
        conclusion,
        // As grave as a detected threat (001:351).
        severity: Severity::High,
        contract: contract.into(),
        clause: "silence".into(),
        source: String::new(),
        destination: String::new(),
        operation: String::new(),
        reason,
        evidence: Vec::new(),
    }
}

impl Correlator for Network {
    type Observation = Seen;

    fn handle_observation(&mut self, now: Timestamp, seen: Seen) {
        self.started.get_or_insert(now);
        // Windows that ended before this was seen were silent, whatever came after.
        self.handle_timeout(now);
        let until = seen.until.max(now);
        let (mut known, mut back) = (false, Vec::new());
        let at = self.by_server.get(&(seen.server, seen.port));
        for index in at.into_iter().flatten() {
            let Some(watched) = self.watched.get_mut(*index) else {
                continue;
            };
            let clients = &watched.device.clients;
            if !clients.iter().any(|net| net.contains(seen.client)) {
                continue;
            }
            known = true;
            // A report that comes twice says nothing new.
            if watched.last.is_some_and(|last| until <= last) {
                continue;
            }
            watched.last = Some(until);
            if core::mem::take(&mut watched.silent) {
                back.push(watched.contract.clone());
                let end = watched.end(until);
                self.due = self.due.min(end).or(end);
            }
        }
        for contract in back {
            let reason = format!("traffic of contract {contract} is back");
            self.report(finding(now, Conclusion::Converge, &contract, reason));
        }
        if !known {
            self.unknown_talker(now, &seen);
        }
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        let started = *self.started.get_or_insert(now);
        // What was seen since can only have moved the first end further away.
        if self.due.is_some_and(|due| now < due) {
            return;
        }
        let mut missing = Vec::new();
        for watched in &mut self.watched {
            let Some(end) = watched.end(started).filter(|end| now >= *end) else {
                continue;
            };
            watched.silent = true;
            let silence_ns = watched.silence_ns.unwrap_or_default();
            missing.push((end, watched.contract.clone(), silence_ns));
        }
        // With nothing to wait for, the next window begins when traffic is back.
        self.due = self.poll_timeout().or(Some(Timestamp::from_ns(i64::MAX)));
        for (end, contract, silence_ns) in missing {
            let seconds = silence_ns as f64 / 1e9;
            let reason =
                format!("contract {contract} expects traffic, and none was seen for {seconds} s");
            self.report(finding(end, Conclusion::Missing, &contract, reason));
        }
    }

    fn poll_finding(&mut self) -> Option<Finding> {
        self.findings.pop_front()
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        let started = self.started?;
        let ends = self
            .watched
            .iter()
            .filter_map(|watched| watched.end(started));
        ends.min()
    }
}
