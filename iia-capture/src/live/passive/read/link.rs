//! What the kernel says of an interface over route netlink (RFC 3549; linux/rtnetlink.h, linux/if_link.h).

use std::io;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

use crate::sensor::netlink::{Message, attributes, demand, messages, request};

const NEW_LINK: u16 = 16;
const GET_LINK: u16 = 18;
const NEW_ADDRESS: u16 = 20;
const GET_ADDRESS: u16 = 22;
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// The request asks for everything of its kind.
const DUMP: u16 = 0x300;

/// Flags of an interface (linux/if.h).
const UP: u32 = 1;
const NO_ARP: u32 = 1 << 7;
const PROMISCUOUS: u32 = 1 << 8;

/// Addresses of an interface that are told at most.
pub const ADDRESSES_MAX: usize = 64;
/// How long the kernel's answer is waited for; it comes at once.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Datagrams of one answer that are read at most.
const ANSWERS_MAX: usize = 4096;

/// What was said.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::live::passive) struct Said {
    pub(in crate::live::passive) index: u32,
    pub(in crate::live::passive) up: bool,
    pub(in crate::live::passive) arp: bool,
    pub(in crate::live::passive) promiscuous: bool,
    pub(in crate::live::passive) ipv6: bool,
    pub(in crate::live::passive) sent: u64,
    pub(in crate::live::passive) received: u64,
    pub(in crate::live::passive) addresses: Vec<IpAddr>,
}

/// Asks for an interface and its addresses. Anybody may.
pub(in crate::live::passive) fn ask(interface: &str) -> io::Result<Said> {
    let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
    let flags = SocketFlags::CLOEXEC; // the family's first protocol is that of routes
    let socket = rustix::net::socket_with(family, kind, flags, None)?;
    rustix::net::bind(&socket, &SocketAddrNetlink::new(0, 0))?;
    set_socket_timeout(&socket, Timeout::Recv, Some(ANSWER_MAX))?;
    let mut said = None;
    let mut payload = vec![0; 16];
    payload.extend_from_slice(&named(interface)?);
    answers(&socket, &request(GET_LINK, &payload), |message| {
        if message.kind == NEW_LINK {
            said = link(message.payload);
        }
    })?;
    let mut said = said.ok_or_else(|| io::Error::other("the kernel's answer is cut short"))?;
    let index = said.index;
    let mut addresses = Vec::new();
    answers(&socket, &demand(GET_ADDRESS, DUMP, &[0; 8]), |message| {
        if message.kind == NEW_ADDRESS && addresses.len() < ADDRESSES_MAX {
            addresses.extend(address(message.payload, index));
        }
    })?;
    said.addresses = addresses;
    Ok(said)
}

/// The attribute that names an interface.
fn named(interface: &str) -> io::Result<Vec<u8>> {
    const NAME: u16 = 3;
    let len = u16::try_from(4 + interface.len() + 1).map_err(io::Error::other)?;
    let mut bytes = [len.to_ne_bytes(), NAME.to_ne_bytes()].concat();
    bytes.extend_from_slice(interface.as_bytes());
    bytes.push(0);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    Ok(bytes)
}

/// Sends a request and gives what is answered, until the kernel says that this was all.
fn answers(socket: &OwnedFd, request: &[u8], mut take: impl FnMut(Message<'_>)) -> io::Result<()> {
    rustix::net::send(socket, request, SendFlags::empty())?;
    let mut buffer = vec![0; 64 * 1024];
    for _ in 0..ANSWERS_MAX {
        let (len, _) = rustix::net::recv(socket, &mut buffer[..], RecvFlags::empty())?;
        let (mut over, mut code) = (false, 0);
        messages(buffer.get(..len).unwrap_or_default(), |message| {
            let number = message.payload.first_chunk().copied();
            match message.kind {
                ERROR => (over, code) = (true, i32::from_ne_bytes(number.unwrap_or_default())),
                DONE => over = true,
                _ => take(message),
            }
        });
        match (over, code) {
            (false, _) => {}
            (true, 0) => return Ok(()),
            (true, code) => return Err(io::Error::from_raw_os_error(code.saturating_neg())),
        }
    }
    Err(io::Error::other("the kernel's answer has no end"))
}

/// The interface of a message.
fn link(payload: &[u8]) -> Option<Said> {
    const STATISTICS: u16 = 23;
    const FAMILIES: u16 = 26;
    let flags = word(payload, 8)?;
    let mut said = Said {
        index: word(payload, 4)?,
        up: flags & UP != 0,
        arp: flags & NO_ARP == 0,
        promiscuous: flags & PROMISCUOUS != 0,
        ..Said::default()
    };
    let mut counted = None;
    attributes(payload.get(16..)?, |kind, value| match kind {
        STATISTICS => counted = counters(value),
        FAMILIES => said.ipv6 |= speaks_ipv6(value).unwrap_or(true),
        _ => {}
    })?;
    (said.received, said.sent) = counted?;
    Some(said)
}

/// Frames received and sent since the interface is there.
fn counters(value: &[u8]) -> Option<(u64, u64)> {
    let (received, rest) = value.split_first_chunk()?;
    let (sent, _) = rest.split_first_chunk()?;
    Some((u64::from_ne_bytes(*received), u64::from_ne_bytes(*sent)))
}

/// Whether IPv6 is there and not disabled; `None` when the kernel does not say.
fn speaks_ipv6(families: &[u8]) -> Option<bool> {
    const INET6: u16 = 10;
    const SETTINGS: u16 = 2;
    /// Its place among the settings (linux/ipv6.h).
    const DISABLED: usize = 26;
    let mut speaks = Some(false);
    attributes(families, |family, value| {
        if family != INET6 {
            return;
        }
        let mut disabled = None;
        let _cut = attributes(value, |kind, settings| {
            if kind == SETTINGS {
                disabled = word(settings, 4 * DISABLED);
            }
        });
        speaks = disabled.map(|disabled| disabled == 0);
    })?;
    speaks
}

/// The address of a message, where it is one of this interface.
fn address(payload: &[u8], index: u32) -> Option<IpAddr> {
    const ADDRESS: u16 = 1;
    const LOCAL: u16 = 2;
    if word(payload, 4)? != index {
        return None;
    }
    let (mut address, mut local) = (None, None);
    attributes(payload.get(8..)?, |kind, value| match kind {
        ADDRESS => address = ip(value),
        LOCAL => local = ip(value),
        _ => {}
    })?;
    local.or(address)
}

fn ip(value: &[u8]) -> Option<IpAddr> {
    match value.len() {
        4 => Some(IpAddr::from(<[u8; 4]>::try_from(value).ok()?)),
        16 => Some(IpAddr::from(<[u8; 16]>::try_from(value).ok()?)),
        _ => None,
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let (word, _) = bytes.get(at..)?.split_first_chunk()?;
    Some(u32::from_ne_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = ((4 + value.len()) as u16).to_ne_bytes().to_vec();
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn message(flags: u32, disabled: u32) -> Vec<u8> {
        let mut settings = vec![0; 4 * 30];
        settings[104..108].copy_from_slice(&disabled.to_ne_bytes());
        let family = attribute(10, &attribute(2, &settings));
        let mut counters = 8u64.to_ne_bytes().to_vec();
        counters.extend_from_slice(&3u64.to_ne_bytes());
        counters.resize(200, 0);
        let mut bytes = vec![0, 0, 1, 0];
        bytes.extend_from_slice(&7u32.to_ne_bytes());
        bytes.extend_from_slice(&flags.to_ne_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&attribute(23, &counters));
        bytes.extend_from_slice(&attribute(26, &family));
        bytes
    }

    #[test]
    fn flags_counters_and_settings_are_read() {
        let said = link(&message(UP | NO_ARP, 1)).unwrap();
        let want = Said {
            index: 7,
            up: true,
            sent: 3,
            received: 8,
            ..Said::default()
        };
        assert_eq!(said, want);
        let said = link(&message(PROMISCUOUS, 0)).unwrap();
        assert!(said.arp && said.ipv6 && said.promiscuous && !said.up);
    }

    #[test]
    fn what_is_cut_or_bent_says_nothing_or_what_stands_there() {
        let whole = message(UP, 1);
        for cut in 0..whole.len() {
            let said = link(&whole[..cut]);
            assert!(said.is_none_or(|said| said.index == 7), "{cut}");
        }
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let _any = link(&bytes);
        }
    }

    #[test]
    fn only_addresses_of_the_interface_count() {
        let of = |index: u32| {
            let mut bytes = vec![2, 24, 0, 0];
            bytes.extend_from_slice(&index.to_ne_bytes());
            bytes.extend_from_slice(&attribute(1, &[10, 0, 0, 255]));
            bytes.extend_from_slice(&attribute(2, &[10, 0, 0, 1]));
            bytes
        };
        assert_eq!(address(&of(7), 7), Some(IpAddr::from([10, 0, 0, 1])));
        assert_eq!(address(&of(8), 7), None);
    }
}
