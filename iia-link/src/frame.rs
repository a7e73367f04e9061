//! Frames: four bytes of length, one of kind, four of session, eight of id, then the payload. Bytes in, frames out.

use crate::LinkError;
use crate::preface;

/// Bytes before the payload.
pub const HEAD_LEN: usize = 17;
/// Longest payload of one frame in bytes: a whole frame fills a record of TLS. A longer message comes in parts.
pub const FRAGMENT_MAX: usize = 16 * 1024 - HEAD_LEN;
/// Longest payload of a message in bytes.
pub const PAYLOAD_MAX: usize = 16 * 1024 * 1024;
/// What the length counts beside the payload.
pub const COUNTED: usize = HEAD_LEN - 4;

/// What a frame is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// The first frame of a session: contract, version and operation.
    Hello,
    /// The other side agrees.
    Accept,
    /// The other side does not, or no longer; the payload is the code.
    Refuse,
    /// A message or its answer, by id.
    Data,
    /// A message that wants no answer.
    Push,
    /// A refusal of one message; the payload is the code.
    Error,
    /// Nothing follows in this session.
    End,
    /// The beginning of a message, whose rest follows.
    Part,
    /// So many bytes more may come; the id says how many.
    Credit,
}

const KINDS: [Kind; 9] = [
    Kind::Hello,
    Kind::Accept,
    Kind::Refuse,
    Kind::Data,
    Kind::Push,
    Kind::Error,
    Kind::End,
    Kind::Part,
    Kind::Credit,
];

/// One frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frame<'a> {
    /// What it is.
    pub kind: Kind,
    /// Which session it belongs to.
    pub session: u32,
    /// Which message it belongs to.
    pub id: u64,
    /// The payload.
    pub payload: &'a [u8],
}

/// What the beginning of a buffer is.
#[derive(Debug, Eq, PartialEq)]
pub enum Read<'a> {
    /// No frame yet: so many bytes more are needed before there can be one.
    More(usize),
    /// A frame, and how many bytes it takes.
    Frame(Frame<'a>, usize),
}

impl Frame<'_> {
    /// Adds the bytes of the wire.
    ///
    /// # Errors
    /// [`LinkError::FrameTooLong`].
    pub fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), LinkError> {
        let len = self.payload.len() + COUNTED;
        check_len(len as u64, FRAGMENT_MAX)?;
        let number = KINDS.iter().position(|kind| *kind == self.kind);
        out.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
        out.push(u8::try_from(number.map_or(0, |at| at + 1)).unwrap_or(0));
        out.extend_from_slice(&self.session.to_be_bytes());
        out.extend_from_slice(&self.id.to_be_bytes());
        out.extend_from_slice(self.payload);
        Ok(())
    }
}

/// Reads the frame at the beginning of `bytes`; what is none is refused by its first four, and so is one whose payload
/// is longer than `payload_max`.
///
/// # Errors
/// [`LinkError::HttpPreface`], [`LinkError::ForeignPreface`], [`LinkError::FrameTooLong`], [`LinkError::Protocol`].
// IIA 1: whoever speaks HTTP is told nothing.
pub fn read(bytes: &[u8], payload_max: usize) -> Result<Read<'_>, LinkError> {
    let Some((len, rest)) = bytes.split_first_chunk::<4>() else {
        return Ok(Read::More(4 - bytes.len()));
    };
    if let Some(error) = preface::foreign(*len) {
        return Err(error);
    }
    let len = u32::from_be_bytes(*len);
    check_len(len.into(), payload_max.min(FRAGMENT_MAX))?;
    let len = len as usize;
    let Some(body) = rest.get(..len) else {
        return Ok(Read::More(len - rest.len()));
    };
    let short = LinkError::Protocol {
        what: "frame without head",
    };
    let (kind, body) = body.split_first().ok_or(short.clone())?;
    let (session, body) = body.split_first_chunk().ok_or(short.clone())?;
    let (id, payload) = body.split_first_chunk().ok_or(short)?;
    let kind = usize::from(*kind).checked_sub(1);
    let kind = kind.and_then(|kind| KINDS.get(kind)).copied();
    let kind = kind.ok_or(LinkError::Protocol {
        what: "frame of unknown kind",
    })?;
    let frame = Frame {
        kind,
        session: u32::from_be_bytes(*session),
        id: u64::from_be_bytes(*id),
        payload,
    };
    Ok(Read::Frame(frame, 4 + len))
}

fn check_len(len: u64, payload_max: usize) -> Result<(), LinkError> {
    let max = (payload_max + COUNTED) as u64;
    if len < COUNTED as u64 {
        let what = "frame without head";
        return Err(LinkError::Protocol { what });
    }
    match len > max {
        true => Err(LinkError::FrameTooLong { len, max }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(payload: &[u8]) -> Result<Vec<u8>, LinkError> {
        let mut out = Vec::new();
        let frame = Frame {
            kind: Kind::Data,
            session: 3,
            id: 7,
            payload,
        };
        frame.encode_to(&mut out).map(|()| out)
    }

    #[test]
    fn a_frame_comes_back_and_no_prefix_of_it_is_one() {
        let whole = bytes(&[1, 2, 3]).unwrap();
        let Ok(Read::Frame(frame, len)) = read(&whole, FRAGMENT_MAX) else {
            panic!("no frame");
        };
        assert_eq!(
            (frame.session, frame.id, frame.payload, len),
            (3, 7, &[1, 2, 3][..], whole.len())
        );
        for cut in 0..whole.len() {
            assert!(
                matches!(read(&whole[..cut], FRAGMENT_MAX), Ok(Read::More(_))),
                "{cut}"
            );
        }
        let mut unknown = whole;
        for kind in [0, 10, 255] {
            unknown[4] = kind;
            assert!(read(&unknown, FRAGMENT_MAX).is_err(), "{kind}");
        }
    }

    #[test]
    fn lengths_end_at_the_limit() {
        let at =
            |len: usize| read(&u32::try_from(len).unwrap().to_be_bytes(), FRAGMENT_MAX).map(|_| ());
        assert_eq!(at(FRAGMENT_MAX + COUNTED), Ok(()));
        assert!(matches!(
            at(FRAGMENT_MAX + COUNTED + 1),
            Err(LinkError::FrameTooLong { .. })
        ));
        assert!(at(COUNTED - 1).is_err());
        assert!(bytes(&vec![0; FRAGMENT_MAX]).is_ok());
        assert!(bytes(&vec![0; FRAGMENT_MAX + 1]).is_err());
    }
}
