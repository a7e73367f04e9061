//! One box that runs on this machine: its supervisor, its issuer, and the way of its news to the screen and into its own
//! chain.

mod own;
mod roles;
mod told;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use iia_core::SpiffeId;
use iia_core::event::Event;
use iia_core::time::Clock as _;
use iia_core::zone::Zone;
use iia_identity::IdentityError;
use iia_identity::issue::{Issuer, SVID_LIFE_MAX_SECS};
use iia_identity::pipe::Root;
use tokio::task::JoinSet;

use self::own::Own;
pub(crate) use self::roles::{Inlet, Outfit};
use self::told::told;
use crate::admit::Admits;
use crate::boxdir::BoxDir;
use crate::cell;
use crate::chain;
use crate::client::AuditClient;
use crate::commission::{confirm, revoke};
use crate::issue::Authority;
use crate::observe;
use crate::refused::Refusals;
use crate::revoked::Revoked;
use crate::screen::Tone;
use crate::secrets::Secrets;
use crate::supervise::{IssueFn, News, RoleSpec, Supervisor};
use crate::terms::Settings;
use crate::workload::{Workload, clock};

/// How long a role may take to serve, and a consumer to end.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// Under what the supervisor speaks with the keeper of the chain.
pub(crate) const TO_AUDIT: &str = "iia.contract.internal.cfg_to_audit";
/// What the workload is called that follows the bus for whoever watches the box.
const CONSOLE: &str = "console";
pub(crate) const STEP: Duration = Duration::from_millis(20);
/// Events that wait for the way to the chain at most; what comes before it is the supervisor's own identity.
const EARLY_MAX: usize = 64;
/// How long the way to the chain may take to be empty when it is closed.
const FLUSH_MAX: Duration = Duration::from_secs(15);
/// The life of a box's root certificate.
const ROOT_YEARS: i64 = 10;

/// Something to show.
pub(crate) struct Heard {
    pub(crate) role: String,
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

/// A box that runs on this machine.
pub(crate) struct Machine {
    settings: Settings,
    supervisor: Supervisor,
    issuer: Arc<Authority>,
    revoked: Arc<Revoked>,
    admits: Option<Admits>,
    dir: BoxDir,
    roots: Vec<Root>,
    news: mpsc::Receiver<News>,
    audit: Option<AuditClient>,
    /// What happened before there was a way to the chain.
    early: RefCell<Vec<Event>>,
    /// The identity of each role that was started.
    ids: BTreeMap<String, SpiffeId>,
    ready: BTreeSet<String>,
    ended: BTreeSet<String>,
    heard: Vec<Heard>,
    refusals: Refusals,
    /// What renews the SVIDs of this process's own workloads.
    own: JoinSet<()>,
}

/// The issuer of a trust domain.
pub(crate) fn issuer(domain: &str) -> anyhow::Result<Issuer> {
    Ok(Issuer::create(
        domain.parse()?,
        SVID_LIFE_MAX_SECS,
        ROOT_YEARS,
        clock().read(),
    )?)
}

/// What others need to believe an issuer.
pub(crate) fn root(issuer: &Issuer) -> Root {
    Root {
        domain: issuer.domain().to_string(),
        der: issuer.root().to_vec().into(),
    }
}

impl Machine {
    /// A machine whose issuer asks the applied catalog before it gives anything.
    pub(crate) fn new(dir: BoxDir, issuer: Issuer, roots: &[Root]) -> anyhow::Result<Self> {
        let settings = Settings::load(&dir)?;
        // That of a supervisor that was killed.
        let _gone = fs::remove_file(dir.serving());
        let (sender, news) = mpsc::channel();
        let admits = Admits::of(&settings.catalog, &settings.topology, &dir)?;
        let issuer = match &admits {
            Some(admits) => issuer.with_admission(admits.admission()),
            None => issuer,
        };
        let issuer = Arc::new(Authority::open(issuer, &dir)?);
        let (gate, authority) = (settings.catalog.clone(), Arc::clone(&issuer));
        let revoked = Revoked::follow(&dir)?;
        cell::keep(&dir, (&revoked, &issuer), sender.clone())?;
        let of_issuer = Arc::clone(&revoked);
        let issue = move |id: &SpiffeId, csr: &[u8]| {
            if of_issuer.has(id) {
                return Err(IdentityError::Revoked.into());
            }
            authority.issue(csr, id, &gate, clock().read())
        };
        let asked = (
            Box::new(issue) as Box<IssueFn>,
            admits.clone(),
            Arc::clone(&revoked),
        );
        let secrets = Secrets::of(&settings.credentials, &dir);
        let supervisor = Supervisor::new((dir.clone(), secrets), roots.to_vec(), asked, sender)?;
        Ok(Self {
            settings,
            supervisor,
            issuer,
            revoked,
            admits,
            dir,
            roots: roots.to_vec(),
            news,
            audit: None,
            early: RefCell::default(),
            ids: BTreeMap::new(),
            ready: BTreeSet::new(),
            ended: BTreeSet::new(),
            heard: Vec::new(),
            refusals: Refusals::default(),
            own: JoinSet::new(),
        })
    }

    /// From now on the supervisor's events go to the box's own chain; they wait until its keeper serves.
    pub(crate) fn audit_to(&mut self, contract: &str) -> anyhow::Result<()> {
        let me = self.one(Zone::MgmtCfg)?;
        let supervisor = self.in_process(me.clone());
        let supervisor = supervisor.or_else(|error| self.write_down(&me).and(Err(error)))?;
        let audit = AuditClient::start(&supervisor, contract);
        let early = self.early.take();
        early.into_iter().for_each(|event| audit.submit(event));
        self.audit = Some(audit);
        Ok(())
    }

    /// Writes into the chain itself why there is nobody who could: its keeper gets no identity either.
    fn write_down(&mut self, me: &SpiffeId) -> anyhow::Result<()> {
        self.take_news();
        let now = clock().read();
        let mut log = chain::open(&self.dir, me, now)?;
        chain::append(&mut log, me, self.early.take(), now)
    }

    /// A workload of this process: the supervisor and the console are parties like any other.
    pub(crate) fn in_process(&mut self, id: SpiffeId) -> anyhow::Result<Workload> {
        // This process is the box's program as well.
        self.admits
            .as_ref()
            .map(|admits| admits.admit(&id))
            .transpose()?;
        let own = Own {
            id,
            dir: self.dir.clone(),
            issuer: Arc::clone(&self.issuer),
            catalog: self.settings.catalog.clone(),
            revoked: Arc::clone(&self.revoked),
            news: self.supervisor.news(),
        };
        own.join(&self.roots, &mut self.own)
    }

    /// Ends the trial of the configuration: every role that was started serves, under the identity that it gives, and
    /// the observer signs that the states are those of the artifact.
    pub(crate) async fn confirm(&mut self) -> anyhow::Result<()> {
        let observer = self.one(Zone::MgmtCfg)?;
        let name = self.settings.box_name.clone();
        let answer = observe::answer(&self.dir, &name, &observer).await?;
        confirm(&self.dir, &name, &answer.context("nothing is on trial")?)?;
        let (role, tone) = ("cfg".into(), Tone::Good);
        let text =
            "confirmed: every role serves under the identity that the artifact gives it".into();
        self.heard.push(Heard { role, tone, text });
        Ok(())
    }

    /// The configuration that is applied.
    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Puts in a signed revocation: whom it names gets no SVID here any more, and every role of the box ends what is open
    /// with it.
    pub(crate) fn revoke(&self, signed: &[u8]) -> anyhow::Result<()> {
        revoke(&self.dir, &self.settings.box_name, signed)
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.settings.box_name
    }

    /// Its directory.
    pub(crate) fn dir(&self) -> &BoxDir {
        &self.dir
    }

    /// The only workload of a zone.
    pub(crate) fn one(&self, role: Zone) -> anyhow::Result<SpiffeId> {
        let mut ids = self.settings.workloads(role);
        anyhow::ensure!(
            ids.len() == 1,
            "the configuration has {} workloads with role {role}; one is needed",
            ids.len()
        );
        ids.pop().context("one workload")
    }

    /// The identities of the zone with a role.
    pub(crate) fn workloads(&self, role: Zone) -> Vec<SpiffeId> {
        self.settings.workloads(role)
    }

    /// The console, where the configuration has one: a workload by that name.
    pub(crate) fn console(&self) -> Option<SpiffeId> {
        let all = self.workloads(Zone::MgmtUi);
        let is_console =
            |id: &SpiffeId| id.zone_workload().is_some_and(|(_, name)| name == CONSOLE);
        all.into_iter().find(is_console)
    }

    /// Starts a role and waits until it serves.
    pub(crate) async fn start(&mut self, spec: RoleSpec) -> anyhow::Result<()> {
        let name = spec.name.clone();
        self.ids.insert(name.clone(), spec.id.clone());
        self.supervisor.start(spec);
        let served = |machine: &Self| machine.serves(&name);
        let settled = |machine: &Self| served(machine) || machine.has_ended(&name);
        let text = format!("{name} does not serve");
        self.wait(&text, settled).await?;
        let last = self.heard.last().map_or("", |heard| heard.text.as_str());
        anyhow::ensure!(served(self), "{text}: {last}");
        Ok(())
    }

    /// Every role that was to start serves: whoever looks at what runs may take it for the whole.
    pub(crate) fn is_up(&self) -> std::io::Result<()> {
        fs::write(self.dir.serving(), "")
    }

    /// Runs a role that ends by itself.
    pub(crate) async fn run(&mut self, spec: RoleSpec) -> anyhow::Result<()> {
        let name = spec.name.clone();
        self.ids.insert(name.clone(), spec.id.clone());
        self.supervisor.start(spec);
        self.wait_end(&name).await?;
        self.supervisor.stop(&name);
        Ok(())
    }

    /// Waits until the work of a role has come to its end.
    pub(crate) async fn wait_end(&mut self, name: &str) -> anyhow::Result<()> {
        let ended = |machine: &Self| machine.has_ended(name);
        self.wait(&format!("{name} does not end"), ended).await
    }

    /// Whether a role serves, or did.
    pub(crate) fn serves(&self, name: &str) -> bool {
        self.ready.contains(name)
    }

    /// Whether the work of a role has come to its end; a fall is no end.
    pub(crate) fn has_ended(&self, name: &str) -> bool {
        self.ended.contains(name)
    }

    async fn wait(&mut self, or: &str, done: impl Fn(&Self) -> bool) -> anyhow::Result<()> {
        let started = Instant::now();
        while !done(self) {
            let last = self.heard.last().map_or("", |heard| heard.text.as_str());
            anyhow::ensure!(started.elapsed() < WAIT_MAX, "{or}: {last}");
            self.take_news();
            tokio::time::sleep(STEP).await;
        }
        Ok(())
    }

    /// Stops roles in order; each finishes what it has begun.
    pub(crate) fn stop(&mut self, roles: &[&str]) {
        for role in roles {
            self.supervisor.stop(role);
            self.take_news();
        }
    }

    /// Tells a role to finish what is begun.
    pub(crate) fn drain(&self, role: &str) {
        self.supervisor.drain(role);
    }

    /// Kills a role's process without warning; gives its process id.
    pub(crate) fn kill(&self, role: &str) -> u32 {
        let pid = self.supervisor.pid(role);
        self.supervisor.kill(role);
        pid
    }

    /// Waits until every event so far is in the chain, and sends no more.
    pub(crate) async fn close_audit(&mut self) {
        self.take_news();
        let counted = self.refusals.close(clock().read().wall);
        counted.into_iter().for_each(|event| self.note(event));
        if let Some(audit) = self.audit.take() {
            let _kept_by_nobody = tokio::time::timeout(FLUSH_MAX, audit.flush()).await;
        }
    }

    /// What is to be shown since the last call.
    pub(crate) fn heard(&mut self) -> Vec<Heard> {
        self.take_news();
        std::mem::take(&mut self.heard)
    }

    fn take_news(&mut self) {
        let counted = self.refusals.settle(clock().read().wall);
        counted.into_iter().for_each(|event| self.note(event));
        while let Ok(news) = self.news.try_recv() {
            let (event, heard) = told(&news);
            if let Some(event) = event {
                self.note(self.with_id(event));
            }
            self.heard.extend(heard);
            match news {
                News::LinkRefused { id, refusal } => {
                    let event = self.refusals.take(&id, refusal, clock().read().wall);
                    event.into_iter().for_each(|event| self.note(event));
                }
                News::Outage { id, told } => {
                    self.note(crate::outage::event(&told, &id, clock().read().wall))
                }
                News::Ready { role } => drop(self.ready.insert(role)),
                News::Finished { role } | News::Ended { role, .. } => drop(self.ended.insert(role)),
                _ => {}
            }
        }
    }

    /// What says which role it was says also which identity.
    fn with_id(&self, event: Event) -> Event {
        let id = event.field("role").and_then(|role| self.ids.get(role));
        match id.map(SpiffeId::to_string) {
            Some(id) => event.with("id", id),
            None => event,
        }
    }

    fn note(&self, event: Event) {
        if let Some(audit) = &self.audit {
            audit.submit(event);
        } else if self.early.borrow().len() < EARLY_MAX {
            self.early.borrow_mut().push(event);
        }
    }
}
