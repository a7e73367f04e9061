//! `ot.acs.witness`: whoever watches the control network for intruders. An observer of its own hears the same interface as the
//! collector, with decoders that are none of the collector's, and judges what is done by the contracts; beside it runs an
//! engine of signatures. On the links of the box itself it hears who opens what. What any of them says is in the chain, where
//! `ot.dmz.attest` makes findings of it.

mod ears;
mod engine;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use iia_attest::correlator::Correlator as _;
use iia_attest::network::links::Inside;
use iia_attest::network::{Deed, Ear, Wire, alarm};
use iia_capture::live::packets::Counts;
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};

pub(super) use self::ears::Ears;
use crate::client::AuditClient;
use crate::tally::{Tally, again};
use crate::workload::Workload;

/// How long the role sleeps when nobody has something for it.
const IDLE: Duration = Duration::from_millis(5);
/// What came before this long ago has been handed over: the kernel keeps a block for 20 ms at most.
const LATE_NS: i64 = 100_000_000;
/// How often it is looked whether other links of the box are there than are heard.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Fields by which alerts of one rule are the same, seen from whoever asks: whatever port is another each time counts for nothing.
const SAME: [&str; 11] = [
    "type",
    "signature",
    "rule",
    "revision",
    "category",
    "severity",
    "contract",
    "clause",
    "source",
    "destination",
    "direction",
];
/// Rules that are told apart; beyond it they share what is told.
const RULES_MAX: usize = 1024;

/// What makes alerts of one rule the same, by name.
type Kind = Vec<(String, String)>;
/// How often alerts of each kind came again.
type Counted = Vec<(Kind, u64)>;

struct Watch<'a> {
    workload: &'a Workload,
    audit: AuditClient,
    ear: Ear,
    wire: Wire,
    /// An ear for each link of the box, in their order.
    within: Vec<Ear>,
    inside: Inside,
    /// By rule, so that whoever sets off one of them all the time hides no other.
    alerts: BTreeMap<String, Tally<Kind>>,
}

/// Runs the role at what was taken.
pub(super) async fn run(workload: &Workload, ears: Option<Ears>) -> anyhow::Result<()> {
    let mut ears = ears.ok_or_else(|| anyhow::anyhow!("an interface is needed"))?;
    let mut role = Watch {
        workload,
        audit: AuditClient::start(workload, "iia.contract.internal.witness_to_audit"),
        ear: Ear::new(workload.catalog()),
        wire: Wire::new(workload.catalog()),
        within: ears
            .links
            .iter()
            .map(|_| Ear::new(workload.catalog()))
            .collect(),
        inside: Inside::new(workload.catalog(), workload.topology()),
        alerts: BTreeMap::new(),
    };
    role.begin(&mut ears);
    workload.ready();
    let mut looked = Instant::now();
    while !workload.is_stopping() {
        let heard = role.hear(&mut ears)? | role.hear_within(&mut ears)?;
        let told = role.take_alerts(&mut ears)?;
        if looked.elapsed() >= LOOK_EVERY {
            looked = Instant::now();
            role.check_links(&ears)?;
            role.counted(workload.now(), Tally::settle);
        }
        role.tell();
        match heard || told {
            true => tokio::task::yield_now().await,
            false => tokio::time::sleep(IDLE).await,
        }
    }
    let now = workload.now();
    role.counted(now, Tally::close);
    role.audit.flush().await;
    workload.finished().await;
    Ok(())
}

impl Watch<'_> {
    /// Says who watches by which rules.
    fn begin(&self, ears: &mut Ears) {
        let mut event = Event::new(EventKind::CaptureOpened, self.workload.now())
            .with("interface", ears.tap.name());
        match &mut ears.engine {
            Some(engine) => {
                engine.follow();
                event = event
                    .with("engine", engine.name())
                    .with("rules", engine.rules().to_string());
            }
            None => event = event.with("engine", "no engine of signatures is configured"),
        }
        let links: Vec<&str> = ears.links.iter().map(|(name, _)| name.as_str()).collect();
        if !links.is_empty() {
            event = event.with("links", links.join(" "));
        }
        self.audit.submit(event);
    }

    /// Takes what the kernel has; tells whether it had something.
    fn hear(&mut self, ears: &mut Ears) -> anyhow::Result<bool> {
        let reached = self.workload.now() + -LATE_NS;
        let before = ears.tap.source.counts();
        let Some(batch) = ears.tap.source.next(Duration::ZERO)? else {
            self.ear.handle_timeout(reached, |at, deed| {
                self.wire.handle_observation(at, deed);
            });
            self.wire.handle_timeout(reached);
            return Ok(false);
        };
        for packet in batch.packets() {
            self.ear.handle_frame(packet.ts, packet.data, |at, deed| {
                self.wire.handle_observation(at, deed);
            });
        }
        let lost = lost(&before, &ears.tap.source.counts());
        if lost > 0 {
            self.wire.handle_observation(reached, Deed::Lost(lost));
        }
        Ok(true)
    }

    /// Takes what the kernel has of the links of the box; tells whether it had something.
    fn hear_within(&mut self, ears: &mut Ears) -> anyhow::Result<bool> {
        let reached = self.workload.now() + -LATE_NS;
        let mut any = false;
        for ((name, source), ear) in ears.links.iter_mut().zip(&mut self.within) {
            let before = source.counts();
            let inside = &mut self.inside;
            let mut each = |at, deed: Deed| inside.handle_deed(at, name, &deed);
            let Some(batch) = source.next(Duration::ZERO)? else {
                ear.handle_timeout(reached, each);
                continue;
            };
            any = true;
            for packet in batch.packets() {
                ear.handle_frame(packet.ts, packet.data, &mut each);
            }
            let lost = lost(&before, &source.counts());
            if lost > 0 {
                each(reached, Deed::Lost(lost));
            }
        }
        Ok(any)
    }

    /// Whoever has given up its rights hears no other link: it begins anew.
    fn check_links(&self, ears: &Ears) -> anyhow::Result<()> {
        let there = ears::there(self.workload.topology(), ears.tap.name());
        let heard = ears.links.iter().map(|(name, _)| name);
        anyhow::ensure!(
            there.iter().eq(heard),
            "other links of the box are there than are heard: {there:?}"
        );
        Ok(())
    }

    /// Takes what the engine of signatures says; tells whether it said something.
    fn take_alerts(&mut self, ears: &mut Ears) -> anyhow::Result<bool> {
        let Some(engine) = &mut ears.engine else {
            return Ok(false);
        };
        let now = self.workload.now();
        let mut any = false;
        while let Some(event) = engine.poll()? {
            any = true;
            if event.kind != EventKind::IntrusionAlert || self.is_news(&event, now) {
                self.audit.submit(event);
            }
        }
        Ok(any)
    }

    fn is_news(&mut self, event: &Event, now: Timestamp) -> bool {
        let rule = event.field("rule").unwrap_or_default();
        let rule = match self.alerts.len() < RULES_MAX || self.alerts.contains_key(rule) {
            true => rule,
            false => "",
        };
        let alerts = self.alerts.entry(rule.to_owned()).or_default();
        alerts.take(kind_of(event), now).is_some()
    }

    /// Tells how often it was said again.
    fn counted(&mut self, now: Timestamp, tell: fn(&mut Tally<Kind>, Timestamp) -> Counted) {
        for (rule, alerts) in &mut self.alerts {
            for (kind, count) in tell(alerts, now) {
                let kind = match kind.is_empty() {
                    true => others(rule),
                    false => kind,
                };
                let event = again(EventKind::IntrusionAlert, kind, (now, count));
                self.audit.submit(event);
            }
        }
    }

    /// Tells what the observer found.
    fn tell(&mut self) {
        while let Some(finding) = self.wire.poll_finding() {
            self.audit.submit(alarm::event(finding));
        }
        while let Some(finding) = self.inside.poll_finding() {
            self.audit.submit(alarm::event(finding));
        }
    }
}

/// Packets that came and could not be taken.
const fn lost(before: &Counts, after: &Counts) -> u64 {
    after.dropped - before.dropped + after.malformed - before.malformed
}

/// What makes alerts of a rule the same.
fn kind_of(event: &Event) -> Kind {
    let said = |key: &str| Some((key.to_owned(), event.field(key)?.to_owned()));
    SAME.into_iter().filter_map(said).collect()
}

/// Alerts of a rule that found no room.
fn others(rule: &str) -> Kind {
    let words = format!("more alerts of rule {rule} than are told apart");
    let pair = |key: &str, value: String| (key.to_owned(), value);
    vec![
        pair("type", alarm::BY_SIGNATURE.into()),
        pair("signature", words),
        pair("rule", rule.into()),
    ]
}
