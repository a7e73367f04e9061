//! The policy: whose log, which witnesses, how many of them must have cosigned. Plain text, one reading.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::AuditError;
use crate::note::{Note, Purpose, VerifierKey};

/// Witnesses in a policy at most.
pub const WITNESSES_MAX: usize = 16;
/// Mirrors in a policy at most.
pub const MIRRORS_MAX: usize = 4;

/// Who must have signed a head for it to count.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    /// The log's key.
    pub log: VerifierKey,
    /// The witnesses' keys.
    pub witnesses: Vec<VerifierKey>,
    /// How many of them are needed; 1 at least.
    pub quorum: usize,
    /// The keys of the mirrors (C2SP tlog-mirror): whoever signs with one has stored every record up to that head. Each of
    /// them is needed before records may go; without any, none ever may.
    pub mirrors: Vec<VerifierKey>,
}

impl Policy {
    /// The text form.
    pub fn to_text(&self) -> String {
        let mut text = format!("iia-policy 1\nlog {}\n", self.log.to_text());
        for witness in &self.witnesses {
            text.push_str(&format!("witness {}\n", witness.to_text()));
        }
        text.push_str(&format!("quorum {}\n", self.quorum));
        for mirror in &self.mirrors {
            text.push_str(&format!("mirror {}\n", mirror.to_text()));
        }
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
            mirrors: Vec::new(),
        };
        for line in lines {
            match line.split_once(' ') {
                Some(("witness", key)) if policy.witnesses.len() < WITNESSES_MAX => {
                    policy.witnesses.push(VerifierKey::parse(key)?);
                }
                Some(("mirror", key)) if policy.mirrors.len() < MIRRORS_MAX => {
                    policy.mirrors.push(VerifierKey::parse(key)?);
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
        let cosigners: Vec<&VerifierKey> = self.witnesses.iter().chain(&self.mirrors).collect();
        let purposes = self.log.purpose == Purpose::Log
            && cosigners
                .iter()
                .all(|one| one.purpose == Purpose::Cosignature);
        let behind = |at| cosigners.iter().skip(at + 1);
        let mut each = cosigners.iter().enumerate();
        let distinct = each.all(|(at, one)| behind(at).all(|other| other.key != one.key));
        let counts = (1..=self.witnesses.len()).contains(&self.quorum)
            && self.witnesses.len() <= WITNESSES_MAX
            && self.mirrors.len() <= MIRRORS_MAX;
        match purposes && distinct && counts {
            true => Ok(()),
            false => Err(AuditError::Malformed { what: "policy" }),
        }
    }

    /// Whether every mirror signed a note, and there is one; gives the latest time of them, in seconds.
    ///
    /// # Errors
    /// [`AuditError::Unsigned`] naming a mirror that is missing.
    pub fn mirrored(&self, note: &Note<'_>) -> Result<u64, AuditError> {
        let times = self.mirrors.iter().map(|mirror| note.verify(mirror));
        let latest = times.collect::<Result<Vec<u64>, _>>()?.into_iter().max();
        latest.ok_or(AuditError::Unsigned {
            who: "a mirror".into(),
        })
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
