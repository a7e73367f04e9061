//! A workload of the supervisor's own process, with an SVID of its own that is renewed like any other.

use std::sync::Arc;
use std::time::Duration;

use iia_contract::Catalog;
use iia_core::SpiffeId;
use iia_core::time::Clock as _;
use iia_identity::pipe::Root;
use tokio::task::JoinSet;

use crate::boxdir::BoxDir;
use crate::issue::{Authority, Denied, event};
use crate::proof::{Proof, tell};
use crate::revoked::Revoked;
use crate::supervise::News;
use crate::workload::{Workload, clock};

/// How long until what failed is tried again.
const AGAIN: Duration = Duration::from_secs(10);

/// What such a workload asks, and whom it tells.
pub(super) struct Own {
    pub(super) id: SpiffeId,
    pub(super) dir: BoxDir,
    pub(super) issuer: Arc<Authority>,
    pub(super) catalog: Catalog,
    pub(super) revoked: Arc<Revoked>,
    pub(super) news: std::sync::mpsc::Sender<News>,
}

impl Own {
    /// Gets its first SVID, and renews it at half of its life for as long as `tasks` live.
    pub(super) fn join(self, roots: &[Root], tasks: &mut JoinSet<()>) -> anyhow::Result<Workload> {
        let svid = self.svid()?;
        let news = self.news.clone();
        let workload = Workload::in_process(self.id.clone(), &self.dir, svid, (roots, news))?;
        let cut = workload.clone();
        self.revoked.listen(move |whom| {
            cut.revoke(whom);
            true
        });
        tasks.spawn_local(self.renew(workload.clone()));
        Ok(workload)
    }

    async fn renew(self, workload: Workload) {
        loop {
            let left_ns = workload.svid_ends().since_ns(clock().read().wall).max(0) / 2;
            tokio::time::sleep(Duration::from_nanos(left_ns.unsigned_abs())).await;
            let renewed = self.svid();
            if let Err(error) = renewed.and_then(|svid| workload.renew(svid)) {
                tracing::error!(error = format!("{error:#}"), "svid.renew");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }

    /// An SVID for a new key; it is in the issuer's log, and told.
    fn svid(&self) -> anyhow::Result<(Vec<Vec<u8>>, Proof)> {
        let (csr, proof) = Proof::make(&self.dir, &self.id)?;
        let (catalog, now) = (&self.catalog, clock().read());
        let given = self.issuer.issue(&csr, &self.id, catalog, now);
        let given = given.inspect_err(|denied| self.denied(denied))?;
        let (event, trouble) = (tell(proof.origin(), event(&given.told)), None);
        let _nobody = self.news.send(News::Noted { event, trouble });
        Ok((given.chain, proof))
    }

    /// Tells that this process gets no SVID either.
    fn denied(&self, denied: &Denied) {
        let event = denied.event(&self.id, clock().read().wall);
        let trouble = Some(format!("no SVID for {}: {denied}", self.id));
        let _nobody = self.news.send(News::Noted { event, trouble });
    }
}
