//! Which store, and requests that it believes (AWS Signature Version 4, in the query).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_core::Timestamp;
use rusty_s3::{Bucket, Credentials, UrlStyle};
use sha2::{Digest as _, Sha256};

use super::{Call, VaultError};

/// How long a signed request counts, in seconds.
const REQUEST_S: u64 = 300;

/// How a bucket is named in an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// `https://store/bucket/key`
    Path,
    /// `https://bucket.store/key`
    Host,
}

/// Where a store is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    /// The store, as `https://store`; without TLS on the machine's own addresses only.
    pub endpoint: String,
    /// How it wants buckets to be named.
    pub style: Style,
    /// Its region.
    pub region: String,
    /// The bucket.
    pub bucket: String,
}

/// A bucket of a store, and the right to use it.
pub struct Store {
    address: Address,
    bucket: Bucket,
    credentials: Credentials,
}

/// A signed request, to be sent as it is.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `HEAD`, `PUT`, `DELETE`.
    pub method: &'static str,
    /// The address, signature included.
    pub url: String,
    /// Header fields.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Arc<[u8]>,
    /// Bytes of a reply's body that are read at most; what is longer may be cut there.
    pub reply_len_max: usize,
}

impl Store {
    /// Takes an address and the secret `(key id, secret, session token)`.
    ///
    /// # Errors
    /// [`VaultError::BadAddress`], also for a store without TLS that is not on this machine.
    pub fn new(
        address: Address,
        (id, secret, token): (&str, &str, Option<&str>),
    ) -> Result<Self, VaultError> {
        let bad = |what| VaultError::BadAddress { what };
        let name = address.bucket.as_str();
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
        if !(3..=63).contains(&name.len()) || !name.bytes().all(legal) {
            return Err(bad("the bucket's name is not one of S3"));
        }
        let is_region = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if address.region.is_empty() || !address.region.bytes().all(is_region) {
            return Err(bad("the region is not one"));
        }
        let endpoint = address.endpoint.parse();
        let endpoint = endpoint.map_err(|_| bad("the endpoint is not an address"))?;
        let style = match address.style {
            Style::Path => UrlStyle::Path,
            Style::Host => UrlStyle::VirtualHost,
        };
        let bucket = Bucket::new(
            endpoint,
            style,
            address.bucket.clone(),
            address.region.clone(),
        )
        .map_err(|_| bad("the endpoint is not an address of a store"))?;
        let url = bucket.base_url();
        let is_own = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        if url.scheme() != "https" && !is_own {
            return Err(bad("evidence goes over TLS: the endpoint must be https"));
        }
        let credentials = match token {
            Some(token) => Credentials::new_with_token(id, secret, token),
            None => Credentials::new(id, secret),
        };
        Ok(Self {
            address,
            bucket,
            credentials,
        })
    }

    /// Where it is.
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// Signs a call as of `now`. A body goes with its SHA-256, which the API demands with a lock.
    pub fn sign(&self, call: &Call, now: Timestamp) -> Request {
        let mut headers = call.headers.clone();
        if !call.body.is_empty() {
            let sum = STANDARD.encode(Sha256::digest(&call.body));
            headers.push(("x-amz-checksum-sha256", sum));
            headers.push(("x-amz-sdk-checksum-algorithm", "SHA256".into()));
        }
        headers.sort();
        let mut query = call.query.clone();
        query.sort();
        let url = match &call.key {
            Some(key) => self.bucket.object_url(key),
            None => self.bucket.base_url().clone(),
        };
        let seconds = jiff::Timestamp::from_second(now.as_secs()).unwrap_or_default();
        let url = rusty_s3::signing::sign(
            &seconds,
            call.method,
            url,
            self.credentials.key(),
            self.credentials.secret(),
            self.credentials.token(),
            &self.address.region,
            REQUEST_S,
            query.iter().map(|(name, value)| (*name, value.as_str())),
            headers.iter().map(|(name, value)| (*name, value.as_str())),
        );
        Request {
            method: call.method.to_str(),
            url: url.into(),
            headers,
            body: Arc::clone(&call.body),
            reply_len_max: call.reply_len_max,
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
