//! One capture on a page: who spoke to whom, with which functions, and what was refused.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::Path;

use iia::captures::Outcome as Read;
use iia_core::observe::{Exchange, Observation, Outcome};

use super::duration;
use super::exchange::{exception, function};
use super::spoken::Spoken;
use super::techniques::Techniques;
use crate::table::{Align, Table, count, counted};

/// Pairs shown at most; the rest is counted together.
const PAIRS_MAX: usize = 40;
/// Functions numbered for a pair at most.
const NUMBERS_MAX: usize = 6;
/// Functions and kinds of exception named at most.
const NAMES_MAX: usize = 12;

/// Client, server, port, unit.
type Key = (IpAddr, IpAddr, u16, u8);

#[derive(Default)]
struct Pair {
    exchanges: u64,
    exceptions: u64,
    unanswered: u64,
    functions: BTreeMap<u8, u64>,
}

/// What is counted of one capture.
#[derive(Default)]
pub(super) struct Page {
    pairs: BTreeMap<Key, Pair>,
    others: Pair,
    /// Exchanges of each function, and of them those with each exception.
    functions: BTreeMap<(u8, Option<u8>), u64>,
    pub(super) refused: u64,
    pub(super) unanswered: u64,
    orphans: u64,
    pub(super) malformed: u64,
    /// Everything that is no exchange of Modbus.
    pub(super) spoken: Spoken,
    techniques: Techniques,
}

impl Page {
    pub(super) fn add(&mut self, observation: &Observation<'_>) {
        self.techniques.add(observation);
        let exchange = match observation {
            Observation::Exchange(exchange) => exchange,
            Observation::Said(said) => return self.spoken.said(said),
            Observation::Conn(conn) => return self.spoken.flow(conn),
            _ => return,
        };
        let exception = match exchange.outcome {
            Outcome::Exception(code) => Some(code),
            _ => None,
        };
        *self
            .functions
            .entry((exchange.func, exception))
            .or_default() += 1;
        match exchange.outcome {
            Outcome::Exception(_) => self.refused += 1,
            Outcome::Unanswered => self.unanswered += 1,
            Outcome::Orphan => self.orphans += 1,
            Outcome::Malformed => self.malformed += 1,
            Outcome::Answered | Outcome::Refused(_) | Outcome::Stated => {}
        }
        self.pair(exchange).add(exchange);
    }

    fn pair(&mut self, exchange: &Exchange<'_>) -> &mut Pair {
        let flow = &exchange.flow;
        let key = (flow.orig_h, flow.resp_h, flow.resp_p, exchange.unit);
        if self.pairs.len() >= PAIRS_MAX && !self.pairs.contains_key(&key) {
            return &mut self.others;
        }
        self.pairs.entry(key).or_default()
    }

    pub(super) fn write(
        &mut self,
        out: &mut impl Write,
        capture: &Path,
        read: &Read,
    ) -> io::Result<()> {
        let stats = read.stats;
        writeln!(out, "{}", capture.display())?;
        let (packets, flows) = (
            counted(stats.packets, "packet"),
            counted(stats.conns, "flow"),
        );
        let (length, not_ip) = (duration(read), count(stats.not_ip));
        writeln!(
            out,
            "  {packets} in {length}, {flows}, {not_ip} frames without IP"
        )?;
        if stats.fragments + stats.malformed > 0 {
            let (fragments, broken) = (
                counted(stats.fragments, "IP fragment"),
                count(stats.malformed),
            );
            writeln!(
                out,
                "  {fragments} that waited for others, {broken} packets with broken headers"
            )?;
        }
        if stats.exchanges == 0 {
            let nothing = if stats.said == 0 {
                "  nothing that a decoder knows; --port names further ports of Modbus/TCP\n"
            } else {
                ""
            };
            writeln!(out, "{nothing}")?;
            return self.write_rest(out);
        }
        let (units, exchanges) = (
            counted(stats.units, "unit"),
            counted(stats.exchanges, "exchange"),
        );
        writeln!(
            out,
            "  Modbus/TCP: {units} in {exchanges}{}\n",
            self.marks()
        )?;
        self.pairs_table().write(out, "  ")?;
        writeln!(out)?;
        self.write_functions(out)?;
        writeln!(out)?;
        self.write_rest(out)
    }

    /// What is no exchange of Modbus, and what everything amounts to.
    fn write_rest(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.spoken.write(out)?;
        self.techniques.finish();
        self.techniques.write(out)
    }

    /// What of the exchanges is not plainly answered.
    fn marks(&self) -> String {
        let marks = [
            (self.refused, "refused"),
            (self.unanswered, "unanswered"),
            (self.orphans, "without a request that was captured"),
            (self.malformed, "malformed"),
        ];
        let marks = marks.iter().filter(|mark| mark.0 > 0);
        let marks: Vec<String> = marks
            .map(|(number, word)| format!("{} {word}", count(*number)))
            .collect();
        if marks.is_empty() {
            return ", all answered".into();
        }
        format!(": {}", marks.join(", "))
    }

    fn pairs_table(&self) -> Table {
        let mut table = Table::new([
            ("client", Align::Left),
            ("server", Align::Left),
            ("unit", Align::Right),
            ("exchanges", Align::Right),
            ("exceptions", Align::Right),
            ("unanswered", Align::Right),
            ("functions", Align::Left),
        ]);
        for ((client, server, port, unit), pair) in &self.pairs {
            let server = std::net::SocketAddr::new(*server, *port);
            pair.row(
                &mut table,
                [client.to_string(), server.to_string(), unit.to_string()],
            );
        }
        if self.others.exchanges > 0 {
            self.others
                .row(&mut table, ["others".into(), String::new(), String::new()]);
        }
        table
    }

    /// The functions by name, and how they were refused.
    fn write_functions(&self, out: &mut impl Write) -> io::Result<()> {
        let mut table = Table::new([
            ("exchanges", Align::Right),
            ("function", Align::Left),
            ("exception", Align::Left),
        ]);
        let mut all: Vec<_> = self.functions.iter().collect();
        all.sort_by_key(|(codes, number)| (std::cmp::Reverse(**number), **codes));
        for ((func, code), number) in all.iter().take(NAMES_MAX) {
            let exception = code.map(exception).unwrap_or_default();
            table.row([count(**number), function(*func), exception]);
        }
        table.write(out, "  ")?;
        match all.len().saturating_sub(NAMES_MAX) {
            0 => Ok(()),
            more => writeln!(out, "  and {more} more; --rows shows every exchange"),
        }
    }
}

impl Pair {
    fn add(&mut self, exchange: &Exchange<'_>) {
        self.exchanges += 1;
        self.exceptions += u64::from(matches!(exchange.outcome, Outcome::Exception(_)));
        self.unanswered += u64::from(exchange.outcome == Outcome::Unanswered);
        *self.functions.entry(exchange.func).or_default() += 1;
    }

    fn row(&self, table: &mut Table, [client, server, unit]: [String; 3]) {
        let mut functions: Vec<(&u8, &u64)> = self.functions.iter().collect();
        functions.sort_by_key(|(func, number)| (std::cmp::Reverse(**number), **func));
        let word = |(func, number): &(&u8, &u64)| format!("{func}\u{d7}{}", count(**number));
        let mut words: Vec<String> = functions.iter().take(NUMBERS_MAX).map(word).collect();
        if functions.len() > NUMBERS_MAX {
            words.push(format!("and {} more", functions.len() - NUMBERS_MAX));
        }
        let [exchanges, exceptions, unanswered] =
            [self.exchanges, self.exceptions, self.unanswered].map(count);
        let functions = words.join("  ");
        table.row([
            client, server, unit, exchanges, exceptions, unanswered, functions,
        ]);
    }
}
