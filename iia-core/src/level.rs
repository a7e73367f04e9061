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
}
