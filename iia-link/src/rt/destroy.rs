//! Sockets of other programs: the kernel is asked which TCP connections there are with a peer, and told to end them.
//!
//! A broker that goes on serving a revoked client is left no choice. Needs `CAP_NET_ADMIN` and a kernel with
//! `CONFIG_INET_DIAG_DESTROY`; the messages are those of `sock_diag(7)`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::fd::OwnedFd;
use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
};

use crate::LinkError;

/// Sockets that one call ends at most; a peer with more is named again.
pub const SOCKETS_MAX: usize = 4096;

const DUMP: u16 = 20;
const DESTROY: u16 = 21;
const REQUEST_ACK: u16 = 0x1 | 0x4;
const REQUEST_DUMP: u16 = 0x1 | 0x300;
const ERROR: u16 = 2;
const DONE: u16 = 3;
const TCP: u8 = 6;
/// Length of the header of a message, and of a request behind it.
const HEAD_LEN: usize = 16;
const ID_AT: usize = HEAD_LEN + 4;
/// Every state but closed, time-wait and listening: what ends with a peer.
const STATES: u32 = 0x0fff & !(1 << 7 | 1 << 6 | 1 << 10);
/// There is no such socket, or another has its name.
const NO_ENTRY: i32 = 2;
const STALE: i32 = 116;
/// Bytes of a socket's name: ports, addresses, interface, cookie.
pub const ID_LEN: usize = 48;

/// Whether the kernel would let us, and can.
///
/// # Errors
/// [`LinkError::Transport`] with what it says.
pub fn allowed() -> Result<(), LinkError> {
    // No socket has this name.
    end(&open()?, (2, &[0; ID_LEN])).map(|_| ())
}

/// Ends the TCP connections that this machine has with `peer`: those of one port of this machine, or all. Gives how
/// many.
///
/// # Errors
/// [`LinkError::Transport`] when the kernel does not let us, or cannot.
pub fn destroy(peer: IpAddr, local_port: Option<u16>) -> Result<usize, LinkError> {
    let fits = |found: &Found| {
        found.peer.ip() == peer && local_port.is_none_or(|port| port == found.local_port)
    };
    let netlink = open()?;
    let mut ended = 0;
    for found in find(&netlink, fits)? {
        // By the name that the kernel gave, cookie included: without it a listener could be meant.
        ended += usize::from(end(&netlink, (found.family, &found.id))?);
    }
    Ok(ended)
}

/// Ends every TCP connection to one port of this machine. Gives how many.
///
/// # Errors
/// As [`destroy`].
pub fn destroy_port(local_port: u16) -> Result<usize, LinkError> {
    let netlink = open()?;
    let mut ended = 0;
    for found in find(&netlink, |found| found.local_port == local_port)? {
        ended += usize::from(end(&netlink, (found.family, &found.id))?);
    }
    Ok(ended)
}

/// A socket as the kernel names it.
struct Found {
    family: u8,
    id: [u8; ID_LEN],
    local_port: u16,
    peer: SocketAddr,
}

impl Found {
    /// The far end of IPv4 in IPv6 is IPv4.
    fn of(family: u8, id: [u8; ID_LEN]) -> Self {
        let [a, b, c, d, ..] = id;
        let [
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            far @ ..,
        ] = id;
        let [e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, ..] = far;
        let ip = match family {
            2 => Ipv4Addr::from([e, f, g, h]).into(),
            _ => Ipv6Addr::from([e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t]).to_canonical(),
        };
        Self {
            family,
            id,
            local_port: u16::from_be_bytes([a, b]),
            peer: SocketAddr::new(ip, u16::from_be_bytes([c, d])),
        }
    }
}

fn open() -> Result<OwnedFd, LinkError> {
    let (kind, flags) = (SocketType::RAW, SocketFlags::CLOEXEC);
    let netlink =
        socket_with(AddressFamily::NETLINK, kind, flags, Some(SOCK_DIAG)).map_err(failed)?;
    let patience = Some(std::time::Duration::from_secs(5));
    set_socket_timeout(&netlink, Timeout::Recv, patience).map_err(failed)?;
    Ok(netlink)
}

fn find(netlink: &OwnedFd, fits: impl Fn(&Found) -> bool) -> Result<Vec<Found>, LinkError> {
    let mut found = Vec::new();
    let mut buffer = vec![0; 32 * 1024];
    // A socket of IPv6 may speak IPv4.
    for family in [2, 10] {
        ask(netlink, DUMP, REQUEST_DUMP, (family, &[0; ID_LEN]))?;
        loop {
            let (_, len) =
                recv(netlink, buffer.as_mut_slice(), RecvFlags::empty()).map_err(failed)?;
            let (told, done) = sockets(buffer.get(..len).unwrap_or_default())?;
            let room = SOCKETS_MAX - found.len();
            let told = told.into_iter().map(|id| Found::of(family, id));
            found.extend(told.filter(&fits).take(room));
            if done {
                break;
            }
        }
    }
    Ok(found)
}

/// Tells whether there was such a socket.
fn end(netlink: &OwnedFd, (family, id): (u8, &[u8; ID_LEN])) -> Result<bool, LinkError> {
    ask(netlink, DESTROY, REQUEST_ACK, (family, id))?;
    let mut buffer = [0; 1024];
    let (_, len) = recv(netlink, buffer.as_mut_slice(), RecvFlags::empty()).map_err(failed)?;
    let answer = buffer.get(..len).unwrap_or_default();
    match answer.get(HEAD_LEN..).and_then(<[u8]>::first_chunk) {
        Some(code) => match i32::from_ne_bytes(*code).checked_neg() {
            Some(0) => Ok(true),
            Some(NO_ENTRY | STALE) => Ok(false),
            Some(code) => Err(std::io::Error::from_raw_os_error(code).into()),
            None => Err(UNCLEAR),
        },
        None => Err(UNCLEAR),
    }
}

fn ask(
    netlink: &OwnedFd,
    kind: u16,
    flags: u16,
    (family, id): (u8, &[u8; ID_LEN]),
) -> Result<(), LinkError> {
    let mut message = Vec::with_capacity(72);
    message.extend_from_slice(&72u32.to_ne_bytes());
    message.extend_from_slice(&kind.to_ne_bytes());
    message.extend_from_slice(&flags.to_ne_bytes());
    message.extend_from_slice(&[0; 8]);
    message.extend_from_slice(&[family, TCP, 0, 0]);
    message.extend_from_slice(&STATES.to_ne_bytes());
    message.extend_from_slice(id);
    let kernel = SocketAddrNetlink::new(0, 0);
    sendto(netlink, &message, SendFlags::empty(), &kernel).map_err(failed)?;
    Ok(())
}

/// The sockets in a datagram of the kernel, and whether it is the last.
///
/// # Errors
/// [`LinkError::Transport`] when the kernel says so, or is not understood.
pub fn sockets(mut datagram: &[u8]) -> Result<(Vec<[u8; ID_LEN]>, bool), LinkError> {
    let mut found = Vec::new();
    while let Some(head) = datagram.first_chunk::<HEAD_LEN>() {
        let [a, b, c, d, e, f, ..] = *head;
        let len = u32::from_ne_bytes([a, b, c, d]) as usize;
        let message = datagram
            .get(..len)
            .filter(|_| len >= HEAD_LEN)
            .ok_or(UNCLEAR)?;
        match u16::from_ne_bytes([e, f]) {
            DONE => return Ok((found, true)),
            ERROR => {
                let code = message
                    .get(HEAD_LEN..)
                    .and_then(<[u8]>::first_chunk)
                    .ok_or(UNCLEAR)?;
                let code = i32::from_ne_bytes(*code).checked_neg().ok_or(UNCLEAR)?;
                return Err(std::io::Error::from_raw_os_error(code).into());
            }
            DUMP => {
                let id = message.get(ID_AT..).and_then(<[u8]>::first_chunk);
                found.push(*id.ok_or(UNCLEAR)?);
            }
            _ => {}
        }
        datagram = datagram.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok((found, false))
}

const UNCLEAR: LinkError = LinkError::Transport {
    kind: std::io::ErrorKind::InvalidData,
};

fn failed(error: rustix::io::Errno) -> LinkError {
    std::io::Error::from(error).into()
}
