//! The first words of a session: which contract, in which version, for which operation.

use iia_core::gate::{Ask, Gate};
use iia_core::{SpiffeId, Timestamp};

use crate::LinkError;

/// Longest name of a contract or an operation in bytes.
pub const NAME_LEN_MAX: usize = 127;

/// Longest text of a version in bytes.
pub const VERSION_LEN_MAX: usize = 32;
/// Longest payload of a hello in bytes: two names, a version, two line feeds.
pub const HELLO_LEN_MAX: usize = 2 * NAME_LEN_MAX + VERSION_LEN_MAX + 2;

/// What whoever dials wants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hello {
    /// The contract's id.
    pub contract: String,
    /// The version of the contract that it goes by; empty where its catalog knows of none.
    pub version: String,
    /// The operation.
    pub operation: String,
}

impl Hello {
    /// The payload on the wire: contract, version, operation, a line feed between them.
    pub fn encode(&self) -> Vec<u8> {
        format!("{}\n{}\n{}", self.contract, self.version, self.operation).into_bytes()
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`LinkError::Protocol`] when it is anything but two names and a version.
    pub fn decode(payload: &[u8]) -> Result<Self, LinkError> {
        let wrong = LinkError::Protocol { what: "hello" };
        let text = std::str::from_utf8(payload).map_err(|_| wrong.clone())?;
        let (contract, rest) = text.split_once('\n').ok_or(wrong.clone())?;
        let (version, operation) = rest.split_once('\n').ok_or(wrong.clone())?;
        let legal = |name: &str, max: usize| {
            let bytes = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
            name.len() <= max && name.bytes().all(bytes)
        };
        let named = |name: &str| !name.is_empty() && legal(name, NAME_LEN_MAX);
        if named(contract) && legal(version, VERSION_LEN_MAX) && named(operation) {
            Ok(Self {
                contract: contract.into(),
                version: version.into(),
                operation: operation.into(),
            })
        } else {
            Err(wrong)
        }
    }

    /// The hello of a contract that the own catalog covers, in the version that it holds.
    ///
    /// # Errors
    /// [`LinkError::Catalog`] with the clause that fails.
    pub fn say(gate: &dyn Gate, ask: &Ask<'_>) -> Result<Self, LinkError> {
        gate.permits(ask)?;
        Ok(Self {
            contract: ask.contract.into(),
            version: gate.standing(ask).version,
            operation: ask.operation.into(),
        })
    }

    /// Asks the catalog whether `source` may open this at `destination`, and until when.
    ///
    /// # Errors
    /// [`LinkError::Catalog`] with the clause that fails.
    pub fn check(
        &self,
        gate: &dyn Gate,
        source: &SpiffeId,
        destination: &SpiffeId,
    ) -> Result<Option<Timestamp>, LinkError> {
        let ask = Ask {
            source,
            destination,
            contract: &self.contract,
            operation: &self.operation,
        };
        match self.version.is_empty() {
            true => gate.permits(&ask)?,
            false => gate.permits_version(&ask, &self.version)?,
        }
        Ok(gate.standing(&ask).until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_is_two_names_and_a_version_and_nothing_else() {
        for version in ["1.2.0", ""] {
            let hello = Hello {
                contract: "iia.contract.internal.a_to_b".into(),
                version: version.into(),
                operation: "QUERY".into(),
            };
            assert_eq!(Hello::decode(&hello.encode()), Ok(hello));
        }
        let bad = [
            "",
            "a",
            "a\n",
            "a\nb",
            "a\n1\n",
            "\n1\nb",
            "a\n1\nb\nc",
            "a b\n1\nc",
            "a\u{e9}\n\nb",
            "a\n1 \nb",
        ];
        for bad in bad {
            assert!(Hello::decode(bad.as_bytes()).is_err(), "{bad:?}");
        }
        let (long, version) = ("x".repeat(NAME_LEN_MAX), "1".repeat(VERSION_LEN_MAX));
        let longest = format!("{long}\n{version}\n{long}");
        assert!(Hello::decode(longest.as_bytes()).is_ok() && longest.len() == HELLO_LEN_MAX);
        assert!(Hello::decode(format!("{long}x\n{version}\n{long}").as_bytes()).is_err());
        assert!(Hello::decode(format!("{long}\n{version}1\n{long}").as_bytes()).is_err());
    }
}
