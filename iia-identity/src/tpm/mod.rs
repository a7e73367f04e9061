//! A TPM 2.0: keys made in it that never leave it, quotes, challenges, sealed secrets.
//!
//! One thread speaks to the TPM, since its library is for one thread; [`Tpm`] is a handle that may be cloned and sent.
//! Nothing stays loaded between two calls but the storage key, which is persistent: a TPM has room for three objects.

mod apart;
mod attest;
mod blob;
mod key;
mod seal;
mod seldom;
mod template;

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use tss_esapi::handles::{KeyHandle, ObjectHandle, PersistentTpmHandle, TpmHandle};
use tss_esapi::interface_types::dynamic_handles::Persistent;
use tss_esapi::interface_types::resource_handles::{Hierarchy, Provision};
use tss_esapi::interface_types::session_handles::AuthSession;
use tss_esapi::structures::{Private, Public};
use tss_esapi::{Context, TctiNameConf};

pub use apart::{LOST_MAX, apart};
pub use attest::{Challenge, Quoted};
pub use blob::{BLOB_LEN_MAX, KeyBlob};
pub use key::TpmKey;
pub use seal::SECRET_LEN_MAX;

use self::apart::Held;
pub use crate::tpm_error::HardwareError;

/// Calls that may wait for the TPM; one more is refused.
pub const WAITING_MAX: usize = 64;
/// Where the storage key is kept (TCG provisioning guidance: the first SRK).
const STORAGE: u32 = 0x8100_0001;

/// How long a TPM has to answer; some take half a minute to make an RSA key.
pub const ANSWER_MAX: Duration = Duration::from_secs(90);

type Work = Box<dyn FnOnce(&mut Context) + Send>;

/// A handle of the TPM; when the last is dropped, its connection closes.
#[derive(Clone, Debug)]
pub struct Tpm {
    work: SyncSender<Work>,
    patience: Duration,
    held: Weak<Held>,
    ended: Arc<Mutex<Receiver<Never>>>,
}

/// What the thread of a TPM never says: only that it is gone.
#[derive(Debug)]
enum Never {}

impl Tpm {
    /// Opens the TPM at a TCTI address, such as `device:/dev/tpmrm0`, and makes sure that its storage key is there.
    ///
    /// # Errors
    /// [`HardwareError::BadAddress`], [`HardwareError::Tpm`] when nothing answers, [`HardwareError::Busy`] when nothing did so
    /// often that threads wait for it still.
    pub fn open(address: &str) -> Result<Self, HardwareError> {
        Self::open_within(address, ANSWER_MAX)
    }

    /// As [`Self::open`], where no call waits longer than `patience`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_within(address: &str, patience: Duration) -> Result<Self, HardwareError> {
        // The library reads a path as nothing and connects to this machine.
        if address.starts_with("swtpm:") && address.contains("path=") {
            let what = "a software TPM is reached by host and port, not by path";
            return Err(HardwareError::BadAddress { what });
        }
        let address: TctiNameConf = address.parse().map_err(|_| HardwareError::BadAddress {
            what: "not one of the TPM library",
        })?;
        let (work, queue) = sync_channel::<Work>(WAITING_MAX);
        let (ready, opened) = sync_channel(1);
        let (ends, ended) = sync_channel::<Never>(1);
        let held = Held::take()?;
        let tpm = Self {
            work,
            patience,
            held: Arc::downgrade(&held),
            ended: Arc::new(Mutex::new(ended)),
        };
        thread::Builder::new()
            .name("tpm".into())
            .spawn(move || {
                let _ends = ends;
                serve(address, &ready, &queue);
                drop(held);
            })
            .map_err(|_| HardwareError::Internal { what: "a thread" })?;
        tpm.answer(&opened)?;
        Ok(tpm)
    }

    /// What comes back, or that nothing does.
    fn answer<T>(&self, answered: &Receiver<Result<T, HardwareError>>) -> Result<T, HardwareError> {
        answered
            .recv_timeout(self.patience)
            .unwrap_or_else(|error| {
                self.held.upgrade().iter().for_each(|held| held.lose());
                silent(error)
            })
    }

    /// Closes the connection and waits until it is closed, for a TPM that serves one connection. To be called on the last handle.
    pub fn close(self) {
        let Self {
            work,
            patience,
            ended,
            ..
        } = self;
        drop(work);
        let ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
        let _silent = ended.recv_timeout(patience);
    }

    /// Runs `call` on the TPM's thread and waits for it.
    fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Context) -> Result<T, HardwareError> + Send + 'static,
    ) -> Result<T, HardwareError> {
        let (answer, answered) = sync_channel(1);
        let work: Work = Box::new(move |context| {
            // Whoever asked may be gone.
            let _gone = answer.send(call(context));
        });
        self.work.try_send(work).map_err(|error| match error {
            TrySendError::Full(_) => HardwareError::Busy,
            TrySendError::Disconnected(_) => HardwareError::Internal { what: "a thread" },
        })?;
        self.answer(&answered)
    }
}

/// Nothing came back: the TPM is silent, or its thread has ended.
fn silent<T>(error: RecvTimeoutError) -> Result<T, HardwareError> {
    Err(match error {
        RecvTimeoutError::Timeout => HardwareError::Tpm {
            what: "answer",
            why: "it is silent".into(),
        },
        RecvTimeoutError::Disconnected => HardwareError::Internal { what: "a thread" },
    })
}

fn serve(
    address: TctiNameConf,
    ready: &SyncSender<Result<(), HardwareError>>,
    queue: &Receiver<Work>,
) {
    let opened = Context::new(address).map_err(failed("open"));
    let mut context = match opened.and_then(|mut context| {
        storage_key(&mut context)?;
        Ok(context)
    }) {
        Ok(context) => context,
        Err(error) => {
            let _gone = ready.send(Err(error));
            return;
        }
    };
    if ready.send(Ok(())).is_err() {
        return;
    }
    while let Ok(work) = queue.recv() {
        work(&mut context);
    }
}

/// Makes an error of the library ours.
fn failed(what: &'static str) -> impl Fn(tss_esapi::Error) -> HardwareError {
    move |error| HardwareError::Tpm {
        what,
        why: error.to_string(),
    }
}

/// The storage key under which everything else is made; made and kept where it is not there yet.
fn storage_key(context: &mut Context) -> Result<KeyHandle, HardwareError> {
    let failed = failed("storage key");
    let handle = PersistentTpmHandle::new(STORAGE).map_err(&failed)?;
    if let Ok(object) = context.tr_from_tpm_public(TpmHandle::Persistent(handle)) {
        return Ok(object.into());
    }
    let public = template::storage().map_err(&failed)?;
    let persistent = context
        .execute_with_session(Some(AuthSession::Password), |context| {
            let made = context.create_primary(Hierarchy::Owner, public, None, None, None, None)?;
            let kept = context.evict_control(
                Provision::Owner,
                made.key_handle.into(),
                Persistent::Persistent(handle),
            );
            // Only the kept one remains.
            context
                .execute_without_session(|context| context.flush_context(made.key_handle.into()))?;
            kept
        })
        .map_err(&failed)?;
    Ok(persistent.into())
}

/// Loads a key or secret of this TPM, runs `call` with it, and takes it out again.
fn with_loaded<T>(
    context: &mut Context,
    (public, private): (Public, Private),
    call: impl FnOnce(&mut Context, KeyHandle) -> Result<T, HardwareError>,
) -> Result<T, HardwareError> {
    let parent = storage_key(context)?;
    let loaded = context
        .execute_with_session(Some(AuthSession::Password), |context| {
            context.load(parent, private, public)
        })
        .map_err(|_| HardwareError::NotOfThisTpm)?;
    let result = call(context, loaded);
    flush(context, loaded.into())?;
    result
}

fn flush(context: &mut Context, object: ObjectHandle) -> Result<(), HardwareError> {
    context
        .execute_without_session(|context| context.flush_context(object))
        .map_err(failed("flush"))
}
