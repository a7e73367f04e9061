//! What the keeper of a chain has for the lake: heads, and findings about them. A lake that is away holds up nobody.

use iia_core::finding::Finding;
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Batch;
use iia_core::stream::Stream;
use iia_lake::batch::FindingBuilder;
use tokio::sync::mpsc;

use crate::client::LakeClient;
use crate::published::Published;
use crate::workload::Workload;

/// The contract under which rows go into the lake; without it they go nowhere.
const TO_LAKE: &str = "iia.contract.internal.audit_to_lake";
/// Rows that wait for the lake at most. Beyond it the newest are counted as lost; the log keeps every head.
const WAITING_MAX: usize = 64;

/// A row that waits.
#[derive(Debug)]
pub(super) enum Row {
    Head(Published),
    Doubt(Finding),
}

impl Row {
    const fn stream(&self) -> Stream {
        match self {
            Self::Head(_) => Stream::AUDIT_HEAD,
            Self::Doubt(_) => Stream::ATTEST_AUDIT_CHAIN,
        }
    }

    fn batch(&self, service: ServiceId, number: Sequence) -> anyhow::Result<Batch> {
        match self {
            Self::Head(head) => head.batch(service, number),
            Self::Doubt(finding) => {
                let mut row = FindingBuilder::new(Stream::ATTEST_AUDIT_CHAIN, service);
                row.append(finding);
                Ok(row.finish(number)?)
            }
        }
    }
}

/// The way of rows into the lake.
pub(super) struct Rows(Option<mpsc::Sender<Row>>);

impl Rows {
    /// Opens it, where a contract says so.
    pub(super) fn open(workload: &Workload) -> Self {
        if workload.catalog().by_id(TO_LAKE).is_none() {
            return Self(None);
        }
        let (rows, waiting) = mpsc::channel(WAITING_MAX);
        tokio::task::spawn_local(carry(workload.clone(), waiting));
        Self(Some(rows))
    }

    /// Puts a row on its way; false where it was lost.
    pub(super) fn put(&self, row: Row) -> bool {
        self.0
            .as_ref()
            .is_none_or(|rows| rows.try_send(row).is_ok())
    }
}

/// Carries rows into the lake, one after the other.
async fn carry(workload: Workload, mut rows: mpsc::Receiver<Row>) {
    let mut lake = LakeClient::new(&workload, TO_LAKE);
    let service = ServiceId::of(workload.id());
    while let Some(row) = rows.recv().await {
        if let Err(error) = store(&mut lake, service, &row).await {
            tracing::error!(error = format!("{error:#}"), "audit.row");
            lake.lose(1).await;
        }
    }
}

async fn store(lake: &mut LakeClient, service: ServiceId, row: &Row) -> anyhow::Result<()> {
    let last = lake.watermark(&row.stream(), service).await?;
    lake.write(row.batch(service, last.next()?)?).await?;
    Ok(())
}
