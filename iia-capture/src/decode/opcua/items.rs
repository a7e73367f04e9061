//! Which node is meant when a server tells of a monitored item by the number that its client gave it (OPC 10000-4, 5.12).

use alloc::boxed::Box;
use core::mem::size_of;

use hashbrown::HashMap;

/// Items of one connection that are known at most; those that come later are told by their numbers alone.
pub const ITEMS_MAX: usize = 4096;
/// Bytes of a node's name that are kept at most; of a longer one nothing is.
pub const NODE_LEN_MAX: usize = 256;

/// An item that a client asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'a> {
    pub(super) subscription: u32,
    pub(super) handle: u32,
    /// Its node, as it is on the wire.
    pub(super) node: &'a [u8],
}

/// The items that are known.
#[derive(Debug, Default)]
pub(super) struct Items {
    nodes: HashMap<(u32, u32), Box<[u8]>>,
    held: usize,
}

impl Items {
    /// Learns which node an item is.
    pub(super) fn learn(&mut self, item: &Item<'_>) {
        let key = (item.subscription, item.handle);
        let fits = !item.node.is_empty() && item.node.len() <= NODE_LEN_MAX;
        let full = self.nodes.len() >= ITEMS_MAX && !self.nodes.contains_key(&key);
        if full || !fits {
            return;
        }
        self.held += size_of_item(item.node);
        if let Some(old) = self.nodes.insert(key, item.node.into()) {
            self.held -= size_of_item(&old);
        }
    }

    /// The node of an item.
    pub(super) fn node(&self, subscription: u32, handle: u32) -> Option<&[u8]> {
        self.nodes.get(&(subscription, handle)).map(AsRef::as_ref)
    }

    /// Lets go of everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Bytes that are kept.
    pub(super) const fn held(&self) -> usize {
        self.held
    }
}

const fn size_of_item(node: &[u8]) -> usize {
    node.len() + size_of::<((u32, u32), Box<[u8]>)>()
}
