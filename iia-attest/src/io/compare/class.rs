//! In what manner two readings differ, and what that means.

use iia_core::finding::Severity;

/// What was done on the way of a value.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Class {
    /// The sensor says one thing and its wire another, or the wire carries no signal.
    TamperedWire,
    /// The device says something else than the signal at its input is.
    MisreportingDevice,
    /// A frame that one end sent did not come to the other.
    DroppedFrame,
    /// A few frames came with other values than they were sent with.
    ChangedFrame,
    /// A frame came later than the clocks may lie apart.
    LateFrame,
    /// Frames come that nobody sent, or come with other values again and again.
    ManInTheMiddle,
    /// The two clocks lie further apart than was agreed.
    ClockSkew,
    /// All values differ by the same factor or distance.
    WrongScaling,
    /// One of the two says nothing any more, and it is not known whether it hears anything.
    Silent,
}

impl Class {
    /// Its name in findings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TamperedWire => "tampered_wire",
            Self::MisreportingDevice => "misreporting_device",
            Self::DroppedFrame => "dropped_frame",
            Self::ChangedFrame => "changed_frame",
            Self::LateFrame => "late_frame",
            Self::ManInTheMiddle => "man_in_the_middle",
            Self::ClockSkew => "clock_skew",
            Self::WrongScaling => "wrong_scaling",
            Self::Silent => "silent",
        }
    }

    /// What of the contract does not hold.
    pub const fn clause(self) -> &'static str {
        match self {
            Self::LateFrame | Self::ClockSkew => "io_attestation.skew",
            Self::DroppedFrame | Self::Silent => "io_attestation",
            _ => "io_attestation.tolerance",
        }
    }

    /// How bad it is: where somebody must have put hands on it, prevention has failed.
    pub const fn severity(self) -> Severity {
        match self {
            Self::ManInTheMiddle | Self::TamperedWire => Severity::Critical,
            _ => Severity::High,
        }
    }
}
