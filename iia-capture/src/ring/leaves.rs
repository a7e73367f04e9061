//! How a file is cut into leaves: its head is the first, and then as many packets as fit. The same bytes are always cut in the
//! same way, so that a file that was never closed has the leaves it would have had.

use super::pcapng::{Block, step};
use super::seal::Row;
use super::tree::{LEAVES_MAX, Node, Span};

/// Bytes of a leaf at most; a single packet that is longer is a leaf of its own.
pub const LEAF_LEN: usize = 64 * 1024;

/// A leaf that is being filled, and those before it.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    rows: Vec<Row>,
    bytes: Vec<u8>,
    span: Option<Span>,
    packets: u32,
}

impl Leaves {
    /// Whether there is room for one more leaf than is being filled.
    pub(super) const fn is_full(&self) -> bool {
        self.rows.len() + 2 > LEAVES_MAX
    }

    /// Leaves that are closed.
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether a packet of so many bytes begins a new leaf.
    pub(super) fn turns(&self, len: usize) -> bool {
        let head = self.rows.is_empty();
        !self.bytes.is_empty() && (head || self.bytes.len() + len > LEAF_LEN)
    }

    /// The leaf that is being filled.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where to append a packet at this time.
    pub(super) fn packet(&mut self, at: i64) -> &mut Vec<u8> {
        self.span = Some(self.span.unwrap_or(Span::NONE).with(at));
        self.packets += 1;
        &mut self.bytes
    }

    /// Appends bytes of the file's head.
    pub(super) fn head(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Closes the leaf.
    pub(super) fn close(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let span = self.span.take().unwrap_or(Span::NONE);
        self.rows.push(Row {
            len: u32::try_from(self.bytes.len()).unwrap_or(u32::MAX),
            packets: self.packets,
            node: Node::leaf(span, &self.bytes),
        });
        self.bytes.clear();
        self.packets = 0;
    }

    /// Takes one whole block of a file that is read again; answers its length, or `None` where the ring would not have written
    /// it here.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<usize> {
        let begun = !self.rows.is_empty() || self.packets > 0;
        let first = self.rows.is_empty() && self.bytes.is_empty();
        let (len, at) = match step(bytes) {
            Block::Head { len, interface } if !begun && first == interface.is_none() => (len, None),
            Block::Packet { len, at } if !first && !self.is_full() => (len, Some(at)),
            _ => return None,
        };
        let block = bytes.get(..len)?;
        match at {
            None => self.head(block),
            Some(at) => {
                if self.turns(len) {
                    self.close();
                }
                self.packet(at).extend_from_slice(block);
            }
        }
        Some(len)
    }
}

/// The leaf that these bytes of a slice are, read as the ring writes: whole blocks, of one kind. Answers it and its packets'
/// times.
pub(super) fn leaf(bytes: &[u8], head: bool) -> Option<(Node, Vec<i64>)> {
    let (mut rest, mut span, mut times) = (bytes, Span::NONE, Vec::new());
    while !rest.is_empty() {
        let len = match step(rest) {
            Block::Head { len, interface } if head => {
                // The section comes first and once.
                ((rest.len() == bytes.len()) == interface.is_none()).then_some(len)?
            }
            Block::Packet { len, at } if !head => {
                span = span.with(at);
                times.push(at);
                len
            }
            _ => return None,
        };
        rest = rest.get(len..)?;
    }
    Some((Node::leaf(span, bytes), times))
}
