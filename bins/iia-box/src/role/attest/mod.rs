//! `ot.dmz.attest`: what was seen against what was agreed. The observers stand in [`senses`], one row each; what they find is
//! told to the chain, the lake, north and the alert sinks of the machine.

mod admission;
mod broker;
mod carry;
mod disk;
mod image;
mod io;
mod links;
mod listens;
mod log;
mod ovn;
mod passive;
mod refusals;
mod running;
mod senses;
mod sessions;
mod sight;
mod sinks;
mod told;
mod witness;

use std::time::Duration;

use iia_attest::aggregate::{Aggregator, Answers, How, Told};
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;
use tokio::sync::mpsc;

use self::carry::Carrier;
use self::disk::Disk;
use self::senses::{Heard, Sense, Source};
use self::sight::Sights;
use self::sinks::{Outcome, Sinks};
use crate::client::AuditClient;
use crate::policy;
use crate::wire::{self, Announce, SUBSCRIBE};
use crate::workload::Workload;

/// Under what the observer speaks with the bus.
const TO_BUS: &str = "iia.contract.internal.attest_to_bus";
/// What was seen and waits to be looked at; the bus drops what comes beyond it, and says so.
const WAITING_MAX: usize = 64;
/// How often the passing of time is told to the observers at least.
const TICK: Duration = Duration::from_millis(200);
/// Before the name of the interface that the box has taken over.
pub(crate) const SEES: &str = "sees=";
/// Says that the box has a firewall of its own.
pub(crate) const WITH_FIREWALL: &str = "firewall";
/// Before the seconds between two quotes of the machine's TPM.
pub(crate) const QUOTES: &str = "quotes=";
/// How many those are where nobody says.
pub(crate) const QUOTE_EVERY: u64 = 30;
/// Says that the control network has a witness of its own, whose word counts and not the collector's.
pub(crate) const WITNESSED: &str = "witnessed";

struct Attest<'a> {
    workload: &'a Workload,
    audit: AuditClient,
    senses: Vec<Box<dyn Sense>>,
    sources: Vec<Source>,
    aggregator: Aggregator,
    carrier: Carrier,
    sinks: Sinks,
    sights: Sights,
}

/// Runs the role.
pub(super) async fn run(workload: &Workload) -> anyhow::Result<()> {
    let (outcomes, mut done) = mpsc::unbounded_channel();
    let mut role = Attest::new(workload, outcomes)?;
    let mut disk = Disk::new(workload.dir());
    role.begin(&mut disk)?;
    let heard = role.listen(disk);
    workload.ready();
    role.watch(heard, &mut done).await?;
    role.carrier.finish().await;
    role.audit.flush().await;
    Ok(())
}

/// Follows the bus, however often it goes.
async fn follow(workload: Workload, heard: mpsc::Sender<Heard>) {
    while !heard.is_closed() {
        if let Err(error) = subscribe(&workload, &heard).await {
            tracing::warn!(error = format!("{error:#}"), "attest.follow");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn subscribe(workload: &Workload, heard: &mpsc::Sender<Heard>) -> anyhow::Result<()> {
    let mut feed = workload.connect("bus", TO_BUS, SUBSCRIBE).await?;
    while let Some(message) = feed.recv().await? {
        let announce: Announce = wire::decode(&message.payload)?;
        heard.send(Heard::Announced(Box::new(announce))).await?;
    }
    Ok(())
}

/// What the kernel says of its firewall, on its way to the observers.
async fn firewall(mut seen: mpsc::Receiver<senses::Policy>, heard: mpsc::Sender<Heard>) {
    while let Some(seen) = seen.recv().await {
        if heard.send(Heard::Policy(Box::new(seen))).await.is_err() {
            return;
        }
    }
}

/// What an observer has for the chain beside its findings.
fn events(sense: &mut Box<dyn Sense>) -> impl Iterator<Item = Event> {
    std::iter::from_fn(|| sense.poll_event())
}

impl<'a> Attest<'a> {
    fn new(
        workload: &'a Workload,
        outcomes: mpsc::UnboundedSender<Outcome>,
    ) -> anyhow::Result<Self> {
        let sinks = Sinks::start(workload, outcomes);
        let answers = Answers::new(workload.answers().to_vec());
        // IIA 8 (001:322): an observer that cannot alert does not serve.
        let aggregator = Aggregator::new(answers, &sinks.all())
            .map_err(|error| anyhow::anyhow!("{}: {error}", iia_core::code::Coded::code(&error)))?;
        let (senses, sources) = senses::all(workload)?;
        Ok(Self {
            workload,
            audit: AuditClient::start(workload, "iia.contract.internal.attest_to_audit"),
            senses,
            sources,
            aggregator,
            carrier: Carrier::start(workload),
            sinks,
            sights: Sights::new(workload),
        })
    }

    /// What the disk has of the time before: the observers learn it, and what was told is not told again.
    fn begin(&mut self, disk: &mut Disk) -> anyhow::Result<()> {
        for heard in disk.read() {
            if let Heard::Recorded(record) = &heard
                && record.source() == self.workload.id().as_str()
                && let Ok(told) = Told::read(&record.body.event)
            {
                self.aggregator.recall(&told);
            }
            self.hear(&heard)?;
        }
        for finding in self.findings() {
            if !self.aggregator.board().knows(&finding) {
                self.aggregator.handle_finding(self.workload.now(), finding);
            }
        }
        Ok(())
    }

    /// Starts whatever sees something; none waits for another.
    fn listen(&mut self, disk: Disk) -> mpsc::Receiver<Heard> {
        let (sender, heard) = mpsc::channel(WAITING_MAX);
        tokio::task::spawn_local(follow(self.workload.clone(), sender.clone()));
        if self.workload.args().iter().any(|arg| arg == WITH_FIREWALL) {
            tokio::task::spawn_local(firewall(policy::watch(), sender.clone()));
        }
        for source in self.sources.drain(..) {
            source(sender.clone());
        }
        disk.follow(sender);
        heard
    }

    async fn watch(
        &mut self,
        mut heard: mpsc::Receiver<Heard>,
        done: &mut mpsc::UnboundedReceiver<Outcome>,
    ) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                Some(heard) = heard.recv() => self.hear(&heard)?,
                Some((sink, outcome)) = done.recv() => {
                    self.aggregator.handle_outcome(self.workload.now(), sink, outcome);
                }
                () = tokio::time::sleep(TICK) => {}
                () = self.workload.stopped() => return Ok(()),
            }
            self.publish();
        }
    }

    fn hear(&mut self, heard: &Heard) -> anyhow::Result<()> {
        let now = self.workload.now();
        match heard {
            Heard::Announced(announce) if announce.lost > 0 => self.lost(announce.lost),
            Heard::Blind(what, why) => self.blind(Conclusion::Missing, what, why),
            Heard::Seeing(what) => self.blind(Conclusion::Converge, what, ""),
            Heard::Sensed(event) => self.audit.submit(Event::clone(event)),
            _ => {}
        }
        for sense in &mut self.senses {
            if sense.hear(now, heard)? {
                self.sights.looked(sense.stream().as_str(), now);
            }
        }
        Ok(())
    }

    /// Losing sight is itself evidence.
    fn lost(&self, count: u64) {
        let event = Event::new(EventKind::RecordsLost, self.workload.now())
            .with("where", "bus to attest")
            .with("count", count.to_string());
        self.audit.submit(event);
    }

    /// Something on the disk cannot be read, or can be again.
    fn blind(&mut self, conclusion: Conclusion, what: &str, why: &str) {
        let now = self.workload.now();
        let reason = match conclusion {
            Conclusion::Converge => format!("{what} is read again"),
            _ => format!("{what} cannot be read: {why}"),
        };
        let finding = Finding {
            ts_ns: now.as_ns(),
            stream: Stream::ATTEST_IDENTITY.as_str().into(),
            conclusion,
            severity: Severity::Critical,
            contract: String::new(),
            clause: "sight".into(),
            source: what.into(),
            destination: String::new(),
            operation: String::new(),
            reason,
            evidence: Vec::new(),
        };
        self.aggregator.handle_finding(now, finding);
    }

    fn findings(&mut self) -> Vec<Finding> {
        let polls = self.senses.iter_mut();
        polls
            .flat_map(|sense| std::iter::from_fn(|| sense.poll()))
            .collect()
    }

    /// Everything goes on its way and waits for nobody: the chain, the lake and north, the sinks of the machine.
    fn publish(&mut self) {
        let now = self.workload.now();
        self.senses.iter_mut().for_each(|sense| sense.tick(now));
        for finding in self.findings() {
            self.aggregator.handle_finding(now, finding);
        }
        for event in self.senses.iter_mut().flat_map(events) {
            self.audit.submit(event);
        }
        self.aggregator.handle_timeout(now);
        while let Some(told) = self.aggregator.poll_told() {
            self.audit.submit(told.event());
            if told.how != How::Confirmed {
                self.sights.found(&told.finding.stream);
            }
            self.carry(told, now);
        }
        for sink in self.sinks.all() {
            while let Some(job) = self.aggregator.poll_job(now, sink) {
                self.sinks.give(sink, job);
            }
        }
        let observers = self.senses.iter().filter(|one| one.observes());
        let unseen = observers.map(|one| (one.stream(), one.unseen()));
        self.sights.write(now, unseen, &self.aggregator);
    }

    fn carry(&self, told: Told, now: Timestamp) {
        if let Err(count) = self.carrier.carry(told) {
            let event = Event::new(EventKind::RecordsLost, now)
                .with("where", "attest to lake")
                .with("count", count.to_string());
            self.audit.submit(event);
        }
    }
}
