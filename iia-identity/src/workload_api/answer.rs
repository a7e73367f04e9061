//! What each call answers, made anew from what is in force now.

use std::collections::{BTreeMap, BTreeSet};

use iia_core::SpiffeId;
use iia_core::gate::Gate;
use iia_core::id::TrustDomain;
use tonic::{Code, Status};

use super::news::Reason;
use super::wire::{
    JwtBundlesResponse, JwtSvid, JwtSvidRequest, JwtSvidResponse, ValidateJwtSvidRequest,
    ValidateJwtSvidResponse, X509BundlesResponse, X509Svid, X509SvidResponse,
};
use super::{Api, claims};
use crate::IdentityError;
use crate::bundle::Bundle;
use crate::issue;
use crate::jwt::{self, JwtAuthority, JwtError};
use crate::workload::{Attested, Granted, Terms, WorkloadError};

/// Of the life that an SVID has left when it is sent, the part after which the next one is sent: before its half.
const RENEW: (i64, i64) = (2, 5);

/// A refusal: the peer is told the status and a code, the log why.
#[derive(Debug)]
pub(super) struct Fault {
    code: Code,
    pub(super) why: Box<dyn Reason + Send + Sync>,
}

impl Fault {
    fn new(code: Code, why: impl Reason + Send + Sync + 'static) -> Self {
        let why = Box::new(why);
        Self { code, why }
    }

    fn invalid(why: impl Reason + Send + Sync + 'static) -> Self {
        Self::new(Code::InvalidArgument, why)
    }

    pub(super) fn status(&self) -> Status {
        Status::new(self.code, self.why.code().to_string())
    }
}

impl From<WorkloadError> for Fault {
    fn from(why: WorkloadError) -> Self {
        Self::new(Code::PermissionDenied, why)
    }
}

impl From<IdentityError> for Fault {
    fn from(why: IdentityError) -> Self {
        let code = match why {
            IdentityError::NoContract => Code::PermissionDenied,
            // Nothing is wrong with the caller, and later it may go.
            IdentityError::TimeUnknown => Code::Unavailable,
            _ => Code::Internal,
        };
        Self::new(code, why)
    }
}

/// An answer of a stream.
#[derive(Debug)]
pub(super) struct Answer<T> {
    pub(super) message: T,
    /// The identities that it gives.
    pub(super) ids: Vec<SpiffeId>,
    /// When, in nanoseconds from now, the next one is due even if nothing changes.
    pub(super) renew_ns: Option<i64>,
}

/// What a process may have now, under terms that do not change meanwhile.
struct Entitled<'a> {
    api: &'a Api,
    terms: std::sync::Arc<Terms>,
    granted: Vec<Granted>,
}

impl<'a> Entitled<'a> {
    fn of(api: &'a Api, seen: &Attested) -> Result<Self, Fault> {
        let source = &api.shared.source;
        let terms = source.terms();
        let granted = source.grants(seen, &terms)?;
        Ok(Self {
            api,
            terms,
            granted,
        })
    }

    fn own(&self) -> &TrustDomain {
        self.api.shared.source.issuer.domain()
    }

    fn gate(&self) -> &dyn Gate {
        &*self.terms.gate
    }

    fn jwt(&self) -> Result<&JwtAuthority, Fault> {
        let jwt = self.api.shared.source.jwt.as_ref();
        // Workload API 1: an operator may disable a profile.
        jwt.ok_or_else(|| Fault::new(Code::Unimplemented, WorkloadError::TurnedOff))
    }

    /// Trust domains of others whom the process may know.
    fn others(&self) -> BTreeSet<&TrustDomain> {
        let others = self.granted.iter().flat_map(|one| &one.federates_with);
        others.filter(|domain| *domain != self.own()).collect()
    }

    /// The bundles of the own trust domain and of those others, by the SPIFFE ID of each.
    fn bundles(&self) -> impl Iterator<Item = (String, &Bundle)> {
        let all = self.others().into_iter().chain([self.own()]);
        all.filter_map(|domain| {
            let bundle = self.terms.bundles.bundle(domain)?;
            Some((domain.to_id().to_string(), bundle))
        })
    }

    /// Tells identities of one answer apart; one alone needs no word.
    fn hint(&self, id: &SpiffeId) -> String {
        match self.granted.len() {
            1 => String::new(),
            _ => id.path().trim_start_matches('/').to_owned(),
        }
    }
}

fn roots(bundle: &Bundle) -> Vec<u8> {
    bundle
        .roots()
        .iter()
        .flat_map(|root| root.iter())
        .copied()
        .collect()
}

pub(super) fn x509_svid(api: &Api, seen: &Attested) -> Result<Answer<X509SvidResponse>, Fault> {
    let entitled = Entitled::of(api, seen)?;
    let (now, issuer) = (api.shared.clock.read(), &api.shared.source.issuer);
    let own = roots_of(&entitled, entitled.own());
    let (mut svids, mut renew_ns) = (Vec::new(), i64::MAX);
    for Granted { id, .. } in &entitled.granted {
        let (csr, key) = issue::request(id)?;
        let issued = issuer.issue(&csr, id, entitled.gate(), now)?;
        let left_ns = issued.not_after.since_ns(now.wall).max(0);
        renew_ns = renew_ns.min(left_ns / RENEW.1 * RENEW.0);
        svids.push(X509Svid {
            spiffe_id: id.to_string(),
            x509_svid: issued.chain.concat(),
            x509_svid_key: key.as_pkcs8().to_vec(),
            bundle: own.clone(),
            hint: entitled.hint(id),
        });
    }
    let others = entitled.others().into_iter();
    let others = others.map(|domain| (domain.to_id().to_string(), roots_of(&entitled, domain)));
    Ok(Answer {
        message: X509SvidResponse {
            svids,
            crl: Vec::new(),
            federated_bundles: others.filter(|(_, roots)| !roots.is_empty()).collect(),
        },
        ids: entitled.granted.iter().map(|one| one.id.clone()).collect(),
        renew_ns: Some(renew_ns),
    })
}

fn roots_of(entitled: &Entitled<'_>, domain: &TrustDomain) -> Vec<u8> {
    let bundle = entitled.terms.bundles.bundle(domain);
    bundle.map_or_else(Vec::new, roots)
}

pub(super) fn x509_bundles(
    api: &Api,
    seen: &Attested,
) -> Result<Answer<X509BundlesResponse>, Fault> {
    let entitled = Entitled::of(api, seen)?;
    let bundles = entitled.bundles().map(|(id, bundle)| (id, roots(bundle)));
    Ok(without_svids(X509BundlesResponse {
        crl: Vec::new(),
        bundles: bundles.filter(|(_, roots)| !roots.is_empty()).collect(),
    }))
}

pub(super) fn jwt_bundles(api: &Api, seen: &Attested) -> Result<Answer<JwtBundlesResponse>, Fault> {
    let entitled = Entitled::of(api, seen)?;
    entitled.jwt()?;
    let mut bundles = BTreeMap::new();
    for (id, bundle) in entitled.bundles() {
        bundles.insert(id, bundle.jwks()?);
    }
    Ok(without_svids(JwtBundlesResponse { bundles }))
}

const fn without_svids<T>(message: T) -> Answer<T> {
    Answer {
        message,
        ids: Vec::new(),
        renew_ns: None,
    }
}

pub(super) fn jwt_svid(
    api: &Api,
    seen: &Attested,
    request: &JwtSvidRequest,
) -> Result<Answer<JwtSvidResponse>, Fault> {
    jwt::check_audience(&request.audience).map_err(Fault::invalid)?;
    let mut entitled = Entitled::of(api, seen)?;
    if !request.spiffe_id.is_empty() {
        let id: Result<SpiffeId, _> = request.spiffe_id.parse();
        let id = id.map_err(|error| Fault::invalid(IdentityError::BadSpiffeId(error)))?;
        entitled.granted.retain(|one| one.id == id);
        if entitled.granted.is_empty() {
            return Err(WorkloadError::NotItsOwn { id }.into());
        }
    }
    let (now, jwt) = (api.shared.clock.read(), entitled.jwt()?);
    let mut svids = Vec::new();
    for Granted { id, .. } in &entitled.granted {
        let token = jwt.issue(id, &request.audience, entitled.gate(), now);
        svids.push(JwtSvid {
            spiffe_id: id.to_string(),
            svid: token.map_err(given)?,
            hint: entitled.hint(id),
        });
    }
    let ids = entitled.granted.iter().map(|one| one.id.clone()).collect();
    Ok(Answer {
        message: JwtSvidResponse { svids },
        ids,
        renew_ns: None,
    })
}

/// Why a token was not given.
fn given(error: JwtError) -> Fault {
    match error {
        JwtError::Identity(error) => error.into(),
        other => Fault::invalid(other),
    }
}

pub(super) fn validate(
    api: &Api,
    seen: &Attested,
    request: &ValidateJwtSvidRequest,
) -> Result<ValidateJwtSvidResponse, Fault> {
    let entitled = Entitled::of(api, seen)?;
    entitled.jwt()?;
    let now = api.shared.clock.read();
    if !now.state.is_trusted() {
        return Err(IdentityError::TimeUnknown.into());
    }
    let bundles = &entitled.terms.bundles;
    let claims = jwt::verify(&request.svid, &request.audience, bundles, now.wall);
    let claims = claims.map_err(Fault::invalid)?;
    let (id, domain) = (claims.id(), claims.id().trust_domain());
    if domain == *entitled.own() {
        let source = &api.shared.source;
        source.check(id, &entitled.terms).map_err(Fault::invalid)?;
    } else if !entitled.others().contains(&domain) {
        return Err(Fault::invalid(IdentityError::UnknownTrustDomain));
    }
    Ok(ValidateJwtSvidResponse {
        spiffe_id: id.to_string(),
        claims: Some(claims::structure(claims.all())),
    })
}
