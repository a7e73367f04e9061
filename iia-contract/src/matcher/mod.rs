//! The matcher: an observation in, a verdict out, in nanoseconds and without allocating.
//!
//! Written independently of every compiler, so that one can be held against the other.

mod asked;
mod clause;
mod devices;
pub(crate) mod meter;
mod pairs;
mod place;
pub(crate) mod range;
mod rule;
mod runs;
mod said;
mod set;
mod texts;
mod topics;
mod verdict;

use iia_core::observe::{Flow, Observation};

use crate::catalog::Catalog;
use crate::scope::Contract;
pub use clause::Clause;
use devices::{Asks, Devices};
pub use meter::Meter;
use pairs::Pairs;
use place::{Host, Place};
use topics::Topics;
pub use verdict::Verdict;

/// Contracts in the order of their indices.
type Contracts<'a> = &'a [Contract];

/// The contracts of a catalog, indexed by who may speak to whom.
#[derive(Clone, Debug)]
pub struct Matcher<'a> {
    devices: Devices<'a>,
    pairs: Pairs<'a>,
    topics: Topics,
}

/// Who speaks to whom: found once for a flow, a link or a client, and good for each of its observations.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Way(Kind);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Device(devices::Way),
    Pair(pairs::Way),
    Client(topics::Way),
}

impl<'a> Matcher<'a> {
    /// Indexes a catalog.
    pub fn new(catalog: &'a Catalog) -> Self {
        Self::of(catalog.contracts())
    }

    /// Indexes contracts; the place of each is its index in verdicts.
    pub fn of(contracts: &'a [Contract]) -> Self {
        Self {
            devices: Devices::new(contracts),
            pairs: Pairs::new(contracts),
            topics: Topics::new(contracts),
        }
    }

    /// Judges an observation.
    pub fn judge(&self, observation: &Observation<'_>) -> Verdict {
        self.judge_on(self.way(observation), observation)
    }

    /// Finds who speaks to whom. The answer holds for every observation with the same ends as long as the matcher
    /// lives, so that it is kept with a flow and asked for once.
    pub fn way(&self, observation: &Observation<'_>) -> Way {
        let device = |flow: &Flow| {
            let way = (self.devices).way(Place::of_flow(flow), Host::of(flow.orig_h));
            Kind::Device(way)
        };
        Way(match observation {
            Observation::Exchange(exchange) => device(&exchange.flow),
            Observation::Conn(conn) => device(&conn.flow),
            Observation::Access(access) => device(&access.flow),
            Observation::Frame(frame) => {
                let way = (self.devices).way(Place::of_frame(frame), Host::of_mac(frame.source));
                Kind::Device(way)
            }
            Observation::Session(session) => {
                Kind::Pair(self.pairs.way(session.source, session.destination))
            }
            Observation::Message(message) => Kind::Client(self.topics.way(message.client)),
            _ => Kind::Device(devices::Way::NOWHERE),
        })
    }

    /// Judges an observation of a flow or a link with which its way is kept: found at the first observation. What a flow
    /// carries for clients that it names itself finds a way of its own and leaves the flow's.
    #[inline]
    pub fn judge_keeping(&self, way: &mut Option<Way>, observation: &Observation<'_>) -> Verdict {
        if matches!(
            observation,
            Observation::Message(_) | Observation::Session(_) | Observation::Said(_)
        ) {
            return self.judge(observation);
        }
        let way = *way.get_or_insert_with(|| self.way(observation));
        self.judge_on(way, observation)
    }

    /// Judges an observation whose way is known.
    #[inline]
    pub fn judge_on(&self, way: Way, observation: &Observation<'_>) -> Verdict {
        match (way.0, observation) {
            (Kind::Device(way), Observation::Exchange(exchange)) => self.devices.judge(
                way,
                Asks::Unit(exchange.unit),
                |rule| rule.protocol == exchange.protocol,
                |rule| asked::exchange(rule, exchange),
            ),
            (Kind::Device(way), Observation::Conn(conn)) => self.devices.judge(
                way,
                Asks::Ends,
                |rule| asked::speaks(rule, conn),
                |rule| asked::conn(rule, conn),
            ),
            (Kind::Device(way), Observation::Access(access)) => self.devices.judge(
                way,
                Asks::All,
                |rule| rule.protocol == access.protocol,
                |rule| asked::access(rule, access),
            ),
            (Kind::Device(way), Observation::Frame(frame)) => self.devices.judge(
                way,
                Asks::All,
                |rule| rule.protocol == frame.protocol,
                |rule| asked::frame(rule, frame),
            ),
            (Kind::Pair(way), Observation::Session(session)) => self.pairs.judge(way, session),
            (Kind::Client(way), Observation::Message(message)) => self.topics.judge(way, message),
            // The way of something else, or something that no contract speaks of.
            _ => Verdict::Violation {
                nearest: None,
                clause: Clause::Server,
            },
        }
    }
}
