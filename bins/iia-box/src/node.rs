//! What the issuer asks of its own machine before it gives anything: a fresh quote of the TPM that the box was given, under the
//! attestation key that the box is known by, over the registers of the image that somebody signed. It is verified without the
//! TPM. Where the box was given none, every record of what is issued says so.

use crate::boxdir::BoxDir;
use crate::issue::Denied;

/// What is said of what was issued where nothing attests the machine.
const NO_TPM: &str = "NOT attested: the box was given no TPM";

/// The machine that a box runs on, as its issuer sees it.
pub(crate) struct Node {
    dir: BoxDir,
}

impl Node {
    /// That of the box in `dir`.
    pub(crate) fn of(dir: &BoxDir) -> Self {
        Self { dir: dir.clone() }
    }

    /// What attests the machine now, for the record of what is issued.
    ///
    /// # Errors
    /// Why nothing is issued on this machine as it is.
    pub(crate) fn attest(&self) -> Result<String, Denied> {
        if !self.dir.tpm().exists() {
            return Ok(NO_TPM.into());
        }
        of_tpm(&self.dir)
    }
}

#[cfg(feature = "tpm")]
use tpm::attest as of_tpm;

/// This program speaks to no TPM, and nothing else will do.
#[cfg(not(feature = "tpm"))]
fn of_tpm(_: &BoxDir) -> Result<String, Denied> {
    Err(iia_identity::secrets::SecretsError::WrongKeeper.into())
}

#[cfg(feature = "tpm")]
mod tpm {
    //! The quote, and what it is held against.

    use std::collections::BTreeMap;

    use iia_attest::image::name_of;
    use iia_attest::tpm::{Evidence, PublicArea, PureRust, Reference, Tier, TpmError, appraise};
    use iia_core::digest::hex;
    use iia_core::outside::HashName;
    use iia_identity::IdentityError;
    use iia_identity::pcr_policy::PolicyFile;
    use iia_identity::secrets::{SecretsError, TpmKeeper};
    use iia_identity::tpm::{HardwareError, KeyBlob, Quoted};

    use crate::boxdir::{BoxDir, write_durably};
    use crate::issue::Denied;
    use crate::keeper::tpm::{address, alone, read};
    use crate::machine_key;

    /// Bytes of a nonce; each is used once.
    const NONCE_LEN: usize = 32;
    /// Bytes of the policy's signer, before the key.
    const SIGNER_LEN: usize = 65;
    /// Bytes of a key's name that the record of what is issued has.
    const NAME_SHOWN: usize = 10;

    /// What the TPM says of the machine now, held against the policy of the image that runs.
    pub(super) fn attest(dir: &BoxDir) -> Result<String, Denied> {
        let file = PolicyFile::parse(&read(&dir.pcr_policy())?)?;
        let policy = file.signed(TpmKeeper::REFERENCE)?.policy;
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| IdentityError::Environment {
            what: "random source",
        })?;
        let registers: Vec<u8> = policy.registers().collect();
        let (key, quoted) = alone(&address(dir)?, |tpm| {
            let key = machine_key::made(dir, tpm)?;
            pinned(dir, &file.signer, &key)?;
            let quoted = tpm.quote(&key, &nonce, &registers)?;
            Ok::<_, Denied>((key, quoted))
        })?;
        let area = PublicArea::parse(key.public())?;
        let reference = Reference {
            pcrs: good(policy.values()),
            ..Reference::new(&area, &nonce)
        };
        let result = appraise(&evidence(&quoted), &reference, &PureRust);
        // The heaviest comes first; what is merely worth a look stops nothing.
        let against = result.reasons.into_iter();
        if let Some(reason) = against
            .into_iter()
            .find(|one| one.tier() == Tier::Contraindicated)
        {
            return Err(reason.into());
        }
        let registers: Vec<String> = registers.iter().map(u8::to_string).collect();
        let name = area.name().get(..NAME_SHOWN).unwrap_or_default();
        Ok(format!(
            "attested by its TPM, key {}: registers {} are as signed",
            hex(name),
            registers.join(", ")
        ))
    }

    fn evidence(quoted: &Quoted) -> Evidence<'_> {
        Evidence {
            attest: &quoted.attest,
            signature: &quoted.signature,
            log: None,
            pcrs: Some(&quoted.pcrs),
        }
    }

    fn good(values: &[(u8, [u8; 32])]) -> BTreeMap<(HashName, u8), Vec<Vec<u8>>> {
        let values = values.iter();
        values
            .map(|(pcr, value)| ((HashName::Sha256, *pcr), vec![value.to_vec()]))
            .collect()
    }

    /// Holds the machine's key and whoever signs its images against those of the first time, which are kept, so that neither
    /// another TPM nor another signer does in their place.
    fn pinned(dir: &BoxDir, signer: &[u8; SIGNER_LEN], key: &KeyBlob) -> Result<(), Denied> {
        let (place, key) = (dir.node_key(), key.to_bytes());
        if !place.exists() {
            let failed = |_| SecretsError::Io {
                what: "keep what the machine is known by",
            };
            write_durably(&place, &[&signer[..], &key].concat()).map_err(failed)?;
        }
        let kept = read(&place)?;
        match kept.split_first_chunk::<SIGNER_LEN>() {
            Some((first, _)) if first != signer => Err(HardwareError::UnsignedPolicy.into()),
            Some((_, first)) if first == key => Ok(()),
            Some(_) => Err(TpmError::OtherKey {
                found: name_of(KeyBlob::parse(&key)?.public()),
            }
            .into()),
            None => Err(HardwareError::BadBlob { what: "cut" }.into()),
        }
    }
}
