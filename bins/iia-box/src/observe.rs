//! The box's observer of its own configuration: holds the states of gated calls against what is on trial, and signs
//! what it sees.

use iia_config::apply::Calls as _;
use iia_config::desk::on_trial;
use iia_config::envelope::seal;
use iia_config::lifecycle::Confirmation;
use iia_config::stage::Store;
use iia_config::trust::Class;
use iia_core::SpiffeId;
use iia_core::sign::{PublicKey, Signer as _};
use iia_core::time::{Clock as _, SECOND_NS};

use crate::boxdir::BoxDir;
use crate::commission::Files;
use crate::keys;
use crate::workload::clock;

const KEY: &str = "observer";

/// Makes the observer's key.
pub(crate) fn make_key(dir: &BoxDir) -> anyhow::Result<()> {
    keys::create(&dir.keys().join(KEY)).map(drop)
}

/// The key that the trust document must name.
pub(crate) fn public_key(dir: &BoxDir) -> anyhow::Result<PublicKey> {
    Ok(keys::load(&dir.keys().join(KEY))?.public_key())
}

/// The signed answer that what is on trial is in force; `None` when nothing is on trial. An answer is written in whole
/// seconds, and one from before the trial does not count, so this waits for the next second to begin.
pub(crate) async fn answer(
    dir: &BoxDir,
    box_name: &str,
    observer: &SpiffeId,
) -> anyhow::Result<Option<Vec<u8>>> {
    let store = Store::at(dir.path());
    let Some(expected) = on_trial(&store, box_name, clock().read())? else {
        return Ok(None);
    };
    let mut files = Files::at(dir);
    let differs = expected.differs(|call| files.before(call));
    if let Some(call) = differs.map_err(anyhow::Error::msg)? {
        anyhow::bail!("{} is something else than was signed", call.name());
    }
    let into = clock().read().wall.as_ns().rem_euclid(SECOND_NS);
    let rest = u64::try_from(SECOND_NS - into).unwrap_or(0);
    tokio::time::sleep(std::time::Duration::from_nanos(rest)).await;
    let what = (expected.class, expected.artifact);
    let text = Confirmation::text(what, box_name, observer, clock().read().wall);
    let key = keys::load(&dir.keys().join(KEY))?;
    Ok(Some(seal(Class::Confirmation, text.as_bytes(), &[&key])?))
}
