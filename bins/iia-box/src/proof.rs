//! The key of a workload of the supervisor's own process: made in the TPM that the box was given, where it signs and which it
//! never leaves, or by software, which says so.

use iia_core::SpiffeId;
use iia_core::event::Event;
use iia_core::sign::KeyOrigin;
use iia_identity::IdentityError;
use iia_identity::issue::{self, PrivateKey};
use iia_identity::lent::LentKey;
use iia_identity::svid::Svid;

use crate::boxdir::BoxDir;

/// What proves who a workload is.
pub(crate) enum Proof {
    /// A key in this process's memory.
    Software(PrivateKey),
    /// A key in the TPM.
    Hardware(LentKey),
}

impl Proof {
    /// Makes a key, and a request for it.
    pub(crate) fn make(dir: &BoxDir, id: &SpiffeId) -> anyhow::Result<(Vec<u8>, Self)> {
        #[cfg(feature = "tpm")]
        if dir.tpm().exists() {
            let (csr, key) = crate::keeper::tpm::request(dir, id)?;
            return Ok((csr, Self::Hardware(key)));
        }
        // Without its TPM a box has no identity of its own.
        #[cfg(not(feature = "tpm"))]
        anyhow::ensure!(
            !dir.tpm().exists(),
            "the box was given a TPM, and this program speaks to none"
        );
        let (csr, key) = issue::request(id)?;
        Ok((csr, Self::Software(key)))
    }

    /// The SVID of this key.
    pub(crate) fn svid(self, chain: Vec<Vec<u8>>) -> Result<Svid, IdentityError> {
        match self {
            Self::Software(key) => Svid::new(chain, key),
            Self::Hardware(key) => Svid::with_signing_key(chain, std::sync::Arc::new(key)),
        }
    }

    /// Where the key is.
    pub(crate) const fn origin(&self) -> KeyOrigin {
        match self {
            Self::Software(_) => KeyOrigin::Software,
            Self::Hardware(_) => KeyOrigin::Hardware,
        }
    }
}

/// Adds to the record of what was issued where the key is.
pub(crate) fn tell(origin: KeyOrigin, event: Event) -> Event {
    event.with(
        "key",
        match origin {
            KeyOrigin::Software => "kept by SOFTWARE, not by hardware",
            KeyOrigin::Hardware => "made in hardware, which it does not leave",
        },
    )
}
