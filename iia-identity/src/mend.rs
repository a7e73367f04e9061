//! A filter in front of HTTP/2: what a client of gRPC's C core writes into `:authority` is made harmless.
//!
//! On a Unix socket those clients send the path of the socket there, which is no authority, and the library below
//! resets the stream. Nobody reads the authority on such a socket, so whatever stands there becomes as many letters: no
//! length changes, and the table of headers on both sides stays the same. The filter keeps a few numbers, never bytes. It moves none itself, so it needs no feature.

/// The name of the header, plain and in the Huffman code of HPACK (RFC 7541 appendix B).
const NAME: &[u8] = b":authority";
const NAME_HUFFMAN: &[u8] = &[0xb8, 0x3b, 0x53, 0x39, 0xec, 0x32, 0x7d, 0x7f];
/// What is written instead: a letter, plain and as the one whose Huffman code is exactly these 8 bits.
const LETTER: u8 = b'a';
const LETTER_HUFFMAN: u8 = 0xfc;
/// The number of `:authority` in the static table (RFC 7541 appendix A).
const AUTHORITY: u32 = 1;

/// Bytes of a frame's head (RFC 9113 4.1).
const HEAD_LEN: usize = 9;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;
/// Bytes that a priority takes (RFC 9113 6.2).
const PRIORITY_LEN: u32 = 5;

/// The filter of one connection, for what comes after the connection preface.
#[derive(Debug, Default)]
pub struct Mend {
    head: [u8; HEAD_LEN],
    have: usize,
    frame: Frame,
    block: Block,
}

/// Where in the payload of a frame we are.
#[derive(Debug, Default)]
struct Frame {
    /// Bytes of payload to come.
    left: u32,
    /// Of these, bytes before the block of headers.
    skip: u32,
    /// Of these, bytes of padding at the end.
    padding: u32,
    /// Whether the next byte says how much padding there is.
    padded: bool,
    /// Whether it carries a block of headers, and the last part of it.
    block: bool,
    last: bool,
}

/// Where in a block of headers we are (RFC 7541 6).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Block {
    /// The next byte begins a representation.
    #[default]
    Start,
    /// A number goes on: which one, its value so far, and the place of the next seven bits.
    Number(Number, u32, u32),
    /// The next byte is the length of a string.
    Length(Text),
    /// Bytes of a string to come; for a name, how many of `:authority` have come, if nothing else has.
    Bytes(Text, u32, Option<usize>),
    /// Not HPACK: nothing is touched any more, and whoever reads it will say so.
    Broken,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Number {
    /// The index of a whole header, or a size of the table: of no interest.
    Index,
    /// The index of a name.
    Name,
    /// The length of a string.
    Length(Text, bool),
}

/// A string: a name, or a value of `:authority` or of something else.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Text {
    Name,
    NameHuffman,
    Authority,
    AuthorityHuffman,
    Other,
}

impl Mend {
    /// Makes harmless what is in the next bytes of the connection, however they are cut.
    pub fn handle(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.next(*byte);
        }
    }

    fn next(&mut self, byte: u8) -> u8 {
        if let Some(place) = self.head.get_mut(self.have) {
            *place = byte;
            self.have += 1;
            if self.have == HEAD_LEN {
                self.frame = Frame::of(self.head);
                self.end_frame();
            }
            return byte;
        }
        let frame = &mut self.frame;
        frame.left = frame.left.saturating_sub(1);
        let mut out = byte;
        if frame.padded {
            frame.padded = false;
            frame.padding = byte.into();
        } else if frame.skip > 0 {
            frame.skip -= 1;
        } else if frame.block && frame.left >= frame.padding {
            (self.block, out) = self.block.next(byte);
        }
        self.end_frame();
        out
    }

    /// Where a frame is over, the next byte begins the head of another.
    fn end_frame(&mut self) {
        if self.frame.left > 0 {
            return;
        }
        self.have = 0;
        if self.frame.last {
            // The block ends with the frame; one that stops in the middle of a header is no HPACK.
            self.block = match self.block {
                Block::Start => Block::Start,
                _ => Block::Broken,
            };
        }
    }
}

impl Frame {
    fn of(head: [u8; HEAD_LEN]) -> Self {
        let [l1, l2, l3, kind, flags, ..] = head;
        let headers = kind == HEADERS;
        let set = |flag: u8| headers && flags & flag != 0;
        let block = headers || kind == CONTINUATION;
        Self {
            left: u32::from_be_bytes([0, l1, l2, l3]),
            skip: if set(PRIORITY) { PRIORITY_LEN } else { 0 },
            padding: 0,
            padded: set(PADDED),
            block,
            last: block && flags & END_HEADERS != 0,
        }
    }
}

impl Block {
    /// The state after a byte, and what to pass on for it.
    fn next(self, byte: u8) -> (Self, u8) {
        match self {
            Self::Start => (Self::start(byte), byte),
            Self::Number(number, value, shift) => {
                let more = u32::from(byte & 0x7f).checked_shl(shift);
                // No number of four such bytes or more is the length of anything that is accepted.
                let next = match more.and_then(|more| value.checked_add(more)) {
                    Some(value) if shift <= 21 && byte & 0x80 != 0 => {
                        Self::Number(number, value, shift + 7)
                    }
                    Some(value) if shift <= 21 => Self::counted(number, value),
                    _ => Self::Broken,
                };
                (next, byte)
            }
            Self::Length(text) => (Self::length(text, byte), byte),
            Self::Bytes(text, left, like) => text.next(left, like, byte),
            Self::Broken => (self, byte),
        }
    }

    /// The first byte of a representation.
    fn start(byte: u8) -> Self {
        let (number, mask) = match byte {
            0x80.. => (Number::Index, 0x7f),
            0x40.. => (Number::Name, 0x3f),
            0x20.. => (Number::Index, 0x1f),
            _ => (Number::Name, 0x0f),
        };
        Self::prefixed(number, byte, mask)
    }

    fn length(text: Text, byte: u8) -> Self {
        Self::prefixed(Number::Length(text, byte & 0x80 != 0), byte, 0x7f)
    }

    /// A number that begins in the low bits of a byte (RFC 7541 5.1).
    fn prefixed(number: Number, byte: u8, mask: u8) -> Self {
        match byte & mask {
            all if all == mask => Self::Number(number, mask.into(), 0),
            value => Self::counted(number, value.into()),
        }
    }

    /// What follows a whole number.
    fn counted(number: Number, value: u32) -> Self {
        match (number, value) {
            (Number::Index, _) => Self::Start,
            (Number::Name, 0) => Self::Length(Text::Name),
            (Number::Name, AUTHORITY) => Self::Length(Text::Authority),
            (Number::Name, _) => Self::Length(Text::Other),
            (Number::Length(Text::Name, _), 0) => Self::Length(Text::Other),
            (Number::Length(..), 0) => Self::Start,
            (Number::Length(text, huffman), len) => {
                let text = match (text, huffman) {
                    (Text::Name, true) => Text::NameHuffman,
                    (Text::Authority, true) => Text::AuthorityHuffman,
                    (text, _) => text,
                };
                Self::Bytes(text, len, Some(0))
            }
        }
    }
}

impl Text {
    /// The state after a byte of this string, of which `left` were to come.
    fn next(self, left: u32, like: Option<usize>, byte: u8) -> (Block, u8) {
        let name = match self {
            Self::Name => NAME,
            Self::NameHuffman => NAME_HUFFMAN,
            Self::Authority => return (self.value(left), LETTER),
            Self::AuthorityHuffman => return (self.value(left), LETTER_HUFFMAN),
            Self::Other => return (self.value(left), byte),
        };
        let like = like
            .filter(|at| name.get(*at) == Some(&byte))
            .map(|at| at + 1);
        if left > 1 {
            return (Block::Bytes(self, left - 1, like), byte);
        }
        let is = like == Some(name.len());
        let value = if is { Self::Authority } else { Self::Other };
        (Block::Length(value), byte)
    }

    const fn value(self, left: u32) -> Block {
        match left {
            0 | 1 => Block::Start,
            _ => Block::Bytes(self, left - 1, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame with one block of headers.
    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let [_, len @ ..] = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&len[..], &[kind, flags, 0, 0, 0, 1], payload].concat()
    }

    fn text(text: &[u8]) -> Vec<u8> {
        [&[u8::try_from(text.len()).unwrap()], text].concat()
    }

    fn mended(bytes: &[u8], cut: usize) -> Vec<u8> {
        let (mut mend, mut out) = (Mend::default(), bytes.to_vec());
        out.chunks_mut(cut).for_each(|part| mend.handle(part));
        out
    }

    #[test]
    fn only_the_authority_changes_however_it_is_written_and_cut() {
        let path = text(b"/run/iia/api.sock");
        let letters = text(&[b'a'; 17]);
        let huffman = [&[0x80 | 8], NAME_HUFFMAN].concat();
        for begin in [
            vec![0x41],
            vec![0x01],
            vec![0x11],
            [vec![0x40], text(NAME)].concat(),
            [vec![0x00], huffman].concat(),
        ] {
            // Around it: an indexed header, a table size, another literal, an index of two bytes.
            let before = [vec![0x83, 0x3f, 0x01, 0x40], text(b"te"), text(b"/x%y")].concat();
            let after = [vec![0xff, 0x00, 0x44], text(b"/Spiffe/x")].concat();
            let block = |value: &[u8]| [&before[..], &begin, value, &after].concat();
            let (is, due) = (block(&path), block(&letters));
            let (first, second) = is.split_at(7);
            let (due_first, due_second) = due.split_at(7);
            let whole = |one: &[u8], other: &[u8]| {
                let padded = [&[3, 9, 9, 9, 9, 9][..], one, b"///"].concat();
                [
                    frame(4, 0, &[0; 6]),
                    frame(HEADERS, PADDED | PRIORITY, &padded),
                    frame(CONTINUATION, END_HEADERS, other),
                    frame(0, 0, &[0x41, 1, b'/']),
                    frame(HEADERS, END_HEADERS, &[one, other].concat()),
                ]
                .concat()
            };
            let (is, due) = (whole(first, second), whole(due_first, due_second));
            for cut in 1..is.len() {
                assert_eq!(mended(&is, cut), due, "{begin:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_value_in_huffman_code_becomes_letters_of_as_many_bytes() {
        let is = frame(HEADERS, END_HEADERS, &[0x41, 0x83, 0x60, 0x61, 0x62]);
        let due = frame(HEADERS, END_HEADERS, &[0x41, 0x83, 0xfc, 0xfc, 0xfc]);
        assert_eq!(mended(&is, 4), due);
    }

    #[test]
    fn numbers_without_end_and_blocks_cut_short_turn_it_off() {
        let endless = frame(HEADERS, 0, &[0x41, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        let short = frame(HEADERS, END_HEADERS, &[0x41, 5, b'/']);
        let next = frame(HEADERS, END_HEADERS, &[0x41, 1, b'/']);
        for bad in [endless, short] {
            let all = [bad, next.clone()].concat();
            let out = mended(&all, 3);
            assert_eq!(out[out.len() - 3..], [0x41, 1, b'/']);
        }
    }
}
