//! Messages: what a session carries, whole.

use iia_core::code::Code;

use crate::frame::Kind;

/// A message of a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// Which question it belongs to; 0 for a push.
    pub id: u64,
    /// The payload.
    pub payload: Vec<u8>,
    pub(crate) kind: Kind,
}

impl Message {
    /// A question, by a number of the asker's.
    pub const fn question(id: u64, payload: Vec<u8>) -> Self {
        Self {
            id,
            payload,
            kind: Kind::Data,
        }
    }

    /// The answer to a question.
    pub const fn answer(question: &Self, payload: Vec<u8>) -> Self {
        Self {
            id: question.id,
            payload,
            kind: Kind::Data,
        }
    }

    /// The refusal of a question: the peer gets the code and nothing else.
    pub fn error(question: &Self, code: Code) -> Self {
        Self {
            id: question.id,
            payload: code.to_string().into_bytes(),
            kind: Kind::Error,
        }
    }

    /// A message that wants no answer.
    pub const fn push(payload: Vec<u8>) -> Self {
        Self {
            id: 0,
            payload,
            kind: Kind::Push,
        }
    }

    /// The code, if this is the refusal of a question.
    pub fn refusal(&self) -> Option<String> {
        (self.kind == Kind::Error).then(|| code(&self.payload))
    }
}

/// A code as a peer sent it: short, printable, or replaced.
pub(crate) fn code(payload: &[u8]) -> String {
    let text = std::str::from_utf8(payload).unwrap_or_default();
    let sound =
        text.len() <= 16 && text.starts_with("IIA-") && text.bytes().all(|b| b.is_ascii_graphic());
    if sound {
        text.into()
    } else {
        "unreadable code".into()
    }
}
