//! What an observer compares the running state with: the states that the calls of what is on trial should have made.
//! Read without the lock, since the applier holds it while it waits for the answer.

use iia_core::digest::Digest;
use iia_core::time::Reading;

use super::DeskError;
use super::submit::recalled;
use crate::apply::{Call, Plan};
use crate::stage::{Disk, Phase, StageError, Store};
use crate::trust::Class;

/// What should be in force.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Expected {
    /// The class of what is on trial.
    pub class: Class,
    /// What is on trial.
    pub artifact: Digest,
    /// The states that its calls make.
    pub plan: Plan,
}

impl Expected {
    /// The first call whose state is not what it should have made; `is` reads the state of a call. What the kernel and
    /// the service manager have is passed over: the applier has read it back.
    ///
    /// # Errors
    /// What `is` fails with.
    pub fn differs<E>(
        &self,
        mut is: impl FnMut(Call) -> Result<Vec<u8>, E>,
    ) -> Result<Option<Call>, E> {
        for (call, after) in self.plan.calls() {
            let elsewhere = matches!(call, Call::LoadFirewall | Call::RenderServices);
            if !elsewhere && is(call)? != after {
                return Ok(Some(call));
            }
        }
        Ok(None)
    }
}

/// What is on trial on a box, and what its calls should have made; `None` when nothing is.
///
/// # Errors
/// [`DeskError`] when what the box keeps cannot be read.
pub fn on_trial<D: Disk>(
    store: &Store<D>,
    box_name: &str,
    now: Reading,
) -> Result<Option<Expected>, DeskError> {
    let Some(state) = store.load()? else {
        return Ok(None);
    };
    let (Phase::Trial { .. }, Some(class)) = (state.phase(), state.phase().class()) else {
        return Ok(None);
    };
    let (trust, kept) = (store.trust_of(&state)?, state.of(class).applied);
    let damaged = || StageError::damaged("what is on trial");
    let (trust, kept) = (trust.ok_or_else(damaged)?, kept.ok_or_else(damaged)?);
    let plan = recalled(store, (&trust, box_name), kept, now)?.plan();
    Ok(Some(Expected {
        class,
        artifact: kept.digest(),
        plan,
    }))
}
