//! Revocations: signed text that says which identities and certificates are believed no more.
//!
//! They only ever add up. What was revoked stays revoked, in whatever order texts arrive and however often: an old text
//! that is put in again changes nothing, and none can be put in that takes a revocation back. Whoever is to speak again
//! gets a new name. They need no leave and no trusted time, since they open nothing.

use std::collections::BTreeSet;

use iia_contract::raw::{EntrySpec, Times, Type};
use iia_contract::shape;
use iia_core::SpiffeId;
use iia_core::code::{Code, Coded};
use iia_core::digest::Digest;

use crate::envelope::{EnvelopeError, open};
use crate::format;
use crate::limits::DOCUMENT_LEN_DEFAULT;
use crate::parse::{Magic, parse};
use crate::schema::field;
use crate::trust::{Class, Trust};

/// Revocations that a box takes at most.
pub const REVOCATIONS_MAX: usize = 512;
/// Identities and certificates in one text at most: each is an event of the audit chain.
pub const NAMED_MAX: usize = 32;
/// Characters of a serial number at most: 20 bytes, and one for the sign (RFC 5280 4.1.2.2).
pub const SERIAL_LEN_MAX: usize = 42;

/// The entry `revocation`.
pub(crate) const REVOCATION: EntrySpec = EntrySpec {
    kind: "revocation",
    versioned: false,
    fields: &[
        field("issued", &[Type::Time], Times::Once, "when it was written"),
        field(
            "identity",
            &[Type::Spiffe],
            Times::Repeated,
            "a workload that is believed no more, whatever certificate it shows",
        ),
        field(
            "serial",
            &[Type::String],
            Times::Repeated,
            "a certificate that is believed no more: its serial number, lower-case hexadecimal",
        ),
    ],
    blocks: &[],
    doc: "identities and certificates that are revoked for good; in artifacts of class revocation only",
};

/// Who is revoked.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Revoked {
    /// Identities.
    pub identities: BTreeSet<SpiffeId>,
    /// Serial numbers of certificates, lower-case hexadecimal.
    pub serials: BTreeSet<String>,
}

impl Revoked {
    /// How many.
    pub fn len(&self) -> usize {
        self.identities.len() + self.serials.len()
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sum of two.
    pub fn add(&mut self, other: Self) {
        self.identities.extend(other.identities);
        self.serials.extend(other.serials);
    }

    /// Reads the text of a revocation, which must be canonical.
    ///
    /// # Errors
    /// [`RevocationError::Malformed`].
    pub fn parse(text: &[u8]) -> Result<Self, RevocationError> {
        let bad = |what| RevocationError::Malformed { what };
        let document = parse(text, DOCUMENT_LEN_DEFAULT).map_err(|_| bad("the text"))?;
        let entry = document.only().ok_or(bad("it holds one entry"))?;
        if document.magic != Magic::Config || entry.kind != REVOCATION.kind {
            return Err(bad("it begins with `iia-config 1` and holds `revocation`"));
        }
        if !shape::check(&REVOCATION, &entry).is_empty() || !format::is_canonical(&document) {
            return Err(bad(
                "a field is missing, unknown, of another type or out of order",
            ));
        }
        let identities = entry.fields("identity").map(|field| field.text().parse());
        let serials = entry.fields("serial").map(|field| serial(field.text()));
        let revoked = Self {
            identities: identities
                .collect::<Result<_, _>>()
                .map_err(|_| bad("identity"))?,
            serials: serials.collect::<Option<_>>().ok_or(bad("serial"))?,
        };
        match revoked.len() {
            0 => Err(bad("it names nobody")),
            1..=NAMED_MAX => Ok(revoked),
            _ => Err(bad("it names more than 32; write a second one")),
        }
    }
}

fn serial(text: &str) -> Option<String> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let whole = (2..=SERIAL_LEN_MAX).contains(&text.len()) && text.len().is_multiple_of(2);
    (whole && text.bytes().all(is_hex)).then(|| text.to_owned())
}

/// A revocation whose signatures count.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revocation {
    /// Which artifact it is.
    pub artifact: Digest,
    /// Who signed it.
    pub operators: Vec<String>,
    /// Whom it names.
    pub revoked: Revoked,
}

impl Revocation {
    /// Verifies a revocation: signatures first, then the text.
    ///
    /// # Errors
    /// [`RevocationError`].
    pub fn verify(bytes: &[u8], trust: &Trust) -> Result<Self, RevocationError> {
        let opened = open(bytes, Class::Revocation, trust)?;
        Ok(Self {
            artifact: opened.digest,
            operators: opened.operators,
            revoked: Revoked::parse(opened.body)?,
        })
    }
}

/// Why a text revokes nobody.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RevocationError {
    /// The signatures do not count.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The text is no revocation.
    #[error("not a revocation: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
}

impl Coded for RevocationError {
    fn code(&self) -> Code {
        match self {
            Self::Envelope(error) => error.code(),
            Self::Malformed { .. } => Code::new("CFG", 12),
        }
    }
}
