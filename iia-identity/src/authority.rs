//! One signing key with its certificate: the root of a trust domain, or an authority of the in-cell PKI.

use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer as Signs, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType, SerialNumber,
};
use time::OffsetDateTime;

use crate::key::{self, KeyKind, PrivateKey};
use crate::{IdentityError, random};

/// An authority is valid from this much before it was made, for peers whose clock is a little behind.
pub const BACKDATE_SECS: i64 = 60;

/// A signing key, its certificate, and when that ends.
pub(crate) struct Authority {
    pub(crate) signs: Signs<'static, KeyPair>,
    pub(crate) der: Vec<u8>,
    pub(crate) not_after: Timestamp,
    secret: PrivateKey,
    digest: Digest,
}

/// What the certificate of an authority says.
pub(crate) struct Says<'a> {
    pub(crate) common_name: &'a str,
    pub(crate) uri: Option<SanType>,
    pub(crate) path_len: u8,
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
}

impl Says<'_> {
    pub(crate) fn params(&self) -> Result<CertificateParams, IdentityError> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(self.path_len));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = name(self.common_name);
        params.subject_alt_names = self.uri.iter().cloned().collect();
        params.serial_number = Some(SerialNumber::from_slice(&random::serial()?));
        params.not_before = moment(self.not_before)?;
        params.not_after = moment(self.not_after)?;
        Ok(params)
    }
}

impl Authority {
    /// Makes a key and signs its certificate with it.
    pub(crate) fn self_signed(kind: KeyKind, says: &Says<'_>) -> Result<Self, IdentityError> {
        let (pair, secret) = key::generate(kind)?;
        let params = says.params()?;
        let certificate = params
            .self_signed(&pair)
            .map_err(|_| internal("sign a root"))?;
        let der = certificate.der().to_vec();
        Self::new(der, (pair, secret), says.not_after)
    }

    /// Makes a key and has its certificate signed by another authority.
    pub(crate) fn below(
        upper: &Self,
        kind: KeyKind,
        says: &Says<'_>,
    ) -> Result<Self, IdentityError> {
        let (pair, secret) = key::generate(kind)?;
        let der = upper.sign(says.params()?, &pair)?;
        Self::new(der, (pair, secret), says.not_after)
    }

    /// The authority of a certificate and its key, as they were kept.
    pub(crate) fn load(der: Vec<u8>, secret: PrivateKey) -> Result<Self, IdentityError> {
        let pair = key::load(&secret)?;
        let certificate = crate::rules::parse(&der)?;
        if certificate.public_key().raw != pair.subject_public_key_info() {
            return Err(IdentityError::BadState {
                what: "the key of another certificate",
            });
        }
        let not_after = certificate.validity().not_after.timestamp();
        Self::new(der, (pair, secret), not_after)
    }

    fn new(
        der: Vec<u8>,
        (pair, secret): (KeyPair, PrivateKey),
        not_after: i64,
    ) -> Result<Self, IdentityError> {
        let signs = Signs::from_ca_cert_der(&der.as_slice().into(), pair)
            .map_err(|_| internal("read an authority"))?;
        Ok(Self {
            signs,
            digest: Digest::of(Context::File, &der),
            der,
            not_after: Timestamp::from_secs(not_after),
            secret,
        })
    }

    /// Signs a certificate over a public key; it names this authority's key.
    pub(crate) fn sign(
        &self,
        mut params: CertificateParams,
        key: &impl PublicKeyData,
    ) -> Result<Vec<u8>, IdentityError> {
        params.use_authority_key_identifier_extension = true;
        let signed = params
            .signed_by(key, &self.signs)
            .map_err(|_| internal("sign"))?;
        Ok(signed.der().to_vec())
    }

    pub(crate) const fn secret(&self) -> &PrivateKey {
        &self.secret
    }

    /// Names its certificate in records.
    pub(crate) const fn digest(&self) -> Digest {
        self.digest
    }
}

pub(crate) fn moment(seconds: i64) -> Result<OffsetDateTime, IdentityError> {
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| IdentityError::TimeUnknown)
}

pub(crate) fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}

pub(crate) fn uri(text: &str) -> Result<SanType, IdentityError> {
    let text = text.try_into().map_err(|_| internal("write a URI"))?;
    Ok(SanType::URI(text))
}

pub(crate) const fn internal(what: &'static str) -> IdentityError {
    IdentityError::Internal { what }
}
