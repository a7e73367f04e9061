//! Where identities come from: the issuer, the entries, the catalog's gate, bundles, and who is revoked.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use iia_core::SpiffeId;
use iia_core::gate::Gate;
use iia_core::id::TrustDomain;

use super::{Entries, Entry, Selector, WorkloadError};
use crate::IdentityError;
use crate::bundle::BundleSet;
use crate::issue::Issuer;
use crate::jwt::JwtAuthority;
use crate::revoke::Registry;

/// What was seen of a process.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attested {
    /// Everything that entries may ask for.
    pub selectors: BTreeSet<Selector>,
    /// The process in words, for the log: number, user, program.
    pub words: String,
}

/// What can change while an issuer runs; it changes as a whole.
#[derive(Clone)]
pub struct Terms {
    /// Who gets which identity.
    pub entries: Entries,
    /// The catalog: no contract, no SVID.
    pub gate: Arc<dyn Gate>,
    /// The bundles of others; the own one is added.
    pub bundles: BundleSet,
}

/// An identity that a process has, and whom it may know.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Granted {
    /// The identity.
    pub id: SpiffeId,
    /// Trust domains of others whose bundles it gets.
    pub federates_with: BTreeSet<TrustDomain>,
}

/// The issuer of a box with all that it asks before it gives anything.
pub struct Source {
    /// Signs certificates.
    pub issuer: Issuer,
    /// Signs tokens; none where an operator wants none.
    pub jwt: Option<JwtAuthority>,
    terms: RwLock<Arc<Terms>>,
    revoked: Registry,
}

impl Source {
    /// Joins an issuer and its terms.
    ///
    /// # Errors
    /// [`IdentityError::TooManyRoots`] when the own bundle has no room beside those of others.
    pub fn new(
        issuer: Issuer,
        jwt: Option<JwtAuthority>,
        terms: Terms,
    ) -> Result<Self, IdentityError> {
        let terms = own(&issuer, jwt.as_ref(), terms)?;
        Ok(Self {
            issuer,
            jwt,
            terms: RwLock::new(Arc::new(terms)),
            revoked: Registry::default(),
        })
    }

    /// Puts other terms in force.
    ///
    /// # Errors
    /// As [`Source::new`]; then those before stay.
    pub fn replace(&self, terms: Terms) -> Result<(), IdentityError> {
        let terms = own(&self.issuer, self.jwt.as_ref(), terms)?;
        *self.terms.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(terms);
        Ok(())
    }

    /// Takes an identity away for as long as this issuer runs, whatever its contracts say.
    pub fn revoke(&self, id: &SpiffeId) {
        self.revoked.revoke(id);
    }

    /// The terms in force.
    pub fn terms(&self) -> Arc<Terms> {
        Arc::clone(&self.terms.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether an identity of the own trust domain may be had now.
    ///
    /// # Errors
    /// [`WorkloadError::Revoked`], [`WorkloadError::Withheld`].
    pub fn check(&self, id: &SpiffeId, terms: &Terms) -> Result<(), WorkloadError> {
        if self.revoked.is_revoked(id) {
            return Err(WorkloadError::Revoked { id: id.clone() });
        }
        // IIA 7: no contract, no SVID.
        if !terms.gate.knows(id) {
            let error = IdentityError::NoContract;
            return Err(WorkloadError::Withheld {
                id: id.clone(),
                error,
            });
        }
        Ok(())
    }

    /// The identities of a process, at least one.
    ///
    /// # Errors
    /// [`WorkloadError::NoEntry`], or why the last of those that fit is not given.
    pub fn grants(&self, seen: &Attested, terms: &Terms) -> Result<Vec<Granted>, WorkloadError> {
        let mut granted: Vec<Granted> = Vec::new();
        let mut refused = None;
        for entry in terms.entries.matching(&seen.selectors) {
            match self.check(&entry.id, terms) {
                Ok(()) => join(&mut granted, entry),
                Err(error) => refused = Some(error),
            }
        }
        if !granted.is_empty() {
            return Ok(granted);
        }
        Err(refused.unwrap_or_else(|| no_entry(seen, &terms.entries)))
    }
}

/// Two entries of one identity are one identity.
fn join(granted: &mut Vec<Granted>, entry: &Entry) {
    let others = entry.federates_with.iter().cloned();
    match granted.iter_mut().find(|one| one.id == entry.id) {
        Some(one) => one.federates_with.extend(others),
        None => granted.push(Granted {
            id: entry.id.clone(),
            federates_with: others.collect(),
        }),
    }
}

fn no_entry(seen: &Attested, entries: &Entries) -> WorkloadError {
    let words = |(entry, lacks): (&Entry, Vec<&Selector>)| {
        let lacks: Vec<String> = lacks.iter().map(ToString::to_string).collect();
        format!("; nearest is {}, which wants {}", entry.id, lacks.join(" "))
    };
    let nearest = entries.nearest(&seen.selectors).map(words);
    WorkloadError::NoEntry {
        nearest: nearest.unwrap_or_default(),
    }
}

fn own(
    issuer: &Issuer,
    jwt: Option<&JwtAuthority>,
    mut terms: Terms,
) -> Result<Terms, IdentityError> {
    let domain = issuer.domain();
    terms.bundles.set_own(domain.clone());
    terms
        .bundles
        .add_root(domain.clone(), issuer.root().to_vec())?;
    if let Some(jwt) = jwt {
        terms
            .bundles
            .add_jwt_key(domain.clone(), jwt.key().clone())?;
    }
    Ok(terms)
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("domain", self.issuer.domain())
            .finish_non_exhaustive()
    }
}
