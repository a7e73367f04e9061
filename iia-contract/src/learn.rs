//! From a capture to a first catalog: what was seen, as text that a person then cuts down.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use core::fmt::Write as _;
use core::net::IpAddr;

use iia_core::observe::{Exchange, Observation, Outcome, Protocol};

use crate::scope::{Run, merge};

/// Distinct client, server and unit triples learnt at most; beyond it they are counted.
pub const PAIRS_MAX: usize = 4096;

type Key = (IpAddr, IpAddr, u16, u8);

#[derive(Debug, Default)]
struct Learnt {
    reads: BTreeSet<Run>,
    writes: BTreeSet<Run>,
    functions: BTreeSet<u8>,
}

/// Learns device contracts from observations.
#[derive(Debug, Default)]
pub struct Learner {
    pairs: BTreeMap<Key, Learnt>,
    left_out: u64,
}

impl Learner {
    /// Takes one observation. Attempts that the device refused or ignored are not learnt.
    pub fn observe(&mut self, observation: &Observation<'_>) {
        let Observation::Exchange(exchange) = observation else {
            return;
        };
        if exchange.protocol != Protocol::ModbusTcp || exchange.outcome != Outcome::Answered {
            return;
        }
        let flow = &exchange.flow;
        let key = (flow.orig_h, flow.resp_h, flow.resp_p, exchange.unit);
        if self.pairs.len() >= PAIRS_MAX && !self.pairs.contains_key(&key) {
            self.left_out += 1;
            return;
        }
        self.pairs.entry(key).or_default().observe(exchange);
    }

    /// Exchanges that found no room.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The catalog as canonical text.
    pub fn to_icl(&self, box_name: &str) -> String {
        let mut text = String::from("iia-config 1\n");
        let _ = write!(
            text,
            "\nartifact {box_name} 0.1.0 {{\n  revision 1\n  issued 1970-01-01T00:00:00Z\n  target {box_name}\n}}\n"
        );
        let mut entries = BTreeMap::new();
        for (number, (key, learnt)) in (1..).zip(&self.pairs) {
            let id = alloc::format!("iia.contract.device.learnt-{number:04}");
            entries.insert(id.clone(), learnt.to_icl(&id, key));
        }
        text.extend(entries.into_values());
        text
    }
}

/// Runs of one pair kept apart before those that touch are joined.
const RUNS_MAX: usize = 64;

fn add(runs: &mut BTreeSet<Run>, run: Option<Run>) {
    runs.extend(run);
    if runs.len() > RUNS_MAX {
        *runs = merge(core::mem::take(runs).into_iter().collect())
            .into_iter()
            .collect();
    }
}

impl Learnt {
    fn observe(&mut self, exchange: &Exchange<'_>) {
        let run = |span: &iia_core::observe::Span<'_>| Run {
            table: span.table,
            first: span.addr,
            last: span.last(),
        };
        add(&mut self.reads, exchange.read.as_ref().map(run));
        add(&mut self.writes, exchange.write.as_ref().map(run));
        if exchange.read.is_none() && exchange.write.is_none() {
            self.functions.insert(exchange.func);
        }
    }

    fn to_icl(&self, id: &str, (client, server, port, unit): &Key) -> String {
        let server = match server {
            IpAddr::V4(server) => alloc::format!("{server}"),
            IpAddr::V6(server) => alloc::format!("[{server}]"),
        };
        let mut text = String::new();
        let _ = write!(
            text,
            "\ncontract {id} 0.1.0 {{\n  scope device\n  protocol modbus_tcp\n  client {client}\n  server tcp/{server}:{port}\n  unit {unit}\n"
        );
        let mut functions: alloc::vec::Vec<String> = self
            .functions
            .iter()
            .map(|function| alloc::format!("  function {function}\n"))
            .collect();
        functions.sort();
        text.extend(functions);
        for (verb, runs) in [("read", &self.reads), ("write", &self.writes)] {
            let runs = merge(runs.iter().copied().collect());
            let mut lines: alloc::vec::Vec<String> = runs
                .iter()
                .map(|run| {
                    alloc::format!("  {verb} {} {} {}\n", run.table.name(), run.first, run.last)
                })
                .collect();
            lines.sort();
            text.extend(lines);
        }
        text.push_str("}\n");
        text
    }
}
