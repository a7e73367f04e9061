//! Verification of a token, in the order of the standard: form, algorithm, key of the subject's trust domain,
//! signature, then what it claims.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use iia_core::{SpiffeId, Timestamp};
use serde_json::{Map, Value};

use super::{Algorithm, JwtError};
use crate::IdentityError;
use crate::bundle::{BundleSet, json};
use crate::issue::{BACKDATE_SECS, SVID_LIFE_MAX_SECS};

/// Longest token in bytes.
pub const TOKEN_LEN_MAX: usize = 64 * 1024;
/// Headers that a token may have (JWT-SVID 2).
const HEADERS: [&str; 3] = ["alg", "kid", "typ"];

/// What a verified token says. Only [`verify`] makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    id: SpiffeId,
    expires: Timestamp,
    all: Map<String, Value>,
}

impl Claims {
    /// Whose identity it is.
    pub const fn id(&self) -> &SpiffeId {
        &self.id
    }

    /// When it ends.
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Every claim, the standard's own among them.
    pub const fn all(&self) -> &Map<String, Value> {
        &self.all
    }
}

/// Verifies a token for an audience and gives what it claims.
///
/// # Errors
/// The first rule that fails; see [`JwtError`].
pub fn verify(
    token: &str,
    audience: &str,
    bundles: &BundleSet,
    now: Timestamp,
) -> Result<Claims, JwtError> {
    if token.len() > TOKEN_LEN_MAX {
        return Err(JwtError::OverLimit {
            what: "bytes of a token",
            max: TOKEN_LEN_MAX,
        });
    }
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return malformed("not a JWS in compact serialization (JWT-SVID 2)");
    };
    let header = object(header)?;
    let (algorithm, kid) = head(&header)?;
    let claims = object(payload)?;
    let id = subject(&claims)?;
    let domain = id.trust_domain();
    let bundle = bundles.bundle(&domain);
    let bundle = bundle.ok_or(IdentityError::UnknownTrustDomain)?;
    let key = bundle.jwt_keys().iter().find(|key| key.kid() == kid);
    let key = key.ok_or(JwtError::UnknownKey)?;
    let signature = URL_SAFE_NO_PAD.decode(signature);
    let signature = signature.map_err(|_| JwtError::Signature)?;
    let signed = token.rsplit_once('.').map_or("", |(signed, _)| signed);
    key.verify(algorithm, signed.as_bytes(), &signature)?;
    let expires = check_times(&claims, now)?;
    let longest = (SVID_LIFE_MAX_SECS + BACKDATE_SECS).saturating_add(now.as_secs());
    if bundles.is_own(&domain) && expires.as_secs() > longest {
        return Err(JwtError::TooLong);
    }
    check_audience(&claims, audience)?;
    Ok(Claims {
        id,
        expires,
        all: claims,
    })
}

/// The header: which algorithm and which key. The algorithm is judged before anything else is (JWT-SVID 4).
fn head(header: &Map<String, Value>) -> Result<(Algorithm, &str), JwtError> {
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    let algorithm = text("alg").and_then(Algorithm::named);
    let algorithm = algorithm.ok_or(JwtError::Algorithm)?;
    if header.keys().any(|name| !HEADERS.contains(&name.as_str())) {
        return malformed("a header that is not permitted (JWT-SVID 2)");
    }
    if header.contains_key("typ") && !matches!(text("typ"), Some("JWT" | "JOSE")) {
        return malformed("typ is neither JWT nor JOSE (JWT-SVID 2.3)");
    }
    let kid = text("kid").ok_or(JwtError::UnknownKey)?;
    Ok((algorithm, kid))
}

fn subject(claims: &Map<String, Value>) -> Result<SpiffeId, JwtError> {
    let subject = claims.get("sub").and_then(Value::as_str);
    let Some(subject) = subject else {
        return malformed("no subject (JWT-SVID 3.1)");
    };
    let id: SpiffeId = subject.parse().map_err(IdentityError::BadSpiffeId)?;
    match id.path().is_empty() {
        true => malformed("subject is a trust domain and no workload (JWT-SVID 3.1)"),
        false => Ok(id),
    }
}

/// When it ends. A clock may be behind ours by as much as we backdate our own certificates.
fn check_times(claims: &Map<String, Value>, now: Timestamp) -> Result<Timestamp, JwtError> {
    let Some(expires) = seconds(claims, "exp")? else {
        return malformed("no expiry (JWT-SVID 3.3)");
    };
    if now.as_secs() >= expires {
        return Err(JwtError::Expired);
    }
    for name in ["nbf", "iat"] {
        let from = seconds(claims, name)?;
        if from.is_some_and(|from| from > now.as_secs().saturating_add(BACKDATE_SECS)) {
            return Err(JwtError::NotYetValid);
        }
    }
    Ok(Timestamp::from_secs(expires))
}

/// A time of RFC 7519 2: a number of seconds, which may have a fraction.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, JwtError> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let whole = value.as_i64().or_else(|| {
        // A fraction is cut off; what no integer holds ends at its ends.
        value.as_f64().map(|seconds| seconds.floor() as i64)
    });
    let Some(whole) = whole else {
        return malformed("a time that is no number (RFC 7519 2)");
    };
    Ok(Some(whole))
}

/// `aud` is one text or several (RFC 7519 4.1.3).
fn check_audience(claims: &Map<String, Value>, audience: &str) -> Result<(), JwtError> {
    let is = |value: &Value| value.as_str().is_some_and(|one| one == audience);
    let good = !audience.is_empty()
        && match claims.get("aud") {
            Some(Value::Array(several)) => several.iter().any(is),
            Some(one @ Value::String(_)) => is(one),
            Some(_) => return malformed("aud is neither text nor a list (RFC 7519 4.1.3)"),
            None => return malformed("no audience (JWT-SVID 3.2)"),
        };
    good.then_some(()).ok_or(JwtError::Audience)
}

/// A part of a token: base64url without padding of a JSON object in which no name occurs twice.
fn object(part: &str) -> Result<Map<String, Value>, JwtError> {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(part) else {
        return malformed("not base64url without padding (RFC 7515 2)");
    };
    match json::read(&bytes) {
        Ok(Value::Object(members)) => Ok(members),
        _ => malformed("not a JSON object, or a name occurs twice (RFC 7515 4)"),
    }
}

fn malformed<T>(rule: &'static str) -> Result<T, JwtError> {
    Err(JwtError::Malformed { rule })
}
