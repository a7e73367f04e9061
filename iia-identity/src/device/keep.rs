//! The PKI of a cell as bytes, so that it survives a restart. They hold the signing keys: whoever keeps them seals them.

use std::collections::BTreeMap;

use iia_core::Timestamp;
use iia_core::digest::{decode_hex, hex};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{DevicePki, REVOKED_MAX, Revoked};
use crate::IdentityError;
use crate::kept::{KeptAuthority, from_text, to_text};

const VERSION: u32 = 1;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    root: KeptAuthority,
    intermediate: KeptAuthority,
    crl_number: u64,
    /// Serial number, when it was revoked, when it ends; nanoseconds since the epoch.
    revoked: Vec<(String, i64, i64)>,
}

impl DevicePki {
    /// Everything as bytes, the signing keys with it.
    ///
    /// # Errors
    /// [`IdentityError::Internal`], which would be a defect.
    pub fn to_state(&self) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        let revoked = self.revoked.iter();
        to_text(&Kept {
            version: VERSION,
            root: KeptAuthority::of(&self.root),
            intermediate: KeptAuthority::of(&self.intermediate),
            crl_number: self.crl_number,
            revoked: revoked
                .map(|(serial, one)| (hex(serial), one.at.as_ns(), one.not_after.as_ns()))
                .collect(),
        })
    }

    /// The PKI that was kept.
    ///
    /// # Errors
    /// [`IdentityError::BadState`].
    pub fn from_state(state: &[u8]) -> Result<Self, IdentityError> {
        let bad = |what| IdentityError::BadState { what };
        let kept: Kept = from_text(state)?;
        if kept.version != VERSION || kept.revoked.len() > REVOKED_MAX {
            return Err(bad("of another version"));
        }
        let mut revoked = BTreeMap::new();
        for (text, at, not_after) in &kept.revoked {
            let mut serial = [0; 16];
            decode_hex(text, &mut serial).ok_or(bad("not a serial number"))?;
            let (at, not_after) = (Timestamp::from_ns(*at), Timestamp::from_ns(*not_after));
            revoked.insert(serial, Revoked { at, not_after });
        }
        Ok(Self {
            root: kept.root.open()?,
            intermediate: kept.intermediate.open()?,
            revoked,
            crl_number: kept.crl_number,
        })
    }
}
