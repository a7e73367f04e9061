//! What the role hears by: the interface, the engine of signatures that hears it too, and the links of the box.

use std::collections::BTreeSet;

use anyhow::Context as _;
use iia_attest::network::links;
use iia_capture::live::confine::{SOURCES_MAX, confine};
use iia_capture::live::packets::{Options, Source};
use iia_config::engine;
use iia_config::render::SIGNATURE_ENGINE;
use iia_contract::topology::Topology;

use super::engine::Engine;
use crate::policy;
use crate::role::collect::Tap;
use crate::terms::Settings;
use crate::users;
use crate::workload::Begun;

/// Blocks of the ring of a link of the box.
const BLOCKS: u32 = 8;

/// All of them.
pub(in crate::role) struct Ears {
    pub(super) tap: Tap,
    /// Nothing where the configuration names none that this workload runs.
    pub(super) engine: Option<Engine>,
    /// The links of the box that are there, but for the one that is watched.
    pub(super) links: Vec<(String, Source)>,
}

impl Ears {
    /// Starts the engine that the configuration names, opens the interface that the arguments name and every link of the box, and
    /// becomes the role's own user, and gives up every right that a process can send with. To be called before there are threads.
    ///
    /// # Errors
    /// Those of [`Tap::open`], of the configuration and of the engine; no interface.
    pub(in crate::role) fn take(begun: &Begun) -> anyhow::Result<Self> {
        let dir = begun.dir();
        let settings = Settings::load(&dir)?;
        let is_mine = |engine: &&engine::Engine| {
            engine.engine == SIGNATURE_ENGINE && engine.observer == begun.id()
        };
        let named = settings.engines.iter().find(is_mine);
        let [_, interface, _] = begun.args() else {
            anyhow::bail!("an interface is needed");
        };
        // Whoever has given up its rights starts nobody who needs them.
        let engine = named.map(|named| Engine::start(named, (&settings, &dir), interface));
        let engine = engine.transpose()?;
        let tap = Tap::open(begun.args())?.context("an interface is needed")?;
        let there = there(&settings.topology, interface);
        anyhow::ensure!(
            there.len() < SOURCES_MAX,
            "{} links are more than one process hears",
            there.len()
        );
        let options = Options {
            blocks: BLOCKS,
            promiscuous: false,
            ..Options::default()
        };
        let open = |name: String| {
            let source = Source::open(&name, &options).with_context(|| name.clone())?;
            Ok((name, source))
        };
        let links = there
            .into_iter()
            .map(open)
            .collect::<anyhow::Result<Vec<_>>>()?;
        let mut sources = vec![&tap.source];
        sources.extend(links.iter().map(|(_, source)| source));
        users::become_own()?;
        confine(&sources)?;
        Ok(Self { tap, engine, links })
    }
}

/// The links of a box that are there now, but for one.
pub(super) fn there(topology: &Topology, but: &str) -> BTreeSet<String> {
    let links = links::of(topology);
    let all = policy::interfaces().into_iter();
    all.filter(|name| name != but && links.contains(name))
        .collect()
}
