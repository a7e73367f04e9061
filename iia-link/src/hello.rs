//! The first words of a link: which contract, which operation.

use iia_core::SpiffeId;
use iia_core::gate::{Ask, Gate};

use crate::LinkError;

/// Longest name of a contract or an operation in bytes.
pub const NAME_LEN_MAX: usize = 127;

/// Longest body of a frame that holds a hello in bytes: kind, id, two names, a line feed.
pub const HELLO_BODY_MAX: usize = 9 + 2 * NAME_LEN_MAX + 1;

/// What a client wants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hello {
    /// The contract's id.
    pub contract: String,
    /// The operation.
    pub operation: String,
}

impl Hello {
    /// The payload on the wire: contract, line feed, operation.
    pub fn encode(&self) -> Vec<u8> {
        format!("{}\n{}", self.contract, self.operation).into_bytes()
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`LinkError::Protocol`] when it is anything but two names.
    pub fn decode(payload: &[u8]) -> Result<Self, LinkError> {
        let wrong = LinkError::Protocol { what: "hello" };
        let text = std::str::from_utf8(payload).map_err(|_| wrong.clone())?;
        let (contract, operation) = text.split_once('\n').ok_or(wrong.clone())?;
        let legal = |name: &str| {
            let bytes = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
            !name.is_empty() && name.len() <= NAME_LEN_MAX && name.bytes().all(bytes)
        };
        if legal(contract) && legal(operation) {
            Ok(Self {
                contract: contract.into(),
                operation: operation.into(),
            })
        } else {
            Err(wrong)
        }
    }

    /// Asks the catalog whether `source` may open this at `destination`.
    ///
    /// # Errors
    /// [`LinkError::Catalog`] with the clause that fails.
    pub fn check(
        &self,
        gate: &dyn Gate,
        source: &SpiffeId,
        destination: &SpiffeId,
    ) -> Result<(), LinkError> {
        let (contract, operation) = (&self.contract, &self.operation);
        Ok(gate.permits(&Ask {
            source,
            destination,
            contract,
            operation,
        })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_is_two_names_and_nothing_else() {
        let hello = Hello {
            contract: "iia.contract.internal.a_to_b".into(),
            operation: "QUERY".into(),
        };
        assert_eq!(Hello::decode(&hello.encode()), Ok(hello));
        for bad in ["", "a", "a\n", "\nb", "a\nb\nc", "a b\nc", "a\u{e9}\nb"] {
            assert!(Hello::decode(bad.as_bytes()).is_err(), "{bad:?}");
        }
        let long = "x".repeat(NAME_LEN_MAX);
        assert!(Hello::decode(format!("{long}\n{long}").as_bytes()).is_ok());
        assert!(Hello::decode(format!("{long}x\n{long}").as_bytes()).is_err());
    }
}
