//! Frames: four bytes of length, one of kind, eight of id, then the payload. Bytes in, frames out, no I/O.

use crate::LinkError;

/// Longest payload in bytes.
pub const PAYLOAD_MAX: usize = 16 * 1024 * 1024;
/// Bytes of kind and id, which the length counts.
const HEAD: usize = 9;
const FRAME_MAX: usize = PAYLOAD_MAX + HEAD;

/// What a frame is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// The first frame of a client: contract and operation.
    Hello,
    /// The server agrees.
    Accept,
    /// The server does not; the payload is the code.
    Refuse,
    /// A message or its answer, by id.
    Data,
    /// A message that wants no answer.
    Push,
    /// A refusal of one message; the payload is the code.
    Error,
    /// Nothing follows.
    End,
}

impl Kind {
    const fn as_u8(self) -> u8 {
        match self {
            Self::Hello => 1,
            Self::Accept => 2,
            Self::Refuse => 3,
            Self::Data => 4,
            Self::Push => 5,
            Self::Error => 6,
            Self::End => 7,
        }
    }

    const fn from_u8(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Hello,
            2 => Self::Accept,
            3 => Self::Refuse,
            4 => Self::Data,
            5 => Self::Push,
            6 => Self::Error,
            7 => Self::End,
            _ => return None,
        })
    }
}

/// One frame.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Frame {
    /// What it is.
    pub kind: Kind,
    /// Which message it belongs to.
    pub id: u64,
    /// The payload.
    pub payload: Vec<u8>,
}

impl Frame {
    /// The bytes on the wire.
    ///
    /// # Errors
    /// [`LinkError::FrameTooLong`].
    pub fn encode(&self) -> Result<Vec<u8>, LinkError> {
        let len = self.payload.len() + HEAD;
        if len > FRAME_MAX {
            return Err(too_long(len as u64));
        }
        let mut bytes = Vec::with_capacity(4 + len);
        bytes.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
        bytes.push(self.kind.as_u8());
        bytes.extend_from_slice(&self.id.to_be_bytes());
        bytes.extend_from_slice(&self.payload);
        Ok(bytes)
    }
}

/// The length that follows, from the first four bytes; refuses before anything is allocated.
///
/// # Errors
/// [`LinkError::HttpPreface`], [`LinkError::FrameTooLong`], [`LinkError::Protocol`].
// IIA 1: whoever speaks HTTP is told nothing.
pub fn body_len(head: [u8; 4]) -> Result<usize, LinkError> {
    const METHODS: [&[u8; 4]; 9] = [
        b"GET ", b"POST", b"PUT ", b"HEAD", b"PRI ", b"OPTI", b"DELE", b"CONN", b"PATC",
    ];
    if METHODS.contains(&&head) || &head == b"TRAC" || &head == b"HTTP" {
        return Err(LinkError::HttpPreface);
    }
    let len = u32::from_be_bytes(head) as usize;
    match len {
        HEAD..=FRAME_MAX => Ok(len),
        0..HEAD => Err(LinkError::Protocol {
            what: "frame without head",
        }),
        _ => Err(too_long(len as u64)),
    }
}

/// The frame of a body whose length [`body_len`] accepted.
///
/// # Errors
/// [`LinkError::Protocol`] for an unknown kind or a short body.
pub fn decode(body: &[u8]) -> Result<Frame, LinkError> {
    let short = LinkError::Protocol {
        what: "frame without head",
    };
    let (kind, rest) = body.split_first().ok_or(short.clone())?;
    let kind = Kind::from_u8(*kind).ok_or(LinkError::Protocol {
        what: "frame of unknown kind",
    })?;
    let (id, payload) = rest.split_first_chunk().ok_or(short)?;
    Ok(Frame {
        kind,
        id: u64::from_be_bytes(*id),
        payload: payload.to_vec(),
    })
}

const fn too_long(len: u64) -> LinkError {
    LinkError::FrameTooLong {
        len,
        max: FRAME_MAX as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back_and_every_prefix_is_refused() {
        let frame = Frame {
            kind: Kind::Data,
            id: 7,
            payload: vec![1, 2, 3],
        };
        let bytes = frame.encode().unwrap();
        let (head, body) = bytes.split_first_chunk().unwrap();
        assert_eq!(body_len(*head), Ok(body.len()));
        assert_eq!(decode(body), Ok(frame));
        for cut in 0..HEAD {
            assert!(decode(&body[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn i1_http_is_refused_by_its_first_bytes() {
        for text in [
            "GET / HTTP/1.1",
            "POST /",
            "PRI * HTTP/2.0",
            "HTTP/1.1 200",
            "CONNECT x",
        ] {
            let head = *text.as_bytes().first_chunk().unwrap();
            assert_eq!(body_len(head), Err(LinkError::HttpPreface), "{text}");
        }
    }

    #[test]
    fn lengths_end_at_the_limit() {
        let at = |len: usize| body_len(u32::try_from(len).unwrap().to_be_bytes());
        assert_eq!(at(FRAME_MAX), Ok(FRAME_MAX));
        assert!(matches!(
            at(FRAME_MAX + 1),
            Err(LinkError::FrameTooLong { .. })
        ));
        assert!(at(HEAD - 1).is_err());
    }
}
