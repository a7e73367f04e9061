//! The list of revoked SVIDs, for peers that read no other: a broker that is given a list of one authority wants one of each.

use iia_core::time::Reading;
use rcgen::{RevocationReason, RevokedCertParams, SerialNumber};

use super::{Issuer, trusted};
use crate::IdentityError;
use crate::authority::moment;
use crate::device::{REVOKED_MAX, list};

impl Issuer {
    /// A list of the root that signs now, DER, with these serial numbers. Its number is the time in seconds, so that a later
    /// list has a greater one.
    ///
    /// # Errors
    /// [`IdentityError::TimeUnknown`], [`IdentityError::TooMany`], [`IdentityError::Internal`].
    pub fn crl(&self, serials: &[[u8; 16]], now: Reading) -> Result<Vec<u8>, IdentityError> {
        let now = trusted(now)?;
        if serials.len() > REVOKED_MAX {
            let (what, max) = ("revoked certificates", REVOKED_MAX);
            return Err(IdentityError::TooMany { what, max });
        }
        let revoked = serials.iter().map(|serial| {
            Ok(RevokedCertParams {
                serial_number: SerialNumber::from_slice(serial),
                revocation_time: moment(now.as_secs())?,
                reason_code: Some(RevocationReason::KeyCompromise),
                invalidity_date: None,
            })
        });
        let revoked = revoked.collect::<Result<_, IdentityError>>()?;
        let number = u64::try_from(now.as_secs()).map_err(|_| IdentityError::TimeUnknown)?;
        list(&self.current, number, now, revoked)
    }
}
