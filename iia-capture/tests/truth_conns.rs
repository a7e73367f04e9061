//! Connections, held against Zeek's conn.log one by one.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod oracle;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;
use iia_core::observe::{Observation, Transport};

/// Two ends and the transport; the lower end first. ICMP has no ports; Zeek writes types there.
type Key = ((String, u16), (String, u16), String);

/// What was counted from the lower end and to it, of all connections between the same ends together: a pause ends one
/// sooner for Zeek than for us.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Counts {
    conns: u64,
    /// How many of them the lower end opened.
    up: u64,
    pkts: [u64; 2],
    /// Nothing where Zeek does not say.
    bytes: [Option<u64>; 2],
    missed: u64,
}

/// One connection as either tells it.
struct Row {
    ends: [(String, u16); 2],
    proto: String,
    pkts: [u64; 2],
    bytes: [Option<u64>; 2],
    missed: u64,
}

fn add(conns: &mut BTreeMap<Key, Counts>, mut row: Row) {
    let up = row.ends[0] <= row.ends[1];
    if !up {
        row.ends.swap(0, 1);
        row.pkts.swap(0, 1);
        row.bytes.swap(0, 1);
    }
    let [low, high] = row.ends;
    let sum = conns.entry((low, high, row.proto)).or_default();
    let first = sum.conns == 0;
    sum.conns += 1;
    sum.up += u64::from(up);
    sum.missed += row.missed;
    for side in 0..2 {
        sum.pkts[side] += row.pkts[side];
        let before = if first { Some(0) } else { sum.bytes[side] };
        sum.bytes[side] = before.zip(row.bytes[side]).map(|(a, b)| a + b);
    }
}

fn ours(path: &Path) -> BTreeMap<Key, Counts> {
    let mut conns = BTreeMap::<Key, Counts>::new();
    let mut source = PcapSource::open(File::open(path).unwrap()).unwrap();
    let mut pipeline = Pipeline::new(Options::default());
    let mut sink = |seen: &Observation<'_>| {
        let Observation::Conn(conn) = seen else {
            return;
        };
        let proto = match conn.flow.transport {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
            Transport::Ip(1 | 58) => "icmp",
            Transport::Ip(_) => "unknown_transport",
        };
        let flow = conn.flow;
        let row = Row {
            ends: [
                (flow.orig_h.to_string(), flow.orig_p),
                (flow.resp_h.to_string(), flow.resp_p),
            ],
            proto: proto.to_owned(),
            pkts: [conn.orig_pkts, conn.resp_pkts],
            bytes: [Some(conn.orig_bytes), Some(conn.resp_bytes)],
            missed: conn.missed_bytes,
        };
        add(&mut conns, row);
    };
    while let Ok(Some(packet)) = source.next_packet() {
        pipeline.handle_packet(&packet, &mut sink);
    }
    pipeline.finish(&mut sink);
    conns
}

fn zeek(log: &Path) -> BTreeMap<Key, Counts> {
    let mut text = String::new();
    GzDecoder::new(File::open(log).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let names = text
        .lines()
        .find_map(|line| line.strip_prefix("#fields\t"))
        .unwrap_or_default();
    let names: Vec<&str> = names.split('\t').collect();
    let mut conns = BTreeMap::<Key, Counts>::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let row: Vec<&str> = line.split('\t').collect();
        let of = |name: &str| row[names.iter().position(|known| *known == name).unwrap()];
        let number = |name: &str| of(name).parse::<u64>().unwrap_or(0);
        let proto = of("proto").to_owned();
        let port = |name: &str| match proto.as_str() {
            "tcp" | "udp" => of(name).parse().unwrap(),
            _ => 0,
        };
        let row = Row {
            ends: [
                (of("id.orig_h").to_owned(), port("id.orig_p")),
                (of("id.resp_h").to_owned(), port("id.resp_p")),
            ],
            pkts: [number("orig_pkts"), number("resp_pkts")],
            bytes: [of("orig_bytes").parse().ok(), of("resp_bytes").parse().ok()],
            missed: number("missed_bytes"),
            proto,
        };
        add(&mut conns, row);
    }
    conns
}

/// How connections between the same ends differ.
fn how(mine: Option<&Counts>, their: &Counts) -> &'static str {
    let Some(mine) = mine else {
        return "only Zeek";
    };
    let both = mine.bytes.iter().zip(&their.bytes);
    let known = both.filter_map(|(mine, their)| Some((mine.unwrap(), (*their)?)));
    let known: Vec<(u64, u64)> = known.collect();
    let once = mine.conns == 1 && their.conns == 1;
    match () {
        () if mine.pkts != their.pkts => "packets",
        () if known.iter().any(|(mine, their)| mine < their) => "fewer bytes",
        () if known.iter().any(|(mine, their)| mine > their) => "more bytes",
        () if mine.missed != their.missed => "missed bytes",
        () if once && mine.up != their.up => "direction",
        () => "equal",
    }
}

#[test]
fn connections_are_those_of_zeek_or_differ_for_a_reason() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("connections_are_those_of_zeek_or_differ_for_a_reason");
    };
    let mut found = BTreeMap::<&str, BTreeMap<String, (usize, Vec<String>)>>::new();
    for (path, protocol) in oracle::manifest(&corpus) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let folder = corpus
            .join(path.parent().unwrap())
            .join("expected/zeek822")
            .join(name);
        let log = folder.join("conn.log.gz");
        if !log.is_file() {
            continue;
        }
        let (mut mine, theirs) = (ours(&corpus.join(&path)), zeek(&log));
        let mut note = |how: &'static str, text: String| {
            let row = found
                .entry(how)
                .or_default()
                .entry(protocol.clone())
                .or_default();
            row.0 += 1;
            row.1.push(text);
        };
        for (key, their) in theirs {
            let known = mine.remove(&key);
            note(
                how(known.as_ref(), &their),
                format!("{name} {key:?}: {known:?}, Zeek {their:?}"),
            );
        }
        for (key, counts) in mine {
            note("only we", format!("{name} {key:?}: {counts:?}"));
        }
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/agreement/link.md");
    let text = std::fs::read_to_string(page).unwrap_or_default();
    let mut wrong = Vec::new();
    for (how, rows) in &found {
        for (protocol, (number, examples)) in rows {
            // A decoder more tells directions and gaps that were not told before, so that fewer may differ.
            let start = format!("| {how} | {protocol} | ");
            let told = text.lines().find_map(|line| line.strip_prefix(&start));
            let told = told.and_then(|rest| rest.trim_end_matches(" |").parse::<usize>().ok());
            let holds = match *how {
                "equal" => told.is_some_and(|told| *number >= told),
                _ => told.is_some_and(|told| *number <= told),
            };
            if !holds {
                let example = &examples[0];
                wrong.push(format!("{start}{number} |\n{example}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "docs/agreement/link.md does not say:\n{}",
        wrong.join("\n")
    );
}
