//! The full record can be told from its summary: every change is in it, and counts add up.
#![cfg(feature = "generate")]
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
use std::io::Read;

use iia_capture::generate::{TraceOptions, write_pcap};
use iia_capture::pipeline::{self, Pipeline};
use iia_capture::source::pcap::PcapSource;
use iia_capture::summary::{Note, Options, POLLS_MAX, Poll, Summary};
use iia_core::Timestamp;
use iia_core::observe::{Exchange, Flow, Observation, Outcome, Protocol, Span, Table, Values};

/// What is compared: poll and moment, and then which value became what, or which outcome.
type Change = (String, i64, String);

/// What the full record says, by a model that keeps everything.
#[derive(Default)]
struct Full {
    records: usize,
    values: BTreeMap<(String, bool), Vec<u16>>,
    outcomes: BTreeMap<String, Outcome>,
    changes: Vec<Change>,
    counts: BTreeMap<String, [u64; 8]>,
}

impl Full {
    fn add(&mut self, exchange: &Exchange<'_>) {
        self.records += 1;
        let poll = format!("{:?}", Poll::of(exchange));
        let ts = exchange.ts.as_ns();
        if let Some(before) = self.outcomes.insert(poll.clone(), exchange.outcome)
            && before != exchange.outcome
        {
            let text = format!("{before:?} {:?}", exchange.outcome);
            self.changes.push((poll.clone(), ts, text));
        }
        let latency = u64::try_from(exchange.latency_ns.unwrap_or(0)).unwrap();
        let counts = self.counts.entry(poll.clone()).or_default();
        counts[0] += 1;
        counts[1 + kind(exchange.outcome)] += 1;
        counts[7] += latency;
        if exchange.outcome == Outcome::Malformed {
            return;
        }
        for (written, span) in [(false, exchange.read), (true, exchange.write)] {
            let Some(span) = span.filter(|span| span.values != Values::None) else {
                continue;
            };
            let values: Vec<u16> = span.iter().collect();
            let known = self.values.insert((poll.clone(), written), values.clone());
            for (at, (before, after)) in known.into_iter().flatten().zip(values).enumerate() {
                if before != after {
                    let addr = span.addr as usize + at;
                    let text = format!("{written} {addr} {before} {after}");
                    self.changes.push((poll.clone(), ts, text));
                }
            }
        }
    }
}

fn kind(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Answered => 0,
        Outcome::Exception(_) | Outcome::Refused(_) => 1,
        Outcome::Unanswered => 2,
        Outcome::Orphan => 3,
        Outcome::Malformed => 4,
        Outcome::Stated => 5,
    }
}

/// What the summary says, in the same terms.
#[derive(Default)]
struct Told {
    notes: usize,
    first: BTreeMap<String, usize>,
    changes: Vec<Change>,
    counts: BTreeMap<String, [u64; 8]>,
}

impl Told {
    fn add(&mut self, note: &Note<'_>) {
        self.notes += 1;
        match note {
            Note::First { poll, exchange } => {
                assert_eq!(**poll, Poll::of(exchange));
                *self.first.entry(format!("{poll:?}")).or_default() += 1;
            }
            Note::Changed {
                poll,
                ts,
                written,
                addr,
                before,
                after,
            } => {
                let text = format!("{written} {addr} {before} {after}");
                self.changes.push((format!("{poll:?}"), ts.as_ns(), text));
            }
            Note::Turned {
                poll,
                ts,
                before,
                after,
            } => {
                let text = format!("{before:?} {after:?}");
                self.changes.push((format!("{poll:?}"), ts.as_ns(), text));
            }
            Note::Counted { poll, counts } => {
                let row = self.counts.entry(format!("{poll:?}")).or_default();
                let total = u64::try_from(counts.latency_total_ns).unwrap();
                let parts = [
                    counts.polls,
                    counts.answered,
                    counts.exceptions,
                    counts.unanswered,
                    counts.orphans,
                    counts.malformed,
                    counts.stated,
                    total,
                ];
                row.iter_mut()
                    .zip(parts)
                    .for_each(|(sum, part)| *sum += part);
                let mean = counts.latency_mean_ns();
                assert_eq!(mean.is_some(), counts.timed > 0);
                let range = counts.latency_min_ns..=counts.latency_max_ns;
                assert!(mean.is_none_or(|mean| range.contains(&mean)));
                assert!(counts.first <= counts.last && counts.polls > 0);
            }
        }
    }
}

fn explains(name: &str, capture: impl Read) -> (usize, usize) {
    let mut source = PcapSource::open(capture).unwrap();
    let mut pipeline = Pipeline::new(pipeline::Options::default());
    let mut summary = Summary::new(Options::default());
    let (mut full, mut told) = (Full::default(), Told::default());
    let mut take = |seen: &Observation<'_>| {
        let is = matches!(seen, Observation::Exchange(_));
        assert_eq!(summary.take(seen, &mut |note| told.add(note)), is);
        if let Observation::Exchange(exchange) = seen {
            full.add(exchange);
        }
    };
    while let Ok(Some(packet)) = source.next_packet() {
        pipeline.handle_packet(&packet, &mut take);
    }
    pipeline.finish(&mut take);
    assert_eq!(summary.forgotten(), 0);
    summary.finish(&mut |note| told.add(note));
    full.changes.sort();
    told.changes.sort();
    assert!(full.changes == told.changes, "{name}");
    assert_eq!(full.counts, told.counts, "{name}");
    assert!(full.counts.keys().eq(told.first.keys()), "{name}");
    // One for the first exchange, one more where values came later, for what is read and what is written.
    assert!(told.first.values().all(|count| (1..=3).contains(count)));
    (full.records, told.notes)
}

#[test]
fn the_full_record_of_real_captures_can_be_told_from_the_summary() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("the_full_record_of_real_captures_can_be_told_from_the_summary");
    };
    let (mut records, mut notes) = (0, 0);
    let rows = oracle::manifest(&corpus);
    for (path, _) in rows.iter().filter(|row| row.1.starts_with("modbus")) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let one = explains(name, File::open(corpus.join(path)).unwrap());
        eprintln!("{name}: {} exchanges, {} notes", one.0, one.1);
        (records, notes) = (records + one.0, notes + one.1);
    }
    eprintln!("{records} exchanges, {notes} notes");
    assert!(records > 15_000);
}

#[test]
fn the_full_record_of_a_made_trace_can_be_told_from_the_summary() {
    for seed in 0..5 {
        let mut bytes = Vec::new();
        let options = TraceOptions {
            packets: 20_000,
            flows: 5,
            exception_every: 7,
            seed,
        };
        write_pcap(&mut bytes, options).unwrap();
        explains(&format!("seed {seed}"), bytes.as_slice());
    }
}

fn read(number: u32, at_ns: i64, value: &[u8]) -> Observation<'_> {
    let [a, b, c, d] = number.to_be_bytes();
    Observation::Exchange(Exchange {
        ts: Timestamp::from_ns(at_ns),
        flow: Flow {
            orig_h: [10, 0, 0, 1].into(),
            orig_p: 40_000,
            resp_h: [a, b, c, d].into(),
            resp_p: 502,
            transport: iia_core::observe::Transport::Tcp,
            vlan: 0,
        },
        protocol: Protocol::ModbusTcp,
        outcome: Outcome::Answered,
        transaction: 1,
        unit: 1,
        func: 3,
        read: Some(Span {
            table: Table::HoldingRegister,
            addr: 7,
            count: 1,
            values: Values::Words(value),
        }),
        write: None,
        latency_ns: Some(1000),
    })
}

#[test]
fn the_same_answer_a_thousand_times_is_one_note_a_period() {
    let mut summary = Summary::new(Options::default());
    let mut told = Told::default();
    // Ten times a second for ten minutes; the value changes once.
    for poll in 0..6000 {
        let value: &[u8] = if poll < 3333 { &[0, 5] } else { &[0, 6] };
        let seen = read(1, poll * 100_000_000, value);
        summary.take(&seen, &mut |note| told.add(note));
    }
    summary.finish(&mut |note| told.add(note));
    assert_eq!((told.notes, told.changes.len()), (1 + 1 + 10, 1));
    let counts: Vec<_> = told.counts.into_values().collect();
    assert_eq!(counts, [[6000, 6000, 0, 0, 0, 0, 0, 6_000_000]]);
}

#[test]
fn a_flood_of_polls_stays_within_the_limit_and_every_one_is_counted() {
    let mut summary = Summary::new(Options::default());
    let mut told = Told::default();
    let all = u32::try_from(POLLS_MAX).unwrap() + 5000;
    for number in 0..all {
        summary.take(&read(number, 0, &[0, 5]), &mut |note| told.add(note));
        assert!(summary.polls() <= POLLS_MAX);
    }
    assert_eq!(summary.forgotten(), 5000);
    summary.finish(&mut |note| told.add(note));
    let counted: u64 = told.counts.values().map(|row| row[0]).sum();
    assert_eq!(counted, u64::from(all));
}
