//! The demo's course: three boxes come to life, traffic runs, the plug is pulled once, three consumers ask.

mod hand;
mod revoked;
mod rise;

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use iia_capture::source::pcap::PcapSource;
use iia_core::SpiffeId;
use iia_core::code::Coded as _;
use iia_core::stream::Stream;
use iia_core::zone::Zone;

use super::change;
use super::{firewall, wire};
use crate::DemoArguments;
use crate::live::Live;
use crate::machine::{Inlet, Machine, Outfit, STEP};
use crate::operators::Operators;
use crate::role::attest::QUOTE_EVERY;
use crate::screen::{Screen, Tone};
use crate::secrets::Memory;
use crate::supervise::RoleSpec;

const PRESS_LINE: &[u8] = include_bytes!("../../../../examples/captures/press-line.pcap");

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
    /// The keys of the three logs to verify with, the topmost box's first.
    pub(crate) log_keys: Vec<String>,
    /// Whether the plug was pulled.
    pub(crate) killed: bool,
}

/// The three boxes.
struct Boxes {
    enterprise: Machine,
    site: Machine,
    seg01: Machine,
    /// Where the roles of seg01 get their secrets; goes after them.
    _memory: Option<Memory>,
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
    let mut boxes = stage.commission(arguments, dir)?;
    let played = stage.play(&mut boxes, (arguments, &capture)).await;
    stage.hear_all(&mut boxes);
    if played.is_err() {
        if boxes.seg01.serves("audit") {
            // Why it came to this end belongs into the chain.
            boxes.seg01.close_audit().await;
        }
        // From below, so that nobody waits for whoever is gone.
        for machine in [&mut boxes.seg01, &mut boxes.site, &mut boxes.enterprise] {
            machine.stop_all();
        }
    }
    played?;
    stage.close(&mut boxes).await;
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
    if let Some(interface) = &arguments.interface {
        wire::exists(interface)?;
    }
    for path in arguments.config.iter().chain(&arguments.config_above) {
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

    async fn play(
        &mut self,
        boxes: &mut Boxes,
        (arguments, capture): (&DemoArguments, &Path),
    ) -> anyhow::Result<()> {
        let [_, site_key, seg01_key] = self.log_keys()?;
        let above = |key| Outfit {
            below: vec![key],
            with_firewall: false,
            inlet: Inlet::Below,
            io_master: None,
            quote_every: QUOTE_EVERY,
        };
        self.start(&mut boxes.enterprise, &above(site_key)).await?;
        self.start(&mut boxes.site, &above(seg01_key)).await?;
        let inlet = match &arguments.interface {
            Some(interface) => Inlet::Watch(interface.clone(), arguments.seconds),
            None => Inlet::Replay(capture.to_owned(), arguments.speed),
        };
        let seg01 = Outfit {
            below: Vec::new(),
            with_firewall: firewall::is_inside(),
            inlet,
            io_master: arguments.io_master.clone(),
            quote_every: QUOTE_EVERY,
        };
        self.start(&mut boxes.seg01, &seg01).await?;
        self.watch(boxes, arguments).await?;
        if !self.interrupted {
            self.consumers(&mut boxes.site, &mut boxes.seg01).await?;
            self.revocation(boxes).await?;
            self.hand(boxes).await?;
            self.change(&boxes.site, &boxes.seg01).await?;
        }
        Ok(())
    }

    /// The keys of the three logs.
    fn log_keys(&self) -> anyhow::Result<[String; 3]> {
        let keys = self.told.log_keys.clone();
        keys.try_into()
            .map_err(|_| anyhow::anyhow!("three boxes have three logs"))
    }

    /// Shows what happens until the capture is at its end, and pulls the plug of the lake once.
    async fn watch(&mut self, boxes: &mut Boxes, arguments: &DemoArguments) -> anyhow::Result<()> {
        let name = Path::new(&self.told.capture).file_name();
        let name = name.and_then(|name| name.to_str()).unwrap_or_default();
        let heading = match &arguments.interface {
            Some(interface) => wire::heading(interface, arguments.seconds),
            None => heading(name, arguments.speed),
        };
        self.step(Tone::Head, &heading);
        let interrupt = tokio::signal::ctrl_c();
        tokio::pin!(interrupt);
        while !boxes.seg01.has_ended("collect") && !self.interrupted {
            self.hear_all(boxes);
            self.show();
            if !arguments.no_kill && !self.told.killed && self.live.exchanges() > KILL_AFTER {
                self.told.killed = true;
                let pid = boxes.seg01.kill("lake");
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
        self.settle(&mut boxes.seg01).await;
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

    fn hear_all(&mut self, boxes: &mut Boxes) {
        for machine in [&mut boxes.enterprise, &mut boxes.site, &mut boxes.seg01] {
            self.hear(machine);
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
                program: Vec::new(),
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
        let [.., log_key] = self.log_keys()?;
        change::tell(seg01, &operators, (self.screen, &log_key)).await
    }

    /// Stops the roles so that nothing is lost: writers first, the lake seals, the last head goes north, the chain
    /// stops last.
    async fn close(&mut self, boxes: &mut Boxes) {
        let seg01 = &mut boxes.seg01;
        self.step(
            Tone::Head,
            "Closing: the lake seals, the last head goes north",
        );
        seg01.stop(&["witness", "collect", "io_master", "attest", "api"]);
        self.settle(seg01).await;
        self.told.counts = self.live.counts();
        self.live.stop();
        seg01.close_audit().await;
        self.empty(&mut boxes.seg01).await;
        for machine in [&mut boxes.site, &mut boxes.enterprise] {
            // Whoever observes would go on telling the chain behind the last head.
            machine.stop(&["intake", "attest"]);
            machine.close_audit().await;
            self.empty(machine).await;
        }
        self.told.north = self.live.north();
        self.hear_all(boxes);
    }

    /// The publisher empties the lake through the bus; lake and bus end and say so in the chain; only then goes the last
    /// head north, which covers all of it.
    async fn empty(&mut self, machine: &mut Machine) {
        if !machine.workloads(Zone::ItPublish).is_empty() {
            machine.drain("publish");
            if machine.wait_end("publish").await.is_err() {
                let words = "the next box up does not take everything; the rest stays in the lake";
                self.step(Tone::Note, words);
            }
        }
        // The bus goes before the lake, which takes the last rows of its accounts.
        machine.stop(&["bus", "lake", "publish", "audit"]);
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
        program: Vec::new(),
        name,
        id,
        args,
        restart: false,
    }
}
