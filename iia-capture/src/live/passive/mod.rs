//! Whether an interface that observes is passive: what it has, what it has sent, and what says in words that it is not. Nothing
//! here changes an interface; [`Interface`] renders what does.

mod read;
mod setup;

use std::fmt;
use std::io;
use std::net::IpAddr;

pub use read::{ADDRESSES_MAX, Hook, Hooks, LISTING_LEN_MAX};
pub use setup::{Interface, NAME_LEN_MAX, NotAName};

/// What an interface is like now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct State {
    /// Its number; another one with its name is another interface.
    pub index: u32,
    /// Whether it is up.
    pub up: bool,
    /// Whether it takes frames that are for others.
    pub promiscuous: bool,
    /// Whether it answers who has an address (ARP).
    pub arp: bool,
    /// Whether it speaks IPv6.
    pub ipv6: bool,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// What the firewall does with its frames.
    pub hooks: Hooks,
    /// Frames received since it is there, as the kernel says over netlink.
    pub received: u64,
    /// Frames sent since it is there, as the kernel says over netlink.
    pub sent: u64,
    /// The same, as the system's files say, where they tell of this interface.
    pub sent_by_file: Option<u64>,
}

/// Why an interface is not passive, or not known to be.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Doubt {
    /// It is another interface than before.
    Replaced,
    /// It is down, so that nothing is observed.
    Down,
    /// It has this address.
    Address(IpAddr),
    /// It answers who has an address.
    Arp,
    /// It speaks IPv6.
    Ipv6,
    /// The firewall lets frames out.
    EgressOpen,
    /// Nobody looked at what the firewall does.
    EgressUnknown,
    /// The host's own protocols hear what is observed, and may answer through another interface.
    HostListens,
    /// This many frames were sent since it was looked at first.
    Sent(u64),
    /// Two counters of the kernel do not agree on frames sent: netlink's, and that of the files.
    Counters(u64, u64),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replaced => f.write_str("it is another interface than the one that was looked at first"),
            Self::Down => f.write_str("it is down: nothing is observed"),
            Self::Address(address) => write!(f, "it has the address {address}: the host answers for it"),
            Self::Arp => f.write_str("it takes part in ARP: it can ask and answer who has an address"),
            Self::Ipv6 => f.write_str("it speaks IPv6: it announces itself and answers its neighbours"),
            Self::EgressOpen => f.write_str("no rule of the firewall drops everything on its way out"),
            Self::EgressUnknown => f.write_str("what the firewall drops on its way out was not read"),
            Self::HostListens => {
                f.write_str("the host's own protocols hear what comes in, and may answer through another interface")
            }
            Self::Sent(frames) => write!(f, "it has sent {frames} frames"),
            Self::Counters(netlink, file) => {
                write!(f, "it has sent {netlink} frames by netlink and {file} by the system's files")
            }
        }
    }
}

/// Looks at an interface. Anybody may; `listing` is what the firewall's own program lists (`nft list ruleset`), which needs the right to
/// administer the network, and without it [`Doubt::EgressUnknown`] stays.
///
/// # Errors
/// What the kernel answers, such as that there is no such interface.
pub fn read(interface: &Interface, listing: Option<&str>) -> io::Result<State> {
    let said = read::ask(interface.name())?;
    let hooks = listing.map_or(Hooks::UNKNOWN, |listing| {
        Hooks::read(listing, interface.name())
    });
    Ok(State {
        index: said.index,
        up: said.up,
        promiscuous: said.promiscuous,
        arp: said.arp,
        ipv6: said.ipv6,
        addresses: said.addresses,
        hooks,
        received: said.received,
        sent: said.sent,
        sent_by_file: sent_by_file(interface.name(), said.index),
    })
}

/// The files of another network namespace tell of another interface with the same name.
fn sent_by_file(interface: &str, index: u32) -> Option<u64> {
    let number = |what: &str| -> Option<u64> {
        let path = format!("/sys/class/net/{interface}/{what}");
        std::fs::read_to_string(path).ok()?.trim().parse().ok()
    };
    let here = number("ifindex")? == u64::from(index);
    here.then(|| number("statistics/tx_packets")).flatten()
}

/// What an interface was like when it was looked at first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Watch {
    index: u32,
    sent: u64,
}

impl Watch {
    /// From now on nothing may be sent.
    pub const fn start(state: &State) -> Self {
        Self {
            index: state.index,
            sent: state.sent,
        }
    }

    /// Every reason why it is not passive, or not known to be; none when it is.
    pub fn check(self, state: &State) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        let mut when = |wrong: bool, doubt: Doubt| {
            if wrong {
                doubts.push(doubt);
            }
        };
        when(state.index != self.index, Doubt::Replaced);
        when(!state.up, Doubt::Down);
        for address in &state.addresses {
            when(true, Doubt::Address(*address));
        }
        when(state.arp, Doubt::Arp);
        when(state.ipv6, Doubt::Ipv6);
        when(state.hooks.egress == Hook::Open, Doubt::EgressOpen);
        when(state.hooks.egress == Hook::Unknown, Doubt::EgressUnknown);
        when(state.hooks.ingress == Hook::Open, Doubt::HostListens);
        // A counter that went back has begun anew, with an interface that is another one.
        let sent = state.sent.checked_sub(self.sent).unwrap_or(state.sent);
        when(sent > 0, Doubt::Sent(sent));
        if let Some(file) = state.sent_by_file.filter(|file| *file != state.sent) {
            when(true, Doubt::Counters(state.sent, file));
        }
        doubts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passive() -> State {
        State {
            index: 3,
            up: true,
            promiscuous: true,
            arp: false,
            ipv6: false,
            addresses: Vec::new(),
            hooks: Hooks {
                egress: Hook::Shut,
                ingress: Hook::Shut,
            },
            received: 9,
            sent: 4,
            sent_by_file: Some(4),
        }
    }

    #[test]
    fn each_reason_is_said_and_none_when_passive() {
        let watch = Watch::start(&passive());
        assert_eq!(watch.check(&passive()), []);
        let one = IpAddr::from([10, 0, 0, 1]);
        type Change = fn(&mut State);
        let rows: [(Change, Doubt); 11] = [
            (|state| state.index = 4, Doubt::Replaced),
            (|state| state.up = false, Doubt::Down),
            (
                |state| state.addresses = vec![IpAddr::from([10, 0, 0, 1])],
                Doubt::Address(one),
            ),
            (|state| state.arp = true, Doubt::Arp),
            (|state| state.ipv6 = true, Doubt::Ipv6),
            (|state| state.hooks.egress = Hook::Open, Doubt::EgressOpen),
            (
                |state| state.hooks.egress = Hook::Unknown,
                Doubt::EgressUnknown,
            ),
            (|state| state.hooks.ingress = Hook::Open, Doubt::HostListens),
            (
                |state| (state.sent, state.sent_by_file) = (6, Some(6)),
                Doubt::Sent(2),
            ),
            (
                |state| (state.sent, state.sent_by_file) = (1, None),
                Doubt::Sent(1),
            ),
            (|state| state.sent_by_file = Some(5), Doubt::Counters(4, 5)),
        ];
        for (change, doubt) in rows {
            let mut state = passive();
            change(&mut state);
            assert!(!doubt.to_string().is_empty());
            assert_eq!(watch.check(&state), [doubt]);
        }
    }
}
