//! The observer of a box's IO: what the IO masters state in the chain, each under its own signature, against what the box
//! says that it heard.
//!
//! What no IO master has signed is not compared: it is told. An IO master that states nothing is told as well.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_audit::frame::Body;
use iia_audit::own::OwnKey;
use iia_core::event::EventKind;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::sign::PublicKey;
use iia_core::stream::Stream;
use iia_core::time::SECOND_NS;
use iia_core::{SpiffeId, Timestamp};

use super::batch::{Batch, Named};
use super::compare::{Counts, Io};
use super::point::{Layout, Point};
use super::reading::{Observation, PointId, Reading, Station};
use super::wire::Chunk;
use crate::correlator::Correlator as _;
use crate::said::{Said, Word};

/// How long an IO master may state nothing, and how long it may take until it states anything at all.
pub const SILENCE_MAX_NS: i64 = 3 * SECOND_NS;
/// The same, for its first statement since the observer began.
pub const BEGIN_MAX_NS: i64 = 30 * SECOND_NS;
/// How long a reading waits from when it was made until it is compared: statements are a while in the making, and what came in
/// another order than it was made in would be taken for frames of another time.
pub const HOLD_NS: i64 = SECOND_NS;
/// How much longer what the box says waits: the way of a statement through the chain is the longer one.
pub const LEAD_NS: i64 = SECOND_NS / 4;
/// Readings that wait at most; what comes beyond it does not wait.
pub const HELD_MAX: usize = 65_536;
/// Batches of an IO master that are remembered as evidence.
pub const BATCHES_KEPT: usize = 64;
/// Batches that one finding names at most.
const NAMED_MAX: usize = 2;

/// An IO master as the artifact has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Master {
    /// Who it is.
    pub id: SpiffeId,
    /// Its own key; without one nothing of it is believed.
    pub key: Option<PublicKey>,
}

/// The observer.
pub struct Observer {
    io: Io,
    layout: Layout,
    points: Vec<Point>,
    masters: Vec<Known>,
    /// Readings by the moment until which they wait, and by their order.
    held: BTreeMap<(Timestamp, u64), Reading>,
    order: u64,
    /// About whoever states readings and is no IO master.
    others: Said,
    began: Timestamp,
}

/// An IO master and what it stated.
struct Known {
    own: Option<OwnKey>,
    id: SpiffeId,
    /// Its points by contract and name; nobody else's readings of them are taken.
    points: BTreeMap<(String, String), PointId>,
    said: Said,
    last: Option<Timestamp>,
    number: Option<u64>,
    missing: bool,
    kept: VecDeque<Kept>,
}

/// A batch that was compared.
#[derive(Clone, Copy)]
struct Kept {
    number: u64,
    span: (Timestamp, Timestamp),
}

impl Observer {
    /// An observer of these IO masters, each with the points that it reads.
    pub fn new(masters: impl IntoIterator<Item = (Master, Vec<Point>)>, now: Timestamp) -> Self {
        let (mut points, mut known) = (Vec::new(), Vec::new());
        for (master, of_master) in masters {
            known.push(Known::new(master, (points.len(), &of_master)));
            points.extend(of_master);
        }
        Self {
            io: Io::new(&points),
            layout: Layout::new(&points),
            points,
            masters: known,
            held: BTreeMap::new(),
            order: 0,
            others: Said::new(Stream::ATTEST_IO, String::new(), String::new()),
            began: now,
        }
    }

    /// Takes a record of the chain: what an IO master states is compared once its signature is found good. Tells whether the
    /// record concerns it.
    pub fn handle_record(&mut self, now: Timestamp, body: &Body) -> bool {
        self.release(now);
        let master = self
            .masters
            .iter_mut()
            .find(|master| master.id.as_str() == body.source);
        let Some(master) = master else {
            let states = body.event.kind == EventKind::IoObserved;
            if states {
                let reason = format!("{} states readings, and is no IO master", body.source);
                self.others
                    .say(now, refused("io_attestation.identity", reason));
            }
            return states;
        };
        let taken = match master.verify(body) {
            Ok(()) => master.take(now, &self.points, body),
            Err(word) => Err(word),
        };
        let batch = match taken {
            Ok(batch) => batch,
            Err(word) => {
                master.said.say(now, word);
                return true;
            }
        };
        // What was stated before the observer began was compared by the one before it.
        if Timestamp::from_ns(body.event.ts_ns) < self.began {
            return true;
        }
        if batch.heard.frames > 0 {
            self.io.handle_alive(now, Station::Device);
        }
        if batch.heard.lost > 0 {
            let (station, count) = (Station::Device, batch.heard.lost);
            self.io
                .handle_observation(now, Observation::Lost { station, count });
        }
        let stated = Timestamp::from_ns(body.event.ts_ns);
        let readings: Vec<Reading> = batch.readings(|named| master.point(named)).collect();
        for reading in readings {
            // How old it was when it was stated says the IO master's clock alone.
            let age_ns = stated.since_ns(reading.at).clamp(0, HOLD_NS);
            self.hold(now, now + (HOLD_NS - age_ns), reading);
        }
        true
    }

    /// Takes a piece of a device's memory that the box says was there at `at`.
    pub fn handle_box(&mut self, now: Timestamp, at: Timestamp, chunk: &Chunk<'_>) {
        self.release(now);
        let mut readings = Vec::new();
        self.layout
            .read((at, Station::Box), chunk, |reading| readings.push(reading));
        for reading in readings {
            self.hold(now, now + (HOLD_NS + LEAD_NS), reading);
        }
    }

    fn hold(&mut self, now: Timestamp, until: Timestamp, reading: Reading) {
        if self.held.len() >= HELD_MAX {
            let reading = Observation::Reading(reading);
            return self.io.handle_observation(now, reading);
        }
        self.order = self.order.wrapping_add(1);
        self.held.insert((until, self.order), reading);
    }

    /// Compares what has waited long enough.
    fn release(&mut self, now: Timestamp) {
        while let Some(first) = self.held.first_entry() {
            let (until, _) = *first.key();
            if until > now {
                return;
            }
            let reading = Observation::Reading(first.remove());
            self.io.handle_observation(until, reading);
        }
    }

    /// The box hears frames at all.
    pub fn handle_box_alive(&mut self, now: Timestamp) {
        self.io.handle_alive(now, Station::Box);
    }

    /// Of what the box says, so much did not come here.
    pub fn handle_box_lost(&mut self, now: Timestamp, count: u64) {
        let station = Station::Box;
        self.io
            .handle_observation(now, Observation::Lost { station, count });
    }

    /// Takes the passing of time.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.release(now);
        self.io.handle_timeout(now);
        let began = self.began;
        self.masters
            .iter_mut()
            .for_each(|master| master.tick(now, began));
    }

    /// The next finding; what was read is named as evidence by the numbers under which the IO master signed it.
    pub fn poll_finding(&mut self) -> Option<Finding> {
        if let Some(mut finding) = self.io.poll_finding() {
            let masters = self.masters.iter();
            let proof = masters.flat_map(|master| master.proof(&finding));
            let proof: Vec<String> = proof.collect();
            finding.evidence.extend(proof);
            return Some(finding);
        }
        let of_masters = self.masters.iter_mut().find_map(|one| one.said.next());
        of_masters.or_else(|| self.others.next())
    }

    /// What was and was not compared.
    pub const fn counts(&self) -> Counts {
        self.io.counts()
    }

    /// How long after a reading what became of it is known at the latest.
    pub const fn window_ns(&self) -> i64 {
        self.io.window_ns()
    }
}

impl Known {
    fn new(master: Master, (first, points): (usize, &[Point])) -> Self {
        let Master { id, key } = master;
        let numbers = (first..).filter_map(|number| u32::try_from(number).ok());
        let names = points
            .iter()
            .map(|point| (point.contract.clone(), point.name.clone()));
        let contract = points.first().map(|point| point.contract.clone());
        Self {
            own: key.map(|key| OwnKey {
                source: id.clone(),
                key,
            }),
            said: Said::new(
                Stream::ATTEST_IO,
                id.to_string(),
                contract.unwrap_or_default(),
            ),
            id,
            points: names.zip(numbers.map(PointId)).collect(),
            last: None,
            number: None,
            missing: false,
            kept: VecDeque::new(),
        }
    }

    fn point(&self, named: &Named) -> Option<PointId> {
        let key = (named.contract.clone(), named.name.clone());
        self.points.get(&key).copied()
    }

    /// Whether a record under its name is its own.
    fn verify(&self, body: &Body) -> Result<(), Word> {
        let number = body.event.source_seq;
        let Some(own) = &self.own else {
            let reason = format!(
                "the artifact has no key of {}: nothing is believed",
                self.id
            );
            return Err(refused("io_attestation.key", reason));
        };
        own.verify(body).map_err(|_| {
            let id = &self.id;
            let reason =
                format!("statement {number} under the name of {id} is not signed with its key");
            refused("io_attestation.signature", reason)
        })
    }

    /// Takes a statement that is its own.
    fn take(&mut self, now: Timestamp, points: &[Point], body: &Body) -> Result<Batch, Word> {
        let (number, id) = (body.event.source_seq, self.id.clone());
        let next = self.number.map_or(number, |last| last.saturating_add(1));
        if number < next {
            let reason = format!("{id} states its number {number} once more");
            return Err(refused("io_attestation.number", reason));
        }
        self.number = Some(number);
        if number > next {
            let reason = format!("what {id} stated as {next} to {} is not there", number - 1);
            self.said.say(now, refused("io_attestation.number", reason));
        }
        let batch = Batch::of(&body.event).map_err(|error| {
            refused(
                "io_attestation",
                format!("statement {number} of {id}: {error}"),
            )
        })?;
        for named in &batch.points {
            let point = self.point(named);
            let point = point.and_then(|point| points.get(point.0 as usize));
            if !point.is_some_and(|point| named.is_under(&point.tolerance)) {
                let reason = format!(
                    "{id} reads {} of {} under another tolerance than is applied, or it is not to read it",
                    named.name, named.contract
                );
                return Err(refused("io_attestation.tolerance", reason));
            }
        }
        self.heard(now, body, &batch);
        Ok(batch)
    }

    fn heard(&mut self, now: Timestamp, body: &Body, batch: &Batch) {
        self.last = Some(now);
        if core::mem::take(&mut self.missing) {
            let reason = format!("the IO master {} states what it reads again", self.id);
            let word = Word::new(Conclusion::Converge, "io_attestation", reason);
            self.said.say(now, word);
        }
        let Some(span) = batch.span() else {
            return;
        };
        if self.kept.len() >= BATCHES_KEPT {
            self.kept.pop_front();
        }
        let number = body.event.source_seq;
        self.kept.push_back(Kept { number, span });
    }

    fn tick(&mut self, now: Timestamp, began: Timestamp) {
        let silent_ns = match self.last {
            Some(last) => now.since_ns(last) - SILENCE_MAX_NS,
            None => now.since_ns(began) - BEGIN_MAX_NS,
        };
        if silent_ns <= 0 || core::mem::replace(&mut self.missing, true) {
            return;
        }
        let reason = match self.last {
            Some(last) => format!("the IO master {} has stated nothing since {last}", self.id),
            None => format!("the IO master {} has not stated anything", self.id),
        };
        let word = Word::new(Conclusion::Missing, "io_attestation", reason);
        self.said.say(now, word);
    }

    /// The statements that hold what a finding is about.
    fn proof(&self, finding: &Finding) -> Vec<String> {
        let is_mine =
            |((contract, _), _): &(&(String, String), &PointId)| *contract == finding.contract;
        if !self.points.iter().any(|point| is_mine(&point)) {
            return Vec::new();
        }
        let at = Timestamp::from_ns(finding.ts_ns);
        let mut near: Vec<(i64, u64)> = self.kept.iter().map(|kept| kept.away(at)).collect();
        near.sort_unstable();
        let near = near.iter().filter(|(away_ns, _)| *away_ns <= SECOND_NS);
        let named = near.take(NAMED_MAX);
        named
            .map(|(_, number)| format!("{}#{number}", self.id))
            .collect()
    }
}

impl Kept {
    /// How far a moment is away from its readings, and its number.
    fn away(&self, at: Timestamp) -> (i64, u64) {
        let (first, last) = self.span;
        let away_ns = first.since_ns(at).max(at.since_ns(last)).max(0);
        (away_ns, self.number)
    }
}

/// Somebody speaks for an IO master, or it does not keep to what is agreed: prevention has failed.
fn refused(clause: &'static str, reason: String) -> Word {
    Word {
        severity: Severity::Critical,
        ..Word::new(Conclusion::Diverge, clause, reason)
    }
}
