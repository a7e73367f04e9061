//! One point: what it is called, what waits, and how each stretch of its way is.

use alloc::boxed::Box;
use alloc::string::String;

use iia_core::Timestamp;
use iia_core::finding::Finding;

use super::super::point::{Point, Tolerance};
use super::super::reading::{Fault, Reading, Station};
use super::super::wire::Way;
use super::class::Class;
use super::doubt::{Differs, Stretch, Verdict};
use super::fit::Pair;
use super::level::Level;
use super::pairs::{Held, Pending};
use super::traffic::Traffic;
use super::words::Named;

/// Samples in a row without a signal before it is told.
pub(super) const UNSOUND_RUN: u8 = 2;

#[derive(Clone, Debug)]
pub(super) struct Known {
    name: Box<str>,
    unit: Box<str>,
    pub(super) contract: u32,
    pub(super) tolerance: Tolerance,
    pub(super) pending: Pending,
    /// From the device to the box, or back.
    pub(super) network: Stretch,
    /// What only points with a converter of the IO master's own have.
    electrical: Option<Box<Electrical>>,
    pub(super) queued: bool,
}

#[derive(Clone, Debug, Default)]
struct Electrical {
    level: Option<Level>,
    /// From the sensor to the wire.
    wire: Stretch,
    /// From the wire to what the device says.
    device: Stretch,
    /// Samples in a row without a signal, or with one since it was told.
    run: u8,
    broken: bool,
}

type Contracts = [(String, Traffic)];

impl Known {
    pub(super) fn new(point: &Point, contract: u32) -> Self {
        Self {
            name: point.name.as_str().into(),
            unit: point.unit.as_str().into(),
            contract,
            tolerance: point.tolerance,
            pending: Pending::default(),
            network: Stretch::default(),
            electrical: None,
            queued: false,
        }
    }

    pub(super) fn named<'a>(&'a self, contracts: &'a Contracts) -> Named<'a> {
        let contract = contracts.get(self.contract as usize);
        Named {
            name: &self.name,
            unit: &self.unit,
            contract: contract.map_or("", |(name, _)| name),
            tolerance: &self.tolerance,
        }
    }

    /// A sample of the wire, or what the sensor says of itself; `now` with the length of a window.
    pub(super) fn sample(
        &mut self,
        now: (i64, i64),
        reading: &Reading,
        contracts: &Contracts,
    ) -> Option<Finding> {
        let (at_ns, micros) = (reading.at.as_ns(), reading.micros);
        let skew_ns = self.tolerance.skew_ns;
        let electrical = self.electrical.get_or_insert_default();
        if reading.station == Station::Sensor {
            let verdict = electrical.against_wire(now, reading, &self.tolerance, true)?;
            let ends = (Station::Sensor, Station::Wire);
            return Some(self.named(contracts).verdict(ends, &verdict));
        }
        match &mut electrical.level {
            Some(level) => level.see(at_ns, micros, skew_ns),
            none => *none = Some(Level::new(at_ns, micros)),
        }
        let well = electrical.sound();
        well.then(|| self.named(contracts).sound(reading.at))
    }

    /// What the device says, held against the wire at its input.
    pub(super) fn device(
        &mut self,
        now: (i64, i64),
        reading: &Reading,
        contracts: &Contracts,
    ) -> Option<Finding> {
        let electrical = self.electrical.as_deref_mut()?;
        if reading.way != Way::Said || electrical.broken {
            return None;
        }
        let verdict = electrical.against_wire(now, reading, &self.tolerance, false)?;
        let ends = (Station::Wire, Station::Device);
        Some(self.named(contracts).verdict(ends, &verdict))
    }

    pub(super) fn unsound(
        &mut self,
        at: Timestamp,
        (fault, micros): (Fault, i64),
        contracts: &Contracts,
    ) -> Option<Finding> {
        let electrical = self.electrical.get_or_insert_default();
        if electrical.broken {
            electrical.run = 0;
            return None;
        }
        electrical.run = electrical.run.saturating_add(1);
        if electrical.run < UNSOUND_RUN {
            return None;
        }
        **electrical = Electrical {
            broken: true,
            ..Electrical::default()
        };
        Some(self.named(contracts).unsound(at, fault, micros))
    }

    /// When it is to be looked at again.
    pub(super) fn due_ns(&self, window_ns: i64) -> Option<i64> {
        let waits = self.pending.oldest_ns();
        let waits = waits.map(|came| came.saturating_add(window_ns));
        let electrical = self.electrical.as_deref();
        let doubts = [
            self.network.due_ns(window_ns),
            electrical.and_then(|one| one.wire.due_ns(window_ns)),
            electrical.and_then(|one| one.device.due_ns(window_ns)),
        ];
        doubts.into_iter().flatten().chain(waits).min()
    }

    /// Doubts that are due.
    pub(super) fn handle_timeout(
        &mut self,
        now: (i64, i64),
        contracts: &Contracts,
    ) -> [Option<Finding>; 3] {
        let network = self.network.handle_timeout(now, &self.tolerance);
        let [wire, device] = match self.electrical.as_deref_mut() {
            Some(electrical) => [
                electrical
                    .wire
                    .handle_timeout(now, &self.tolerance)
                    .filter(Verdict::lasts),
                electrical
                    .device
                    .handle_timeout(now, &self.tolerance)
                    .filter(Verdict::lasts),
            ],
            None => [None, None],
        };
        let named = self.named(contracts);
        let tell = |ends, verdict: Option<Verdict>| verdict.map(|one| named.verdict(ends, &one));
        [
            tell((Station::Device, Station::Box), network),
            tell((Station::Sensor, Station::Wire), wire),
            tell((Station::Wire, Station::Device), device),
        ]
    }

    /// The two ends of a frame have other values.
    pub(super) fn differ(&mut self, one: &Held, other: &Held, window_ns: i64) -> Option<Verdict> {
        let since_ns = one.came_ns.min(other.came_ns);
        let (from, to) = if one.end.is_origin(one.way) {
            (one, other)
        } else {
            (other, one)
        };
        let differs = Differs {
            pair: Pair {
                from: from.micros,
                to: to.micros,
            },
            at_ns: (from.at_ns, to.at_ns),
        };
        let class = Class::ManInTheMiddle;
        self.network
            .differ((since_ns, window_ns), differs, (&self.tolerance, class))
    }
}

impl Electrical {
    /// A sample with a signal; whether the wire is well again by it.
    fn sound(&mut self) -> bool {
        if !self.broken {
            self.run = 0;
            return false;
        }
        self.run = self.run.saturating_add(1);
        let well = self.run >= super::WELL;
        if well {
            (self.broken, self.run) = (false, 0);
        }
        well
    }

    /// A value held against what the wire had of late; nothing where that is too long ago.
    fn against_wire(
        &mut self,
        now: (i64, i64),
        reading: &Reading,
        tolerance: &Tolerance,
        is_sensor: bool,
    ) -> Option<Verdict> {
        let level = self.level.as_ref()?;
        let at_ns = reading.at.as_ns();
        if at_ns.abs_diff(level.last_ns) > tolerance.skew_ns.unsigned_abs() {
            return None;
        }
        let wire = level.nearest(reading.micros);
        let (stretch, class) = match is_sensor {
            true => (&mut self.wire, Class::TamperedWire),
            false => (&mut self.device, Class::MisreportingDevice),
        };
        if tolerance.holds(wire, reading.micros) {
            return stretch
                .agree(reading.micros, now, tolerance)
                .filter(Verdict::lasts);
        }
        let (sample, value) = ((level.last, level.last_ns), (reading.micros, at_ns));
        let (from, to) = if is_sensor {
            (value, sample)
        } else {
            (sample, value)
        };
        let differs = Differs {
            pair: Pair {
                from: from.0,
                to: to.0,
            },
            at_ns: (from.1, to.1),
        };
        stretch
            .differ(now, differs, (tolerance, class))
            .filter(Verdict::lasts)
    }
}
