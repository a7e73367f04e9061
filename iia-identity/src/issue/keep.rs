//! An issuer as bytes, so that it survives a restart. They hold the signing key: whoever keeps them seals them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_core::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Issuer, KeyKind, Next, Old, SVID_LIFE_MAX_SECS, Terms};
use crate::IdentityError;
use crate::kept::{KeptAuthority, bytes, from_text, to_text};

pub use crate::kept::STATE_LEN_MAX;

const VERSION: u32 = 1;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    trust_domain: String,
    svid_secs: i64,
    root_secs: i64,
    ed25519: bool,
    sequence: u64,
    current: KeptAuthority,
    countersigned: Option<String>,
    next: Option<(KeptAuthority, i64)>,
    old: Option<(String, i64)>,
}

impl Issuer {
    /// The whole issuer as bytes, its signing keys with them.
    ///
    /// # Errors
    /// [`IdentityError::Internal`], which would be a defect.
    pub fn to_state(&self) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        let next = |next: &Next| (KeptAuthority::of(&next.authority), next.since.as_ns());
        let old = |old: &Old| (STANDARD.encode(&old.root), old.until.as_ns());
        let kept = Kept {
            version: VERSION,
            trust_domain: self.domain.to_string(),
            svid_secs: self.terms.svid_secs,
            root_secs: self.terms.root_secs,
            ed25519: self.terms.kind == KeyKind::Ed25519,
            sequence: self.sequence,
            current: KeptAuthority::of(&self.current),
            countersigned: self.countersigned.as_ref().map(|der| STANDARD.encode(der)),
            next: self.next.as_ref().map(next),
            old: self.old.as_ref().map(old),
        };
        to_text(&kept)
    }

    /// The issuer that was kept. Nobody admits anything yet: see [`Issuer::with_admission`].
    ///
    /// # Errors
    /// [`IdentityError::BadState`], [`IdentityError::TooLong`].
    pub fn from_state(state: &[u8]) -> Result<Self, IdentityError> {
        let bad = |what| IdentityError::BadState { what };
        let kept: Kept = from_text(state)?;
        if kept.version != VERSION {
            return Err(bad("of another version"));
        }
        if kept.svid_secs > SVID_LIFE_MAX_SECS || kept.svid_secs <= 0 {
            return Err(IdentityError::TooLong);
        }
        let next = |(authority, since): &(KeptAuthority, i64)| {
            let (authority, since) = (authority.open()?, Timestamp::from_ns(*since));
            Ok::<_, IdentityError>(Next { authority, since })
        };
        let old = |(root, until): &(String, i64)| {
            let (root, until) = (bytes(root)?, Timestamp::from_ns(*until));
            Ok::<_, IdentityError>(Old { root, until })
        };
        Ok(Self {
            domain: kept
                .trust_domain
                .parse()
                .map_err(IdentityError::BadSpiffeId)?,
            terms: Terms {
                svid_secs: kept.svid_secs,
                root_secs: kept.root_secs,
                kind: if kept.ed25519 {
                    KeyKind::Ed25519
                } else {
                    KeyKind::P256
                },
            },
            current: kept.current.open()?,
            countersigned: kept.countersigned.as_deref().map(bytes).transpose()?,
            next: kept.next.as_ref().map(next).transpose()?,
            old: kept.old.as_ref().map(old).transpose()?,
            sequence: kept.sequence,
            admission: None,
        })
    }
}
