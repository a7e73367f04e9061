//! What a connection has shown so far: its version, its client, its topic aliases, and where packets begin.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::connect::Connect;
use super::packet::*;
use super::{judge, properties};

/// Topic aliases of a direction that are remembered at most; a message under another has no topic.
pub const ALIASES_MAX: usize = 256;
/// Bytes of a topic that an alias is remembered for at most.
pub const ALIAS_LEN_MAX: usize = 1024;
/// Bytes of a client's name that are remembered at most; what a client with a longer one does is told as nobody's.
pub const CLIENT_LEN_MAX: usize = 1024;

/// What is known of one connection.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The version of the CONNECT, or what packets showed.
    level: Option<u8>,
    connected: bool,
    /// Whether the client is the side that answered the flow's opening.
    turned: bool,
    /// Where packets begin is known, by the side that opened the flow and the other.
    found: [bool; 2],
    client: Option<Box<str>>,
    aliases: [BTreeMap<u16, Box<str>>; 2],
    held: usize,
}

impl State {
    /// Whether it is not known where packets of a direction begin.
    pub(super) fn is_lost(&self, from_orig: bool) -> bool {
        let [orig, resp] = self.found;
        !(if from_orig { orig } else { resp })
    }

    fn side(&mut self, from_orig: bool) -> &mut bool {
        let [orig, resp] = &mut self.found;
        if from_orig { orig } else { resp }
    }

    /// Bytes of a direction are missing.
    pub(super) fn lose(&mut self, from_orig: bool) {
        *self.side(from_orig) = false;
    }

    /// A packet began.
    pub(super) fn found(&mut self, from_orig: bool) {
        *self.side(from_orig) = true;
    }

    /// Lets go of what is remembered by length.
    pub(super) fn forget(&mut self) {
        self.aliases = <[BTreeMap<u16, Box<str>>; 2]>::default();
        self.client = None;
        self.held = 0;
    }

    /// Bytes that are remembered.
    pub(super) const fn held(&self) -> usize {
        self.held
    }

    /// Learns from a packet before it is told.
    pub(super) fn learn(&mut self, from_orig: bool, packet: &Packet<'_>) {
        match packet.kind {
            CONNECT => return self.connect(from_orig, packet),
            CONNACK if self.level == Some(V5) => self.assigned(packet),
            _ => {}
        }
        if !self.connected
            && let Some(shown) = judge::version(packet)
        {
            self.level = Some(shown);
        }
        if packet.kind == PUBLISH {
            self.alias(from_orig, packet);
        }
    }

    fn connect(&mut self, from_orig: bool, packet: &Packet<'_>) {
        let connect = Connect::parse(packet.body).or_else(|| Connect::begin(packet.body));
        let Some(connect) = connect else { return };
        self.forget();
        self.level = Some(connect.level);
        (self.connected, self.turned) = (true, !from_orig);
        self.found = [true; 2];
        self.name(connect.known_as());
    }

    /// The name that a server gives to a client that brought none (MQTT 5, 3.2.2.3.7).
    fn assigned(&mut self, packet: &Packet<'_>) {
        let own = packet.body.get(2..).and_then(|rest| {
            let mut reader = crate::decode::Reader::new(rest);
            super::packet::properties(&mut reader)
        });
        let name = own.and_then(|own| properties::text(own, 0x12));
        if self.client.is_none() {
            self.name(name.and_then(|name| core::str::from_utf8(name).ok()));
        }
    }

    fn name(&mut self, name: Option<&str>) {
        let name = name.filter(|name| !name.is_empty() && name.len() <= CLIENT_LEN_MAX);
        self.held += name.map_or(0, str::len);
        self.client = name.map(Box::from);
    }

    /// Who speaks, where it is the client and its name is known.
    pub(super) fn client(&self, from_orig: bool) -> Option<&str> {
        match from_orig != self.turned {
            true => self.client.as_deref(),
            false => None,
        }
    }

    /// The version to read a packet by.
    pub(super) fn level_of(&self, packet: &Packet<'_>) -> u8 {
        self.level.unwrap_or_else(|| judge::assumed(packet))
    }

    fn aliases(&self, from_orig: bool) -> &BTreeMap<u16, Box<str>> {
        let [orig, resp] = &self.aliases;
        if from_orig { orig } else { resp }
    }

    /// A topic and an alias together: from here on the alias stands for the topic (MQTT 5, 3.3.2.3.4).
    fn alias(&mut self, from_orig: bool, packet: &Packet<'_>) {
        if self.level != Some(V5) {
            return;
        }
        let Some(said) = Publish::parse(packet, true) else {
            return;
        };
        let alias =
            properties::number(said.properties, 0x23).and_then(|alias| u16::try_from(alias).ok());
        let (Some(alias), Ok(topic)) = (alias, core::str::from_utf8(said.topic)) else {
            return;
        };
        if topic.is_empty() {
            return;
        }
        let [orig, resp] = &mut self.aliases;
        let aliases = if from_orig { orig } else { resp };
        // Whatever it stood for before is over, also where the new topic is not remembered.
        let before = aliases.remove(&alias);
        self.held = self
            .held
            .saturating_sub(before.map_or(0, |before| before.len()));
        if aliases.len() < ALIASES_MAX && topic.len() <= ALIAS_LEN_MAX {
            self.held += topic.len();
            aliases.insert(alias, topic.into());
        }
    }

    /// The topic that a message's alias stands for, where it has no topic itself.
    pub(super) fn topic(&self, from_orig: bool, packet: &Packet<'_>) -> Option<&str> {
        if packet.kind != PUBLISH || self.level != Some(V5) {
            return None;
        }
        let said = Publish::parse(packet, true)?;
        if !said.topic.is_empty() {
            return None;
        }
        let alias = properties::number(said.properties, 0x23)?;
        let known = self.aliases(from_orig).get(&u16::try_from(alias).ok()?)?;
        Some(known)
    }

    /// The topic of a message, as written or by its alias.
    pub(super) fn topic_of<'a>(&'a self, from_orig: bool, said: &Publish<'a>) -> Option<&'a str> {
        if !said.topic.is_empty() {
            return core::str::from_utf8(said.topic).ok();
        }
        let alias = properties::number(said.properties, 0x23)?;
        let known = self.aliases(from_orig).get(&u16::try_from(alias).ok()?)?;
        Some(known)
    }

    /// A packet as it is kept for its answer, where it is kept otherwise than it lies there: the topic that its alias
    /// stands for now goes in front, since the alias may stand for another one by then.
    pub(super) fn kept(&self, from_orig: bool, unit: &[u8]) -> Option<Vec<u8>> {
        let packet = Packet::parse(unit)?;
        let topic = self.topic(from_orig, &packet)?;
        let len = u16::try_from(topic.len()).ok()?;
        Some(
            [
                &[KEPT_WITH_TOPIC][..],
                &len.to_be_bytes(),
                topic.as_bytes(),
                unit,
            ]
            .concat(),
        )
    }
}

/// No packet that asks for an answer begins with it.
const KEPT_WITH_TOPIC: u8 = 0;

/// A packet that was kept, with the topic of its alias.
pub(super) fn unpack(kept: &[u8]) -> (Option<&str>, &[u8]) {
    let with_topic = || {
        let mut reader = crate::decode::Reader::new(kept.strip_prefix(&[KEPT_WITH_TOPIC])?);
        let topic = core::str::from_utf8(string(&mut reader)?).ok()?;
        Some((Some(topic), reader.rest()))
    };
    with_topic().unwrap_or((None, kept))
}
