//! HTTP, recognised and no more: the boundary speaks none, so that one is worth a finding.

use iia_core::Timestamp;
use iia_core::observe::{Outcome, Protocol};

use super::{Cut, Session, Turn};

/// Methods of RFC 9110, 9.3 and RFC 5789, each with the space behind it.
const METHODS: [&[u8]; 9] = [
    b"GET ",
    b"HEAD ",
    b"POST ",
    b"PUT ",
    b"DELETE ",
    b"CONNECT ",
    b"OPTIONS ",
    b"TRACE ",
    b"PATCH ",
];
/// What a connection of HTTP/2 begins with (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes of a start line that are looked at.
const LINE_LEN_MAX: usize = 8192;

/// Whether bytes begin like a message of HTTP: a request line, a status line, the preface of HTTP/2.
pub fn claims(bytes: &[u8]) -> bool {
    let request = METHODS.iter().any(|method| bytes.starts_with(method));
    bytes.starts_with(PREFACE)
        || bytes.starts_with(b"HTTP/1.")
        || request && line(bytes).is_some_and(|line| line.windows(8).any(is_version))
}

fn is_version(bytes: &[u8]) -> bool {
    bytes.starts_with(b" HTTP/1")
}

fn line(bytes: &[u8]) -> Option<&[u8]> {
    let bytes = bytes.get(..LINE_LEN_MAX).unwrap_or(bytes);
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = bytes.get(..end)?;
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

/// A connection: each direction's first start line is told, the rest passed.
#[derive(Debug, Default)]
pub struct Http {
    told: [bool; 2],
}

impl Session for Http {
    fn protocol(&self) -> Protocol {
        Protocol::Http
    }

    fn cut(&self, _from_orig: bool, bytes: &[u8]) -> Cut {
        // A segment is as good a unit as any: bodies are not read.
        Cut::Unit(bytes.len() as u64)
    }

    fn due(&self) -> Timestamp {
        Timestamp::MAX
    }

    fn unit(&mut self, turn: &mut Turn<'_>, unit: &[u8]) {
        let [orig, resp] = &mut self.told;
        let told = if turn.from_orig { orig } else { resp };
        if core::mem::replace(told, true) || !claims(unit) {
            return;
        }
        let mut fields = turn.fields();
        let line = line(unit).unwrap_or(unit);
        let mut words = line.splitn(3, |byte| *byte == b' ');
        let (first, second, third) = (words.next(), words.next(), words.next());
        let (what, names) = if line.starts_with(b"HTTP/") {
            (
                "response",
                [
                    "http.response.version",
                    "http.response.code",
                    "http.response.phrase",
                ],
            )
        } else {
            (
                "request",
                [
                    "http.request.method",
                    "http.request.uri",
                    "http.request.version",
                ],
            )
        };
        for (name, word) in names.into_iter().zip([first, second, third]) {
            if let Some(word) = word {
                fields.text(name, word);
            }
        }
        turn.tell(what, Outcome::Stated, fields);
    }
}
