//! The agent's life: reads what is applied, serves, and follows every change of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use iia_config::applied::{self, Applied};
use iia_core::code::Coded as _;
use iia_core::digest::Digest;
use iia_core::time::{Clock as _, SystemClock};
use iia_identity::workload::{Source, Terms};
use iia_identity::workload_api::{Api, LinuxAttestor, News, bind, serve};
use tokio::signal::unix::{SignalKind, signal};

use crate::{Arguments, authority, terms};

/// Largest error of a clock that nothing disciplines, in nanoseconds.
const CLOCK_ERROR_NS: u64 = 1_000_000_000;
/// How soon a change of what is applied is seen.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Serves until it is told to stop.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let dir = arguments.dir.as_path();
    let seen = applied::digest(dir)?;
    let applied = applied::load(dir).with_context(|| dir.display().to_string())?;
    let domain = applied.checked.trust_domain.clone();
    let clock = SystemClock::new(applied.floor, CLOCK_ERROR_NS);
    let made = (arguments.svid_life, clock.read());
    let (issuer, jwt) = authority::open(dir, &domain, made)?;
    let source = Source::new(issuer, Some(jwt), in_words(&applied)?)?;
    let api = Api::new(source, LinuxAttestor::default(), clock, Arc::new(tell));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let socket = &arguments.socket;
        let listener = bind(socket).with_context(|| socket.display().to_string())?;
        let (mut end, mut interrupt) = (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        );
        tracing::info!("{domain} serves at unix:{}", socket.display());
        tokio::select! {
            () = serve(api.clone(), listener, std::future::pending()) => {}
            () = follow(&api, dir, seen) => {}
            _ = end.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("ends");
        Ok(std::fs::remove_file(socket)?)
    })
}

/// Follows what is applied; what cannot be believed takes every identity away until something else is applied.
async fn follow(api: &Api, dir: &Path, mut seen: Option<Digest>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = applied::digest(dir).unwrap_or_default();
        if now == seen {
            continue;
        }
        let next = applied::load(dir).map_err(anyhow::Error::from);
        let next = next.and_then(|applied| in_words(&applied));
        let next = next.unwrap_or_else(|error| {
            tracing::error!("nobody gets an identity: {error:#}");
            terms::none()
        });
        match api.replace(next) {
            Ok(()) => seen = now,
            Err(error) => tracing::error!("{} {error}", error.code()),
        }
    }
}

/// The terms of a configuration; whom they leave out goes to the log.
fn in_words(applied: &Applied) -> anyhow::Result<Terms> {
    let (terms, notes) = terms::of(applied)?;
    let (name, version) = (&applied.checked.name, &applied.checked.version);
    tracing::info!("{} follows {name} {version}", applied.box_name);
    for note in notes {
        tracing::warn!("{note}");
    }
    Ok(terms)
}

fn tell(news: &News<'_>) {
    match news {
        News::Issued { .. } => tracing::info!("{news}"),
        _ => tracing::warn!("{news}"),
    }
}
