//! Which roles a box has: those that its configuration has workloads for.

use std::path::PathBuf;

use iia_capture::live::passive::Interface;
use iia_contract::topology::InterfaceKind;
use iia_core::SpiffeId;
use iia_core::zone::Zone;

use super::Machine;
use crate::passive;
use crate::role::INTERFACE;
use crate::role::attest::{QUOTES, SEES, WITH_FIREWALL, WITNESSED};
use crate::supervise::RoleSpec;

/// Roles in the order in which they start, but for what takes data in, which comes last.
const ROLES: [(&str, Zone); 6] = [
    ("audit", Zone::DmzAudit),
    ("lake", Zone::AcsLake),
    ("bus", Zone::DmzBus),
    ("attest", Zone::DmzAttest),
    ("publish", Zone::ItPublish),
    ("api", Zone::ItApi),
];
/// All of them in the order in which they stop: each before those that it needs.
const STOPPING: [&str; 10] = [
    "witness",
    "collect",
    "intake",
    "io_master",
    "api",
    "attest",
    "publish",
    "bus",
    "lake",
    "audit",
];

/// What takes data in.
#[derive(Clone, Debug)]
pub(crate) enum Inlet {
    /// A capture, this many times as fast as it was.
    Replay(PathBuf, f64),
    /// An interface that becomes passive, for so many seconds; 0 until the box stops.
    Watch(Interface, u64),
    /// The interface that the configuration observes, until the box stops.
    Observe,
    /// What boxes below hand up.
    Below,
}

/// What roles are told beside their configuration.
#[derive(Clone, Debug)]
pub(crate) struct Outfit {
    /// The keys of the logs of the boxes below.
    pub(crate) below: Vec<String>,
    /// Whether the kernel's firewall is the box's own, and watched.
    pub(crate) with_firewall: bool,
    /// What takes data in.
    pub(crate) inlet: Inlet,
    /// The IO master's command, word by word; another program.
    pub(crate) io_master: Option<String>,
    /// How many seconds lie between two quotes of the machine's TPM.
    pub(crate) quote_every: u64,
}

impl Machine {
    /// The roles to start, in this order.
    pub(crate) fn roles(&self, outfit: &Outfit) -> anyhow::Result<Vec<RoleSpec>> {
        let mut all = Vec::new();
        let (inlet, inlet_args) = self.inlet(&outfit.inlet)?;
        let hears = inlet_args.first().is_some_and(|kind| kind == INTERFACE);
        let witnessed = hears && !self.workloads(Zone::AcsWitness).is_empty();
        for (role, zone) in ROLES {
            if !self.workloads(zone).is_empty() {
                let args = match role {
                    "audit" => outfit.below.clone(),
                    "attest" => observes((outfit, witnessed), &inlet_args),
                    _ => Vec::new(),
                };
                all.push(spec(role, self.one(zone)?, args));
            }
        }
        if witnessed {
            let args = inlet_args.clone();
            all.push(spec("witness", self.one(Zone::AcsWitness)?, args));
        }
        all.push(spec(inlet, self.one(Zone::AcsCollect)?, inlet_args));
        if let Some(command) = &outfit.io_master {
            let mut io_master = spec("io_master", self.one(Zone::AcsIoMaster)?, Vec::new());
            io_master.program = command.split_whitespace().map(str::to_owned).collect();
            all.push(io_master);
        }
        Ok(all)
    }

    /// What takes data in, and what it is told; an interface becomes passive now.
    fn inlet(&self, inlet: &Inlet) -> anyhow::Result<(&'static str, Vec<String>)> {
        Ok(match inlet {
            Inlet::Replay(path, speed) => (
                "collect",
                vec![path.display().to_string(), speed.to_string()],
            ),
            Inlet::Watch(interface, seconds) => ("collect", passive::take(interface, *seconds)?),
            Inlet::Observe => ("collect", passive::take(&self.observed()?, 0)?),
            Inlet::Below => ("intake", Vec::new()),
        })
    }

    /// The only interface that the configuration observes.
    fn observed(&self) -> anyhow::Result<Interface> {
        let all = self
            .settings
            .topology
            .interfaces_of(InterfaceKind::Observation);
        let all: Vec<&str> = all.collect();
        let [name] = all.as_slice() else {
            anyhow::bail!(
                "the configuration observes {} interfaces; a box has one",
                all.len()
            );
        };
        name.parse()
            .map_err(|error| anyhow::anyhow!("{name}: {error}"))
    }

    /// Stops every role, each before those that it needs.
    pub(crate) fn stop_all(&mut self) {
        self.stop(&STOPPING);
    }
}

/// What the observer looks at beside files: the firewall, the interface that the inlet hears, and what a witness says of it.
fn observes((outfit, witnessed): (&Outfit, bool), inlet: &[String]) -> Vec<String> {
    let firewall = outfit.with_firewall.then(|| WITH_FIREWALL.to_owned());
    let witness = witnessed.then(|| WITNESSED.to_owned());
    let quotes = format!("{QUOTES}{}", outfit.quote_every);
    let sees = match inlet {
        [kind, name, _] if kind == INTERFACE => Some(format!("{SEES}{name}")),
        _ => None,
    };
    let all = firewall.into_iter().chain(witness).chain(sees);
    all.chain([quotes]).collect()
}

fn spec(role: &'static str, id: SpiffeId, args: Vec<String>) -> RoleSpec {
    RoleSpec {
        role,
        program: Vec::new(),
        name: role.into(),
        id,
        args,
        restart: true,
    }
}
