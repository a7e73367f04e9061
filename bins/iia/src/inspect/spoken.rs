//! Protocols of many forms on a page: who says what to whom, and who is who.

use std::collections::BTreeMap;
use std::io::{self, Write};

use iia_core::observe::{Between, Conn, Outcome, Protocol, Said, Transport};

use crate::table::{Align, Table, count, counted};

/// Rows shown at most; the rest is counted together.
const ROWS_MAX: usize = 40;
/// Pairs that are told apart at most.
const PAIRS_MAX: usize = 4096;
/// Operations named for a pair at most.
const NAMED_MAX: usize = 5;
/// Fields by which an end says who it is, and what they are called here.
const IDENTITY: &[(&str, &str)] = &[
    ("cip.identity.product_name", "product"),
    ("enip.lir.name", "product"),
    ("pn_dcp.suboption_device_nameofstation", "station"),
    ("pn_dcp.suboption_device_devicevendorvalue", "vendor"),
    ("lldp.tlv.system.name", "system"),
    ("lldp.tlv.system.desc", "system is"),
    ("opcua.ApplicationUri", "application"),
    ("mqtt.clientid", "MQTT client"),
    ("dhcp.option.hostname", "host name"),
    ("dhcp.option.vendor_class_id", "vendor class"),
    ("tls.handshake.extensions_server_name", "asks for server"),
];

/// Protocol and ends.
type Key = (Protocol, String, String);

#[derive(Default)]
struct Pair {
    records: u64,
    refused: u64,
    unanswered: u64,
    malformed: u64,
    operations: BTreeMap<&'static str, u64>,
}

/// What was said in one capture, and the flows that no decoder reads.
#[derive(Default)]
pub(super) struct Spoken {
    pairs: BTreeMap<Key, Pair>,
    left_out: u64,
    identities: BTreeMap<(String, &'static str, String), u64>,
    silent: BTreeMap<(String, String), (u64, u64)>,
    pub(super) records: u64,
}

impl Spoken {
    pub(super) fn said(&mut self, said: &Said<'_>) {
        self.records += 1;
        self.identify(said);
        let (from, to) = match &said.between {
            Between::Flow(flow) => {
                let server = std::net::SocketAddr::new(flow.resp_h, flow.resp_p);
                (flow.orig_h.to_string(), server.to_string())
            }
            Between::Link(link) => (link.source.to_string(), link.destination.to_string()),
        };
        let key = (said.protocol, from, to);
        if self.pairs.len() >= PAIRS_MAX && !self.pairs.contains_key(&key) {
            self.left_out += 1;
            return;
        }
        let pair = self.pairs.entry(key).or_default();
        pair.records += 1;
        match said.outcome {
            Outcome::Refused(_) | Outcome::Exception(_) => pair.refused += 1,
            Outcome::Unanswered => pair.unanswered += 1,
            Outcome::Malformed => pair.malformed += 1,
            Outcome::Answered | Outcome::Orphan | Outcome::Stated => {}
        }
        *pair.operations.entry(said.what).or_default() += 1;
    }

    /// Who said that it is what: the end that sent the field.
    fn identify(&mut self, said: &Said<'_>) {
        let halves = [
            (said.asked, said.from_orig),
            (said.answered, !said.from_orig),
        ];
        for (fields, from_orig) in halves {
            for field in fields {
                let Some((_, what)) = IDENTITY.iter().find(|row| row.0 == field.name) else {
                    continue;
                };
                let end = match &said.between {
                    Between::Flow(flow) if from_orig => flow.orig_h.to_string(),
                    Between::Flow(flow) => flow.resp_h.to_string(),
                    Between::Link(link) if from_orig => link.source.to_string(),
                    Between::Link(link) => link.destination.to_string(),
                };
                let text = field.value.to_string();
                if !text.is_empty() && self.identities.len() < PAIRS_MAX {
                    *self.identities.entry((end, what, text)).or_default() += 1;
                }
            }
        }
    }

    /// A flow that nobody decoded, by its ends.
    pub(super) fn flow(&mut self, conn: &Conn) {
        let carried = conn.orig_bytes + conn.resp_bytes;
        if conn.protocol != Protocol::Unknown || carried == 0 {
            return;
        }
        let flow = &conn.flow;
        let server = std::net::SocketAddr::new(flow.resp_h, flow.resp_p);
        let server = match flow.transport {
            Transport::Tcp => format!("{server} tcp"),
            Transport::Udp => format!("{server} udp"),
            Transport::Ip(number) => format!("{} IP protocol {number}", flow.resp_h),
        };
        let key = (flow.orig_h.to_string(), server);
        if self.silent.len() < PAIRS_MAX || self.silent.contains_key(&key) {
            let (flows, bytes) = self.silent.entry(key).or_default();
            (*flows, *bytes) = (*flows + 1, *bytes + carried);
        }
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        if !self.pairs.is_empty() {
            self.pairs_table().write(out, "  ")?;
            let more = self.pairs.len().saturating_sub(ROWS_MAX) as u64;
            if more > 0 || self.left_out > 0 {
                let (more, left_out) = (counted(more, "pair"), count(self.left_out));
                writeln!(
                    out,
                    "  and {more} more, {left_out} records of others; iia decode shows every record"
                )?;
            }
            writeln!(out)?;
        }
        if !self.identities.is_empty() {
            let mut table = Table::new([
                ("who", Align::Left),
                ("says it is", Align::Left),
                ("", Align::Left),
            ]);
            for (end, what, text) in self.identities.keys().take(ROWS_MAX) {
                table.row([end.clone(), (*what).into(), text.escape_debug().to_string()]);
            }
            table.write(out, "  ")?;
            writeln!(out)?;
        }
        if self.silent.is_empty() {
            return Ok(());
        }
        let mut table = Table::new([
            ("not decoded", Align::Left),
            ("to", Align::Left),
            ("flows", Align::Right),
            ("bytes", Align::Right),
        ]);
        let mut all: Vec<_> = self.silent.iter().collect();
        all.sort_by_key(|(_, (_, bytes))| std::cmp::Reverse(*bytes));
        for ((from, to), (flows, bytes)) in all.iter().take(ROWS_MAX) {
            table.row([from.clone(), to.clone(), count(*flows), count(*bytes)]);
        }
        table.write(out, "  ")?;
        writeln!(out)
    }

    fn pairs_table(&self) -> Table {
        let mut table = Table::new([
            ("protocol", Align::Left),
            ("from", Align::Left),
            ("to", Align::Left),
            ("records", Align::Right),
            ("refused", Align::Right),
            ("unanswered", Align::Right),
            ("malformed", Align::Right),
            ("operations", Align::Left),
        ]);
        let mut all: Vec<_> = self.pairs.iter().collect();
        all.sort_by_key(|((protocol, ..), pair)| (*protocol, std::cmp::Reverse(pair.records)));
        for ((protocol, from, to), pair) in all.iter().take(ROWS_MAX) {
            let [records, refused, unanswered, malformed] =
                [pair.records, pair.refused, pair.unanswered, pair.malformed].map(count);
            table.row([
                protocol.name().into(),
                from.clone(),
                to.clone(),
                records,
                refused,
                unanswered,
                malformed,
                pair.named(),
            ]);
        }
        table
    }

    /// The protocols with their records, the most frequent first.
    pub(super) fn protocols(&self) -> BTreeMap<Protocol, u64> {
        let mut all = BTreeMap::new();
        for ((protocol, ..), pair) in &self.pairs {
            *all.entry(*protocol).or_default() += pair.records;
        }
        all
    }
}

impl Pair {
    fn named(&self) -> String {
        let mut all: Vec<(&&str, &u64)> = self.operations.iter().collect();
        all.sort_by_key(|(name, number)| (std::cmp::Reverse(**number), **name));
        let word = |(name, number): &(&&str, &u64)| format!("{name}\u{d7}{}", count(**number));
        let mut words: Vec<String> = all.iter().take(NAMED_MAX).map(word).collect();
        if all.len() > NAMED_MAX {
            words.push(format!("and {} more", all.len() - NAMED_MAX));
        }
        words.join("  ")
    }
}
