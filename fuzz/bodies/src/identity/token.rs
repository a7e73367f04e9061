//! JWT-SVIDs of strangers, and the filter before HTTP/2.

use std::sync::OnceLock;

use iia_core::gate::{Ask, Gate, Refusal};
use iia_core::time::{Clock as _, ManualClock};
use iia_core::{SpiffeId, Timestamp};
use iia_identity::bundle::BundleSet;
use iia_identity::jwt::{JwtAuthority, verify};
use iia_identity::mend::Mend;

use super::{AT_SECS, ID};
use crate::input::Input;

const FOR: &str = "audience";

struct All;

impl Gate for All {
    fn permits(&self, _: &Ask<'_>) -> Result<(), Refusal> {
        Ok(())
    }
    fn knows(&self, _: &SpiffeId) -> bool {
        true
    }
}

/// The key identifier of an authority, its bundle and a token of its own.
fn made() -> &'static (String, BundleSet, String) {
    static MADE: OnceLock<(String, BundleSet, String)> = OnceLock::new();
    MADE.get_or_init(|| {
        let domain = || "iia.local".parse().expect("a trust domain");
        let authority = JwtAuthority::create(domain()).expect("a key");
        let now = ManualClock::new(Timestamp::from_secs(AT_SECS)).read();
        let id = ID.parse().expect("a SPIFFE ID");
        let token = authority.issue(&id, &[FOR.into()], &All, now);
        let (mut bundles, key) = (BundleSet::default(), authority.key().clone());
        let kid = key.kid().to_owned();
        bundles.add_jwt_key(domain(), key).expect("one key");
        (kid, bundles, token.expect("a token"))
    })
}

fn believed(token: &str) -> bool {
    let (_, bundles, _) = made();
    verify(token, FOR, bundles, Timestamp::from_secs(AT_SECS)).is_ok()
}

/// Nothing is believed but what the authority signed, to the character.
pub fn token(data: &[u8]) {
    let (kid, _, good) = made();
    assert!(believed(good));
    let mut input = Input(data);
    let (kind, at) = (input.byte(), usize::from(input.byte()) * 2);
    match kind % 3 {
        // As it is.
        0 => {
            let text = String::from_utf8_lossy(input.0);
            assert!(!believed(&text) || text == *good);
        }
        // The good one with something else in it.
        1 => {
            let (before, after) = good.split_at(at.min(good.len()));
            let text = String::from_utf8_lossy(input.0);
            let other = format!("{before}{text}{}", after.get(text.len()..).unwrap_or(""));
            assert!(!believed(&other) || other == *good);
        }
        // Header and claims of a stranger under a signature of the authority.
        _ => {
            let header = String::from_utf8_lossy(input.piece()).replace("KID", kid);
            let (header, claims) = (base64url(header.as_bytes()), base64url(input.0));
            let signature = good.rsplit('.').next().expect("three parts");
            let other = format!("{header}.{claims}.{signature}");
            assert!(!believed(&other) || other == *good);
        }
    }
}

fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for part in bytes.chunks(3) {
        let all = part
            .iter()
            .fold(0, |all: u32, byte| all << 8 | u32::from(*byte))
            << (24 - 8 * part.len());
        out.extend(
            (0..=part.len()).map(|at| char::from(LETTERS[(all >> (18 - 6 * at) & 63) as usize])),
        );
    }
    out
}

fn mended(bytes: &[u8], cut: usize) -> Vec<u8> {
    let (mut mend, mut out) = (Mend::default(), bytes.to_vec());
    out.chunks_mut(cut).for_each(|part| mend.handle(part));
    out
}

/// However the bytes are cut the outcome is the same; only blocks of headers change, to letters; twice is as once.
pub fn mend(data: &[u8]) {
    let mut input = Input(data);
    let cut = usize::from(input.byte()) + 1;
    let bytes = input.0;
    let out = mended(bytes, bytes.len().max(1));
    assert_eq!(mended(bytes, cut), out);
    assert_eq!(mended(&out, cut), out);
    let mut at = 0;
    while let Some([l1, l2, l3, kind, ..]) = bytes.get(at..at + 9) {
        let len = u32::from_be_bytes([0, *l1, *l2, *l3]) as usize;
        let end = (at + 9 + len).min(bytes.len());
        let headers = matches!(kind, 1 | 9);
        assert_eq!(bytes[at..at + 9], out[at..at + 9]);
        for (is, was) in out[at + 9..end].iter().zip(&bytes[at + 9..end]) {
            assert!(is == was || headers && matches!(is, b'a' | 0xfc));
        }
        at = end;
    }
}
