//! Findings on their way to the lake, numbered stream by stream after what is already durable.

use std::collections::BTreeMap;

use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::finding::Finding;
use iia_core::record::{Sequence, ServiceId};
use iia_core::stream::Stream;
use iia_lake::batch::FindingBuilder;

use crate::client::{LakeClient, Stored};
use crate::workload::Workload;

/// Stores findings of one service.
pub(crate) struct Findings {
    lake: LakeClient,
    service: ServiceId,
    /// The newest number of each stream that was written to and that is durable or on its way.
    durable: BTreeMap<Stream, Sequence>,
}

impl Findings {
    /// Stores findings of a workload; each stream goes on after what the lake holds of it.
    pub(crate) fn new(workload: &Workload, lake: LakeClient) -> Self {
        Self {
            lake,
            service: ServiceId::of(workload.id()),
            durable: BTreeMap::new(),
        }
    }

    /// Stores findings, each on its stream, as the contract says; durable on return where it has them tried again.
    pub(crate) async fn store(&mut self, findings: &[Finding]) -> anyhow::Result<()> {
        let mut builders = BTreeMap::new();
        for finding in findings {
            let stream: Stream = finding.stream.parse()?;
            let builder = builders
                .entry(stream.clone())
                .or_insert_with(|| FindingBuilder::new(stream, self.service));
            builder.append(finding);
        }
        for (stream, mut builder) in builders {
            let last = match self.durable.get(&stream) {
                Some(last) => *last,
                None => self.lake.watermark(&stream, self.service).await?,
            };
            let batch = builder.finish(last.next()?)?;
            let rows = batch.rows;
            match self.lake.write(batch).await {
                Ok(Stored::Durable(durable)) => self.durable.insert(stream, durable),
                Ok(Stored::Kept) => {
                    let newest = Sequence::new(last.as_u64() + rows);
                    self.durable.insert(stream, newest)
                }
                // Their numbers are free.
                Ok(Stored::LetGo) => None,
                Err(error) => {
                    self.lake.lose(rows).await;
                    return Err(error.into());
                }
            };
        }
        Ok(())
    }
}

/// A finding of whoever speaks for itself, as an event of the chain.
pub(crate) fn event(finding: &Finding) -> Event {
    let conclusion = format!("{:?}", finding.conclusion).to_lowercase();
    Event::new(EventKind::Finding, Timestamp::from_ns(finding.ts_ns))
        .with("stream", finding.stream.as_str())
        .with("conclusion", conclusion)
        .with("contract", finding.contract.as_str())
        .with("clause", finding.clause.as_str())
        .with("reason", finding.reason.as_str())
}
