//! The flow table: who speaks to whom, bounded, and evicted from the idle end.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hash::{BuildHasher as _, Hash, Hasher};
use core::net::IpAddr;

use hashbrown::{DefaultHashBuilder, HashTable};
use iia_core::Timestamp;
use iia_core::observe::{Conn, Flow, Protocol, Transport};

use crate::decode::{Session, WAIT_MIN_NS};
use crate::net::Segment;
use crate::pipeline::{CLOSED_MAX_NS, IDLE_MAX_NS, PENDING_MAX_NS};
use crate::serial::{Line, Undecided};
use crate::stream::Half;

/// Flows at once at most; beyond it the most idle of a sample goes.
pub const FLOWS_MAX: usize = 131_072;
const SAMPLE: usize = 16;
/// Segments that are no Modbus before a flow never seen to be Modbus counts as something else. More than one, because a
/// capture may begin in the middle of a unit.
const DOUBTS_MAX: u8 = 8;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Key {
    low: u128,
    high: u128,
    /// Of the low end, then of the high one.
    ports: [u16; 2],
    vlan: u16,
    transport: Transport,
}

impl Key {
    /// The key of what is in no table.
    pub(crate) const NONE: Self = Self {
        low: 0,
        high: 0,
        ports: [0, 0],
        vlan: 0,
        transport: Transport::Ip(255),
    };

    /// The key of a segment's flow, and whether the segment goes from the low to the high end.
    #[inline]
    pub(crate) fn of(segment: &Segment<'_>, vlan: u16) -> (Self, bool) {
        let src = (number(segment.src), segment.sport);
        let dst = (number(segment.dst), segment.dport);
        Self::between(src, dst, (vlan, segment.transport))
    }

    /// The same from addresses as numbers, with their ports.
    #[inline]
    pub(crate) fn between(
        src: (u128, u16),
        dst: (u128, u16),
        (vlan, transport): (u16, Transport),
    ) -> (Self, bool) {
        let up = src <= dst;
        let (low, high) = if up { (src, dst) } else { (dst, src) };
        let key = Self {
            low: low.0,
            high: high.0,
            ports: [low.1, high.1],
            vlan,
            transport,
        };
        (key, up)
    }
}

#[inline]
fn number(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(addr) => u128::from(addr.to_bits()),
        IpAddr::V6(addr) => addr.to_bits(),
    }
}

impl Hash for Key {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let fold = |address: u128| (address >> 64) as u64 ^ address as u64;
        let [low, high] = self.ports.map(u64::from);
        let ports = low << 48 | high << 32 | u64::from(self.vlan);
        state.write_u64(fold(self.low));
        state.write_u64(fold(self.high));
        state.write_u64(ports);
    }
}

/// One flow.
#[derive(Debug)]
pub(crate) struct State<K> {
    pub(crate) key: Key,
    pub(crate) flow: Flow,
    /// Whether the side that opened it is the low end of the key.
    pub(crate) orig_is_low: bool,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
    pub(crate) halves: [Half; 2],
    pub(crate) protocol: Recognised,
    /// Segments that were no Modbus, in a flow that could be.
    pub(crate) doubts: u8,
    pub(crate) pending: Vec<crate::stream::Pending>,
    /// What is known of it as a line of RTU.
    pub(crate) line: Option<Box<Line>>,
    /// What Modbus/TCP and RTU could both have said.
    pub(crate) undecided: Undecided,
    /// The decoder that has the flow, where it is another than Modbus's.
    pub(crate) talk: Option<Box<dyn Session>>,
    /// Bytes that this decoder keeps.
    pub(crate) talk_held: usize,
    pub(crate) closed: bool,
    /// What the caller keeps with it.
    pub(crate) kept: K,
}

/// How far a flow's protocol is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Recognised {
    /// It could be Modbus by its port, and nothing was seen yet.
    MaybeModbus,
    /// It is.
    Modbus,
    /// It could be Modbus RTU by its port or link, and nothing was seen yet.
    MaybeRtu,
    /// It is Modbus RTU or ASCII.
    Rtu,
    /// Nothing was seen yet that a decoder knows.
    Unseen,
    /// A decoder has it.
    Spoken,
    /// It is something else.
    Other,
}

/// Whose an observation is.
pub(crate) struct Whose<'k, K> {
    /// The flow, from the client's side.
    pub(crate) flow: Flow,
    /// What is spoken in it.
    pub(crate) protocol: Protocol,
    /// What the caller keeps with it.
    pub(crate) kept: &'k mut K,
}

impl<K> State<K> {
    /// A flow of which nothing was seen yet.
    pub(crate) fn new(key: Key, flow: Flow, ts: Timestamp) -> Self
    where
        K: Default,
    {
        Self {
            key,
            flow,
            orig_is_low: true,
            first: ts,
            last: ts,
            halves: Default::default(),
            protocol: Recognised::Unseen,
            doubts: 0,
            pending: Vec::new(),
            line: None,
            undecided: Vec::new(),
            talk: None,
            talk_held: 0,
            closed: false,
            kept: K::default(),
        }
    }

    #[inline]
    pub(crate) fn whose(&mut self) -> Whose<'_, K> {
        let (flow, protocol) = match self.protocol {
            Recognised::Rtu => (self.asker_first(), Protocol::ModbusRtu),
            _ => (self.flow, Protocol::ModbusTcp),
        };
        let kept = &mut self.kept;
        Whose {
            flow,
            protocol,
            kept,
        }
    }

    /// The flow from the side that asks.
    fn asker_first(&self) -> Flow {
        let asks = self.line.as_ref().and_then(|line| line.asks);
        if asks != Some(false) {
            return self.flow;
        }
        Flow {
            orig_h: self.flow.resp_h,
            orig_p: self.flow.resp_p,
            resp_h: self.flow.orig_h,
            resp_p: self.flow.orig_p,
            ..self.flow
        }
    }

    /// Reads something of each part of it.
    #[inline]
    fn touch(&self) -> u64 {
        let [orig, resp] = &self.halves;
        let last = self.last.as_ns() as u64 ^ u64::from(self.flow.resp_p);
        orig.touch() ^ resp.touch() ^ last ^ u64::from(self.closed)
    }

    /// The same of what it points to.
    #[inline]
    fn touch_behind(&self) -> u64 {
        let held = self.talk.as_ref().map_or(0, |talk| talk.held() as u64);
        let waits = self.pending.first().map_or(0, |one| u64::from(one.unit));
        held ^ waits
    }

    /// When something must be done with it at the earliest, if no packet comes before.
    fn due(&self) -> Timestamp {
        let idle_ns = if self.closed {
            CLOSED_MAX_NS
        } else {
            IDLE_MAX_NS
        };
        let waits = self.pending.first();
        let waits = waits.map_or(Timestamp::MAX, |one| one.ts + PENDING_MAX_NS);
        let talk = self.talk.as_ref();
        let talk = talk.map_or(Timestamp::MAX, |talk| talk.due());
        (self.last + idle_ns).min(waits).min(talk)
    }

    /// Whether something of it may be read later than it came: segments behind a gap, what may be a serial line's.
    pub(crate) fn is_late(&self) -> bool {
        let [orig, resp] = &self.halves;
        orig.kept() + resp.kept() > 0 || !self.undecided.is_empty() || self.line.is_some()
    }

    /// Whether it was seen to be Modbus.
    pub(crate) fn is_modbus(&self) -> bool {
        matches!(self.protocol, Recognised::Modbus | Recognised::Rtu)
    }

    /// Takes a message that keeps the rules for proof.
    pub(crate) fn prove(&mut self) {
        if self.protocol != Recognised::Rtu {
            self.protocol = Recognised::Modbus;
        }
    }

    /// One direction: from the side that opened the flow, or to it.
    #[inline]
    pub(crate) fn half(&mut self, from_orig: bool) -> &mut Half {
        let [orig, resp] = &mut self.halves;
        if from_orig { orig } else { resp }
    }

    /// Takes bytes that are no Modbus as a sign that the flow is something else.
    pub(crate) fn doubt(&mut self) {
        self.doubts = self.doubts.saturating_add(1);
        // A serial line carries nothing else, however noisy it is.
        if self.doubts < DOUBTS_MAX || self.is_shared() {
            return;
        }
        self.protocol = match self.protocol {
            Recognised::MaybeModbus | Recognised::MaybeRtu | Recognised::Unseen => {
                Recognised::Other
            }
            known => known,
        };
    }

    /// What its decoder has shown it to be.
    fn spoken(&self) -> Protocol {
        let talk = self.talk.as_ref().filter(|talk| talk.proven());
        talk.map_or(Protocol::Unknown, |talk| talk.protocol())
    }

    pub(crate) fn conn(&self) -> Conn {
        let [orig, resp] = &self.halves;
        let protocol = match self.protocol {
            Recognised::Modbus => Protocol::ModbusTcp,
            Recognised::Rtu => Protocol::ModbusRtu,
            Recognised::Spoken => self.spoken(),
            Recognised::MaybeModbus
            | Recognised::MaybeRtu
            | Recognised::Unseen
            | Recognised::Other => Protocol::Unknown,
        };
        Conn {
            ts: self.first,
            last: self.last,
            flow: self.flow,
            protocol,
            orig_pkts: orig.packets,
            resp_pkts: resp.packets,
            orig_bytes: orig.bytes,
            resp_bytes: resp.bytes,
            missed_bytes: orig.missed + resp.missed,
        }
    }
}

/// Every flow at once.
#[derive(Debug)]
pub(crate) struct Flows<K> {
    /// Slots by the hash of their keys: four bytes a flow, so that the table stays in the cache.
    index: HashTable<u32>,
    /// Seeded anew in each process, so that nobody can choose addresses that collide.
    hasher: DefaultHashBuilder,
    slots: Vec<Option<State<K>>>,
    /// When something must be done with each at the earliest: eight bytes a flow, so that the others stay untouched.
    due: Vec<Timestamp>,
    /// The latest packet so far, and whether one came behind it that is older.
    newest: Timestamp,
    unordered: bool,
    free: Vec<u32>,
    hand: usize,
}

impl<K> Default for Flows<K> {
    fn default() -> Self {
        Self {
            index: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            slots: Vec::new(),
            due: Vec::new(),
            newest: Timestamp::MIN,
            unordered: false,
            free: Vec::new(),
            hand: 0,
        }
    }
}

impl<K> Flows<K> {
    #[inline(always)]
    pub(crate) fn find(&self, key: &Key) -> Option<u32> {
        let is_it = |slot: &u32| has(&self.slots, *slot, key);
        self.index.find(self.hasher.hash_one(key), is_it).copied()
    }

    /// Where the flow of a key is likely to stand, without looking there.
    #[inline]
    pub(crate) fn guess(&self, key: &Key) -> Option<u32> {
        self.index
            .find(self.hasher.hash_one(key), |_| true)
            .copied()
    }

    /// Reads something of each part of a flow that a packet's work will need.
    #[inline]
    pub(crate) fn touch(&self, slot: u32) -> u64 {
        match self.slots.get(slot as usize) {
            Some(Some(state)) => state.touch(),
            _ => 0,
        }
    }

    /// The same of what the flow points to.
    #[inline]
    pub(crate) fn touch_behind(&self, slot: u32) -> u64 {
        match self.slots.get(slot as usize) {
            Some(Some(state)) => state.touch_behind(),
            _ => 0,
        }
    }

    /// When something must be done with a flow at the earliest, if no packet comes before.
    #[inline]
    pub(crate) fn due(&self, slot: u32) -> Timestamp {
        let due = self.due.get(slot as usize);
        due.copied().unwrap_or(Timestamp::MAX)
    }

    /// After a packet: what it set waiting is not due before [`WAIT_MIN_NS`], so that nearly always what is known holds.
    /// Not so where something was said before now, nor in a capture that goes back in time.
    #[inline]
    pub(crate) fn worked(&mut self, slot: u32, now: Timestamp, before_now: bool) {
        self.unordered |= now < self.newest;
        self.newest = self.newest.max(now);
        let soon = now + WAIT_MIN_NS;
        if before_now || self.unordered || self.due(slot) > soon {
            self.set_due(slot);
            if let Some(place) = self.due.get_mut(slot as usize) {
                *place = (*place).min(soon);
            }
        }
    }

    /// Works out when that is.
    pub(crate) fn set_due(&mut self, slot: u32) {
        let state = self.slots.get(slot as usize).and_then(Option::as_ref);
        if let Some(place) = self.due.get_mut(slot as usize) {
            *place = state.map_or(Timestamp::MAX, State::due);
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut State<K>> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// Adds a flow; gives its slot.
    pub(crate) fn insert(&mut self, state: State<K>) -> u32 {
        let key = state.key;
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.slots.push(None);
                self.due.push(Timestamp::MAX);
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            }
        };
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(state);
        }
        let (slots, hasher) = (&self.slots, &self.hasher);
        let again = |slot: &u32| match slots.get(*slot as usize) {
            Some(Some(state)) => hasher.hash_one(state.key),
            _ => 0,
        };
        let hash = hasher.hash_one(key);
        self.index.insert_unique(hash, slot, again);
        slot
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Option<State<K>> {
        let state = self.slots.get_mut(slot as usize)?.take()?;
        let hash = self.hasher.hash_one(state.key);
        if let Ok(entry) = self.index.find_entry(hash, |known| *known == slot) {
            entry.remove();
        }
        self.free.push(slot);
        self.set_due(slot);
        Some(state)
    }

    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn slots(&self) -> u32 {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    /// The most idle flow of a sample that wanders over the table.
    pub(crate) fn most_idle(&mut self) -> Option<u32> {
        let count = self.slots.len();
        let mut best: Option<(Timestamp, u32)> = None;
        for step in 0..SAMPLE {
            let at = (self.hand + step) % count.max(1);
            if let Some(Some(state)) = self.slots.get(at) {
                let candidate = (state.last, u32::try_from(at).unwrap_or(u32::MAX));
                best = Some(best.map_or(candidate, |best| best.min(candidate)));
            }
        }
        self.hand = (self.hand + SAMPLE) % count.max(1);
        best.map(|(_, slot)| slot)
    }
}

/// Whether a slot holds the flow of a key.
#[inline]
fn has<K>(slots: &[Option<State<K>>], slot: u32, key: &Key) -> bool {
    let state = slots.get(slot as usize);
    matches!(state, Some(Some(state)) if state.key == *key)
}
