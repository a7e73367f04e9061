//! Where a box keeps its things. Every byte below `evidence/` is covered by the audit chain; `state/` and `keys/` are not.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The directory of one box.
#[derive(Clone, Debug)]
pub(crate) struct BoxDir(PathBuf);

impl BoxDir {
    /// Names a directory; nothing is made.
    pub(crate) fn at(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    /// Makes the directories.
    pub(crate) fn create(&self) -> anyhow::Result<()> {
        for dir in [
            self.audit(),
            self.lake(),
            self.config(),
            self.state(),
            self.keys(),
        ] {
            fs::create_dir_all(&dir).with_context(|| format!("make {}", dir.display()))?;
        }
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// What an auditor takes along: `audit/`, `lake/` and `config/`.
    pub(crate) fn evidence(&self) -> PathBuf {
        self.0.join("evidence")
    }

    pub(crate) fn audit(&self) -> PathBuf {
        self.evidence().join("audit")
    }

    pub(crate) fn lake(&self) -> PathBuf {
        self.evidence().join("lake")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.evidence().join("config")
    }

    /// Other boxes' logs, each in a directory of its own.
    pub(crate) fn mirrors(&self) -> PathBuf {
        self.0.join("mirrors")
    }

    /// Captures of what the box watched, as a ring.
    pub(crate) fn captures(&self) -> PathBuf {
        self.0.join("captures")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.0.join("state")
    }

    /// There while every role that was to start serves.
    pub(crate) fn serving(&self) -> PathBuf {
        self.state().join("serving")
    }

    /// Secrets of workloads, encrypted.
    pub(crate) fn secrets(&self) -> PathBuf {
        self.0.join("secrets")
    }

    /// Where a file system in memory is, or where a link leads to one: what roles are handed lies there.
    pub(crate) fn memory(&self) -> PathBuf {
        self.0.join("memory")
    }

    /// What the box may use of the machine that it runs on.
    pub(crate) fn host(&self) -> PathBuf {
        self.0.join("host")
    }

    /// The address of the machine's TPM.
    pub(crate) fn tpm(&self) -> PathBuf {
        self.host().join("tpm")
    }

    /// What the image of the machine leaves of its boot: a log in the form of the TCG, or where a link leads to one.
    pub(crate) fn event_log(&self) -> PathBuf {
        self.host().join("event-log")
    }

    /// The key by which the machine's TPM attests, as only that TPM can use it.
    #[cfg(feature = "tpm")]
    pub(crate) fn attestation_key(&self) -> PathBuf {
        self.keys().join("attestation-key")
    }

    /// Where the northbound database of the virtual network answers that joins the box's zones.
    pub(crate) fn ovn(&self) -> PathBuf {
        self.host().join("ovn")
    }

    /// There where the keys of the box's roles are software's though it has a TPM.
    pub(crate) fn software_keys(&self) -> PathBuf {
        self.host().join("software-keys")
    }

    /// Where the broker of the cell has its files, and where it answers.
    pub(crate) fn broker(&self) -> PathBuf {
        self.host().join("broker")
    }

    /// The PKI of the cell.
    pub(crate) fn cell(&self) -> PathBuf {
        self.state().join("cell")
    }

    /// The first of the users that the box's roles run as.
    pub(crate) fn users(&self) -> PathBuf {
        self.host().join("users")
    }

    /// The signed policy of the image that runs.
    pub(crate) fn pcr_policy(&self) -> PathBuf {
        self.host().join("pcr-policy")
    }

    /// Where the key of the next seal is; its file is another with each seal.
    pub(crate) fn ratchet(&self) -> PathBuf {
        self.keys().join("audit-ratchet")
    }

    /// What the witness of the box remembers.
    pub(crate) fn witness(&self) -> PathBuf {
        self.state().join("witness")
    }

    /// What a crash left torn.
    pub(crate) fn quarantine(&self) -> PathBuf {
        self.evidence().join("quarantine")
    }

    /// What the issuer knows the machine by: whoever signs its images, and its attestation key as it was the first time.
    #[cfg(feature = "tpm")]
    pub(crate) fn node_key(&self) -> PathBuf {
        self.keys().join("node-attestation")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }
}

/// Writes a small file beside, syncs and renames it, so that a power cut leaves the old or the new.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let beside = path.with_extension("new");
    let mut file = fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}
