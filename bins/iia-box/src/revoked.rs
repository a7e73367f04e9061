//! Who is revoked on a box that runs: from the operators' signed text in the box's store to everybody who has to know.
//!
//! The store is looked at whenever the kernel says that something came into it, whoever put the text in: the applier, or
//! this process; and once a second in any case. Whoever listens first hears all that came before; whom nobody can tell any
//! more is left out.

use std::collections::BTreeSet;
use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use iia_config::revocation::Revoked as Listed;
use iia_config::stage::{StageError, Store};
use iia_core::SpiffeId;
use iia_identity::pipe::Whom;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};

use crate::boxdir::BoxDir;

/// How often the store is looked at, whatever the kernel says of it.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often where the kernel says nothing: it has no more watches to give.
const LOOK_EVERY_BLIND: Duration = Duration::from_millis(10);
/// Room for what the kernel says at once; what finds none comes with the next reading.
const SAID_LEN_MAX: usize = 4096;

/// Tells somebody of one; `false` when nobody is there any more.
type Tell = dyn Fn(&Whom) -> bool + Send;

/// Who is revoked, and who hears of it.
#[derive(Default)]
pub(crate) struct Revoked(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    all: BTreeSet<Whom>,
    listeners: Vec<Box<Tell>>,
}

impl Revoked {
    /// Those of a box, and from now on whoever comes to them.
    pub(crate) fn follow(dir: &BoxDir) -> Result<Arc<Self>, StageError> {
        let store = Store::at(dir.path());
        let revoked = Arc::new(Self::default());
        // Before the first look, so that nothing comes between.
        let watch = Watch::of(&store);
        let stamp = stamp(&store);
        revoked.add(store.revoked()?);
        let followed = Arc::downgrade(&revoked);
        thread::spawn(move || look((&store, &watch), &followed, stamp));
        Ok(revoked)
    }

    /// Whether an identity is revoked.
    pub(crate) fn has(&self, id: &SpiffeId) -> bool {
        let whom = Whom::Identity(id.to_string());
        self.with(|inner| inner.all.contains(&whom))
    }

    /// Tells somebody of everybody so far.
    pub(crate) fn tell(&self, tell: impl Fn(&Whom)) {
        self.with(|inner| inner.all.iter().for_each(tell));
    }

    /// Tells somebody of everybody so far, and of everybody to come.
    pub(crate) fn listen(&self, tell: impl Fn(&Whom) -> bool + Send + 'static) {
        self.with(|inner| {
            if inner.all.iter().all(&tell) {
                inner.listeners.push(Box::new(tell));
            }
        });
    }

    fn add(&self, listed: Listed) {
        let identities = listed.identities.iter().map(SpiffeId::to_string);
        let all = identities.map(Whom::Identity);
        let all = all.chain(listed.serials.into_iter().map(Whom::Certificate));
        self.with(|inner| {
            for whom in all {
                if inner.all.insert(whom.clone()) {
                    inner.listeners.retain(|tell| tell(&whom));
                }
            }
        });
    }

    fn with<T>(&self, does: impl FnOnce(&mut Inner) -> T) -> T {
        does(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Looks as long as somebody wants to know. What cannot be read is looked at again; who is revoked stays revoked.
fn look((store, watch): (&Store, &Watch), followed: &Weak<Revoked>, mut seen: Option<Stamp>) {
    while let Some(revoked) = followed.upgrade() {
        let now = stamp(store);
        let mut wait = watch.every();
        if now != seen {
            match store.revoked() {
                Ok(listed) => {
                    revoked.add(listed);
                    seen = now;
                }
                Err(error) => {
                    tracing::error!(%error, "revoked.look");
                    wait = LOOK_EVERY_BLIND;
                }
            }
        }
        drop(revoked);
        watch.wait(wait);
    }
}

/// What the kernel says of the directory of the store's record; nothing where it has no watch to give.
struct Watch(Option<OwnedFd>);

impl Watch {
    fn of(store: &Store) -> Self {
        let record = store.record();
        let dir = record.parent().unwrap_or(Path::new("."));
        let watched = || -> rustix::io::Result<OwnedFd> {
            let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            // The record is written beside and put into its place.
            let flags = WatchFlags::MOVED_TO | WatchFlags::CLOSE_WRITE | WatchFlags::ONLYDIR;
            inotify::add_watch(&watch, dir, flags)?;
            Ok(watch)
        };
        match watched() {
            Ok(watch) => Self(Some(watch)),
            Err(error) => {
                tracing::warn!(%error, "revoked.watch");
                Self(None)
            }
        }
    }

    const fn every(&self) -> Duration {
        match self.0 {
            Some(_) => LOOK_EVERY,
            None => LOOK_EVERY_BLIND,
        }
    }

    /// Waits until something came, or so long. What is not the record came for nothing.
    fn wait(&self, at_most: Duration) {
        let Some(watch) = &self.0 else {
            thread::sleep(at_most);
            return;
        };
        let limit = Timespec::try_from(at_most).ok();
        let mut asked = [PollFd::new(watch, PollFlags::IN)];
        match poll(&mut asked, limit.as_ref()) {
            Ok(0) => {}
            Ok(_) => {
                let mut room = [MaybeUninit::uninit(); SAID_LEN_MAX];
                let mut said = Reader::new(watch, &mut room);
                while said.next().is_ok() {}
            }
            // A signal, or a watch that fails: no worse than without one.
            Err(_) => thread::sleep(LOOK_EVERY_BLIND),
        }
    }
}

/// Which file the record of the store is, and since when.
type Stamp = (u64, i64, i64);

fn stamp(store: &Store) -> Option<Stamp> {
    let about = fs::metadata(store.record()).ok()?;
    Some((about.ino(), about.mtime(), about.mtime_nsec()))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Instant;

    use iia_config::desk::{Desk, Site};
    use iia_core::time::Clock as _;

    use super::*;
    use crate::operators::Operators;
    use crate::workload::clock;
    use crate::{commission, observe};

    const NAME: &str = "seg01";

    /// Sooner than a look would have it that comes once a second, time after time.
    const SOON: Duration = Duration::from_millis(300);

    #[test]
    fn whoever_is_revoked_is_heard_of_when_the_text_comes_and_not_when_it_is_looked_for() {
        let place = tempfile::tempdir().unwrap();
        let dir = BoxDir::at(&place.path().join("box"));
        dir.create().unwrap();
        observe::make_key(&dir).unwrap();
        let operators = Operators::create(&place.path().join("operators")).unwrap();
        let trust = operators
            .trust(&observe::public_key(&dir).unwrap())
            .unwrap();
        let (box_name, trial_ns) = (NAME.into(), 1);
        let site = Site { box_name, trial_ns };
        let store = Store::at(dir.path());
        drop(Desk::begin(store, site, trust.as_bytes(), clock().read()).unwrap());

        let revoked = Revoked::follow(&dir).unwrap();
        let (heard, hears) = mpsc::channel();
        revoked.listen(move |whom| heard.send(whom.clone()).is_ok());
        for number in 0..6 {
            let id: SpiffeId = format!("spiffe://iia.local/zone/ui/workload/w{number}")
                .parse()
                .unwrap();
            let signed = operators.revoke(&id, clock().read().wall).unwrap();
            // Between two looks, wherever they fall.
            thread::sleep(Duration::from_millis(130));
            let began = Instant::now();
            commission::revoke(&dir, NAME, &signed).unwrap();
            let whom = hears.recv_timeout(SOON).unwrap();
            assert_eq!(whom, Whom::Identity(id.to_string()));
            assert!(began.elapsed() < SOON);
            assert!(revoked.has(&id));
        }
    }

    #[test]
    fn what_came_before_and_what_comes_where_there_is_no_watch_is_heard_of_as_well() {
        let place = tempfile::tempdir().unwrap();
        let nowhere = Store::at(&place.path().join("nowhere"));
        let blind = Watch::of(&nowhere);
        assert!(blind.0.is_none());
        assert_eq!(blind.every(), LOOK_EVERY_BLIND);
        let began = Instant::now();
        blind.wait(LOOK_EVERY_BLIND);
        assert!(began.elapsed() >= LOOK_EVERY_BLIND);
    }
}
