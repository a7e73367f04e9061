//! The socket pair between a supervisor and a workload that it started: identity in, certificate requests out.
//!
//! Who a workload is follows from which process the supervisor started, never from what it says.

use std::io::{self, Read, Write};

use iia_core::canon::{self, minicbor};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

mod said;

pub use said::{Happened, Outage, Refusal, Whom};

/// Longest message on the pipe in bytes.
pub const MESSAGE_LEN_MAX: usize = 1 << 20;

/// From the supervisor to the role.
#[derive(Clone, Debug, Decode, Encode)]
pub enum Down {
    /// The first message: who you are and where things are.
    #[n(0)]
    Start(#[n(0)] Start),
    /// A certificate chain for the request, leaf first.
    #[n(1)]
    Svid(#[n(0)] Vec<ByteVec>),
    /// The issuer refuses; the role ends.
    #[n(2)]
    Refused(#[n(0)] String),
    /// Finish what is begun and say when it is done; do not end yet.
    #[n(4)]
    Drain,
    /// Finish what is begun, seal, and end.
    #[n(3)]
    Stop,
    /// Nothing of them is accepted any more.
    #[n(5)]
    Revoke(#[n(0)] Whom),
    /// A certificate chain, leaf first, for a key that the supervisor holds and signs with when it is asked.
    #[n(6)]
    Lent(#[n(0)] Lent, #[n(1)] Vec<ByteVec>),
}

/// What a role needs to begin.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Start {
    /// The SPIFFE ID the supervisor gives this process.
    #[n(0)]
    pub id: String,
    /// The box directory.
    #[n(1)]
    pub dir: String,
    /// CA certificates by trust domain, DER.
    #[n(2)]
    pub roots: Vec<Root>,
    /// Arguments of the role.
    #[n(3)]
    pub args: Vec<String>,
    /// The directory of its own secrets, in memory, where it has any.
    #[n(4)]
    pub secrets: Option<String>,
    /// Whether the supervisor lends it its keys, and it asks for signatures over its standard output.
    #[n(5)]
    pub lends: bool,
}

/// A key that the supervisor holds.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Lent {
    /// Its number, to ask for signatures with.
    #[n(0)]
    pub number: u64,
    /// Its public half, a SubjectPublicKeyInfo in DER.
    #[n(1)]
    pub public: ByteVec,
}

/// A signature that a role wants, over the way beside the pipe: by which key, of what.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Ask {
    /// The key's number.
    #[n(0)]
    pub number: u64,
    /// What is to be signed.
    #[n(1)]
    pub message: ByteVec,
}

/// The signature, in DER; nothing where there is none.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Signed(#[n(0)] pub Option<ByteVec>);

/// One trusted CA certificate.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Root {
    /// The trust domain it speaks for.
    #[n(0)]
    pub domain: String,
    /// The certificate, DER.
    #[n(1)]
    pub der: ByteVec,
}

/// From the role to the supervisor.
#[derive(Clone, Debug, Decode, Encode)]
pub enum Up {
    /// A certificate signing request; the key stays in the role.
    #[n(0)]
    Request(#[n(0)] ByteVec),
    /// The role serves.
    #[n(1)]
    Ready,
    /// Something to show, as a line of text.
    #[n(2)]
    Said(#[n(0)] String),
    /// The role's work has an end and it is reached.
    #[n(3)]
    Done,
    /// A link that it dialled was refused, at either end.
    #[n(4)]
    Refused(#[n(0)] Refusal),
    /// Something happened that a contract wants told, while the other end was away.
    #[n(5)]
    Outage(#[n(0)] Outage),
    /// The chain has what the desk told, up to this number: from its keeper only.
    #[n(6)]
    Taken(#[n(0)] u64),
    /// The supervisor is to make a key and lend it.
    #[n(7)]
    Key,
}

/// Writes one message.
///
/// # Errors
/// Those of the writer.
pub fn send<T: Encode<()>>(mut to: impl Write, message: &T) -> io::Result<()> {
    let bytes = canon::encode(message);
    let len = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    to.write_all(&len.to_be_bytes())?;
    to.write_all(&bytes)?;
    to.flush()
}

/// Reads one message; `None` at the end.
///
/// # Errors
/// Those of the reader; [`io::ErrorKind::InvalidData`] for what is no message, or longer than [`MESSAGE_LEN_MAX`].
pub fn receive<T>(mut from: impl Read) -> io::Result<Option<T>>
where
    T: for<'b> Decode<'b, ()> + Encode<()>,
{
    let mut head = [0; 4];
    match from.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let len = u32::from_be_bytes(head) as usize;
    if len > MESSAGE_LEN_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; len];
    from.read_exact(&mut bytes)?;
    canon::decode(&bytes)
        .map(Some)
        .map_err(|_| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_pass_and_the_end_is_seen() {
        let mut bytes = Vec::new();
        send(&mut bytes, &Up::Said("x".into())).unwrap();
        let mut from = bytes.as_slice();
        assert!(matches!(receive::<Up>(&mut from), Ok(Some(Up::Said(text))) if text == "x"));
        assert!(matches!(receive::<Up>(&mut from), Ok(None)));
    }

    #[test]
    fn a_message_over_the_limit_is_refused() {
        let head = u32::try_from(MESSAGE_LEN_MAX + 1).unwrap().to_be_bytes();
        assert!(receive::<Up>(head.as_slice()).is_err());
    }
}
