//! SPIFFE IDs, parsed by every rule of the SPIFFE-ID standard (section 2) and never by splitting.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::fmt;
use core::str::FromStr;

use crate::code::{Code, Coded};

/// Longest SPIFFE ID in bytes (SPIFFE-ID 2.3).
pub const SPIFFE_ID_LEN_MAX: usize = 2048;
/// Longest trust domain name in bytes (SPIFFE-ID 2.3).
pub const TRUST_DOMAIN_LEN_MAX: usize = 255;

const SCHEME: &str = "spiffe://";

/// A SPIFFE ID such as `spiffe://iia.local/zone/lake/workload/lake_writer`; copies share one text.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SpiffeId {
    uri: Arc<str>,
    path_start: usize,
}

impl SpiffeId {
    /// Makes the ID of a workload of this architecture: `spiffe://<td>/zone/<zone>/workload/<name>` (001:355).
    ///
    /// # Errors
    /// Whatever [`SpiffeIdError`] names, when a part is not one segment by the standard.
    pub fn workload(domain: &TrustDomain, zone: &str, name: &str) -> Result<Self, SpiffeIdError> {
        Self::of_segments(domain, &["zone", zone, "workload", name])
    }

    /// Joins path segments to an ID; a segment with a slash in it is refused and never becomes two.
    ///
    /// # Errors
    /// Whatever [`SpiffeIdError`] names.
    pub fn of_segments(domain: &TrustDomain, segments: &[&str]) -> Result<Self, SpiffeIdError> {
        let mut uri = domain.to_uri();
        for segment in segments {
            check_segment(segment.as_bytes())?;
            uri.push('/');
            uri.push_str(segment);
        }
        uri.parse()
    }

    /// The whole URI.
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// The trust domain name.
    pub fn trust_domain(&self) -> TrustDomain {
        TrustDomain(
            self.uri
                .get(SCHEME.len()..self.path_start)
                .unwrap_or_default()
                .to_string(),
        )
    }

    /// The path with its leading slash; empty for the ID of a trust domain itself.
    pub fn path(&self) -> &str {
        self.uri.get(self.path_start..).unwrap_or_default()
    }

    /// The zone and the workload name, when the path has the shape `/zone/<zone>/workload/<name>`.
    pub fn zone_workload(&self) -> Option<(&str, &str)> {
        let mut parts = self.path().strip_prefix("/zone/")?.split('/');
        let (zone, word, name) = (parts.next()?, parts.next()?, parts.next()?);
        (word == "workload" && parts.next().is_none()).then_some((zone, name))
    }
}

impl SpiffeId {
    /// Checks a text by every rule without keeping it.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(uri: &str) -> Result<(), SpiffeIdError> {
        path_start(uri).map(|_| ())
    }
}

/// Checks the whole text and says where its path starts.
fn path_start(uri: &str) -> Result<usize, SpiffeIdError> {
    if uri.len() > SPIFFE_ID_LEN_MAX {
        return Err(SpiffeIdError::TooLong);
    }
    let rest = uri.strip_prefix(SCHEME).ok_or(SpiffeIdError::WrongScheme)?;
    let name_len = rest.find('/').unwrap_or(rest.len());
    let (name, path) = rest.split_at(name_len);
    check_trust_domain(name)?;
    check_path(path)?;
    Ok(SCHEME.len() + name_len)
}

impl FromStr for SpiffeId {
    type Err = SpiffeIdError;

    fn from_str(uri: &str) -> Result<Self, SpiffeIdError> {
        let path_start = path_start(uri)?;
        Ok(Self {
            uri: uri.into(),
            path_start,
        })
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri)
    }
}

impl fmt::Debug for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri)
    }
}

/// A trust domain name such as `iia.local`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TrustDomain(String);

impl TrustDomain {
    /// The name without scheme.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The SPIFFE ID of the trust domain itself, which has no path.
    pub fn to_id(&self) -> SpiffeId {
        let uri = self.to_uri();
        SpiffeId {
            path_start: uri.len(),
            uri: uri.into(),
        }
    }

    fn to_uri(&self) -> String {
        let mut uri = String::from(SCHEME);
        uri.push_str(&self.0);
        uri
    }
}

impl FromStr for TrustDomain {
    type Err = SpiffeIdError;

    fn from_str(name: &str) -> Result<Self, SpiffeIdError> {
        check_trust_domain(name)?;
        Ok(Self(name.to_string()))
    }
}

impl fmt::Display for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a SPIFFE ID.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpiffeIdError {
    /// The path has a character outside `[a-zA-Z0-9.-_]`.
    #[error("path segment has a character outside letters, digits, `.`, `-`, `_`")]
    BadPathChar,
    /// The trust domain has a character outside `[a-z0-9.-_]`.
    #[error("trust domain has a character outside lower-case letters, digits, `.`, `-`, `_`")]
    BadTrustDomainChar,
    /// A path segment is `.` or `..`.
    #[error("path has a `.` or `..` segment")]
    DotSegment,
    /// A path segment is empty.
    #[error("path has an empty segment")]
    EmptySegment,
    /// There is no trust domain.
    #[error("trust domain is missing")]
    MissingTrustDomain,
    /// The text is longer than the standard allows.
    #[error("longer than 2048 bytes, or trust domain longer than 255 bytes")]
    TooLong,
    /// The path ends with a slash.
    #[error("path ends with a slash")]
    TrailingSlash,
    /// The scheme is not `spiffe`.
    #[error("scheme is not `spiffe`")]
    WrongScheme,
}

impl Coded for SpiffeIdError {
    fn code(&self) -> Code {
        let number = match self {
            Self::BadPathChar => 1,
            Self::BadTrustDomainChar => 2,
            Self::DotSegment => 3,
            Self::EmptySegment => 4,
            Self::MissingTrustDomain => 5,
            Self::TooLong => 401,
            Self::TrailingSlash => 6,
            Self::WrongScheme => 7,
        };
        Code::new("COR", number)
    }
}

fn check_trust_domain(name: &str) -> Result<(), SpiffeIdError> {
    if name.is_empty() {
        return Err(SpiffeIdError::MissingTrustDomain);
    }
    if name.len() > TRUST_DOMAIN_LEN_MAX {
        return Err(SpiffeIdError::TooLong);
    }
    let legal = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_');
    if name.bytes().all(legal) {
        Ok(())
    } else {
        Err(SpiffeIdError::BadTrustDomainChar)
    }
}

fn check_path(path: &str) -> Result<(), SpiffeIdError> {
    let Some(segments) = path.strip_prefix('/') else {
        return Ok(());
    };
    if path.ends_with('/') {
        return Err(SpiffeIdError::TrailingSlash);
    }
    let mut segments = segments.as_bytes().split(|byte| *byte == b'/');
    segments.try_for_each(check_segment)
}

fn check_segment(segment: &[u8]) -> Result<(), SpiffeIdError> {
    let legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(*byte, b'.' | b'-' | b'_');
    match segment {
        b"" => Err(SpiffeIdError::EmptySegment),
        b"." | b".." => Err(SpiffeIdError::DotSegment),
        _ if segment.iter().all(legal) => Ok(()),
        _ => Err(SpiffeIdError::BadPathChar),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<&str, SpiffeIdError>) {
        let got = text.parse::<SpiffeId>();
        assert_eq!(
            got.as_ref().map(SpiffeId::path).map_err(|error| *error),
            want,
            "{text}"
        );
    }

    #[test]
    fn every_rule_of_the_standard_is_checked() {
        check(
            "spiffe://iia.local/zone/lake/workload/w",
            Ok("/zone/lake/workload/w"),
        );
        check("spiffe://iia.local", Ok(""));
        check("SPIFFE://iia.local", Err(SpiffeIdError::WrongScheme));
        check("spiffe://", Err(SpiffeIdError::MissingTrustDomain));
        check("spiffe:///a", Err(SpiffeIdError::MissingTrustDomain));
        check("spiffe://Iia/a", Err(SpiffeIdError::BadTrustDomainChar));
        check("spiffe://u@td/a", Err(SpiffeIdError::BadTrustDomainChar));
        check("spiffe://td:1/a", Err(SpiffeIdError::BadTrustDomainChar));
        check("spiffe://td?x", Err(SpiffeIdError::BadTrustDomainChar));
        check("spiffe://td/a?x", Err(SpiffeIdError::BadPathChar));
        check("spiffe://td/a#x", Err(SpiffeIdError::BadPathChar));
        check("spiffe://td/%41", Err(SpiffeIdError::BadPathChar));
        check("spiffe://td/a\n", Err(SpiffeIdError::BadPathChar));
        check("spiffe://td//a", Err(SpiffeIdError::EmptySegment));
        check("spiffe://td/a/../b", Err(SpiffeIdError::DotSegment));
        check("spiffe://td/", Err(SpiffeIdError::TrailingSlash));
    }

    /// SPIFFE-ID 2.1: a name that looks like an address or a host is a name and nothing more.
    #[test]
    fn a_trust_domain_that_looks_like_an_address_is_a_name() {
        for name in [
            "10.0.0.1",
            "256.1",
            "localhost",
            "example.org",
            "a..b",
            ".",
            "-",
            "_",
            "1",
        ] {
            let domain: TrustDomain = name.parse().unwrap();
            assert_eq!(domain.as_str(), name);
            check(&alloc::format!("spiffe://{name}/a"), Ok("/a"));
        }
        let address = "spiffe://[::1]/a";
        check(address, Err(SpiffeIdError::BadTrustDomainChar));
    }

    #[test]
    fn a_workload_id_gives_back_zone_and_name() {
        let domain: TrustDomain = "iia.local".parse().unwrap();
        let id = SpiffeId::workload(&domain, "lake", "lake_writer").unwrap();
        assert_eq!(id.zone_workload(), Some(("lake", "lake_writer")));
        assert_eq!(id.trust_domain(), domain);
        assert_eq!(domain.to_id().zone_workload(), None);
    }

    #[test]
    fn limits_hold_at_max_and_one_over() {
        let longest = alloc::format!("spiffe://t/{}", "a".repeat(SPIFFE_ID_LEN_MAX - 11));
        assert!(longest.parse::<SpiffeId>().is_ok());
        check(&alloc::format!("{longest}a"), Err(SpiffeIdError::TooLong));
        assert!(
            "t".repeat(TRUST_DOMAIN_LEN_MAX)
                .parse::<TrustDomain>()
                .is_ok()
        );
        assert!(
            "t".repeat(TRUST_DOMAIN_LEN_MAX + 1)
                .parse::<TrustDomain>()
                .is_err()
        );
    }
}
