//! Collecting from a tap, for as long as it is asked for: nothing comes twice, and nothing waits for it.

use std::time::{Duration, Instant};

use iia_capture::pipeline::{Options, Pipeline};
use iia_contract::matcher::Way;
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};

use super::kept::Kept;
use super::{Collect, ROWS_MAX, Tap};

/// How long the role sleeps when the kernel has nothing for it.
const IDLE: Duration = Duration::from_millis(5);
/// How long rows wait at most.
const FLUSH_EVERY: Duration = Duration::from_millis(50);
/// How often time is told to the bus while nothing is on the tap, and the interface is looked at.
const TELL_EVERY: Duration = Duration::from_millis(200);
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// What came before this long ago has been handed over: the kernel keeps a block for 20 ms at most.
const LATE_NS: i64 = 100_000_000;

/// What happened when.
struct Since {
    began: Instant,
    flushed: Instant,
    told: Instant,
    turned: Instant,
    looked: Instant,
}

impl Collect<'_> {
    /// Watches the tap; tells whether its time is over, not whether it was stopped.
    pub(super) async fn watch(&mut self, mut tap: Tap) -> anyhow::Result<bool> {
        self.tell(EventKind::CaptureOpened, &[("interface", tap.name())]);
        let options = Options {
            opened: true,
            ..Options::default()
        };
        let mut pipeline: Pipeline<Option<Way>> = Pipeline::keeping(options);
        let mut kept = Kept::open(self.workload.dir())?;
        let now = Instant::now();
        let mut since = Since {
            began: now,
            flushed: now,
            told: now,
            turned: now,
            looked: now,
        };
        let mut doubts = String::new();
        let at_end = loop {
            if self.hear(&mut tap, &mut kept, &mut pipeline)? {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(IDLE).await;
            }
            self.keep_up(&mut since).await?;
            if passed(&mut since.turned, TELL_EVERY) {
                kept.turn(self.reached());
                self.tell_kept(&mut kept);
            }
            if passed(&mut since.looked, LOOK_EVERY) {
                self.doubt(&tap, &mut doubts);
            }
            if self.workload.is_stopping() {
                break false;
            }
            if tap.seconds > 0 && since.began.elapsed().as_secs() >= tap.seconds {
                break true;
            }
        };
        kept.close();
        self.tell_kept(&mut kept);
        pipeline.finish_keeping(&mut |seen, way| self.desk.judge(seen, way));
        self.desk.finish();
        self.flush(self.workload.now()).await?;
        self.close(self.workload.now());
        Ok(at_end)
    }

    /// Takes what the kernel has; tells whether it had something.
    fn hear(
        &mut self,
        tap: &mut Tap,
        kept: &mut Kept,
        pipeline: &mut Pipeline<Option<Way>>,
    ) -> anyhow::Result<bool> {
        let (before, reached) = (tap.source.counts(), self.reached());
        let desk = &mut self.desk;
        let Some(batch) = tap.source.next(Duration::ZERO)? else {
            pipeline.handle_timeout_keeping(reached, &mut |seen, way| desk.judge(seen, way));
            return Ok(false);
        };
        for packet in batch.packets() {
            desk.packets += 1;
            kept.push(&packet);
            pipeline.handle_packet_keeping(&packet, &mut |seen, way| desk.judge(seen, way));
            while let Some(conn) = pipeline.poll_opened() {
                desk.opened(conn);
            }
        }
        let counts = tap.source.counts();
        let lost = [
            (
                "no room in the kernel's ring",
                counts.dropped - before.dropped,
            ),
            (
                "blocks of the kernel's ring that cannot be read",
                counts.malformed - before.malformed,
            ),
        ];
        kept.lose(lost[0].1);
        for (what, count) in lost.into_iter().filter(|row| row.1 > 0) {
            let count = count.to_string();
            let fields = [("where", tap.name()), ("what", what), ("count", &count)];
            self.tell(EventKind::RecordsLost, &fields);
        }
        Ok(true)
    }

    /// Tells the chain which files of the ring were closed, and what the disk did not take.
    fn tell_kept(&mut self, kept: &mut Kept) {
        while let Some((file, seal)) = kept.poll_sealed() {
            let (digest, packets) = (seal.digest().to_string(), seal.packets.to_string());
            let fields = [
                ("file", file.as_str()),
                ("seal", &digest),
                ("packets", &packets),
            ];
            self.tell(EventKind::CaptureClosed, &fields);
        }
        if let Some((packets, error)) = kept.poll_refused() {
            let (count, why) = (packets.to_string(), error.to_string());
            let fields = [
                ("where", "captures"),
                ("what", why.as_str()),
                ("count", &count),
            ];
            self.tell(EventKind::RecordsLost, &fields);
        }
    }

    /// Stores and tells what waits, when it is time.
    async fn keep_up(&mut self, since: &mut Since) -> anyhow::Result<()> {
        let rows = self.desk.rows();
        let full = rows >= ROWS_MAX || rows > 0 && since.flushed.elapsed() >= FLUSH_EVERY;
        if full || since.told.elapsed() >= TELL_EVERY {
            self.flush(self.reached()).await?;
            (since.flushed, since.told) = (Instant::now(), Instant::now());
        }
        Ok(())
    }

    /// Until when everything was seen.
    fn reached(&self) -> Timestamp {
        self.workload.now() + -LATE_NS
    }

    /// Says when the interface stops being passive, and when it is again.
    fn doubt(&mut self, tap: &Tap, known: &mut String) {
        let doubts = tap.doubts();
        if doubts == *known {
            return;
        }
        let says = match doubts.as_str() {
            "" => "passive again",
            doubts => doubts,
        };
        self.workload.say(&format!("{}: {says}", tap.name()));
        let fields = [("interface", tap.name()), ("passive", says)];
        self.tell(EventKind::Finding, &fields);
        *known = doubts;
    }

    fn tell(&mut self, kind: EventKind, fields: &[(&str, &str)]) {
        let event = Event::new(kind, self.workload.now());
        let with = |event: Event, (key, value): &(&str, &str)| event.with(key, *value);
        self.event(fields.iter().fold(event, with));
    }
}

/// Whether a time has passed since, and begins anew.
fn passed(since: &mut Instant, period: Duration) -> bool {
    let passed = since.elapsed() >= period;
    if passed {
        *since = Instant::now();
    }
    passed
}
