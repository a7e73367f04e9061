//! What kind of value a token is; each token has one reading.

use iia_contract::raw::Kind;
use iia_core::SpiffeId;

use crate::number;

/// The kind of an unquoted token; `None` when it is no value of the language.
pub(crate) fn kind(token: &str) -> Option<Kind> {
    if token.starts_with("spiffe://") {
        return token.parse::<SpiffeId>().ok().map(|_| Kind::Spiffe);
    }
    if token.contains("://") {
        return is_uri(token).then_some(Kind::Uri);
    }
    if let Some((prefix, rest)) = token.split_once(':') {
        match prefix {
            "b3" | "sha256" => return is_hex64(rest).then_some(Kind::Hash),
            "ed25519" => return is_base64(rest).then_some(Kind::Pubkey),
            _ => {}
        }
    }
    if is_port(token) {
        return Some(Kind::Port);
    }
    if iia_core::time::parse_utc(token).is_some() {
        return Some(Kind::Time);
    }
    if is_net(token) {
        return Some(Kind::Net);
    }
    if token.starts_with(|c: char| c.is_ascii_digit()) {
        return version(token)
            .map(|_| Kind::Version)
            .or_else(|| number::parse(token).map(Kind::Number));
    }
    word(token)
}

fn word(token: &str) -> Option<Kind> {
    let atom = token.strip_suffix(".*").unwrap_or(token);
    let legal = atom.starts_with(|c: char| c.is_ascii_alphabetic()) && is_name(atom);
    match (legal, atom.contains('.') || atom.len() < token.len()) {
        (false, _) => None,
        (true, true) => Some(Kind::Pattern),
        (true, false) => Some(Kind::Atom),
    }
}

/// Whether a text is a name: letters, digits, `.`, `_`, `-`.
pub(crate) fn is_name(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    !text.is_empty() && text.len() <= crate::limits::NAME_LEN_MAX && text.bytes().all(legal)
}

/// Reads `major.minor.patch`.
pub(crate) fn version(text: &str) -> Option<iia_contract::raw::Version> {
    let mut parts = text.split('.').map(|part| {
        let sound = part == "0" || !part.starts_with('0');
        let digits = part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<u32>().ok().filter(|_| sound && digits)
    });
    let (major, minor, patch) = (parts.next()??, parts.next()??, parts.next()??);
    parts
        .next()
        .is_none()
        .then_some(iia_contract::raw::Version {
            major,
            minor,
            patch,
        })
}

fn is_uri(token: &str) -> bool {
    let Some((scheme, rest)) = token.split_once("://") else {
        return false;
    };
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-');
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(legal)
        && !rest.is_empty()
        && rest
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b'<' | b'>' | b'{' | b'}'))
}

fn is_hex64(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_base64(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_');
    (40..=60).contains(&text.len()) && text.bytes().all(legal)
}

fn is_port(token: &str) -> bool {
    let Some((protocol, socket)) = token.split_once('/') else {
        return false;
    };
    let port = |text: &str| {
        text.parse::<u16>()
            .is_ok_and(|port| port.to_string() == text)
    };
    let socket_or_port = port(socket)
        || socket
            .parse::<std::net::SocketAddr>()
            .is_ok_and(|addr| addr.to_string() == socket);
    ["tcp", "udp", "sctp", "tls", "dtls", "quic"].contains(&protocol) && socket_or_port
}

fn is_net(token: &str) -> bool {
    let (addr, prefix) = token
        .split_once('/')
        .map_or((token, None), |(addr, prefix)| (addr, Some(prefix)));
    let sound = |text: &str| {
        text.parse::<u8>()
            .is_ok_and(|prefix| prefix.to_string() == text)
    };
    let canonical = addr
        .parse::<std::net::IpAddr>()
        .is_ok_and(|parsed| parsed.to_string() == addr);
    canonical && prefix.is_none_or(sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_has_one_reading() {
        let name = |token: &str| {
            kind(token).map(|kind| {
                format!("{kind:?}")
                    .split('(')
                    .next()
                    .unwrap_or("")
                    .to_owned()
            })
        };
        for (token, want) in [
            ("spiffe://iia.local/zone/a/workload/b", Some("Spiffe")),
            ("spiffe://iia.local//a", None),
            ("oncall://site/ops", Some("Uri")),
            ("tls/127.0.0.1:7443", Some("Port")),
            ("tls/[::1]:7443", Some("Port")),
            ("tls/7443", Some("Port")),
            ("tls/70000", None),
            ("10.90.1.0/24", Some("Net")),
            ("10.90.1.256", None),
            ("2001:db8::1", Some("Net")),
            ("1.2.3", Some("Version")),
            ("1.5", Some("Number")),
            ("30d", Some("Number")),
            ("2026-11-24T09:00:00Z", Some("Time")),
            ("process.*", Some("Pattern")),
            ("ot.contract.violation", Some("Pattern")),
            ("mtls", Some("Atom")),
            ("b3:00", None),
            ("-x", None),
            ("a$", None),
        ] {
            assert_eq!(name(token).as_deref(), want, "{token}");
        }
    }
}
