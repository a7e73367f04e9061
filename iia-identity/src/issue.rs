//! The issuer on the box (decision D11): SVIDs of one hour at most, only for workloads that a contract names.

mod keep;

use iia_core::gate::Gate;
use iia_core::id::TrustDomain;
use iia_core::time::{Reading, SECOND_NS};
use iia_core::{SpiffeId, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer as Authority, KeyPair, KeyUsagePurpose, SanType,
    SerialNumber, SigningKey,
};
use rustls::pki_types::CertificateSigningRequestDer;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::IdentityError;

/// Longest life of an SVID in seconds (001:355).
pub const SVID_LIFE_MAX_SECS: i64 = 3600;
/// An SVID is valid from this much before its issue, for peers whose clock is a little behind.
pub const BACKDATE_SECS: i64 = 60;
/// Longest common name in bytes (X.520 upper bound).
pub const COMMON_NAME_LEN_MAX: usize = 64;

/// A workload's private key: PKCS#8, erased when dropped, never printed.
pub struct PrivateKey(Zeroizing<Vec<u8>>);

impl PrivateKey {
    /// The PKCS#8 bytes.
    pub fn as_pkcs8(&self) -> &[u8] {
        &self.0
    }
}

/// Makes a P-256 key and a signing request for it; the key stays with the caller.
///
/// # Errors
/// [`IdentityError::Internal`] when the provider refuses.
pub fn request(id: &SpiffeId) -> Result<(Vec<u8>, PrivateKey), IdentityError> {
    let key = KeyPair::generate().map_err(|_| internal("make a key"))?;
    Ok((
        request_by(id, &key)?,
        PrivateKey(Zeroizing::new(key.serialize_der())),
    ))
}

/// Makes a signing request for a key that signs where it lives, such as in a TPM.
///
/// # Errors
/// [`IdentityError::Internal`] when the key does not sign.
pub fn request_by(id: &SpiffeId, key: &impl SigningKey) -> Result<Vec<u8>, IdentityError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.subject_alt_names = vec![uri(id)?];
    let request = params
        .serialize_request(key)
        .map_err(|_| internal("write a request"))?;
    Ok(request.der().to_vec())
}

/// A certificate that was given out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Issued {
    /// DER certificates, leaf first, without the root.
    pub chain: Vec<Vec<u8>>,
    /// When it ends.
    pub not_after: Timestamp,
    /// Its serial number.
    pub serial: [u8; 16],
}

/// The signing authority of one trust domain.
pub struct Issuer {
    domain: TrustDomain,
    authority: Authority<'static, KeyPair>,
    root: Vec<u8>,
    life_secs: i64,
}

impl Issuer {
    /// Makes a new authority with a self-signed root that lives `years`, and SVIDs that live `life_secs`.
    ///
    /// # Errors
    /// [`IdentityError::TooLong`] above one hour; [`IdentityError::TimeUnknown`] when the clock is not trusted.
    pub fn create(
        domain: TrustDomain,
        life_secs: i64,
        years: i64,
        now: Reading,
    ) -> Result<Self, IdentityError> {
        if life_secs > SVID_LIFE_MAX_SECS || life_secs <= 0 {
            return Err(IdentityError::TooLong);
        }
        let start = trusted(now)?.as_secs();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = name(&format!("{domain} issuer"));
        params.subject_alt_names = vec![uri(&domain.to_id())?];
        params.not_before = moment(start - BACKDATE_SECS)?;
        params.not_after = moment(start + years * 365 * 86_400)?;
        let key = KeyPair::generate().map_err(|_| internal("make a key"))?;
        let root = params
            .self_signed(&key)
            .map_err(|_| internal("sign the root"))?;
        let root = root.der().to_vec();
        Ok(Self {
            domain,
            authority: Authority::new(params, key),
            root,
            life_secs,
        })
    }

    /// The root certificate, DER: the bundle of this trust domain.
    pub fn root(&self) -> &[u8] {
        &self.root
    }

    /// The trust domain.
    pub const fn domain(&self) -> &TrustDomain {
        &self.domain
    }

    /// Issues an SVID for `id` over the public key of `csr`, if the catalog knows the workload.
    ///
    /// Nothing of the request but its public key is used: who it is for comes from whoever attested the workload.
    ///
    /// # Errors
    /// [`IdentityError::NoContract`], [`IdentityError::TimeUnknown`], [`IdentityError::BadRequest`],
    /// [`IdentityError::BadLeaf`] for the ID of a trust domain itself.
    // IIA 7: no contract, no SVID.
    pub fn issue(
        &self,
        csr: &[u8],
        id: &SpiffeId,
        gate: &dyn Gate,
        now: Reading,
    ) -> Result<Issued, IdentityError> {
        if !gate.knows(id) || id.trust_domain() != self.domain {
            return Err(IdentityError::NoContract);
        }
        if id.path().is_empty() {
            let rule = "SPIFFE ID has no path (3.1)";
            return Err(IdentityError::BadLeaf { rule });
        }
        let start = trusted(now)?.as_secs();
        let csr = CertificateSigningRequestDer::from(csr);
        let csr = CertificateSigningRequestParams::from_der(&csr)
            .map_err(|_| IdentityError::BadRequest)?;
        let serial = serial()?;
        let params = self.leaf(id, start, serial)?;
        let leaf = params
            .signed_by(&csr.public_key, &self.authority)
            .map_err(|_| internal("sign"))?;
        let not_after = Timestamp::from_secs(start + self.life_secs - BACKDATE_SECS);
        Ok(Issued {
            chain: vec![leaf.der().to_vec()],
            not_after,
            serial,
        })
    }

    fn leaf(
        &self,
        id: &SpiffeId,
        start: i64,
        serial: [u8; 16],
    ) -> Result<CertificateParams, IdentityError> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        let alias = id.zone_workload().map_or("workload", |(_, name)| name);
        params.distinguished_name = name(alias.get(..COMMON_NAME_LEN_MAX).unwrap_or(alias));
        params.subject_alt_names = vec![uri(id)?];
        params.not_before = moment(start - BACKDATE_SECS)?;
        params.not_after = moment(start + self.life_secs - BACKDATE_SECS)?;
        Ok(params)
    }
}

fn trusted(now: Reading) -> Result<Timestamp, IdentityError> {
    if now.state.is_trusted() {
        Ok(now.wall)
    } else {
        Err(IdentityError::TimeUnknown)
    }
}

fn moment(seconds: i64) -> Result<OffsetDateTime, IdentityError> {
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| IdentityError::TimeUnknown)
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}

fn uri(id: &SpiffeId) -> Result<SanType, IdentityError> {
    Ok(SanType::URI(
        id.as_str()
            .try_into()
            .map_err(|_| internal("write a URI"))?,
    ))
}

/// Sixteen random bytes, positive (RFC 5280 4.1.2.2).
fn serial() -> Result<[u8; 16], IdentityError> {
    let mut bytes = [0; 16];
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| IdentityError::Environment {
            what: "random source",
        })?;
    let [first, ..] = &mut bytes;
    *first = *first & 0x7f | 0x40;
    Ok(bytes)
}

const fn internal(what: &'static str) -> IdentityError {
    IdentityError::Internal { what }
}

/// The life of an SVID in nanoseconds at most.
pub const SVID_LIFE_MAX_NS: i64 = SVID_LIFE_MAX_SECS * SECOND_NS;
