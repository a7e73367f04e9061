//! The head of the audit chain on its way to the next box up, and the receipt on its way back.

use std::time::Instant;

use iia_contract::Catalog;
use iia_core::Timestamp;
use iia_core::time::SECOND_NS;
use iia_edge::wire::{ADD_CHECKPOINT, HeadAnswer, HeadOffer};

use super::deeds::Deeds;
use super::north::North;
use super::replicate::Replicate;
use crate::client::Link;
use crate::deed::What;
use crate::published;
use crate::wire::{self, FETCH_HEAD, SUBMIT_RECEIPT, Watermark};
use crate::workload::Workload;

/// How often the head goes north, and at least twice in the period of the contract, whose ceiling is a minute (001:393).
const HEAD_PERIOD_NS: i64 = 5 * SECOND_NS;

/// The links, and what the witness is known to have.
pub(super) struct Heads {
    audit: Link,
    receipts: Link,
    witness: Link,
    replicate: Replicate,
    north: North,
    period_ns: i64,
    due: Timestamp,
    known: u64,
}

impl Heads {
    /// Nothing is known of the witness yet.
    pub(super) fn new(workload: &Workload, north: &North) -> Self {
        let audit = "iia.contract.internal.publish_to_audit";
        Self {
            audit: Link::new(workload, "audit", audit, FETCH_HEAD),
            receipts: Link::new(workload, "audit", audit, SUBMIT_RECEIPT),
            witness: Link::new(workload, "north", &north.evidence, ADD_CHECKPOINT),
            replicate: Replicate::new(workload, &north.evidence),
            north: north.clone(),
            period_ns: period_ns(workload.catalog()),
            due: Timestamp::default(),
            known: 0,
        }
    }

    /// Whether it is time; the next time is a period later.
    pub(super) fn is_due(&mut self, now: Timestamp) -> bool {
        let due = now >= self.due;
        if due {
            self.due = now + self.period_ns;
        }
        due
    }
    /// Takes the newest head to the witness and its receipt back; tells in words what is covered now.
    pub(super) async fn exchange(
        &mut self,
        deeds: &mut Deeds,
        contracts: &[String],
    ) -> anyhow::Result<Option<String>> {
        let mut offer = self.fetch().await?;
        for _ in 0..2 {
            let size = size(&offer);
            for contract in contracts {
                deeds.add(contract, What::HeadPublished(size));
            }
            let started = Instant::now();
            let answer = self.witness.call(&wire::encode(&offer)).await?;
            let took_ns = i64::try_from(started.elapsed().as_nanos()).unwrap_or(i64::MAX);
            deeds.add(&self.north.evidence, What::Latency(took_ns));
            match wire::decode(&answer)? {
                HeadAnswer::Cosigned(line) => {
                    self.checked(deeds, size, true);
                    return self.keep(&offer, &line).await.map(Some);
                }
                HeadAnswer::Stale(size) => {
                    self.known = size;
                    offer = self.fetch().await?;
                }
                HeadAnswer::Refused(code) => {
                    self.checked(deeds, size, false);
                    anyhow::bail!("the witness refuses the head: {code}")
                }
            }
        }
        Ok(None)
    }

    /// The next box up has looked at a head: one for what it is sent under either contract.
    fn checked(&self, deeds: &mut Deeds, size: u64, holds: bool) {
        for contract in [&self.north.telemetry, &self.north.evidence] {
            deeds.add(contract, What::HeadChecked(size, holds));
        }
    }

    async fn fetch(&mut self) -> anyhow::Result<HeadOffer> {
        wire::decode(&self.audit.call(&wire::encode(&self.known)).await?)
    }

    async fn keep(&mut self, offer: &HeadOffer, line: &str) -> anyhow::Result<String> {
        let note = format!("{}{line}", offer.checkpoint);
        let answer = self.receipts.call(&wire::encode(&note)).await?;
        self.known = wire::decode::<Watermark>(&answer)?.durable;
        // A checkpoint is origin, size, root, a line each.
        let root = offer.checkpoint.lines().nth(2).unwrap_or_default();
        let short = root.get(..8).unwrap_or_default();
        let records = self.known;
        let words = format!("head {short} ({records}) witnessed");
        // A mirror that is behind, or not there, takes nothing from what the witness has signed.
        Ok(match self.replicate.run(offer).await {
            Ok(Some(stored)) => format!("{words}, {stored} mirrored"),
            Ok(None) => words,
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "publish.mirror");
                words
            }
        })
    }
}

fn period_ns(catalog: &Catalog) -> i64 {
    let agreed = published::period_ns(catalog).and_then(|period_ns| i64::try_from(period_ns).ok());
    agreed.map_or(HEAD_PERIOD_NS, |agreed| HEAD_PERIOD_NS.min(agreed / 2))
}

/// A checkpoint is origin, size, root, a line each.
fn size(offer: &HeadOffer) -> u64 {
    let line = offer.checkpoint.lines().nth(1).unwrap_or_default();
    line.parse().unwrap_or_default()
}
