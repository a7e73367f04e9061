//! JWT-SVIDs: identities as short texts for whoever cannot be shown a certificate; issued and verified by the letter.
//!
//! JWS is a few lines here, over the provider that certificates use already: every crate for it brings a second
//! cryptographic library or more formats than the standard permits.

mod authority;
mod der;
mod error;
mod key;
mod sha256;
mod token;

pub use authority::{AUDIENCES_MAX, JWT_LIFE_SECS, JwtAuthority, check_audience};
pub use error::JwtError;
pub use key::{Algorithm, JwtKey};
pub use token::{Claims, TOKEN_LEN_MAX, verify};

pub(crate) use key::USE;
pub(crate) use sha256::Sha256;
