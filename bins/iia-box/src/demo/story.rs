//! The demo's course: two boxes come to life, traffic runs, the plug is pulled once, three consumers ask.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use iia_audit::policy::Policy;
use iia_capture::source::pcap::PcapSource;
use iia_config::desk::DeskError;
use iia_core::SpiffeId;
use iia_core::code::Coded as _;
use iia_core::stream::Stream;
use iia_core::zone::Zone;

use super::change;
use super::live::Live;
use super::machine::{Machine, STEP, issuer, root};
use super::screen::{Screen, Tone};
use crate::DemoArguments;
use crate::boxdir::BoxDir;
use crate::commission::Commission;
use crate::operators::Operators;
use crate::pipe::Root;
use crate::supervise::RoleSpec;

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
/// Under what the collector speaks to the chain and to the lake.
const OF_COLLECT: [&str; 2] = [
    "iia.contract.internal.collect_to_audit",
    "iia.contract.internal.collect_to_lake",
];
/// Exchanges before the plug of the lake is pulled.
const KILL_AFTER: u64 = 300;
/// How long what was announced last may be on its way.
const SETTLE: Duration = Duration::from_millis(500);

/// What the ending needs to know.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The capture that was replayed.
    pub(crate) capture: String,
    /// The newest words of the publisher.
    pub(crate) north: String,
    /// What the consumers were told.
    pub(crate) consumers: Vec<String>,
    /// Packets, exchanges and violations that the collector counted.
    pub(crate) counts: (u64, u64, u64),
    /// The keys of the two logs, the box's and the site's, to verify with.
    pub(crate) log_keys: [String; 2],
    /// Whether the plug was pulled.
    pub(crate) killed: bool,
}

struct Stage<'a> {
    screen: &'a mut Screen,
    live: Live,
    told: Told,
    interrupted: bool,
}

/// Runs the demo from the first key to the last receipt.
pub(crate) async fn tell(
    arguments: &DemoArguments,
    dir: &Path,
    screen: &mut Screen,
) -> anyhow::Result<Told> {
    let capture = capture(arguments, dir)?;
    let told = Told {
        capture: capture.display().to_string(),
        ..Told::default()
    };
    let mut stage = Stage {
        screen,
        live: Live::default(),
        told,
        interrupted: false,
    };
    let (mut site, mut seg01) = stage.commission(arguments, dir)?;
    let played = stage
        .play(&mut site, &mut seg01, (arguments, &capture))
        .await;
    stage.hear(&mut site);
    stage.hear(&mut seg01);
    if played.is_err() && seg01.serves("audit") {
        // Why it came to this end belongs into the chain.
        seg01.close_audit().await;
    }
    played?;
    stage.close(&mut site, &mut seg01).await;
    Ok(stage.told)
}

/// Whether the user's own capture and configuration can be read at all, before anything is begun.
pub(crate) fn readable(arguments: &DemoArguments) -> anyhow::Result<()> {
    if let Some(path) = &arguments.pcap {
        let open = || -> anyhow::Result<()> {
            let source = PcapSource::open(BufReader::new(File::open(path)?));
            source.map_err(|error| anyhow::anyhow!("{}: {error}", error.code()))?;
            Ok(())
        };
        open().with_context(|| format!("open {}", path.display()))?;
    }
    if let Some(path) = &arguments.config {
        File::open(path).with_context(|| format!("open {}", path.display()))?;
    }
    Ok(())
}

/// The capture to replay: the user's own, or the bundled one.
fn capture(arguments: &DemoArguments, dir: &Path) -> anyhow::Result<PathBuf> {
    match &arguments.pcap {
        Some(path) => Ok(path.canonicalize()?),
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
    }

    /// Keys, logs, and each box's configuration from signed text to applied state.
    fn commission(
        &mut self,
        arguments: &DemoArguments,
        base: &Path,
    ) -> anyhow::Result<(Machine, Machine)> {
        let operators = Operators::create(&base.join("operators"))?;
        let (site, seg01) = (
            BoxDir::at(&base.join("site")),
            BoxDir::at(&base.join("seg01")),
        );
        let (site_log, site_witness) = Commission::keys(&site, "site")?;
        let (log, _) = Commission::keys(&seg01, "seg01")?;
        let mirror = crate::mirror::make_key(&site, "site")?;
        self.told.log_keys = [log.to_text(), site_log.to_text()];
        let text = match &arguments.config {
            Some(path) => {
                fs::read_to_string(path).with_context(|| format!("open {}", path.display()))?
            }
            None => BOX_TEXT.into(),
        };
        let site_words = "the site box, one level up";
        let box_words = "seg01, the box at the press line";
        for (name, domain, dir, log, text, words) in [
            (
                "site",
                "site.example",
                &site,
                site_log,
                SITE_TEXT,
                site_words,
            ),
            ("seg01", "iia.local", &seg01, log, &text, box_words),
        ] {
            self.step(Tone::Head, &format!("Configuration of {words}"));
            let policy = Policy {
                log,
                witnesses: vec![site_witness.clone()],
                quorum: 1,
                // Above the site box nobody is, so that its own records stay for ever.
                mirrors: if name == "site" {
                    Vec::new()
                } else {
                    vec![mirror.clone()]
                },
            };
            let commission = Commission {
                domain,
                dir,
                name,
                policy,
                escrow: super::escrow(base, name),
                operators: &operators,
            };
            self.configure(commission, text)?;
            crate::admit::release(dir)?;
        }
        let issuers = [issuer("site.example")?, issuer("iia.local")?];
        let roots: Vec<Root> = issuers.iter().map(|issuer| root(issuer)).collect();
        let [site_issuer, issuer] = issuers;
        let site = Machine::new(site, site_issuer, &roots)?;
        let seg01 = Machine::new(seg01, issuer, &roots)?;
        Ok((site, seg01))
    }

    fn configure(&mut self, commission: Commission<'_>, text: &str) -> anyhow::Result<()> {
        let mut steps = Vec::new();
        let outcome = commission.run(text, &mut |step| steps.push(step.to_owned()));
        steps.iter().for_each(|step| self.step(Tone::Good, step));
        if let Err(error) = &outcome
            && let Some(DeskError::Rejected(rejected)) = error.downcast_ref()
        {
            let shown = rejected
                .diagnostics
                .iter()
                .map(|found| found.render("artifact", text));
            shown.for_each(|words| self.screen.line(Tone::Bad, &words));
        }
        outcome
    }

    async fn play(
        &mut self,
        site: &mut Machine,
        seg01: &mut Machine,
        (arguments, capture): (&DemoArguments, &Path),
    ) -> anyhow::Result<()> {
        self.step(Tone::Head, "Roles, each a process with its own SVID");
        self.start_site(site).await?;
        self.start_box(seg01, (capture, arguments.speed)).await?;
        self.watch(site, seg01, arguments).await?;
        if !self.interrupted {
            self.consumers(site, seg01).await?;
            self.change(site, seg01).await?;
        }
        Ok(())
    }

    async fn start_site(&mut self, site: &mut Machine) -> anyhow::Result<()> {
        site.audit_to("intake", "iia.contract.internal.cfg_to_intake")
            .await?;
        let id = site.one(Zone::AcsCollect)?;
        let [child, _] = &self.told.log_keys;
        let args = vec![child.clone()];
        site.start(RoleSpec {
            role: "broker",
            name: "intake".into(),
            id,
            args,
            restart: true,
        })
        .await?;
        site.confirm().await?;
        self.hear(site);
        Ok(())
    }

    async fn start_box(
        &mut self,
        seg01: &mut Machine,
        (capture, speed): (&Path, f64),
    ) -> anyhow::Result<()> {
        seg01
            .audit_to("audit", "iia.contract.internal.cfg_to_audit")
            .await?;
        for (role, zone) in ROLES {
            let args = if role == "collect" {
                self.live.follow(seg01.in_process(Zone::MgmtUi).await?);
                vec![capture.display().to_string(), speed.to_string()]
            } else {
                Vec::new()
            };
            let id = seg01.one(zone)?;
            let spec = RoleSpec {
                role,
                name: role.into(),
                id,
                args,
                restart: true,
            };
            seg01.start(spec).await?;
            self.hear(seg01);
        }
        seg01.confirm().await?;
        self.hear(seg01);
        Ok(())
    }

    /// Shows what happens until the capture is at its end, and pulls the plug of the lake once.
    async fn watch(
        &mut self,
        site: &mut Machine,
        seg01: &mut Machine,
        arguments: &DemoArguments,
    ) -> anyhow::Result<()> {
        let name = Path::new(&self.told.capture).file_name();
        let name = name.and_then(|name| name.to_str()).unwrap_or_default();
        self.step(Tone::Head, &heading(name, arguments.speed));
        let interrupt = tokio::signal::ctrl_c();
        tokio::pin!(interrupt);
        while !seg01.has_ended("collect") && !self.interrupted {
            self.hear(site);
            self.hear(seg01);
            self.show();
            if !arguments.no_kill && !self.told.killed && self.live.exchanges() > KILL_AFTER {
                self.told.killed = true;
                let pid = seg01.kill("lake");
                let text = format!("the plug: lake (process {pid}) is killed while it writes");
                self.step(Tone::Note, &text);
            }
            tokio::select! {
                () = tokio::time::sleep(STEP) => {}
                _ = &mut interrupt => self.interrupted = true,
            }
        }
        if self.interrupted {
            self.step(
                Tone::Note,
                "interrupted: what is stored is kept, and the boxes close",
            );
        }
        self.settle(seg01).await;
        Ok(())
    }

    /// What was announced last is still on its way.
    async fn settle(&mut self, seg01: &mut Machine) {
        let started = std::time::Instant::now();
        while started.elapsed() < SETTLE {
            self.hear(seg01);
            self.show();
            tokio::time::sleep(STEP).await;
        }
    }

    /// What a machine has to say.
    fn hear(&mut self, machine: &mut Machine) {
        for heard in machine.heard() {
            self.screen.line(heard.tone, &heard.text);
            if matches!(
                heard.role.as_str(),
                "notebook" | "notebook_beyond" | "laptop" | "visitor"
            ) && heard.tone != Tone::Note
                && !heard.text.ends_with("serves")
            {
                self.told.consumers.push(heard.text);
            }
        }
    }

    /// What arrived from the bus since the last look.
    fn show(&mut self) {
        for (tone, text) in self.live.take() {
            self.screen.line(tone, &text);
        }
        let status = self.live.status();
        self.screen.status(&status);
    }

    /// A consumer with a contract asks and gets Arrow, but not what its contract leaves out; one whose contract this box
    /// does not know is refused; one that no contract knows does not even get an identity. And identities of
    /// telemetry in other hands do not get at the evidence.
    async fn consumers(&mut self, site: &mut Machine, seg01: &mut Machine) -> anyhow::Result<()> {
        self.step(Tone::Head, "Consumers at the query API");
        let (from, to) = self.live.span();
        let asks = |contract: &str, stream: &Stream| {
            let (from, to) = (from.to_string(), to.to_string());
            let args = [contract, stream.as_str(), &from, &to, "100000"];
            args.map(str::to_owned).to_vec()
        };
        let args = |contract: &str| asks(contract, &Stream::MODBUS);
        for id in site.workloads(Zone::MgmtUi) {
            let name = id.zone_workload().map_or("", |(_, name)| name).to_owned();
            let contract = match name.as_str() {
                "notebook" => "iia.contract.boundary.engineering.query",
                _ => "iia.contract.boundary.laptop.query",
            };
            if name == "notebook" {
                let asks = asks(contract, &Stream::AUTH);
                site.run(client("notebook_beyond".into(), id.clone(), asks))
                    .await?;
            }
            site.run(client(name, id, args(contract))).await?;
            self.hear(site);
        }
        let visitor = SpiffeId::workload(&"iia.local".parse()?, "ui", "visitor")?;
        seg01
            .run(client("visitor".into(), visitor, args("none")))
            .await?;
        self.impostors(seg01).await?;
        self.settle(seg01).await;
        Ok(())
    }

    /// The identities of the collector and of the publisher, in other hands, try whatever leads to the evidence.
    async fn impostors(&mut self, seg01: &mut Machine) -> anyhow::Result<()> {
        for (name, zone, args) in [
            ("impostor", Zone::AcsCollect, &OF_COLLECT[..]),
            ("impostor_north", Zone::ItPublish, &[]),
        ] {
            let spec = RoleSpec {
                role: "impostor",
                name: name.into(),
                id: seg01.one(zone)?,
                args: args.iter().map(|arg| (*arg).to_owned()).collect(),
                restart: false,
            };
            seg01.run(spec).await?;
            self.hear(seg01);
        }
        Ok(())
    }

    /// The box's configuration changes while it runs.
    async fn change(&mut self, site: &Machine, seg01: &Machine) -> anyhow::Result<()> {
        let top = site.dir().path().parent().context("the demo's directory")?;
        let operators = Operators::at(&top.join("operators"));
        let [log_key, _] = &self.told.log_keys;
        change::tell(seg01, &operators, (self.screen, log_key)).await
    }

    /// Stops the roles so that nothing is lost: writers first, the lake seals, the last head goes north, the chain
    /// stops last.
    async fn close(&mut self, site: &mut Machine, seg01: &mut Machine) {
        self.step(
            Tone::Head,
            "Closing: the lake seals, the last head goes north",
        );
        seg01.stop(&["collect", "attest", "api"]);
        self.settle(seg01).await;
        self.told.counts = self.live.counts();
        self.live.stop();
        seg01.close_audit().await;
        // The publisher empties the lake through the bus; lake and bus end and say so in the chain; only then goes
        // the last head north, which covers all of it.
        seg01.drain("publish");
        if seg01.wait_end("publish").await.is_err() {
            let words = "the site does not take everything; the rest stays in the lake";
            self.step(Tone::Note, words);
        }
        // The bus goes before the lake, which takes the last rows of its accounts.
        seg01.stop(&["bus", "lake", "publish", "audit"]);
        site.close_audit().await;
        site.stop(&["intake"]);
        self.told.north = self.live.north();
        self.hear(seg01);
        self.hear(site);
    }
}

fn heading(name: &str, speed: f64) -> String {
    if speed > 0.0 {
        format!("Traffic: {name}, {speed} times as fast as it was")
    } else {
        format!("Traffic: {name}, as fast as this machine can")
    }
}

/// A consumer, which asks once and ends.
fn client(name: String, id: SpiffeId, args: Vec<String>) -> RoleSpec {
    RoleSpec {
        role: "client",
        name,
        id,
        args,
        restart: false,
    }
}
