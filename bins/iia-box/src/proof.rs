//! The key of a workload of the supervisor's own process: made in the TPM that the box was given, where it signs and which it
//! never leaves, or by software, which says so.

use iia_core::SpiffeId;
use iia_core::event::Event;
use iia_identity::IdentityError;
use iia_identity::issue::{self, PrivateKey};
use iia_identity::svid::Svid;
#[cfg(feature = "tpm")]
use iia_identity::tpm::SeldomKey;

use crate::boxdir::BoxDir;

/// What proves who a workload is.
pub(crate) enum Proof {
    /// A key in this process's memory.
    Software(PrivateKey),
    /// A key in the TPM.
    #[cfg(feature = "tpm")]
    Hardware(SeldomKey),
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
            #[cfg(feature = "tpm")]
            Self::Hardware(key) => Svid::with_signing_key(chain, std::sync::Arc::new(key)),
        }
    }

    /// Adds to the record of what was issued where the key is.
    pub(crate) fn tell(&self, event: Event) -> Event {
        event.with(
            "key",
            match self {
                Self::Software(_) => "kept by SOFTWARE, not by hardware",
                #[cfg(feature = "tpm")]
                Self::Hardware(_) => "made in hardware, which it does not leave",
            },
        )
    }
}
