//! The vault as its operator uses it, against a real store with Object Lock and against two that only say so.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod attacks;
mod evidence;
mod liars;
mod losses;
mod operator;
mod proxy;
mod retention;
mod servers;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use iia_audit::note::VerifierKey;
use iia_audit::vault::Receipt;
use tempfile::TempDir;

use servers::{Server, keep_secret};

/// A vault's settings in a folder of their own.
pub(crate) struct Vault {
    pub(crate) dir: TempDir,
}

/// What a run gave: exit code and words.
pub(crate) type Said = (i32, String);

impl Vault {
    pub(crate) fn new(server: &Server, bucket: &str) -> Self {
        Self::at(
            &format!("http://127.0.0.1:{}", server.port),
            &server.keys,
            bucket,
        )
    }

    pub(crate) fn at(endpoint: &str, keys: &str, bucket: &str) -> Self {
        let vault = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let settings = format!(
            "endpoint = \"{endpoint}\"\nregion = \"us-east-1\"\nbucket = \"{bucket}\"\nretention_days = 30\n\
             name = \"broker.example/vault\"\nkey = {:?}\nstate = {:?}\ncredentials = {:?}\ntimeout_s = 3\n",
            vault.path("key"),
            vault.path("state"),
            vault.path("credentials"),
        );
        fs::write(vault.path("vault.toml"), settings).unwrap();
        keep_secret(&vault.path("credentials"), keys);
        assert_eq!(vault.run(&["key"]).0, 0);
        vault
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Adds a line to the settings, in the place of another of the same name.
    pub(crate) fn set(&self, name: &str, value: &str) {
        let text = fs::read_to_string(self.path("vault.toml")).unwrap();
        let kept = text
            .lines()
            .filter(|line| !line.starts_with(&format!("{name} =")));
        let text: String = kept.map(|line| format!("{line}\n")).collect();
        fs::write(self.path("vault.toml"), format!("{text}{name} = {value}\n")).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        let done = Command::new(env!("CARGO_BIN_EXE_iia-vault"))
            .arg("--config")
            .arg(self.path("vault.toml"))
            .args(arguments)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        let said = String::from_utf8(done.stdout).unwrap() + &told;
        (done.status.code().unwrap(), said)
    }

    /// Where the receipts of the one log lie.
    pub(crate) fn receipts_dir(&self) -> PathBuf {
        let folders = fs::read_dir(self.path("state")).unwrap();
        let mut folders = folders.map(|entry| entry.unwrap().path());
        folders.find(|path| path.is_dir()).unwrap()
    }

    /// Every receipt that was kept, as a box reads it.
    pub(crate) fn receipts(&self) -> Vec<Receipt> {
        let known = VerifierKey::parse(self.run(&["key"]).1.trim()).unwrap();
        let files = evidence::files(&self.receipts_dir()).into_iter();
        let notes = files.filter(|(name, _)| name != "papers");
        let read = |note: Vec<u8>| String::from_utf8(note).unwrap();
        notes
            .map(|(_, note)| Receipt::open(&read(note), &known).unwrap())
            .collect()
    }

    pub(crate) fn put(&self) -> Said {
        self.run(&["put", self.path("evidence").to_str().unwrap()])
    }
}
