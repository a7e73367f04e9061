//! What a flow has shown so far: the clients behind it, and which topic each of their numbers stands for (MQTT-SN 1.2, 6.5
//! to 6.7).

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use super::packet::*;

/// Clients behind one forwarder that are remembered at most; topics of further ones stay numbers.
pub const NODES_MAX: usize = 64;
/// Topics of a client that are remembered at most.
pub const TOPICS_MAX: usize = 256;
/// Bytes of a topic or a client's name that are remembered at most.
pub const NAME_LEN_MAX: usize = 1024;

/// The clients of a flow, by their node's number; empty for one that speaks itself.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The one that speaks itself, as nearly all do.
    own: Option<Node>,
    /// Those behind a forwarder.
    nodes: BTreeMap<Box<[u8]>, Node>,
    held: usize,
}

#[derive(Debug, Default)]
struct Node {
    client: Option<Box<str>>,
    topics: BTreeMap<u16, Box<str>>,
    /// Whether the client is the side that answered the flow's opening.
    turned: bool,
    held: usize,
}

impl State {
    /// Bytes that are remembered.
    pub(super) const fn held(&self) -> usize {
        self.held
    }

    /// Lets go of everything.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    fn node(&self, node: &[u8]) -> Option<&Node> {
        match node {
            [] => self.own.as_ref(),
            node => self.nodes.get(node),
        }
    }

    /// Does something to a node that is remembered, or that there is room for.
    fn with(&mut self, number: &[u8], work: impl FnOnce(&mut Node)) {
        let known = self.nodes.len() + usize::from(self.own.is_some());
        if self.node(number).is_none() && (known >= NODES_MAX || number.len() > NAME_LEN_MAX) {
            return;
        }
        let node = match number {
            [] => self.own.get_or_insert_default(),
            number => {
                if !self.nodes.contains_key(number) {
                    self.held += number.len();
                    self.nodes.insert(number.into(), Node::default());
                }
                let Some(node) = self.nodes.get_mut(number) else {
                    return;
                };
                node
            }
        };
        let before = node.held;
        work(node);
        self.held = (self.held + node.held).saturating_sub(before);
    }

    /// A client connects.
    pub(super) fn connect(&mut self, from_orig: bool, datagram: &Datagram<'_>) {
        let body = datagram.packet.body;
        let (Some(flags), Some(client)) = (body.first(), body.get(4..)) else {
            return;
        };
        let client = core::str::from_utf8(client).ok();
        let client = client.filter(|client| !client.is_empty() && client.len() <= NAME_LEN_MAX);
        self.with(datagram.node(), |node| {
            if Flags(*flags).clean() {
                *node = Node::default();
            }
            let before = node.client.take().map_or(0, |before| before.len());
            node.held = (node.held + client.map_or(0, str::len)).saturating_sub(before);
            node.client = client.map(Box::from);
            node.turned = !from_orig;
        });
    }

    /// A number stands for a topic from here on.
    pub(super) fn topic_is(&mut self, datagram: &Datagram<'_>, (id, topic): (u16, &str)) {
        if id == 0 || topic.len() > NAME_LEN_MAX {
            return;
        }
        self.with(datagram.node(), |node| {
            let before = node.topics.remove(&id).map_or(0, |before| before.len());
            node.held = node.held.saturating_sub(before);
            if node.topics.len() < TOPICS_MAX {
                node.held += topic.len();
                node.topics.insert(id, topic.into());
            }
        });
    }

    /// The topic that a message is about, where its number stands for one that was seen, or its two letters for
    /// themselves. Whoever agreed on a number beforehand said nothing of it here.
    pub(super) fn topic<'a>(&'a self, datagram: &Datagram<'a>) -> Option<&'a str> {
        let packet = &datagram.packet;
        let (kind, id) = match packet.kind {
            PUBLISH => {
                let said = Publish::parse(packet.body)?;
                if said.flags.topic_type() == SHORT {
                    return core::str::from_utf8(said.topic).ok();
                }
                (said.flags.topic_type(), u16::from_be_bytes(*said.topic))
            }
            REGACK | PUBACK => (NORMAL, number(packet.body.get(..2)?)?),
            SUBACK => (
                Flags(*packet.body.first()?).topic_type(),
                number(packet.body.get(1..3)?)?,
            ),
            _ => return None,
        };
        let node = self.node(datagram.node())?;
        node.topics
            .get(&id)
            .filter(|_| kind == NORMAL)
            .map(Box::as_ref)
    }

    /// Who speaks, where it is a client whose name is known.
    pub(super) fn client(&self, from_orig: bool, datagram: &Datagram<'_>) -> Option<&str> {
        let node = self.node(datagram.node())?;
        node.client.as_deref().filter(|_| from_orig != node.turned)
    }

    /// Whether a client speaks: the side that connected, or else the side that opened the flow.
    pub(super) fn is_client(&self, from_orig: bool, datagram: &Datagram<'_>) -> bool {
        let node = self.node(datagram.node());
        from_orig != node.is_some_and(|node| node.turned)
    }
}

fn number(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.try_into().ok()?))
}
