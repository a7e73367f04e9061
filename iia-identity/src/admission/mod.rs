//! What may run: nothing that no contract names, and nothing that nobody signed. Refusal comes before anything starts.
//!
//! Two things are asked of an image or an executable, and both must hold: a contract pins its digest to the workload (the
//! catalog says that, through [`Pins`]), and a key that is trusted to build has signed the digest. Signatures are those of
//! cosign and sigstore, read from the disk; nothing is fetched and no log is asked.

mod error;
mod executable;
mod image;
mod keys;
mod layout;
mod payload;
mod refused;
mod sha256;
mod signer;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use iia_core::SpiffeId;

pub use error::AdmissionError;
pub use executable::{EXECUTABLE_LEN_MAX, Executable};
pub use image::{SIGNATURES_MAX, find_image, verify_image};
pub use keys::{KEY_LEN_MAX, KEYS_MAX, Keys};
pub use layout::{
    Descriptor, LAYER_LEN_MAX, Layout, MANIFEST_LEN_MAX, Manifest, PARTS_MAX, parse_index,
};
pub use payload::{
    BUNDLE_TYPE, PAYLOAD_LEN_MAX, bundle, parse_payload, payload, statement, verify_bundle,
    verify_payload,
};
pub use refused::Refused;
pub use sha256::Sha256;
pub use signer::BuildKey;

/// Workloads that are admitted at one time, at most.
pub const WORKLOADS_MAX: usize = 4096;

/// Knows what was admitted to run; the issuer asks it before it gives an identity.
pub trait Admitted: Send + Sync {
    /// The digest of what was admitted as this workload, such as `sha256:…`; `None` when nothing was.
    fn admitted(&self, workload: &SpiffeId) -> Option<String>;
}

/// The contract's half of the question: which digests may run as which workload.
pub trait Pins: Send + Sync {
    /// Whether the catalog pins this digest to this workload.
    fn pins(&self, workload: &SpiffeId, digest: &Sha256) -> bool;
}

/// What runs as each workload, and how many processes of it.
type Running = BTreeMap<SpiffeId, (Sha256, usize)>;

/// Whoever starts workloads asks here first.
pub struct Admission {
    keys: Keys,
    pins: Box<dyn Pins>,
    running: Mutex<Running>,
}

impl Admission {
    /// Admits what `pins` names and one of `keys` has signed.
    pub fn new(keys: Keys, pins: Box<dyn Pins>) -> Self {
        Self {
            keys,
            pins,
            running: Mutex::default(),
        }
    }

    /// Admits an executable by its digest and a sigstore bundle over it. What comes back is to be started by its
    /// descriptor, see [`Executable`].
    ///
    /// # Errors
    /// [`Refused`], which is to be told to the audit chain.
    pub fn admit_executable(
        &self,
        workload: &SpiffeId,
        path: &Path,
        bundle: &[u8],
    ) -> Result<Executable, Refused> {
        let refused = |digest: Option<Sha256>, error: AdmissionError| Refused {
            workload: workload.clone(),
            asset: "executable",
            place: path.display().to_string(),
            digest,
            error: Box::new(error),
        };
        let opened = Executable::open(path).map_err(|error| refused(None, error))?;
        let digest = opened.digest();
        let admit = || {
            self.check_pinned(workload, &digest)?;
            opened.verify(bundle, &self.keys)?;
            opened.check_unwritten()?;
            self.remember(workload, digest)
        };
        admit().map_err(|error| refused(Some(digest), error))?;
        Ok(opened)
    }

    /// Admits the only image of a layout on disk, or the one with this reference name, with all its parts.
    ///
    /// # Errors
    /// [`Refused`], which is to be told to the audit chain.
    pub fn admit_image(
        &self,
        workload: &SpiffeId,
        dir: &Path,
        name: Option<&str>,
    ) -> Result<Sha256, Refused> {
        let mut found = None;
        let mut admit = || {
            let layout = Layout::open(dir)?;
            let digest = find_image(&layout, name)?;
            found = Some(digest);
            self.check_pinned(workload, &digest)?;
            verify_image(&layout, &digest, &self.keys)?;
            self.remember(workload, digest)?;
            Ok(digest)
        };
        admit().map_err(|error: AdmissionError| Refused {
            workload: workload.clone(),
            asset: "image",
            place: dir.display().to_string(),
            digest: found,
            error: Box::new(error),
        })
    }

    /// One process that was admitted as this workload is gone; after the last one it gets no identity.
    pub fn withdraw(&self, workload: &SpiffeId) {
        let mut running = self.lock();
        if let Some((_, count)) = running.get_mut(workload) {
            *count -= 1;
            if *count == 0 {
                running.remove(workload);
            }
        }
    }

    fn check_pinned(&self, workload: &SpiffeId, digest: &Sha256) -> Result<(), AdmissionError> {
        if self.pins.pins(workload, digest) {
            return Ok(());
        }
        let digest = digest.to_string();
        Err(AdmissionError::NotPinned { digest })
    }

    fn remember(&self, workload: &SpiffeId, digest: Sha256) -> Result<(), AdmissionError> {
        let mut running = self.lock();
        if running.len() >= WORKLOADS_MAX && !running.contains_key(workload) {
            let (what, max) = ("workloads", 4096);
            return Err(AdmissionError::TooLarge { what, max });
        }
        let (held, count) = running.entry(workload.clone()).or_insert((digest, 0));
        (*held, *count) = (digest, *count + 1);
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admitted for Admission {
    fn admitted(&self, workload: &SpiffeId) -> Option<String> {
        self.lock()
            .get(workload)
            .map(|(digest, _)| digest.to_string())
    }
}

impl std::fmt::Debug for Admission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admission").finish_non_exhaustive()
    }
}
