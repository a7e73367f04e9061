//! From captures to a first catalog: what was seen, in few contracts, as text that a person then cuts down.
//!
//! Nothing is learnt that was not answered, and no contract allows more than what was seen: many clients or many
//! servers stand in one contract only where each of them did the very same.

mod evidence;
mod frames;
mod group;
mod kinds;
mod tags;
mod write;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use iia_core::observe::{
    self, Conn, Exchange, Observation, Outcome, Protocol, Span, Table, Transport,
};

use crate::scope::{Run, merge};
pub use evidence::{CAPTURES_MAX, Evidence};
use frames::{Frames, Heard};
pub use frames::{RECEIVERS_MAX, SENDERS_MAX};
pub use group::Learnt;
pub use kinds::{KINDS_MAX, VALUES_MAX};
use kinds::{Kind, Kinds};
pub use tags::TAGS_MAX;
use tags::{Tags, Taken};

/// Distinct client, server and unit triples learnt at most; beyond it they are counted.
pub const PAIRS_MAX: usize = 4096;

/// Names that cannot be written which are kept to be told at most; beyond it accesses to them are counted.
pub const UNWRITABLE_MAX: usize = 16;

/// Who asks whom for what: protocol, client, server, unit. A flow has no unit.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
struct Pair {
    protocol: Protocol,
    client: IpAddr,
    server: Endpoint,
    unit: Option<u8>,
}

/// Where somebody answers.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
struct Endpoint {
    transport: Transport,
    addr: IpAddr,
    port: u16,
}

/// What was done: runs that were read and written, and functions that do neither.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
struct Access {
    reads: BTreeSet<Run>,
    writes: BTreeSet<Run>,
    functions: BTreeSet<u8>,
}

/// Learns device contracts from observations.
#[derive(Debug, Default)]
pub struct Learner {
    pairs: BTreeMap<Pair, (Access, Evidence)>,
    kinds: Kinds,
    tags: Tags,
    frames: Frames,
    captures: Vec<String>,
    left_out: u64,
    unwritable: (u64, BTreeSet<String>),
    unanswered: u64,
    seen: Seen,
}

/// What was seen beside exchanges: what of it is learnt, and what no contract can be written for from a capture.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Seen {
    /// Flows that are learnt by their ends.
    pub flows: u64,
    /// Frames without IP that are learnt.
    pub frames: u64,
    /// Frames of IEEE 802.3, which have a length where others have their type: no contract can name them.
    pub untyped: u64,
    /// What was said to topics: who speaks is known by a certificate, which a capture does not show.
    pub messages: u64,
}

impl Learner {
    /// Says which capture the observations from here on come from.
    pub fn capture(&mut self, name: &str) {
        self.captures.push(name.into());
    }

    /// Takes one observation. Attempts that were refused or not answered are not learnt.
    pub fn observe(&mut self, observation: &Observation<'_>) {
        match observation {
            Observation::Exchange(exchange) => self.exchange(exchange),
            Observation::Conn(conn) => self.conn(conn),
            Observation::Access(access) => self.access(access),
            Observation::Frame(frame) => {
                let capture = self.captures.len().saturating_sub(1);
                match self.frames.observe(frame, capture) {
                    Heard::Learnt => self.seen.frames += 1,
                    Heard::Untyped => self.seen.untyped += 1,
                    Heard::NoRoom => self.left_out += 1,
                }
            }
            Observation::Message(_) => self.seen.messages += 1,
            _ => {}
        }
    }

    fn exchange(&mut self, exchange: &Exchange<'_>) {
        if exchange.protocol != Protocol::ModbusTcp || exchange.outcome != Outcome::Answered {
            self.unanswered += 1;
            return;
        }
        let flow = &exchange.flow;
        let pair = Pair {
            protocol: exchange.protocol,
            client: flow.orig_h,
            server: Endpoint {
                transport: flow.transport,
                addr: flow.resp_h,
                port: flow.resp_p,
            },
            unit: Some(exchange.unit),
        };
        let read = exchange.read.as_ref().and_then(run);
        let write = exchange.write.as_ref().and_then(run);
        let capture = self.captures.len().saturating_sub(1);
        let Some((access, evidence)) = self.pair(pair) else {
            return;
        };
        evidence.observe(exchange.ts, exchange.ts, capture);
        add(&mut access.reads, read);
        add(&mut access.writes, write);
        if read.is_none() && write.is_none() {
            access.functions.insert(exchange.func);
        }
        let kind = Kind {
            pair,
            func: exchange.func,
            read,
            write,
        };
        if let Some(gap_ns) = self.kinds.count(kind, exchange.ts)
            && let Some((_, evidence)) = self.pairs.get_mut(&pair)
        {
            evidence.gap(gap_ns);
        }
        let spans = [&exchange.read, &exchange.write];
        spans
            .into_iter()
            .flatten()
            .for_each(|span| self.kinds.values(pair, span));
    }

    /// A flow whose exchanges are not learnt one by one is learnt by its ends, and by what it speaks.
    fn conn(&mut self, conn: &Conn) {
        let flow = &conn.flow;
        let carried = conn.orig_bytes > 0 || conn.resp_bytes > 0;
        if conn.protocol == Protocol::ModbusTcp || !carried {
            return;
        }
        let known = matches!(flow.transport, Transport::Tcp | Transport::Udp) && flow.resp_p > 0;
        if conn.resp_pkts == 0 || !known || flow.resp_h.is_unspecified() {
            self.unanswered += 1;
            return;
        }
        let pair = Pair {
            protocol: conn.protocol,
            client: flow.orig_h,
            server: Endpoint {
                transport: flow.transport,
                addr: flow.resp_h,
                port: flow.resp_p,
            },
            unit: None,
        };
        let capture = self.captures.len().saturating_sub(1);
        let Some((_, evidence)) = self.pair(pair) else {
            return;
        };
        evidence.observe(conn.ts, conn.last, capture);
        self.seen.flows += 1;
        self.kinds.count(
            Kind {
                pair,
                func: 0,
                read: None,
                write: None,
            },
            conn.ts,
        );
    }

    /// A value by its name belongs to the contract of its flow.
    fn access(&mut self, access: &observe::Access<'_>) {
        let flow = &access.flow;
        let pair = Pair {
            protocol: access.protocol,
            client: flow.orig_h,
            server: Endpoint {
                transport: flow.transport,
                addr: flow.resp_h,
                port: flow.resp_p,
            },
            unit: None,
        };
        if self.pair(pair).is_some() {
            match self.tags.observe(pair, access) {
                Taken::Learnt => {}
                Taken::NoRoom => self.left_out += 1,
                Taken::Unwritable => self.unwritable(access.tag),
            }
        }
    }

    fn pair(&mut self, pair: Pair) -> Option<&mut (Access, Evidence)> {
        if self.pairs.len() >= PAIRS_MAX && !self.pairs.contains_key(&pair) {
            self.left_out += 1;
            return None;
        }
        Some(self.pairs.entry(pair).or_default())
    }

    fn unwritable(&mut self, name: &str) {
        let (count, names) = &mut self.unwritable;
        *count += 1;
        if names.len() < UNWRITABLE_MAX && !names.contains(name) {
            names.insert(name.into());
        }
    }

    /// Accesses to names that the language cannot write, which are not learnt, and the first of these names.
    pub const fn unwritten(&self) -> (u64, &BTreeSet<String>) {
        (self.unwritable.0, &self.unwritable.1)
    }

    /// What was seen beside exchanges.
    pub const fn seen(&self) -> Seen {
        self.seen
    }

    /// Exchanges and flows that found no room.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Exchanges and flows that nobody answered, or that were refused: they are not learnt.
    pub const fn unanswered(&self) -> u64 {
        self.unanswered
    }

    /// Senders of frames without IP that are learnt, a contract each.
    pub fn senders(&self) -> usize {
        self.frames.len()
    }

    /// The contracts that are proposed for whoever has an IP address.
    pub fn contracts(&self) -> Vec<Learnt> {
        group::group(&self.pairs, (&self.kinds, &self.tags))
    }

    /// The catalog as canonical text, with what each contract rests on as comments.
    pub fn to_icl(&self, box_name: &str) -> String {
        let learnt = self.contracts();
        let learnt = (learnt.as_slice(), &self.tags, &self.frames);
        write::catalog(learnt, &self.captures, box_name)
    }
}

/// The run of a span; nothing for what lies in no table that a contract can name.
fn run(span: &Span<'_>) -> Option<Run> {
    (span.table != Table::Other).then(|| Run {
        table: span.table,
        first: span.addr,
        last: span.last(),
    })
}

/// Runs of one pair kept apart before those that touch are joined.
const RUNS_MAX: usize = 64;

fn add(runs: &mut BTreeSet<Run>, run: Option<Run>) {
    let Some(run) = run else {
        return;
    };
    if runs.insert(run) && runs.len() > RUNS_MAX {
        *runs = joined(runs);
    }
}

fn joined(runs: &BTreeSet<Run>) -> BTreeSet<Run> {
    merge(runs.iter().copied().collect()).into_iter().collect()
}
