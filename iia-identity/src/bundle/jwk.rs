//! One key of a bundle (X509-SVID 6.1): a JWK that carries a CA certificate.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls::pki_types::CertificateDer;
use serde::Serialize;
use serde_json::Value;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::json::bad;
use crate::IdentityError;
use crate::jwt::JwtKey;
use crate::rules::parse;

/// The value of `use` for keys that sign X509-SVIDs (X509-SVID 6.1).
const USE: &str = "x509-svid";
/// Key types that a root can have (RFC 7518 6.1, RFC 8037 2).
const KEY_TYPES: [&str; 3] = ["EC", "RSA", "OKP"];

/// Curves by object identifier: JWK name and length of a coordinate in bytes (RFC 5480 2.1.1.1, RFC 7518 6.2.1).
const CURVES: [(&str, &str, usize); 3] = [
    ("1.2.840.10045.3.1.7", "P-256", 32),
    ("1.3.132.0.34", "P-384", 48),
    ("1.3.132.0.35", "P-521", 66),
];
/// Ed25519 (RFC 8410 3).
const ED25519: &str = "1.3.101.112";

/// The root of a key; `None` when the key is not for us to use.
///
/// The certificate is what counts. Where the key is also written out, it is the certificate's (RFC 7517 4.7).
pub(super) fn root(key: &Value) -> Result<Option<CertificateDer<'static>>, IdentityError> {
    let members = key.as_object().ok_or(bad("key is no object"))?;
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let known = text("kty").is_some_and(|kty| KEY_TYPES.contains(&kty));
    if !known || text("use") != Some(USE) {
        return Ok(None);
    }
    let all = members.get("x5c").and_then(Value::as_array);
    let Some(first) = all.and_then(|all| all.first()) else {
        return Ok(None);
    };
    let first = first.as_str().ok_or(bad("x5c is no text"))?;
    let der = STANDARD.decode(first);
    let root = CertificateDer::from(der.map_err(|_| bad("x5c is not base64"))?);
    for (name, own) in Jwk::of_root(&root)?.material() {
        let same = |said: &Value| own.is_some_and(|own| said == own);
        if members.get(name).is_some_and(|said| !same(said)) {
            return Err(bad("key is not the one of its certificate"));
        }
    }
    Ok(Some(root))
}

/// The key for JWT-SVIDs (JWT-SVID 6.1); `None` when it is another, or verifies nothing.
pub(super) fn jwt_key(key: &Value) -> Option<JwtKey> {
    let members = key.as_object()?;
    let usage = members.get("use").and_then(Value::as_str);
    usage.filter(|usage| *usage == crate::jwt::USE)?;
    JwtKey::of_jwk(members)
}

/// A key as it is written.
#[derive(Default, Serialize)]
pub(super) struct Jwk {
    kty: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    x5c: [String; 1],
}

impl Jwk {
    /// The key of a root, written out.
    pub(super) fn of_root(root: &CertificateDer<'_>) -> Result<Self, IdentityError> {
        let certificate = parse(root)?;
        let key = Self::of_key(certificate.public_key()).ok_or(bad("key type without a JWK"))?;
        Ok(Self {
            usage: USE,
            x5c: [STANDARD.encode(root)],
            ..key
        })
    }

    fn of_key(key: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let text = |bytes: &[u8]| Some(URL_SAFE_NO_PAD.encode(bytes));
        if key.algorithm.algorithm.to_id_string() == ED25519 {
            return Some(Self {
                kty: "OKP",
                crv: Some("Ed25519".into()),
                x: text(&key.subject_public_key.data),
                ..Self::default()
            });
        }
        match key.parsed().ok()? {
            PublicKey::RSA(rsa) => Some(Self {
                kty: "RSA",
                n: text(without_zeros(rsa.modulus)),
                e: text(without_zeros(rsa.exponent)),
                ..Self::default()
            }),
            PublicKey::EC(point) => {
                let curve = key.algorithm.parameters.as_ref()?.as_oid().ok()?;
                let curve = curve.to_id_string();
                let (_, name, len) = CURVES.into_iter().find(|(id, ..)| *id == curve)?;
                // SEC 1 2.3.3: an uncompressed point is 4 and both coordinates.
                let (x, y) = point.data().strip_prefix(&[4])?.split_at_checked(len)?;
                (y.len() == len).then(|| Self {
                    kty: "EC",
                    crv: Some(name.into()),
                    x: text(x),
                    y: text(y),
                    ..Self::default()
                })
            }
            _ => None,
        }
    }

    /// The members that say which key it is.
    fn material(&self) -> [(&'static str, Option<&str>); 6] {
        [
            ("kty", Some(self.kty)),
            ("crv", self.crv.as_deref()),
            ("x", self.x.as_deref()),
            ("y", self.y.as_deref()),
            ("n", self.n.as_deref()),
            ("e", self.e.as_deref()),
        ]
    }
}

/// An integer of DER without the zero that keeps it positive (RFC 7518 6.3.1.1).
fn without_zeros(mut bytes: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}
