//! What an IO master states: a batch of readings as one event of the audit chain, so that the readings lie there under the
//! signature of whoever made them ([`iia_audit::own`]).
//!
//! A batch names its points and the tolerance under which they are read, as the artifact has them: whoever reads it needs
//! nothing else.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_core::Timestamp;
use iia_core::canon::{self, minicbor};
use iia_core::code::{Code, Coded};
use iia_core::event::{Event, EventKind, VALUE_LEN_MAX};
use minicbor::{Decode, Encode};

use super::point::{Point, Tolerance};
use super::reading::{PointId, Reading, Station};
use super::wire::Way;

/// Bytes of a batch at most: what fits into the fields of an event, beside what is said in words.
pub const BATCH_LEN_MAX: usize = PARTS_MAX * PART_LEN;
/// Fields that hold a batch at most.
const PARTS_MAX: usize = 20;
/// Bytes in each, so that their base64 is as long as a field may be.
const PART_LEN: usize = VALUE_LEN_MAX / 4 * 3;
/// Bytes of one reading at most, and of what is said of a point beside its two names.
const READING_LEN: usize = 40;
const POINT_LEN: usize = 48;
/// Bytes of everything else.
const REST_LEN: usize = 64;
const READINGS: &str = "readings";

/// A batch, as it is signed.
#[derive(Clone, Debug, Decode, Default, Encode, Eq, PartialEq)]
pub struct Batch {
    /// The points of which there are readings.
    #[n(0)]
    pub points: Vec<Named>,
    /// The time from which the readings count, nanoseconds since the epoch.
    #[n(1)]
    pub base_ns: i64,
    /// The readings, in the order in which they were made.
    #[n(2)]
    pub readings: Vec<Read>,
    /// What the tap heard meanwhile.
    #[n(3)]
    pub heard: Heard,
}

/// A point by its names, and how far its readings may lie apart.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Named {
    /// The contract that agrees on it.
    #[n(0)]
    pub contract: String,
    /// Its name there.
    #[n(1)]
    pub name: String,
    /// In millionths of the whole.
    #[n(2)]
    pub ppm: i64,
    /// How far two clocks may lie apart.
    #[n(3)]
    pub skew_ns: i64,
}

impl Named {
    /// Whether it is read under this tolerance.
    pub const fn is_under(&self, tolerance: &Tolerance) -> bool {
        self.ppm == tolerance.ppm && self.skew_ns == tolerance.skew_ns
    }
}

/// A reading of the point with a number in the batch.
#[derive(Clone, Copy, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Read {
    /// Which point.
    #[n(0)]
    pub point: u32,
    /// In millionths of its unit.
    #[n(1)]
    pub micros: i64,
    /// Nanoseconds after the batch's base.
    #[n(2)]
    pub after_ns: i64,
    /// Where it was read: 0 sensor, 1 wire, 2 device.
    #[n(3)]
    pub station: u8,
    /// Whether the device was told it, and did not say it.
    #[n(4)]
    pub told: bool,
    /// How long the answer took.
    #[n(5)]
    pub took_ns: Option<i64>,
}

/// What a tap heard.
#[derive(Clone, Copy, Debug, Decode, Default, Encode, Eq, PartialEq)]
pub struct Heard {
    /// Frames.
    #[n(0)]
    pub frames: u64,
    /// Frames and readings that are known to be lost.
    #[n(1)]
    pub lost: u64,
    /// Frames and messages that are none of their protocol.
    #[n(2)]
    pub malformed: u64,
}

/// Why an event is no batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// Its fields hold no batch, or one that contradicts itself.
    #[error("not a batch of readings: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
}

impl Coded for BatchError {
    fn code(&self) -> Code {
        let number = match self {
            Self::Malformed { .. } => 36,
        };
        Code::new("ATT", number)
    }
}

const fn malformed(what: &'static str) -> BatchError {
    BatchError::Malformed { what }
}

/// A batch that is being filled.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    batch: Batch,
    places: BTreeMap<PointId, u32>,
    len: usize,
}

impl Draft {
    /// Takes a reading of a point; gives it back where the batch has no room for it and is to be closed first. What the box
    /// says is none of an IO master's readings.
    ///
    /// # Errors
    /// The reading.
    pub fn push(&mut self, point: &Point, reading: Reading) -> Result<(), Reading> {
        let Some(station) = number(reading.station) else {
            return Ok(());
        };
        let known = self.places.get(&reading.point).copied();
        let more = match known {
            Some(_) => READING_LEN,
            None => READING_LEN + POINT_LEN + point.contract.len() + point.name.len(),
        };
        if REST_LEN + self.len + more > BATCH_LEN_MAX && !self.batch.readings.is_empty() {
            return Err(reading);
        }
        self.len += more;
        if self.batch.readings.is_empty() {
            self.batch.base_ns = reading.at.as_ns();
        }
        let place = known.unwrap_or_else(|| self.name(point, reading.point));
        self.batch.readings.push(Read {
            point: place,
            micros: reading.micros,
            after_ns: reading.at.as_ns().saturating_sub(self.batch.base_ns),
            station,
            told: reading.way == Way::Told,
            took_ns: reading.took_ns,
        });
        Ok(())
    }

    fn name(&mut self, point: &Point, id: PointId) -> u32 {
        let place = u32::try_from(self.batch.points.len()).unwrap_or(u32::MAX);
        self.places.insert(id, place);
        self.batch.points.push(Named {
            contract: point.contract.clone(),
            name: point.name.clone(),
            ppm: point.tolerance.ppm,
            skew_ns: point.tolerance.skew_ns,
        });
        place
    }

    /// Whether there is nothing in it yet.
    pub const fn is_empty(&self) -> bool {
        self.batch.readings.is_empty()
    }

    /// Closes the batch: the event, which its source numbers and signs. The next one begins empty.
    pub fn close(&mut self, now: Timestamp, heard: Heard) -> Event {
        let mut batch = core::mem::take(self).batch;
        batch.heard = heard;
        batch.event(now)
    }
}

impl Batch {
    /// The event that states it: in words how much it holds, and the batch itself.
    pub fn event(&self, now: Timestamp) -> Event {
        let event = Event::new(EventKind::IoObserved, now)
            .with("count", self.readings.len().to_string())
            .with("frames", self.heard.frames.to_string())
            .with("lost", self.heard.lost.to_string())
            .with("malformed", self.heard.malformed.to_string());
        let bytes = canon::encode(self);
        let parts = (1..).zip(bytes.chunks(PART_LEN));
        parts.fold(event, |event, (part, bytes)| {
            event.with(&format!("{READINGS}_{part}"), STANDARD.encode(bytes))
        })
    }

    /// Reads the batch that an event states.
    ///
    /// # Errors
    /// [`BatchError`].
    pub fn of(event: &Event) -> Result<Self, BatchError> {
        if event.kind != EventKind::IoObserved {
            return Err(malformed("another kind of event"));
        }
        let mut bytes = Vec::new();
        for part in 1..=PARTS_MAX {
            let Some(text) = event.field(&format!("{READINGS}_{part}")) else {
                break;
            };
            let part = STANDARD.decode(text).map_err(|_| malformed("no base64"))?;
            bytes.extend(part);
        }
        let batch: Self = canon::decode(&bytes).map_err(|_| malformed("no canonical encoding"))?;
        let fits = |read: &Read| {
            station(read.station).is_some()
                && batch.points.len() > usize::try_from(read.point).unwrap_or(usize::MAX)
        };
        match batch.readings.iter().all(fits) {
            true => Ok(batch),
            false => Err(malformed("a reading of a point or place that is not there")),
        }
    }

    /// The readings of those of its points that `known` knows.
    pub fn readings(
        &self,
        known: impl Fn(&Named) -> Option<PointId>,
    ) -> impl Iterator<Item = Reading> {
        let points: Vec<Option<PointId>> = self.points.iter().map(known).collect();
        self.readings.iter().filter_map(move |read| {
            let point = points.get(usize::try_from(read.point).ok()?)?;
            Some(Reading {
                point: (*point)?,
                micros: read.micros,
                at: Timestamp::from_ns(self.base_ns.saturating_add(read.after_ns)),
                station: station(read.station)?,
                way: match read.told {
                    true => Way::Told,
                    false => Way::Said,
                },
                took_ns: read.took_ns,
            })
        })
    }

    /// From when to when its readings are.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let at = |read: &Read| self.base_ns.saturating_add(read.after_ns);
        let first = self.readings.iter().map(at).min()?;
        let last = self.readings.iter().map(at).max()?;
        Some((Timestamp::from_ns(first), Timestamp::from_ns(last)))
    }
}

const fn number(station: Station) -> Option<u8> {
    match station {
        Station::Sensor => Some(0),
        Station::Wire => Some(1),
        Station::Device => Some(2),
        Station::Box => None,
    }
}

const fn station(number: u8) -> Option<Station> {
    match number {
        0 => Some(Station::Sensor),
        1 => Some(Station::Wire),
        2 => Some(Station::Device),
        _ => None,
    }
}
