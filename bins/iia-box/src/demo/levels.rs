//! The three boxes of the demo, from the top: each has its own trust domain, keys, chain and operators' text.

use std::path::Path;

use iia_audit::note::VerifierKey;
use iia_audit::policy::Policy;

use crate::boxdir::BoxDir;
use crate::commission::Commission;

/// A box of the demo.
pub(super) struct Level {
    pub(super) name: &'static str,
    pub(super) domain: &'static str,
    pub(super) words: &'static str,
    pub(super) text: &'static str,
}

/// From the top down, which is the order in which they start.
pub(super) const LEVELS: [Level; 3] = [
    Level {
        name: "enterprise",
        domain: "enterprise.example",
        words: "the enterprise box, at the top",
        text: include_str!("../../../../examples/enterprise/enterprise.icl"),
    },
    Level {
        name: "site",
        domain: "site.example",
        words: "the site box, one level up",
        text: include_str!("../../../../examples/site/site.icl"),
    },
    Level {
        name: "seg01",
        domain: "iia.local",
        words: "seg01, the box at the press line",
        text: include_str!("../../../../examples/box-pi/box.icl"),
    },
];

/// The public names of a box's keys.
pub(super) struct Keys {
    /// Of its log.
    pub(super) log: VerifierKey,
    witness: VerifierKey,
    mirror: VerifierKey,
}

impl Keys {
    /// Makes the keys of a new box.
    pub(super) fn make(dir: &BoxDir, name: &str) -> anyhow::Result<Self> {
        let (log, witness) = Commission::keys(dir, name)?;
        let mirror = crate::mirror::make_key(dir, name)?;
        Ok(Self {
            log,
            witness,
            mirror,
        })
    }

    /// Who vouches for this box's heads: the box above. Above the top box is nobody, so that it vouches for itself and
    /// its records stay for ever.
    pub(super) fn policy(&self, above: Option<&Self>) -> Policy {
        Policy {
            log: self.log.clone(),
            witnesses: vec![above.unwrap_or(self).witness.clone()],
            quorum: 1,
            mirrors: above
                .map(|above| above.mirror.clone())
                .into_iter()
                .collect(),
        }
    }
}

/// The directory of a box of the demo.
pub(super) fn dir(base: &Path, name: &str) -> BoxDir {
    BoxDir::at(&base.join(name))
}
