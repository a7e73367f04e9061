//! Rows to the lake: a call returns when they survive a power cut, however often the link breaks.

use std::time::Duration;

use iia_core::canon::minicbor::bytes::ByteArray;
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Batch;
use iia_core::stream::Stream;
use iia_link::rt::Session;

use crate::wire::{self, LakeAsk, WRITE_BATCH, Watermark};
use crate::workload::Workload;

const RETRY: Duration = Duration::from_millis(100);

/// A link to the lake that comes back by itself.
pub(crate) struct LakeClient {
    workload: Workload,
    contract: String,
    session: Option<Session>,
}

impl LakeClient {
    /// A client that names `contract`; it connects at the first call.
    pub(crate) fn new(workload: &Workload, contract: &str) -> Self {
        Self {
            workload: workload.clone(),
            contract: contract.into(),
            session: None,
        }
    }

    /// The newest durable number of a service on a stream.
    pub(crate) async fn watermark(&mut self, stream: &Stream, service: ServiceId) -> Sequence {
        let service = ByteArray::from(*service.as_bytes());
        self.insist(&LakeAsk::Watermark(stream.as_str().into(), service))
            .await
    }

    /// Stores rows; returns when they are durable.
    pub(crate) async fn write(&mut self, batch: Batch) -> Sequence {
        self.insist(&LakeAsk::Write(batch.into())).await
    }

    async fn insist(&mut self, ask: &LakeAsk) -> Sequence {
        let bytes = wire::encode(ask);
        loop {
            match self.try_once(&bytes).await {
                Ok(durable) => return durable,
                Err(error) => {
                    tracing::warn!(%error, "lake.call");
                    self.session = None;
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    async fn try_once(&mut self, bytes: &[u8]) -> anyhow::Result<Sequence> {
        let session = match &mut self.session {
            Some(session) => session,
            empty => empty.insert(
                self.workload
                    .connect("lake", &self.contract, WRITE_BATCH)
                    .await?,
            ),
        };
        let answer = session.call(bytes).await?;
        Ok(Sequence::new(wire::decode::<Watermark>(&answer)?.durable))
    }
}
