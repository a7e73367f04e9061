//! Keys that sign JWT-SVIDs: which algorithms are permitted, and a public key as a bundle carries it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::SignatureVerificationAlgorithm;
use serde_json::{Map, Value};
use webpki::aws_lc_rs::{
    ECDSA_P256_SHA256, ECDSA_P384_SHA384, ECDSA_P521_SHA512, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    RSA_PSS_2048_8192_SHA384_LEGACY_KEY, RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
};

use super::JwtError;
use super::der::{ecdsa_of_fixed, rsa_key, without_zeros};

/// The value of `use` for keys that sign JWT-SVIDs (JWT-SVID 6.1).
pub(crate) const USE: &str = "jwt-svid";
/// Longest key identifier in bytes.
const KID_LEN_MAX: usize = 256;
/// Longest modulus in bytes, that is 8192 bits.
const MODULUS_LEN_MAX: usize = 1024;

/// An algorithm that a JWT-SVID may be signed with (RFC 7518 3.3, 3.4, 3.5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "the standard's own names")]
pub enum Algorithm {
    Es256,
    Es384,
    Es512,
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
}

impl Algorithm {
    /// Every one of them by its name in a header.
    pub const NAMES: [(&'static str, Self); 9] = [
        ("ES256", Self::Es256),
        ("ES384", Self::Es384),
        ("ES512", Self::Es512),
        ("RS256", Self::Rs256),
        ("RS384", Self::Rs384),
        ("RS512", Self::Rs512),
        ("PS256", Self::Ps256),
        ("PS384", Self::Ps384),
        ("PS512", Self::Ps512),
    ];

    /// The algorithm that a header names; `None` for all others, `none` and those with a shared secret among them.
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(own, _)| *own == name);
        found.map(|(_, algorithm)| *algorithm)
    }

    fn verifier(self) -> &'static dyn SignatureVerificationAlgorithm {
        match self {
            Self::Es256 => ECDSA_P256_SHA256,
            Self::Es384 => ECDSA_P384_SHA384,
            Self::Es512 => ECDSA_P521_SHA512,
            Self::Rs256 => RSA_PKCS1_2048_8192_SHA256,
            Self::Rs384 => RSA_PKCS1_2048_8192_SHA384,
            Self::Rs512 => RSA_PKCS1_2048_8192_SHA512,
            Self::Ps256 => RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
            Self::Ps384 => RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
            Self::Ps512 => RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        }
    }

    /// The curve that goes with it; `None` for RSA.
    fn curve(self) -> Option<Curve> {
        match self {
            Self::Es256 => Some(Curve::P256),
            Self::Es384 => Some(Curve::P384),
            Self::Es512 => Some(Curve::P521),
            _ => None,
        }
    }
}

/// A curve of RFC 7518 6.2.1.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    const ALL: [(&'static str, Self); 3] = [
        ("P-256", Self::P256),
        ("P-384", Self::P384),
        ("P-521", Self::P521),
    ];

    /// Bytes of a coordinate.
    const fn width(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// A public key that verifies JWT-SVIDs, with the identifier by which tokens name it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JwtKey {
    kid: String,
    material: Material,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Material {
    /// Both coordinates, one after the other.
    Ec(Curve, Vec<u8>),
    /// Modulus and exponent without zeros in front.
    Rsa(Vec<u8>, Vec<u8>),
}

impl JwtKey {
    /// A key on P-256, given as X.509 has it: 4 and both coordinates.
    pub(super) fn p256(kid: String, point: &[u8]) -> Option<Self> {
        let point = point.strip_prefix(&[4])?;
        let material = Material::Ec(Curve::P256, point.to_vec());
        (point.len() == 2 * Curve::P256.width()).then_some(Self { kid, material })
    }

    /// The key of a JWK with `use` `jwt-svid`; `None` when it cannot verify anything, so when it has no `kid` either.
    pub(crate) fn of_jwk(members: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let kid = text("kid").filter(|kid| (1..=KID_LEN_MAX).contains(&kid.len()))?;
        let material = match text("kty")? {
            "EC" => {
                let curve = text("crv")?;
                let (_, curve) = Curve::ALL.into_iter().find(|(name, _)| *name == curve)?;
                let (x, y) = (bytes("x")?, bytes("y")?);
                let whole = (x.len(), y.len()) == (curve.width(), curve.width());
                whole.then(|| Material::Ec(curve, [x, y].concat()))?
            }
            "RSA" => {
                let (n, e) = (bytes("n")?, bytes("e")?);
                let (n, e) = (without_zeros(&n), without_zeros(&e));
                let whole = n.len() <= MODULUS_LEN_MAX && e.len() <= 8;
                whole.then(|| Material::Rsa(n.to_vec(), e.to_vec()))?
            }
            _ => return None,
        };
        Some(Self {
            kid: kid.to_owned(),
            material,
        })
    }

    /// The members of its JWK, without `use`.
    pub(crate) fn members(&self) -> Vec<(&'static str, String)> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut members = vec![("kid", self.kid.clone())];
        match &self.material {
            Material::Ec(curve, point) => {
                let name = Curve::ALL.iter().find(|(_, own)| own == curve);
                let (x, y) = point.split_at_checked(curve.width()).unwrap_or_default();
                members.push(("kty", "EC".into()));
                members.extend(name.map(|(name, _)| ("crv", (*name).into())));
                members.extend([("x", text(x)), ("y", text(y))]);
            }
            Material::Rsa(n, e) => {
                members.push(("kty", "RSA".into()));
                members.extend([("n", text(n)), ("e", text(e))]);
            }
        }
        members
    }

    /// The identifier by which tokens name it.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Verifies a signature of JOSE.
    ///
    /// # Errors
    /// [`JwtError::Algorithm`] when it is not this key's, [`JwtError::Signature`].
    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), JwtError> {
        let (key, signature) = match (&self.material, algorithm.curve()) {
            (Material::Ec(own, point), Some(curve)) if *own == curve => {
                let signature = ecdsa_of_fixed(signature, curve.width());
                ([&[4], point.as_slice()].concat(), signature)
            }
            (Material::Rsa(n, e), None) => (rsa_key(n, e), Some(signature.to_vec())),
            _ => return Err(JwtError::Algorithm),
        };
        let signature = signature.ok_or(JwtError::Signature)?;
        let verified = algorithm
            .verifier()
            .verify_signature(&key, message, &signature);
        verified.map_err(|_| JwtError::Signature)
    }
}
