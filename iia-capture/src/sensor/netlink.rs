//! Messages and attributes of netlink (RFC 3549; linux/netlink.h): lengths checked, nothing copied. Numbers of the kernel are in
//! the machine's own order.

/// Longest datagram that is read, in bytes; the kernel's are shorter.
pub const DATAGRAM_LEN_MAX: usize = 256 * 1024;
const HEAD_LEN: usize = 16;

/// A message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Message<'a> {
    pub(crate) kind: u16,
    pub(crate) payload: &'a [u8],
}

/// The messages of a datagram, and whether all of it was messages.
pub(crate) fn messages<'a>(mut bytes: &'a [u8], mut take: impl FnMut(Message<'a>)) -> bool {
    while !bytes.is_empty() {
        let Some((head, _)) = bytes.split_first_chunk::<HEAD_LEN>() else {
            return false;
        };
        let [a, b, c, d, kind @ .., _, _, _, _, _, _, _, _, _, _] = *head;
        let len = u32::from_ne_bytes([a, b, c, d]) as usize;
        let Some(payload) = bytes.get(HEAD_LEN..len) else {
            return false;
        };
        let kind = u16::from_ne_bytes(kind);
        take(Message { kind, payload });
        bytes = bytes.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    true
}

/// The attributes of a message, type and value; `None` when one does not end within it.
pub(crate) fn attributes<'a>(
    mut bytes: &'a [u8],
    mut take: impl FnMut(u16, &'a [u8]),
) -> Option<()> {
    /// The upper bits say how the value is built.
    const TYPE: u16 = 0x3fff;
    while !bytes.is_empty() {
        let ([a, b, kind @ ..], _) = bytes.split_first_chunk::<4>()?;
        let len = usize::from(u16::from_ne_bytes([*a, *b]));
        take(u16::from_ne_bytes(*kind) & TYPE, bytes.get(4..len)?);
        bytes = bytes.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    Some(())
}

/// The bytes of a request with this type and payload, which is to be acknowledged.
#[cfg(any(test, feature = "live"))]
pub(crate) fn request(kind: u16, payload: &[u8]) -> alloc::vec::Vec<u8> {
    demand(kind, 4, payload)
}

/// The bytes of a request with this type, these flags and this payload.
#[cfg(any(test, feature = "live"))]
pub(crate) fn demand(kind: u16, flags: u16, payload: &[u8]) -> alloc::vec::Vec<u8> {
    /// It is a request.
    const REQUEST: u16 = 1;
    let len = u32::try_from(HEAD_LEN + payload.len()).unwrap_or(u32::MAX);
    let mut bytes = len.to_ne_bytes().to_vec();
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(&(flags | REQUEST).to_ne_bytes());
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(payload);
    bytes
}
