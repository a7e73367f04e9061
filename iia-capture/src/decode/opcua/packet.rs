//! Where messages begin and end on a connection (OPC 10000-6, 6.7.2 and 7.1.2).

/// Bytes of every message's head.
pub(super) const HEAD_LEN: usize = 8;
/// Bytes ahead of what a symmetric chunk carries: head, channel, token, sequence number, request.
pub(super) const SYMMETRIC_LEN: usize = 24;
/// Bytes of a message that are believed at most: what says it is longer is not OPC UA.
pub const SIZE_MAX: u32 = 1 << 24;
/// Bytes of an address or a reason at most (OPC 10000-6, 7.1.2.3 and 7.1.2.5).
const TEXT_LEN_MAX: u32 = 4096;
/// Bytes of the name of a security policy at most (OPC 10000-6, 6.7.2.3).
const POLICY_LEN_MAX: usize = 255;
/// The version of the protocol that there is.
const VERSION_MAX: u32 = 15;
/// A buffer has room for at least so many bytes (OPC 10000-6, 7.1.2.3); smaller ones are for tiny devices of old.
const BUFFER_LEN_MIN: u32 = 1024;

/// What a message is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// A client introduces itself.
    Hello,
    /// A server agrees.
    Acknowledge,
    /// A server gives up.
    Error,
    /// A server asks a client to introduce itself.
    ReverseHello,
    /// A channel is opened or renewed.
    Open,
    /// A message of a service.
    Message,
    /// A channel is closed.
    Close,
}

const KINDS: [(&[u8; 3], Kind); 7] = [
    (b"HEL", Kind::Hello),
    (b"ACK", Kind::Acknowledge),
    (b"ERR", Kind::Error),
    (b"RHE", Kind::ReverseHello),
    (b"OPN", Kind::Open),
    (b"MSG", Kind::Message),
    (b"CLO", Kind::Close),
];

/// The head of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Head {
    /// What it is.
    pub(super) kind: Kind,
    /// `F` for the last chunk of a message, `C` for one before it, `A` for one that takes it back.
    pub(super) chunk: u8,
    /// Bytes of the chunk with this head.
    pub(super) size: u32,
}

impl Head {
    /// The head at the start of some bytes, when what is there of the message can be OPC UA.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (word, _) = bytes.split_first_chunk::<3>()?;
        let kind = match word {
            b"MSG" => Kind::Message,
            word => KINDS.iter().find(|row| row.0 == word)?.1,
        };
        let chunk = *bytes.get(3)?;
        let size = le32(bytes, 4)?;
        let chunks: &[u8] = match kind {
            Kind::Message => b"FCA",
            _ => b"F",
        };
        let head = Self { kind, chunk, size };
        (chunks.contains(&chunk) && head.sized() && head.filled(bytes)).then_some(head)
    }

    /// Whether a message of this kind can have this size.
    fn sized(&self) -> bool {
        let (min, max) = match self.kind {
            Kind::Hello => (32, 32 + TEXT_LEN_MAX),
            Kind::Acknowledge => (28, 28),
            Kind::Error => (16, 16 + TEXT_LEN_MAX),
            Kind::ReverseHello => (16, 16 + 2 * TEXT_LEN_MAX),
            Kind::Open => (32, SIZE_MAX),
            Kind::Message => (SYMMETRIC_LEN as u32, SIZE_MAX),
            Kind::Close => (SYMMETRIC_LEN as u32 + 2, SIZE_MAX),
        };
        (min..=max).contains(&self.size)
    }

    /// Whether what stands behind the head, as far as it is there, can stand there.
    fn filled(&self, bytes: &[u8]) -> bool {
        let word = |at: usize, can: fn(u32) -> bool| le32(bytes, at).is_none_or(can);
        match self.kind {
            Kind::Hello => {
                let text = le32(bytes, 28).is_none_or(|len| fills(len, self.size - 32));
                word(8, |version| version <= VERSION_MAX) && word(12, is_buffer) && text
            }
            Kind::Acknowledge => word(8, |version| version <= VERSION_MAX) && word(12, is_buffer),
            Kind::Error => {
                let text = le32(bytes, 12).is_none_or(|len| fills(len, self.size - 16));
                word(8, |code| code >> 30 != 3) && text
            }
            Kind::ReverseHello => word(8, |len| len <= TEXT_LEN_MAX),
            Kind::Open => names_policy(bytes),
            Kind::Message | Kind::Close => true,
        }
    }
}

/// Whether a length is that of the text that fills the rest of a message.
const fn fills(len: u32, room: u32) -> bool {
    len == room || len == u32::MAX && room == 0
}

/// Whether a size can be that of a buffer.
const fn is_buffer(len: u32) -> bool {
    len >= BUFFER_LEN_MIN
}

/// Whether a channel is opened under a policy that has a name.
fn names_policy(bytes: &[u8]) -> bool {
    let Some(len) = le32(bytes, 12) else {
        return true;
    };
    let len = len as usize;
    let text = bytes.get(16..).unwrap_or_default();
    let text = text.get(..len).unwrap_or(text);
    let begins = |start: &[u8]| text.iter().zip(start).all(|(one, other)| one == other);
    (1..=POLICY_LEN_MAX).contains(&len)
        && text.iter().all(u8::is_ascii_graphic)
        && (begins(b"http://") || begins(b"https://") || begins(b"urn:"))
}

/// Whether bytes can only be OPC UA: a head whose message, as far as it is there, keeps the rules, and another behind.
pub fn claims(bytes: &[u8]) -> bool {
    const FIRST_LEN: usize = 12;
    let Some(head) = Head::read(bytes).filter(|_| bytes.len() >= FIRST_LEN) else {
        return false;
    };
    let next = usize::try_from(head.size).ok();
    let next = next.and_then(|len| bytes.get(len..)).unwrap_or_default();
    next.len() < HEAD_LEN || Head::read(next).is_some()
}

/// Where the next message can begin, behind the first byte of what is none.
pub(super) fn next_head(bytes: &[u8]) -> usize {
    let starts = |at: &usize| bytes.get(*at..).is_some_and(can_begin);
    (1..bytes.len()).find(starts).unwrap_or(bytes.len())
}

/// Whether a message can begin like this, or with what comes behind it.
pub(super) fn can_begin(bytes: &[u8]) -> bool {
    if bytes.len() >= HEAD_LEN {
        return Head::read(bytes).is_some();
    }
    let (word, rest) = bytes.split_at_checked(3).unwrap_or((bytes, &[]));
    let chunk = rest.first().is_none_or(|chunk| b"FCA".contains(chunk));
    chunk && KINDS.iter().any(|row| row.0.starts_with(word))
}

/// Four bytes at a place, the lowest first.
pub(super) fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    let (four, _) = bytes.get(at..)?.split_first_chunk()?;
    Some(u32::from_le_bytes(*four))
}
