//! The mirror of a box one level up: holds its children's logs byte for byte, and signs for what it has stored.

use std::collections::BTreeMap;
use std::path::PathBuf;

use iia_audit::AuditError;
use iia_audit::log::Mirror;
use iia_audit::note::{Purpose, VerifierKey};
use iia_core::code::Coded as _;
use iia_core::sign::Signer as _;
use iia_core::time::Reading;
use iia_edge::wire::{MirrorAnswer, MirrorAsk};

use crate::boxdir::BoxDir;
use crate::keys;

pub(crate) const MIRROR_KEY: &str = "mirror";

/// The name under which a box signs as a mirror.
fn name(box_name: &str) -> String {
    format!("{box_name}/mirror")
}

/// Makes the key with which a box signs as a mirror; gives its public name.
pub(crate) fn make_key(dir: &BoxDir, box_name: &str) -> anyhow::Result<VerifierKey> {
    let key = keys::create(&dir.keys().join(MIRROR_KEY))?.public_key();
    Ok(VerifierKey {
        name: name(box_name),
        purpose: Purpose::Cosignature,
        key,
    })
}

/// The logs that one box mirrors.
pub(crate) struct Mirrors {
    dir: BoxDir,
    name: String,
    children: BTreeMap<String, VerifierKey>,
    open: BTreeMap<String, Mirror>,
}

impl Mirrors {
    /// Mirrors the logs whose keys are given, and no other.
    pub(crate) fn new((dir, box_name): (&BoxDir, &str), logs: &[String]) -> anyhow::Result<Self> {
        let keys = logs.iter().map(|key| VerifierKey::parse(key));
        let keys = keys.map(|key| key.map(|key| (key.name.clone(), key)));
        Ok(Self {
            dir: dir.clone(),
            name: name(box_name),
            children: keys.collect::<Result<_, _>>()?,
            open: BTreeMap::new(),
        })
    }

    /// Answers a child.
    pub(crate) fn answer(&mut self, ask: MirrorAsk, now: Reading) -> MirrorAnswer {
        self.try_answer(ask, now)
            .unwrap_or_else(|error| match error {
                AuditError::OutOfPlace { segment, offset } => {
                    MirrorAnswer::At(iia_audit::chunk::Position { segment, offset })
                }
                error => MirrorAnswer::Refused(error.code().to_string()),
            })
    }

    fn try_answer(&mut self, ask: MirrorAsk, now: Reading) -> Result<MirrorAnswer, AuditError> {
        match ask {
            MirrorAsk::At(log) => Ok(match self.mirror(&log)? {
                Some(mirror) => MirrorAnswer::At(mirror.position()),
                None => MirrorAnswer::Unknown,
            }),
            MirrorAsk::Begin(log, genesis, policy) => {
                let mirror =
                    Mirror::create(&self.place(&log)?, (&genesis, &policy), self.key(&log)?)?;
                let at = mirror.position();
                self.open.insert(log, mirror);
                Ok(MirrorAnswer::At(at))
            }
            MirrorAsk::Take(log, chunk) => match self.mirror(&log)? {
                Some(mirror) => mirror.take(&chunk).map(MirrorAnswer::At),
                None => Ok(MirrorAnswer::Unknown),
            },
            MirrorAsk::Sign(log, head) => {
                let key = keys::load(&self.dir.keys().join(MIRROR_KEY));
                let key = key.map_err(|_| AuditError::Unsigned {
                    who: self.name.clone(),
                })?;
                let (name, time) = (
                    self.name.clone(),
                    u64::try_from(now.wall.as_secs()).unwrap_or(0),
                );
                match self.mirror(&log)? {
                    Some(mirror) => mirror
                        .sign(&head, (&name, &key), time)
                        .map(MirrorAnswer::Signed),
                    None => Ok(MirrorAnswer::Unknown),
                }
            }
        }
    }

    /// The mirror of a log, opened when it is first asked for; `None` when nothing of it is here yet.
    fn mirror(&mut self, log: &str) -> Result<Option<&mut Mirror>, AuditError> {
        let place = self.place(log)?;
        if !self.open.contains_key(log) && place.join("genesis").exists() {
            let (mirror, recovery) = Mirror::open(&place)?;
            tracing::info!(log, ?recovery, "mirror.open");
            self.open.insert(log.to_owned(), mirror);
        }
        Ok(self.open.get_mut(log))
    }

    fn key(&self, log: &str) -> Result<&VerifierKey, AuditError> {
        self.children.get(log).ok_or_else(|| AuditError::Unsigned {
            who: log.chars().take(64).collect(),
        })
    }

    /// Where a known log is mirrored: a directory that verifies like any evidence.
    fn place(&self, log: &str) -> Result<PathBuf, AuditError> {
        let name = self.key(log)?.name.replace('/', "-");
        Ok(self.dir.mirrors().join(name).join("audit"))
    }
}
