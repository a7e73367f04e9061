//! The issuer on the box (decision D11): SVIDs of one hour at most, only for workloads that a contract names, and once
//! somebody admits what runs, only for what was admitted.

mod countersign;
mod keep;
mod leaf;
mod revoked;
mod rotate;

use std::sync::Arc;

use iia_core::gate::Gate;
use iia_core::id::TrustDomain;
use iia_core::issuance::Issuance;
use iia_core::time::{Reading, SECOND_NS};
use iia_core::{Digest, SpiffeId, Timestamp};
use rcgen::{CertificateParams, DistinguishedName, SigningKey};

use crate::IdentityError;
use crate::admission::Admitted;
use crate::authority::{Authority, Says, internal, uri};
use crate::verify::not_after;
use crate::{key, request};

pub use crate::authority::BACKDATE_SECS;
pub use crate::key::{KeyKind, PrivateKey};
pub use crate::request::REQUEST_LEN_MAX;
pub use countersign::check_countersigned;
pub use keep::STATE_LEN_MAX;
pub use leaf::{COMMON_NAME_LEN_MAX, Subject};
pub use rotate::{ANNOUNCE_SECS_MIN, Turn};

/// Longest life of an SVID in seconds (001:355).
pub const SVID_LIFE_MAX_SECS: i64 = 3600;
/// The life of an SVID in nanoseconds at most.
pub const SVID_LIFE_MAX_NS: i64 = SVID_LIFE_MAX_SECS * SECOND_NS;
const YEAR_SECS: i64 = 365 * 86_400;

/// Makes a P-256 key and a signing request for it; the key stays with the caller.
///
/// # Errors
/// [`IdentityError::Internal`] when the provider refuses.
pub fn request(id: &SpiffeId) -> Result<(Vec<u8>, PrivateKey), IdentityError> {
    request_for(KeyKind::P256, id)
}

/// Makes a key of a kind and a signing request for it; the key stays with the caller.
///
/// # Errors
/// [`IdentityError::Internal`] when the provider refuses.
pub fn request_for(kind: KeyKind, id: &SpiffeId) -> Result<(Vec<u8>, PrivateKey), IdentityError> {
    let (pair, secret) = key::generate(kind)?;
    Ok((request_by(id, &pair)?, secret))
}

/// Makes a signing request for a key that signs where it lives, such as in a TPM.
///
/// # Errors
/// [`IdentityError::Internal`] when the key does not sign.
pub fn request_by(id: &SpiffeId, key: &impl SigningKey) -> Result<Vec<u8>, IdentityError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.subject_alt_names = vec![uri(id.as_str())?];
    let request = params
        .serialize_request(key)
        .map_err(|_| internal("write a request"))?;
    Ok(request.der().to_vec())
}

/// A certificate that was given out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Issued {
    /// DER certificates, leaf first, without a root that signed itself.
    pub chain: Vec<Vec<u8>>,
    /// When it ends.
    pub not_after: Timestamp,
    /// Its serial number.
    pub serial: [u8; 16],
    /// What belongs into the issuance log; [`Journal::append`](crate::journal::Journal::append) gives it its number.
    pub issuance: Issuance,
}

/// How long an issuer's certificates live, and which keys they have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Terms {
    /// The life of an SVID in seconds, [`SVID_LIFE_MAX_SECS`] at most.
    pub svid_secs: i64,
    /// The life of a root in seconds.
    pub root_secs: i64,
    /// The kind of the root's key.
    pub kind: KeyKind,
}

/// The signing authority of one trust domain.
pub struct Issuer {
    domain: TrustDomain,
    terms: Terms,
    current: Authority,
    /// The current root's key in a certificate of the next box up.
    countersigned: Option<Vec<u8>>,
    next: Option<Next>,
    old: Option<Old>,
    sequence: u64,
    admission: Option<Arc<dyn Admitted>>,
}

/// What a workload may have.
struct Asked {
    /// Of its SVID, in seconds.
    life_secs: i64,
    /// What was admitted.
    admitted: String,
}

/// A root that is published and does not sign yet.
struct Next {
    authority: Authority,
    since: Timestamp,
}

/// A root that signs no more, and whose SVIDs may live until then.
struct Old {
    root: Vec<u8>,
    until: Timestamp,
}

impl Issuer {
    /// Makes a new authority with a self-signed P-256 root that lives `years`, and SVIDs that live `life_secs`.
    ///
    /// # Errors
    /// [`IdentityError::TooLong`] above one hour; [`IdentityError::TimeUnknown`] when the clock is not trusted.
    pub fn create(
        domain: TrustDomain,
        life_secs: i64,
        years: i64,
        now: Reading,
    ) -> Result<Self, IdentityError> {
        let terms = Terms {
            svid_secs: life_secs,
            root_secs: years.saturating_mul(YEAR_SECS),
            kind: KeyKind::P256,
        };
        Self::create_with(domain, terms, now)
    }

    /// Makes a new authority with a self-signed root.
    ///
    /// # Errors
    /// As [`Issuer::create`].
    pub fn create_with(
        domain: TrustDomain,
        terms: Terms,
        now: Reading,
    ) -> Result<Self, IdentityError> {
        if terms.svid_secs > SVID_LIFE_MAX_SECS || terms.svid_secs <= 0 {
            return Err(IdentityError::TooLong);
        }
        let current = root(&domain, terms, trusted(now)?)?;
        Ok(Self {
            domain,
            terms,
            current,
            countersigned: None,
            next: None,
            old: None,
            sequence: 1,
            admission: None,
        })
    }

    /// From now on an SVID is given only to what `admission` has admitted.
    #[must_use]
    pub fn with_admission(mut self, admission: Arc<dyn Admitted>) -> Self {
        self.admission = Some(admission);
        self
    }

    /// The root certificate that signs now, DER. [`Issuer::bundle`] has every root that counts.
    pub fn root(&self) -> &[u8] {
        &self.current.der
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
    /// [`IdentityError::NoContract`], [`IdentityError::NotAdmitted`], [`IdentityError::TimeUnknown`],
    /// [`IdentityError::BadRequest`], [`IdentityError::BadLeaf`] for the ID of a trust domain itself.
    // IIA 7: no contract, no SVID.
    pub fn issue(
        &self,
        csr: &[u8],
        id: &SpiffeId,
        gate: &dyn Gate,
        now: Reading,
    ) -> Result<Issued, IdentityError> {
        self.issue_to(csr, &Subject::of(id.clone())?, gate, now)
    }

    /// Issues an SVID whose common name is another than the workload's name.
    ///
    /// # Errors
    /// As [`Issuer::issue`].
    pub fn issue_to(
        &self,
        csr: &[u8],
        subject: &Subject,
        gate: &dyn Gate,
        now: Reading,
    ) -> Result<Issued, IdentityError> {
        let asked = self.asked(subject.id(), gate)?;
        let start = trusted(now)?;
        let key = request::workload_key(csr)?;
        self.sign_leaf(subject, &key, asked, start)
    }

    /// Makes a key and issues an SVID for it, for workloads that are handed both (SPIFFE Workload API 5.2.1).
    ///
    /// # Errors
    /// As [`Issuer::issue`].
    pub fn issue_with_key(
        &self,
        kind: KeyKind,
        subject: &Subject,
        gate: &dyn Gate,
        now: Reading,
    ) -> Result<(Issued, PrivateKey), IdentityError> {
        let asked = self.asked(subject.id(), gate)?;
        let start = trusted(now)?;
        let (key, secret) = key::make(kind)?;
        Ok((self.sign_leaf(subject, &key, asked, start)?, secret))
    }

    /// Asks the catalog and then whoever admits.
    fn asked(&self, id: &SpiffeId, gate: &dyn Gate) -> Result<Asked, IdentityError> {
        if !gate.knows(id) || id.trust_domain() != self.domain {
            return Err(IdentityError::NoContract);
        }
        let agreed = gate.life_max_ns(id).map(|ns| (ns / SECOND_NS).max(1));
        let admitted = self.admission.as_ref().map(|one| one.admitted(id));
        Ok(Asked {
            life_secs: self.terms.svid_secs.min(agreed.unwrap_or(i64::MAX)),
            admitted: admitted
                .map_or(Some(String::new()), |one| one)
                .ok_or(IdentityError::NotAdmitted)?,
        })
    }

    fn sign_leaf(
        &self,
        subject: &Subject,
        key: &impl rcgen::PublicKeyData,
        asked: Asked,
        now: Timestamp,
    ) -> Result<Issued, IdentityError> {
        // One that lives shortly is not over before anybody has it.
        let from = now.as_secs() - BACKDATE_SECS.min(asked.life_secs / 2);
        let until = from + asked.life_secs;
        // A leaf never outlives what it is believed by.
        let until = until.min(self.current.not_after.as_secs());
        if until <= now.as_secs() {
            return Err(IdentityError::Expired);
        }
        let (params, serial) = subject.leaf(from, until)?;
        let leaf = self.current.sign(params, key)?;
        let issuance = Issuance {
            seq: 0,
            prev: Digest::ZERO,
            ts_ns: now.as_ns(),
            id: subject.id().as_str().into(),
            serial: iia_core::digest::hex(&serial),
            not_before_ns: Timestamp::from_secs(from).as_ns(),
            not_after_ns: Timestamp::from_secs(until).as_ns(),
            certificate: Digest::of(iia_core::digest::Context::File, &leaf),
            authority: self.current.digest(),
            admitted: asked.admitted,
        };
        let mut chain = vec![leaf];
        // One that ends before the leaf would make the whole chain bad, also to those who have our own root.
        let lasts = |der: &&Vec<u8>| not_after(der).is_ok_and(|end| end.as_secs() >= until);
        chain.extend(self.countersigned.as_ref().filter(lasts).cloned());
        Ok(Issued {
            chain,
            not_after: Timestamp::from_secs(until),
            serial,
            issuance,
        })
    }
}

/// A new root of a trust domain.
fn root(domain: &TrustDomain, terms: Terms, now: Timestamp) -> Result<Authority, IdentityError> {
    let start = now.as_secs();
    let says = Says {
        common_name: &format!("{domain} issuer"),
        uri: Some(uri(domain.to_id().as_str())?),
        path_len: 1,
        not_before: start - BACKDATE_SECS,
        not_after: start.saturating_add(terms.root_secs),
    };
    Authority::self_signed(terms.kind, &says)
}

pub(crate) fn trusted(now: Reading) -> Result<Timestamp, IdentityError> {
    if now.state.is_trusted() {
        Ok(now.wall)
    } else {
        Err(IdentityError::TimeUnknown)
    }
}
