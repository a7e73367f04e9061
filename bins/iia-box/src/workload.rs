//! What every role has: an identity, the verified configuration, and links to others by role name.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::stdin;
use std::net::SocketAddr;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use iia_config::alert::AlertSinks;
use iia_config::engine::Engine;
use iia_config::io_master::IoMaster;
use iia_contract::answer::Raci;
use iia_contract::catalog::Catalog;
use iia_contract::topology::Topology;
use iia_core::gate::Gate;
use iia_core::time::{Clock as _, Floor, Reading, SystemClock};
use iia_core::zone::Zone;
use iia_core::{SpiffeId, Timestamp};
use iia_edge::query::Inventory;
use iia_identity::bundle::BundleSet;
use iia_identity::pipe::{self, Down, Root, Start, Up, Whom};
use iia_identity::svid::Store;
use iia_link::failure::{Alarm, Outage};
use iia_link::rt::{Endpoint, Listener, Session, Target};
use tokio::sync::watch;

use crate::asks::{Keys, ask_svid};
use crate::boxdir::BoxDir;
use crate::orders::{Answers, Order, cut, watch_pipe};
use crate::outage;
use crate::proof::Proof;
use crate::refused;
use crate::supervise::{News, news_of};
use crate::terms::{Settings, Terms};

/// Largest error of a clock that nothing disciplines, in nanoseconds: what the demo machine's clock is taken for.
const CLOCK_ERROR_NS: u64 = 1_000_000_000;

/// The machine's clock.
pub(crate) fn clock() -> SystemClock {
    SystemClock::new(Floor::default(), CLOCK_ERROR_NS)
}

/// The time, where it can be trusted.
pub(crate) fn trusted_now() -> Option<Timestamp> {
    let reading = clock().read();
    reading.state.is_trusted().then_some(reading.wall)
}

/// A role's own view of the box; clones share it.
#[derive(Clone)]
pub(crate) struct Workload {
    shared: Arc<Shared>,
}

struct Shared {
    id: SpiffeId,
    dir: BoxDir,
    args: Vec<String>,
    secrets: Option<PathBuf>,
    settings: Settings,
    endpoint: Endpoint,
    roots: Vec<Root>,
    store: Arc<Store>,
    clock: SystemClock,
    teller: Teller,
    orders: watch::Receiver<Order>,
    keys: Keys,
}

/// Where a workload's news go.
enum Teller {
    /// To the supervisor that started this process.
    Pipe(Mutex<UnixStream>),
    /// To the supervisor, which is this process.
    News(std::sync::mpsc::Sender<News>),
}

/// A process that was started as a role and has not joined yet: it has no threads, so that it can still give up rights.
pub(crate) struct Begun {
    pipe: UnixStream,
    start: Start,
}

impl Begun {
    /// Takes from the supervisor, on standard input, who this process is.
    pub(crate) fn receive(role: &str) -> anyhow::Result<Self> {
        let pipe = UnixStream::from(stdin().as_fd().try_clone_to_owned()?);
        let Some(Down::Start(start)) = pipe::receive(&pipe)? else {
            anyhow::bail!("role {role} is started by the supervisor");
        };
        Ok(Self { pipe, start })
    }

    /// The role's arguments.
    pub(crate) fn args(&self) -> &[String] {
        &self.start.args
    }

    /// Who it is to be.
    pub(crate) fn id(&self) -> &str {
        &self.start.id
    }

    /// The box's directory.
    pub(crate) fn dir(&self) -> BoxDir {
        BoxDir::at(Path::new(&self.start.dir))
    }

    /// Tells the supervisor a line of text.
    pub(crate) fn say(&self, text: &str) {
        let _supervisor_gone = pipe::send(&self.pipe, &Up::Said(text.into()));
    }
}

impl Workload {
    /// Joins the box: gets an SVID for a key that never leaves this process, and reads the applied configuration,
    /// verifying it again.
    pub(crate) async fn join(begun: Begun) -> anyhow::Result<Self> {
        let Begun { pipe, start } = begun;
        let id: SpiffeId = start.id.parse()?;
        let keys = Keys::of(&start)?;
        let (svid, revoked) = ask_svid(&pipe, (&id, &keys))?;
        let store = Arc::new(Store::new(svid));
        let dir = BoxDir::at(Path::new(&start.dir));
        let settings = Settings::load(&dir)?;
        let gate = Arc::new(settings.catalog.clone());
        let endpoint = endpoint(&id, &store, &start.roots, gate)?;
        revoked.iter().for_each(|whom| cut(&endpoint, whom));
        let (answers, orders) = watch_pipe(pipe.try_clone()?, endpoint.clone());
        let shared = Shared {
            id,
            dir,
            args: start.args,
            secrets: start.secrets.map(PathBuf::from),
            settings,
            endpoint,
            roots: start.roots,
            store: Arc::clone(&store),
            clock: clock(),
            teller: Teller::Pipe(Mutex::new(pipe)),
            orders,
            keys,
        };
        let workload = Self {
            shared: Arc::new(shared),
        };
        tokio::task::spawn_local(rotate(workload.clone(), store, answers));
        Ok(workload)
    }

    /// A workload of the supervisor's own process.
    pub(crate) fn in_process(
        id: SpiffeId,
        dir: &BoxDir,
        (chain, proof): (Vec<Vec<u8>>, Proof),
        (roots, news): (&[Root], std::sync::mpsc::Sender<News>),
    ) -> anyhow::Result<Self> {
        let settings = Settings::load(dir)?;
        let store = Arc::new(Store::new(proof.svid(chain)?));
        let gate = Arc::new(settings.catalog.clone());
        let endpoint = endpoint(&id, &store, roots, gate)?;
        let (_, orders) = watch::channel(Order::Run);
        let clock = clock();
        let shared = Shared {
            id,
            dir: dir.clone(),
            args: Vec::new(),
            secrets: None,
            settings,
            endpoint,
            roots: roots.to_vec(),
            store,
            clock,
            teller: Teller::News(news),
            orders,
            keys: Keys::Own,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Ends what is open with whoever is revoked, and lets nothing of it in again.
    pub(crate) fn revoke(&self, whom: &Whom) {
        cut(&self.shared.endpoint, whom);
    }

    /// Another SVID serves every handshake from now on.
    pub(crate) fn renew(&self, (chain, proof): (Vec<Vec<u8>>, Proof)) -> anyhow::Result<()> {
        self.shared.store.replace(proof.svid(chain)?);
        Ok(())
    }

    /// Which of its SVIDs the workload has: another number is another one.
    pub(crate) fn svid_number(&self) -> u64 {
        self.shared.store.number()
    }

    /// When the workload's own SVID ends: another time means other credentials.
    pub(crate) fn svid_ends(&self) -> Timestamp {
        self.shared.store.not_after()
    }

    /// Where the zones, interfaces and workloads of the box are.
    pub(crate) fn topology(&self) -> &Topology {
        &self.shared.settings.topology
    }

    /// Where alerts go on the machine itself.
    pub(crate) fn alerts(&self) -> &AlertSinks {
        &self.shared.settings.alerts
    }

    /// The engines that look for attacks, and their rules.
    pub(crate) fn engines(&self) -> &[Engine] {
        &self.shared.settings.engines
    }

    /// The brokers that the box serves, each with where it answers.
    pub(crate) fn brokers(&self) -> Vec<(String, Vec<SocketAddr>)> {
        self.shared.settings.brokers()
    }

    /// The workloads that run as containers, each with the repository of its image.
    pub(crate) fn containers(&self) -> Vec<(String, String)> {
        self.shared.settings.containers()
    }

    /// Who watches the control network for intruders.
    pub(crate) fn witnesses(&self) -> Vec<SpiffeId> {
        self.shared.settings.workloads(Zone::AcsWitness)
    }

    /// Who answers for what.
    pub(crate) fn answers(&self) -> &[Raci] {
        &self.shared.settings.answers
    }

    /// Who reads the plant a second time.
    pub(crate) fn io_masters(&self) -> &[IoMaster] {
        &self.shared.settings.io_masters
    }

    /// The key by which the machine's TPM attests, by its digest, where the configuration names one.
    pub(crate) fn attestation_key(&self) -> Option<&str> {
        self.shared.settings.attestation_key.as_deref()
    }

    /// The roots that are believed, with their trust domains.
    pub(crate) fn roots(&self) -> &[Root] {
        &self.shared.roots
    }

    /// The box's directory and name.
    pub(crate) fn place(&self) -> (&BoxDir, &str) {
        (&self.shared.dir, &self.shared.settings.box_name)
    }

    pub(crate) fn id(&self) -> &SpiffeId {
        &self.shared.id
    }

    /// The workload's name within its zone.
    pub(crate) fn name(&self) -> &str {
        self.shared.id.zone_workload().map_or("", |(_, name)| name)
    }

    pub(crate) fn dir(&self) -> &BoxDir {
        &self.shared.dir
    }

    pub(crate) fn args(&self) -> &[String] {
        &self.shared.args
    }

    /// The directory of its own secrets, where it has any.
    pub(crate) fn secrets(&self) -> Option<&Path> {
        self.shared.secrets.as_deref()
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.shared.settings.catalog
    }

    /// What a contract promises and limits at the query API.
    pub(crate) fn terms(&self, contract: &str) -> Terms {
        self.shared.settings.terms(contract)
    }

    /// What a contract says happens while the other end is away, for one who asks that of each of its messages.
    pub(crate) fn outage<T>(&self, contract: &str) -> Outage<T> {
        let seed = RandomState::new().build_hasher().finish();
        Outage::new(self.shared.settings.failure(contract), seed)
    }

    /// Tells what a contract wants told of an outage.
    pub(crate) fn alarm(&self, contract: &str, alarm: &Alarm) {
        self.tell(&Up::Outage(outage::told(contract, alarm)));
    }

    /// Which streams a boundary contract exposes.
    pub(crate) fn inventory(&self, contract: &str) -> Inventory {
        let Terms {
            include, exclude, ..
        } = self.terms(contract);
        Inventory { include, exclude }
    }

    pub(crate) fn reading(&self) -> Reading {
        self.shared.clock.read()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.reading().wall
    }

    /// Listens where the configuration says.
    pub(crate) async fn listen(&self) -> anyhow::Result<Listener> {
        let addr = self.shared.settings.listen_of(&self.shared.id)?;
        let listening = self.shared.endpoint.listen(addr).await;
        listening.with_context(|| format!("listen on {addr}"))
    }

    /// A link to the workload that the configuration calls `to`, under a contract and for one operation.
    pub(crate) async fn connect(
        &self,
        to: &str,
        contract: &str,
        operation: &str,
    ) -> anyhow::Result<Session> {
        let (peer, addr): (SpiffeId, SocketAddr) = self.shared.settings.address_of(to)?;
        let target = Target {
            peer,
            contract: contract.into(),
            operation: operation.into(),
        };
        let opened = self.shared.endpoint.connect(addr, target.clone()).await;
        if let Err(error) = &opened
            && let Some(refusal) = refused::of(&target, error)
        {
            self.tell(&Up::Refused(refusal));
        }
        Ok(opened?)
    }

    /// A link under another catalog than the box's: what a process tries that does not ask its own.
    pub(crate) async fn connect_under(
        &self,
        gate: Arc<dyn Gate>,
        (to, contract, operation): (&str, &str, &str),
    ) -> anyhow::Result<Session> {
        let shared = &self.shared;
        let (peer, addr) = shared.settings.address_of(to)?;
        let target = Target {
            peer,
            contract: contract.into(),
            operation: operation.into(),
        };
        let endpoint = endpoint(&shared.id, &shared.store, &shared.roots, gate)?;
        Ok(endpoint.connect(addr, target).await?)
    }

    /// The identities of the zone with a role.
    pub(crate) fn workloads(&self, role: Zone) -> Vec<SpiffeId> {
        self.shared.settings.workloads(role)
    }

    /// The identities of every workload of this box.
    pub(crate) fn everybody(&self) -> Vec<SpiffeId> {
        self.shared.settings.everybody()
    }

    /// Tells the supervisor that the role serves.
    pub(crate) fn ready(&self) {
        self.tell(&Up::Ready);
    }

    /// Tells the supervisor a line of text.
    pub(crate) fn say(&self, text: &str) {
        self.tell(&Up::Said(text.into()));
    }

    /// Tells the supervisor that the chain has what the desk told, up to this number.
    pub(crate) fn taken(&self, last: u64) {
        self.tell(&Up::Taken(last));
    }

    /// Tells the supervisor that the work has come to its end.
    pub(crate) fn done(&self) {
        self.tell(&Up::Done);
    }

    /// Says that the work is done and waits to be told to stop.
    pub(crate) async fn finished(&self) {
        self.done();
        self.stopped().await;
    }

    /// Whether the supervisor said stop.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.shared.orders.borrow() == Order::Stop
    }

    /// Whether the supervisor asked to finish what is begun.
    pub(crate) fn is_draining(&self) -> bool {
        *self.shared.orders.borrow() == Order::Drain
    }

    /// Waits for the supervisor to say stop.
    pub(crate) async fn stopped(&self) {
        let mut orders = self.shared.orders.clone();
        let _supervisor_gone = orders.wait_for(|order| *order == Order::Stop).await;
    }

    fn tell(&self, message: &Up) {
        match &self.shared.teller {
            Teller::Pipe(pipe) => {
                let pipe = pipe.lock().unwrap_or_else(PoisonError::into_inner);
                let _supervisor_gone = pipe::send(&*pipe, message);
            }
            Teller::News(news) => {
                let id = self.shared.id.clone();
                if let Some(news_of) = news_of(id, message.clone()) {
                    let _supervisor_gone = news.send(news_of);
                }
            }
        }
    }
}

fn endpoint(
    id: &SpiffeId,
    store: &Arc<Store>,
    roots: &[Root],
    gate: Arc<dyn Gate>,
) -> anyhow::Result<Endpoint> {
    let mut bundles = BundleSet::default();
    bundles.set_own(id.trust_domain());
    for Root { domain, der } in roots {
        bundles.add_root(domain.parse()?, der.to_vec())?;
    }
    Ok(Endpoint::new(
        id.clone(),
        Arc::clone(store),
        Arc::new(bundles),
        gate,
    ))
}

/// Renews the SVID at half of its life; the new one serves every handshake from then on.
async fn rotate(workload: Workload, store: Arc<Store>, mut answers: Answers) {
    loop {
        let left_ns = store.not_after().since_ns(workload.now()).max(0) / 2;
        tokio::time::sleep(Duration::from_nanos(left_ns.unsigned_abs())).await;
        let Ok((up, asked)) = workload.shared.keys.ask(workload.id()) else {
            continue;
        };
        workload.tell(&up);
        let Some(answer) = answers.recv().await else {
            return;
        };
        match asked.svid(answer) {
            Ok(svid) => store.replace(svid),
            Err(error) => tracing::error!(error = format!("{error:#}"), "svid.rotate"),
        }
    }
}
