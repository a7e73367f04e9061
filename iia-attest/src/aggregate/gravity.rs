//! How grave a finding of attestation is: there is no word for less than a detected threat.

use iia_core::finding::Severity;

/// The severity of a finding of attestation (001:349): that of a detected threat, or more.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Gravity {
    /// As grave as a detected threat.
    High,
    /// Prevention has failed.
    Critical,
}

impl Gravity {
    /// The gravity of what an observer says, whatever it says.
    pub const fn of(severity: Severity) -> Self {
        match severity {
            Severity::Critical => Self::Critical,
            Severity::Info | Severity::Medium | Severity::High => Self::High,
        }
    }

    /// The same as a severity of findings.
    pub const fn severity(self) -> Severity {
        match self {
            Self::High => Severity::High,
            Self::Critical => Severity::Critical,
        }
    }

    /// The name in records and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The gravity of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::High, Self::Critical]
            .into_iter()
            .find(|one| one.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_atn_23_no_severity_comes_out_below_that_of_a_threat() {
        for severity in [
            Severity::Info,
            Severity::Medium,
            Severity::High,
            Severity::Critical,
        ] {
            let gravity = Gravity::of(severity);
            assert!(gravity.severity() >= Severity::High);
            assert!(gravity.severity() >= severity);
            assert_eq!(Gravity::named(gravity.name()), Some(gravity));
        }
        assert_eq!(Gravity::named("info"), None);
    }
}
