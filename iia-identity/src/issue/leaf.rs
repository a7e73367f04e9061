//! What a leaf says: for whom, with which alias, and over which key.

use iia_core::SpiffeId;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SerialNumber};

use crate::authority::{moment, name, uri};
use crate::{IdentityError, random};

/// Longest common name in bytes (X.520 upper bound).
pub const COMMON_NAME_LEN_MAX: usize = 64;

/// Whom an SVID is for: the SPIFFE ID, and a common name for peers that read nothing else.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subject {
    id: SpiffeId,
    alias: String,
}

impl Subject {
    /// A workload under its own name. Workloads of two zones may have one name: where a peer decides by it, give aliases.
    ///
    /// # Errors
    /// [`IdentityError::BadLeaf`] for the ID of a trust domain itself.
    pub fn of(id: SpiffeId) -> Result<Self, IdentityError> {
        let alias = id.zone_workload().map_or("workload", |(_, name)| name);
        let alias = alias.get(..COMMON_NAME_LEN_MAX).unwrap_or(alias).to_owned();
        Self::check(id, alias)
    }

    /// A workload under another name, such as its whole SPIFFE ID where that is short enough. Brokers read it as a user
    /// name, so it has letters, digits and `-_.:/` only.
    ///
    /// # Errors
    /// [`IdentityError::BadLeaf`].
    pub fn with_alias(id: SpiffeId, alias: &str) -> Result<Self, IdentityError> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
        let fits = (1..=COMMON_NAME_LEN_MAX).contains(&alias.len());
        if !fits || !alias.bytes().all(legal) {
            let rule = "common name is empty, too long or no user name";
            return Err(IdentityError::BadLeaf { rule });
        }
        Self::check(id, alias.into())
    }

    fn check(id: SpiffeId, alias: String) -> Result<Self, IdentityError> {
        if id.path().is_empty() {
            let rule = "SPIFFE ID has no path (3.1)";
            return Err(IdentityError::BadLeaf { rule });
        }
        Ok(Self { id, alias })
    }

    /// The SPIFFE ID.
    pub const fn id(&self) -> &SpiffeId {
        &self.id
    }

    /// The certificate without its key, and its serial number.
    pub(super) fn leaf(
        &self,
        from: i64,
        until: i64,
    ) -> Result<(CertificateParams, [u8; 16]), IdentityError> {
        let serial = random::serial()?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.distinguished_name = name(&self.alias);
        params.subject_alt_names = vec![uri(self.id.as_str())?];
        params.not_before = moment(from)?;
        params.not_after = moment(until)?;
        Ok((params, serial))
    }
}
