//! The vault's configuration, and its secrets: from files that their owner alone may read, or from the environment.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use iia_audit::note::{Purpose, VerifierKey};
use iia_core::Timestamp;
use iia_core::sign::{Signer as _, SoftwareKey};
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_edge::vault::{Address, Exchange, Retention, Store, Style, Task, VaultError};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::client::Client;
use crate::key;

/// Largest file of settings or secrets that is read, in bytes.
const FILE_LEN_MAX: u64 = 64 * 1024;

/// What `vault.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    endpoint: String,
    #[serde(default)]
    style: Naming,
    region: String,
    bucket: String,
    retention_days: u32,
    /// The vault's name in its receipts.
    pub(crate) name: String,
    /// The file with its key.
    pub(crate) key: PathBuf,
    /// The folder for receipts.
    pub(crate) state: PathBuf,
    /// The file with access key, secret and session token; else `AWS_ACCESS_KEY_ID` and its fellows.
    credentials: Option<PathBuf>,
    #[serde(default = "system_authorities")]
    authorities: PathBuf,
    #[serde(default = "minutes_10")]
    timeout_s: u64,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Naming {
    #[default]
    Path,
    Host,
}

fn system_authorities() -> PathBuf {
    "/etc/ssl/certs/ca-certificates.crt".into()
}

const fn minutes_10() -> u64 {
    600
}

/// A vault that is ready for work.
pub(crate) struct Vault {
    pub(crate) settings: Settings,
    pub(crate) store: Store,
    pub(crate) retention: Retention,
    pub(crate) signer: SoftwareKey,
    client: Client,
    clock: SystemClock,
}

impl Vault {
    /// Opens the vault that a file describes.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let settings = read(path)?;
        let address = Address {
            endpoint: settings.endpoint.clone(),
            style: match settings.style {
                Naming::Path => Style::Path,
                Naming::Host => Style::Host,
            },
            region: settings.region.clone(),
            bucket: settings.bucket.clone(),
        };
        let retention = Retention::days(settings.retention_days)?;
        let [id, key, token] = credentials(settings.credentials.as_deref())?;
        let token = Some(token.as_str()).filter(|token| !token.is_empty());
        let store = Store::new(address, (&id, &key, token))?;
        let is_tls = settings.endpoint.starts_with("https:");
        let authorities = is_tls.then_some(settings.authorities.as_path());
        let timeout = Duration::from_secs(settings.timeout_s.clamp(1, 3600));
        Ok(Self {
            client: Client::new(authorities, timeout)?,
            signer: key::load(&settings.key)?,
            clock: SystemClock::new(Floor::default(), 0),
            settings,
            store,
            retention,
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.read().wall
    }

    /// The key that verifies this vault's receipts.
    pub(crate) fn verifier(&self) -> VerifierKey {
        VerifierKey {
            name: self.settings.name.clone(),
            purpose: Purpose::Log,
            key: self.signer.public_key(),
        }
    }

    /// Does a task, call by call.
    pub(crate) fn does<T: Task>(&self, task: T) -> Result<T, VaultError> {
        let mut exchange = Exchange::new(task);
        while let Some((wait_ms, call)) = exchange.poll_call() {
            if wait_ms > 0 {
                println!("again      in {wait_ms} ms: {}", exchange.trouble());
                std::thread::sleep(Duration::from_millis(wait_ms));
            }
            let request = self.store.sign(&call, self.now());
            let outcome = self.client.send(&request);
            exchange.handle(self.now(), outcome)?;
        }
        Ok(exchange.into_task())
    }
}

/// Reads the settings.
pub(crate) fn read(path: &Path) -> anyhow::Result<Settings> {
    let shown = path.display();
    let meta =
        fs::metadata(path).with_context(|| format!("{shown} (name another with --config)"))?;
    ensure!(meta.len() <= FILE_LEN_MAX, "{shown} is too long");
    let text = fs::read_to_string(path).with_context(|| shown.to_string())?;
    let settings: Settings = toml::from_str(&text).with_context(|| shown.to_string())?;
    let is_name = iia_audit::note::is_name(&settings.name);
    ensure!(
        is_name,
        "{shown}: name must be printable, without space and +"
    );
    Ok(settings)
}

/// Access key, secret and session token; the last may be empty.
fn credentials(file: Option<&Path>) -> anyhow::Result<[Zeroizing<String>; 3]> {
    let Some(path) = file else {
        let variable = |name| Zeroizing::new(std::env::var(name).unwrap_or_default());
        let found = [
            variable("AWS_ACCESS_KEY_ID"),
            variable("AWS_SECRET_ACCESS_KEY"),
            variable("AWS_SESSION_TOKEN"),
        ];
        let [id, secret, _] = &found;
        if id.is_empty() || secret.is_empty() {
            bail!(
                "no credentials: name a file in the settings, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            );
        }
        return Ok(found);
    };
    let text = secret(path)?;
    let text =
        std::str::from_utf8(&text).with_context(|| format!("{}: no text", path.display()))?;
    let mut words = text.split_whitespace();
    let mut word = || Zeroizing::new(words.next().unwrap_or_default().to_owned());
    let found = [word(), word(), word()];
    let [_, secret, _] = &found;
    ensure!(
        !secret.is_empty() && words.next().is_none(),
        "{}: wanted are access key and secret, and a session token if there is one",
        path.display()
    );
    Ok(found)
}

/// Reads a secret from a file that nobody but its owner may read.
pub(crate) fn secret(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let shown = path.display();
    let meta = fs::metadata(path).with_context(|| shown.to_string())?;
    ensure!(meta.len() <= FILE_LEN_MAX, "{shown} is too long");
    ensure!(
        meta.permissions().mode() & 0o077 == 0,
        "{shown} can be read by others: chmod 600 {shown}"
    );
    Ok(Zeroizing::new(
        fs::read(path).with_context(|| shown.to_string())?,
    ))
}
