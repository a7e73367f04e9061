//! Where each observation is numbered, judged and laid into the right batch.

use std::collections::BTreeSet;

use iia_contract::catalog::Catalog;
use iia_contract::explain;
use iia_contract::matcher::{Matcher, Verdict, Way};
use iia_core::finding::Finding;
use iia_core::observe::{Conn, Observation};
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Batch;
use iia_core::stream::Stream;
use iia_core::{SpiffeId, Timestamp};
use iia_lake::batch::{ConnBuilder, ExchangeBuilder, FindingBuilder, SaidBuilder};

use super::runs::Runs;
use super::sightings::Sightings;
use super::values::Values;
use crate::client::{FailsClosed, LakeClient};
use crate::wire::Announce;

/// Distinct kinds of violation that become events of their own; beyond it they are records only.
const KINDS_MAX: usize = 1024;

/// What evidence names where no record is: the packet of the capture, from 1 (Wireshark: `frame.number`).
pub(super) const CAPTURE: &str = "capture";

/// Numbers of one stream: given out from 1, stored from where the lake ends.
struct Lane {
    given: u64,
    durable: u64,
    first: u64,
}

/// The collector's desk.
pub(super) struct Desk<'a> {
    /// Packets handled.
    pub(super) packets: u64,
    catalog: &'a Catalog,
    matcher: Matcher<'a>,
    me: SpiffeId,
    exchanges: (Lane, ExchangeBuilder),
    conns: (Lane, ConnBuilder),
    said: (Lane, SaidBuilder),
    violations: (Lane, FindingBuilder),
    detections: (Lane, FindingBuilder),
    sightings: Sightings,
    kinds: BTreeSet<String>,
    fresh: Vec<Finding>,
    runs: Runs,
    values: Values,
    covered: u64,
}

impl<'a> Desk<'a> {
    /// A desk that goes on after what the lake holds of this collector. What comes in is the same `again` where a capture
    /// is replayed, and is numbered from 1; a wire does not repeat itself.
    pub(super) async fn resume(
        (catalog, me): (&'a Catalog, &SpiffeId),
        lake: &mut LakeClient,
        again: bool,
    ) -> Result<Self, FailsClosed> {
        let service = ServiceId::of(me);
        let mut lane = async |stream: &Stream| Lane::resume(lake, stream, service, again).await;
        Ok(Self {
            packets: 0,
            catalog,
            matcher: Matcher::new(catalog),
            me: me.clone(),
            exchanges: (lane(&Stream::MODBUS).await?, ExchangeBuilder::new(service)),
            conns: (lane(&Stream::CONN).await?, ConnBuilder::new(service)),
            said: (lane(&Stream::SAID).await?, SaidBuilder::new(service)),
            violations: (
                lane(&Stream::VIOLATION).await?,
                FindingBuilder::new(Stream::VIOLATION, service),
            ),
            detections: (
                lane(&Stream::DETECTION).await?,
                FindingBuilder::new(Stream::DETECTION, service),
            ),
            sightings: Sightings::default(),
            kinds: BTreeSet::new(),
            fresh: Vec::new(),
            runs: Runs::default(),
            values: Values::new(catalog),
            covered: 0,
        })
    }

    /// From now on these engines look for attacks.
    pub(super) fn look_for(&mut self, sightings: Sightings) {
        self.sightings = sightings;
    }

    /// Judges one observation, whose way is kept with its flow, and lays it into its batch.
    pub(super) fn judge(&mut self, observation: &Observation<'_>, way: &mut Option<Way>) {
        if let Observation::Said(said) = observation {
            let (lane, builder) = &mut self.said;
            if lane.take(builder.rows()) {
                builder.append(said);
            }
        }
        let here = (&self.me, self.packets);
        let seen = self.sightings.observe(observation, here);
        seen.into_iter().for_each(|finding| self.detect(finding));
        if !observation.judged() {
            return;
        }
        let verdict = self.matcher.judge_keeping(way, observation);
        let finding = explain::finding(self.catalog, observation, &verdict, Vec::new());
        let reason = finding.as_ref().map(|finding| finding.reason.as_str());
        let contract = match verdict {
            Verdict::Covered { contract, .. } => Some(self.catalog.name(contract)),
            Verdict::Violation { .. } => None,
        };
        let (stream, number) = match observation {
            Observation::Exchange(exchange) => {
                let (lane, builder) = &mut self.exchanges;
                if lane.take(builder.rows()) {
                    builder.append(exchange, contract, reason);
                }
                (Stream::MODBUS.as_str(), lane.given)
            }
            Observation::Conn(conn) => {
                let (lane, builder) = &mut self.conns;
                if lane.take(builder.rows()) {
                    builder.append(conn, contract, reason);
                }
                (Stream::CONN.as_str(), lane.given)
            }
            // Its message was said just before.
            Observation::Access(_) => (Stream::SAID.as_str(), self.said.0.given),
            // A frame has no record of its own, and the record of a message on a bus comes with its answer.
            _ => (CAPTURE, self.packets),
        };
        self.tally(observation, &verdict);
        if let Some(mut finding) = finding {
            let evidence = super::evidence(&self.me, stream, number);
            finding.evidence.push(evidence);
            self.violate(finding);
        }
    }

    /// Judges a flow that began by its ends alone: what no contract can cover is told before it ends.
    pub(super) fn opened(&mut self, conn: Conn) {
        let observation = Observation::Conn(conn);
        let verdict = self.matcher.judge(&observation);
        let evidence = super::evidence(&self.me, CAPTURE, self.packets);
        let finding = explain::finding(self.catalog, &observation, &verdict, vec![evidence]);
        if let Some(finding) = finding {
            self.violate(finding);
        }
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self) {
        let left = self.sightings.finish((&self.me, self.packets));
        left.into_iter().for_each(|finding| self.detect(finding));
    }

    fn violate(&mut self, finding: Finding) {
        let (lane, builder) = &mut self.violations;
        if lane.take(builder.rows()) {
            builder.append(&finding);
        }
        self.note(finding);
    }

    /// Takes what an engine that looks for attacks has found.
    pub(super) fn detect(&mut self, finding: Finding) {
        let (lane, builder) = &mut self.detections;
        if lane.take(builder.rows()) {
            builder.append(&finding);
        }
        self.note(finding);
    }

    /// Keeps the first finding of a kind, to be told.
    fn note(&mut self, finding: Finding) {
        if self.kinds.len() < KINDS_MAX && self.kinds.insert(finding.reason.clone()) {
            self.fresh.push(finding);
        }
    }

    fn tally(&mut self, observation: &Observation<'_>, verdict: &Verdict) {
        if let Observation::Exchange(exchange) = observation {
            self.runs.add(exchange);
            self.values.add(exchange);
            self.covered += u64::from(matches!(verdict, Verdict::Covered { .. }));
        }
    }

    /// Whether the lake holds more than this run of the capture has come to: the role fell and catches up.
    pub(super) const fn is_behind(&self) -> bool {
        self.exchanges.0.given < self.exchanges.0.durable
    }

    /// Rows that wait.
    pub(super) fn rows(&self) -> usize {
        let [exchanges, conns] = [self.exchanges.1.rows(), self.conns.1.rows()];
        let findings = self.violations.1.rows() + self.detections.1.rows();
        exchanges + conns + self.said.1.rows() + findings
    }

    /// Everything that waits, as batches.
    pub(super) fn take_batches(&mut self) -> anyhow::Result<Vec<Batch>> {
        let mut batches = Vec::new();
        if self.exchanges.1.rows() > 0 {
            batches.push(
                self.exchanges
                    .1
                    .finish(Sequence::new(self.exchanges.0.first))?,
            );
        }
        if self.conns.1.rows() > 0 {
            batches.push(self.conns.1.finish(Sequence::new(self.conns.0.first))?);
        }
        if self.said.1.rows() > 0 {
            batches.push(self.said.1.finish(Sequence::new(self.said.0.first))?);
        }
        for (lane, builder) in [&mut self.violations, &mut self.detections] {
            if builder.rows() > 0 {
                batches.push(builder.finish(Sequence::new(lane.first))?);
            }
        }
        Ok(batches)
    }

    /// The first finding of each new kind.
    pub(super) fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.fresh)
    }

    /// What to tell the bus, without findings.
    pub(super) fn announcement(&mut self, reached: Timestamp) -> Announce {
        let (values, unsaid) = self.values.take();
        Announce {
            values,
            unsaid,
            now_ns: reached.as_ns(),
            packets: self.packets,
            seen: self.runs.take(),
            exchanges: self.exchanges(),
            violations: self.violations(),
            covered: self.covered,
            ..Announce::default()
        }
    }

    /// Exchanges since the start.
    pub(super) const fn exchanges(&self) -> u64 {
        self.exchanges.0.given
    }

    /// Violations since the start.
    pub(super) const fn violations(&self) -> u64 {
        self.violations.0.given
    }
}

impl Lane {
    async fn resume(
        lake: &mut LakeClient,
        stream: &Stream,
        service: ServiceId,
        again: bool,
    ) -> Result<Self, FailsClosed> {
        let durable = lake.watermark(stream, service).await?.as_u64();
        Ok(Self {
            given: if again { 0 } else { durable },
            durable,
            first: 0,
        })
    }

    /// Gives the next number; tells whether the lake still lacks it. `waiting` rows lie in the batch already.
    const fn take(&mut self, waiting: usize) -> bool {
        self.given += 1;
        if self.given <= self.durable {
            return false;
        }
        if waiting == 0 {
            self.first = self.given;
        }
        true
    }
}
