//! The matcher: an observation in, a verdict out, in nanoseconds and without allocating.
//!
//! Written independently of every compiler, so that one can be held against the other.

use alloc::vec::Vec;
use core::net::IpAddr;

use hashbrown::HashMap;
use iia_core::observe::{Conn, Exchange, Observation, Outcome, Protocol, Span};

use crate::catalog::Catalog;
use crate::scope::{Device, Run, Terms};

/// What the catalog says of an observation.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Verdict {
    /// A contract covers it.
    Covered {
        /// The contract's index in the catalog.
        contract: u32,
    },
    /// None does.
    Violation {
        /// The contract that came nearest to covering it.
        nearest: Option<u32>,
        /// The clause of it that failed.
        clause: Clause,
    },
}

/// The clause that an observation breaks; later ones came nearer to being covered.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Clause {
    /// No contract names this server and port.
    Server,
    /// Another protocol is spoken there than the contract says.
    Protocol,
    /// The client may not ask there.
    Client,
    /// The unit is not listed.
    Unit,
    /// The message breaks the protocol's rules.
    Malformed,
    /// The function is neither a listed read, a listed write nor listed itself.
    Function,
    /// It writes, and the contract lists no write at all.
    ReadOnly,
    /// It writes outside what is listed.
    Write,
    /// It reads outside what is listed.
    Read,
}

impl Clause {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Protocol => "protocol",
            Self::Client => "client",
            Self::Unit => "unit",
            Self::Malformed => "malformed",
            Self::Function => "function",
            Self::ReadOnly => "read_only",
            Self::Write => "write",
            Self::Read => "read",
        }
    }
}

/// The device contracts of a catalog, indexed by server and port.
#[derive(Clone, Debug)]
pub struct Matcher<'a> {
    catalog: &'a Catalog,
    by_server: HashMap<(IpAddr, u16), Vec<u32>>,
}

impl<'a> Matcher<'a> {
    /// Indexes a catalog.
    pub fn new(catalog: &'a Catalog) -> Self {
        let mut by_server: HashMap<(IpAddr, u16), Vec<u32>> = HashMap::new();
        for (index, contract) in (0..).zip(catalog.contracts()) {
            let Terms::Device(device) = &contract.terms else {
                continue;
            };
            for server in &device.servers {
                by_server
                    .entry((server.addr, server.port))
                    .or_default()
                    .push(index);
            }
        }
        Self { catalog, by_server }
    }

    /// Judges an observation.
    pub fn judge(&self, observation: &Observation<'_>) -> Verdict {
        match observation {
            Observation::Exchange(exchange) => {
                self.nearest(exchange.flow.resp_h, exchange.flow.resp_p, |device| {
                    judge(device, exchange)
                })
            }
            Observation::Conn(conn) => self.nearest(conn.flow.resp_h, conn.flow.resp_p, |device| {
                judge_conn(device, conn)
            }),
            _ => Verdict::Violation {
                nearest: None,
                clause: Clause::Protocol,
            },
        }
    }

    fn nearest(
        &self,
        addr: IpAddr,
        port: u16,
        judge: impl Fn(&Device) -> Result<(), Clause>,
    ) -> Verdict {
        let mut best = Verdict::Violation {
            nearest: None,
            clause: Clause::Server,
        };
        let candidates = self
            .by_server
            .get(&(addr, port))
            .map_or(&[][..], Vec::as_slice);
        for index in candidates {
            let contract = self.catalog.contracts().get(*index as usize);
            let Some(Terms::Device(device)) = contract.map(|contract| &contract.terms) else {
                continue;
            };
            match (judge(device), best) {
                (Ok(()), _) => return Verdict::Covered { contract: *index },
                (Err(clause), Verdict::Violation { clause: before, .. }) if clause > before => {
                    best = Verdict::Violation {
                        nearest: Some(*index),
                        clause,
                    };
                }
                _ => {}
            }
        }
        best
    }
}

/// Whether one device contract covers an exchange. An attempt counts whether it was answered or not.
fn judge(device: &Device, exchange: &Exchange<'_>) -> Result<(), Clause> {
    if device.protocol != exchange.protocol {
        return Err(Clause::Protocol);
    }
    if !device
        .clients
        .iter()
        .any(|net| net.contains(exchange.flow.orig_h))
    {
        return Err(Clause::Client);
    }
    if !device.units.is_empty() && !device.units.contains(&exchange.unit) {
        return Err(Clause::Unit);
    }
    match exchange.outcome {
        Outcome::Malformed => Err(Clause::Malformed),
        // The request of an orphan was never seen: who and where is all that can be judged.
        Outcome::Orphan => Ok(()),
        _ => judge_access(device, exchange),
    }
}

fn judge_access(device: &Device, exchange: &Exchange<'_>) -> Result<(), Clause> {
    if device.functions.contains(&exchange.func) {
        return Ok(());
    }
    if exchange.read.is_none() && exchange.write.is_none() {
        return Err(Clause::Function);
    }
    if let Some(span) = &exchange.write {
        if device.writes.is_empty() {
            return Err(Clause::ReadOnly);
        }
        if !covers(&device.writes, span) {
            return Err(Clause::Write);
        }
    }
    match &exchange.read {
        Some(span) if !covers(&device.reads, span) => Err(Clause::Read),
        _ => Ok(()),
    }
}

fn covers(runs: &[Run], span: &Span<'_>) -> bool {
    let last = span.last();
    runs.iter()
        .any(|run| run.table == span.table && run.first <= span.addr && last <= run.last)
}

fn judge_conn(device: &Device, conn: &Conn) -> Result<(), Clause> {
    // A flow that carried nothing recognised is judged by its ends: a handshake or a probe to a contracted port.
    let silent = conn.protocol == Protocol::Unknown && conn.orig_bytes == 0 && conn.resp_bytes == 0;
    let other = device.protocol == Protocol::Unknown;
    if !other && !silent && device.protocol != conn.protocol {
        return Err(Clause::Protocol);
    }
    let client = device
        .clients
        .iter()
        .any(|net| net.contains(conn.flow.orig_h));
    if client { Ok(()) } else { Err(Clause::Client) }
}
