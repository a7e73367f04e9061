//! A workload of the supervisor's own process, with an SVID of its own that is renewed like any other.

use std::sync::Arc;
use std::time::Duration;

use iia_contract::Catalog;
use iia_core::SpiffeId;
use iia_core::time::Clock as _;
use iia_identity::IdentityError;
use iia_identity::issue::{self, PrivateKey};
use iia_identity::pipe::Root;
use tokio::task::JoinSet;

use crate::boxdir::BoxDir;
use crate::issue::Authority;
use crate::revoked::Revoked;
use crate::supervise::News;
use crate::workload::{Workload, clock};

/// How long until what failed is tried again.
const AGAIN: Duration = Duration::from_secs(10);

/// What such a workload asks, and whom it tells.
pub(super) struct Own {
    pub(super) id: SpiffeId,
    pub(super) issuer: Arc<Authority>,
    pub(super) catalog: Catalog,
    pub(super) revoked: Arc<Revoked>,
    pub(super) news: std::sync::mpsc::Sender<News>,
}

impl Own {
    /// Gets its first SVID, and renews it at half of its life for as long as `tasks` live.
    pub(super) fn join(
        self,
        (dir, roots): (&BoxDir, &[Root]),
        tasks: &mut JoinSet<()>,
    ) -> anyhow::Result<Workload> {
        let svid = self.svid()?;
        let news = self.news.clone();
        let workload = Workload::in_process(self.id.clone(), dir, svid, (roots, news))?;
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
            let renewed = self.svid().map_err(anyhow::Error::from);
            if let Err(error) = renewed.and_then(|svid| workload.renew(svid)) {
                tracing::error!(error = format!("{error:#}"), "svid.renew");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }

    /// An SVID for a new key; it is in the issuer's log, and told.
    fn svid(&self) -> Result<(Vec<Vec<u8>>, PrivateKey), IdentityError> {
        let (csr, key) = issue::request(&self.id)?;
        let (catalog, now) = (&self.catalog, clock().read());
        let given = self.issuer.issue(&csr, &self.id, catalog, now)?;
        let record = given.record;
        let _nobody = self.news.send(News::Issued { record });
        Ok((given.chain, key))
    }
}
