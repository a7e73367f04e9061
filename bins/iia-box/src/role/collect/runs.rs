//! Who spoke to whom since the last announcement, as runs without a long pause, so that an observer sees the silences
//! between them however seldom it is told.

use std::collections::BTreeMap;
use std::net::IpAddr;

use iia_core::Timestamp;
use iia_core::observe::Exchange;
use iia_core::time::SECOND_NS;

use crate::wire::Seen;

/// Runs announced at once; beyond it pairs that are new are counted in the totals only.
const RUNS_MAX: usize = 1024;
/// A pause longer than this ends a run.
const PAUSE_NS: i64 = SECOND_NS;

type Pair = (IpAddr, IpAddr, u16);

/// The runs of one announcement.
#[derive(Default)]
pub(super) struct Runs {
    open: BTreeMap<Pair, Run>,
    closed: Vec<(Pair, Run)>,
}

#[derive(Clone, Copy)]
struct Run {
    first: Timestamp,
    last: Timestamp,
    count: u64,
}

impl Runs {
    /// Counts an exchange.
    pub(super) fn add(&mut self, exchange: &Exchange<'_>) {
        let flow = &exchange.flow;
        let (pair, ts) = ((flow.orig_h, flow.resp_h, flow.resp_p), exchange.ts);
        let room = self.open.len() + self.closed.len() < RUNS_MAX;
        let begun = Run {
            first: ts,
            last: ts,
            count: 1,
        };
        match self.open.get_mut(&pair) {
            Some(run) if room && ts.since_ns(run.last) > PAUSE_NS => {
                self.closed.push((pair, std::mem::replace(run, begun)));
            }
            Some(run) => {
                run.first = run.first.min(ts);
                run.last = run.last.max(ts);
                run.count += 1;
            }
            None if room => {
                self.open.insert(pair, begun);
            }
            None => {}
        }
    }

    /// Everything so far, in the order in which it began.
    pub(super) fn take(&mut self) -> Vec<Seen> {
        let mut runs = std::mem::take(&mut self.closed);
        runs.extend(std::mem::take(&mut self.open));
        runs.sort_by_key(|(pair, run)| (run.first, *pair));
        let seen = |((client, server, port), run): (Pair, Run)| Seen {
            client: client.to_string(),
            server: server.to_string(),
            port,
            first_ns: run.first.as_ns(),
            last_ns: run.last.as_ns(),
            count: run.count,
        };
        runs.into_iter().map(seen).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iia_core::observe::{Flow, Outcome, Protocol, Transport};

    fn exchange(client: u8, ms: i64) -> Exchange<'static> {
        Exchange {
            ts: Timestamp::from_ns(ms * 1_000_000),
            flow: Flow {
                orig_h: IpAddr::from([10, 0, 0, client]),
                orig_p: 40_000,
                resp_h: IpAddr::from([10, 0, 1, 1]),
                resp_p: 502,
                transport: Transport::Tcp,
                vlan: 0,
            },
            protocol: Protocol::ModbusTcp,
            outcome: Outcome::Answered,
            transaction: 1,
            unit: 1,
            func: 3,
            read: None,
            write: None,
            latency_ns: None,
        }
    }

    #[test]
    fn a_pause_ends_a_run_and_runs_come_in_order() {
        let mut runs = Runs::default();
        for (client, ms) in [(2, 0), (1, 100), (2, 900), (2, 5000), (1, 1000)] {
            runs.add(&exchange(client, ms));
        }
        let got: Vec<(String, i64, i64, u64)> = runs
            .take()
            .into_iter()
            .map(|s| {
                (
                    s.client,
                    s.first_ns / 1_000_000,
                    s.last_ns / 1_000_000,
                    s.count,
                )
            })
            .collect();
        assert_eq!(
            got,
            [
                ("10.0.0.2".into(), 0, 900, 2),
                ("10.0.0.1".into(), 100, 1000, 2),
                ("10.0.0.2".into(), 5000, 5000, 1)
            ]
        );
        assert!(runs.take().is_empty());
    }

    #[test]
    fn a_flood_of_pairs_is_bounded() {
        let mut runs = Runs::default();
        for number in 0..3 * RUNS_MAX {
            let mut flood = exchange(1, 0);
            let [.., a, b] = u32::try_from(number).unwrap().to_be_bytes();
            flood.flow.orig_h = IpAddr::from([10, 1, a, b]);
            runs.add(&flood);
        }
        assert_eq!(runs.take().len(), RUNS_MAX);
    }
}
