//! Real captures of others: what tshark sees in them we see too, and what is not Modbus is not called so.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    reason = "tests"
)]

mod oracle;

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

use iia_capture::pipeline::{Options, Pipeline, Stats};
use iia_capture::source::pcap::PcapSource;
use iia_core::observe::{Exchange, Observation, Outcome, Protocol, Span};
use oracle::{Key, Unit, Units};

/// Units that one side has and the other has not, and why: capture, side, transaction, how many, reason.
const EXPLAINED: [(&str, &str, u32, usize, &str); 15] = [
    ("modbus_test_data_part1.pcap", "tshark", 1, 11, CLIENT),
    ("modbus__modbus.pcap", "tshark", 1, 5, CLIENT),
    ("fuzz-1011.pcap", "tshark", 1119, 1, UNPROVEN),
    ("modbusBig.pcap", "iia", 50382, 1, AGAIN),
    ("mb2.pcap", "iia", 9824, 1, AGAIN),
    ("mb2.pcap", "iia", 9825, 1, AGAIN),
    ("mb2.pcap", "iia", 22505, 1, AGAIN),
    ("mb2.pcap", "iia", 22506, 1, AGAIN),
    ("mb2.pcap", "iia", 22507, 1, AGAIN),
    ("mb2.pcap", "iia", 22508, 1, AGAIN),
    ("mb2.pcap", "iia", 22509, 1, AGAIN),
    ("Modicon.pcap", "iia", 3, 2, AGAIN),
    ("Advantech.pcap", "iia", 26112, 1, AGAIN),
    ("Advantech.pcap", "iia", 32256, 1, AGAIN),
    ("Advantech.pcap", "iia", 33280, 1, AGAIN),
];
const CLIENT: &str = "whoever opened the connection from port 502 is a client; tshark goes by the port and calls it a server";
const UNPROVEN: &str = "a lone request that breaks the rules of its function, in a flow where nothing else was Modbus within ten seconds";
const AGAIN: &str =
    "first seen in a segment that tshark takes for a retransmission and leaves undecoded";

fn decode(path: &Path, sink: &mut impl FnMut(&Observation<'_>)) -> Stats {
    let mut source = PcapSource::open(File::open(path).unwrap()).unwrap();
    let mut pipeline = Pipeline::new(Options::default());
    while let Ok(Some(packet)) = source.next_packet() {
        pipeline.handle_packet(&packet, sink);
    }
    pipeline.finish(sink);
    pipeline.stats()
}

fn ours(path: &Path) -> Units {
    let mut units = Units::new();
    decode(path, &mut |observation| {
        if let Observation::Exchange(exchange) = observation {
            add(exchange, &mut units);
        }
    });
    units
}

/// An exchange as the one or two units it was made of.
fn add(exchange: &Exchange<'_>, units: &mut Units) {
    let flow = &exchange.flow;
    let key = |ns: i64, from| Key {
        us: ns / 1000,
        from,
        transaction: exchange.transaction.into(),
        unit: exchange.unit.into(),
        func: exchange.func.into(),
    };
    let (read, write) = (exchange.read.as_ref(), exchange.write.as_ref());
    let orphan = exchange.outcome == Outcome::Orphan;
    let mut add = |key, unit| units.entry(key).or_default().push((0, unit));
    let named = Unit {
        write_addr: write.map(|span| span.addr),
        write_count: write.map(|span| span.count),
        ..Unit::default()
    };
    if !orphan {
        let request = Unit {
            addr: read.map(|span| span.addr),
            count: read.map(|span| span.count),
            values: write.and_then(values),
            ..named.clone()
        };
        let from = (flow.orig_h, flow.orig_p);
        add(key(exchange.ts.as_ns(), from), request);
    }
    if let Some(latency) = exchange.latency_ns.or(orphan.then_some(0)) {
        let exception = match exchange.outcome {
            Outcome::Exception(code) => Some(code.into()),
            _ => None,
        };
        // An answer names the same addresses as its request, or it is none; an exception names nothing.
        let named = if exception.is_none() {
            named
        } else {
            Unit::default()
        };
        let values = read.and_then(values);
        let from = (flow.resp_h, flow.resp_p);
        add(
            key(exchange.ts.as_ns() + latency, from),
            Unit {
                exception,
                values,
                ..named
            },
        );
    }
}

fn values(span: &Span<'_>) -> Option<Vec<u32>> {
    let values: Vec<u32> = span.iter().map(u32::from).collect();
    (!values.is_empty()).then_some(values)
}

/// What comparing one capture gave.
#[derive(Default)]
struct Agreement {
    units: usize,
    retimed: usize,
    fields: usize,
    untold: usize,
    different: Vec<String>,
    alone: Vec<(&'static str, u32)>,
}

impl Agreement {
    fn of(mut ours: Units, mut theirs: Units) -> Self {
        let mut agreement = Self::default();
        for timed in [true, false] {
            agreement.pair(&mut ours, &mut theirs, timed);
        }
        for (side, units) in [("iia", ours), ("tshark", theirs)] {
            let left = units
                .iter()
                .flat_map(|(key, units)| units.iter().map(|_| key.transaction));
            agreement
                .alone
                .extend(left.map(|transaction| (side, transaction)));
        }
        agreement
    }

    /// Pairs units of the same key, at first of the same moment too; what is paired is compared and taken out.
    fn pair(&mut self, ours: &mut Units, theirs: &mut Units, timed: bool) {
        for (key, units) in theirs.iter_mut() {
            units.retain(|(frame, their)| {
                let same = |known: &Key| known.us == key.us || !timed;
                let Some(mine) = oracle::take(ours, key, same) else {
                    return true;
                };
                self.units += 1;
                self.retimed += usize::from(!timed);
                self.compare(&mine, their, &format!("frame {frame} {key:?}"));
                false
            });
        }
    }

    fn compare(&mut self, mine: &Unit, their: &Unit, place: &str) {
        let number = |name, mine: Option<u32>, their: Option<u32>| {
            (name, mine.map(|n| vec![n]), their.map(|n| vec![n]))
        };
        let fields = [
            number("exception", mine.exception, their.exception),
            number("address", mine.addr, their.addr),
            number("count", mine.count, their.count),
            number("written address", mine.write_addr, their.write_addr),
            number("written count", mine.write_count, their.write_count),
            ("values", mine.values.clone(), their.values.clone()),
        ];
        for (name, mine, their) in fields {
            match (mine, their) {
                (_, None) => {}
                (None, Some(_)) => self.untold += 1,
                (Some(mine), Some(their)) if mine == their => self.fields += 1,
                (mine, their) => self
                    .different
                    .push(format!("{place} {name}: {mine:?}, tshark {their:?}")),
            }
        }
    }
}

/// Everything that is left over stands in `EXPLAINED`, and nothing else does.
fn unexplained(name: &str, alone: &[(&'static str, u32)]) -> Vec<String> {
    let count = |side: &str, transaction| {
        alone
            .iter()
            .filter(|one| one.0 == side && one.1 == transaction)
            .count()
    };
    let explained = |side: &str, transaction| {
        let same = |row: &&(&str, &str, u32, usize, &str)| {
            (row.0, row.1, row.2) == (name, side, transaction)
        };
        EXPLAINED.iter().find(same).map_or(0, |row| row.3)
    };
    let rows = EXPLAINED
        .iter()
        .filter(|row| row.0 == name)
        .map(|row| (row.1, row.2));
    let mut all: Vec<(&str, u32)> = rows.chain(alone.iter().copied()).collect();
    all.sort_unstable();
    all.dedup();
    all.retain(|(side, transaction)| count(side, *transaction) != explained(side, *transaction));
    let tell = |(side, transaction): (&str, u32)| {
        format!(
            "{name}: only {side} has {} of transaction {transaction}",
            count(side, transaction)
        )
    };
    all.into_iter().map(tell).collect()
}

#[test]
fn every_unit_and_field_of_tshark_is_ours_or_explained() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("every_unit_and_field_of_tshark_is_ours_or_explained");
    };
    let (mut table, mut wrong, mut units) = (String::new(), Vec::new(), 0);
    for (path, _) in oracle::manifest(&corpus)
        .iter()
        .filter(|row| row.1 == "modbus")
    {
        let agreement = Agreement::of(ours(&corpus.join(path)), oracle::tshark(&corpus, path));
        let name = path.file_name().unwrap().to_str().unwrap();
        let alone = |side| agreement.alone.iter().filter(|one| one.0 == side).count();
        writeln!(
            table,
            "| {name} | {} | {} | {} | {} | {} | {} |",
            agreement.units,
            agreement.fields,
            agreement.retimed,
            agreement.untold,
            alone("iia"),
            alone("tshark")
        )
        .unwrap();
        units += agreement.units;
        wrong.extend(
            agreement
                .different
                .iter()
                .map(|text| format!("{name}: {text}")),
        );
        wrong.extend(unexplained(name, &agreement.alone));
    }
    eprintln!("{table}");
    assert!(units > 30_000, "{units} units compared");
    assert_eq!(wrong, Vec::<String>::new());
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/modbus-agreement.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    assert!(
        docs.contains(&table),
        "docs/modbus-agreement.md is out of date:\n{table}"
    );
    for row in EXPLAINED {
        assert!(
            docs.contains(row.4),
            "docs/modbus-agreement.md does not say: {}",
            row.4
        );
    }
}

#[test]
fn nothing_else_is_called_modbus() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("nothing_else_is_called_modbus");
    };
    let (mut captures, mut packets) = (0, 0);
    for (path, _) in oracle::manifest(&corpus)
        .iter()
        .filter(|row| !row.1.starts_with("modbus"))
    {
        let mut claimed = 0;
        let stats = decode(&corpus.join(path), &mut |observation| {
            claimed += usize::from(match observation {
                Observation::Exchange(_) => true,
                Observation::Conn(conn) => {
                    matches!(conn.protocol, Protocol::ModbusTcp | Protocol::ModbusRtu)
                }
                _ => false,
            });
        });
        assert_eq!(claimed, 0, "{}", path.display());
        captures += 1;
        packets += stats.packets;
    }
    eprintln!("{captures} captures, {packets} packets, no Modbus in them");
    assert!(captures > 300);
}

#[test]
fn other_protocols_on_port_502_are_not_modbus() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("other_protocols_on_port_502_are_not_modbus");
    };
    let path = corpus.join("modbus/zeek_zeek/modbus-and-non-modbus-p502.pcap");
    let (mut modbus, mut other) = (0, 0);
    decode(&path, &mut |observation| match observation {
        Observation::Conn(conn) if conn.flow.resp_p != 502 => {}
        Observation::Conn(conn) if conn.protocol == Protocol::ModbusTcp => modbus += 1,
        Observation::Conn(_) => other += 1,
        _ => {}
    });
    // Zeek's own record of this capture names six connections to the port, one of them Modbus.
    assert_eq!((modbus, other > 0), (1, true));
}
