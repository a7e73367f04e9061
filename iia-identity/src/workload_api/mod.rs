//! The SPIFFE Workload API on a Unix socket: every workload asks here who it is, and hears of it when that changes.
//!
//! The service is exactly that of the standard. A caller needs no secret: the kernel says which process it is, and
//! registration entries say who that is. The peer is told a status and a code; the reason in words is [`News`].

mod answer;
mod calls;
mod claims;
mod connection;
mod endpoint;
mod limits;
mod peer;
mod push;
mod wire;

use std::fmt;
use std::sync::Arc;

use iia_core::SpiffeId;
use iia_core::time::Clock;
use tokio::sync::watch;

use crate::IdentityError;
use crate::workload::{Attested, Source, Terms, WorkloadError};

pub use endpoint::{bind, serve};
pub use limits::{
    CONNECTIONS_MAX, CONNECTIONS_PER_USER_MAX, HEADERS_LEN_MAX, REQUEST_LEN_MAX,
    STREAMS_PER_CONNECTION_MAX,
};
pub use news::{News, Tell};
pub use peer::{LinuxAttestor, Peer, WorkloadAttestor};

mod news;

/// Everything that the calls of the Workload API are answered from; clones share it.
#[derive(Clone)]
pub struct Api {
    shared: Arc<Shared>,
}

struct Shared {
    source: Source,
    attestor: Box<dyn WorkloadAttestor>,
    clock: Box<dyn Clock + Send + Sync>,
    tell: Tell,
    changes: watch::Sender<()>,
}

impl Api {
    /// Joins where identities come from, who sees processes, the clock, and who hears what happens.
    pub fn new(
        source: Source,
        attestor: impl WorkloadAttestor + 'static,
        clock: impl Clock + Send + Sync + 'static,
        tell: Tell,
    ) -> Self {
        let shared = Shared {
            source,
            attestor: Box::new(attestor),
            clock: Box::new(clock),
            tell,
            changes: watch::Sender::new(()),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Puts other terms in force; every stream hears at once what that means for it.
    ///
    /// # Errors
    /// As [`Source::replace`].
    pub fn replace(&self, terms: Terms) -> Result<(), IdentityError> {
        self.shared.source.replace(terms)?;
        self.shared.changes.send_replace(());
        Ok(())
    }

    /// Revokes an identity; every stream that lives by it ends at once.
    pub fn revoke(&self, id: &SpiffeId) {
        self.shared.source.revoke(id);
        self.shared.changes.send_replace(());
    }

    /// Sees the process anew. What is read may be large, so the other tasks do not wait for it.
    async fn attest(&self, peer: &Arc<Peer>) -> Result<Attested, WorkloadError> {
        let (api, peer) = (self.clone(), Arc::clone(peer));
        let seen = tokio::task::spawn_blocking(move || api.shared.attestor.attest(&peer));
        let unseen = WorkloadError::Unseen {
            what: "the process, for this one is ending",
        };
        seen.await.unwrap_or(Err(unseen))
    }

    fn tell(&self, news: &News<'_>) {
        (self.shared.tell)(news);
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("source", &self.shared.source)
            .finish_non_exhaustive()
    }
}
