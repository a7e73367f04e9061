//! The tap: from what the kernel hands over to statements.

use std::time::{Duration, Instant};

use iia_attest::io::batch::Heard;
use iia_attest::io::{Draft, Layout, Point, Reading, Station, Tap};
use iia_capture::live::packets::Source;
use iia_core::Timestamp;
use iia_core::event::Event;

/// How long a reading waits at most until it is stated.
const STATE_EVERY: Duration = Duration::from_millis(500);
/// How often something is stated, also when nothing was read.
const BEAT_EVERY: Duration = Duration::from_secs(1);
/// How long the kernel is waited for.
const WAIT: Duration = Duration::from_millis(50);

/// A tap with what is read there.
pub(crate) struct Reader {
    source: Source,
    tap: Tap,
    points: Vec<Point>,
    layout: Layout,
    draft: Draft,
    stated: Instant,
    heard: Heard,
    /// Readings of statements that nobody took.
    untaken: u64,
}

impl Reader {
    pub(crate) fn new(source: Source, points: Vec<Point>) -> Self {
        Self {
            source,
            tap: Tap::new(Station::Device, 0),
            layout: Layout::new(&points),
            points,
            draft: Draft::default(),
            stated: Instant::now(),
            heard: Heard::default(),
            untaken: 0,
        }
    }

    /// Takes what the kernel has, and states what was read when it is time; `state` tells whether it takes a statement.
    pub(crate) fn turn(
        &mut self,
        now: impl Fn() -> Timestamp,
        mut state: impl FnMut(Event) -> bool,
    ) -> anyhow::Result<()> {
        for reading in self.hear()? {
            self.push(reading, now(), &mut state);
        }
        let since = self.stated.elapsed();
        if since >= BEAT_EVERY || !self.draft.is_empty() && since >= STATE_EVERY {
            self.close(now(), &mut state);
        }
        Ok(())
    }

    /// States what is there.
    pub(crate) fn close(&mut self, now: Timestamp, state: &mut impl FnMut(Event) -> bool) {
        let heard = self.since();
        let statement = self.draft.close(now, heard);
        let count = statement
            .field("count")
            .and_then(|count| count.parse().ok());
        self.untaken = match state(statement) {
            true => 0,
            false => count.unwrap_or(0) + heard.lost,
        };
        self.stated = Instant::now();
    }

    fn push(&mut self, reading: Reading, now: Timestamp, state: &mut impl FnMut(Event) -> bool) {
        let Some(point) = usize::try_from(reading.point.0).ok() else {
            return;
        };
        let Some(known) = self.points.get(point) else {
            return;
        };
        let Err(reading) = self.draft.push(known, reading) else {
            return;
        };
        self.close(now, state);
        if let Some(known) = self.points.get(point) {
            let _fits = self.draft.push(known, reading);
        }
    }

    fn hear(&mut self) -> anyhow::Result<Vec<Reading>> {
        let mut readings = Vec::new();
        let Some(batch) = self.source.next(WAIT)? else {
            return Ok(readings);
        };
        for packet in batch.packets() {
            let each = |reading| readings.push(reading);
            self.tap
                .handle_frame(packet.ts, packet.data, &self.layout, each);
        }
        Ok(readings)
    }

    /// What was heard since the last statement.
    fn since(&mut self) -> Heard {
        let (tap, source) = (self.tap.counts(), self.source.counts());
        let now = Heard {
            frames: tap.frames,
            lost: source.dropped + source.malformed,
            malformed: tap.malformed,
        };
        let before = std::mem::replace(&mut self.heard, now);
        Heard {
            frames: now.frames - before.frames,
            lost: now.lost - before.lost + self.untaken,
            malformed: now.malformed - before.malformed,
        }
    }
}
