//! What keeps the key of a box's store of secrets: the TPM that the box was given, or software where it was given none.
//!
//! What was given lies in the box's `host/`: the TPM's address, and the signed policy of the image that runs. A box that has
//! a TPM takes no store whose key software keeps: whoever could put one in its place would choose the secrets.

#[cfg(feature = "tpm")]
use std::path::PathBuf;

use iia_identity::secrets::{Keeper, SecretsError, SoftwareKeeper};

use crate::boxdir::BoxDir;
#[cfg(feature = "tpm")]
use crate::boxdir::write_durably;

/// A TPM, and what its secrets are sealed to.
#[cfg(feature = "tpm")]
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Sealing {
    /// The TPM that seals the store's key, such as `device:/dev/tpmrm0`
    #[arg(long, value_name = "ADDRESS", requires = "policy")]
    tpm: Option<String>,
    /// The signed policy of the machine's state, made by `iia-box policy`
    #[arg(long, value_name = "FILE", requires = "tpm")]
    policy: Option<PathBuf>,
    /// Keeps the keys of roles in software though there is a TPM, where they are by default
    #[arg(long, requires = "tpm")]
    software_keys: bool,
}

/// This program was built without TPMs.
#[cfg(not(feature = "tpm"))]
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Sealing {}

impl Sealing {
    /// What keeps the key.
    #[cfg(feature = "tpm")]
    pub(crate) fn keeper(&self) -> Result<Box<dyn Keeper>, SecretsError> {
        let (Some(address), Some(policy)) = (&self.tpm, &self.policy) else {
            return Ok(Box::new(SoftwareKeeper));
        };
        Ok(Box::new(tpm::SeldomKeeper::new(
            address,
            &tpm::read(policy)?,
        )?))
    }

    /// What keeps the key.
    #[cfg(not(feature = "tpm"))]
    pub(crate) fn keeper(&self) -> Result<Box<dyn Keeper>, SecretsError> {
        Ok(Box::new(SoftwareKeeper))
    }

    /// Gives it to a box.
    #[cfg(not(feature = "tpm"))]
    pub(crate) fn give(&self, _: &BoxDir) -> anyhow::Result<()> {
        Ok(())
    }

    /// Gives it to a box.
    #[cfg(feature = "tpm")]
    pub(crate) fn give(&self, dir: &BoxDir) -> anyhow::Result<()> {
        if let (Some(address), Some(policy)) = (&self.tpm, &self.policy) {
            let policy = tpm::read(policy)?;
            std::fs::create_dir_all(dir.host())?;
            write_durably(&dir.tpm(), address.as_bytes())?;
            write_durably(&dir.pcr_policy(), &policy)?;
            if self.software_keys {
                write_durably(&dir.software_keys(), b"")?;
            }
        }
        Ok(())
    }
}

/// What keeps the key of the store of the box in this directory.
pub(crate) fn of(dir: &BoxDir) -> Result<Box<dyn Keeper>, SecretsError> {
    if !dir.tpm().exists() {
        return Ok(Box::new(SoftwareKeeper));
    }
    of_tpm(dir)
}

#[cfg(feature = "tpm")]
fn of_tpm(dir: &BoxDir) -> Result<Box<dyn Keeper>, SecretsError> {
    let (address, policy) = (tpm::read(&dir.tpm())?, tpm::read(&dir.pcr_policy())?);
    let address = String::from_utf8_lossy(&address);
    Ok(Box::new(tpm::SeldomKeeper::new(address.trim(), &policy)?))
}

/// This program speaks to no TPM, and nothing else will do.
#[cfg(not(feature = "tpm"))]
fn of_tpm(_: &BoxDir) -> Result<Box<dyn Keeper>, SecretsError> {
    Err(SecretsError::WrongKeeper)
}

#[cfg(feature = "tpm")]
pub(crate) mod tpm {
    //! The TPM, and the policy that its secrets open by.

    use std::fs::File;
    use std::io::Read as _;
    use std::path::Path;
    use std::sync::{Mutex, MutexGuard, PoisonError};
    use std::time::Duration;

    use iia_core::SpiffeId;
    use iia_core::sign::KeyOrigin;
    use iia_identity::issue::request_by;
    use iia_identity::lent::LentKey;
    use iia_identity::pcr_policy::{POLICY_LEN_MAX, PolicyFile, SignedPolicy};
    use iia_identity::secrets::{Keeper, SecretsError, TpmKeeper};
    use iia_identity::tpm::{HardwareError, KeyBlob, Quoted, Tpm};
    use zeroize::Zeroizing;

    use crate::boxdir::BoxDir;
    use crate::machine_key;

    /// How long the TPM has to answer: a supervisor that waits starts nothing else.
    pub(crate) const ANSWER_MAX: Duration = Duration::from_secs(10);

    /// One at a time asks the TPM in this process: some serve one connection, and let whoever comes meanwhile wait for seconds.
    static ONE: Mutex<()> = Mutex::new(());

    /// Nobody else in this process asks the TPM as long as this lives.
    fn quiet() -> MutexGuard<'static, ()> {
        ONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the TPM while nobody else in this process asks it, and lets it go, so that others may.
    pub(crate) fn alone<T, E: From<HardwareError>>(
        address: &str,
        asks: impl FnOnce(&Tpm) -> Result<T, E>,
    ) -> Result<T, E> {
        let _one = quiet();
        let tpm = Tpm::open_within(address, ANSWER_MAX)?;
        let done = asks(&tpm);
        tpm.close();
        done
    }

    /// Keeps the key of the store by the TPM at an address, which is asked only meanwhile.
    pub(super) struct SeldomKeeper {
        address: String,
        file: PolicyFile,
        policy: SignedPolicy,
    }

    impl SeldomKeeper {
        pub(super) fn new(address: &str, policy: &[u8]) -> Result<Self, SecretsError> {
            let (address, file) = (address.to_owned(), PolicyFile::parse(policy)?);
            let policy = file.signed(TpmKeeper::REFERENCE)?;
            Ok(Self {
                address,
                file,
                policy,
            })
        }

        fn with<T>(
            &self,
            asks: impl FnOnce(&TpmKeeper) -> Result<T, SecretsError>,
        ) -> Result<T, SecretsError> {
            alone(&self.address, |tpm| {
                asks(&TpmKeeper {
                    tpm: tpm.clone(),
                    signer: self.file.signer,
                    policy: self.policy.clone(),
                })
            })
        }
    }

    impl Keeper for SeldomKeeper {
        fn origin(&self) -> KeyOrigin {
            KeyOrigin::Hardware
        }

        fn mark(&self) -> &'static str {
            TpmKeeper::MARK
        }

        fn keep(&self, key: &[u8]) -> Result<Vec<u8>, SecretsError> {
            self.with(|keeper| keeper.keep(key))
        }

        fn recall(&self, kept: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretsError> {
            self.with(|keeper| keeper.recall(kept))
        }
    }

    /// A new key of the TPM of a box, and a request for it. The TPM is asked only while it signs.
    pub(crate) fn request(dir: &BoxDir, id: &SpiffeId) -> anyhow::Result<(Vec<u8>, LentKey)> {
        let address = address(dir)?;
        alone(&address, |tpm| {
            let key = tpm.key(&tpm.create_key()?)?;
            let csr = request_by(id, &key)?;
            let seldom = key.seldom(&address, ANSWER_MAX)?;
            let public = seldom.public().to_vec();
            let sign = move |message: &[u8]| {
                let _one = quiet();
                seldom.sign_der(message)
            };
            Ok((csr, LentKey::new(&public, sign)))
        })
    }

    /// The address of the TPM of a box.
    pub(crate) fn address(dir: &BoxDir) -> Result<String, SecretsError> {
        let address = read(&dir.tpm())?;
        Ok(String::from_utf8_lossy(&address).trim().to_owned())
    }

    /// A quote of the TPM of a box by its attestation key.
    pub(crate) fn quote(
        dir: &BoxDir,
        nonce: &[u8],
        pcrs: &[u8],
    ) -> anyhow::Result<(KeyBlob, Quoted)> {
        let key = machine_key::kept(dir)?;
        let quoted = alone(&address(dir)?, |tpm| tpm.quote(&key, nonce, pcrs))?;
        Ok((key, quoted))
    }

    /// A file no longer than a policy may be.
    pub(crate) fn read(path: &Path) -> Result<Vec<u8>, SecretsError> {
        let failed = |_| SecretsError::Io {
            what: "read what the box was given of the machine",
        };
        let mut bytes = Vec::new();
        let limit = u64::try_from(POLICY_LEN_MAX + 1).unwrap_or(u64::MAX);
        let mut file = File::open(path).map_err(failed)?.take(limit);
        file.read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }
}
