//! The calls of the S3 API that a vault makes, before they are signed.

use std::sync::Arc;

use iia_audit::vault::utc;
use iia_core::Timestamp;
use rusty_s3::Method;

use super::OBJECT_LEN_MAX;
use super::xml::XML_LEN_MAX;

/// Room for an error document.
const ERROR_LEN: usize = 64 * 1024;
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// One call. Its parts are those of the S3 API reference.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) method: Method,
    /// The object; `None` for the bucket itself.
    pub(super) key: Option<String>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Arc<[u8]>,
    pub(super) reply_len_max: usize,
}

/// A retention: mode and end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Until {
    /// Nobody may shorten it.
    Compliance(Timestamp),
    /// Some may.
    Governance(Timestamp),
}

impl Until {
    const fn parts(self) -> (&'static str, Timestamp) {
        match self {
            Self::Compliance(time) => ("COMPLIANCE", time),
            Self::Governance(time) => ("GOVERNANCE", time),
        }
    }
}

impl Call {
    fn new(method: Method, key: Option<&str>) -> Self {
        Self {
            method,
            key: key.map(str::to_owned),
            query: Vec::new(),
            headers: Vec::new(),
            body: Arc::default(),
            reply_len_max: XML_LEN_MAX,
        }
    }

    fn asking(mut self, name: &'static str, value: &str) -> Self {
        self.query.push((name, value.to_owned()));
        self
    }

    fn of_version(self, version: Option<&str>) -> Self {
        match version {
            Some(version) => self.asking("versionId", version),
            None => self,
        }
    }

    fn saying(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn sending(mut self, xml: &str) -> Self {
        self.body = xml.as_bytes().into();
        self
    }

    /// Reads a reply of so many bytes and one more where it is longer, or an error in its place.
    pub(super) const fn at_most(mut self, len: usize) -> Self {
        self.reply_len_max = if len < ERROR_LEN { ERROR_LEN } else { len + 1 };
        self
    }

    /// Asks past a GOVERNANCE retention.
    pub(super) fn bypassing(self) -> Self {
        self.saying("x-amz-bypass-governance-retention", "true")
    }

    /// PutObject with a retention, or without.
    pub fn put(key: &str, body: Arc<[u8]>, until: Option<Until>) -> Self {
        let mut call = Self::new(Method::Put, Some(key));
        call.body = body;
        let Some((mode, time)) = until.map(Until::parts) else {
            return call;
        };
        call.saying("x-amz-object-lock-mode", mode)
            .saying("x-amz-object-lock-retain-until-date", &utc(time))
    }

    /// HeadObject of the newest version.
    pub fn head(key: &str) -> Self {
        Self::new(Method::Head, Some(key))
    }

    /// GetObject of a version.
    pub fn get(key: &str, version: Option<&str>) -> Self {
        let mut call = Self::new(Method::Get, Some(key)).of_version(version);
        call.reply_len_max = OBJECT_LEN_MAX;
        call
    }

    /// DeleteObject of a version.
    pub fn delete(key: &str, version: Option<&str>) -> Self {
        Self::new(Method::Delete, Some(key)).of_version(version)
    }

    /// GetObjectRetention.
    pub fn get_retention(key: &str, version: Option<&str>) -> Self {
        Self::new(Method::Get, Some(key))
            .asking("retention", "")
            .of_version(version)
    }

    /// PutObjectRetention; `None` asks to take it away.
    pub fn put_retention(key: &str, version: Option<&str>, until: Option<Until>) -> Self {
        let inside = until
            .map(Until::parts)
            .map_or_else(String::new, |(mode, time)| {
                let time = utc(time);
                format!("<Mode>{mode}</Mode><RetainUntilDate>{time}</RetainUntilDate>")
            });
        Self::new(Method::Put, Some(key))
            .asking("retention", "")
            .of_version(version)
            .sending(&format!(
                "<Retention xmlns=\"{NAMESPACE}\">{inside}</Retention>"
            ))
    }

    /// GetBucketVersioning.
    pub fn get_versioning() -> Self {
        Self::new(Method::Get, None).asking("versioning", "")
    }

    /// PutBucketVersioning.
    pub(super) fn put_versioning(status: &str) -> Self {
        Self::new(Method::Put, None)
            .asking("versioning", "")
            .sending(&format!(
                "<VersioningConfiguration xmlns=\"{NAMESPACE}\"><Status>{status}</Status></VersioningConfiguration>"
            ))
    }

    /// GetObjectLockConfiguration.
    pub fn get_lock() -> Self {
        Self::new(Method::Get, None).asking("object-lock", "")
    }

    /// PutObjectLockConfiguration with another state than the only one there is.
    pub(super) fn put_lock_disabled() -> Self {
        Self::new(Method::Put, None)
            .asking("object-lock", "")
            .sending(&format!(
                "<ObjectLockConfiguration xmlns=\"{NAMESPACE}\"><ObjectLockEnabled>Disabled</ObjectLockEnabled>\
                 </ObjectLockConfiguration>"
            ))
    }

    /// ListObjectVersions below `prefix`, behind `marker` (key and version).
    pub fn list(prefix: &str, marker: Option<(&str, &str)>) -> Self {
        let call = Self::new(Method::Get, None)
            .asking("versions", "")
            .asking("prefix", prefix);
        match marker {
            Some((key, version)) => call
                .asking("key-marker", key)
                .asking("version-id-marker", version),
            None => call,
        }
    }
}
