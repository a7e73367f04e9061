//! Names of streams: `ot.<area>.<kind>`, as the seeds write them (decision D15).

use alloc::borrow::Cow;
use alloc::string::ToString;
use core::fmt;
use core::str::FromStr;

use crate::code::{Code, Coded};

/// Longest stream name in bytes.
pub const STREAM_LEN_MAX: usize = 127;

/// A stream name such as `ot.contract.violation`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Stream(Cow<'static, str>);

macro_rules! streams {
    ($($name:ident = $text:literal, $doc:literal;)*) => {
        impl Stream {
            $(#[doc = $doc] pub const $name: Self = Self(Cow::Borrowed($text));)*

            /// Every stream that the seeds name.
            pub const KNOWN: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

streams! {
    MODBUS = "ot.acs.modbus", "Modbus exchanges seen on the wire.";
    CONN = "ot.acs.conn", "Flows seen on the wire.";
    SAID = "ot.acs.said", "Messages of every other protocol seen on the wire, field by field.";
    DETECTION = "ot.acs.detection", "Techniques of attack seen on the wire (001:126).";
    VIOLATION = "ot.contract.violation", "A communication that no contract covers (001:285).";
    CONNECTIVITY = "ot.contract.connectivity", "Upstream uptime, latency, throughput (001:286).";
    DELIVERY = "ot.contract.delivery", "Messages sent, acknowledged, dropped (001:287).";
    AUTH = "ot.contract.auth", "Certificate expiry, rotation, failed authentication (001:288).";
    SCHEMA = "ot.contract.schema", "Deprecated or mismatched versions in use (001:289).";
    QUOTA = "ot.contract.quota", "Rate or payload limits hit (001:290).";
    RECONCILIATION = "ot.contract.reconciliation", "Gaps, watermarks, replays (001:291).";
    AUDIT_VERIFY = "ot.contract.audit_verify", "Whether the consumer validates the chain head (001:292).";
    SLA_BREACH = "ot.contract.sla_breach", "A threshold of a contract crossed (001:293).";
    ATTEST_NETWORK = "ot.attestation.network", "Network plane against catalog.";
    ATTEST_IO = "ot.attestation.io", "IO substrate against primary capture.";
    ATTEST_POLICY_DRIFT = "ot.attestation.policy_drift", "Policy loaded against policy meant.";
    ATTEST_IDENTITY = "ot.attestation.identity", "Issuance against catalog.";
    ATTEST_AUDIT_CHAIN = "ot.attestation.audit_chain", "Local log against heads seen by peers.";
    ATTEST_CONFIG = "ot.attestation.config", "Running state against applied artifact.";
    ATTEST_IMAGE = "ot.attestation.image", "Running image against intended image.";
    AUDIT_HEAD = "ot.security.audit.head", "The signed head of the audit chain.";
}

impl Stream {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as contracts write it, and as it is written where `ot.` is left out (decision D15): `contract.violation`.
    pub fn alias(&self) -> &str {
        bare(&self.0)
    }

    /// The stream of a name or of its alias: `ot.contract.violation` and `contract.violation` are one stream.
    ///
    /// # Errors
    /// [`StreamError`] when it is neither.
    pub fn named(name: &str) -> Result<Self, StreamError> {
        match name.starts_with(OT) {
            true => name.parse(),
            false => alloc::format!("{OT}{name}").parse(),
        }
    }
}

/// What the canonical name of every stream begins with.
const OT: &str = "ot.";

fn bare(name: &str) -> &str {
    name.strip_prefix(OT).unwrap_or(name)
}

/// Whether a pattern covers a stream. `acs.*` covers what lies below `acs`, anything else itself alone; contracts leave
/// out the leading `ot.` (decision D15).
pub fn covers(pattern: &str, stream: &str) -> bool {
    let (pattern, stream) = (bare(pattern), bare(stream));
    match pattern.strip_suffix(".*") {
        Some(prefix) => stream
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('.')),
        None => pattern == stream,
    }
}

impl FromStr for Stream {
    type Err = StreamError;

    fn from_str(name: &str) -> Result<Self, StreamError> {
        if name.len() > STREAM_LEN_MAX {
            return Err(StreamError::TooLong);
        }
        let rest = name.strip_prefix(OT).ok_or(StreamError::NotOt)?;
        let legal = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        };
        if rest.split('.').all(legal) {
            Ok(Self(Cow::Owned(name.to_string())))
        } else {
            Err(StreamError::BadPart)
        }
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a stream name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// A part is empty or has a character outside `[a-z0-9_]`.
    #[error("a part is empty or has a character outside lower-case letters, digits, `_`")]
    BadPart,
    /// The name does not start with `ot.`.
    #[error("a stream name starts with `ot.`")]
    NotOt,
    /// The name is too long.
    #[error("longer than 127 bytes")]
    TooLong,
}

impl Coded for StreamError {
    fn code(&self) -> Code {
        match self {
            Self::BadPart => Code::new("COR", 50),
            Self::NotOt => Code::new("COR", 51),
            Self::TooLong => Code::new("COR", 450),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_parse_and_bad_ones_do_not() {
        for stream in Stream::KNOWN {
            assert_eq!(stream.as_str().parse().as_ref(), Ok(stream));
        }
        assert_eq!("acs.x".parse::<Stream>(), Err(StreamError::NotOt));
        assert_eq!("ot.".parse::<Stream>(), Err(StreamError::BadPart));
        assert_eq!("ot.a..b".parse::<Stream>(), Err(StreamError::BadPart));
        assert_eq!("ot.A".parse::<Stream>(), Err(StreamError::BadPart));
    }

    #[test]
    fn a_stream_and_its_alias_are_one() {
        for stream in Stream::KNOWN {
            let alias = stream.alias();
            assert_eq!(alloc::format!("ot.{alias}"), stream.as_str());
            for name in [alias, stream.as_str()] {
                assert_eq!(Stream::named(name).as_ref(), Ok(stream));
                assert!(covers(name, stream.as_str()) && covers(stream.as_str(), name));
            }
        }
        // Only the first `ot.` is the one that is left out, and never more than once.
        assert_eq!(
            Stream::named("ot.ot.x").map(|one| one.alias().to_string()),
            Ok("ot.x".into())
        );
        assert_eq!(Stream::named("ot."), Err(StreamError::BadPart));
        assert_eq!(Stream::named(""), Err(StreamError::BadPart));
        assert_eq!(Stream::named("A.b"), Err(StreamError::BadPart));
        let long = "a".repeat(STREAM_LEN_MAX - 3);
        assert!(Stream::named(&long).is_ok());
        assert_eq!(
            Stream::named(&alloc::format!("{long}a")),
            Err(StreamError::TooLong)
        );
    }
}
