//! Findings on their way to the lake, numbered after what is already durable.

use iia_core::finding::Finding;
use iia_core::record::{Sequencer, ServiceId};
use iia_core::stream::Stream;
use iia_lake::batch::FindingBuilder;

use crate::client::LakeClient;
use crate::workload::Workload;

/// Stores findings of one service on one stream.
pub(crate) struct Findings {
    lake: LakeClient,
    stream: Stream,
    service: ServiceId,
    numbers: Sequencer,
}

impl Findings {
    /// Continues after what the lake holds of this workload.
    pub(crate) async fn resume(workload: &Workload, mut lake: LakeClient, stream: Stream) -> Self {
        let service = ServiceId::of(workload.id());
        let numbers = Sequencer::after(lake.watermark(&stream, service).await);
        Self {
            lake,
            stream,
            service,
            numbers,
        }
    }

    /// Stores one finding; durable on return.
    pub(crate) async fn store(&mut self, finding: &Finding) -> anyhow::Result<()> {
        let mut builder = FindingBuilder::new(self.stream.clone(), self.service);
        builder.append(finding);
        let first = self.numbers.take()?;
        self.lake.write(builder.finish(first)?).await;
        Ok(())
    }
}
