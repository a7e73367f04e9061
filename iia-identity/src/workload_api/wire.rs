//! Messages of the Workload API as the standard numbers their fields (SPIFFE Workload API, appendix A).
//!
//! Written by hand: the standard is stable and no service may extend it, so there is nothing to generate again.

use std::collections::BTreeMap;

use prost::Message;

/// The name of the service, which has no package.
pub(super) const SERVICE: &str = "/SpiffeWorkloadAPI/";

/// Every request without parameters.
#[derive(Clone, Copy, Message, PartialEq)]
pub(super) struct Empty {}

#[derive(Clone, Message, PartialEq)]
pub(super) struct X509SvidResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) svids: Vec<X509Svid>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub(super) crl: Vec<Vec<u8>>,
    #[prost(btree_map = "string, bytes", tag = "3")]
    pub(super) federated_bundles: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone, Message, PartialEq)]
pub(super) struct X509Svid {
    #[prost(string, tag = "1")]
    pub(super) spiffe_id: String,
    /// DER, the leaf first, one certificate after the other.
    #[prost(bytes = "vec", tag = "2")]
    pub(super) x509_svid: Vec<u8>,
    /// Unencrypted PKCS#8.
    #[prost(bytes = "vec", tag = "3")]
    pub(super) x509_svid_key: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) bundle: Vec<u8>,
    #[prost(string, tag = "5")]
    pub(super) hint: String,
}

#[derive(Clone, Message, PartialEq)]
pub(super) struct X509BundlesResponse {
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub(super) crl: Vec<Vec<u8>>,
    #[prost(btree_map = "string, bytes", tag = "2")]
    pub(super) bundles: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone, Message, PartialEq)]
pub(super) struct JwtSvidRequest {
    #[prost(string, repeated, tag = "1")]
    pub(super) audience: Vec<String>,
    #[prost(string, tag = "2")]
    pub(super) spiffe_id: String,
}

#[derive(Clone, Message, PartialEq)]
pub(super) struct JwtSvidResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) svids: Vec<JwtSvid>,
}

#[derive(Clone, Message, PartialEq)]
pub(super) struct JwtSvid {
    #[prost(string, tag = "1")]
    pub(super) spiffe_id: String,
    #[prost(string, tag = "2")]
    pub(super) svid: String,
    #[prost(string, tag = "3")]
    pub(super) hint: String,
}

#[derive(Clone, Message, PartialEq)]
pub(super) struct JwtBundlesResponse {
    #[prost(btree_map = "string, bytes", tag = "1")]
    pub(super) bundles: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone, Message, PartialEq)]
pub(super) struct ValidateJwtSvidRequest {
    #[prost(string, tag = "1")]
    pub(super) audience: String,
    #[prost(string, tag = "2")]
    pub(super) svid: String,
}

#[derive(Clone, Message, PartialEq)]
pub(super) struct ValidateJwtSvidResponse {
    #[prost(string, tag = "1")]
    pub(super) spiffe_id: String,
    #[prost(message, optional, tag = "2")]
    pub(super) claims: Option<prost_types::Struct>,
}
