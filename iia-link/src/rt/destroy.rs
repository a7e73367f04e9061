//! Sockets of other programs: the kernel is asked which TCP connections there are with a peer, and told to end them.
//!
//! A broker that goes on serving a revoked client is left no choice. Needs `CAP_NET_ADMIN` and a kernel with
//! `CONFIG_INET_DIAG_DESTROY`; the messages are those of `sock_diag(7)`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::fd::OwnedFd;
use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};

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
const NO_ENTRY: i32 = 2;

/// Ends the TCP connections that this machine has with `peer`: those to or from one port of this machine, or all. Gives
/// how many.
///
/// # Errors
/// [`LinkError::Transport`] when the kernel does not let us, or cannot.
pub fn destroy(peer: IpAddr, local_port: Option<u16>) -> Result<usize, LinkError> {
    let netlink = open()?;
    let mut ended = 0;
    for found in find(&netlink, peer, local_port)? {
        ended += usize::from(end(&netlink, &found)?);
    }
    Ok(ended)
}

/// Ends one TCP connection of this machine, by its ends. Tells whether there was one.
///
/// # Errors
/// [`LinkError::Transport`] when the kernel does not let us, or cannot.
pub fn destroy_one(local: SocketAddr, peer: SocketAddr) -> Result<bool, LinkError> {
    let family = family(peer.ip());
    let mut id = Vec::with_capacity(48);
    id.extend_from_slice(&local.port().to_be_bytes());
    id.extend_from_slice(&peer.port().to_be_bytes());
    put_addr(&mut id, local.ip());
    put_addr(&mut id, peer.ip());
    id.extend_from_slice(&[0; 4]);
    // No cookie: whichever socket has these ends.
    id.extend_from_slice(&[0xff; 8]);
    end(&open()?, &Found { family, id })
}

/// A socket as the kernel names it.
struct Found {
    family: u8,
    id: Vec<u8>,
}

fn open() -> Result<OwnedFd, LinkError> {
    let (kind, flags) = (SocketType::RAW, SocketFlags::CLOEXEC);
    let netlink = socket_with(AddressFamily::NETLINK, kind, flags, Some(SOCK_DIAG)).map_err(failed)?;
    let patience = Some(std::time::Duration::from_secs(5));
    set_socket_timeout(&netlink, Timeout::Recv, patience).map_err(failed)?;
    Ok(netlink)
}

fn find(netlink: &OwnedFd, peer: IpAddr, local_port: Option<u16>) -> Result<Vec<Found>, LinkError> {
    let mut found = Vec::new();
    // A socket of IPv6 may speak IPv4.
    for family in [2, 10] {
        ask(netlink, DUMP, REQUEST_DUMP, (family, STATES, &[0; 48]))?;
        loop {
            let mut buffer = vec![0; 32 * 1024];
            let (_, len) = recv(netlink, buffer.as_mut_slice(), RecvFlags::empty()).map_err(failed)?;
            let (told, done) = sockets(buffer.get(..len).unwrap_or_default())?;
            let fits = told.into_iter().filter(|id| {
                let port = id.first_chunk().map(|port| u16::from_be_bytes(*port));
                remote(family, id) == Some(peer) && (local_port.is_none() || port == local_port)
            });
            let room = SOCKETS_MAX - found.len();
            found.extend(fits.take(room).map(|id| Found { family, id }));
            if done {
                break;
            }
        }
    }
    Ok(found)
}

fn end(netlink: &OwnedFd, found: &Found) -> Result<bool, LinkError> {
    ask(netlink, DESTROY, REQUEST_ACK, (found.family, STATES, &found.id))?;
    let mut buffer = [0; 1024];
    let (_, len) = recv(netlink, buffer.as_mut_slice(), RecvFlags::empty()).map_err(failed)?;
    let answer = buffer.get(..len).unwrap_or_default();
    match answer.get(HEAD_LEN..).and_then(<[u8]>::first_chunk) {
        Some(code) => match i32::from_ne_bytes(*code) {
            0 => Ok(true),
            code if code == -NO_ENTRY => Ok(false),
            code => Err(std::io::Error::from_raw_os_error(-code).into()),
        },
        None => Err(UNCLEAR),
    }
}

fn ask(
    netlink: &OwnedFd,
    kind: u16,
    flags: u16,
    (family, states, id): (u8, u32, &[u8]),
) -> Result<(), LinkError> {
    let mut message = Vec::with_capacity(72);
    message.extend_from_slice(&72u32.to_ne_bytes());
    message.extend_from_slice(&kind.to_ne_bytes());
    message.extend_from_slice(&flags.to_ne_bytes());
    message.extend_from_slice(&[0; 8]);
    message.extend_from_slice(&[family, TCP, 0, 0]);
    message.extend_from_slice(&states.to_ne_bytes());
    message.extend_from_slice(id);
    let kernel = SocketAddrNetlink::new(0, 0);
    sendto(netlink, &message, SendFlags::empty(), &kernel).map_err(failed)?;
    Ok(())
}

/// The sockets in a datagram of the kernel, and whether it is the last.
///
/// # Errors
/// [`LinkError::Transport`] when the kernel says so, or is not understood.
pub fn sockets(mut datagram: &[u8]) -> Result<(Vec<Vec<u8>>, bool), LinkError> {
    let mut found = Vec::new();
    while let Some(head) = datagram.first_chunk::<HEAD_LEN>() {
        let [a, b, c, d, e, f, ..] = *head;
        let len = u32::from_ne_bytes([a, b, c, d]) as usize;
        let message = datagram.get(..len).filter(|_| len >= HEAD_LEN).ok_or(UNCLEAR)?;
        match u16::from_ne_bytes([e, f]) {
            DONE => return Ok((found, true)),
            ERROR => {
                let code = message.get(HEAD_LEN..).and_then(<[u8]>::first_chunk).ok_or(UNCLEAR)?;
                let code = i32::from_ne_bytes(*code).checked_neg().ok_or(UNCLEAR)?;
                return Err(std::io::Error::from_raw_os_error(code).into());
            }
            DUMP => {
                let id = message.get(ID_AT..ID_AT + 48).ok_or(UNCLEAR)?;
                found.push(id.to_vec());
            }
            _ => {}
        }
        datagram = datagram.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok((found, false))
}

/// The far end of a socket: IPv4 in IPv6 is IPv4.
fn remote(family: u8, id: &[u8]) -> Option<IpAddr> {
    let far = id.get(20..36)?;
    Some(match family {
        2 => IpAddr::V4(Ipv4Addr::from(*far.first_chunk::<4>()?)),
        _ => IpAddr::V6(Ipv6Addr::from(*far.first_chunk::<16>()?)).to_canonical(),
    })
}

const fn family(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(_) => 2,
        IpAddr::V6(_) => 10,
    }
}

fn put_addr(id: &mut Vec<u8>, ip: IpAddr) {
    let mut bytes = [0; 16];
    match ip {
        IpAddr::V4(ip) => bytes.iter_mut().zip(ip.octets()).for_each(|(to, from)| *to = from),
        IpAddr::V6(ip) => bytes = ip.octets(),
    }
    id.extend_from_slice(&bytes);
}

const UNCLEAR: LinkError = LinkError::Transport {
    kind: std::io::ErrorKind::InvalidData,
};

fn failed(error: rustix::io::Errno) -> LinkError {
    std::io::Error::from(error).into()
}
