//! The policy: whose log, which witnesses, how many of them must have cosigned. Plain text, one reading.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::AuditError;
use crate::note::{Note, Purpose, VerifierKey};

/// Witnesses in a policy at most.
pub const WITNESSES_MAX: usize = 16;

/// Who must have signed a head for it to count.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    /// The log's key.
    pub log: VerifierKey,
    /// The witnesses' keys.
    pub witnesses: Vec<VerifierKey>,
    /// How many of them are needed; 1 at least.
    pub quorum: usize,
}

impl Policy {
    /// The text form.
    pub fn to_text(&self) -> String {
        let mut text = format!("iia-policy 1\nlog {}\n", self.log.to_text());
        for witness in &self.witnesses {
            text.push_str(&format!("witness {}\n", witness.to_text()));
        }
        text.push_str(&format!("quorum {}\n", self.quorum));
        text
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`AuditError::Malformed`] for any text but the one that [`Self::to_text`] writes.
    pub fn parse(text: &str) -> Result<Self, AuditError> {
        let wrong = AuditError::Malformed { what: "policy" };
        let mut lines = text.lines().skip(1);
        let log = lines
            .next()
            .and_then(|line| line.strip_prefix("log "))
            .ok_or(wrong.clone())?;
        let mut policy = Self {
            log: VerifierKey::parse(log)?,
            witnesses: Vec::new(),
            quorum: 0,
        };
        for line in lines {
            match line.split_once(' ') {
                Some(("witness", key)) if policy.witnesses.len() < WITNESSES_MAX => {
                    policy.witnesses.push(VerifierKey::parse(key)?);
                }
                Some(("quorum", count)) => {
                    policy.quorum = count.parse().map_err(|_| wrong.clone())?
                }
                _ => return Err(wrong),
            }
        }
        policy.check()?;
        if policy.to_text() == text {
            Ok(policy)
        } else {
            Err(wrong)
        }
    }

    fn check(&self) -> Result<(), AuditError> {
        let purposes = self.log.purpose == Purpose::Log
            && self
                .witnesses
                .iter()
                .all(|witness| witness.purpose == Purpose::Cosignature);
        let distinct = self.witnesses.iter().enumerate().all(|(index, witness)| {
            self.witnesses
                .iter()
                .skip(index + 1)
                .all(|other| other.key != witness.key)
        });
        let counts = (1..=self.witnesses.len()).contains(&self.quorum)
            && self.witnesses.len() <= WITNESSES_MAX;
        if purposes && distinct && counts {
            Ok(())
        } else {
            Err(AuditError::Malformed { what: "policy" })
        }
    }

    /// Whether enough witnesses cosigned a note; gives the earliest time at which that was so, in seconds.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`] naming a witness that is missing.
    pub fn satisfied(&self, note: &Note<'_>) -> Result<u64, AuditError> {
        let mut times: Vec<u64> = self
            .witnesses
            .iter()
            .filter_map(|witness| note.verify(witness).ok())
            .collect();
        times.sort_unstable();
        let missing = || {
            let lacks = self
                .witnesses
                .iter()
                .find(|witness| note.verify(witness).is_err());
            AuditError::Unsigned {
                who: lacks.map_or_else(String::new, |witness| witness.name.clone()),
            }
        };
        times
            .get(self.quorum.saturating_sub(1))
            .copied()
            .ok_or_else(missing)
    }
}
