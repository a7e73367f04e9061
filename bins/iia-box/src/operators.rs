//! The operators of a demo's site: who writes configurations, who approves them, and whose word says what is in force.

use std::fs;
use std::path::{Path, PathBuf};

use iia_config::envelope;
use iia_config::trust::{Class, key_text};
use iia_core::sign::{PublicKey, Signer as _};
use iia_core::{SpiffeId, Timestamp};

use crate::keys;

/// Who writes configurations.
pub(crate) const AUTHOR: &str = "site-engineer";
/// Who approves what others wrote.
pub(crate) const APPROVER: &str = "ops-manager";

/// The operators' keys.
#[derive(Clone, Debug)]
pub(crate) struct Operators {
    dir: PathBuf,
}

impl Operators {
    /// Those whose keys are in `dir` already.
    pub(crate) fn at(dir: &Path) -> Self {
        Self {
            dir: dir.to_path_buf(),
        }
    }

    /// Makes the operators' keys in `dir`.
    pub(crate) fn create(dir: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(dir)?;
        keys::create(&dir.join(AUTHOR))?;
        keys::create(&dir.join(APPROVER))?;
        Ok(Self::at(dir))
    }

    /// The trust document that names them: one signs, another approves, and the box's observer confirms.
    pub(crate) fn trust(&self, observer: &PublicKey) -> anyhow::Result<String> {
        let key =
            |name: &str| anyhow::Ok(key_text(&keys::load(&self.dir.join(name))?.public_key()));
        Ok(format!(
            "iia-config 1\n\nkey observer {{\n  operator observer\n  public {}\n  class confirmation\n}}\n\n\
             key {APPROVER} {{\n  operator {APPROVER}\n  public {}\n  class approval\n}}\n\n\
             key {AUTHOR} {{\n  operator {AUTHOR}\n  public {}\n  class approval\n  class config\n  class revocation\n}}\n\n\
             approval_rule approval {{\n  class approval\n  threshold 1\n}}\n",
            key_text(observer),
            key(APPROVER)?,
            key(AUTHOR)?,
        ))
    }

    /// A configuration, signed by one of them.
    pub(crate) fn sign(&self, text: &str, by: &str) -> anyhow::Result<Vec<u8>> {
        let key = keys::load(&self.dir.join(by))?;
        Ok(envelope::seal(Class::Config, text.as_bytes(), &[&key])?)
    }

    /// The revocation of an identity for good.
    pub(crate) fn revoke(&self, id: &SpiffeId, now: Timestamp) -> anyhow::Result<Vec<u8>> {
        let text = format!(
            "iia-config 1\n\nrevocation lost {{\n  issued {}\n  identity {id}\n}}\n",
            seconds(now)
        );
        let key = keys::load(&self.dir.join(AUTHOR))?;
        Ok(envelope::seal(Class::Revocation, text.as_bytes(), &[&key])?)
    }

    /// Leave of this name, for a day, to apply a configuration on a box.
    pub(crate) fn approve(
        &self,
        name: &str,
        (artifact, box_name): (&str, &str),
        now: Timestamp,
    ) -> anyhow::Result<Vec<u8>> {
        let day = 86_400 * iia_core::time::SECOND_NS;
        let text = format!(
            "iia-approval 1\n\napproval {name} 1.0.0 {{\n  purpose apply\n  class config\n  artifact {artifact}\n  \
             box {box_name}\n  issued {from}\n  not_before {from}\n  not_after {}\n}}\n",
            seconds(now + day),
            from = seconds(now - 60 * iia_core::time::SECOND_NS),
        );
        Ok(envelope::seal(
            Class::Approval,
            text.as_bytes(),
            &[&keys::load(&self.dir.join(APPROVER))?],
        )?)
    }
}

/// A time in whole seconds.
fn seconds(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..19)
        .map(|text| format!("{text}Z"))
        .unwrap_or_default()
}
