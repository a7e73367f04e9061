//! Records carry a sequence number and a service id, so that anyone downstream can see a gap (001:158, 238).

use core::fmt;
use core::str::FromStr;

use crate::code::{Code, Coded};
use crate::digest::decode_hex;

/// Names one run-independent service that emits records; sixteen bytes, printed as a UUID.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ServiceId([u8; 16]);

impl ServiceId {
    /// Wraps sixteen bytes, a UUID of version 7 where the service is named once and for all.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The id of the service with this SPIFFE ID: the first half of a digest, so that a restart keeps its id.
    pub fn of(id: &crate::SpiffeId) -> Self {
        let digest = crate::digest::derive_key("iia 2026-11 service id v1", id.as_str().as_bytes());
        let mut bytes = [0; 16];
        bytes
            .iter_mut()
            .zip(digest)
            .for_each(|(to, from)| *to = from);
        Self(bytes)
    }

    /// The sixteen bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for ServiceId {
    type Err = RecordError;

    fn from_str(text: &str) -> Result<Self, RecordError> {
        let digits: alloc::string::String = text.split('-').collect();
        let mut bytes = [0; 16];
        decode_hex(&digits, &mut bytes).ok_or(RecordError::BadServiceId)?;
        let id = Self(bytes);
        use alloc::string::ToString as _;
        if id.to_string() == text {
            Ok(id)
        } else {
            Err(RecordError::BadServiceId)
        }
    }
}

/// The number of a record within its service: 1, 2, 3 … without holes.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Sequence(u64);

impl Sequence {
    /// Before the first record.
    pub const NONE: Self = Self(0);

    /// Wraps a number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The number after this one.
    ///
    /// # Errors
    /// [`RecordError::SequenceExhausted`] after 2^63 records, the last that a signed column can hold.
    pub const fn next(self) -> Result<Self, RecordError> {
        if self.0 >= i64::MAX as u64 {
            Err(RecordError::SequenceExhausted)
        } else {
            Ok(Self(self.0 + 1))
        }
    }
}

/// Gives out sequence numbers; starts after what is already durable.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequencer(Sequence);

impl Sequencer {
    /// Continues after `last`.
    pub const fn after(last: Sequence) -> Self {
        Self(last)
    }

    /// The next number.
    ///
    /// # Errors
    /// [`RecordError::SequenceExhausted`].
    pub const fn take(&mut self) -> Result<Sequence, RecordError> {
        match self.0.next() {
            Ok(next) => {
                self.0 = next;
                Ok(next)
            }
            Err(error) => Err(error),
        }
    }
}

/// What a consumer sees between two sequence numbers of one service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// The next one.
    Next,
    /// Seen before: deduplicate.
    Duplicate,
    /// `missing` records lie between.
    Gap {
        /// How many are missing.
        missing: u64,
    },
}

/// Compares the last number seen with the one that arrives.
pub const fn step(last: Sequence, arrives: Sequence) -> Step {
    if arrives.0 <= last.0 {
        return Step::Duplicate;
    }
    match arrives.0 - last.0 - 1 {
        0 => Step::Next,
        missing => Step::Gap { missing },
    }
}

/// Why a record's header is not sound.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A service id is not a lower-case UUID.
    #[error("service id is not a lower-case hyphenated UUID")]
    BadServiceId,
    /// No sequence number is left.
    #[error("sequence numbers are used up")]
    SequenceExhausted,
}

impl Coded for RecordError {
    fn code(&self) -> Code {
        match self {
            Self::BadServiceId => Code::new("COR", 40),
            Self::SequenceExhausted => Code::new("COR", 440),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_service_id_prints_as_a_uuid_and_parses_back() {
        let id = ServiceId::from_bytes([0xab; 16]);
        assert_eq!(id.to_string(), "abababab-abab-abab-abab-abababababab");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(
            "abababababab-abab-abab-abababababab"
                .parse::<ServiceId>()
                .is_err()
        );
    }

    #[test]
    fn gaps_and_duplicates_are_seen() {
        let n = Sequence::new;
        assert_eq!(step(Sequence::NONE, n(1)), Step::Next);
        assert_eq!(step(n(4), n(4)), Step::Duplicate);
        assert_eq!(step(n(4), n(7)), Step::Gap { missing: 2 });
    }

    #[test]
    fn numbers_end_where_a_signed_column_does() {
        let mut last = Sequencer::after(Sequence::new(i64::MAX as u64));
        assert_eq!(last.take(), Err(RecordError::SequenceExhausted));
    }
}
