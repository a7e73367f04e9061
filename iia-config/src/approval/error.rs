//! Why an approval is refused.

use iia_core::code::{Code, Coded};

use crate::envelope::EnvelopeError;

/// Why an approval is refused.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalError {
    /// Nobody but the authors signed.
    #[error("nobody but the author approves: somebody else must sign")]
    AuthorAlone,
    /// The artifact is not newer than what is in force, and going back needs leave to go back.
    #[error("the artifact is not newer than what is in force; going back needs `purpose revert`")]
    Downgrade,
    /// Not every signature that the envelope needs is there.
    #[error("{what}")]
    Envelope {
        /// The envelope's own words.
        what: String,
        /// Its code.
        number: u16,
    },
    /// The text is no approval.
    #[error("not an approval: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// The box never held the artifact that it shall go back to.
    #[error("the box never held the artifact it shall go back to")]
    NeverHeld,
    /// The approval is for another artifact.
    #[error("approves another artifact")]
    OtherArtifact,
    /// The approval is for another box.
    #[error("approves other boxes than this one")]
    OtherBox,
    /// The approval is for another class of artifact.
    #[error("approves another class of artifact")]
    OtherClass,
    /// No maintenance window is open.
    #[error("outside its maintenance windows")]
    OutsideMaintenance,
    /// The approval's window is not open.
    #[error("outside its window: not yet valid, or expired")]
    OutsideWindow,
    /// The approval was used before.
    #[error("used before")]
    Replayed,
    /// An approval of the same name and the same or a higher version was used.
    #[error("superseded by an approval of the same name that was used")]
    Superseded,
    /// Operators' keys are not taken back: a newer trust document is signed by the operators of both.
    #[error("operators' keys go forward only: sign a newer trust document")]
    Backward,
    /// The clock is not trusted, and a window is a statement about time.
    #[error("time is not trusted: it is unknown, or lies before something already signed")]
    TimeUnknown,
    /// Two operators are needed besides a sole author.
    #[error("{have} of 2 operators who may count for two-person approval")]
    TwoPerson {
        /// How many may count.
        have: usize,
    },
}

impl ApprovalError {
    /// The rule that refuses it; `iia config explain` has more.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Envelope { .. } => "C082",
            Self::AuthorAlone | Self::TwoPerson { .. } => "C084",
            Self::OutsideMaintenance => "C085",
            Self::NeverHeld => "C086",
            Self::Backward => "C087",
            Self::Malformed { .. }
            | Self::OtherArtifact
            | Self::OtherBox
            | Self::OtherClass
            | Self::OutsideWindow
            | Self::Replayed
            | Self::TimeUnknown
            | Self::Superseded
            | Self::Downgrade => "C083",
        }
    }
}

impl From<EnvelopeError> for ApprovalError {
    fn from(error: EnvelopeError) -> Self {
        Self::Envelope {
            number: error.code().number(),
            what: error.to_string(),
        }
    }
}

impl Coded for ApprovalError {
    fn code(&self) -> Code {
        let number = match self {
            Self::Malformed { .. } => 10,
            Self::AuthorAlone => 110,
            Self::TwoPerson { .. } => 111,
            Self::Envelope { number, .. } => *number,
            Self::OtherArtifact => 210,
            Self::OtherBox => 211,
            Self::OtherClass => 212,
            Self::NeverHeld => 213,
            Self::OutsideWindow => 310,
            Self::Replayed => 311,
            Self::TimeUnknown => 312,
            Self::OutsideMaintenance => 313,
            Self::Superseded => 314,
            Self::Downgrade => 315,
            Self::Backward => 316,
        };
        Code::new("CFG", number)
    }
}
