//! A key or secret as it lies on disk: its public area and its private one, which only its own TPM can open.

use tss_esapi::structures::{Private, Public};
use tss_esapi::traits::{Marshall as _, UnMarshall as _};

use super::HardwareError;

/// Largest blob in bytes.
pub const BLOB_LEN_MAX: usize = 4096;

/// TPM2B_PUBLIC and TPM2B_PRIVATE, one after the other; the second is encrypted by the TPM.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyBlob {
    public: Vec<u8>,
    private: Vec<u8>,
}

impl KeyBlob {
    /// Reads one that [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`HardwareError::BadBlob`], [`HardwareError::TooLong`].
    pub fn parse(bytes: &[u8]) -> Result<Self, HardwareError> {
        if bytes.len() > BLOB_LEN_MAX {
            let (what, max) = ("bytes of a key of a TPM", BLOB_LEN_MAX);
            return Err(HardwareError::TooLong { what, max });
        }
        let cut = HardwareError::BadBlob { what: "cut" };
        let (public, rest) = sized(bytes).ok_or(cut.clone())?;
        let (private, rest) = sized(rest).ok_or(cut)?;
        if !rest.is_empty() {
            let what = "bytes after its end";
            return Err(HardwareError::BadBlob { what });
        }
        let blob = Self {
            public: public.to_vec(),
            private: private.to_vec(),
        };
        blob.parts()?;
        Ok(blob)
    }

    /// The bytes to keep.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in [&self.public, &self.private] {
            bytes.extend(u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }

    /// The TPMT_PUBLIC, which a verifier knows the key by.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    pub(super) fn new(public: &Public, private: &Private) -> Result<Self, HardwareError> {
        let what = "a public area that cannot be written";
        Ok(Self {
            public: public
                .marshall()
                .map_err(|_| HardwareError::BadBlob { what })?,
            private: private.value().to_vec(),
        })
    }

    pub(super) fn parts(&self) -> Result<(Public, Private), HardwareError> {
        let bad = |what| move |_| HardwareError::BadBlob { what };
        let public = Public::unmarshall(&self.public).map_err(bad("no public area"))?;
        let private = Private::try_from(self.private.clone()).map_err(bad("no private area"))?;
        Ok((public, private))
    }
}

fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))
}
