//! What the observers say of themselves, for whoever looks at the box: a small file that is written over.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use iia::standing::{AlertSink, Observer, SIGHTS_FILE, Sights as Said};
use iia_attest::aggregate::{Aggregator, SinkState};
use iia_core::Timestamp;
use iia_core::stream::Stream;
use iia_core::time::SECOND_NS;

use crate::workload::Workload;

/// How often it is written at most, and at least, in nanoseconds.
const WRITE_EVERY_NS: (i64, i64) = (SECOND_NS, 5 * SECOND_NS);

/// What is counted for it.
pub(super) struct Sights {
    path: PathBuf,
    by_stream: BTreeMap<String, Observer>,
    written: Said,
}

impl Sights {
    pub(super) fn new(workload: &Workload) -> Self {
        Self {
            path: workload.dir().path().join(SIGHTS_FILE),
            by_stream: BTreeMap::new(),
            written: Said::default(),
        }
    }

    /// An observer saw something.
    pub(super) fn looked(&mut self, stream: &str, now: Timestamp) {
        let observer = self.of(stream);
        observer.looked_ns = now.as_ns();
        observer.looks = observer.looks.saturating_add(1);
    }

    /// A finding of a stream is told.
    pub(super) fn found(&mut self, stream: &str) {
        let observer = self.of(stream);
        observer.found = observer.found.saturating_add(1);
    }

    fn of(&mut self, stream: &str) -> &mut Observer {
        self.by_stream
            .entry(stream.into())
            .or_insert_with(|| Observer {
                stream: stream.into(),
                ..Observer::default()
            })
    }

    /// Writes it, where there is something new to say or it would look as if nobody were there.
    pub(super) fn write(
        &mut self,
        now: Timestamp,
        unseen: impl Iterator<Item = (Stream, u64)>,
        aggregator: &Aggregator,
    ) {
        let since = now.since_ns(Timestamp::from_ns(self.written.written_ns));
        let (most, least) = WRITE_EVERY_NS;
        if (0..most).contains(&since) {
            return;
        }
        // Several observers of one stream are one row.
        let mut by_stream: BTreeMap<String, u64> = BTreeMap::new();
        for (stream, unseen) in unseen {
            let sum = by_stream.entry(stream.as_str().into()).or_default();
            *sum = sum.saturating_add(unseen);
        }
        let observers = by_stream.into_iter().map(|(stream, unseen)| Observer {
            unseen,
            ..self.of(&stream).clone()
        });
        let observers: Vec<Observer> = observers.collect();
        let said = Said {
            written_ns: now.as_ns(),
            observers,
            sinks: aggregator.sinks().map(sink).collect(),
        };
        let is_same = said.observers == self.written.observers && said.sinks == self.written.sinks;
        if is_same && (0..least).contains(&since) {
            return;
        }
        let beside = self.path.with_extension("new");
        let put = fs::write(&beside, said.encode());
        if let Err(error) = put.and_then(|()| fs::rename(&beside, &self.path)) {
            tracing::warn!(%error, "attest.sights");
        }
        self.written = said;
    }
}

fn sink(state: SinkState) -> AlertSink {
    AlertSink {
        name: state.sink.name().into(),
        lost_since_ns: state.lost_since.map_or(0, Timestamp::as_ns),
        why: state.why,
        waiting: state.waiting as u64,
        delivered: state.delivered,
        dropped: state.dropped,
    }
}
