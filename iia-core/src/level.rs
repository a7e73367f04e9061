//! IEC 62443 security levels, and the one claim software may not make.

use crate::code::{Code, Coded};

/// A security level of IEC 62443-3-3.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[allow(missing_docs, reason = "the standard's own names")]
pub enum SecurityLevel {
    Sl1,
    Sl2,
    Sl3,
    Sl4,
}

impl SecurityLevel {
    /// Every level, the lowest first.
    pub const ALL: [Self; 4] = [Self::Sl1, Self::Sl2, Self::Sl3, Self::Sl4];

    /// Its number, 1 to 4.
    pub const fn number(self) -> u8 {
        match self {
            Self::Sl1 => 1,
            Self::Sl2 => 2,
            Self::Sl3 => 3,
            Self::Sl4 => 4,
        }
    }

    /// The level that a text names by its number.
    pub fn numbered(text: &str) -> Option<Self> {
        let number = text.parse().ok()?;
        Self::ALL.into_iter().find(|level| level.number() == number)
    }
}

/// How a box is built.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Topology {
    /// One box; the boundary is software.
    SingleBox,
    /// Two boxes with a hardware diode between them.
    TwoBoxDiode,
}

/// The level claimed is not one that the topology can reach.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("security level 4 needs two boxes and a hardware diode; software alone never reaches it")]
pub struct Sl4NeedsDiode;

impl Coded for Sl4NeedsDiode {
    fn code(&self) -> Code {
        Code::new("COR", 270)
    }
}

/// Checks a claim against the topology (001:71).
///
/// # Errors
/// [`Sl4NeedsDiode`].
pub const fn claim(
    level: SecurityLevel,
    topology: Topology,
) -> Result<SecurityLevel, Sl4NeedsDiode> {
    match (level, topology) {
        (SecurityLevel::Sl4, Topology::SingleBox) => Err(Sl4NeedsDiode),
        _ => Ok(level),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_never_claims_sl4() {
        assert_eq!(
            claim(SecurityLevel::Sl4, Topology::SingleBox),
            Err(Sl4NeedsDiode)
        );
        assert!(claim(SecurityLevel::Sl4, Topology::TwoBoxDiode).is_ok());
        assert!(claim(SecurityLevel::Sl3, Topology::SingleBox).is_ok());
    }

    #[test]
    fn there_are_four_levels() {
        let named = ["0", "1", "2", "3", "4", "5", "", "three"].map(SecurityLevel::numbered);
        let [no, levels @ .., five, empty, word] = named;
        assert_eq!(levels, SecurityLevel::ALL.map(Some));
        assert_eq!([no, five, empty, word], [None; 4]);
    }
}
