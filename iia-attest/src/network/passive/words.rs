//! What is said of an interface that only sees.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::kernel::{Packet, Sent};
use super::{Holder, Look};

/// Holders that are named in one finding at most.
const NAMED_MAX: usize = 4;

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Collector => f.write_str("the collector"),
            Self::Process { pid, name } => write!(f, "process {pid} ({name})"),
            Self::Untold => f.write_str("a process that the kernel does not name"),
        }
    }
}

/// Whether it is such a socket as the collector hears by: at this interface alone, by a ring, with no way to send by one.
pub(super) fn is_ear(packet: &Packet, holder: &Holder, index: Option<u32>) -> bool {
    let is_stranger = matches!(holder, Holder::Process { .. });
    let is_here = Some(packet.interface) == index;
    is_here && !is_stranger && packet.hears_by_ring && !packet.sends_by_ring
}

fn named<'a>(holders: impl Iterator<Item = &'a Holder>) -> String {
    let each: BTreeSet<&Holder> = holders.collect();
    let mut words: Vec<String> = each
        .iter()
        .take(NAMED_MAX)
        .map(ToString::to_string)
        .collect();
    if let Some(more) = each.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        words.push(format!("{more} more"));
    }
    match words.is_empty() {
        true => Holder::Untold.to_string(),
        false => words.join(", "),
    }
}

/// Sockets of AF_XDP.
pub(super) fn xdp(name: &str, look: &Look) -> String {
    let count = match look.xdp {
        1 => String::from("a socket of AF_XDP is"),
        count => format!("{count} sockets of AF_XDP are"),
    };
    let held = named(look.xdp_holders.iter());
    format!(
        "{count} open in the network of {name}, held by {held}: what it sends passes beneath every rule"
    )
}

/// A packet socket that is not the collector's.
pub(super) fn packet(name: &str, packet: &Packet, holder: &Holder) -> String {
    let place = match packet.interface {
        0 => format!("all interfaces, {name} among them"),
        _ => name.into(),
    };
    let held = match (holder, packet.user) {
        (Holder::Untold, Some(user)) => format!("a process of user {user}"),
        (holder, _) => holder.to_string(),
    };
    let does = match (packet.sends_by_ring, packet.protocol) {
        (true, _) => "sends by a ring",
        (false, 0) => "hears nothing and can send",
        (false, _) => "hears and can send",
    };
    format!("a packet socket beside the collector's is open at {place}, held by {held}: it {does}")
}

/// Programs that are attached to the interface; nothing where there are none.
pub(super) fn programs(name: &str, programs: &[u32]) -> Option<String> {
    let numbers: Vec<String> = programs.iter().map(ToString::to_string).collect();
    let which = match numbers.as_slice() {
        [] => return None,
        [one] => format!("program {one} of XDP is"),
        _ => format!("programs {} of XDP are", numbers.join(", ")),
    };
    Some(format!(
        "{which} attached to {name}: what comes in can be taken away, or sent back, before anybody hears it"
    ))
}

/// Who could have sent, by the sockets that are open.
pub(super) fn beside(look: &Look, index: u32) -> Option<String> {
    if look.xdp > 0 {
        let held = named(look.xdp_holders.iter());
        return Some(format!("AF_XDP is open, held by {held}"));
    }
    let there = |packet: &Packet| packet.interface == 0 || packet.interface == index;
    let stranger =
        |packet: &Packet, holder: &Holder| there(packet) && !is_ear(packet, holder, Some(index));
    let strangers: Vec<&Holder> = look
        .packets
        .iter()
        .filter(|(packet, holder)| stranger(packet, holder))
        .map(|(_, holder)| holder)
        .collect();
    let held = named(strangers.iter().copied());
    (!strangers.is_empty()).then(|| format!("packet sockets are open, held by {held}"))
}

/// What was sent, and who could have.
pub(super) fn sent(name: &str, sent: Sent, beside: Option<&str>) -> String {
    let frames = match sent.frames {
        1 => String::from("1 frame"),
        frames => format!("{frames} frames"),
    };
    let who = beside.unwrap_or("no socket that could have was open when it was looked at");
    format!(
        "{name} is there to see only, and has sent {frames} ({} bytes); {who}",
        sent.bytes
    )
}

/// That something is over.
pub(super) fn over(name: &str, before: Option<&String>) -> String {
    let before = before.map_or("", String::as_str);
    format!("over at {name}: {before}")
}
