//! A Workload API on a socket of its own, with a catalog that tests change.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use iia_core::SpiffeId;
use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::id::TrustDomain;
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_identity::bundle::BundleSet;
use iia_identity::issue::{Issuer, SVID_LIFE_MAX_SECS};
use iia_identity::jwt::JwtAuthority;
use iia_identity::workload::{Entries, Entry, Selector, Source, Terms};
use iia_identity::workload_api::{Api, LinuxAttestor, bind, serve};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::common;

pub(crate) const LAKE: &str = "spiffe://iia.local/zone/lake/workload/lake_writer";
pub(crate) const API: &str = "spiffe://iia.local/zone/api/workload/query_server";
pub(crate) const BARE: &str = "spiffe://iia.local/zone/x/workload/without_contract";
pub(crate) const FOREIGN: &str = "north.example";
/// How long anything that must happen may take.
pub(crate) const WAIT: Duration = Duration::from_secs(30);

pub(crate) fn id(text: &str) -> SpiffeId {
    text.parse().unwrap()
}

pub(crate) fn own() -> TrustDomain {
    "iia.local".parse().unwrap()
}

pub(crate) fn clock() -> SystemClock {
    SystemClock::new(Floor::default(), 1_000_000_000)
}

/// Knows all but whoever is without a contract.
struct Contracts;

impl Gate for Contracts {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, workload: &SpiffeId) -> bool {
        workload.as_str() != BARE
    }
}

pub(crate) struct World {
    pub(crate) api: Api,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) runtime: Runtime,
    pub(crate) foreign: Issuer,
    heard: Arc<Mutex<Vec<String>>>,
    _stop: oneshot::Sender<()>,
}

impl World {
    /// One whose SVIDs live an hour, for the process that runs the test.
    pub(crate) fn of_this_process() -> Self {
        Self::new(SVID_LIFE_MAX_SECS, vec![entry(LAKE, &[this_user()])])
    }

    pub(crate) fn new(life_secs: i64, entries: Vec<Entry>) -> Self {
        let jwt = JwtAuthority::create(own()).unwrap();
        Self::with(life_secs, entries, Some(jwt))
    }

    pub(crate) fn with(life_secs: i64, entries: Vec<Entry>, jwt: Option<JwtAuthority>) -> Self {
        let now = clock().read();
        let runtime = Runtime::new().unwrap();
        let issuer = Issuer::create(own(), life_secs, 1, now).unwrap();
        let foreign = Issuer::create(FOREIGN.parse().unwrap(), 3600, 1, now).unwrap();
        let terms = terms(entries, &foreign);
        let source = Source::new(issuer, jwt, terms).unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&heard);
        let tell = move |news: &iia_identity::workload_api::News<'_>| {
            hears.lock().unwrap().push(news.to_string());
        };
        let api = Api::new(source, LinuxAttestor::default(), clock(), Arc::new(tell));
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (server, path) = (api.clone(), dir.path().join("api.sock"));
        let listener = runtime.block_on(async { bind(&path) }).unwrap();
        runtime.spawn(serve(server, listener, async {
            let _gone = stopped.await;
        }));
        Self {
            api,
            dir,
            runtime,
            foreign,
            heard,
            _stop: stop,
        }
    }

    pub(crate) fn replace(&self, entries: Vec<Entry>) {
        self.api.replace(terms(entries, &self.foreign)).unwrap();
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("api.sock")
    }

    /// The address as clients take it.
    pub(crate) fn address(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn terms(entries: Vec<Entry>, foreign: &Issuer) -> Terms {
    let mut bundles = BundleSet::default();
    let domain = foreign.domain().clone();
    bundles.add_root(domain, foreign.root().to_vec()).unwrap();
    Terms {
        entries: Entries::new(entries).unwrap(),
        gate: Arc::new(Contracts),
        bundles,
    }
}

pub(crate) fn entry(who: &str, selectors: &[Selector]) -> Entry {
    Entry {
        id: id(who),
        selectors: selectors.iter().cloned().collect(),
        federates_with: BTreeSet::from([FOREIGN.parse().unwrap()]),
    }
}

/// The user that runs the tests.
pub(crate) fn this_user() -> Selector {
    Selector::uid(std::os::unix::fs::MetadataExt::uid(
        &std::fs::metadata("/proc/self").unwrap(),
    ))
}

/// A Python with the public clients; `None`, said aloud, where there is none.
pub(crate) fn python(test: &str) -> Option<PathBuf> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python3");
    let python = std::env::var_os("IIA_PYTHON").map_or_else(|| own.into(), PathBuf::from);
    let imports = Command::new(&python)
        .args(["-c", "import grpc, spiffe, jwt"])
        .output();
    if imports.is_ok_and(|done| done.status.success()) {
        return Some(python);
    }
    let what = "a Python with spiffe and grpcio (IIA_PYTHON or target/venv)";
    common::skip(test, what);
    None
}

/// A script of this folder, to be run.
pub(crate) fn script(python: &Path, name: &str) -> Command {
    let mut command = Command::new(python);
    command.arg(format!(
        "{}/tests/judges/{name}",
        env!("CARGO_MANIFEST_DIR")
    ));
    command
}
