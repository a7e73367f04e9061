//! One box of the demo: its supervisor, its issuer, and the way of its news to the screen and into its own chain.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use iia_core::SpiffeId;
use iia_core::event::{Event, EventKind};
use iia_core::time::Clock as _;
use iia_core::zone::Zone;
use iia_identity::IdentityError;
use iia_identity::issue::{self, Issuer, SVID_LIFE_MAX_SECS};

use super::screen::Tone;
use crate::admit::Admits;
use crate::boxdir::BoxDir;
use crate::client::AuditClient;
use crate::commission::{confirm, revoke};
use crate::issue::{Authority, event};
use crate::observe;
use crate::refused::Refusals;
use crate::revoked::Revoked;
use crate::secrets::Secrets;
use crate::supervise::{IssueFn, News, RoleSpec, Supervisor};
use crate::terms::Settings;
use crate::workload::{Workload, clock};
use iia_identity::pipe::Root;

/// How long a role may take to serve, and a consumer to end.
const WAIT_MAX: Duration = Duration::from_secs(20);
pub(super) const STEP: Duration = Duration::from_millis(20);
/// Events that wait for the way to the chain at most; what comes before it is the supervisor's own identity.
const EARLY_MAX: usize = 64;
/// The life of a box's root certificate in the demo.
const ROOT_DAYS: i64 = 10;

/// Something to show.
pub(super) struct Heard {
    pub(super) role: String,
    pub(super) tone: Tone,
    pub(super) text: String,
}

/// A box that runs on this machine.
pub(super) struct Machine {
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
    ready: Vec<String>,
    ended: Vec<String>,
    heard: Vec<Heard>,
    refusals: Refusals,
}

/// The issuer of a trust domain.
pub(super) fn issuer(domain: &str) -> anyhow::Result<Issuer> {
    Ok(Issuer::create(
        domain.parse()?,
        SVID_LIFE_MAX_SECS,
        ROOT_DAYS,
        clock().read(),
    )?)
}

/// What others need to believe an issuer.
pub(super) fn root(issuer: &Issuer) -> Root {
    Root {
        domain: issuer.domain().to_string(),
        der: issuer.root().to_vec().into(),
    }
}

impl Machine {
    /// A machine whose issuer asks the applied catalog before it gives anything.
    pub(super) fn new(dir: BoxDir, issuer: Issuer, roots: &[Root]) -> anyhow::Result<Self> {
        let settings = Settings::load(&dir)?;
        let (sender, news) = mpsc::channel();
        let admits = Admits::of(&settings.catalog, &settings.topology, &dir)?;
        let issuer = match &admits {
            Some(admits) => issuer.with_admission(admits.admission()),
            None => issuer,
        };
        let issuer = Arc::new(Authority::open(issuer, &dir)?);
        let (gate, authority) = (settings.catalog.clone(), Arc::clone(&issuer));
        let revoked = Revoked::follow(&dir)?;
        let of_issuer = Arc::clone(&revoked);
        let issue = move |id: &SpiffeId, csr: &[u8]| {
            if of_issuer.has(id) {
                return Err(IdentityError::Revoked.to_string());
            }
            authority
                .issue(csr, id, &gate, clock().read())
                .map_err(|error| error.to_string())
        };
        let asked = (
            Box::new(issue) as Box<IssueFn>,
            admits.clone(),
            Arc::clone(&revoked),
        );
        let secrets = Secrets::of(&settings.credentials, &dir);
        let supervisor = Supervisor::new((dir.clone(), secrets), roots.to_vec(), asked, sender);
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
            ready: Vec::new(),
            ended: Vec::new(),
            heard: Vec::new(),
            refusals: Refusals::default(),
        })
    }

    /// From now on the supervisor's events go to the box's own chain; they wait until its keeper serves.
    pub(super) async fn audit_to(&mut self, contract: &str) -> anyhow::Result<()> {
        let supervisor = self.in_process(Zone::MgmtCfg).await?;
        let audit = AuditClient::start(&supervisor, contract);
        let early = self.early.take();
        early.into_iter().for_each(|event| audit.submit(event));
        self.audit = Some(audit);
        Ok(())
    }

    /// A workload of this process: the supervisor and the console are parties like any other.
    pub(super) async fn in_process(&mut self, role: Zone) -> anyhow::Result<Workload> {
        let id = self.one(role)?;
        // This process is the box's program as well.
        self.admits
            .as_ref()
            .map(|admits| admits.admit(&id))
            .transpose()?;
        let (csr, key) = issue::request(&id)?;
        let catalog = &self.settings.catalog;
        let issued = self.issuer.issue(&csr, &id, catalog, clock().read())?;
        self.note(event(&issued.record));
        let workload = Workload::in_process(
            id,
            &self.dir,
            (issued.chain, key),
            (&self.roots, self.supervisor.news()),
        )?;
        let cut = workload.clone();
        self.revoked.listen(move |whom| {
            cut.revoke(whom);
            true
        });
        Ok(workload)
    }

    /// Ends the trial of the configuration: every role that was started serves, under the identity that it gives, and
    /// the observer signs that the states are those of the artifact.
    pub(super) async fn confirm(&mut self) -> anyhow::Result<()> {
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
    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Puts in a signed revocation: whom it names gets no SVID here any more, and every role of the box ends what is open
    /// with it.
    pub(super) fn revoke(&self, signed: &[u8]) -> anyhow::Result<()> {
        revoke(&self.dir, &self.settings.box_name, signed)
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.settings.box_name
    }

    /// Its directory.
    pub(super) fn dir(&self) -> &BoxDir {
        &self.dir
    }

    /// The only workload of a zone.
    pub(super) fn one(&self, role: Zone) -> anyhow::Result<SpiffeId> {
        let mut ids = self.settings.workloads(role);
        anyhow::ensure!(
            ids.len() == 1,
            "the configuration has {} workloads with role {role}; one is needed",
            ids.len()
        );
        ids.pop().context("one workload")
    }

    /// The identities of the zone with a role.
    pub(super) fn workloads(&self, role: Zone) -> Vec<SpiffeId> {
        self.settings.workloads(role)
    }

    /// Starts a role and waits until it serves.
    pub(super) async fn start(&mut self, spec: RoleSpec) -> anyhow::Result<()> {
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

    /// Runs a role that ends by itself.
    pub(super) async fn run(&mut self, spec: RoleSpec) -> anyhow::Result<()> {
        let name = spec.name.clone();
        self.ids.insert(name.clone(), spec.id.clone());
        self.supervisor.start(spec);
        self.wait_end(&name).await?;
        self.supervisor.stop(&name);
        Ok(())
    }

    /// Waits until the work of a role has come to its end.
    pub(super) async fn wait_end(&mut self, name: &str) -> anyhow::Result<()> {
        let ended = |machine: &Self| machine.has_ended(name);
        self.wait(&format!("{name} does not end"), ended).await
    }

    /// Whether a role serves, or did.
    pub(super) fn serves(&self, name: &str) -> bool {
        self.ready.iter().any(|ready| ready == name)
    }

    /// Whether the work of a role has come to its end; a fall is no end.
    pub(super) fn has_ended(&self, name: &str) -> bool {
        self.ended.iter().any(|ended| ended == name)
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
    pub(super) fn stop(&mut self, roles: &[&str]) {
        for role in roles {
            self.supervisor.stop(role);
            self.take_news();
        }
    }

    /// Stops every role, each before those that it needs.
    pub(super) fn stop_all(&mut self) {
        self.stop(&[
            "collect", "intake", "api", "attest", "publish", "bus", "lake", "audit",
        ]);
    }

    /// Tells a role to finish what is begun.
    pub(super) fn drain(&self, role: &str) {
        self.supervisor.drain(role);
    }

    /// Kills a role's process without warning; gives its process id.
    pub(super) fn kill(&self, role: &str) -> u32 {
        let pid = self.supervisor.pid(role);
        self.supervisor.kill(role);
        pid
    }

    /// Waits until every event so far is in the chain, and sends no more.
    pub(super) async fn close_audit(&mut self) {
        self.take_news();
        let counted = self.refusals.close(clock().read().wall);
        counted.into_iter().for_each(|event| self.note(event));
        if let Some(audit) = self.audit.take() {
            audit.flush().await;
        }
    }

    /// What is to be shown since the last call.
    pub(super) fn heard(&mut self) -> Vec<Heard> {
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
                News::Ready { role } => self.ready.push(role),
                News::Finished { role } | News::Ended { role, .. } => self.ended.push(role),
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

/// What a piece of news is for the chain, and for the screen.
fn told(news: &News) -> (Option<Event>, Option<Heard>) {
    let event = |kind| Event::new(kind, clock().read().wall);
    let heard = |role: &str, tone, text: String| {
        let role = role.to_owned();
        Some(Heard { role, tone, text })
    };
    match news {
        News::Started { role, pid, given } => {
            let event = event(EventKind::WorkloadStarted)
                .with("role", role.as_str())
                .with("pid", pid.to_string());
            let event = match given {
                Some(given) => given.tell(event),
                None => event,
            };
            (Some(event), None)
        }
        News::Ready { role } => (None, heard(role, Tone::Good, format!("{role} serves"))),
        News::Said { role, text } => {
            let tone = match (role.as_str(), text.starts_with("refused")) {
                ("notebook" | "laptop", false) => Tone::Good,
                ("notebook" | "notebook_beyond" | "laptop", true) => Tone::Bad,
                _ => Tone::Note,
            };
            (None, heard(role, tone, format!("{role}: {text}")))
        }
        News::Issued { record } => (Some(crate::issue::event(record)), None),
        News::NotAdmitted { role, refused } => {
            let heard = heard(role, Tone::Bad, refused.to_string());
            (Some(refused.event(clock().read().wall)), heard)
        }
        News::NoSecrets { role, refused } => {
            let heard = heard(role, Tone::Bad, refused.to_string());
            (Some(refused.event(role)), heard)
        }
        News::Refused { id, reason } => {
            let event = event(EventKind::SvidRefused)
                .with("id", id.as_str())
                .with("reason", reason.as_str());
            let name = id.zone_workload().map_or("", |(_, name)| name);
            let text = format!("{name}: no SVID for {id}: {reason}");
            (Some(event), heard(name, Tone::Bad, text))
        }
        News::Finished { .. } | News::LinkRefused { .. } | News::Outage { .. } => (None, None),
        News::Fell { role } => {
            let event = event(EventKind::WorkloadStopped).with("role", role.as_str());
            let text = format!("{role} fell and is started again");
            let heard = heard(role, Tone::Note, text);
            (Some(event.with("outcome", "fell")), heard)
        }
        News::Ended { role, clean } => {
            let outcome = if *clean { "finished" } else { "failed" };
            let event = event(EventKind::WorkloadStopped).with("role", role.as_str());
            (Some(event.with("outcome", outcome)), None)
        }
    }
}
