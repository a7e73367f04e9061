//! Lists of revoked certificates (RFC 5280 5), as an authority gives them out.

use std::collections::BTreeSet;

use iia_core::Timestamp;
use webpki::BorrowedCertRevocationList;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{FromDer as _, X509Extension};
use x509_parser::revocation_list::CertificateRevocationList;

use crate::IdentityError;
use crate::rules::{check_time, parse};
use crate::signature::holds_as;

/// Largest list in bytes.
pub const CRL_LEN_MAX: usize = 1024 * 1024;
/// Certificates on a list at most.
pub const ENTRIES_MAX: usize = 16_384;

/// What a list says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Crl {
    number: Vec<u8>,
    this_update: Timestamp,
    next_update: Timestamp,
    revoked: BTreeSet<Vec<u8>>,
}

impl Crl {
    /// Reads a list, DER. Whose it is shows only [`Crl::verify`].
    ///
    /// # Errors
    /// [`IdentityError::BadCrl`], [`IdentityError::TooMany`].
    pub fn parse(der: &[u8]) -> Result<Self, IdentityError> {
        Self::of(&read(der)?)
    }

    /// Reads a list that the authority of this certificate has signed and that is current.
    ///
    /// # Errors
    /// [`IdentityError::BadCrl`], [`IdentityError::BadPath`] when it is of somebody else, [`IdentityError::Expired`],
    /// [`IdentityError::NotYetValid`], [`IdentityError::TooMany`].
    pub fn verify(der: &[u8], authority: &[u8], now: Timestamp) -> Result<Self, IdentityError> {
        let (list, signer) = (read(der)?, parse(authority)?);
        check_time(&signer, now)?;
        let may_sign = matches!(signer.key_usage(), Ok(Some(usage)) if usage.value.crl_sign());
        let is_authority = matches!(signer.basic_constraints(), Ok(Some(basic)) if basic.value.ca);
        let same = list.issuer().as_raw() == signer.subject().as_raw();
        let signed = holds_as(
            signer.public_key(),
            &list.signature_algorithm,
            list.tbs_cert_list.as_ref(),
            &list.signature_value,
        );
        if !(may_sign && is_authority && same && signed) {
            return Err(IdentityError::BadPath);
        }
        let crl = Self::of(&list)?;
        if now < crl.this_update {
            return Err(IdentityError::NotYetValid);
        }
        if now > crl.next_update {
            return Err(IdentityError::Expired);
        }
        Ok(crl)
    }

    fn of(list: &CertificateRevocationList<'_>) -> Result<Self, IdentityError> {
        if list.tbs_cert_list.signature != list.signature_algorithm {
            return Err(bad("two signature algorithms"));
        }
        // A list for some certificates only, or of changes only, says so in a critical extension.
        if any_critical(list.extensions()) {
            return Err(bad("unknown critical extension"));
        }
        let number = list.extensions().iter().find_map(number);
        let next = list.next_update().ok_or(bad("no next update"))?;
        let mut revoked = BTreeSet::new();
        for entry in list.iter_revoked_certificates() {
            if any_critical(entry.extensions()) {
                return Err(bad("unknown critical extension of an entry"));
            }
            if revoked.len() >= ENTRIES_MAX {
                let (what, max) = ("revoked certificates", ENTRIES_MAX);
                return Err(IdentityError::TooMany { what, max });
            }
            revoked.insert(plain(entry.raw_serial()));
        }
        let this_update = Timestamp::from_secs(list.last_update().timestamp());
        let next_update = Timestamp::from_secs(next.timestamp());
        if next_update < this_update {
            return Err(bad("next update lies before this one"));
        }
        Ok(Self {
            number: number.ok_or(bad("no number"))?,
            this_update,
            next_update,
            revoked,
        })
    }

    /// Whether a certificate with this serial number is on the list.
    pub fn has(&self, serial: &[u8]) -> bool {
        self.revoked.contains(&plain(serial))
    }

    /// How many are on it.
    pub fn len(&self) -> usize {
        self.revoked.len()
    }

    /// Whether nobody is on it.
    pub fn is_empty(&self) -> bool {
        self.revoked.is_empty()
    }

    /// When the next list is due at the latest.
    pub const fn next_update(&self) -> Timestamp {
        self.next_update
    }

    /// Whether this list may take the place of one that is held: its number is greater (5.2.3), or it is the same one.
    ///
    /// # Errors
    /// [`IdentityError::BundleRollback`].
    pub fn check_follows(&self, held: &Self) -> Result<(), IdentityError> {
        let order = |crl: &Self| (crl.number.len(), crl.number.clone());
        if order(self) > order(held) || self == held {
            Ok(())
        } else {
            Err(IdentityError::BundleRollback)
        }
    }
}

fn read(der: &[u8]) -> Result<CertificateRevocationList<'_>, IdentityError> {
    if der.len() > CRL_LEN_MAX {
        return Err(bad("longer than 1 MiB"));
    }
    // One reader gives what is asked for here; the other, which builds paths, is strict about every byte.
    let strict = BorrowedCertRevocationList::from_der(der);
    match (strict, CertificateRevocationList::from_der(der)) {
        (Ok(_), Ok(([], list))) => Ok(list),
        _ => Err(bad("not a DER list of version 2 as RFC 5280 has it")),
    }
}

fn any_critical(extensions: &[X509Extension<'_>]) -> bool {
    extensions.iter().any(|extension| extension.critical)
}

fn number(extension: &X509Extension<'_>) -> Option<Vec<u8>> {
    match extension.parsed_extension() {
        ParsedExtension::CRLNumber(number) => Some(number.to_bytes_be()),
        _ => None,
    }
}

/// A number without leading zeros.
fn plain(serial: &[u8]) -> Vec<u8> {
    serial
        .iter()
        .copied()
        .skip_while(|byte| *byte == 0)
        .collect()
}

const fn bad(what: &'static str) -> IdentityError {
    IdentityError::BadCrl { what }
}
