//! What this vault remembers: its last probe, its receipts, and which papers it sent. All of it can be had again from
//! the store; what is lost costs time only.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use iia_audit::note::VerifierKey;
use iia_audit::vault::Receipt;
use iia_core::digest::{Digest, hex};
use iia_edge::vault::{Proven, Stored};

use crate::config::Vault;

/// The folder.
pub(crate) struct State {
    dir: PathBuf,
    verifier: VerifierKey,
    place: (String, String),
    /// Held as long as this lives.
    _held: Option<File>,
}

impl State {
    /// Opens the folder to write; makes it, if need be. There is one writer at a time.
    pub(crate) fn open(vault: &Vault) -> anyhow::Result<Self> {
        let mut state = Self::look(vault);
        let dir = &state.dir;
        fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        let path = dir.join("lock");
        let lock = OpenOptions::new().create(true).append(true).open(&path);
        let lock = lock.with_context(|| path.display().to_string())?;
        let free = lock.try_lock().is_ok();
        ensure!(free, "{}: another iia-vault is at work", dir.display());
        state._held = Some(lock);
        Ok(state)
    }

    /// Opens the folder to read.
    pub(crate) fn look(vault: &Vault) -> Self {
        let address = vault.store.address();
        Self {
            dir: vault.settings.state.clone(),
            verifier: vault.verifier(),
            place: (address.endpoint.clone(), address.bucket.clone()),
            _held: None,
        }
    }

    /// The last probe that this vault signed.
    pub(crate) fn probe(&self) -> Option<Proven> {
        let note = fs::read_to_string(self.dir.join("probe")).ok()?;
        Proven::open(&note, &self.verifier).ok()
    }

    /// Keeps a probe.
    pub(crate) fn keep_probe(&self, note: &str) -> anyhow::Result<()> {
        write_over(&self.dir.join("probe"), note)
    }

    /// The folder of a log's receipts.
    pub(crate) fn log(&self, log_id: &Digest) -> PathBuf {
        self.dir.join(hex(log_id.as_bytes()))
    }

    /// Where the receipt of a segment lies.
    fn path(&self, log_id: &Digest, first: u64) -> PathBuf {
        self.log(log_id).join(format!("{first:016x}"))
    }

    /// The receipt of the segment that starts with record `first`, if it is of this store.
    pub(crate) fn receipt(&self, log_id: &Digest, first: u64) -> Option<Receipt> {
        let note = fs::read_to_string(self.path(log_id, first)).ok()?;
        let receipt = Receipt::open(&note, &self.verifier).ok()?;
        let place = &receipt.statement().place;
        let is_here = (&place.endpoint, &place.bucket) == (&self.place.0, &self.place.1);
        is_here.then_some(receipt)
    }

    /// The receipts of a log's segments, the oldest first.
    pub(crate) fn receipts(&self, log_id: &Digest) -> anyhow::Result<Vec<(u64, Receipt)>> {
        let Ok(entries) = fs::read_dir(self.log(log_id)) else {
            return Ok(Vec::new());
        };
        let mut receipts = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let first = name.to_str().filter(|name| name.len() == 16);
            let first = first.and_then(|name| u64::from_str_radix(name, 16).ok());
            let receipt = first.and_then(|first| Some((first, self.receipt(log_id, first)?)));
            receipts.extend(receipt);
        }
        receipts.sort_by_key(|(first, _)| *first);
        Ok(receipts)
    }

    /// Keeps a receipt.
    pub(crate) fn keep(&self, (log_id, first): (&Digest, u64), note: &str) -> anyhow::Result<()> {
        fs::create_dir_all(self.log(log_id))?;
        write_over(&self.path(log_id, first), note)
    }

    /// Keys of the papers of a log that were stored here.
    pub(crate) fn papers(&self, log_id: &Digest) -> BTreeSet<String> {
        let text = fs::read_to_string(self.log(log_id).join("papers")).unwrap_or_default();
        let (endpoint, bucket) = &self.place;
        let here = format!("{endpoint} {bucket} ");
        let lines = text.lines().filter_map(|line| line.strip_prefix(&here));
        let key = |line: &str| line.split(' ').next().map(str::to_owned);
        lines.filter_map(key).collect()
    }

    /// Notes that a paper is stored.
    pub(crate) fn keep_paper(&self, log_id: &Digest, stored: &Stored) -> anyhow::Result<()> {
        fs::create_dir_all(self.log(log_id))?;
        let path = self.log(log_id).join("papers");
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        let (endpoint, bucket) = &self.place;
        let (key, version) = (stored.key(), stored.version());
        let until = iia_audit::vault::utc(stored.until());
        let line = format!("{endpoint} {bucket} {key} {version} {until}\n");
        Ok(file.write_all(line.as_bytes())?)
    }
}

/// Beside, synced, renamed: a power cut leaves the old or the new.
fn write_over(path: &Path, text: &str) -> anyhow::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside).with_context(|| beside.display().to_string())?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(fs::rename(&beside, path)?)
}
