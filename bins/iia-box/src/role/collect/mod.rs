//! `ot.acs.collect`: packets in, exchanges out; each judged, stored first, announced after.

mod desk;
mod kept;
mod pace;
mod runs;
mod sightings;
mod tap;
mod values;
mod watch;

use std::fs::File;
use std::io::BufReader;
use std::time::Duration;

use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;
use iia_core::event::{Event, EventKind};
use iia_core::finding::Finding;
use iia_core::stream::Stream;
use iia_core::{SpiffeId, Timestamp};

use self::desk::Desk;
use self::pace::Pace;
use self::sightings::Sightings;
pub(crate) use self::tap::{INTERFACE, Tap};
use crate::client::{AuditClient, Current, LakeClient};
use crate::findings;
use crate::wire::{self, ANNOUNCE, Announce};
use crate::workload::{Workload, trusted_now};

/// Rows before a batch goes to the lake, and how long rows wait at most.
const ROWS_MAX: usize = 4096;
/// Under what the collector announces.
const TO_BUS: &str = "iia.contract.internal.collect_to_bus";
const FLUSH_EVERY: Duration = Duration::from_millis(200);

struct Collect<'a> {
    workload: &'a Workload,
    audit: AuditClient,
    lake: LakeClient,
    bus: Current,
    desk: Desk<'a>,
    events: u64,
    /// Whether what comes in is the same after a fall: a capture is, a wire is not.
    again: bool,
}

/// Runs the role at the wire that was taken, or else with a capture: arguments are its file and the speed (0 for as fast as
/// possible).
pub(super) async fn run(workload: &Workload, tap: Option<Tap>) -> anyhow::Result<()> {
    let mut lake = LakeClient::new(workload, "iia.contract.internal.collect_to_lake");
    let again = tap.is_none();
    let mut desk = Desk::resume((workload.catalog(), workload.id()), &mut lake, again).await?;
    let place = (workload.dir().path(), trusted_now());
    match Sightings::of(workload.id(), workload.engines(), place) {
        Ok(sightings) => desk.look_for(sightings),
        Err(error) => {
            workload.say(&format!("nobody looks for attacks: {error:#}"));
            desk.detect(sightings::nobody_looks(workload.now(), &error));
        }
    }
    let audit = AuditClient::start(workload, "iia.contract.internal.collect_to_audit");
    let mut role = Collect {
        workload,
        audit,
        lake,
        bus: Current::new(workload, "bus", TO_BUS, ANNOUNCE),
        desk,
        events: 0,
        again,
    };
    workload.ready();
    let at_end = match (tap, workload.args()) {
        (Some(tap), _) => role.watch(tap).await?,
        (None, [path, speed]) => role.replay(path, Pace::new(speed.parse()?)).await?,
        (None, _) => anyhow::bail!("a capture file and a speed are needed"),
    };
    role.audit.flush().await;
    if at_end {
        workload.say("the capture is at its end");
    }
    workload.finished().await;
    Ok(())
}

impl Collect<'_> {
    /// Replays the capture. The same capture gives the same records with the same numbers, so that after a fall the
    /// role begins again and only what the lake does not hold is stored. Tells whether it came to the end.
    async fn replay(&mut self, path: &str, mut pace: Pace) -> anyhow::Result<bool> {
        let mut source = match open(path) {
            Ok(source) => source,
            Err(error) => {
                self.workload.say(&format!("{path}: {error:#}"));
                return Ok(false);
            }
        };
        let mut pipeline = Pipeline::keeping(Options::default());
        let mut last = Timestamp::default();
        loop {
            let packet = match source.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => break,
                Err(error) => {
                    self.workload
                        .say(&format!("the capture is damaged from here on: {error}"));
                    break;
                }
            };
            if last == Timestamp::default() {
                self.event(Event::new(EventKind::CaptureOpened, packet.ts).with("file", path));
                tracing::info!(now_ns = self.workload.now().as_ns(), "collect.begins");
            }
            while let Some(wait) = self.due_in(&mut pace, packet.ts) {
                self.flush(pace.reached(packet.ts)).await?;
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = self.workload.stopped() => return Ok(false),
                }
            }
            last = packet.ts;
            let desk = &mut self.desk;
            desk.packets += 1;
            pipeline.handle_packet_keeping(&packet, &mut |observation, way| {
                desk.judge(observation, way);
            });
            if self.desk.rows() >= ROWS_MAX || pace.is_due(FLUSH_EVERY) {
                self.flush(last).await?;
                if self.workload.is_stopping() {
                    return Ok(false);
                }
            }
        }
        pipeline.finish_keeping(&mut |observation, way| self.desk.judge(observation, way));
        self.desk.finish();
        self.flush(last).await?;
        self.close(last);
        Ok(true)
    }

    /// How long to wait for a packet: not at all while the role makes up for a fall.
    fn due_in(&self, pace: &mut Pace, ts: Timestamp) -> Option<Duration> {
        if self.desk.is_behind() {
            return None;
        }
        pace.wait(ts)
    }

    /// Stores first, then tells the chain, then the bus.
    async fn flush(&mut self, reached: Timestamp) -> anyhow::Result<()> {
        for batch in self.desk.take_batches()? {
            let rows = batch.rows;
            if let Err(closed) = self.lake.write(batch).await {
                // A capture comes again, and a wire does not.
                if !self.again {
                    self.lake.lose(rows).await;
                }
                return Err(closed.into());
            }
        }
        let findings = self.desk.take_findings();
        for finding in &findings {
            self.event(match finding.is_on(&Stream::VIOLATION) {
                true => violation(finding),
                false => findings::event(finding),
            });
        }
        let announce = Announce {
            findings,
            ..self.desk.announcement(reached)
        };
        self.announce(announce).await;
        Ok(())
    }

    fn close(&mut self, at: Timestamp) {
        let event = Event::new(EventKind::CaptureClosed, at)
            .with("packets", self.desk.packets.to_string())
            .with("exchanges", self.desk.exchanges().to_string())
            .with("violations", self.desk.violations().to_string());
        self.event(event);
    }

    /// The role's events follow from the capture alone, so they are numbered here and stored once; those of a wire are
    /// numbered as they go to the chain.
    fn event(&mut self, mut event: Event) {
        if self.again {
            self.events += 1;
            event.source_seq = self.events;
        }
        self.audit.submit(event);
    }

    /// Nobody waits for the bus: what it does not take is lost to it, and is in the lake.
    async fn announce(&mut self, announce: Announce) {
        let _lost_to_it = self.bus.push(wire::encode(&announce)).await;
    }
}

/// What no contract covers, as an event of the chain.
fn violation(finding: &Finding) -> Event {
    let ts = Timestamp::from_ns(finding.ts_ns);
    Event::new(EventKind::ContractViolation, ts)
        .with("source", finding.source.as_str())
        .with("destination", finding.destination.as_str())
        .with("operation", finding.operation.as_str())
        .with("contract", finding.contract.as_str())
        .with("clause", finding.clause.as_str())
        .with("reason", finding.reason.as_str())
}

/// A capture file that cannot be opened does not get better by starting again.
fn open(path: &str) -> anyhow::Result<PcapSource<BufReader<File>>> {
    Ok(PcapSource::open(BufReader::new(File::open(path)?))?)
}

/// What identifies this collector in evidence.
fn evidence(id: &SpiffeId, stream: &str, number: u64) -> String {
    format!("{stream}#{}/{number}", iia_core::record::ServiceId::of(id))
}
