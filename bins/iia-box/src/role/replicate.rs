//! The audit log on its way to the next box up, the oldest record first, and the mirror's signature on its way back.

use iia_audit::chunk::Position;
use iia_edge::wire::{ADD_ENTRIES, HeadOffer, MirrorAnswer, MirrorAsk};

use crate::client::Link;
use crate::wire::{self, FETCH_RECORDS, RecordsAnswer, RecordsAsk, SUBMIT_MIRRORED, Watermark};
use crate::workload::Workload;

/// Chunks in a row, so that after thirty days without a link the rest of the traffic still has its turn.
const CHUNKS_MAX: usize = 64;

/// The links, and the name of the log.
pub(super) struct Replicate {
    records: Link,
    mirrored: Link,
    mirror: Link,
}

impl Replicate {
    pub(super) fn new(workload: &Workload, evidence: &str) -> Self {
        let audit = "iia.contract.internal.publish_to_audit";
        Self {
            records: Link::new(workload, "audit", audit, FETCH_RECORDS),
            mirrored: Link::new(workload, "audit", audit, SUBMIT_MIRRORED),
            mirror: Link::new(workload, "north", evidence, ADD_ENTRIES),
        }
    }

    /// Carries what the mirror lacks, then has it sign for `offer`; gives the records that it has signed for, once it has
    /// all of them.
    pub(super) async fn run(&mut self, offer: &HeadOffer) -> anyhow::Result<Option<u64>> {
        let log = offer
            .checkpoint
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        let mut at = match self.ask(MirrorAsk::At(log.clone())).await? {
            MirrorAnswer::At(at) => at,
            _ => self.begin(&log).await?,
        };
        for _ in 0..CHUNKS_MAX {
            let RecordsAnswer::Chunk(chunk) = self.fetch(RecordsAsk::From(at)).await? else {
                anyhow::bail!("the log answers something else");
            };
            let Some(chunk) = chunk else {
                return self.sign(&log, offer).await;
            };
            at = match self.ask(MirrorAsk::Take(log.clone(), chunk)).await? {
                MirrorAnswer::At(at) => at,
                other => anyhow::bail!("the mirror does not store: {other:?}"),
            };
        }
        Ok(None)
    }

    async fn begin(&mut self, log: &str) -> anyhow::Result<Position> {
        let RecordsAnswer::Texts(genesis, policy) = self.fetch(RecordsAsk::Texts).await? else {
            anyhow::bail!("the log answers something else");
        };
        match self
            .ask(MirrorAsk::Begin(log.to_owned(), genesis, policy))
            .await?
        {
            MirrorAnswer::At(at) => Ok(at),
            other => anyhow::bail!("the mirror does not begin: {other:?}"),
        }
    }

    async fn sign(&mut self, log: &str, offer: &HeadOffer) -> anyhow::Result<Option<u64>> {
        let ask = MirrorAsk::Sign(log.to_owned(), offer.checkpoint.clone());
        let line = match self.ask(ask).await? {
            MirrorAnswer::Signed(line) => line,
            other => anyhow::bail!("the mirror does not sign: {other:?}"),
        };
        let note = format!("{}{line}", offer.checkpoint);
        let answer = self.mirrored.call(&wire::encode(&note)).await?;
        Ok(Some(wire::decode::<Watermark>(&answer)?.durable))
    }

    async fn ask(&mut self, ask: MirrorAsk) -> anyhow::Result<MirrorAnswer> {
        wire::decode(&self.mirror.call(&wire::encode(&ask)).await?)
    }

    async fn fetch(&mut self, ask: RecordsAsk) -> anyhow::Result<RecordsAnswer> {
        wire::decode(&self.records.call(&wire::encode(&ask)).await?)
    }
}
