//! Whether a reference to an image can be moved under our feet.

/// Characters of a sha256 digest.
const DIGEST_LEN: usize = 64;

/// How a reference names its image.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Pin {
    /// By the digest of its content.
    Digest,
    /// By a full semantic version.
    Version,
    /// By something that is moved.
    Floating,
    /// By a digest that is none.
    BadDigest,
}

/// Judges a reference.
pub(super) fn pin(reference: &str) -> Pin {
    if let Some((_, digest)) = reference.split_once('@') {
        let hex = digest.strip_prefix("sha256:").unwrap_or_default();
        let sound = hex.len() == DIGEST_LEN
            && hex
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        return if sound { Pin::Digest } else { Pin::BadDigest };
    }
    let last = reference.rsplit('/').next().unwrap_or_default();
    match last.split_once(':') {
        Some((_, tag)) if is_version(tag) => Pin::Version,
        _ => Pin::Floating,
    }
}

/// `major.minor.patch`, perhaps with `v` before and a pre-release or variant behind.
fn is_version(tag: &str) -> bool {
    let core = tag
        .strip_prefix('v')
        .unwrap_or(tag)
        .split(['-', '+'])
        .next()
        .unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digests_and_full_versions_stay_where_they_are() {
        let digest = "a".repeat(DIGEST_LEN);
        let rows = [
            (format!("x@sha256:{digest}"), Pin::Digest),
            (
                format!("localhost:5000/x:1.2.3@sha256:{digest}"),
                Pin::Digest,
            ),
            ("eclipse-mosquitto:2.0.18".into(), Pin::Version),
            ("x:v1.2.3-alpine".into(), Pin::Version),
            ("x:2.0".into(), Pin::Floating),
            ("x:latest".into(), Pin::Floating),
            ("x:${TAG}".into(), Pin::Floating),
            ("x".into(), Pin::Floating),
            ("localhost:5000/x".into(), Pin::Floating),
            ("".into(), Pin::Floating),
            ("x:1.2.3.4".into(), Pin::Floating),
            (
                format!("x@sha256:{}", digest.to_uppercase()),
                Pin::BadDigest,
            ),
            ("x@sha256:aa".into(), Pin::BadDigest),
            ("x@md5:aa".into(), Pin::BadDigest),
        ];
        for (reference, want) in rows {
            assert_eq!(pin(&reference), want, "{reference}");
        }
    }
}
