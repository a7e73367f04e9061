//! The authority that signs JWT-SVIDs; its key is another than that of certificates.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use iia_core::SpiffeId;
use iia_core::gate::Gate;
use iia_core::id::TrustDomain;
use iia_core::time::Reading;
use rcgen::{KeyPair, PublicKeyData as _, SigningKey as _};
use serde_json::json;
use zeroize::Zeroizing;

use super::der::fixed_of_ecdsa;
use super::{JwtError, JwtKey, Sha256};
use crate::IdentityError;

/// Life of a token in seconds: it is carried about in the open, so it is far shorter than a certificate's.
pub const JWT_LIFE_SECS: i64 = 300;
/// Audiences of one token at most.
pub const AUDIENCES_MAX: usize = 16;
/// Longest audience in bytes.
const AUDIENCE_LEN_MAX: usize = 2048;
/// Bytes of a coordinate of P-256.
const WIDTH: usize = 32;

/// The signing authority for the JWT-SVIDs of one trust domain.
pub struct JwtAuthority {
    domain: TrustDomain,
    pair: KeyPair,
    key: JwtKey,
}

impl JwtAuthority {
    /// Makes an authority with a new P-256 key.
    ///
    /// # Errors
    /// [`IdentityError::Internal`] when the provider refuses.
    pub fn create(domain: TrustDomain) -> Result<Self, IdentityError> {
        let pair = KeyPair::generate().map_err(|_| internal("make a key"))?;
        Self::of(domain, pair)
    }

    /// The authority whose secret was kept.
    ///
    /// # Errors
    /// [`IdentityError::BadRequest`] when it is no P-256 key in PKCS#8.
    pub fn restore(domain: TrustDomain, secret: &[u8]) -> Result<Self, IdentityError> {
        let pair = KeyPair::try_from(secret).map_err(|_| IdentityError::BadRequest)?;
        Self::of(domain, pair)
    }

    fn of(domain: TrustDomain, pair: KeyPair) -> Result<Self, IdentityError> {
        let mut sha256 = Sha256::new();
        sha256.update(pair.der_bytes());
        let kid = URL_SAFE_NO_PAD.encode(sha256.finish());
        let key = JwtKey::p256(kid, pair.der_bytes()).ok_or(IdentityError::BadRequest)?;
        Ok(Self { domain, pair, key })
    }

    /// The private key, PKCS#8, for whoever keeps it; erased when dropped.
    pub fn secret(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.pair.serialize_der())
    }

    /// The public key, for the bundle of the trust domain.
    pub const fn key(&self) -> &JwtKey {
        &self.key
    }

    /// Issues a token for `id` and these audiences, if the catalog knows the workload.
    ///
    /// # Errors
    /// [`IdentityError::NoContract`], [`IdentityError::TimeUnknown`], [`JwtError::Malformed`] without an audience.
    // IIA 7: no contract, no SVID.
    pub fn issue(
        &self,
        id: &SpiffeId,
        audience: &[String],
        gate: &dyn Gate,
        now: Reading,
    ) -> Result<String, JwtError> {
        if !gate.knows(id) || id.trust_domain() != self.domain || id.path().is_empty() {
            return Err(IdentityError::NoContract.into());
        }
        if !now.state.is_trusted() {
            return Err(IdentityError::TimeUnknown.into());
        }
        check_audience(audience)?;
        let iat = now.wall.as_secs();
        let header = json!({ "alg": "ES256", "kid": self.key.kid(), "typ": "JWT" });
        let claims = json!({
            "sub": id.as_str(), "aud": audience, "iat": iat, "exp": iat.saturating_add(JWT_LIFE_SECS),
        });
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let der = self.pair.sign(signed.as_bytes());
        let fixed = der.ok().and_then(|der| fixed_of_ecdsa(&der, WIDTH));
        let fixed = fixed.ok_or(internal("sign"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(fixed)))
    }
}

/// At least one audience, none empty, and no more than the limits.
///
/// # Errors
/// [`JwtError::Malformed`], [`JwtError::OverLimit`].
pub fn check_audience(audience: &[String]) -> Result<(), JwtError> {
    let over = |what, max| Err(JwtError::OverLimit { what, max });
    if audience.is_empty() || audience.iter().any(String::is_empty) {
        let rule = "an audience is needed (JWT-SVID 3.2)";
        return Err(JwtError::Malformed { rule });
    }
    if audience.len() > AUDIENCES_MAX {
        return over("audiences", AUDIENCES_MAX);
    }
    match audience.iter().any(|one| one.len() > AUDIENCE_LEN_MAX) {
        true => over("bytes of an audience", AUDIENCE_LEN_MAX),
        false => Ok(()),
    }
}

const fn internal(what: &'static str) -> IdentityError {
    IdentityError::Internal { what }
}

impl fmt::Debug for JwtAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtAuthority")
            .field("domain", &self.domain)
            .field("kid", &self.key.kid())
            .finish_non_exhaustive()
    }
}
