//! Asks the kernel what [`crate::network::passive`] is told: over netlink, and by the files of processes. Anybody may ask; who
//! holds the sockets of another user is said to whoever may trace it.

mod ovsdb;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType};

pub use self::ovsdb::northbound;

use crate::network::passive::kernel::{self, End, Link, Packet};
use crate::network::passive::{Holder, Look};

/// How often an interface is looked at.
pub const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Descriptors that one search for holders looks at, at most.
pub const DESCRIPTORS_MAX: usize = 1 << 20;

/// Looks in a row after which holders that the kernel did not name are searched for again.
const SEARCH_EVERY: u32 = 50;
/// How long the kernel's answer is waited for; it comes at once.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Datagrams of one answer that are read at most.
const DATAGRAMS_MAX: usize = 4096;
const DATAGRAM_LEN_MAX: usize = 64 * 1024;
/// There is no such device.
const NO_DEVICE: i32 = 19;

/// Who looks at one interface.
pub struct Looks<F> {
    name: String,
    /// Whether a process is the one that is to hear.
    is_collector: F,
    /// What was searched for last, and what was found.
    asked: (Vec<u32>, u32),
    packets: BTreeMap<u32, Holder>,
    xdp: Vec<Holder>,
    looks: u32,
}

impl<F: Fn(u32) -> bool> Looks<F> {
    /// Looks at the interface of this name in the network of this process.
    pub const fn new(name: String, is_collector: F) -> Self {
        Self {
            name,
            is_collector,
            asked: (Vec::new(), 0),
            packets: BTreeMap::new(),
            xdp: Vec::new(),
            looks: 0,
        }
    }

    /// Looks once.
    ///
    /// # Errors
    /// What the kernel answers, other than that there is no such interface.
    pub fn look(&mut self) -> io::Result<Look> {
        let link = link(&self.name)?;
        let (packets, others) = packets()?;
        let table = fs::read_to_string("/proc/self/net/protocols")?;
        let xdp = kernel::xdp_sockets(&table).ok_or_else(unclear)?;
        let index = link.as_ref().map_or(0, |link| link.index);
        let there = |packet: &&Packet| packet.interface == 0 || packet.interface == index;
        let mut inodes: Vec<u32> = packets
            .iter()
            .filter(there)
            .map(|packet| packet.inode)
            .collect();
        inodes.sort_unstable();
        self.search((inodes, xdp));
        let held = |packet: Packet| {
            let holder = self.packets.get(&packet.inode);
            (packet, holder.cloned().unwrap_or(Holder::Untold))
        };
        Ok(Look {
            link,
            packets: packets.into_iter().map(held).collect(),
            others,
            xdp,
            xdp_holders: self.xdp.clone(),
        })
    }

    /// Searches for holders where there is something else to search for than before.
    fn search(&mut self, asked: (Vec<u32>, u32)) {
        self.looks = self.looks.wrapping_add(1);
        let has_all = asked.0.iter().all(|inode| self.packets.contains_key(inode)) && asked.1 == 0;
        let is_due = !has_all && self.looks.is_multiple_of(SEARCH_EVERY);
        if asked == self.asked && !is_due {
            return;
        }
        self.packets.clear();
        self.xdp.clear();
        self.asked = asked;
        if self.asked.0.is_empty() && self.asked.1 == 0 {
            return;
        }
        let network = fs::read_link("/proc/self/ns/net").ok();
        let mut left = DESCRIPTORS_MAX;
        for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let path = process.path();
            let pid = process
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            if let Some(pid) = pid
                && fs::read_link(path.join("ns/net")).ok() == network
            {
                self.search_process(pid, &path, &mut left);
            }
        }
    }

    fn search_process(&mut self, pid: u32, path: &Path, left: &mut usize) {
        let mut holds_xdp = false;
        for descriptor in fs::read_dir(path.join("fd"))
            .into_iter()
            .flatten()
            .flatten()
        {
            if *left == 0 {
                return;
            }
            *left -= 1;
            let Some(inode) = socket(&descriptor.path()) else {
                continue;
            };
            if self.asked.0.contains(&inode) {
                let holder = self.holder(pid, path);
                // The one that is to hear may hand its socket on; then whoever else holds it is named.
                let known = self.packets.entry(inode).or_insert_with(|| holder.clone());
                if *known == Holder::Collector {
                    *known = holder;
                }
            } else if self.asked.1 > 0 && !holds_xdp && is_xdp(&descriptor.path()) {
                holds_xdp = true;
                let holder = self.holder(pid, path);
                self.xdp.push(holder);
            }
        }
    }

    fn holder(&self, pid: u32, path: &Path) -> Holder {
        if (self.is_collector)(pid) {
            return Holder::Collector;
        }
        let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
        Holder::Process {
            pid,
            name: name.trim_end().to_owned(),
        }
    }
}

/// The inode of a descriptor that is a socket.
fn socket(path: &Path) -> Option<u32> {
    let target = fs::read_link(path).ok()?;
    let inode = target
        .to_str()?
        .strip_prefix("socket:[")?
        .strip_suffix(']')?;
    inode.parse().ok()
}

/// Whether it is one of AF_XDP, as the kernel's file system of sockets says.
fn is_xdp(path: &Path) -> bool {
    let mut name = [0; 32];
    let said = rustix::fs::getxattr(path, "system.sockprotoname", &mut name);
    said.is_ok_and(|len| name.get(..len) == Some(b"XDP\0"))
}

fn link(name: &str) -> io::Result<Option<Link>> {
    let request = kernel::ask_link(name).ok_or_else(unclear)?;
    let socket = ask(None, &request)?;
    let mut buffer = vec![0; DATAGRAM_LEN_MAX];
    match kernel::link(hear(&socket, &mut buffer)?) {
        Ok(link) => Ok(Some(link)),
        Err(End::Refused(NO_DEVICE)) => Ok(None),
        Err(end) => Err(refused(end)),
    }
}

fn packets() -> io::Result<(Vec<Packet>, u64)> {
    let socket = ask(Some(SOCK_DIAG), &kernel::ask_packets())?;
    let mut buffer = vec![0; DATAGRAM_LEN_MAX];
    let (mut told, mut others) = (Vec::new(), 0);
    for _ in 0..DATAGRAMS_MAX {
        match kernel::packets(hear(&socket, &mut buffer)?, &mut told, &mut others) {
            End::More => {}
            End::All => return Ok((told, others)),
            end => return Err(refused(end)),
        }
    }
    Err(unclear())
}

/// Each question has a socket of its own, so that no late answer is taken for another's.
fn ask(protocol: Option<Protocol>, request: &[u8]) -> io::Result<OwnedFd> {
    let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
    let socket = rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, protocol)?;
    set_socket_timeout(&socket, Timeout::Recv, Some(ANSWER_MAX))?;
    let kernel = SocketAddrNetlink::new(0, 0);
    rustix::net::sendto(&socket, request, SendFlags::empty(), &kernel)?;
    Ok(socket)
}

fn hear<'a>(socket: &OwnedFd, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let (_, len) = rustix::net::recv(socket, &mut *buffer, RecvFlags::TRUNC)?;
    // An answer that is longer than the room for it is cut.
    buffer.get(..len).ok_or_else(unclear)
}

fn refused(end: End) -> io::Error {
    match end {
        End::Refused(code) => io::Error::from_raw_os_error(code),
        _ => unclear(),
    }
}

fn unclear() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the kernel's answer is not understood",
    )
}
