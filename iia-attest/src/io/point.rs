//! Points: what is read twice, where it lies in a device's memory, and how far two readings may lie apart.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use iia_contract::catalog::Catalog;
use iia_contract::scope::{Device, IoAttestation, Observed, Tag, Terms as Scope};
use iia_core::Timestamp;
use iia_core::time::SECOND_NS;

use super::reading::{PointId, Reading, Station, micros};
use super::wire::{Area, Chunk, Data, Owner, Part, Way};

/// How far two clocks may lie apart where nobody says it.
pub const SKEW_NS: i64 = SECOND_NS;
/// Points of a layout at most; more are counted and not read.
pub const POINTS_MAX: usize = 1 << 20;
/// The units that a device without units behind it answers as.
pub const UNITS: [u8; 3] = [0, 1, 255];

/// How far two readings may lie apart: the larger of an absolute distance and a share of the whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tolerance {
    /// In millionths of the whole.
    pub ppm: i64,
    /// The whole, in millionths of the unit: the range that is declared; without one the larger of the two readings.
    pub whole_micros: Option<i64>,
    /// In millionths of the unit.
    pub absolute_micros: i64,
    /// How far the two clocks may lie apart.
    pub skew_ns: i64,
}

impl Tolerance {
    /// Whether the two are the same within it; a distance of exactly the tolerance is.
    pub fn holds(&self, one: i64, other: i64) -> bool {
        let distance = u128::from(one.abs_diff(other));
        let larger = one.unsigned_abs().max(other.unsigned_abs());
        let whole = self.whole_micros.map_or(larger, i64::unsigned_abs);
        let share = u128::from(whole) * u128::from(self.ppm.unsigned_abs());
        distance * 1_000_000 <= share || distance <= u128::from(self.absolute_micros.unsigned_abs())
    }

    /// The distance that is still the same, near `at`.
    pub fn around(&self, at: i64) -> i64 {
        let whole = self
            .whole_micros
            .map_or(at.unsigned_abs(), i64::unsigned_abs);
        let share = u128::from(whole) * u128::from(self.ppm.unsigned_abs()) / 1_000_000;
        let share = i64::try_from(share).unwrap_or(i64::MAX);
        share.max(self.absolute_micros.saturating_abs())
    }
}

/// How a value lies in memory. Several bytes stand as the protocol has them: the most significant first in Modbus,
/// PROFINET, IO-Link and HART, last in EtherNet/IP and EtherCAT.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// One bit of a byte; of a table of bits, bit 0.
    Bit(u8),
    /// A whole number without sign, of so many bytes: 1, 2, 4 or 8.
    Unsigned(u8),
    /// A whole number with sign.
    Signed(u8),
    /// A number of IEEE 754, of 4 or 8 bytes.
    Float(u8),
}

/// Where a point lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// In which memory.
    pub area: Area,
    /// Its first register, bit or byte.
    pub first: u32,
    /// How it lies there.
    pub format: Format,
    /// What one of it is in the point's unit, in millionths.
    pub gain_micros: i64,
    /// What nothing of it is in the point's unit, in millionths.
    pub offset_micros: i64,
    /// Which way it goes, where the frame does not say it (cyclic frames, which name their sender only).
    pub way: Way,
}

/// What is read twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Its name, as the contract has it.
    pub name: String,
    /// Its unit; empty for none.
    pub unit: String,
    /// The contract that agrees on it.
    pub contract: String,
    /// How far its readings may lie apart.
    pub tolerance: Tolerance,
    /// Where it lies; more than once where a device answers as several units.
    pub places: Vec<Place>,
}

/// What is agreed for everything that one IO master checks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Terms {
    /// How far two readings may lie apart where a contract does not say it, in millionths of the whole.
    pub ppm: i64,
    /// How far two clocks may lie apart.
    pub skew_ns: i64,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            ppm: 0,
            skew_ns: SKEW_NS,
        }
    }
}

/// The points of every device contract that is to be checked by the IO master `via`: its tags with a table and an
/// address of Modbus have places, others get theirs by hand. Floats lie with their upper register first.
pub fn agreed(catalog: &Catalog, via: &str, terms: Terms) -> Vec<Point> {
    let mut points = Vec::new();
    for contract in catalog.contracts() {
        let Scope::Device(device) = &contract.terms else {
            continue;
        };
        let Some((observed, check)) = checked(device, via) else {
            continue;
        };
        for (name, tag) in &observed.tags {
            let tolerance = Tolerance {
                ppm: check.tolerance_ppm.unwrap_or(terms.ppm),
                whole_micros: whole(tag),
                absolute_micros: 0,
                skew_ns: terms.skew_ns,
            };
            points.push(Point {
                name: name.to_string(),
                unit: tag
                    .unit
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                contract: contract.id.to_string(),
                tolerance,
                places: places(device, tag),
            });
        }
    }
    points
}

fn checked<'a>(device: &'a Device, via: &str) -> Option<(&'a Observed, &'a IoAttestation)> {
    let observed = device.observed.as_deref()?;
    let check = observed.io_attestation.as_deref()?;
    let ours = check.via.as_ref().is_some_and(|other| other == via);
    (check.enabled && ours).then_some((observed, check))
}

fn whole(tag: &Tag) -> Option<i64> {
    tag.high_micros?.checked_sub(tag.low_micros?)
}

fn places(device: &Device, tag: &Tag) -> Vec<Place> {
    let format = match &*tag.kind {
        "bool" => Format::Bit(0),
        "int8" | "int16" => Format::Signed(2),
        "int32" => Format::Signed(4),
        "int64" => Format::Signed(8),
        "uint8" | "uint16" | "enum" => Format::Unsigned(2),
        "uint32" => Format::Unsigned(4),
        "uint64" => Format::Unsigned(8),
        "float32" => Format::Float(4),
        "float64" => Format::Float(8),
        _ => return Vec::new(),
    };
    let (Some(table), Some(Ok(first))) = (tag.table, tag.address.map(u32::try_from)) else {
        return Vec::new();
    };
    let units = match device.units.as_slice() {
        [] => &UNITS,
        units => units,
    };
    let servers = device.servers.iter().map(|server| Owner::Ip(server.addr));
    let areas = servers.flat_map(|owner| {
        let part = move |unit: &u8| Part::Modbus { unit: *unit, table };
        units.iter().map(move |unit| Area {
            owner,
            part: part(unit),
        })
    });
    let place = |area| Place {
        area,
        first,
        format,
        gain_micros: 1_000_000,
        offset_micros: 0,
        way: Way::Said,
    };
    areas.map(place).collect()
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    point: PointId,
    place: Place,
}

/// The places of all points, by memory: a chunk becomes the readings of the points in it.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    areas: BTreeMap<Area, Box<[Slot]>>,
}

impl Layout {
    /// The places of these points; a point's number is its place in the list.
    pub fn new(points: &[Point]) -> Self {
        let mut areas = BTreeMap::<Area, Vec<Slot>>::new();
        for (number, point) in (0..).zip(points.iter().take(POINTS_MAX)) {
            for place in &point.places {
                let slot = Slot {
                    point: PointId(number),
                    place: *place,
                };
                areas.entry(place.area).or_default().push(slot);
            }
        }
        let areas = areas.into_iter().map(|(area, mut slots)| {
            slots.sort_by_key(|slot| slot.place.first);
            (area, slots.into())
        });
        Self {
            areas: areas.collect(),
        }
    }

    /// The readings that a chunk holds: of the points that lie in it whole.
    pub fn read(
        &self,
        (at, station): (Timestamp, Station),
        chunk: &Chunk<'_>,
        mut each: impl FnMut(Reading),
    ) {
        let Some(slots) = self.areas.get(&chunk.area) else {
            return;
        };
        let from = slots.partition_point(|slot| slot.place.first < chunk.first);
        for slot in slots.get(from..).unwrap_or_default() {
            let place = &slot.place;
            let offset = usize::try_from(place.first - chunk.first).unwrap_or(usize::MAX);
            if offset >= extent(chunk) {
                break;
            }
            let Some(raw) = raw(chunk, offset, place.format) else {
                continue;
            };
            let Some(micros) = place.scaled(raw) else {
                continue;
            };
            let way = match chunk.area.part {
                Part::Connection(_) | Part::Frame(_) => place.way,
                _ => chunk.way,
            };
            each(Reading {
                point: slot.point,
                micros,
                at,
                station,
                way,
                took_ns: chunk.took_ns,
            });
        }
    }
}

/// How many registers, bits or bytes a chunk has.
const fn extent(chunk: &Chunk<'_>) -> usize {
    match (chunk.data, chunk.area.part) {
        (Data::Bits(_, count), _) => count as usize,
        (Data::Bytes(bytes), Part::Modbus { .. }) => bytes.len() / 2,
        (Data::Bytes(bytes), _) => bytes.len(),
    }
}

#[derive(Clone, Copy)]
enum Raw {
    Whole(i64),
    Float(f64),
}

fn raw(chunk: &Chunk<'_>, offset: usize, format: Format) -> Option<Raw> {
    let (bytes, start) = match (chunk.data, chunk.area.part) {
        (Data::Bits(bits, _), _) => {
            let byte = bits.get(offset / 8)?;
            return Some(Raw::Whole(i64::from(byte >> (offset % 8) & 1)));
        }
        (Data::Bytes(bytes), Part::Modbus { .. }) => (bytes, offset.checked_mul(2)?),
        (Data::Bytes(bytes), _) => (bytes, offset),
    };
    let len = match format {
        Format::Bit(_) => 1,
        Format::Unsigned(len) | Format::Signed(len) | Format::Float(len) => usize::from(len),
    };
    let held = bytes.get(start..start.checked_add(len)?)?;
    let little = matches!(
        chunk.area.part,
        Part::Connection(_) | Part::Logical | Part::Station(_)
    );
    let fold = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    let number = match little {
        true => held.iter().rev().fold(0, fold),
        false => held.iter().fold(0, fold),
    };
    Some(match (format, len) {
        (Format::Bit(bit), _) => Raw::Whole(i64::from(number >> (bit & 7) & 1 == 1)),
        (Format::Unsigned(_), 1..=8) => Raw::Whole(i64::try_from(number).ok()?),
        (Format::Signed(_), 1..=8) => {
            let unused = 64 - 8 * u32::try_from(len).ok()?;
            Raw::Whole((number << unused) as i64 >> unused)
        }
        (Format::Float(_), 4) => Raw::Float(f64::from(f32::from_bits(u32::try_from(number).ok()?))),
        (Format::Float(_), 8) => Raw::Float(f64::from_bits(number)),
        _ => return None,
    })
}

impl Place {
    fn scaled(&self, raw: Raw) -> Option<i64> {
        match raw {
            Raw::Whole(number) => number
                .checked_mul(self.gain_micros)?
                .checked_add(self.offset_micros),
            Raw::Float(number) => {
                let gain = self.gain_micros as f64 / 1e6;
                let offset = self.offset_micros as f64 / 1e6;
                micros(number * gain + offset)
            }
        }
    }
}
