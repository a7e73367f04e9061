//! DER as text, for programs that read nothing else (RFC 7468).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Characters of base64 in a line (RFC 7468 2).
const LINE: usize = 64;

/// What a certificate is called.
pub const CERTIFICATE: &str = "CERTIFICATE";
/// What a list of revoked certificates is called.
pub const CRL: &str = "X509 CRL";

/// The text of something public.
pub fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(LINE).unwrap_or((rest, ""));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_full_but_the_last() {
        let text = pem(CERTIFICATE, &[0; 100]);
        let lens: Vec<usize> = text.lines().map(str::len).collect();
        assert_eq!(lens, [27, 64, 64, 8, 25]);
        assert_eq!(
            pem(CRL, &[]),
            "-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n"
        );
    }
}
