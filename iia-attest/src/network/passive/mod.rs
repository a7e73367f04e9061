//! An interface that only sees (IIA 8), held against what the kernel counts and lists: not the rule that stops what would be sent, but
//! whether anything was. What AF_XDP sends goes beneath every rule and is not heard at the interface that sends it; the
//! kernel counts it all the same.

pub mod kernel;
mod words;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::time::SECOND_NS;

use self::kernel::{Link, Packet, Sent};
use self::words::{is_ear, packet};
use super::outbox::{Outbox, finding};
use crate::correlator::Correlator;

/// How long nobody may look before that is told, in nanoseconds.
pub const UNSEEN_MAX_NS: i64 = 10 * SECOND_NS;
/// How long nothing must be sent until that is told to be over, in nanoseconds.
pub const CALM_NS: i64 = 60 * SECOND_NS;
/// How long whoever held a socket is named beside what was sent, in nanoseconds.
pub const BESIDE_NS: i64 = SECOND_NS;
/// How long an ear of the collector or of the witness may take until it hears, in nanoseconds: the kernel first makes its ring. One whose
/// holder is not told may be theirs, and has [`BESIDE_NS`].
pub const OPENS_MAX_NS: i64 = 5 * SECOND_NS;
/// Packet sockets that stand open in its findings at once at most; that there are more is told.
pub const TOLD_MAX: usize = 64;

/// Who holds a socket.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Holder {
    /// Whoever is to hear: the collector, or the witness beside it.
    Collector,
    /// Another process.
    Process {
        /// Its number.
        pid: u32,
        /// Its name, as the kernel has it.
        name: String,
    },
    /// The kernel does not say.
    Untold,
}

/// What the kernel says at one time.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Look {
    /// The interface; nothing where there is none of its name.
    pub link: Option<Link>,
    /// Packet sockets of its network.
    pub packets: Vec<(Packet, Holder)>,
    /// Packet sockets that found no room.
    pub others: u64,
    /// Sockets of AF_XDP in its network.
    pub xdp: u32,
    /// Who holds them, as far as the kernel says.
    pub xdp_holders: Vec<Holder>,
}

/// What is seen of the interface.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Seen {
    /// What the kernel said.
    Look(Look),
    /// It was asked and did not say.
    Blind(String),
}

/// What stands open: told once, and again when it is over.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Cause {
    Sight,
    Room,
    Interface,
    Program,
    Xdp,
    Packet(u32),
}

impl Cause {
    const fn operation(self) -> &'static str {
        match self {
            Self::Sight => "look",
            Self::Room => "sockets",
            Self::Interface => "interface",
            Self::Program => "XDP",
            Self::Xdp => "AF_XDP",
            Self::Packet(_) => "AF_PACKET",
        }
    }
}

/// The observer of one interface.
#[derive(Clone, Debug)]
pub struct Passive {
    name: String,
    /// How many are to hear.
    ears: usize,
    /// When it was looked at last, or when looking began.
    looked: Option<Timestamp>,
    latest: Timestamp,
    /// The interface as the last look had it.
    link: Option<Link>,
    /// What was sent since it stands open, and how many frames of it are told.
    sent: Sent,
    told: u64,
    sent_at: Option<Timestamp>,
    /// Whoever could have sent it.
    beside: Option<(Timestamp, String)>,
    /// Packet sockets of the last look, by inode, and since when each was there.
    before: BTreeMap<u32, Timestamp>,
    open: BTreeMap<Cause, String>,
    out: Outbox,
}

impl Passive {
    /// An observer of the interface of this name, which has sent nothing from the first look on.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            ears: 1,
            looked: None,
            latest: Timestamp::from_ns(i64::MIN),
            link: None,
            sent: Sent::default(),
            told: 0,
            sent_at: None,
            beside: None,
            before: BTreeMap::new(),
            open: BTreeMap::new(),
            out: Outbox::default(),
        }
    }

    /// The same where beside the collector others are to hear, so many in all.
    pub fn heard_by(self, ears: usize) -> Self {
        Self { ears, ..self }
    }

    /// Findings that nobody took in time.
    pub const fn lost(&self) -> u64 {
        self.out.lost()
    }

    fn look(&mut self, now: Timestamp, look: &Look) {
        if look.link.is_some() || self.link.is_some() {
            self.looked = Some(now);
            self.settle(now, Cause::Sight, None);
        }
        let other = self.other(look.link.as_ref());
        self.settle(now, Cause::Interface, other);
        let xdp = (look.xdp > 0).then(|| words::xdp(&self.name, look));
        self.settle(now, Cause::Xdp, xdp);
        self.packets(now, look);
        let Some(link) = &look.link else {
            return;
        };
        let programs = words::programs(&self.name, &link.programs);
        self.settle(now, Cause::Program, programs);
        self.count(now, link, look);
        self.link = Some(link.clone());
    }

    /// That it is not there any more, or is another one.
    fn other(&self, link: Option<&Link>) -> Option<String> {
        let (name, before) = (&self.name, self.link.as_ref()?);
        let Some(link) = link else {
            return Some(format!(
                "{name} is not there any more, and what it sends is not counted"
            ));
        };
        let is_other = link.index != before.index || link.sent < before.sent;
        is_other.then(|| {
            let (is, was) = (link.index, before.index);
            format!("{name} is another interface than a look before (number {is}, then {was}), or counts anew")
        })
    }

    /// Every packet socket that hears or can send there, but those by which whoever is to hear does.
    fn packets(&mut self, now: Timestamp, look: &Look) {
        let index = look.link.as_ref().map(|link| link.index);
        let there = |packet: &Packet| packet.interface == 0 || Some(packet.interface) == index;
        let mut there: Vec<_> = look
            .packets
            .iter()
            .filter(|(packet, _)| there(packet))
            .collect();
        // Of those whose holder is not told the oldest is the collector's, where no other is.
        there.sort_by_key(|(packet, holder)| (holder.clone(), packet.inode));
        let mut ears = 0;
        there.retain(|(packet, holder)| {
            let is_told = *holder == Holder::Collector;
            let has_room = if is_told { ears < self.ears } else { ears == 0 };
            let is_one = is_ear(packet, holder, index) && has_room;
            ears += usize::from(is_one);
            !is_one
        });
        let gone: Vec<Cause> = self
            .open
            .keys()
            .copied()
            .filter(|cause| {
                let is_there = |inode| there.iter().any(|(packet, _)| packet.inode == inode);
                matches!(cause, Cause::Packet(inode) if !is_there(*inode))
            })
            .collect();
        for cause in gone {
            self.settle(now, cause, None);
        }
        let more = look
            .others
            .saturating_add(there.len().saturating_sub(TOLD_MAX) as u64);
        for (socket, holder) in there.iter().take(TOLD_MAX) {
            if self.is_opened(now, socket.inode, holder) {
                let words = packet(&self.name, socket, holder);
                self.settle(now, Cause::Packet(socket.inode), Some(words));
            }
        }
        let since = |inode| self.before.get(&inode).copied().unwrap_or(now);
        self.before = there
            .iter()
            .map(|(packet, _)| (packet.inode, since(packet.inode)))
            .collect();
        let more = (more > 0).then(|| format!("{more} more packet sockets than are told apart"));
        self.settle(now, Cause::Room, more);
    }

    /// Whether a socket has had its time to become an ear, which has no ring yet while it is opened. A stranger's has none.
    fn is_opened(&self, now: Timestamp, inode: u32, holder: &Holder) -> bool {
        let allowed = match holder {
            Holder::Process { .. } => return true,
            Holder::Collector => OPENS_MAX_NS,
            Holder::Untold => BESIDE_NS,
        };
        let since = self.before.get(&inode);
        since.is_some_and(|since| now.since_ns(*since) >= allowed)
    }

    /// What was sent since the last look.
    fn count(&mut self, now: Timestamp, link: &Link, look: &Look) {
        if let Some(beside) = words::beside(look, link.index) {
            self.beside = Some((now, beside));
        }
        let Some(before) = &self.link else {
            return;
        };
        // Another interface, or one that counts anew, is told as that; what it has sent was sent in this time.
        let is_other = link.index != before.index || link.sent < before.sent;
        let base = if is_other {
            Sent::default()
        } else {
            before.sent
        };
        let frames = link.sent.frames.saturating_sub(base.frames);
        let bytes = link.sent.bytes.saturating_sub(base.bytes);
        if frames == 0 && bytes == 0 {
            return;
        }
        self.sent.frames = self.sent.frames.saturating_add(frames);
        self.sent.bytes = self.sent.bytes.saturating_add(bytes);
        let is_first = self.sent_at.replace(now).is_none();
        if is_first || self.sent.frames >= self.told.saturating_mul(2) {
            self.told = self.sent.frames;
            self.tell_sent(now, (base, link.sent));
        }
    }

    fn tell_sent(&mut self, now: Timestamp, (was, is): (Sent, Sent)) {
        let fresh = |at: &Timestamp| now.since_ns(*at) <= BESIDE_NS;
        let beside = self.beside.as_ref().filter(|(at, _)| fresh(at));
        let words = words::sent(
            &self.name,
            self.sent,
            beside.map(|(_, words)| words.as_str()),
        );
        let counted = format!(
            "{}: tx_packets {} then {}, tx_bytes {} then {}",
            self.name, was.frames, is.frames, was.bytes, is.bytes
        );
        let found = self.finding(now, (Conclusion::Diverge, "sent"), words);
        self.out.say(Finding {
            // Prevention has failed: something left by an interface that is to be silent (IIA 8).
            severity: Severity::Critical,
            evidence: [counted].into(),
            ..found
        });
    }

    /// Tells what is new of a cause, and that it is over.
    fn settle(&mut self, now: Timestamp, cause: Cause, words: Option<String>) {
        let before = self.open.get(&cause);
        if before == words.as_ref() {
            return;
        }
        let (conclusion, reason) = match &words {
            Some(words) if cause == Cause::Sight => (Conclusion::Missing, words.clone()),
            Some(words) => (Conclusion::Diverge, words.clone()),
            None => (Conclusion::Converge, words::over(&self.name, before)),
        };
        let mut found = self.finding(now, (conclusion, cause.operation()), reason);
        match cause {
            Cause::Sight | Cause::Room => found.clause = "sight".into(),
            Cause::Packet(inode) => found.destination = format!("socket {inode}"),
            _ => {}
        }
        self.out.say(found);
        match words {
            Some(words) => drop(self.open.insert(cause, words)),
            None => drop(self.open.remove(&cause)),
        }
    }

    fn finding(
        &self,
        now: Timestamp,
        (conclusion, operation): (Conclusion, &str),
        reason: String,
    ) -> Finding {
        Finding {
            source: self.name.clone(),
            operation: operation.into(),
            ..finding(now, conclusion, ("", "passive"), reason)
        }
    }

    fn pass(&mut self, now: Timestamp) -> Timestamp {
        self.latest = self.latest.max(now);
        let now = self.latest;
        let looked = *self.looked.get_or_insert(now);
        if now.since_ns(looked) >= UNSEEN_MAX_NS && !self.open.contains_key(&Cause::Sight) {
            let words = format!(
                "{} is there to see only, and nobody has seen for {} s what it sends",
                self.name,
                UNSEEN_MAX_NS / SECOND_NS
            );
            self.settle(now, Cause::Sight, Some(words));
        }
        if self.sent_at.is_some_and(|at| now.since_ns(at) >= CALM_NS) {
            let words = format!(
                "{} has sent nothing for {} s: {} frames in all",
                self.name,
                CALM_NS / SECOND_NS,
                self.sent.frames
            );
            let found = self.finding(now, (Conclusion::Converge, "sent"), words);
            self.out.say(found);
            (self.sent, self.told, self.sent_at) = (Sent::default(), 0, None);
        }
        now
    }
}

impl Correlator for Passive {
    type Observation = Seen;

    fn handle_observation(&mut self, now: Timestamp, seen: Seen) {
        let now = self.pass(now);
        match seen {
            Seen::Look(look) => self.look(now, &look),
            Seen::Blind(why) => {
                let words = format!("the kernel does not say what {} sends: {why}", self.name);
                self.settle(now, Cause::Sight, Some(words));
            }
        }
    }

    fn handle_timeout(&mut self, now: Timestamp) {
        self.pass(now);
    }

    fn poll_finding(&mut self) -> Option<Finding> {
        self.out.poll()
    }

    fn poll_timeout(&self) -> Option<Timestamp> {
        let is_blind = self.open.contains_key(&Cause::Sight);
        let unseen = self
            .looked
            .filter(|_| !is_blind)
            .map(|at| at + UNSEEN_MAX_NS);
        let calm = self.sent_at.map(|at| at + CALM_NS);
        [unseen, calm].into_iter().flatten().min()
    }
}
