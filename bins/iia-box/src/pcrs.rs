//! Policies over a machine's registers, from draft to signed, as whoever builds images makes them. The signer's key stays
//! where it is: what it has to sign is written out, and its signature is put in.

use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use iia_identity::pcr_policy::{PcrPolicy, PolicyFile};
use iia_identity::secrets::TpmKeeper;
use iia_identity::tpm::Tpm;

use crate::keeper::tpm::read;

/// SubjectPublicKeyInfo of a P-256 key up to its point (RFC 5480).
const SPKI_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A step.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Step {
    /// Writes the policy that a machine's registers have the values that they have now
    Draft {
        /// The machine's TPM, such as `device:/dev/tpmrm0`
        #[arg(long, value_name = "ADDRESS")]
        tpm: String,
        /// The public key of whoever signs, P-256, DER
        #[arg(long, value_name = "FILE")]
        signer: PathBuf,
        /// A register; may be repeated
        #[arg(long = "pcr", value_name = "NUMBER", required = true)]
        pcrs: Vec<u8>,
    },
    /// Writes what is to be signed, with ECDSA and SHA-256
    Message {
        /// The policy
        policy: PathBuf,
    },
    /// Writes the policy with its signature
    Signed {
        /// The policy
        policy: PathBuf,
        /// The signature, DER, as OpenSSL writes it
        #[arg(long, value_name = "FILE")]
        signature: PathBuf,
    },
}

impl Step {
    /// Does it; the outcome goes to standard output.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let bytes = match self {
            Self::Draft { tpm, signer, pcrs } => {
                let file = PolicyFile {
                    signer: point(signer)?,
                    policy: now(tpm, pcrs)?,
                    signature: None,
                };
                file.to_text().into_bytes()
            }
            Self::Message { policy } => open(policy)?.policy.message(TpmKeeper::REFERENCE)?,
            Self::Signed { policy, signature } => {
                let signed =
                    open(policy)?.with_signature(&read(signature)?, TpmKeeper::REFERENCE)?;
                signed.to_text().into_bytes()
            }
        };
        Ok(stdout().write_all(&bytes)?)
    }
}

fn open(policy: &Path) -> anyhow::Result<PolicyFile> {
    let bytes = read(policy).with_context(|| policy.display().to_string())?;
    Ok(PolicyFile::parse(&bytes)?)
}

/// The registers as they are.
fn now(address: &str, pcrs: &[u8]) -> anyhow::Result<PcrPolicy> {
    let mut pcrs = pcrs.to_vec();
    pcrs.sort_unstable();
    let values = Tpm::open(address)?.registers(&pcrs)?;
    let values = pcrs.iter().zip(values.chunks_exact(32));
    let values = values.map(|(pcr, value)| Ok((*pcr, value.try_into()?)));
    Ok(PcrPolicy::new(values.collect::<anyhow::Result<_>>()?)?)
}

/// The point of a public key.
fn point(path: &Path) -> anyhow::Result<[u8; 65]> {
    let der = read(path).with_context(|| path.display().to_string())?;
    let point = der.strip_prefix(&SPKI_HEAD);
    let point = point.and_then(|point| point.try_into().ok());
    point.with_context(|| format!("{} is no P-256 key in DER", path.display()))
}
