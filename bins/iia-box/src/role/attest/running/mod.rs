//! What runs on this box against the artifact that is applied: read from kernel, disk and chain as it is, on a cadence.

mod files;
mod kernel;

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use iia_attest::config::{
    Agreed, ArtifactError, Config, Element, Kind, Reference, Running, Seen, running,
};
use iia_audit::verify::Follow;
use iia_config::stage::{Phase, Slot, State as Desk, Store};
use iia_config::trust::Class;
use iia_contract::topology::Topology;
use iia_core::digest::Digest;
use iia_core::event::{Event, EventKind};
use iia_core::stream::Stream;
use tokio::sync::mpsc;

pub(super) use self::kernel::plays;
use super::WITH_FIREWALL;
use super::listens::Listens;
use super::senses::{Heard, Sense};
use crate::boxdir::BoxDir;
use crate::workload::Workload;

/// How often everything is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long the first look waits for roles that do not serve.
const BEGIN_MAX: Duration = Duration::from_secs(60);
/// What a box without a network of its own cannot be asked about: the rest of the machine is not its concern.
const OF_THE_NETWORK: [Kind; 4] = [Kind::Rule, Kind::Kernel, Kind::Listener, Kind::Route];

/// The observer of the configuration.
pub(super) fn sense(workload: &Workload) -> Box<dyn Sense> {
    let (_, name) = workload.place();
    let takes = |heard: &Heard| match heard {
        Heard::Running(seen) => Some(seen.clone()),
        _ => None,
    };
    Listens::on(Stream::ATTEST_CONFIG, Config::new(Agreed::of(name)), takes)
}

/// Whoever looks.
pub(super) struct Looks {
    dir: BoxDir,
    place: String,
    topology: Topology,
    has_network: bool,
    chain: Option<Follow>,
    /// The newest record of each gated call.
    calls: BTreeMap<String, Event>,
    /// The artifact that the observer was told of.
    applied: Option<Digest>,
    /// What comes and goes, as the look before found it.
    before: Option<BTreeMap<Element, Running>>,
    began: Instant,
}

impl Looks {
    pub(super) fn new(workload: &Workload) -> Self {
        let dir = workload.dir().clone();
        let place = dir.path().file_name().unwrap_or_default();
        Self {
            place: place.to_string_lossy().into_owned(),
            dir,
            topology: workload.topology().clone(),
            has_network: workload.args().iter().any(|arg| arg == WITH_FIREWALL),
            chain: None,
            calls: BTreeMap::new(),
            applied: None,
            before: None,
            began: Instant::now(),
        }
    }

    /// Looks again and again, until nobody listens.
    pub(super) fn follow(mut self, heard: mpsc::Sender<Heard>) {
        thread::spawn(move || {
            while !heard.is_closed() {
                if let Some(seen) = self.look()
                    && heard.blocking_send(Heard::Running(seen)).is_err()
                {
                    return;
                }
                thread::sleep(LOOK_EVERY);
            }
        });
    }

    /// Everything once; nothing while a change is under way, whose own observer answers for it until it is settled.
    fn look(&mut self) -> Option<Vec<Seen>> {
        if !self.may_begin() {
            return None;
        }
        let before = self.settled()?;
        let mut seen = Vec::new();
        let applied = self.applied(before);
        seen.extend(applied.clone());
        seen.push(Seen::Look);
        let mut unseen = Vec::new();
        seen.extend(self.running(&mut unseen).into_iter().map(Seen::Running));
        seen.push(Seen::Looked(unseen));
        if self.settled() != Some(before) {
            return None;
        }
        if let Some(Seen::Applied(Ok(reference))) = applied {
            self.applied = reference.digest;
        }
        Some(seen)
    }

    /// The first look takes what it finds for the whole, so that it waits until the roles of the box serve; not for ever, since
    /// one that never does is to be told.
    fn may_begin(&self) -> bool {
        self.applied.is_some() || self.dir.serving().exists() || self.began.elapsed() > BEGIN_MAX
    }

    /// Which artifact is applied, where nothing is under way.
    fn settled(&self) -> Option<Digest> {
        let state = Store::at(self.dir.path()).load().ok()??;
        let is_at_rest = matches!(state.phase(), Phase::Rest);
        let applied = |state: &Desk| state.applied().map(|kept| kept.digest());
        applied(&state).filter(|_| is_at_rest)
    }

    /// The artifact, where the observer does not know it, or where it is not what it was any more.
    fn applied(&self, digest: Digest) -> Option<Seen> {
        let store = Store::at(self.dir.path());
        let read = || -> Option<Result<Reference, ArtifactError>> {
            let bytes = store.get(Class::Config, Slot::Applied).ok()??;
            if self.applied == Some(digest) {
                return None;
            }
            let trust = store.trust().ok()??;
            let keys = trust
                .keys()
                .filter(|key| key.classes.contains(&Class::Config));
            let keys: Vec<_> = keys.map(|key| key.public).collect();
            let need = trust.rule(Class::Config).threshold;
            Some(Reference::open(&bytes, &keys, need))
        };
        match store.get(Class::Config, Slot::Applied) {
            Ok(Some(_)) => read().map(Seen::Applied),
            _ => Some(Seen::Applied(Err(ArtifactError::Envelope))),
        }
    }

    fn running(&mut self, unseen: &mut Vec<Kind>) -> Vec<Running> {
        let found = files::look(&self.dir);
        let mut all = self.calls(&found.states);
        all.extend(found.running);
        let mut passing = kernel::processes(&self.place);
        if self.has_network {
            passing.extend(kernel::listeners(&self.topology));
            all.extend(kernel::settings());
            match kernel::firewall() {
                Some(rules) => all.extend(rules),
                None => unseen.push(Kind::Rule),
            }
            match kernel::routes() {
                Some(routes) => all.extend(routes),
                None => unseen.push(Kind::Route),
            }
        } else {
            unseen.extend(OF_THE_NETWORK);
        }
        all.extend(self.lasting(passing));
        all
    }

    /// Of what comes and goes, that which was there before too, or still is: a role that falls is back before the next look, and a
    /// question that is asked once is no process of the box.
    fn lasting(&mut self, passing: Vec<Running>) -> Vec<Running> {
        let named = passing.into_iter().map(|one| (one.element.clone(), one));
        let now: BTreeMap<Element, Running> = named.collect();
        let Some(before) = self.before.replace(now.clone()) else {
            return now.into_values().collect();
        };
        let both = now
            .iter()
            .filter(|(element, _)| before.contains_key(element));
        let gone = before
            .iter()
            .filter(|(element, _)| !now.contains_key(element));
        both.chain(gone).map(|(_, one)| one.clone()).collect()
    }

    /// The newest record of each gated call against the state that it governs.
    fn calls(&mut self, states: &BTreeMap<&str, Vec<Digest>>) -> Vec<Running> {
        self.read_chain();
        let calls = self.calls.iter().filter_map(|(name, event)| {
            let after = event.field("after").unwrap_or_default();
            let now = states.get(name.as_str()).and_then(|digests| {
                let made = digests.iter().find(|digest| digest.to_string() == after);
                made.or(digests.first()).copied()
            });
            running::call(event, now)
        });
        calls.collect()
    }

    /// What has come since; a chain that cannot be read is told by others.
    fn read_chain(&mut self) {
        if self.chain.is_none() {
            self.chain = Follow::open(&self.dir.audit()).ok();
        }
        let Some(chain) = &mut self.chain else {
            return;
        };
        let calls = &mut self.calls;
        let read = chain.read(|record| {
            let event = record.body.event;
            if event.kind == EventKind::GatedCall
                && let Some(call) = event.field("call").map(str::to_owned)
            {
                calls.insert(call, event);
            }
        });
        if read.is_err() {
            chain.restart();
        }
    }
}
