//! A small tree over the leaves of a file, in the shape of RFC 9162: a node splits at the largest power of two below its number
//! of leaves. Each node says, beside its digest, from when to when its packets are, so that whoever holds the node and not its
//! bytes can tell that nothing in it belongs to a range.

use iia_core::Digest;
use iia_core::digest::{Context, Hasher};

/// Leaves of a file at most.
pub const LEAVES_MAX: usize = 1 << 20;

/// First bytes of what is digested.
const LEAF: u8 = 0;
const JOIN: u8 = 1;

/// From when to when packets are, both included; nothing where the first is after the last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// The earliest, in nanoseconds since 1970.
    pub first: i64,
    /// The latest.
    pub last: i64,
}

impl Span {
    /// No packets.
    pub const NONE: Self = Self {
        first: i64::MAX,
        last: i64::MIN,
    };

    /// Also a packet at this time.
    #[must_use]
    pub const fn with(self, at: i64) -> Self {
        self.and(Self {
            first: at,
            last: at,
        })
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        let first = if other.first < self.first {
            other.first
        } else {
            self.first
        };
        let last = if other.last > self.last {
            other.last
        } else {
            self.last
        };
        Self { first, last }
    }

    /// Whether there can be a packet from `from` on and before `to`.
    pub const fn meets(self, from: i64, to: i64) -> bool {
        self.first < to && self.last >= from
    }
}

/// A part of the tree.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Node {
    /// Its packets' times.
    pub span: Span,
    /// Its digest.
    pub digest: Digest,
}

impl Node {
    /// The leaf of these bytes, whose packets are at these times.
    pub(super) fn leaf(span: Span, bytes: &[u8]) -> Self {
        let mut hasher = start(LEAF, span);
        hasher.update(bytes);
        Self {
            span,
            digest: hasher.finish(),
        }
    }

    fn join(self, right: Self) -> Self {
        let span = self.span.and(right.span);
        let mut hasher = start(JOIN, span);
        for side in [self, right] {
            hasher.update(&side.span.first.to_le_bytes());
            hasher.update(&side.span.last.to_le_bytes());
            hasher.update(side.digest.as_bytes());
        }
        Self {
            span,
            digest: hasher.finish(),
        }
    }
}

fn start(kind: u8, span: Span) -> Hasher {
    let mut hasher = Hasher::new(Context::CaptureRing);
    hasher.update(&[kind]);
    hasher.update(&span.first.to_le_bytes());
    hasher.update(&span.last.to_le_bytes());
    hasher
}

/// Which leaves are held: the first, which is the file's head, and those from `from` on and before `to`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Held {
    pub(super) from: usize,
    pub(super) to: usize,
}

impl Held {
    /// Whether some leaf from `start` on and before `end` is held.
    const fn meets(self, start: usize, end: usize) -> bool {
        start == 0 || (start < self.to && end > self.from)
    }
}

/// Where the two halves of a node with this many leaves part.
fn half(count: usize) -> usize {
    count.next_power_of_two() / 2
}

/// The top of the tree; `None` for no leaves.
pub(super) fn root(leaves: &[Node]) -> Option<Node> {
    walk((0, leaves.len()), &mut |start, end| {
        (end - start == 1).then(|| leaves.get(start).copied())
    })
}

/// The nodes that who holds some leaves needs to reach the top, from left to right.
pub(super) fn beside(leaves: &[Node], held: Held) -> Vec<Node> {
    let mut nodes = Vec::new();
    walk((0, leaves.len()), &mut |start, end| {
        if held.meets(start, end) {
            return (end - start == 1).then(|| leaves.get(start).copied());
        }
        let node = leaves.get(start..end).and_then(root);
        nodes.extend(node);
        Some(node)
    });
    nodes
}

/// The top of a tree of `count` leaves, from those that are held and the nodes beside them; `None` where these are not just as
/// many as it takes.
pub(super) fn reach(count: usize, held: Held, leaves: &[Node], beside: &[Node]) -> Option<Node> {
    let (mut leaves, mut beside) = (leaves.iter(), beside.iter());
    let top = walk((0, count), &mut |start, end| {
        if held.meets(start, end) {
            return (end - start == 1).then(|| leaves.next().copied());
        }
        Some(beside.next().copied())
    });
    top.filter(|_| leaves.next().is_none() && beside.next().is_none())
}

/// Goes through the leaves from `start` on and before `end`: `visit` gives the node of a part, or nothing, and then its halves
/// are visited. At most as deep as [`LEAVES_MAX`] has bits.
fn walk<F>((start, end): (usize, usize), visit: &mut F) -> Option<Node>
where
    F: FnMut(usize, usize) -> Option<Option<Node>>,
{
    if end <= start || end - start > LEAVES_MAX {
        return None;
    }
    match visit(start, end) {
        Some(node) => node,
        None if end - start == 1 => None,
        None => {
            let middle = start + half(end - start);
            let left = walk((start, middle), visit)?;
            Some(left.join(walk((middle, end), visit)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: usize) -> Vec<Node> {
        (0..count)
            .map(|number| {
                let at = number as i64 * 10;
                let span = match number {
                    0 => Span::NONE,
                    _ => Span::NONE.with(at).with(at + 9),
                };
                Node::leaf(span, &number.to_le_bytes())
            })
            .collect()
    }

    #[test]
    fn every_range_of_every_size_reaches_the_same_top() {
        for count in 1..20 {
            let all = leaves(count);
            let top = root(&all).unwrap();
            let spans = all
                .iter()
                .fold(Span::NONE, |span, leaf| span.and(leaf.span));
            assert_eq!(top.span, spans);
            for from in 1..=count {
                for to in from..=count {
                    let held = Held { from, to };
                    let mut have = vec![all[0]];
                    have.extend_from_slice(&all[from.min(count)..to.min(count)]);
                    let nodes = beside(&all, held);
                    assert_eq!(reach(count, held, &have, &nodes), Some(top));
                    assert!(nodes.len() <= 12, "{count} {from} {to}");
                    // One more, one less, or another one never does.
                    let more = [&nodes[..], &[top]].concat();
                    assert_eq!(reach(count, held, &have, &more), None);
                    if let Some((_, less)) = nodes.split_first() {
                        assert_eq!(reach(count, held, &have, less), None);
                        let mut bent = nodes.clone();
                        bent[0].span.first -= 1;
                        assert_ne!(reach(count, held, &have, &bent), Some(top));
                    }
                }
            }
        }
    }

    #[test]
    fn the_order_and_the_number_of_leaves_matter() {
        let all = leaves(7);
        let top = root(&all);
        let mut swapped = all.clone();
        swapped.swap(2, 3);
        assert_ne!(root(&swapped), top);
        assert_ne!(root(&all[..6]), top);
        assert_eq!(root(&[]), None);
        // A leaf is no join, whatever its bytes.
        let pair = root(&all[..2]).unwrap();
        let mut bytes = Vec::new();
        for side in &all[..2] {
            bytes.extend_from_slice(&side.span.first.to_le_bytes());
            bytes.extend_from_slice(&side.span.last.to_le_bytes());
            bytes.extend_from_slice(side.digest.as_bytes());
        }
        assert_ne!(Node::leaf(pair.span, &bytes), pair);
    }

    #[test]
    fn a_span_meets_what_it_has_in_common() {
        let span = Span::NONE.with(10).with(20);
        for (from, to, want) in [
            (0, 10, false),
            (0, 11, true),
            (20, 21, true),
            (21, 30, false),
            (12, 13, true),
        ] {
            assert_eq!(span.meets(from, to), want, "{from} {to}");
        }
        assert!(!Span::NONE.meets(i64::MIN, i64::MAX));
    }
}
