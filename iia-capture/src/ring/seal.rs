//! The seal of a closed file: what it holds, the top of its tree, and the seal before. Its digest is what a record of evidence
//! names; the table of leaves beside it finds a range without reading the file.

use iia_core::Digest;
use iia_core::digest::Context;

use super::tree::{LEAVES_MAX, Node, Span, root};

/// First bytes of what is digested.
const SEAL: u8 = 2;
/// First bytes of a file that holds a seal.
const MAGIC: &[u8; 8] = b"IIASEAL1";
/// Bytes of a seal and of a row of the table.
const SEAL_LEN: usize = 8 * 6 + 4 + 1 + 32 + 32;
const ROW_LEN: usize = 4 + 4 + 8 + 8 + 32;
/// The file was not closed by whoever wrote it, but later, as far as it was whole.
const RECOVERED: u8 = 1;

/// What is known of a closed file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seal {
    /// Its place among all files of the ring, from 0; never used again.
    pub number: u64,
    /// Its length in bytes.
    pub len: u64,
    /// Packets in it.
    pub packets: u64,
    /// Packets that were lost before they came to the ring, as whoever filled it said.
    pub lost: u64,
    /// From when to when its packets are.
    pub span: Span,
    /// How many leaves its tree has.
    pub leaves: u32,
    /// Whether it was closed later, as far as it was whole, because whoever wrote it did not come to it.
    pub recovered: bool,
    /// The top of its tree.
    pub root: Digest,
    /// The digest of the seal before; zero for the first.
    pub previous: Digest,
}

/// A leaf of a closed file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Row {
    pub(super) len: u32,
    pub(super) packets: u32,
    pub(super) node: Node,
}

impl Seal {
    /// The digest that stands for the file.
    pub fn digest(&self) -> Digest {
        let mut bytes = vec![SEAL];
        self.encode(&mut bytes);
        Digest::of(Context::CaptureRing, &bytes)
    }

    /// The top of the tree as a node.
    pub(super) const fn top(&self) -> Node {
        Node {
            span: self.span,
            digest: self.root,
        }
    }

    /// Numbers in little endian, in the order of the fields.
    fn encode(&self, bytes: &mut Vec<u8>) {
        for number in [self.number, self.len, self.packets, self.lost] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&self.span.first.to_le_bytes());
        bytes.extend_from_slice(&self.span.last.to_le_bytes());
        bytes.extend_from_slice(&self.leaves.to_le_bytes());
        bytes.push(if self.recovered { RECOVERED } else { 0 });
        bytes.extend_from_slice(self.root.as_bytes());
        bytes.extend_from_slice(self.previous.as_bytes());
    }

    fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            number: reader.u64()?,
            len: reader.u64()?,
            packets: reader.u64()?,
            lost: reader.u64()?,
            span: reader.span()?,
            leaves: reader.u32()?,
            recovered: match reader.take::<1>()? {
                [0] => false,
                [RECOVERED] => true,
                _ => return None,
            },
            root: Digest::from_bytes(reader.take()?),
            previous: Digest::from_bytes(reader.take()?),
        })
    }
}

/// Bytes of the file that holds a seal of so many leaves.
pub(super) const fn file_len(leaves: usize) -> u64 {
    (MAGIC.len() + SEAL_LEN + ROW_LEN * leaves) as u64
}

/// The bytes of a file that holds a seal and its table.
pub(super) fn encode(seal: &Seal, rows: &[Row]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    seal.encode(&mut bytes);
    for row in rows {
        bytes.extend_from_slice(&row.len.to_le_bytes());
        bytes.extend_from_slice(&row.packets.to_le_bytes());
        bytes.extend_from_slice(&row.node.span.first.to_le_bytes());
        bytes.extend_from_slice(&row.node.span.last.to_le_bytes());
        bytes.extend_from_slice(row.node.digest.as_bytes());
    }
    bytes
}

/// Reads them back; `None` where the table is not the one that was sealed.
pub(super) fn decode(bytes: &[u8]) -> Option<(Seal, Vec<Row>)> {
    let mut reader = Reader(bytes.strip_prefix(MAGIC)?);
    let seal = Seal::decode(&mut reader)?;
    let count = usize::try_from(seal.leaves).ok()?;
    if count > LEAVES_MAX || reader.0.len() != count.checked_mul(ROW_LEN)? {
        return None;
    }
    let rows: Option<Vec<_>> = (0..count).map(|_| Row::decode(&mut reader)).collect();
    let rows = rows?;
    let nodes: Vec<Node> = rows.iter().map(|row| row.node).collect();
    let (len, packets) = totals(&rows);
    let sound = root(&nodes) == Some(seal.top()) && (len, packets) == (seal.len, seal.packets);
    sound.then_some((seal, rows))
}

/// Bytes and packets of all leaves.
pub(super) fn totals(rows: &[Row]) -> (u64, u64) {
    rows.iter().fold((0, 0), |(len, packets), row| {
        (len + u64::from(row.len), packets + u64::from(row.packets))
    })
}

impl Row {
    fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            len: reader.u32()?,
            packets: reader.u32()?,
            node: Node {
                span: reader.span()?,
                digest: Digest::from_bytes(reader.take()?),
            },
        })
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn span(&mut self) -> Option<Span> {
        let [first, last] = [self.take()?, self.take()?].map(i64::from_le_bytes);
        Some(Span { first, last })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A seal and its table, made up.
    pub(in crate::ring) fn sealed(count: u32) -> (Seal, Vec<Row>) {
        let rows: Vec<Row> = (0..count)
            .map(|number| {
                let span = Span::NONE.with(i64::from(number));
                Row {
                    len: 100,
                    packets: 1,
                    node: Node::leaf(span, &number.to_le_bytes()),
                }
            })
            .collect();
        let nodes: Vec<Node> = rows.iter().map(|row| row.node).collect();
        let top = root(&nodes).unwrap();
        let (len, packets) = totals(&rows);
        let seal = Seal {
            number: 7,
            len,
            packets,
            lost: 3,
            span: top.span,
            leaves: count,
            recovered: true,
            root: top.digest,
            previous: Digest::ZERO,
        };
        (seal, rows)
    }

    #[test]
    fn a_seal_is_read_back_and_anything_else_is_none() {
        let (seal, rows) = sealed(5);
        let bytes = encode(&seal, &rows);
        assert_eq!(bytes.len() as u64, file_len(5));
        assert_eq!(decode(&bytes), Some((seal, rows)));
        for cut in 0..bytes.len() {
            assert_eq!(decode(&bytes[..cut]), None);
        }
        assert_eq!(decode(&[&bytes[..], &[0]].concat()), None);
        // A bent byte is found out, or changes what the seal's own digest covers.
        for byte in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[byte] ^= 0x10;
            let read = decode(&bent);
            let told = read.is_none_or(|(read, _)| read.digest() != seal.digest());
            assert!(told || byte >= MAGIC.len() + SEAL_LEN, "{byte}");
        }
    }

    #[test]
    fn every_field_is_in_the_digest() {
        let (seal, _) = sealed(2);
        type Change = fn(&mut Seal);
        let changes: [Change; 9] = [
            |seal| seal.number += 1,
            |seal| seal.len += 1,
            |seal| seal.packets += 1,
            |seal| seal.lost += 1,
            |seal| seal.span.last += 1,
            |seal| seal.leaves += 1,
            |seal| seal.recovered = false,
            |seal| seal.root = Digest::ZERO,
            |seal| seal.previous = seal.root,
        ];
        for change in changes {
            let mut other = seal;
            change(&mut other);
            assert_ne!(other.digest(), seal.digest());
        }
    }
}
