//! What the supervisor asks before it starts anything, on a box whose configuration pins what runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use iia_contract::Catalog;
use iia_contract::compile::admission::{Admitted as Pinned, admits};
use iia_contract::compile::{Policy, Target as _, Topology};
use iia_core::SpiffeId;
use iia_identity::admission::{
    Admission, BuildKey, Executable, Keys, Pins, Refused, Sha256, bundle, statement,
};
use iia_identity::issue::KeyKind;

use crate::boxdir::{BoxDir, write_durably};

/// The public key of whoever builds, and the bundle that signs the box's program.
const BUILD_KEY: &str = "build.pub";
const RELEASE: &str = "release.sigstore.json";
/// Longest key or bundle in bytes.
const FILE_LEN_MAX: u64 = 64 * 1024;

/// Admission on one box: its program is the only one that it starts.
#[derive(Clone)]
pub(crate) struct Admits {
    admission: Arc<Admission>,
    program: PathBuf,
    bundle: Vec<u8>,
}

/// What the applied configuration pins, as the list that is compiled from it says.
struct List(Policy<Pinned>);

impl Pins for List {
    fn pins(&self, workload: &SpiffeId, digest: &Sha256) -> bool {
        admits(&self.0, workload.as_str(), &digest.to_string()).is_some()
    }
}

impl Admits {
    /// Admission by an applied configuration; `None` when it pins nothing.
    pub(crate) fn of(
        catalog: &Catalog,
        topology: &Topology,
        dir: &BoxDir,
    ) -> anyhow::Result<Option<Self>> {
        if topology.pins.is_empty() {
            return Ok(None);
        }
        let (list, _) = Policy::<Pinned>::compile(catalog, topology);
        let mut keys = Keys::default();
        let key = read(&build_key(dir)).context("the key of whoever builds")?;
        keys.add(&key)?;
        Ok(Some(Self {
            admission: Arc::new(Admission::new(keys, Box::new(List(list)))),
            program: std::env::current_exe()?,
            bundle: read(&dir.state().join(RELEASE)).context("the signature of the program")?,
        }))
    }

    /// Admits the box's program as a workload; it is to be started by what comes back.
    pub(crate) fn admit(&self, id: &SpiffeId) -> Result<Executable, Refused> {
        self.admission
            .admit_executable(id, &self.program, &self.bundle)
    }

    /// One process of the workload is gone.
    pub(crate) fn withdraw(&self, id: &SpiffeId) {
        self.admission.withdraw(id);
    }

    /// What the issuer asks.
    pub(crate) fn admission(&self) -> Arc<Admission> {
        Arc::clone(&self.admission)
    }
}

/// Where the public key of whoever builds lies.
pub(crate) fn build_key(dir: &BoxDir) -> PathBuf {
    dir.keys().join(BUILD_KEY)
}

/// Stands in for whoever builds, in the demo: makes a key, signs the running program and puts both where a box has them.
pub(crate) fn release(dir: &BoxDir) -> anyhow::Result<()> {
    let (key, _gone) = BuildKey::create(KeyKind::P256)?;
    let program = fs::File::open(std::env::current_exe()?)?;
    let (digest, _) = Sha256::of_reader(program, iia_identity::admission::EXECUTABLE_LEN_MAX)?;
    let (body, message) = statement(&digest, "iia-box");
    let signed = bundle(&body, &key.sign(&message)?);
    write_durably(&dir.state().join(RELEASE), &signed)?;
    write_durably(&build_key(dir), key.public_pem().as_bytes())?;
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(FILE_LEN_MAX + 1)
        .read_to_end(&mut bytes)?;
    anyhow::ensure!(
        u64::try_from(bytes.len())? <= FILE_LEN_MAX,
        "{} is too long",
        path.display()
    );
    Ok(bytes)
}
