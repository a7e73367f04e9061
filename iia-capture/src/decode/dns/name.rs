//! Domain names (RFC 1035, 3.1 and 4.1.4), their compression bounded.

use alloc::string::String;
use core::fmt::Write as _;

/// Bytes of a name on the wire at most (RFC 1035, 2.3.4).
pub const NAME_LEN_MAX: usize = 255;
/// The root, which has no labels, as Wireshark writes it.
pub const ROOT: &str = "<Root>";

/// The name at a place of a message, and where what follows it begins.
///
/// A pointer must point before where its name began, and so must the next: there are no loops.
pub fn name(message: &[u8], at: usize) -> Option<(String, usize)> {
    let mut text = String::new();
    let after = write_name(&mut text, message, at)?;
    Some((text, after))
}

/// As [`name`], written behind what is in `text`; tells where what follows the name begins.
pub fn write_name(text: &mut String, message: &[u8], at: usize) -> Option<usize> {
    let mut room = Plain::default();
    let after = walk(message, at, |bytes| room.label(bytes))?;
    match room.text() {
        _ if room.strange => {
            let start = text.len();
            walk(message, at, |bytes| {
                if text.len() > start {
                    text.push('.');
                }
                label(text, bytes);
            })?;
        }
        "" => text.push_str(ROOT),
        plain => text.push_str(plain),
    }
    Some(after)
}

/// Goes over the labels of a name; tells where what follows it begins.
fn walk(message: &[u8], at: usize, mut each: impl FnMut(&[u8])) -> Option<usize> {
    let mut len = 1;
    let (mut at, mut began, mut after) = (at, at, None);
    loop {
        let first = usize::from(*message.get(at)?);
        match first {
            0 => return Some(after.unwrap_or(at + 1)),
            0xc0.. => {
                let low = usize::from(*message.get(at + 1)?);
                let to = (first & 0x3f) << 8 | low;
                if to >= began {
                    return None;
                }
                after.get_or_insert(at + 2);
                (at, began) = (to, to);
            }
            64.. => return None,
            _ => {
                len += first + 1;
                if len > NAME_LEN_MAX {
                    return None;
                }
                each(message.get(at + 1..at + 1 + first)?);
                at += first + 1;
            }
        }
    }
}

/// A name of which every letter stands for itself, as in nearly all.
struct Plain {
    bytes: [u8; NAME_LEN_MAX + 1],
    len: usize,
    /// Whether a letter did not.
    strange: bool,
}

impl Default for Plain {
    fn default() -> Self {
        Self {
            bytes: [0; NAME_LEN_MAX + 1],
            len: 0,
            strange: false,
        }
    }
}

impl Plain {
    fn label(&mut self, bytes: &[u8]) {
        let plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'.' | b'\\');
        let end = self.len + bytes.len();
        let places = self.bytes.get_mut(self.len..end).unwrap_or_default();
        for (place, byte) in places.iter_mut().zip(bytes) {
            *place = *byte;
            self.strange |= !plain(*byte);
        }
        if let Some(dot) = self.bytes.get_mut(end) {
            *dot = b'.';
        }
        self.len = end + 1;
    }

    fn text(&self) -> &str {
        let bytes = self.bytes.get(..self.len.saturating_sub(1));
        let text = bytes.and_then(|bytes| core::str::from_utf8(bytes).ok());
        text.unwrap_or_default()
    }
}

/// A label as text; what a reader could take for something else is written as RFC 4343, 2.1 has it.
fn label(text: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '.' | '\\' => text.extend(['\\', letter]),
                _ if letter.is_control() => {
                    escaped(text, letter.encode_utf8(&mut [0; 4]).as_bytes())
                }
                _ => text.push(letter),
            }
        }
        escaped(text, chunk.invalid());
    }
}

fn escaped(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "\\{byte:03}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_compressed_ones_followed_backwards_only() {
        let bytes = b"\x03foo\x00\x03bar\xc0\x00\xc0\x05\xc0\x0b\x01.\x02\\\n\x00\x00";
        let of = |at| name(bytes, at);
        assert_eq!(of(0), Some(("foo".into(), 5)));
        assert_eq!(of(5), Some(("bar.foo".into(), 11)));
        assert_eq!(of(11), Some(("bar.foo".into(), 13)));
        assert_eq!(of(13), Some(("bar.foo".into(), 15)));
        assert_eq!(of(15), Some(("\\..\\\\\\010".into(), 21)));
        assert_eq!(of(21), Some((ROOT.into(), 22)));
        for bad in [
            &b"\xc0\x00"[..],
            b"\x01a\xc0\x00",
            b"\x40a\x00",
            b"\x05ab",
            b"\x01",
            b"",
        ] {
            assert_eq!(name(bad, 0), None);
        }
        assert_eq!(name(b"\x01a\xc0\x04\xc0\x00", 2), None);
    }

    #[test]
    fn a_name_is_no_longer_than_the_standard_allows() {
        let label = [&[63][..], &[b'a'; 63]].concat();
        let long = [&label[..], &label, &label, &[61], &[b'a'; 61], &[0]].concat();
        assert_eq!(
            (long.len(), name(&long, 0).map(|(_, after)| after)),
            (255, Some(255))
        );
        let longer = [&label[..], &label, &label, &[62], &[b'a'; 62], &[0]].concat();
        assert_eq!(name(&longer, 0), None);
    }
}
