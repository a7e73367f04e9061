//! The life of the IO master: its configuration, its tap, its identity, and then reading until it is told to stop.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use iia_attest::io::point::{SKEW_NS, agreed};
use iia_attest::io::{Point, Terms};
use iia_capture::live::confine::confine;
use iia_capture::live::packets::{Options, Source};
use iia_config::applied::{self, Applied};
use iia_config::io_master::IoMaster;
use iia_config::keys;
use iia_core::sign::{Signer as _, SoftwareKey};
use iia_core::time::{Clock as _, SystemClock};
use iia_link::party::Target;

use crate::Arguments;
use crate::chain::{Chain, Way};
use crate::identity::Begun;
use crate::tap::Reader;

/// The endpoint of whoever keeps the chain; under what it is told, and for what.
const KEEPER: &str = "audit";
const TO_AUDIT: &str = "iia.contract.internal.io_master_to_audit";
const SUBMIT_EVENT: &str = "SUBMIT_EVENT";
/// Largest error of a clock that nothing disciplines, in nanoseconds.
const CLOCK_ERROR_NS: u64 = 1_000_000_000;
/// How long the last statements may take.
const CLOSE_MAX: Duration = Duration::from_secs(5);

/// Runs until the supervisor says stop.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let begun = Begun::receive()?;
    let done = serve(arguments, &begun);
    let (source, key, applied, master) =
        done.inspect_err(|error| begun.say(&format!("{error:#}")))?;
    watch(begun, (source, key), (&applied, &master))
}

/// Everything that needs a right, and then no right is left. There are no threads yet.
fn serve(
    arguments: &Arguments,
    begun: &Begun,
) -> anyhow::Result<(Source, SoftwareKey, Applied, IoMaster)> {
    let key = keys::load(&arguments.key, &mut || None);
    let key = key.with_context(|| arguments.key.display().to_string())?;
    let applied = applied::load(Path::new(&begun.start.dir))?;
    let master = own(&applied, &begun.start.id)?;
    // IIA 8: nobody would believe what another key signs.
    anyhow::ensure!(
        master.key == Some(key.public_key()),
        "the artifact has another key of {} than {}",
        master.observer,
        arguments.key.display()
    );
    let name = &arguments.interface;
    let source = Source::open(name, &Options::default()).with_context(|| name.clone())?;
    // IIA 3 (passive): from here on this process can open no socket beneath the firewall, nor write to the one it has.
    confine(&[&source])?;
    Ok((source, key, applied, master))
}

fn own(applied: &Applied, id: &str) -> anyhow::Result<IoMaster> {
    let mut masters = applied.io_masters.iter();
    let own = masters.find(|master| master.observer.as_str() == id);
    own.cloned()
        .with_context(|| format!("no io_tolerance names {id}"))
}

/// What the artifact lets it read, and under which tolerance.
fn points(applied: &Applied, master: &IoMaster) -> Vec<Point> {
    let terms = Terms {
        ppm: master.tolerance_ppm,
        skew_ns: master.skew_ns.unwrap_or(SKEW_NS),
    };
    agreed(&applied.checked.catalog, &master.name, terms)
}

fn watch(
    begun: Begun,
    (source, key): (Source, SoftwareKey),
    (applied, master): (&Applied, &IoMaster),
) -> anyhow::Result<()> {
    let clock = SystemClock::new(applied.floor, CLOCK_ERROR_NS);
    let mut identity = begun.identify()?;
    let party = identity.party(Arc::new(applied.checked.catalog.clone()))?;
    let chain = Chain::default();
    let keeper = keeper(applied)?;
    let carrier = chain.carry(Way {
        party: Arc::clone(&party),
        key,
        keeper,
    });
    let mut reader = Reader::new(source, points(applied, master));
    tracing::info!(id = identity.id().as_str(), "io.watch");
    identity.ready();
    let now = || clock.read().wall;
    while !identity.turn(&clock.read(), &party)? {
        reader.turn(now, |statement| chain.push(statement))?;
    }
    reader.close(now(), &mut |statement| chain.push(statement));
    chain.close(CLOSE_MAX);
    drop(carrier);
    Ok(())
}

/// Who keeps the chain of this box, and where.
fn keeper(applied: &Applied) -> anyhow::Result<(SocketAddr, Target)> {
    let endpoint = applied.checked.endpoints.get(KEEPER);
    let endpoint = endpoint.with_context(|| format!("there is no endpoint {KEEPER}"))?;
    let target = Target {
        peer: endpoint.workload.clone(),
        contract: TO_AUDIT.into(),
        operation: SUBMIT_EVENT.into(),
    };
    Ok((endpoint.addr, target))
}
