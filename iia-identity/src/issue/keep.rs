//! An authority that outlives its process: what must be kept of it, and how it is made again.

use iia_core::id::TrustDomain;
use rcgen::{Issuer as Authority, KeyPair, PublicKeyData as _};
use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::{Issuer, SVID_LIFE_MAX_SECS, internal};
use crate::IdentityError;
use crate::rules::parse;
use crate::verify::check_authority;

impl Issuer {
    /// The authority's private key, PKCS#8, for whoever keeps it beside [`Issuer::root`]; erased when dropped.
    pub fn secret(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.authority.key().serialize_der())
    }

    /// The authority whose secret and root were kept, with SVIDs that live `life_secs`.
    ///
    /// # Errors
    /// [`IdentityError::BadRequest`] when the secret is no key, or not that of the root; [`IdentityError::BadIssuer`]
    /// when the root may not sign for the trust domain; [`IdentityError::TooLong`] above one hour.
    pub fn restore(
        domain: TrustDomain,
        life_secs: i64,
        secret: &[u8],
        root: Vec<u8>,
    ) -> Result<Self, IdentityError> {
        if life_secs > SVID_LIFE_MAX_SECS || life_secs <= 0 {
            return Err(IdentityError::TooLong);
        }
        check_authority(&root, Some(&domain))?;
        let key = KeyPair::try_from(secret).map_err(|_| IdentityError::BadRequest)?;
        if parse(&root)?.public_key().subject_public_key.data.as_ref() != key.der_bytes() {
            return Err(IdentityError::BadRequest);
        }
        let authority = Authority::from_ca_cert_der(&CertificateDer::from(root.as_slice()), key)
            .map_err(|_| internal("read the root"))?;
        Ok(Self {
            domain,
            authority,
            root,
            life_secs,
        })
    }
}
