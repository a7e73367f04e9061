//! Who is revoked on a box that runs: from the operators' signed text in the box's store to everybody who has to know.
//!
//! The store is looked at, whoever put the text in: the applier, or this process. Whoever listens first hears all that
//! came before; whom nobody can tell any more is left out.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use iia_config::revocation::Revoked as Listed;
use iia_config::stage::{StageError, Store};
use iia_core::SpiffeId;
use iia_identity::pipe::Whom;

use crate::boxdir::BoxDir;

/// How often the store is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

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
        let stamp = stamp(&store);
        revoked.add(store.revoked()?);
        let followed = Arc::downgrade(&revoked);
        thread::spawn(move || look(&store, &followed, stamp));
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
fn look(store: &Store, followed: &Weak<Revoked>, mut seen: Option<Stamp>) {
    while let Some(revoked) = followed.upgrade() {
        let now = stamp(store);
        if now != seen {
            match store.revoked() {
                Ok(listed) => {
                    revoked.add(listed);
                    seen = now;
                }
                Err(error) => tracing::error!(%error, "revoked.look"),
            }
        }
        drop(revoked);
        thread::sleep(LOOK_EVERY);
    }
}

/// Which file the record of the store is, and since when.
type Stamp = (u64, i64, i64);

fn stamp(store: &Store) -> Option<Stamp> {
    let about = fs::metadata(store.record()).ok()?;
    Some((about.ino(), about.mtime(), about.mtime_nsec()))
}
