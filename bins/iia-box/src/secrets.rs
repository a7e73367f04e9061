//! Secrets on a box: put into its store by its operator, handed by the supervisor to each role whose workload the
//! configuration lets have them, in memory, and taken back when the role ends.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read as _, stdin};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use iia_config::credential::Credential;
use iia_core::SpiffeId;
use iia_core::code::Coded as _;
use iia_core::event::{Event, EventKind};
use iia_core::sign::KeyOrigin;
use iia_core::time::Clock as _;
use iia_identity::secrets::{SECRET_LEN_MAX, SecretStore, SecretsError, StoreEvidence};
use zeroize::Zeroizing;

use crate::boxdir::BoxDir;
use crate::keeper::{self, Sealing};
use crate::supervise::News;
use crate::users::As;
use crate::workload::clock;

/// Where a configuration says a secret is kept: by the box, or by the box with a key that a TPM has sealed.
const FILE: &str = "file";
const TPM: &str = "tpm";
/// What the place of a box in memory is called, before the number of its supervisor's process.
const PLACE: &str = "iia-box.";
/// Others may pass and not look.
const PASS: u32 = 0o711;

/// The secrets of a box, as its supervisor hands them out.
pub(crate) struct Secrets {
    dir: BoxDir,
    wanted: BTreeMap<SpiffeId, Wanted>,
}

/// What a workload is to have.
#[derive(Default)]
struct Wanted {
    names: BTreeSet<String>,
    stores: BTreeSet<String>,
}

/// Why a role is not started.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{id} does not start without its secrets: {error}")]
pub(crate) struct NoSecrets {
    id: SpiffeId,
    error: SecretsError,
}

/// What a role was handed, for the chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    count: usize,
    evidence: StoreEvidence,
}

/// The secrets of a role that runs; they go with it.
pub(crate) struct Handed {
    id: SpiffeId,
    memory: PathBuf,
    /// The role's own directory.
    pub(crate) dir: PathBuf,
    pub(crate) given: Share,
}

impl Secrets {
    /// Those that a configuration refers to, on the box with this directory.
    pub(crate) fn of(credentials: &[Credential], dir: &BoxDir) -> Self {
        let mut wanted: BTreeMap<SpiffeId, Wanted> = BTreeMap::new();
        for credential in credentials {
            for id in &credential.workloads {
                let wanted = wanted.entry(id.clone()).or_default();
                wanted.names.insert(credential.reference.clone());
                wanted.stores.insert(credential.store.clone());
            }
        }
        let dir = dir.clone();
        Self { dir, wanted }
    }

    /// Opens the store, where the configuration refers to any; what the chain is told of it, and the screen where it stays
    /// shut.
    pub(crate) fn look(&self) -> Option<News> {
        if self.wanted.is_empty() {
            return None;
        }
        let event = Event::new(EventKind::SecretsStore, clock().read().wall);
        Some(match self.open() {
            Ok(store) => News::Noted {
                event: event
                    .with("outcome", "opened")
                    .with("secrets_key", store.evidence().to_string()),
                trouble: None,
            },
            Err(error) => News::Noted {
                event: event
                    .with("outcome", "refused")
                    .with("code", error.code().to_string())
                    .with("reason", error.to_string()),
                trouble: Some(format!("the store of secrets stays shut: {error}")),
            },
        })
    }

    /// The key is asked for each time, so that it does not wait in memory, and so that a machine that was tampered with
    /// while it ran hands out nothing more.
    fn open(&self) -> Result<SecretStore, SecretsError> {
        let keeper = keeper::of(&self.dir)?;
        SecretStore::open(&self.dir.secrets(), &*keeper)
    }

    /// Hands a workload its secrets, in a directory of the role's own; `None` where it has none.
    pub(crate) fn hand_out(
        &self,
        id: &SpiffeId,
        (role, runs_as): (&str, As),
    ) -> Result<Option<Handed>, NoSecrets> {
        let handed = self
            .wanted
            .get(id)
            .map(|wanted| self.hand(wanted, (id, role, runs_as)));
        handed.transpose().map_err(|error| {
            let id = id.clone();
            NoSecrets { id, error }
        })
    }

    fn hand(
        &self,
        wanted: &Wanted,
        (id, role, runs_as): (&SpiffeId, &str, As),
    ) -> Result<Handed, SecretsError> {
        let store = self.open()?;
        let evidence = store.evidence();
        let is_kept = |place: &String| match place.as_str() {
            FILE => true,
            TPM => evidence.origin == KeyOrigin::Hardware,
            _ => false,
        };
        if !wanted.stores.iter().all(is_kept) {
            return Err(SecretsError::WrongKeeper);
        }
        let (memory, supervisors) = self.memory_of(role)?;
        let user = runs_as.own().map_or(supervisors, |user| (user, user));
        let handed = store.hand_over((id, &wanted.names), user, &memory);
        let dir = handed.inspect_err(|_| forget(&memory))?;
        let count = wanted.names.len();
        Ok(Handed {
            id: id.clone(),
            memory,
            dir,
            given: Share { count, evidence },
        })
    }

    /// The role's part of the box's memory, and the user as whom the supervisor runs.
    fn memory_of(&self, role: &str) -> Result<(PathBuf, (u32, u32)), SecretsError> {
        let memory = self.dir.memory().join(role);
        let failed = |_| SecretsError::Io {
            what: "make a place for secrets",
        };
        match fs::DirBuilder::new().mode(PASS).create(&memory) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(failed(error));
            }
            _ => {}
        }
        let about = fs::symlink_metadata(&memory).map_err(failed)?;
        Ok((memory, (about.uid(), about.gid())))
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        if let Err(error) = SecretStore::withdraw(&self.id, &self.memory) {
            tracing::error!(%error, "secrets.withdraw");
        }
        forget(&self.memory);
    }
}

/// Takes a role's part of the memory away, which is empty.
fn forget(memory: &Path) {
    let _not_empty = fs::remove_dir(memory);
}

impl Share {
    /// Adds to the record of a start what was handed over, and what keeps the key of the store.
    pub(crate) fn tell(self, event: Event) -> Event {
        event
            .with("secrets", self.count.to_string())
            .with("secrets_key", self.evidence.to_string())
    }
}

impl NoSecrets {
    /// The record for the audit chain.
    pub(crate) fn event(&self, role: &str) -> Event {
        Event::new(EventKind::WorkloadStopped, clock().read().wall)
            .with("role", role)
            .with("outcome", "refused")
            .with("step", "secrets")
            .with("code", self.error.code().to_string())
            .with("reason", self.error.to_string())
    }
}

/// What a role that was handed a directory finds there; every one can be read.
pub(crate) fn own(dir: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).context("its own secrets")? {
        let path = entry?.path();
        let _secret = Zeroizing::new(fs::read(&path).context("a secret of its own")?);
        let name = path.file_name().unwrap_or_default();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// What the operator says about a secret.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Put {
    /// The store; made where there is none, with a key that the TPM seals or else software keeps
    #[arg(long, value_name = "DIR")]
    store: PathBuf,
    /// The workload that it is for
    #[arg(long, value_name = "SPIFFE_ID")]
    workload: SpiffeId,
    #[command(flatten)]
    sealing: Sealing,
    /// Its name, as the configuration refers to it
    name: String,
}

impl Put {
    /// Takes the secret from standard input.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        // Of full length at once, so that no part of it stays behind where it grew out of.
        let mut secret = Zeroizing::new(Vec::with_capacity(SECRET_LEN_MAX + 1));
        let limit = u64::try_from(SECRET_LEN_MAX + 1)?;
        stdin().lock().take(limit).read_to_end(&mut secret)?;
        let keeper = self.sealing.keeper()?;
        if !self.store.exists() {
            SecretStore::create(&self.store, &*keeper)?;
        }
        // A store that was just made is opened as well: what opens nothing takes nothing.
        let store = SecretStore::open(&self.store, &*keeper)?;
        Ok(store.put(&self.workload, &self.name, &secret)?)
    }
}

/// A box's memory below a file system in memory, as long as it runs: what `DIR/memory` of the box leads to.
pub(crate) struct Memory {
    place: PathBuf,
    link: PathBuf,
}

impl Memory {
    /// Gives the box an operator's store, and makes its memory.
    pub(crate) fn give(dir: &BoxDir, (store, below): (&Path, &Path)) -> anyhow::Result<Self> {
        let store = store
            .canonicalize()
            .with_context(|| store.display().to_string())?;
        std::os::unix::fs::symlink(store, dir.secrets())?;
        Self::make(dir, below)
    }

    /// Makes it; that of a run that was killed is gone with the machine's memory, or is forgotten here.
    pub(crate) fn make(dir: &BoxDir, below: &Path) -> anyhow::Result<Self> {
        if let Ok(stale) = fs::read_link(dir.memory()) {
            let _gone = fs::remove_dir_all(stale);
            fs::remove_file(dir.memory())?;
        }
        let below = below
            .canonicalize()
            .with_context(|| below.display().to_string())?;
        forget_the_dead(&below)?;
        let place = below.join(format!("{PLACE}{}", std::process::id()));
        fs::DirBuilder::new().mode(PASS).create(&place)?;
        let link = dir.memory();
        let memory = Self { place, link };
        std::os::unix::fs::symlink(&memory.place, &memory.link)?;
        Ok(memory)
    }
}

/// Takes away what a supervisor left behind that was killed: its own, and of nobody who still lives.
fn forget_the_dead(below: &Path) -> anyhow::Result<()> {
    let me = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(below)? {
        let entry = entry?;
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(PLACE));
        let Some(pid) = pid.and_then(|pid| pid.parse::<u32>().ok()) else {
            continue;
        };
        let about = entry.metadata()?;
        let is_dead = !Path::new(&format!("/proc/{pid}")).exists();
        if is_dead && about.is_dir() && about.uid() == me {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

impl Drop for Memory {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.place);
        let _gone = fs::remove_file(&self.link);
    }
}

#[cfg(test)]
mod tests {
    use iia_identity::secrets::SoftwareKeeper;

    use super::*;

    const API: &str = "spiffe://iia.local/zone/api/workload/query_server";
    const SHARED: As = As::Supervisors("tests");
    const BUS: &str = "spiffe://iia.local/zone/bus/workload/relay";

    fn credential(store: &str, reference: &str) -> Credential {
        Credential {
            store: store.into(),
            reference: reference.into(),
            workloads: vec![API.parse().unwrap()],
        }
    }

    #[test]
    fn what_a_role_is_handed_goes_with_it_and_not_with_another_of_its_workload() {
        let place = tempfile::tempdir().unwrap();
        let below = tempfile::tempdir_in("/dev/shm").unwrap();
        let dir = BoxDir::at(place.path());
        let (api, bus): (SpiffeId, SpiffeId) = (API.parse().unwrap(), BUS.parse().unwrap());
        let kept = place.path().join("kept");
        let store = SecretStore::create(&kept, &SoftwareKeeper).unwrap();
        for name in ["broker", "not-named"] {
            store.put(&api, name, b"pass").unwrap();
            store.put(&bus, name, b"pass").unwrap();
        }
        // What a supervisor left that was killed, and what one has that lives.
        let (dead, alive) = (format!("{PLACE}{}", u32::MAX), format!("{PLACE}1"));
        for name in [&dead, &alive] {
            fs::create_dir(below.path().join(name)).unwrap();
        }
        fs::write(below.path().join(&dead).join("secret"), "x").unwrap();
        let memory = Memory::give(&dir, (&kept, below.path())).unwrap();
        assert!(!below.path().join(&dead).exists());
        fs::remove_dir(below.path().join(&alive)).unwrap();
        let secrets = Secrets::of(&[credential(FILE, "broker")], &dir);
        assert!(secrets.hand_out(&bus, ("bus", SHARED)).unwrap().is_none());
        let one = secrets.hand_out(&api, ("api", SHARED)).unwrap().unwrap();
        let two = secrets
            .hand_out(&api, ("impostor", SHARED))
            .unwrap()
            .unwrap();
        assert_eq!(own(&one.dir).unwrap(), ["broker"]);
        let (gone, stays) = (one.dir.clone(), two.dir.clone());
        drop(one);
        assert!(!gone.exists());
        assert_eq!(own(&stays).unwrap(), ["broker"]);
        drop(two);
        assert_eq!(fs::read_dir(&memory.place).unwrap().count(), 0);
        for (store, name) in [("hsm", "broker"), (TPM, "broker"), (FILE, "nowhere")] {
            let both = [credential(FILE, "broker"), credential(store, name)];
            let refused = Secrets::of(&both, &dir).hand_out(&api, ("api", SHARED));
            assert!(refused.is_err(), "{store} {name}");
            assert_eq!(fs::read_dir(&memory.place).unwrap().count(), 0);
        }
        drop(memory);
        assert_eq!(fs::read_dir(below.path()).unwrap().count(), 0);
    }
}
