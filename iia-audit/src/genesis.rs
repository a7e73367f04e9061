//! The first file of a log: its name, its key, its policy; signed, and the chain is keyed by it.

use alloc::format;
use alloc::string::String;

use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_core::sign::Signer;

use crate::AuditError;
use crate::note::{self, Note};
use crate::policy::Policy;

/// The beginning of a log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Genesis {
    text: String,
    origin: String,
}

impl Genesis {
    /// The beginning of a log that is judged by `policy`.
    pub fn new(policy: &Policy, now: Timestamp) -> Self {
        let digest = Digest::of(Context::File, policy.to_text().as_bytes());
        let (origin, key) = (policy.log.name.clone(), policy.log.to_text());
        let text = format!("iia-log 1\n{origin}\n{key}\npolicy {digest}\ncreated {now}\n");
        Self { text, origin }
    }

    /// The signed note, as it is stored.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`] when the key's holder does not answer.
    pub fn sign(&self, signer: &dyn Signer) -> Result<String, AuditError> {
        Ok(format!(
            "{}\n{}",
            self.text,
            note::sign(&self.text, &self.origin, signer)?
        ))
    }

    /// Reads and verifies genesis and policy of a log directory, which must agree.
    ///
    /// # Errors
    /// [`AuditError::Malformed`], [`AuditError::Unsigned`], [`AuditError::Storage`].
    #[cfg(feature = "std")]
    pub fn load(dir: &std::path::Path) -> Result<(Self, Policy), AuditError> {
        let text =
            |name: &str| std::fs::read_to_string(dir.join(name)).map_err(crate::log::storage);
        Self::check(&text("genesis")?, &text("policy")?)
    }

    /// Verifies the two texts.
    ///
    /// # Errors
    /// [`AuditError::Malformed`], [`AuditError::Unsigned`].
    pub fn check(genesis: &str, policy: &str) -> Result<(Self, Policy), AuditError> {
        let wrong = AuditError::Malformed { what: "genesis" };
        let policy = Policy::parse(policy)?;
        let note = Note::parse(genesis)?;
        note.verify(&policy.log)?;
        let created = note
            .text
            .lines()
            .nth(4)
            .and_then(|line| line.strip_prefix("created "));
        created.ok_or(wrong.clone())?;
        let want = Self::new(&policy, Timestamp::default());
        let same = note
            .text
            .lines()
            .zip(want.text.lines())
            .take(4)
            .filter(|(got, want)| got == want)
            .count();
        if same != 4 || note.text.lines().count() != 5 || note.signatures() != 1 {
            return Err(wrong);
        }
        let origin = policy.log.name.clone();
        Ok((
            Self {
                text: note.text.into(),
                origin,
            },
            policy,
        ))
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What the chain is keyed with.
    pub fn log_id(&self) -> Digest {
        Digest::of(Context::File, self.text.as_bytes())
    }
}
