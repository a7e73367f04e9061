//! Modbus ASCII (Modbus over Serial Line V1.02, 2.5.2): a colon, each byte as two hexadecimal digits, a checksum, CR LF.

/// What a frame begins with.
pub const START: u8 = b':';
/// Bytes of a frame on the line at most (V1.02, 2.5.2.1).
pub const FRAME_LEN_MAX: usize = 513;
/// Bytes that it stands for at most: unit, PDU, checksum.
pub const DECODED_LEN_MAX: usize = 256;

/// What stands at the start of some bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Found<'a> {
    /// A frame whose checksum is right.
    Frame {
        /// Unit and PDU.
        body: &'a [u8],
        /// Bytes on the line.
        len: usize,
    },
    /// The beginning of one.
    More,
    /// No frame.
    Not,
}

/// The checksum (V1.02, 6.1): all bytes and it add up to 0.
pub fn lrc(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0u8, |sum, byte| sum.wrapping_sub(*byte))
}

/// Looks at the start of `bytes`.
pub fn frame<'a>(bytes: &[u8], room: &'a mut [u8; DECODED_LEN_MAX]) -> Found<'a> {
    let Some((&START, rest)) = bytes.split_first() else {
        return Found::Not;
    };
    let digits = rest.iter().take_while(|byte| is_digit(**byte)).count();
    if digits > DECODED_LEN_MAX * 2 {
        return Found::Not;
    }
    match *rest.get(digits..).unwrap_or_default() {
        [b'\r', b'\n', ..] if digits >= 6 && digits.is_multiple_of(2) => {}
        [] | [b'\r'] => return Found::More,
        _ => return Found::Not,
    }
    let pairs = rest.get(..digits).unwrap_or_default().chunks_exact(2);
    let mut count = 0;
    for (place, pair) in room.iter_mut().zip(pairs) {
        *place = byte(pair);
        count += 1;
    }
    match room.get(..count).and_then(<[u8]>::split_last) {
        Some((seal, body)) if lrc(body) == *seal => Found::Frame {
            body,
            len: digits + 3,
        },
        _ => Found::Not,
    }
}

/// The first two bytes behind the colon.
pub(super) fn head(digits: &[u8]) -> Option<[u8; 2]> {
    let four: &[u8; 4] = digits.first_chunk()?;
    let (unit, func) = four.split_at(2);
    four.iter()
        .all(|digit| is_digit(*digit))
        .then(|| [byte(unit), byte(func)])
}

fn byte(pair: &[u8]) -> u8 {
    pair.iter().fold(0, |byte, digit| byte << 4 | value(*digit))
}

/// Only capitals are digits (V1.02, 2.5.2).
const fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'F')
}

const fn value(digit: u8) -> u8 {
    match digit {
        b'A'.. => digit - b'A' + 10,
        _ => digit - b'0',
    }
}
