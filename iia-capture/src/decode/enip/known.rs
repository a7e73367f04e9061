//! Connections that were seen to be opened (CIP Volume 1, 3-5), so that their data can be told as theirs.

use alloc::collections::BTreeMap;
use core::net::IpAddr;

use super::connection::{LARGE_FORWARD_OPEN, UNCONNECTED_SEND};
use super::message::{Reply, Request};
use super::path;
use super::template::Templates;
use crate::decode::Reader;

/// Connections that are known at most; beyond it the oldest is forgotten.
pub const CONNECTIONS_MAX: usize = 4096;
/// Questions to everybody that are remembered at most; beyond it the oldest is forgotten.
pub const SEARCHES_MAX: usize = 64;

/// One connection.
#[derive(Clone, Debug)]
pub struct Connection {
    /// By what both ends know it: serial number, the originator's vendor and serial number.
    pub triad: (u16, u16, u32),
    /// Who opened it.
    pub originator: IpAddr,
    /// With whom.
    pub target: IpAddr,
    /// What stands in data from originator to target, and from target to originator.
    pub ids: [u32; 2],
    /// How often data is to come in the two directions, in microseconds.
    pub intervals: [u32; 2],
    /// The transport class: 0 and 1 are I/O, 2 and 3 messages.
    pub transport: u8,
    /// Where its path leads to.
    pub way: path::Target,
    /// The last number of data of the two directions.
    pub last: [Option<u32>; 2],
}

/// All connections, by a number that counts up.
#[derive(Debug, Default)]
pub struct Connections {
    next: u64,
    all: BTreeMap<u64, Connection>,
    /// By who produces, and under which id; 0 is the originator, 1 the target.
    by_id: BTreeMap<(IpAddr, u32), (u64, usize)>,
    by_triad: BTreeMap<(IpAddr, (u16, u16, u32)), u64>,
    searches: BTreeMap<(IpAddr, u16), u64>,
    pub(super) templates: Templates,
}

impl Connections {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Takes a connection that was opened.
    pub fn open(&mut self, connection: Connection) {
        self.close(connection.target, connection.triad);
        while self.all.len() >= CONNECTIONS_MAX {
            let Some((number, _)) = self.all.first_key_value() else {
                break;
            };
            let number = *number;
            self.remove(number);
        }
        let number = self.next;
        self.next += 1;
        let key = (connection.target, connection.triad);
        self.by_triad.insert(key, number);
        let producers = [connection.originator, connection.target];
        for (direction, (producer, id)) in producers.into_iter().zip(connection.ids).enumerate() {
            self.by_id.insert((producer, id), (number, direction));
        }
        self.all.insert(number, connection);
    }

    /// Forgets one that was closed.
    pub fn close(&mut self, target: IpAddr, triad: (u16, u16, u32)) {
        if let Some(number) = self.by_triad.get(&(target, triad)).copied() {
            self.remove(number);
        }
    }

    /// The connection that somebody sends under an id, and in which direction: 0 from its originator, 1 to it.
    pub fn find(&mut self, producer: IpAddr, id: u32) -> Option<(&mut Connection, usize)> {
        let (number, direction) = *self.by_id.get(&(producer, id))?;
        Some((self.all.get_mut(&number)?, direction))
    }

    /// A number that both directions of a connection share, 0 where it is not known: what tells answers on one apart from
    /// answers on another.
    pub fn shared(&self, producer: IpAddr, id: u32) -> u16 {
        let number = self.by_id.get(&(producer, id)).map(|found| found.0);
        number.map_or(0, |number| (number % 0xffff) as u16 + 1)
    }

    /// Remembers that somebody asks everybody who is there.
    pub fn search(&mut self, who: (IpAddr, u16)) {
        while self.searches.len() >= SEARCHES_MAX {
            let oldest = self.searches.iter().min_by_key(|search| *search.1);
            let Some(oldest) = oldest.map(|search| *search.0) else {
                break;
            };
            self.searches.remove(&oldest);
        }
        self.searches.insert(who, self.next);
        self.next += 1;
    }

    /// Whether somebody asked everybody.
    pub fn searched(&self, who: (IpAddr, u16)) -> bool {
        self.searches.contains_key(&who)
    }

    fn remove(&mut self, number: u64) {
        let Some(gone) = self.all.remove(&number) else {
            return;
        };
        self.by_triad.remove(&(gone.target, gone.triad));
        for key in [(gone.originator, gone.ids[0]), (gone.target, gone.ids[1])] {
            // Another one may have taken the id since.
            if self.by_id.get(&key).is_some_and(|found| found.0 == number) {
                self.by_id.remove(&key);
            }
        }
    }
}

/// The connection that a request asked to open, once its answer has given the ids.
pub(super) fn opened(
    request: &Request<'_>,
    reply: &Reply<'_>,
    (originator, target): (IpAddr, IpAddr),
) -> Option<Connection> {
    let mut asked = Reader::new(request.data);
    let large = request.service == LARGE_FORWARD_OPEN;
    // Priority, ticks, both ids, the triad, the multiplier and three bytes; then interval and size of both directions.
    asked.take(2 + 4 + 4 + 8 + 4)?;
    let params = if large { 4 } else { 2 };
    asked.take((4 + params) * 2)?;
    let transport = asked.u8()? & 0x0f;
    let words = usize::from(asked.u8()?);
    let (way, _) = path::target(asked.take((words * 2).min(asked.len()))?);
    let mut given = Reader::new(reply.data);
    let ids = [given.le32()?, given.le32()?];
    let triad = triad(&mut given)?;
    let intervals = [given.le32()?, given.le32()?];
    Some(Connection {
        triad,
        originator,
        target,
        ids,
        intervals,
        transport,
        way,
        last: [None; 2],
    })
}

/// The numbers of the connection that a request asks to close.
pub(super) fn closed(request: &Request<'_>) -> Option<(u16, u16, u32)> {
    let mut asked = Reader::new(request.data);
    asked.take(2)?;
    triad(&mut asked)
}

fn triad(reader: &mut Reader<'_>) -> Option<(u16, u16, u32)> {
    Some((reader.le16()?, reader.le16()?, reader.le32()?))
}

/// Whether an answer's service can answer a request: the same, or that of the message sent on.
pub(super) fn fits(request: &Request<'_>, reply: &Reply<'_>) -> bool {
    let inner = || super::connection::embedded(request.data).and_then(Request::parse);
    request.service == reply.service
        || request.service == UNCONNECTED_SEND
            && !request.target.is_tag()
            && inner().is_some_and(|inner| inner.service == reply.service)
}
