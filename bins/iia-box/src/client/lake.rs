//! Rows to the lake, as the contract says: where it has them tried again, a call returns when they survive a power cut,
//! however often the link breaks; elsewhere they are kept, let go or refused while the lake is away.

use std::rc::Rc;
use std::time::Duration;

use iia_core::canon::minicbor::bytes::ByteArray;
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::Batch;
use iia_core::stream::Stream;
use iia_link::failure::{Alarm, Away, Outage, Verdict, What};
use tokio::sync::Mutex;

use super::Link;
use crate::wire::{self, LakeAsk, WRITE_BATCH, Watermark};
use crate::workload::Workload;

/// A link to the lake that comes back by itself.
pub(crate) struct LakeClient {
    shared: Rc<Mutex<Rows>>,
}

/// What became of rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stored {
    /// The lake has them; the newest durable number of their service.
    Durable(Sequence),
    /// They wait here, and go when the lake is back.
    Kept,
    /// The contract lets them go, and whoever wants to be told is.
    LetGo,
}

/// The lake is away, and the contract wants nothing done of which the lake does not hear.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the lake is away, and the contract with it fails closed")]
pub(crate) struct FailsClosed;

struct Rows {
    workload: Workload,
    contract: String,
    link: Link,
    outage: Outage<Vec<u8>>,
    /// Whether somebody carries what is kept.
    carried: bool,
}

impl LakeClient {
    /// A client that names `contract`; it connects at the first call.
    pub(crate) fn new(workload: &Workload, contract: &str) -> Self {
        let rows = Rows {
            workload: workload.clone(),
            contract: contract.into(),
            link: Link::new(workload, "lake", contract, WRITE_BATCH),
            outage: workload.outage(contract),
            carried: false,
        };
        Self {
            shared: Rc::new(Mutex::new(rows)),
        }
    }

    /// The newest durable number of a service on a stream. It is asked for until it is there, since rows are numbered after
    /// it, but for a contract that fails closed.
    pub(crate) async fn watermark(
        &mut self,
        stream: &Stream,
        service: ServiceId,
    ) -> Result<Sequence, FailsClosed> {
        let service = ByteArray::from(*service.as_bytes());
        let ask = wire::encode(&LakeAsk::Watermark(stream.as_str().into(), service));
        let mut rows = self.shared.lock().await;
        loop {
            // What was kept counts as well.
            if rows.send_kept().await
                && let Some(durable) = rows.ask(&ask).await
            {
                return Ok(durable);
            }
            if rows.outage.away() == Away::FailClosed {
                return Err(FailsClosed);
            }
            rows.wait().await;
        }
    }

    /// Stores rows.
    pub(crate) async fn write(&mut self, batch: Batch) -> Result<Stored, FailsClosed> {
        let count = usize::try_from(batch.rows).unwrap_or(usize::MAX);
        let ask = wire::encode(&LakeAsk::Write(batch.into()));
        let mut rows = self.shared.lock().await;
        let stored = rows.write(ask, count).await;
        rows.tell();
        if stored.is_ok_and(|stored| stored == Stored::Kept) && !rows.carried {
            rows.carried = true;
            tokio::task::spawn_local(carry(Rc::clone(&self.shared)));
        }
        stored
    }

    /// Tells that rows are lost, which the lake would have if the contract did not fail closed.
    pub(crate) async fn lose(&self, count: u64) {
        let (rows, what) = (self.shared.lock().await, What::LetGo);
        let stream = String::new();
        let alarm = Alarm {
            stream,
            what,
            count,
        };
        rows.workload.alarm(&rows.contract, &alarm);
    }
}

impl Rows {
    async fn write(&mut self, mut ask: Vec<u8>, count: usize) -> Result<Stored, FailsClosed> {
        loop {
            // The lake takes no number below one that it has, so what was kept goes first.
            if self.send_kept().await
                && let Some(durable) = self.ask(&ask).await
            {
                return Ok(Stored::Durable(durable));
            }
            let now_ns = self.now_ns();
            match self.outage.handle_records(now_ns, ask, count) {
                Verdict::Hold(again) | Verdict::Send(again) => ask = again,
                Verdict::Kept => return Ok(Stored::Kept),
                Verdict::Dropped => return Ok(Stored::LetGo),
                Verdict::Refused(_) => return Err(FailsClosed),
            }
            self.wait().await;
        }
    }

    /// Sends what was kept, the oldest first; tells whether nothing is left.
    async fn send_kept(&mut self) -> bool {
        self.outage.handle_timeout(self.now_ns());
        while self.outage.kept() > 0 {
            if self.link.wait_ns() > 0 || self.link.reach().await.is_err() {
                return false;
            }
            self.outage.handle_there();
            let Some(kept) = self.outage.poll_kept(self.now_ns()).cloned() else {
                continue;
            };
            if self.ask(&kept).await.is_none() {
                return false;
            }
            self.outage.handle_sent();
        }
        true
    }

    /// Asks once, if the lake is to be tried now.
    async fn ask(&mut self, ask: &[u8]) -> Option<Sequence> {
        let answer = match self.link.wait_ns() {
            0 => self.link.call(ask).await,
            _ => return None,
        };
        let durable = answer.and_then(|answer| Ok(wire::decode::<Watermark>(&answer)?.durable));
        match durable {
            Ok(durable) => {
                self.outage.handle_there();
                Some(Sequence::new(durable))
            }
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "lake.call");
                self.outage.handle_away(self.now_ns());
                None
            }
        }
    }

    /// Waits until the lake is to be tried again.
    async fn wait(&self) {
        tokio::time::sleep(Duration::from_nanos(self.link.wait_ns())).await;
    }

    fn tell(&mut self) {
        while let Some(alarm) = self.outage.poll_alarm() {
            self.workload.alarm(&self.contract, &alarm);
        }
    }

    fn now_ns(&self) -> u64 {
        self.workload.reading().monotonic_ns
    }
}

/// Carries what is kept, until nothing is. It waits with the door open, so that more may be kept.
async fn carry(shared: Rc<Mutex<Rows>>) {
    loop {
        let wait_ns = shared.lock().await.link.wait_ns();
        tokio::time::sleep(Duration::from_nanos(wait_ns)).await;
        let mut rows = shared.lock().await;
        let all_sent = rows.send_kept().await;
        rows.tell();
        if all_sent {
            rows.carried = false;
            return;
        }
    }
}
