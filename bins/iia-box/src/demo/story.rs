//! The demo's course: two boxes come to life, traffic runs, the plug is pulled once, two consumers ask.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context as _;
use iia_audit::policy::Policy;
use iia_config::desk::DeskError;
use iia_core::SpiffeId;
use iia_core::event::{Event, EventKind};
use iia_core::stream::Stream;
use iia_core::time::{Clock as _, Floor, SystemClock};
use iia_core::zone::Zone;
use iia_identity::issue::{Issuer, SVID_LIFE_MAX_SECS};

use super::live::Live;
use super::screen::{Screen, Tone};
use crate::DemoArguments;
use crate::boxdir::BoxDir;
use crate::client::AuditClient;
use crate::commission::{Commission, Operators};
use crate::pipe::Root;
use crate::supervise::{News, RoleSpec, Supervisor};
use crate::terms::Settings;
use crate::workload::Workload;
use iia_config::desk::DeskError;

const PRESS_LINE: &[u8] = include_bytes!("../../../../examples/captures/press-line.pcap");
const BOX_TEXT: &str = include_str!("../../../../examples/box-pi/box.icl");
const SITE_TEXT: &str = include_str!("../../../../examples/site/site.icl");

/// Roles of the box in the order in which they start; they stop in the other.
const ROLES: [(&str, Zone); 7] = [
    ("audit", Zone::DmzAudit),
    ("lake", Zone::AcsLake),
    ("bus", Zone::DmzBus),
    ("attest", Zone::DmzAttest),
    ("publish", Zone::ItPublish),
    ("api", Zone::ItApi),
    ("collect", Zone::AcsCollect),
];
const READY_MAX: Duration = Duration::from_secs(20);
const RUN_MAX: Duration = Duration::from_secs(3600);
const STEP: Duration = Duration::from_millis(20);

/// What the ending needs to know.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The capture that was replayed.
    pub(crate) capture: String,
    /// Steps of the way, in words.
    pub(crate) steps: Vec<String>,
    /// The newest words of the publisher.
    pub(crate) north: String,
    /// What the consumers were told.
    pub(crate) consumers: Vec<String>,
    /// Packets, exchanges and violations that the collector counted.
    pub(crate) counts: (u64, u64, u64),
    /// The key of the box's log, to verify with.
    pub(crate) log_key: String,
}

struct Stage<'a> {
    screen: &'a mut Screen,
    news: mpsc::Receiver<News>,
    audit: Option<AuditClient>,
    live: Live,
    told: Told,
    ended: Vec<String>,
    ready: Vec<String>,
}

/// A box that runs on this machine.
struct Machine {
    dir: BoxDir,
    settings: Settings,
    supervisor: Supervisor,
    issuer: std::sync::Arc<Issuer>,
    roots: Vec<Root>,
}

/// Runs the demo from the first key to the last receipt.
pub(crate) async fn tell(
    arguments: &DemoArguments,
    dir: &Path,
    screen: &mut Screen,
) -> anyhow::Result<Told> {
    let capture = capture(arguments, dir)?;
    let (sender, news) = mpsc::channel();
    let told = Told {
        capture: capture.display().to_string(),
        ..Told::default()
    };
    let (ended, ready) = (Vec::new(), Vec::new());
    let mut stage = Stage {
        screen,
        news,
        audit: None,
        live: Live::default(),
        told,
        ended,
        ready,
    };
    let (mut site, mut seg01) = stage.commission(arguments, dir, &sender)?;
    stage.start_site(&mut site).await?;
    stage
        .start_box(&mut seg01, (&capture, arguments.speed))
        .await?;
    stage.watch(&mut seg01, arguments).await?;
    stage.consumers(&mut site).await?;
    stage.close(&mut site, &mut seg01).await;
    Ok(stage.told)
}

/// The capture to replay: the user's own, or the bundled one.
fn capture(arguments: &DemoArguments, dir: &Path) -> anyhow::Result<PathBuf> {
    match &arguments.pcap {
        Some(path) => path
            .canonicalize()
            .with_context(|| format!("open {}", path.display())),
        None => {
            let path = dir.join("press-line.pcap");
            fs::write(&path, PRESS_LINE)?;
            Ok(path)
        }
    }
}

impl Stage<'_> {
    fn step(&mut self, tone: Tone, text: &str) {
        self.screen.line(tone, text);
        self.told.steps.push(text.into());
    }

    /// Keys, logs, and each box's configuration from signed text to applied state.
    fn commission(
        &mut self,
        arguments: &DemoArguments,
        dir: &Path,
        news: &mpsc::Sender<News>,
    ) -> anyhow::Result<(Machine, Machine)> {
        let operators = dir.join("operators");
        let operators = Operators::create(&operators)?;
        let (site, seg01) = (
            BoxDir::at(&dir.join("site")),
            BoxDir::at(&dir.join("seg01")),
        );
        let (site_log, site_witness) = Commission::keys(&site, "site")?;
        let (log, _) = Commission::keys(&seg01, "seg01")?;
        self.told.log_key = log.to_text();
        let text = match &arguments.config {
            Some(path) => {
                fs::read_to_string(path).with_context(|| format!("open {}", path.display()))?
            }
            None => BOX_TEXT.into(),
        };
        let plan = [
            (
                "site",
                "site.example",
                &site,
                site_log,
                SITE_TEXT.to_owned(),
                "the site box, one level up",
            ),
            (
                "seg01",
                "iia.local",
                &seg01,
                log,
                text,
                "seg01, the box at the press line",
            ),
        ];
        for (name, domain, dir, log, text, words) in plan {
            self.step(Tone::Head, &format!("Configuration of {words}"));
            let policy = Policy {
                log,
                witnesses: vec![site_witness.clone()],
                quorum: 1,
            };
            self.configure(
                Commission {
                    domain,
                    dir,
                    name,
                    policy,
                    operators: &operators,
                },
                &text,
            )?;
        }
        let issuers = [issuer("site.example")?, issuer("iia.local")?];
        let roots: Vec<Root> = issuers.iter().map(|issuer| root(issuer)).collect();
        let [site_issuer, issuer] = issuers;
        let site = machine(site, site_issuer, &roots, news)?;
        let seg01 = machine(seg01, issuer, &roots, news)?;
        Ok((site, seg01))
    }

    fn configure(&mut self, commission: Commission<'_>, text: &str) -> anyhow::Result<()> {
        let mut steps = Vec::new();
        let outcome = commission.run(text.as_bytes(), &mut |step| steps.push(step.to_owned()));
        steps.iter().for_each(|step| self.step(Tone::Good, step));
        if let Err(error) = &outcome {
            if let Some(DeskError::Rejected(rejected)) = error.downcast_ref() {
                let shown = rejected
                    .diagnostics
                    .iter()
                    .map(|found| found.render("artifact", text));
                shown.for_each(|words| self.screen.line(Tone::Bad, &words));
            }
        }
        outcome
    }

    async fn start_site(&mut self, site: &mut Machine) -> anyhow::Result<()> {
        self.step(Tone::Head, "Roles, each a process with its own SVID");
        let id = one(&site.settings, Zone::AcsCollect)?;
        let args = vec![self.told.log_key.clone()];
        site.supervisor.start(RoleSpec {
            role: "broker",
            name: "intake".into(),
            id,
            args,
            restart: true,
        });
        self.wait_ready("intake").await
    }

    async fn start_box(
        &mut self,
        seg01: &mut Machine,
        (capture, speed): (&Path, f64),
    ) -> anyhow::Result<()> {
        let endpoint = in_process(seg01, Zone::MgmtCfg).await?;
        for (role, zone) in ROLES {
            let id = one(&seg01.settings, zone)?;
            let args = match role {
                "collect" => vec![capture.display().to_string(), speed.to_string()],
                _ => Vec::new(),
            };
            if role == "collect" {
                let console = in_process(seg01, Zone::MgmtUi).await?;
                self.live.follow(console);
            }
            seg01.supervisor.start(RoleSpec {
                role,
                name: role.into(),
                id,
                args,
                restart: true,
            });
            self.wait_ready(role).await?;
            if role == "audit" {
                self.audit = Some(AuditClient::start(
                    &endpoint,
                    "iia.contract.internal.cfg_to_audit",
                ));
            }
        }
        Ok(())
    }

    async fn wait_ready(&mut self, role: &str) -> anyhow::Result<()> {
        let started = std::time::Instant::now();
        while !self.ready.iter().any(|ready| ready == role) {
            anyhow::ensure!(
                started.elapsed() < READY_MAX,
                "{role} does not become ready; see state/{role}.log"
            );
            self.take_news();
            tokio::time::sleep(STEP).await;
        }
        Ok(())
    }

    /// Shows what happens until the capture is at its end, and pulls the plug of the lake once.
    async fn watch(
        &mut self,
        seg01: &mut Machine,
        arguments: &DemoArguments,
    ) -> anyhow::Result<()> {
        let name = Path::new(&self.told.capture)
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let heading = format!(
            "Traffic: {name}, {} times as fast as it was",
            arguments.speed
        );
        self.step(Tone::Head, &heading);
        let started = std::time::Instant::now();
        let mut killed = arguments.no_kill;
        while !self.ended.iter().any(|ended| ended == "collect") {
            anyhow::ensure!(
                started.elapsed() < RUN_MAX,
                "the replay does not come to an end"
            );
            self.take_news();
            self.show();
            if !killed && self.live.exchanges() > 300 {
                killed = true;
                let pid = seg01.supervisor.pid("lake");
                seg01.supervisor.kill("lake");
                self.step(
                    Tone::Note,
                    &format!("the plug: lake (process {pid}) is killed while it writes"),
                );
            }
            tokio::time::sleep(STEP).await;
        }
        // What was announced last is still on its way.
        for _ in 0..25 {
            self.take_news();
            self.show();
            tokio::time::sleep(STEP).await;
        }
        self.told.counts = self.live.counts();
        Ok(())
    }

    /// What arrived from the bus since the last look.
    fn show(&mut self) {
        for (tone, text) in self.live.take() {
            if let Some(north) = text.strip_prefix("north: ") {
                self.told.north = north.into();
            }
            self.screen.line(tone, &text);
        }
        let status = self.live.status();
        self.screen.status(&status);
    }

    /// A consumer with a contract asks and gets Arrow; one without is refused.
    async fn consumers(&mut self, site: &mut Machine) -> anyhow::Result<()> {
        self.step(Tone::Head, "Consumers at the query API");
        let ids = site.settings.workloads(Zone::MgmtUi);
        for (name, contract) in [
            ("notebook", "iia.contract.boundary.engineering.query"),
            ("laptop", "iia.contract.boundary.laptop.query"),
        ] {
            let Some(id) = ids
                .iter()
                .find(|id| id.zone_workload().is_some_and(|(_, own)| own == name))
            else {
                continue;
            };
            let (from, to) = self.live.span();
            let args = [
                contract,
                Stream::MODBUS.as_str(),
                &from.to_string(),
                &to.to_string(),
                "100000",
            ];
            let args = args.map(str::to_owned).to_vec();
            let id = id.clone();
            site.supervisor.start(RoleSpec {
                role: "client",
                name: name.into(),
                id,
                args,
                restart: false,
            });
            self.wait_end(name).await?;
            site.supervisor.stop(name);
        }
        for _ in 0..25 {
            self.take_news();
            self.show();
            tokio::time::sleep(STEP).await;
        }
        Ok(())
    }

    async fn wait_end(&mut self, name: &str) -> anyhow::Result<()> {
        let started = std::time::Instant::now();
        while !self.ended.iter().any(|ended| ended == name) {
            anyhow::ensure!(
                started.elapsed() < READY_MAX,
                "{name} does not end; see state/{name}.log"
            );
            self.take_news();
            tokio::time::sleep(STEP).await;
        }
        Ok(())
    }

    /// Stops the roles so that nothing is lost: writers first, the lake seals, the last head goes north, the chain
    /// stops last.
    async fn close(&mut self, site: &mut Machine, seg01: &mut Machine) {
        self.step(
            Tone::Head,
            "Closing: the lake seals, the last head goes north",
        );
        for role in ["collect", "attest", "api"] {
            seg01.supervisor.stop(role);
        }
        self.live.stop();
        self.take_news();
        if let Some(audit) = self.audit.take() {
            audit.flush().await;
        }
        // The publisher empties the lake through the bus; lake and bus end and say so in the chain; only then goes
        // the last head north, which covers all of it.
        seg01.supervisor.drain("publish");
        if self.wait_end("publish").await.is_err() {
            self.step(
                Tone::Note,
                "the site does not take everything; the rest stays in the lake",
            );
        }
        for role in ["lake", "bus", "publish", "audit"] {
            seg01.supervisor.stop(role);
            self.take_news();
        }
        site.supervisor.stop("intake");
        self.take_news();
    }

    fn take_news(&mut self) {
        while let Ok(news) = self.news.try_recv() {
            let now = SystemClock::new(Floor::default(), 0).read().wall;
            let event = match news {
                News::Started { role, pid } => Event::new(EventKind::WorkloadStarted, now)
                    .with("role", role)
                    .with("pid", pid.to_string()),
                News::Ready { role } => {
                    self.screen.line(Tone::Good, &format!("{role} serves"));
                    self.ready.push(role);
                    continue;
                }
                News::Said { role, text } => {
                    self.said(&role, &text);
                    continue;
                }
                News::Issued { id } => {
                    Event::new(EventKind::SvidIssued, now).with("id", id.as_str())
                }
                News::Refused { id, reason } => {
                    self.screen
                        .line(Tone::Bad, &format!("no SVID for {id}: {reason}"));
                    Event::new(EventKind::SvidRefused, now)
                        .with("id", id.as_str())
                        .with("reason", reason)
                }
                News::Finished { role } => {
                    self.ended.push(role);
                    continue;
                }
                News::Ended { role, clean } => {
                    if !clean {
                        self.screen
                            .line(Tone::Note, &format!("{role} fell and is started again"));
                    }
                    let outcome = if clean { "finished" } else { "fell" };
                    let event =
                        Event::new(EventKind::WorkloadStopped, now).with("role", role.as_str());
                    self.ended.push(role);
                    event.with("outcome", outcome)
                }
            };
            if let Some(audit) = &self.audit {
                audit.submit(event);
            }
        }
    }

    fn said(&mut self, role: &str, text: &str) {
        let refused = text.starts_with("refused");
        let tone = match (role, refused) {
            ("notebook" | "laptop", false) => Tone::Good,
            ("notebook" | "laptop", true) => Tone::Bad,
            _ => Tone::Note,
        };
        let line = format!("{role}: {text}");
        self.screen.line(tone, &line);
        if matches!(role, "notebook" | "laptop") {
            self.told.consumers.push(line);
        }
    }
}

fn issuer(domain: &str) -> anyhow::Result<std::sync::Arc<Issuer>> {
    let now = SystemClock::new(Floor::default(), 1_000_000_000).read();
    Ok(std::sync::Arc::new(Issuer::create(
        domain.parse()?,
        SVID_LIFE_MAX_SECS,
        10,
        now,
    )?))
}

fn root(issuer: &Issuer) -> Root {
    Root {
        domain: issuer.domain().to_string(),
        der: issuer.root().to_vec().into(),
    }
}

/// A machine whose issuer asks the applied catalog before it gives anything.
fn machine(
    dir: BoxDir,
    issuer: std::sync::Arc<Issuer>,
    roots: &[Root],
    news: &mpsc::Sender<News>,
) -> anyhow::Result<Machine> {
    let settings = Settings::load(&dir)?;
    let (gate, authority) = (settings.catalog.clone(), std::sync::Arc::clone(&issuer));
    let issue = move |id: &SpiffeId, csr: &[u8]| {
        let now = SystemClock::new(Floor::default(), 1_000_000_000).read();
        authority
            .issue(csr, id, &gate, now)
            .map(|issued| issued.chain)
            .map_err(|error| error.to_string())
    };
    let supervisor = Supervisor::new(dir.clone(), roots.to_vec(), Box::new(issue), news.clone());
    Ok(Machine {
        dir,
        settings,
        supervisor,
        issuer,
        roots: roots.to_vec(),
    })
}

/// The only workload of a zone.
fn one(settings: &Settings, role: Zone) -> anyhow::Result<SpiffeId> {
    let mut ids = settings.workloads(role);
    anyhow::ensure!(
        ids.len() == 1,
        "the configuration has {} workloads with role {role}; one is needed",
        ids.len()
    );
    ids.pop().context("one workload")
}

/// A workload of this process: the supervisor and the console are parties like any other.
async fn in_process(machine: &Machine, role: Zone) -> anyhow::Result<Workload> {
    let id = one(&machine.settings, role)?;
    let (csr, key) = iia_identity::issue::request(&id)?;
    let now = SystemClock::new(Floor::default(), 1_000_000_000).read();
    let issued = machine
        .issuer
        .issue(&csr, &id, &machine.settings.catalog, now)?;
    Workload::in_process(id, &machine.dir, (issued.chain, key), &machine.roots)
}
