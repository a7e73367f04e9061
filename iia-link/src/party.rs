//! One workload as every connection of it sees it: identity, trust, catalog, and who is revoked.

use std::sync::{Arc, PoisonError, RwLock};

use iia_core::SpiffeId;
use iia_core::gate::{Ask, Gate};
use iia_core::time::Reading;
use iia_identity::bundle::BundleSet;
use iia_identity::revoke::{Live, Registry};
use iia_identity::svid::Store;
use iia_identity::tls::{self, ServerConfig, Wire};

use crate::LinkError;
use crate::hello::Hello;

/// Whom to reach, under which contract, for what.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// The peer that is expected; nobody else is accepted.
    pub peer: SpiffeId,
    /// The contract's id.
    pub contract: String,
    /// The operation.
    pub operation: String,
}

/// A workload's identity, trust and catalog.
pub struct Party {
    me: SpiffeId,
    bundles: Arc<BundleSet>,
    gate: RwLock<Arc<dyn Gate>>,
    registry: Registry,
    certificates: Registry<String>,
    store: Arc<Store>,
    server: Arc<ServerConfig>,
}

impl Party {
    /// Joins an identity, the bundles it trusts and the catalog it obeys.
    ///
    /// # Errors
    /// When the TLS stack lacks TLS 1.3.
    pub fn new(
        me: SpiffeId,
        store: Arc<Store>,
        bundles: Arc<BundleSet>,
        gate: Arc<dyn Gate>,
    ) -> Result<Self, LinkError> {
        let server = Arc::new(tls::server_config(&store, &bundles)?);
        Ok(Self {
            me,
            bundles,
            gate: RwLock::new(gate),
            registry: Registry::default(),
            certificates: Registry::default(),
            store,
            server,
        })
    }

    /// Who this is.
    pub const fn id(&self) -> &SpiffeId {
        &self.me
    }

    /// Whom the own catalog lets this workload reach for that, and how it is asked for.
    ///
    /// # Errors
    /// [`LinkError::Catalog`] with the clause that fails.
    pub fn hello(&self, target: &Target) -> Result<Hello, LinkError> {
        let ask = Ask {
            source: &self.me,
            destination: &target.peer,
            contract: &target.contract,
            operation: &target.operation,
        };
        Hello::say(self.gate().as_ref(), &ask)
    }

    /// The catalog that counts now.
    pub fn gate(&self) -> Arc<dyn Gate> {
        Arc::clone(&self.gate.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another catalog in place. Gives what is open, so that [`Live::look_again`] ends what it does not cover.
    #[must_use = "what is open does not look by itself"]
    pub fn replace_gate(&self, gate: Arc<dyn Gate>) -> Vec<Arc<dyn Live>> {
        *self.gate.write().unwrap_or_else(PoisonError::into_inner) = gate;
        self.registry.live()
    }

    /// Revokes an identity: from now on no message of it is accepted. Gives what is open, for [`Live::cut`].
    #[must_use = "what is open is not cut by itself"]
    pub fn revoke(&self, id: &SpiffeId) -> Vec<Arc<dyn Live>> {
        self.registry.revoke(id)
    }

    /// Revokes a certificate by its serial number, lower-case hexadecimal; its owner may speak with another.
    #[must_use = "what is open is not cut by itself"]
    pub fn revoke_certificate(&self, serial: &str) -> Vec<Arc<dyn Live>> {
        self.certificates.revoke(&serial.to_owned())
    }

    /// Which SVID is shown now: another number is another one.
    pub fn svid_number(&self) -> u64 {
        self.store.number()
    }

    pub(crate) const fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) const fn certificates(&self) -> &Registry<String> {
        &self.certificates
    }

    pub(crate) fn dialled(&self) -> Result<Wire, LinkError> {
        Ok(Wire::server(Arc::clone(&self.server))?)
    }

    pub(crate) fn dialling(&self, peer: &SpiffeId) -> Result<Wire, LinkError> {
        let config = tls::client_config(&self.store, &self.bundles, peer)?;
        Ok(Wire::client(Arc::new(config))?)
    }
}

/// When a wall time comes, on the monotonic clock of a reading: later steps of the wall clock change nothing.
pub(crate) fn monotonic(now: &Reading, at: iia_core::Timestamp) -> u64 {
    let left = u64::try_from(at.since_ns(now.wall)).unwrap_or(0);
    now.monotonic_ns.saturating_add(left)
}
