//! Hash functions by their TPM_ALG_ID (TPM 2.0 Part 2, 6.3).

use alloc::vec::Vec;

use iia_core::outside::HashName;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// The TPM_ALG_ID of a hash function.
pub const fn hash_id(hash: HashName) -> u16 {
    match hash {
        HashName::Sha1 => 0x0004,
        HashName::Sha256 => 0x000b,
        HashName::Sha384 => 0x000c,
        HashName::Sha512 => 0x000d,
    }
}

/// The hash function of a TPM_ALG_ID, where it is one that is known here.
pub const fn hash_name(id: u16) -> Option<HashName> {
    match id {
        0x0004 => Some(HashName::Sha1),
        0x000b => Some(HashName::Sha256),
        0x000c => Some(HashName::Sha384),
        0x000d => Some(HashName::Sha512),
        _ => None,
    }
}

/// The digest of `parts`, one after the other.
pub fn hash_of(hash: HashName, parts: &[&[u8]]) -> Vec<u8> {
    fn run<D: sha2::Digest>(parts: &[&[u8]]) -> Vec<u8> {
        let mut hasher = D::new();
        parts.iter().for_each(|part| hasher.update(part));
        hasher.finalize().to_vec()
    }
    match hash {
        HashName::Sha1 => run::<Sha1>(parts),
        HashName::Sha256 => run::<Sha256>(parts),
        HashName::Sha384 => run::<Sha384>(parts),
        HashName::Sha512 => run::<Sha512>(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_belong_together() {
        for hash in [
            HashName::Sha1,
            HashName::Sha256,
            HashName::Sha384,
            HashName::Sha512,
        ] {
            assert_eq!(hash_name(hash_id(hash)), Some(hash));
            assert_eq!(hash_of(hash, &[b"a", b"b"]), hash_of(hash, &[b"ab"]));
            assert_eq!(hash_of(hash, &[]).len(), hash.len());
        }
        assert_eq!(hash_name(0x0012), None, "SM3 is not known here");
    }
}
