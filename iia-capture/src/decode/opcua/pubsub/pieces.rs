//! Pieces of messages that were too long for a datagram, put together (OPC 10000-14, 7.2.4.4.4).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Messages that wait for pieces at a time at most; beyond it the oldest is forgotten.
pub const WAITING_MAX: usize = 16;
/// Bytes of a message that is put together at most; the pieces of a longer one are told and not kept.
pub const WHOLE_LEN_MAX: usize = 256 * 1024;
/// Pieces of a message at most.
pub const PIECES_MAX: usize = 1024;

/// A piece, and whose.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    /// Who publishes, as it stands in the message; nothing where nobody is named.
    pub(super) publisher: &'a [u8],
    /// The writer, where one is named.
    pub(super) writer: Option<u16>,
    /// Which message of theirs.
    pub(super) number: u16,
    /// Where in it the piece belongs.
    pub(super) offset: u32,
    /// How long it is as a whole.
    pub(super) total: u32,
    /// The piece.
    pub(super) bytes: &'a [u8],
}

/// A message of which pieces are missing.
#[derive(Debug)]
struct Waiting {
    publisher: Vec<u8>,
    writer: Option<u16>,
    number: u16,
    total: u32,
    pieces: BTreeMap<u32, Vec<u8>>,
}

impl Waiting {
    fn is_of(&self, piece: &Piece<'_>) -> bool {
        let mine = (self.writer, self.number, self.total);
        mine == (piece.writer, piece.number, piece.total) && self.publisher == piece.publisher
    }

    fn len(&self) -> usize {
        self.pieces.values().map(Vec::len).sum()
    }

    /// Whether the piece has room among those that are there.
    fn takes(&self, piece: &Piece<'_>) -> bool {
        let again = self.pieces.get(&piece.offset).map_or(0, Vec::len);
        let len = self.len() - again + piece.bytes.len();
        len <= self.total as usize && self.pieces.len() < PIECES_MAX
    }

    /// All of it, where each piece begins where the one before it ends.
    fn whole(&self) -> Option<Vec<u8>> {
        if self.len() != self.total as usize {
            return None;
        }
        let mut whole = Vec::with_capacity(self.len());
        for (offset, bytes) in &self.pieces {
            if *offset as usize != whole.len() {
                return None;
            }
            whole.extend_from_slice(bytes);
        }
        Some(whole)
    }
}

/// Messages of a flow that wait for pieces, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Pieces(Vec<Waiting>);

impl Pieces {
    /// Takes a piece; the message, once it is whole.
    pub(super) fn take(&mut self, piece: &Piece<'_>) -> Option<Vec<u8>> {
        let total = piece.total as usize;
        let ends = (piece.offset as usize).checked_add(piece.bytes.len());
        if total > WHOLE_LEN_MAX || piece.bytes.is_empty() || ends? > total {
            return None;
        }
        let at = self.0.iter().position(|one| one.is_of(piece));
        let mut waiting = at.map_or_else(
            || Waiting {
                publisher: piece.publisher.to_vec(),
                writer: piece.writer,
                number: piece.number,
                total: piece.total,
                pieces: BTreeMap::new(),
            },
            |at| self.0.remove(at),
        );
        if !waiting.takes(piece) {
            return None;
        }
        waiting.pieces.insert(piece.offset, piece.bytes.to_vec());
        let whole = waiting.whole();
        if whole.is_none() {
            if self.0.len() >= WAITING_MAX {
                self.0.remove(0);
            }
            self.0.push(waiting);
        }
        whole
    }

    /// Bytes that are kept.
    pub(super) fn held(&self) -> usize {
        let of = |one: &Waiting| one.publisher.len() + one.len();
        self.0.iter().map(of).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(number: u16, offset: u32, total: u32, bytes: &[u8]) -> Piece<'_> {
        Piece {
            publisher: b"p",
            writer: None,
            number,
            offset,
            total,
            bytes,
        }
    }

    #[test]
    fn pieces_in_any_order_are_the_message_once_each_has_come() {
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            let mut pieces = Pieces::default();
            let all = [
                piece(1, 0, 5, b"ab"),
                piece(1, 2, 5, b"cd"),
                piece(1, 4, 5, b"e"),
            ];
            let [first, second, last] = order.map(|at: usize| all[at]);
            assert_eq!(pieces.take(&first), None);
            // The same again, and one of another message, change nothing.
            assert_eq!(pieces.take(&first), None);
            assert_eq!(pieces.take(&piece(2, 0, 5, b"xx")), None);
            assert_eq!(pieces.take(&second), None);
            assert_eq!(pieces.take(&last).as_deref(), Some(&b"abcde"[..]));
            assert_eq!(pieces.held(), 3);
        }
    }

    #[test]
    fn pieces_that_do_not_fit_are_no_message() {
        let mut pieces = Pieces::default();
        assert_eq!(pieces.take(&piece(1, 3, 4, b"ab")), None);
        assert_eq!(pieces.take(&piece(1, 0, 4, b"")), None);
        assert_eq!(pieces.take(&piece(1, u32::MAX, 4, b"ab")), None);
        // One that lies over another is not what was sent.
        assert_eq!(pieces.take(&piece(1, 0, 4, b"abc")), None);
        assert_eq!(pieces.take(&piece(1, 2, 4, b"cd")), None);
        assert_eq!(pieces.held(), 0);
        let too_long = u32::try_from(WHOLE_LEN_MAX).unwrap() + 1;
        assert_eq!(pieces.take(&piece(1, 0, too_long, b"ab")), None);
        assert_eq!(pieces.held(), 0);
    }

    #[test]
    fn pieces_without_end_stay_within_the_limits() {
        let mut pieces = Pieces::default();
        for number in 0..1000 {
            assert_eq!(pieces.take(&piece(number, 0, 4, b"ab")), None);
            assert!(pieces.held() <= WAITING_MAX * 3, "{}", pieces.held());
        }
        let total = u32::try_from(WHOLE_LEN_MAX).unwrap();
        let all = (0..total).map(|offset| pieces.take(&piece(1, offset, total, b"a")));
        assert!(all.flatten().next().is_none());
        assert!(pieces.held() <= WAITING_MAX * 3 + PIECES_MAX);
    }
}
