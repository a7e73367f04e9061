//! What the role hears by: an interface, and the engine of signatures that hears it too.

use iia_config::engine::SIGNATURES;

use super::engine::Engine;
use crate::role::collect::Tap;
use crate::terms::Settings;
use crate::workload::Begun;

/// Both.
pub(in crate::role) struct Ears {
    pub(super) tap: Tap,
    /// Nothing where the configuration names none that this workload runs.
    pub(super) engine: Option<Engine>,
}

impl Ears {
    /// Starts the engine that the configuration names, opens the interface that the arguments name, and gives up every right that
    /// a process can send with. To be called before there are threads.
    ///
    /// # Errors
    /// Those of [`Tap::take`], of the configuration and of the engine; no interface.
    pub(in crate::role) fn take(begun: &Begun) -> anyhow::Result<Self> {
        let dir = begun.dir();
        let settings = Settings::load(&dir)?;
        let is_mine = |engine: &&iia_config::engine::Engine| {
            engine.engine == SIGNATURES && engine.observer == begun.id()
        };
        let named = settings.engines.iter().find(is_mine);
        let [_, interface, _] = begun.args() else {
            anyhow::bail!("an interface is needed");
        };
        // Whoever has given up its rights starts nobody who needs them.
        let engine = named.map(|named| Engine::start(named, (&settings, &dir), interface));
        let engine = engine.transpose()?;
        let tap = Tap::take(begun.args())?;
        let tap = tap.ok_or_else(|| anyhow::anyhow!("an interface is needed"))?;
        Ok(Self { tap, engine })
    }
}
