//! The SPIFFE bundle format (SPIFFE Trust Domain and Bundle 4): a JWK set as it comes in a signed artifact.

use std::collections::BTreeMap;

use rustls::pki_types::CertificateDer;
use serde::Serialize;
use serde_json::Value;

use super::jwk::{self, Jwk};
use super::{JWT_KEYS_MAX, ROOTS_MAX, json};
use crate::IdentityError;
use crate::jwt::JwtKey;
use crate::verify::check_authority;

/// Largest bundle or bundle map in bytes.
pub const BUNDLE_LEN_MAX: usize = 1024 * 1024;

/// The roots and the keys for JWT-SVIDs of one trust domain, and which edition of them this is. It does not say which trust domain (3).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Bundle {
    roots: Vec<CertificateDer<'static>>,
    jwt_keys: Vec<JwtKey>,
    sequence: Option<u64>,
    refresh_hint_secs: Option<u64>,
}

impl Bundle {
    /// A bundle of these roots, DER, and its sequence number.
    ///
    /// # Errors
    /// [`IdentityError::BadIssuer`] when one may not sign SVIDs, [`IdentityError::TooManyRoots`].
    pub fn new(roots: Vec<Vec<u8>>, sequence: u64) -> Result<Self, IdentityError> {
        let mut bundle = Self {
            sequence: Some(sequence),
            ..Self::default()
        };
        for root in roots {
            bundle.push(CertificateDer::from(root))?;
        }
        Ok(bundle)
    }

    /// The same bundle with a word on how often to look for a newer one, in seconds.
    #[must_use]
    pub const fn with_refresh_hint_secs(mut self, seconds: u64) -> Self {
        self.refresh_hint_secs = Some(seconds);
        self
    }

    /// The same bundle with a key for JWT-SVIDs more.
    ///
    /// # Errors
    /// [`IdentityError::BadBundle`] when another key has its identifier, [`IdentityError::TooManyRoots`].
    pub fn with_jwt_key(mut self, key: JwtKey) -> Result<Self, IdentityError> {
        self.push_jwt_key(key)?;
        Ok(self)
    }

    /// Reads a bundle. Keys of unknown types or uses are left out (4.1.3), and so are those without a certificate
    /// (X509-SVID 6.2); a certificate that is no authority makes the whole bundle bad.
    ///
    /// # Errors
    /// [`IdentityError::BadBundle`], [`IdentityError::BadIssuer`], [`IdentityError::TooManyRoots`].
    pub fn parse(json: &[u8]) -> Result<Self, IdentityError> {
        Self::of_value(&json::read(json)?)
    }

    /// Writes the bundle as a JWK set.
    ///
    /// # Errors
    /// [`IdentityError::BadBundle`] for a root whose key type no JWK has.
    pub fn to_json(&self) -> Result<Vec<u8>, IdentityError> {
        json::write(&Document::of(self)?)
    }

    /// The roots, DER.
    pub fn roots(&self) -> &[CertificateDer<'static>] {
        &self.roots
    }

    /// The keys for JWT-SVIDs.
    pub fn jwt_keys(&self) -> &[JwtKey] {
        &self.jwt_keys
    }

    /// Writes the keys for JWT-SVIDs alone as a JWK set (Workload API 6.2.2).
    ///
    /// # Errors
    /// [`IdentityError::Internal`].
    pub fn jwks(&self) -> Result<Vec<u8>, IdentityError> {
        json::write(&Document {
            keys: self.jwt_keys.iter().map(Key::of_jwt_key).collect(),
            spiffe_refresh_hint: None,
            spiffe_sequence: None,
        })
    }

    /// The sequence number (4.1.1).
    pub const fn sequence(&self) -> Option<u64> {
        self.sequence
    }

    /// How often to look for a newer bundle, in seconds (4.1.2).
    pub const fn refresh_hint_secs(&self) -> Option<u64> {
        self.refresh_hint_secs
    }

    pub(super) fn of_value(value: &Value) -> Result<Self, IdentityError> {
        let keys = value.get("keys").and_then(Value::as_array);
        let mut bundle = Self {
            roots: Vec::new(),
            jwt_keys: Vec::new(),
            sequence: json::integer(value, "spiffe_sequence")?,
            refresh_hint_secs: json::integer(value, "spiffe_refresh_hint")?,
        };
        for key in keys.ok_or(json::bad("no keys"))? {
            if let Some(root) = jwk::root(key)? {
                bundle.push(root)?;
            } else if let Some(key) = jwk::jwt_key(key) {
                bundle.push_jwt_key(key)?;
            }
        }
        Ok(bundle)
    }

    pub(super) fn push(&mut self, root: CertificateDer<'static>) -> Result<(), IdentityError> {
        check_authority(&root, None)?;
        if self.roots.len() >= ROOTS_MAX {
            return Err(IdentityError::TooManyRoots {
                what: "roots of one trust domain",
                max: ROOTS_MAX,
            });
        }
        self.roots.push(root);
        Ok(())
    }

    pub(super) fn push_jwt_key(&mut self, key: JwtKey) -> Result<(), IdentityError> {
        if self.jwt_keys.iter().any(|held| held.kid() == key.kid()) {
            return Err(json::bad("two keys with one kid"));
        }
        if self.jwt_keys.len() >= JWT_KEYS_MAX {
            return Err(IdentityError::TooManyRoots {
                what: "keys for the JWT-SVIDs of one trust domain",
                max: JWT_KEYS_MAX,
            });
        }
        self.jwt_keys.push(key);
        Ok(())
    }

    /// 4.1.1: the sequence number only grows, and is another one when the contents are others.
    pub(super) fn check_successor(&self, next: &Self) -> Result<(), IdentityError> {
        match (self.sequence, next.sequence) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(IdentityError::BundleRollback),
            (Some(held), Some(next)) if next < held => Err(IdentityError::BundleRollback),
            (Some(held), Some(number)) if number == held && self != next => {
                Err(IdentityError::BundleConflict)
            }
            (Some(_), Some(_)) => Ok(()),
        }
    }
}

/// A key as it is written.
#[derive(Serialize)]
#[serde(untagged)]
enum Key {
    Root(Box<Jwk>),
    Jwt(BTreeMap<&'static str, String>),
}

impl Key {
    fn of_jwt_key(key: &JwtKey) -> Self {
        let usage = ("use", crate::jwt::USE.to_owned());
        Self::Jwt(key.members().into_iter().chain([usage]).collect())
    }
}

/// The JWK set as it is written.
#[derive(Serialize)]
pub(super) struct Document {
    keys: Vec<Key>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spiffe_refresh_hint: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spiffe_sequence: Option<u64>,
}

impl Document {
    pub(super) fn of(bundle: &Bundle) -> Result<Self, IdentityError> {
        let roots = bundle.roots.iter();
        let roots = roots.map(|root| Jwk::of_root(root).map(Box::new).map(Key::Root));
        let mut keys: Vec<Key> = roots.collect::<Result<_, _>>()?;
        keys.extend(bundle.jwt_keys.iter().map(Key::of_jwt_key));
        Ok(Self {
            keys,
            spiffe_refresh_hint: bundle.refresh_hint_secs,
            spiffe_sequence: bundle.sequence,
        })
    }

    /// A producer of maps leaves out the hint of each bundle (5.1.1).
    pub(super) fn without_hint(self) -> Self {
        Self {
            spiffe_refresh_hint: None,
            ..self
        }
    }
}
