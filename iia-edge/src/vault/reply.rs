//! What a store answers, and what of it is believed.

use iia_core::Timestamp;
use iia_core::time::parse_utc;

use super::fetch::Version;
use super::xml::walk;
use super::{Until, VaultError};

/// A reply, as it came.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Header fields; names in any case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// No reply came: what happened instead.
#[derive(Clone, Debug)]
pub struct Lost {
    /// What the system said; not API.
    pub detail: String,
}

/// A page of versions.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    pub(super) versions: Vec<Version>,
    /// Key and version behind which the next page starts.
    pub(super) next: Option<(String, String)>,
}

impl Reply {
    /// A header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers.iter();
        let found = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(super) const fn is_good(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The version that the reply is about; `null` is how S3 names the lack of one.
    pub(super) fn version(&self) -> Option<&str> {
        self.header("x-amz-version-id")
            .filter(|version| *version != "null" && is_word(version))
    }

    /// The store's own code for its error; empty when it gives none.
    pub fn error_code(&self) -> String {
        let mut code = String::new();
        let read = walk(&self.body, |path, text| {
            if is(path, &["Error", "Code"]) && is_word(text) && text.len() <= 64 {
                text.clone_into(&mut code);
            }
        });
        if read.is_ok() { code } else { String::new() }
    }

    /// The error that this refusal is.
    pub(super) fn refused(&self) -> VaultError {
        let (status, code) = (self.status, self.error_code());
        if code == "RequestTimeTooSkewed" {
            return VaultError::ClockSkew { seconds: 0 };
        }
        let hint = match (code.as_str(), status) {
            ("NoSuchBucket", _) => ": there is no such bucket",
            ("InvalidAccessKeyId", _) => ": it does not know this access key",
            ("SignatureDoesNotMatch", _) => ": the secret is not that of this access key",
            ("InvalidRequest", 400) => {
                ": does the bucket have Object Lock? It is chosen when a bucket is made"
            }
            ("AccessDenied", _) => ": the credentials may not do this",
            (_, 404) => ": nothing there",
            (_, 403) => ": are these the right credentials, and is this the right bucket?",
            _ => "",
        };
        VaultError::Refused { status, code, hint }
    }

    /// GetObjectRetention.
    pub(super) fn retention(&self) -> Option<Until> {
        let (mut mode, mut until) = (String::new(), None);
        let read = walk(&self.body, |path, text| {
            if is_field(path, "Mode") {
                text.clone_into(&mut mode);
            } else if is_field(path, "RetainUntilDate") {
                until = time(text);
            }
        });
        let until = until.filter(|_| read.is_ok() && self.is_good())?;
        match mode.as_str() {
            "COMPLIANCE" => Some(Until::Compliance(until)),
            "GOVERNANCE" => Some(Until::Governance(until)),
            _ => None,
        }
    }

    /// Whether a configuration has a field with this value.
    pub(super) fn states(&self, field: &str, value: &str) -> bool {
        let mut found = false;
        let read = walk(&self.body, |path, text| {
            found |= is_field(path, field) && text == value;
        });
        read.is_ok() && found && self.is_good()
    }

    /// ListObjectVersions. Markers of deletion are passed over: what they hide is still there.
    pub(super) fn page(&self) -> Result<Page, VaultError> {
        let wrong = VaultError::BadReply {
            what: "list of versions",
        };
        let mut page = Page::default();
        let (mut version, mut marker) = (Version::default(), (None, None));
        let (mut truncated, mut is_list) = (false, false);
        walk(&self.body, |path, text| {
            is_list |= is(path, &["ListVersionsResult"]);
            match path
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .as_slice()
            {
                ["ListVersionsResult", "IsTruncated"] => truncated = text == "true",
                ["ListVersionsResult", "NextKeyMarker"] => marker.0 = Some(text.to_owned()),
                ["ListVersionsResult", "NextVersionIdMarker"] => marker.1 = Some(text.to_owned()),
                ["ListVersionsResult", "Version", "Key"] => text.clone_into(&mut version.key),
                ["ListVersionsResult", "Version", "VersionId"] => text.clone_into(&mut version.id),
                ["ListVersionsResult", "Version", "Size"] => {
                    version.len = text.parse().unwrap_or(0)
                }
                ["ListVersionsResult", "Version"] => {
                    page.versions.push(std::mem::take(&mut version))
                }
                _ => {}
            }
        })?;
        page.next = match (truncated, marker) {
            (false, _) => None,
            (true, (Some(key), id)) => Some((key, id.unwrap_or_default())),
            (true, (None, _)) => return Err(wrong),
        };
        if is_list { Ok(page) } else { Err(wrong) }
    }

    /// When the store sent it (RFC 9110 5.6.7).
    pub(super) fn date(&self) -> Option<Timestamp> {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let words: Vec<&str> = self.header("date")?.split(' ').collect();
        let [_, day, month, year, clock, "GMT"] = words.as_slice() else {
            return None;
        };
        let month = MONTHS.iter().position(|name| name == month)? + 1;
        parse_utc(&format!("{year}-{month:02}-{day}T{clock}Z"))
    }
}

fn is(path: &[String], place: &[&str]) -> bool {
    path.iter().map(String::as_str).eq(place.iter().copied())
}

/// A field of a configuration. Stores do not agree on the name of what it is in, and clients do not ask.
fn is_field(path: &[String], name: &str) -> bool {
    matches!(path, [_, field] if field == name)
}

fn is_word(text: &str) -> bool {
    (1..=1024).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// An ISO 8601 time in UTC; what is finer than a second is dropped.
fn time(text: &str) -> Option<Timestamp> {
    let (seconds, rest) = text.split_at_checked(19)?;
    let fraction = rest.strip_suffix('Z')?;
    let digits = fraction.strip_prefix('.').unwrap_or(fraction);
    let is_fraction = fraction.is_empty() || (fraction.starts_with('.') && !digits.is_empty());
    (is_fraction && digits.bytes().all(|b| b.is_ascii_digit())).then_some(())?;
    parse_utc(&format!("{seconds}Z"))
}
