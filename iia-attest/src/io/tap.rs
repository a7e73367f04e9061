//! A tap of the IO master's own: from frames to readings, by the decoders of [`wire`](super::wire).

use alloc::collections::BTreeMap;

use iia_core::Timestamp;

use super::point::Layout;
use super::reading::{Reading, Station};
use super::wire::net::{Carried, End, Frame, Packet, Segment};
use super::wire::stream::{Direction, Ready};
use super::wire::{Chunk, Owner, WireError, enip, ethercat, hart_ip, modbus, net, profinet};

/// Conversations that are followed at most; the one that was quiet longest makes room.
pub const CONVERSATIONS_MAX: usize = 1024;
/// The port of Modbus.
pub const MODBUS_PORT: u16 = 502;

/// What a tap heard so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Frames.
    pub frames: u64,
    /// Frames and messages that are none of their protocol.
    pub malformed: u64,
    /// Places in streams where bytes are missing.
    pub gaps: u64,
    /// Conversations that made room for others.
    pub forgotten: u64,
    /// Cyclic frames whose sender does not vouch for them.
    pub invalid: u64,
}

/// One direction of a conversation.
#[derive(Clone, Debug, Default)]
struct Half {
    bytes: Direction,
    modbus: modbus::Side,
    hart: hart_ip::Side,
}

/// A conversation from the end that is asked.
#[derive(Clone, Debug, Default)]
struct Conversation {
    asks: Half,
    answers: Half,
    joined: modbus::Joined,
    last: Timestamp,
}

/// When something was heard, of whom, and in which protocol.
struct Heard {
    at: Timestamp,
    owner: Owner,
    is_modbus: bool,
}

impl Conversation {
    /// Takes a segment of one end; how many gaps there were, and how many messages that are none.
    fn handle_segment(
        &mut self,
        heard: &Heard,
        asks: bool,
        segment: &Segment<'_>,
        each: &mut impl FnMut(&Chunk<'_>),
    ) -> (u64, u64) {
        let (half, other) = match asks {
            true => (&mut self.asks, &mut self.answers),
            false => (&mut self.answers, &mut self.asks),
        };
        // What the other end already had is judged before what this one says next.
        let earlier = other.bytes.handle_ack(segment.ack);
        let ready = half.bytes.handle_segment(segment);
        let gaps = u64::from(earlier.gap) + u64::from(ready.gap);
        let joined = &mut self.joined;
        let malformed = other.read((heard, !asks), &earlier, joined, each)
            + half.read((heard, asks), &ready, joined, each);
        (gaps, malformed)
    }
}

impl Half {
    /// Reads what is in order now; how many messages are none.
    fn read(
        &mut self,
        (heard, asks): (&Heard, bool),
        ready: &Ready,
        joined: &mut modbus::Joined,
        each: &mut impl FnMut(&Chunk<'_>),
    ) -> u64 {
        if ready.gap {
            self.modbus.handle_gap();
            self.hart.handle_gap();
        }
        let (at, owner) = (heard.at, heard.owner);
        let before = self.modbus.malformed() + self.hart.malformed();
        let mut bad = 0;
        if heard.is_modbus {
            self.modbus.handle_bytes(&ready.bytes, |message| {
                let held = match asks {
                    true => joined.handle_question(at, owner, message),
                    false => joined.handle_answer(at, owner, message),
                };
                match held {
                    Ok(chunk) => chunk.iter().for_each(&mut *each),
                    Err(_) => bad += 1,
                }
            });
        } else {
            self.hart.handle_bytes(&ready.bytes, |message| {
                bad += u64::from(carried(owner, &message, each).is_err());
            });
        }
        self.modbus.malformed() + self.hart.malformed() - before + bad
    }
}

/// A tap.
#[derive(Clone, Debug)]
pub struct Tap {
    station: Station,
    modbus_port: u16,
    ring: u16,
    conversations: BTreeMap<(End, End), Conversation>,
    counts: Counts,
}

impl Tap {
    /// A tap at a station; what it hears of EtherCAT belongs to ring `ring`.
    pub const fn new(station: Station, ring: u16) -> Self {
        Self::with_modbus_port(station, ring, MODBUS_PORT)
    }

    /// A tap where Modbus is spoken on another port.
    pub const fn with_modbus_port(station: Station, ring: u16, modbus_port: u16) -> Self {
        Self {
            station,
            modbus_port,
            ring,
            conversations: BTreeMap::new(),
            counts: Counts {
                frames: 0,
                malformed: 0,
                gaps: 0,
                forgotten: 0,
                invalid: 0,
            },
        }
    }

    /// What it heard so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes a frame of Ethernet that was there at `at`, and gives each reading in it.
    pub fn handle_frame(
        &mut self,
        at: Timestamp,
        bytes: &[u8],
        layout: &Layout,
        mut each: impl FnMut(Reading),
    ) {
        let station = self.station;
        self.handle_chunks(at, bytes, |chunk| {
            layout.read((at, station), chunk, &mut each);
        });
    }

    /// The same, as pieces of memory.
    pub fn handle_chunks(&mut self, at: Timestamp, bytes: &[u8], mut each: impl FnMut(&Chunk<'_>)) {
        self.counts.frames += 1;
        let done = Frame::parse(bytes).and_then(|frame| match frame.ethertype {
            profinet::ETHERTYPE => self.profinet(&frame, &mut each),
            ethercat::ETHERTYPE => {
                let ring = self.ring;
                ethercat::datagrams(frame.payload, |datagram| {
                    datagram.chunk(ring).iter().for_each(&mut each);
                })
            }
            _ => self.packet(at, &frame, &mut each),
        });
        self.counts.malformed += u64::from(done.is_err());
    }

    fn profinet(
        &mut self,
        frame: &net::Frame<'_>,
        each: &mut impl FnMut(&Chunk<'_>),
    ) -> Result<(), WireError> {
        let cyclic = profinet::Cyclic::parse(frame.payload)?;
        match cyclic {
            Some(cyclic) if cyclic.is_valid() => each(&cyclic.chunk(frame.source)),
            Some(_) => self.counts.invalid += 1,
            None => {}
        }
        Ok(())
    }

    fn packet(
        &mut self,
        at: Timestamp,
        frame: &net::Frame<'_>,
        each: &mut impl FnMut(&Chunk<'_>),
    ) -> Result<(), WireError> {
        let Some(packet) = Packet::parse(frame)? else {
            return Ok(());
        };
        match packet.carried {
            Carried::Udp(data) if packet.to.port == enip::PORT => {
                let io = enip::Io::parse(data)?;
                each(&io.chunk(Owner::Ip(packet.from.addr)));
                Ok(())
            }
            Carried::Udp(data) => hart_datagram(&packet, data, each),
            Carried::Tcp(segment) => {
                self.segment(at, (packet.from, packet.to), &segment, each);
                Ok(())
            }
        }
    }

    fn segment(
        &mut self,
        at: Timestamp,
        (from, to): (End, End),
        segment: &Segment<'_>,
        each: &mut impl FnMut(&Chunk<'_>),
    ) {
        let ports = [self.modbus_port, hart_ip::PORT];
        let asks = ports.contains(&to.port);
        if !asks && !ports.contains(&from.port) {
            return;
        }
        let key = if asks { (from, to) } else { (to, from) };
        self.make_room(&key);
        let conversation = self.conversations.entry(key).or_default();
        conversation.last = at;
        let heard = Heard {
            at,
            owner: Owner::Ip(key.1.addr),
            is_modbus: key.1.port == self.modbus_port,
        };
        let (gaps, malformed) = conversation.handle_segment(&heard, asks, segment, each);
        self.counts.gaps += gaps;
        self.counts.malformed += malformed;
        if segment.ends {
            self.conversations.remove(&key);
        }
    }

    fn make_room(&mut self, key: &(End, End)) {
        if self.conversations.len() < CONVERSATIONS_MAX || self.conversations.contains_key(key) {
            return;
        }
        let quiet = self
            .conversations
            .iter()
            .min_by_key(|(_, conversation)| conversation.last)
            .map(|(key, _)| *key);
        if let Some(quiet) = quiet {
            self.conversations.remove(&quiet);
            self.counts.forgotten += 1;
        }
    }
}

fn hart_datagram(
    packet: &Packet<'_>,
    data: &[u8],
    each: &mut impl FnMut(&Chunk<'_>),
) -> Result<(), WireError> {
    if packet.from.port != hart_ip::PORT {
        return Ok(());
    }
    let Some((message, _)) = hart_ip::Message::parse(data)? else {
        return Err(WireError::Cut);
    };
    carried(Owner::Ip(packet.from.addr), &message, each)
}

fn carried(
    owner: Owner,
    message: &hart_ip::Message<'_>,
    each: &mut impl FnMut(&Chunk<'_>),
) -> Result<(), WireError> {
    match message.frame()? {
        Some(frame) => frame.values(owner, |chunk| each(&chunk)),
        None => Ok(()),
    }
}
