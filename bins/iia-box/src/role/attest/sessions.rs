//! How sessions between workloads begin and end, by what those say who serve them: records of the chain, held against each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use iia_attest::correlator::Correlator as _;
use iia_attest::network::Sessions;
use iia_attest::network::sessions::{How, SESSIONS_MAX, Seen, Session};
use iia_audit::frame::Record;
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::finding::Finding;
use iia_core::stream::Stream;

use super::senses::{Heard, Sense};
use crate::workload::Workload;

/// Certificates whose ends are remembered at most; the oldest are forgotten.
const CERTIFICATES_MAX: usize = 65_536;

/// What tells sessions of the same two apart: operation and certificate; several alike end in the order in which they began.
type Kind = (String, String, String, String);

/// The observer of sessions.
pub(super) struct Links {
    observer: Sessions,
    open: BTreeMap<Kind, VecDeque<u64>>,
    count: u64,
    /// When certificates end, by serial number.
    ends: BTreeMap<String, Timestamp>,
    order: VecDeque<String>,
}

impl Links {
    pub(super) fn new(workload: &Workload) -> Self {
        Self {
            observer: Sessions::new(workload.catalog()),
            open: BTreeMap::new(),
            count: 0,
            ends: BTreeMap::new(),
            order: VecDeque::new(),
        }
    }

    fn given(&mut self, serial: &str, end: Timestamp) {
        if self.ends.insert(serial.into(), end).is_none() {
            self.order.push_back(serial.into());
        }
        if self.order.len() > CERTIFICATES_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ends.remove(&oldest);
        }
    }

    /// What a record says of sessions.
    fn recorded(&mut self, record: &Record) -> Vec<Seen> {
        let event = &record.body.event;
        let (field, server) = (|key| event.field(key).unwrap_or_default(), record.source());
        match event.kind {
            EventKind::SessionOpened => self.opened(event, server).into_iter().collect(),
            EventKind::SessionClosed => self.closed(event, server).into_iter().collect(),
            EventKind::Authentication | EventKind::ConduitRejected => {
                self.refused(event, server).into_iter().collect()
            }
            EventKind::WorkloadStopped => self.stopped(field("id"), field("outcome")),
            EventKind::Authorisation if field("outcome") == "revoked" => {
                let id = field("id").into();
                vec![Seen::Revoked { id }]
            }
            _ => Vec::new(),
        }
    }

    fn opened(&mut self, event: &Event, server: &str) -> Option<Seen> {
        // Of a guest's certificate the end is not known here; whoever serves it ends the session then.
        let end = self.ends.get(event.field("serial")?);
        let not_after = end.copied().unwrap_or(Timestamp::from_ns(i64::MAX / 2));
        if self.open.len() >= SESSIONS_MAX {
            return None;
        }
        self.count += 1;
        let kind = kind(event, server);
        let numbers = self.open.entry(kind.clone()).or_default();
        numbers.push_back(self.count);
        let session = session(&kind, self.count);
        Some(Seen::Opened { session, not_after })
    }

    fn closed(&mut self, event: &Event, server: &str) -> Option<Seen> {
        let kind = kind(event, server);
        let numbers = self.open.get_mut(&kind)?;
        let number = numbers.pop_front()?;
        if numbers.is_empty() {
            self.open.remove(&kind);
        }
        // Whoever served it says that it is over. A role that could not answer breaks it off as well, so that "broken" does not
        // say that anybody cut the link.
        let how = How::Closed;
        let session = session(&kind, number);
        Some(Seen::Ended { session, how })
    }

    /// A handshake that failed; what the catalog refuses is told elsewhere.
    fn refused(&mut self, event: &Event, server: &str) -> Option<Seen> {
        let how = How::of_code(event.field("code")?)?;
        let address = event.field("address").unwrap_or_default();
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let named = event.field("peer").filter(|peer| peer.contains("://"));
        self.count += 1;
        let session = Session {
            source: named.unwrap_or(host).into(),
            destination: server.into(),
            number: self.count,
        };
        Some(Seen::Ended { session, how })
    }

    /// Whoever ends can no longer say how the sessions ended that it served: with its own end, in order or not.
    fn stopped(&mut self, id: &str, outcome: &str) -> Vec<Seen> {
        let how = match outcome {
            "finished" => How::Closed,
            _ => How::Cut,
        };
        let served = self.open.keys().filter(|(_, server, ..)| server == id);
        let served: Vec<Kind> = served.cloned().collect();
        let (mut ended, mut cut) = (Vec::new(), BTreeSet::new());
        for kind in served {
            for number in self.open.remove(&kind).unwrap_or_default() {
                let session = session(&kind, number);
                // One fall breaks one session of each pair, however many there were.
                let is_first = cut.insert(session.source.clone());
                let how = if is_first { how } else { How::Closed };
                ended.push(Seen::Ended { session, how });
            }
        }
        ended
    }
}

fn kind(event: &Event, server: &str) -> Kind {
    let field = |key| event.field(key).unwrap_or_default().to_owned();
    (
        field("peer"),
        server.into(),
        field("operation"),
        field("serial"),
    )
}

fn session((peer, server, ..): &Kind, number: u64) -> Session {
    Session {
        source: peer.as_str().into(),
        destination: server.as_str().into(),
        number,
    }
}

impl Sense for Links {
    fn stream(&self) -> Stream {
        Stream::ATTEST_NETWORK
    }

    fn hear(&mut self, _: Timestamp, heard: &Heard) -> anyhow::Result<bool> {
        match heard {
            Heard::Issued(given) => {
                self.given(&given.serial, Timestamp::from_ns(given.not_after_ns));
                Ok(false)
            }
            Heard::Recorded(record) => {
                let at = Timestamp::from_ns(record.body.event.ts_ns);
                let seen = self.recorded(record);
                let any = !seen.is_empty();
                for one in seen {
                    self.observer.handle_observation(at, one);
                }
                Ok(any)
            }
            _ => Ok(false),
        }
    }

    fn tick(&mut self, now: Timestamp) {
        self.observer.handle_timeout(now);
    }

    fn poll(&mut self) -> Option<Finding> {
        self.observer.poll_finding()
    }

    fn unseen(&self) -> u64 {
        self.observer.lost().saturating_add(self.observer.others())
    }
}
