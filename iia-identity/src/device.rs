//! The PKI of the cell: certificates of devices, which have names and serial numbers and no SPIFFE ID.
//!
//! A root that signs one intermediate, the intermediate that signs devices and the list of those revoked. Devices live a
//! year, or as long as their contract says, and never longer than the intermediate.

mod keep;
mod names;
mod verify;

use std::collections::BTreeMap;

use iia_core::Timestamp;
use iia_core::time::{Reading, SECOND_NS};
use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevocationReason, RevokedCertParams, SerialNumber,
};

use crate::IdentityError;
use crate::authority::{Authority, BACKDATE_SECS, Says, internal, moment};
use crate::issue::{KeyKind, trusted};
use crate::request;

pub use names::{Device, HOSTS_MAX, Host, Used};
pub use verify::{Believed, CRLS_MAX, verify_device};

/// The life of a device's certificate in seconds where no contract says otherwise: a year.
pub const DEVICE_LIFE_SECS: i64 = 365 * 86_400;
/// The life of the intermediate in seconds; the root lives twice as long.
pub const INTERMEDIATE_LIFE_SECS: i64 = 10 * 365 * 86_400;
/// How long a list of revoked certificates is valid, in seconds: a month without network, and five days.
pub const CRL_LIFE_SECS: i64 = 35 * 86_400;
/// Certificates on the list at most; one that has ended by itself leaves it.
pub const REVOKED_MAX: usize = 8192;

/// Root and intermediate of one cell, and what they revoked.
pub struct DevicePki {
    root: Authority,
    intermediate: Authority,
    revoked: BTreeMap<[u8; 16], Revoked>,
    crl_number: u64,
}

/// When a certificate was revoked, and when it would have ended.
#[derive(Clone, Copy)]
struct Revoked {
    at: Timestamp,
    not_after: Timestamp,
}

/// A device's certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceCertificate {
    /// Device and intermediate, DER.
    pub chain: Vec<Vec<u8>>,
    /// Its serial number.
    pub serial: [u8; 16],
    /// When it ends.
    pub not_after: Timestamp,
}

impl DevicePki {
    /// Makes root and intermediate for the cell of this name.
    ///
    /// # Errors
    /// [`IdentityError::TimeUnknown`], [`IdentityError::Internal`].
    pub fn create(cell: &str, kind: KeyKind, now: Reading) -> Result<Self, IdentityError> {
        let start = trusted(now)?.as_secs();
        let says = |common_name, path_len, life| Says {
            common_name,
            uri: None,
            path_len,
            not_before: start - BACKDATE_SECS,
            not_after: start + life,
        };
        let (name, below) = (
            format!("{cell} device root"),
            format!("{cell} device issuer"),
        );
        let root = Authority::self_signed(kind, &says(&name, 1, 2 * INTERMEDIATE_LIFE_SECS))?;
        let says = says(&below, 0, INTERMEDIATE_LIFE_SECS);
        let intermediate = Authority::below(&root, kind, &says)?;
        Ok(Self {
            root,
            intermediate,
            revoked: BTreeMap::new(),
            crl_number: 0,
        })
    }

    /// The root, DER: what verifiers hold.
    pub fn root(&self) -> &[u8] {
        &self.root.der
    }

    /// The intermediate, DER: it signs devices and the list of revoked ones.
    pub fn intermediate(&self) -> &[u8] {
        &self.intermediate.der
    }

    /// Issues a certificate over the public key of a request; names and use come from whoever knows the device.
    ///
    /// # Errors
    /// [`IdentityError::BadRequest`], [`IdentityError::BadDevice`], [`IdentityError::TimeUnknown`].
    pub fn issue(
        &self,
        request: &[u8],
        device: &Device,
        life_secs: i64,
        now: Reading,
    ) -> Result<DeviceCertificate, IdentityError> {
        let now = trusted(now)?.as_secs();
        let key = request::device_key(request)?;
        let until = now.saturating_add(life_secs);
        let until = until.min(self.intermediate.not_after.as_secs());
        if until <= now {
            return Err(IdentityError::Expired);
        }
        let (params, serial) = device.leaf((now - BACKDATE_SECS, until), key.is_rsa)?;
        let leaf = self.intermediate.sign(params, &key.key)?;
        Ok(DeviceCertificate {
            chain: vec![leaf, self.intermediate.der.clone()],
            serial,
            not_after: Timestamp::from_secs(until),
        })
    }

    /// Revokes a certificate; the next list has it.
    ///
    /// # Errors
    /// [`IdentityError::TooMany`] above [`REVOKED_MAX`]: then the intermediate itself is to be replaced.
    pub fn revoke(
        &mut self,
        certificate: &DeviceCertificate,
        now: Reading,
    ) -> Result<(), IdentityError> {
        self.revoke_until(certificate.serial, certificate.not_after, now)
    }

    /// Revokes whatever certificate has this serial number; it is on the list as long as the intermediate lives, since
    /// nobody says when it would have ended.
    ///
    /// # Errors
    /// As [`DevicePki::revoke`].
    pub fn revoke_serial(&mut self, serial: [u8; 16], now: Reading) -> Result<(), IdentityError> {
        self.revoke_until(serial, self.intermediate.not_after, now)
    }

    /// Whether the certificate with this serial number is revoked.
    pub fn is_revoked(&self, serial: &[u8; 16]) -> bool {
        self.revoked.contains_key(serial)
    }

    fn revoke_until(
        &mut self,
        serial: [u8; 16],
        not_after: Timestamp,
        now: Reading,
    ) -> Result<(), IdentityError> {
        let at = trusted(now)?;
        self.revoked.retain(|_, revoked| revoked.not_after >= at);
        if self.revoked.len() >= REVOKED_MAX {
            return Err(IdentityError::TooMany {
                what: "revoked certificates",
                max: REVOKED_MAX,
            });
        }
        let revoked = Revoked { at, not_after };
        self.revoked.entry(serial).or_insert(revoked);
        Ok(())
    }

    /// A new list of revoked devices, DER, with a number greater than that of the last one.
    ///
    /// # Errors
    /// [`IdentityError::TimeUnknown`], [`IdentityError::Internal`].
    pub fn crl(&mut self, now: Reading) -> Result<Vec<u8>, IdentityError> {
        let now = trusted(now)?;
        self.crl_number += 1;
        let revoked = self.revoked.iter().map(|(serial, revoked)| {
            Ok(RevokedCertParams {
                serial_number: SerialNumber::from_slice(serial),
                revocation_time: moment(revoked.at.as_secs())?,
                reason_code: Some(RevocationReason::KeyCompromise),
                invalidity_date: None,
            })
        });
        list(
            &self.intermediate,
            self.crl_number,
            now,
            revoked.collect::<Result<_, IdentityError>>()?,
        )
    }

    /// The list of the root, which has revoked no intermediate: verifiers that check the whole chain ask for it.
    ///
    /// # Errors
    /// [`IdentityError::TimeUnknown`], [`IdentityError::Internal`].
    pub fn root_crl(&mut self, now: Reading) -> Result<Vec<u8>, IdentityError> {
        let now = trusted(now)?;
        self.crl_number += 1;
        list(&self.root, self.crl_number, now, Vec::new())
    }
}

pub(crate) fn list(
    authority: &Authority,
    number: u64,
    now: Timestamp,
    revoked_certs: Vec<RevokedCertParams>,
) -> Result<Vec<u8>, IdentityError> {
    let params = CertificateRevocationListParams {
        this_update: moment(now.as_secs())?,
        next_update: moment((now + CRL_LIFE_SECS * SECOND_NS).as_secs())?,
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: None,
        revoked_certs,
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let signed = params.signed_by(&authority.signs);
    Ok(signed.map_err(|_| internal("sign a list"))?.der().to_vec())
}
