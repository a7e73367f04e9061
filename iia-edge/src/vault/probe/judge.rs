//! What an attack did, against what the store said of it.

use std::fmt;

use iia_audit::vault::utc;
use iia_core::Timestamp;

use super::{Attack, CANARY_S};

/// What the store said.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Answer {
    /// The HTTP status; 0 where nothing was asked.
    pub status: u16,
    /// The store's code for a refusal.
    pub code: String,
}

/// What was found wrong afterwards.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Damage {
    /// The object cannot be read.
    Gone,
    /// It has other bytes.
    Changed,
    /// It has no lock in COMPLIANCE.
    Unlocked,
    /// Its lock ends earlier.
    Shortened,
    /// The bucket keeps no versions.
    Unversioned,
    /// The bucket reports no Object Lock.
    BucketUnlocked,
}

impl Damage {
    /// Whether the object is hurt, and not its bucket.
    pub(super) const fn is_of_object(self) -> bool {
        !matches!(self, Self::Unversioned | Self::BucketUnlocked)
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Gone => "the object is gone",
            Self::Changed => "the object has other bytes",
            Self::Unlocked => "the object is not locked in COMPLIANCE",
            Self::Shortened => "its lock ends earlier",
            Self::Unversioned => "the bucket keeps no versions",
            Self::BucketUnlocked => "the bucket reports no Object Lock",
        }
    }
}

/// One attack and what came of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attempt {
    /// What was tried.
    pub attack: Attack,
    /// What the store said.
    pub answer: Answer,
    /// What was found wrong afterwards that was not wrong before.
    pub damage: Vec<Damage>,
}

/// What an attempt says of the store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It refused, and nothing is lost.
    Held,
    /// It agreed, though nothing shows: it does not enforce what it should.
    Agreed,
    /// It agreed, and did it.
    GaveWay,
    /// It refused, and did it all the same.
    Lied,
    /// It refused what is allowed: the credentials lack a right, and other refusals say nothing about the lock.
    Powerless,
}

impl Attempt {
    /// Judges it.
    pub const fn verdict(&self) -> Verdict {
        let refused = self.answer.status >= 400;
        match (refused, self.damage.is_empty()) {
            (true, true) if self.attack.is_control() => Verdict::Powerless,
            (true, true) => Verdict::Held,
            (true, false) => Verdict::Lied,
            (false, true) if self.attack.may_be_done() || self.attack.is_control() => Verdict::Held,
            (false, true) => Verdict::Agreed,
            (false, false) => Verdict::GaveWay,
        }
    }
}

/// What a probe found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// The store.
    pub endpoint: String,
    /// The bucket.
    pub bucket: String,
    /// When it began.
    pub at: Timestamp,
    /// Every attack, in order.
    pub attempts: Vec<Attempt>,
}

impl Report {
    /// Whether the store keeps what it locks: every attack was made, and each was held.
    pub fn passes(&self) -> bool {
        let all = Attack::ALL.len() == self.attempts.len();
        all && self
            .attempts
            .iter()
            .all(|one| one.verdict() == Verdict::Held)
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict() {
            Verdict::Held if self.attack.is_control() => "done",
            Verdict::Held => "held",
            _ if self.attack == Attack::Nothing => "WRONG",
            Verdict::Agreed => "AGREED",
            Verdict::GaveWay => "GAVE WAY",
            Verdict::Lied => "LIED",
            Verdict::Powerless => "MAY NOT",
        };
        write!(f, "{:<32} {verdict:<8}", self.attack.words())?;
        match (self.answer.status, self.answer.code.as_str()) {
            (0, _) => {}
            (status, "") => write!(f, " {status}")?,
            (status, code) => write!(f, " {status} {code}")?,
        }
        if self.verdict() == Verdict::Powerless {
            write!(f, ": so the refusals prove nothing")?;
        }
        for (index, damage) in self.damage.iter().enumerate() {
            let mark = if index == 0 { ": " } else { ", " };
            write!(f, "{mark}{}", damage.words())?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    /// The text whose digest names the probe.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "iia-vault-probe 1")?;
        writeln!(f, "endpoint {}", self.endpoint)?;
        writeln!(f, "bucket {}", self.bucket)?;
        writeln!(f, "at {}", utc(self.at))?;
        writeln!(f, "canary {CANARY_S} s")?;
        for attempt in &self.attempts {
            writeln!(f, "{}", attempt.to_string().trim_end())?;
        }
        Ok(())
    }
}
