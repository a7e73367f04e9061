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
    by_server: HashMap<(u128, u32), Vec<Rule<'a>>>,
}

/// A device contract with what is asked most laid beside it, so that a verdict touches little memory.
#[derive(Clone, Debug)]
struct Rule<'a> {
    contract: u32,
    device: &'a Device,
    units: Set,
    functions: Set,
}

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Set([u64; 4]);

impl Set {
    fn of(bytes: &[u8]) -> Self {
        let mut set = Self::default();
        for byte in bytes {
            if let Some(word) = set.0.get_mut(usize::from(byte >> 6)) {
                *word |= 1 << (byte & 63);
            }
        }
        set
    }

    #[inline]
    fn has(&self, byte: u8) -> bool {
        let word = self.0.get(usize::from(byte >> 6)).copied();
        word.unwrap_or_default() >> (byte & 63) & 1 == 1
    }
}

/// Where a server answers, as numbers, which hash and compare faster than addresses; the second tells the family too.
#[inline]
fn place(addr: IpAddr, port: u16) -> (u128, u32) {
    match addr {
        IpAddr::V4(addr) => (u128::from(addr.to_bits()), u32::from(port)),
        IpAddr::V6(addr) => (addr.to_bits(), 1 << 16 | u32::from(port)),
    }
}

impl<'a> Matcher<'a> {
    /// Indexes a catalog.
    pub fn new(catalog: &'a Catalog) -> Self {
        let mut by_server: HashMap<(u128, u32), Vec<Rule<'a>>> = HashMap::new();
        for (contract, terms) in (0..).zip(catalog.contracts()) {
            let Terms::Device(device) = &terms.terms else {
                continue;
            };
            for server in &device.servers {
                let rules = by_server.entry(place(server.addr, server.port));
                rules.or_default().push(Rule {
                    contract,
                    device,
                    units: Set::of(&device.units),
                    functions: Set::of(&device.functions),
                });
            }
        }
        Self { by_server }
    }

    /// Judges an observation.
    pub fn judge(&self, observation: &Observation<'_>) -> Verdict {
        match observation {
            Observation::Exchange(exchange) => {
                self.nearest(exchange.flow.resp_h, exchange.flow.resp_p, |rule| {
                    judge(rule, exchange)
                })
            }
            Observation::Conn(conn) => self.nearest(conn.flow.resp_h, conn.flow.resp_p, |rule| {
                judge_conn(rule.device, conn)
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
        judge: impl Fn(&Rule<'_>) -> Result<(), Clause>,
    ) -> Verdict {
        let mut best = Verdict::Violation {
            nearest: None,
            clause: Clause::Server,
        };
        let rules = self.by_server.get(&place(addr, port));
        for rule in rules.map_or(&[][..], Vec::as_slice) {
            match (judge(rule), best) {
                (Ok(()), _) => {
                    return Verdict::Covered {
                        contract: rule.contract,
                    };
                }
                (Err(clause), Verdict::Violation { clause: before, .. }) if clause > before => {
                    best = Verdict::Violation {
                        nearest: Some(rule.contract),
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
fn judge(rule: &Rule<'_>, exchange: &Exchange<'_>) -> Result<(), Clause> {
    let device = rule.device;
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
    if !device.units.is_empty() && !rule.units.has(exchange.unit) {
        return Err(Clause::Unit);
    }
    match exchange.outcome {
        Outcome::Malformed => Err(Clause::Malformed),
        // The request of an orphan was never seen: who and where is all that can be judged.
        Outcome::Orphan => Ok(()),
        _ => judge_access(rule, exchange),
    }
}

fn judge_access(rule: &Rule<'_>, exchange: &Exchange<'_>) -> Result<(), Clause> {
    let device = rule.device;
    if rule.functions.has(exchange.func) {
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

/// Whether one run holds a whole span. Runs are sorted and do not touch, so that only the last one that begins before
/// the span can.
fn covers(runs: &[Run], span: &Span<'_>) -> bool {
    let begins = (span.table, span.addr);
    let after = runs.partition_point(|run| (run.table, run.first) <= begins);
    let before = after.checked_sub(1).and_then(|at| runs.get(at));
    before.is_some_and(|run| run.table == span.table && span.last() <= run.last)
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
