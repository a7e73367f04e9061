//! What an issuer has given out, one record a certificate, chained so that none can be taken away or put between.
//!
//! The log is append-only. A record on disk is its length (four bytes, big endian) and its canonical encoding
//! ([`crate::canon`]): an array of the fields of [`Issuance`] in their order. `seq` counts from 1 without holes, `prev` is the
//! digest of the record before ([`Issuance::digest`], all zeros before the first). An observer needs nothing else.

use alloc::string::String;
use alloc::vec::Vec;

use minicbor::{Decode, Encode};

use crate::canon;
use crate::code::{Code, Coded};
use crate::digest::{Context, Digest};

/// Longest encoding of a record in bytes.
pub const ISSUANCE_LEN_MAX: usize = 4096;

/// One certificate that an issuer gave out.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq)]
pub struct Issuance {
    /// The record's number, from 1 without holes.
    #[n(0)]
    pub seq: u64,
    /// The digest of the record before it.
    #[n(1)]
    pub prev: Digest,
    /// When it was given; nanoseconds since the epoch.
    #[n(2)]
    pub ts_ns: i64,
    /// For whom, a SPIFFE ID.
    #[n(3)]
    pub id: String,
    /// The certificate's serial number, lower-case hexadecimal.
    #[n(4)]
    pub serial: String,
    /// When the certificate begins; nanoseconds since the epoch.
    #[n(5)]
    pub not_before_ns: i64,
    /// When it ends; nanoseconds since the epoch.
    #[n(6)]
    pub not_after_ns: i64,
    /// The whole certificate, DER, as a digest of [`Context::File`].
    #[n(7)]
    pub certificate: Digest,
    /// The certificate of the authority that signed it, the same way.
    #[n(8)]
    pub authority: Digest,
    /// What was admitted to run as this workload, such as `sha256:…`; empty where nobody asked.
    #[n(9)]
    pub admitted: String,
}

impl Issuance {
    /// The digest to which the next record refers.
    pub fn digest(&self) -> Digest {
        Digest::of(Context::Issuance, &canon::encode(self))
    }

    /// Reads one record; what is longer than [`ISSUANCE_LEN_MAX`] or not canonical is none.
    ///
    /// # Errors
    /// [`IssuanceError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, IssuanceError> {
        if bytes.len() > ISSUANCE_LEN_MAX {
            return Err(IssuanceError::Malformed);
        }
        canon::decode(bytes).map_err(|_| IssuanceError::Malformed)
    }

    /// The record as it stands in a file: its length and its encoding.
    pub fn to_frame(&self) -> Vec<u8> {
        let body = canon::encode(self);
        let len = u32::try_from(body.len()).unwrap_or(u32::MAX);
        [len.to_be_bytes().as_slice(), &body].concat()
    }

    /// The first record of a file's bytes and what follows it; `None` where the bytes end before the record does.
    ///
    /// # Errors
    /// [`IssuanceError::Malformed`].
    pub fn take(bytes: &[u8]) -> Result<Option<(Self, &[u8])>, IssuanceError> {
        let Some((len, rest)) = bytes.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let len = usize::try_from(u32::from_be_bytes(*len)).unwrap_or(usize::MAX);
        if len > ISSUANCE_LEN_MAX {
            return Err(IssuanceError::Malformed);
        }
        match rest.split_at_checked(len) {
            Some((body, rest)) => Ok(Some((Self::parse(body)?, rest))),
            None => Ok(None),
        }
    }

    /// Whether this record follows directly on one with this number and digest; `(0, Digest::ZERO)` before the first.
    ///
    /// # Errors
    /// [`IssuanceError::Hole`], [`IssuanceError::Broken`].
    pub fn check_after(&self, before: (u64, Digest)) -> Result<(), IssuanceError> {
        if before.0.checked_add(1) != Some(self.seq) {
            return Err(IssuanceError::Hole { after: before.0 });
        }
        if self.prev == before.1 {
            Ok(())
        } else {
            Err(IssuanceError::Broken { seq: self.seq })
        }
    }
}

/// Why a record of issuance is not believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuanceError {
    /// The bytes are no record.
    #[error("not a record of issuance")]
    Malformed,
    /// A record does not name the one before it.
    #[error("record {seq} of issuance does not follow on the one before it")]
    Broken {
        /// Its number.
        seq: u64,
    },
    /// A number is left out, or occurs twice.
    #[error("the record of issuance after {after} has another number")]
    Hole {
        /// The last number in order.
        after: u64,
    },
}

impl Coded for IssuanceError {
    fn code(&self) -> Code {
        match self {
            Self::Malformed => Code::new("COR", 80),
            Self::Broken { .. } => Code::new("COR", 280),
            Self::Hole { .. } => Code::new("COR", 281),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first() -> Issuance {
        Issuance {
            seq: 1,
            prev: Digest::ZERO,
            ts_ns: 1,
            id: "spiffe://iia.local/zone/a/workload/b".into(),
            serial: "40".into(),
            not_before_ns: 0,
            not_after_ns: 2,
            certificate: Digest::of(Context::File, b"leaf"),
            authority: Digest::of(Context::File, b"root"),
            admitted: String::new(),
        }
    }

    #[test]
    fn a_record_reads_back_and_names_the_one_before() {
        let first = first();
        assert_eq!(Issuance::parse(&canon::encode(&first)), Ok(first.clone()));
        assert_eq!(first.check_after((0, Digest::ZERO)), Ok(()));
        let second = Issuance {
            seq: 2,
            prev: first.digest(),
            ..first.clone()
        };
        assert_eq!(second.check_after((1, first.digest())), Ok(()));
        let hole = Issuance {
            seq: 3,
            ..second.clone()
        };
        let got = hole.check_after((1, first.digest()));
        assert_eq!(got, Err(IssuanceError::Hole { after: 1 }));
        let other = Issuance {
            prev: Digest::ZERO,
            ..second
        };
        let got = other.check_after((1, first.digest()));
        assert_eq!(got, Err(IssuanceError::Broken { seq: 2 }));
    }

    #[test]
    fn a_file_reads_record_by_record_and_a_torn_end_is_none() {
        let frame = first().to_frame();
        let two = [frame.as_slice(), &frame].concat();
        let (record, rest) = Issuance::take(&two).unwrap().unwrap();
        assert_eq!((&record, rest), (&first(), frame.as_slice()));
        for torn in 0..frame.len() {
            assert_eq!(Issuance::take(&frame[..torn]), Ok(None), "{torn}");
        }
        assert_eq!(Issuance::take(&[0xff; 8]), Err(IssuanceError::Malformed));
    }

    #[test]
    fn what_is_too_long_is_no_record() {
        let mut long = first();
        let rest = ISSUANCE_LEN_MAX - canon::encode(&long).len();
        // A text of this length has two bytes more of its own length.
        long.id += &"x".repeat(rest - 1);
        let fits = canon::encode(&long);
        assert_eq!(fits.len(), ISSUANCE_LEN_MAX);
        assert!(Issuance::parse(&fits).is_ok());
        long.id += "x";
        let got = Issuance::parse(&canon::encode(&long));
        assert_eq!(got, Err(IssuanceError::Malformed));
    }
}
