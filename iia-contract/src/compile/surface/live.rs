//! What really listens: the kernel's own tables of sockets, held against the list.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{End, Open};
use crate::compile::policy::{Drift, Policy, joined};
use crate::topology::{L4, socket};

/// Sockets of one table at most.
const SOCKETS_MAX: usize = 65_536;

/// A socket that waits for others.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Socket {
    /// The transport.
    pub l4: L4,
    /// Where it waits; an unspecified address is every address.
    pub at: SocketAddr,
}

impl Display for Socket {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.l4.name(), self.at)
    }
}

/// Why a table of sockets cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// It is not what `/proc/net/tcp` and its neighbours look like.
    #[error("not a table of sockets")]
    Malformed,
    /// It has more than 65,536 sockets.
    #[error("more than {SOCKETS_MAX} sockets")]
    TooMany,
}

impl iia_core::code::Coded for SocketError {
    fn code(&self) -> iia_core::code::Code {
        match self {
            Self::Malformed => iia_core::code::Code::new("CON", 21),
            Self::TooMany => iia_core::code::Code::new("CON", 421),
        }
    }
}

/// State LISTEN of TCP, and of a UDP socket that is connected to nobody (`include/net/tcp_states.h`).
const WAITING: [(L4, &str); 2] = [(L4::Tcp, "0A"), (L4::Udp, "07")];

/// The sockets of one table, such as `/proc/net/tcp6`, that wait for others (proc(5); the box is little-endian).
///
/// # Errors
/// [`SocketError`].
pub fn sockets(l4: L4, table: &str) -> Result<Vec<Socket>, SocketError> {
    let (head, rows) = table.split_once('\n').ok_or(SocketError::Malformed)?;
    if !head.contains("local_address") {
        return Err(SocketError::Malformed);
    }
    let mut found = Vec::new();
    for row in rows.lines() {
        let mut words = row.split_whitespace().skip(1);
        let (Some(local), Some(_), Some(state)) = (words.next(), words.next(), words.next()) else {
            return Err(SocketError::Malformed);
        };
        if WAITING.contains(&(l4, state)) {
            let at = address(local).ok_or(SocketError::Malformed)?;
            found.push(Socket { l4, at });
        }
        if found.len() > SOCKETS_MAX {
            return Err(SocketError::TooMany);
        }
    }
    Ok(found)
}

/// `0100007F:0277`: each word of 32 bits in the order of the machine, the port in that of the network.
fn address(text: &str) -> Option<SocketAddr> {
    let (addr, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| {
        let digits = addr.get(at * 8..at * 8 + 8)?;
        u32::from_str_radix(digits, 16).ok().map(u32::swap_bytes)
    };
    let addr = match addr.len() {
        8 => IpAddr::V4(Ipv4Addr::from_bits(word(0)?)),
        32 => {
            let bits =
                (0..4).try_fold(0, |bits: u128, at| Some(bits << 32 | u128::from(word(at)?)));
            IpAddr::V6(Ipv6Addr::from_bits(bits?)).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(addr, port))
}

/// How what listens differs from the list: listeners that are not in it, and contracted ones that are not there.
pub fn against(list: &Policy<Open>, live: &[Socket]) -> Vec<Drift> {
    let listening = |open: &&Open| open.end == End::Listen;
    let listed = |socket: &Socket| {
        let mut places = list.allowed.keys().filter(listening);
        places.any(|open| is_at(socket, &open.place))
    };
    let others = live.iter().filter(|socket| !listed(socket));
    let surplus = others.map(|socket| Drift::Surplus {
        what: what(socket, list),
    });
    let due = list.allowed.iter().filter(|(open, contracts)| {
        listening(open) && !contracts.is_empty() && !answers(&open.place, live)
    });
    let missing = due.map(|(open, contracts)| Drift::Missing {
        what: format!("{open} ({})", joined(contracts)),
    });
    surplus.chain(missing).collect()
}

/// Whether somebody listens at a place, or everywhere at its port. The kernel has no such table for SCTP, so that
/// nothing is missed there.
fn answers(place: &str, live: &[Socket]) -> bool {
    self::socket(place).is_none_or(|(l4, addr, port)| {
        let same = |ip: IpAddr| ip == addr || ip.is_unspecified();
        let mut all = live.iter();
        l4 == L4::Sctp || all.any(|one| (one.l4, one.at.port()) == (l4, port) && same(one.at.ip()))
    })
}

fn is_at(socket: &Socket, place: &str) -> bool {
    let anywhere = || format!("{}/{}", socket.l4.name(), socket.at.port());
    self::socket(place) == Some((socket.l4, socket.at.ip(), socket.at.port()))
        || place == anywhere()
}

/// A socket in words; who listens everywhere although one address is in the list, is told so.
fn what(socket: &Socket, list: &Policy<Open>) -> String {
    let same = |open: &&Open| {
        let place = self::socket(&open.place);
        open.end == End::Listen
            && place.is_some_and(|(l4, _, port)| (l4, port) == (socket.l4, socket.at.port()))
    };
    match list.allowed.keys().find(same) {
        Some(open) if socket.at.ip().is_unspecified() => {
            format!("a listener on {socket}, every address; {open} only")
        }
        _ => format!("a listener on {socket}"),
    }
}
