//! Keys of the TPM that the supervisor lends to one role: it makes them, has them certified, and signs with them when the role
//! asks. The role has no way to the TPM, and the key does not leave it.

use std::collections::VecDeque;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use iia_core::SpiffeId;
use iia_identity::lent::LentKey;
use iia_identity::pipe::{self, Ask, Lent, Signed};

use crate::boxdir::BoxDir;

/// Keys of a role that still sign: the newest, and the one before it, for handshakes that began with it.
const KEYS_MAX: usize = 2;

/// Lends to one role.
#[derive(Clone, Default)]
pub(crate) struct Lender {
    keys: Arc<Mutex<Keys>>,
}

#[derive(Default)]
struct Keys {
    last: u64,
    lent: VecDeque<(u64, LentKey)>,
}

impl Lender {
    /// Signs for whoever is at the other end of this way, until it is gone.
    pub(crate) fn serve(&self, way: UnixStream) {
        let keys = Arc::clone(&self.keys);
        thread::spawn(move || {
            while let Ok(Some(ask)) = pipe::receive::<Ask>(&way) {
                let key = lock(&keys).get(ask.number);
                let signature = key.and_then(|key| key.sign_der(&ask.message));
                if pipe::send(&way, &Signed(signature.map(Into::into))).is_err() {
                    return;
                }
            }
        });
    }

    /// Makes a key, and a request for it.
    pub(crate) fn make(dir: &BoxDir, id: &SpiffeId) -> anyhow::Result<(Vec<u8>, LentKey)> {
        #[cfg(feature = "tpm")]
        return crate::keeper::tpm::request(dir, id);
        #[cfg(not(feature = "tpm"))]
        anyhow::bail!("{id} wants a key of the TPM of {dir:?}, and this program speaks to none")
    }

    /// Lends a key that was certified.
    pub(crate) fn lend(&self, key: LentKey) -> Lent {
        let mut keys = lock(&self.keys);
        keys.last += 1;
        let number = keys.last;
        let public = key.public().to_vec().into();
        keys.lent.push_back((number, key));
        if keys.lent.len() > KEYS_MAX {
            keys.lent.pop_front();
        }
        Lent { number, public }
    }
}

impl Keys {
    fn get(&self, number: u64) -> Option<LentKey> {
        let found = self.lent.iter().find(|(one, _)| *one == number);
        found.map(|(_, key)| key.clone())
    }
}

fn lock(keys: &Mutex<Keys>) -> MutexGuard<'_, Keys> {
    keys.lock().unwrap_or_else(PoisonError::into_inner)
}
