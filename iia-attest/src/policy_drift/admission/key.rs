//! Public keys and certificates, compared by their bytes whatever they are wrapped in.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_core::{Digest, digest::Context};
use serde_json::Value;

/// Certificates of one document at most.
pub(super) const ROOTS_MAX: usize = 256;

/// What stands between these lines of PEM, or the bytes themselves where they are none.
pub(super) fn unwrapped(bytes: &[u8], label: &str) -> Vec<Vec<u8>> {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return Vec::from([bytes.to_vec()]);
    };
    let begin = ["-----BEGIN ", label, "-----"].concat();
    if !text.contains(&begin) {
        return Vec::from([bytes.to_vec()]);
    }
    let end = ["-----END ", label, "-----"].concat();
    let bodies = text.split(begin.as_str()).skip(1).take(ROOTS_MAX + 1);
    let inner = bodies.filter_map(|body| {
        let (inner, _) = body.split_once(end.as_str())?;
        let packed: String = inner.split_whitespace().collect();
        STANDARD.decode(packed).ok()
    });
    inner.collect()
}

/// What a public key is compared by.
pub(super) fn key(bytes: &[u8]) -> Digest {
    let one = unwrapped(bytes, "PUBLIC KEY").into_iter().next();
    Digest::of(Context::File, &one.unwrap_or_default())
}

/// The digests of the X.509 authorities of a bundle: PEM, or the JSON of SPIFFE (Trust Domain and Bundle, 4); nothing
/// where it is neither.
pub(super) fn roots(bytes: &[u8]) -> Option<Vec<Digest>> {
    let digest = |der: &Vec<u8>| Digest::of(Context::File, der);
    if bytes.starts_with(b"-----BEGIN CERTIFICATE-----") {
        return Some(unwrapped(bytes, "CERTIFICATE").iter().map(digest).collect());
    }
    let document: Value = serde_json::from_slice(bytes).ok()?;
    let keys = document.get("keys")?.as_array()?.iter();
    let authorities =
        keys.filter(|key| key.get("use").and_then(Value::as_str) == Some("x509-svid"));
    let mut roots = Vec::new();
    for key in authorities {
        let der = key.get("x5c")?.as_array()?.first()?.as_str()?;
        roots.push(digest(&STANDARD.decode(der).ok()?));
    }
    (roots.len() <= ROOTS_MAX).then_some(roots)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn a_key_is_the_same_whatever_it_is_wrapped_in() {
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            STANDARD.encode(b"key")
        );
        assert_eq!(key(pem.as_bytes()), key(b"key"));
        assert_ne!(key(pem.as_bytes()), key(b"another"));
    }

    #[test]
    fn authorities_are_read_from_both_forms() {
        let packed = STANDARD.encode(b"root");
        let pem = format!("-----BEGIN CERTIFICATE-----\n{packed}\n-----END CERTIFICATE-----\n");
        let json = format!(
            r#"{{"keys":[{{"use":"x509-svid","x5c":["{packed}"]}},{{"use":"jwt-svid"}}]}}"#
        );
        let due = Some(Vec::from([Digest::of(Context::File, b"root")]));
        assert_eq!(roots(pem.as_bytes()), due);
        assert_eq!(roots(json.as_bytes()), due);
        for none in [
            "",
            "{}",
            "{\"keys\":1}",
            "{\"keys\":[{\"use\":\"x509-svid\"}]}",
        ] {
            assert_eq!(roots(none.as_bytes()), None, "{none}");
        }
    }
}
