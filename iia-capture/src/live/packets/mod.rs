//! Packets of a live interface, through the ring that the kernel fills (AF_PACKET, TPACKET_V3). A source receives and has no way
//! to send: it has no such method and gives its socket to nobody. How a process is kept from sending by other ways is
//! [`confine`](super::confine)'s.

mod block;
mod filter;
mod socket;

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{LinkAddr, SockaddrLike as _};
use vm_memory::{Bytes, MmapRegion, VolatileMemory};

pub use filter::{Filter, INSTRUCTIONS_MAX, Instruction};

use crate::source::{LinkType, Packet};
use block::Found;
use socket::Socket;

/// Bytes of a ring at most.
pub const RING_LEN_MAX: u64 = 1 << 30;
/// Bytes of a block at least: the largest frame that the kernel puts together fits.
pub const BLOCK_LEN_MIN: u32 = 128 * 1024;

/// How a source is opened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// Bytes of a block: a power of two, at least [`BLOCK_LEN_MIN`].
    pub block_len: u32,
    /// Blocks of the ring; with their length at most [`RING_LEN_MAX`].
    pub blocks: u32,
    /// Milliseconds after which the kernel hands over a block that is not full: how late a packet is told at most.
    pub retire_ms: u32,
    /// Whether the interface is to take frames that are for others too, as one at a mirror port must.
    pub promiscuous: bool,
    /// The group of sources that share the interface.
    pub fanout: Option<Fanout>,
    /// Which packets are wanted; all without one.
    pub filter: Option<Filter>,
}

impl Default for Options {
    /// 64 blocks of 256 KiB, handed over after 20 ms, everything that comes in. A block of this size stays in the cache while it
    /// is read.
    fn default() -> Self {
        Self {
            block_len: 256 * 1024,
            blocks: 64,
            retire_ms: 20,
            promiscuous: true,
            fanout: None,
            filter: None,
        }
    }
}

/// Sources of one group share what comes in by flow: both directions of a connection go to the same one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fanout {
    /// The group's number in this network namespace.
    pub group: u16,
}

/// What became of the packets so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Handed over.
    pub packets: u64,
    /// For which the ring had no room.
    pub dropped: u64,
    /// Blocks that did not hold what their heads said.
    pub malformed: u64,
}

/// A source of packets of one interface.
pub struct Source {
    socket: Socket,
    region: MmapRegion,
    block_len: usize,
    blocks: usize,
    current: usize,
    link: LinkType,
    /// A copy of the block that is being read; the kernel has its own back already.
    copy: Vec<u8>,
    found: Vec<Found>,
    counts: Counts,
}

/// Packets that were handed over together.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Packets for which the ring had no room since the batch before.
    pub dropped: u64,
    link: LinkType,
    bytes: &'a [u8],
    found: &'a [Found],
}

impl Source {
    /// Opens the interface. Needs the right to raw sockets (`CAP_NET_RAW`), which nothing here needs again.
    ///
    /// # Errors
    /// Those of the socket; [`io::ErrorKind::NotFound`] where there is no such interface, [`io::ErrorKind::Unsupported`] where its
    /// frames are of another kind than Ethernet or raw IP, [`io::ErrorKind::InvalidInput`] for sizes that are none of a ring.
    pub fn open(interface: &str, options: &Options) -> io::Result<Self> {
        sizes(options)?;
        let address = address(interface)?;
        let link = link(address.hatype())?;
        let index = i32::try_from(address.ifindex()).map_err(io::Error::other)?;
        let socket = Socket::open(&address)?;
        let region = socket.ring(index, options)?;
        let block_len = options.block_len as usize;
        Ok(Self {
            socket,
            region,
            block_len,
            blocks: options.blocks as usize,
            current: 0,
            link,
            copy: vec![0; block_len],
            found: Vec::new(),
            counts: Counts::default(),
        })
    }

    /// The next packets, waiting for them as long as this; `None` when none came.
    ///
    /// # Errors
    /// Those of the socket, such as an interface that was taken down; what was received before was handed over.
    pub fn next(&mut self, wait: Duration) -> io::Result<Option<Batch<'_>>> {
        if !self.is_ready() && !self.wait(wait)? {
            return Ok(None);
        }
        self.take()?;
        let dropped = u64::from(self.socket.dropped()?);
        self.counts.dropped += dropped;
        self.counts.packets += self.found.len() as u64;
        Ok(Some(Batch {
            dropped,
            link: self.link,
            bytes: &self.copy,
            found: &self.found,
        }))
    }

    /// What became of the packets up to the last batch.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// What the frames of this interface begin with.
    pub const fn link(&self) -> LinkType {
        self.link
    }

    /// For the step that keeps the process from writing to it.
    pub(super) fn file(&self) -> &Arc<File> {
        self.socket.file()
    }

    fn at(&self) -> usize {
        self.current * self.block_len
    }

    fn is_ready(&self) -> bool {
        let ring = self.region.as_volatile_slice();
        let status = ring.load::<u32>(self.at() + block::STATUS_AT, Ordering::Acquire);
        status.is_ok_and(|status| status & block::OURS != 0)
    }

    /// Waits until the kernel hands over a block; answers whether it did.
    fn wait(&self, wait: Duration) -> io::Result<bool> {
        let timeout = PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX);
        let wanted = PollFlags::POLLIN | PollFlags::POLLERR;
        let mut one = [PollFd::new(self.socket.file().as_fd(), wanted)];
        match poll(&mut one, timeout) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let failed = one
            .iter()
            .filter_map(PollFd::revents)
            .any(|events| events.contains(PollFlags::POLLERR));
        match (self.is_ready(), failed) {
            (false, true) => Err(self.socket.error()),
            (ready, _) => Ok(ready),
        }
    }

    /// Copies the block, gives it back to the kernel and reads the copy.
    fn take(&mut self) -> io::Result<()> {
        let (at, ring) = (self.at(), self.region.as_volatile_slice());
        let used = ring.load::<u32>(at + block::USED_AT, Ordering::Relaxed);
        let used = used.map_err(io::Error::other)? as usize;
        let used = used.clamp(block::HEAD_LEN, self.block_len);
        let copy = self.copy.get_mut(..used).unwrap_or_default();
        ring.read_slice(copy, at).map_err(io::Error::other)?;
        ring.store(block::KERNELS, at + block::STATUS_AT, Ordering::Release)
            .map_err(io::Error::other)?;
        self.current = (self.current + 1) % self.blocks;
        let tagged = self.link == LinkType::ETHERNET;
        let whole = block::frames(copy, tagged, &mut self.found);
        self.counts.malformed += u64::from(!whole);
        Ok(())
    }
}

impl<'a> Batch<'a> {
    /// The packets in the order in which they came.
    pub fn packets(&self) -> impl Iterator<Item = Packet<'a>> + use<'a> {
        let (link, bytes) = (self.link, self.bytes);
        self.found.iter().map(move |one| Packet {
            ts: one.ts,
            link,
            orig_len: one.orig_len,
            data: bytes
                .get(one.start..one.start + one.len)
                .unwrap_or_default(),
        })
    }

    /// How many.
    pub const fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

fn sizes(options: &Options) -> io::Result<()> {
    let len = u64::from(options.block_len) * u64::from(options.blocks);
    let sound = options.block_len.is_power_of_two()
        && options.block_len >= BLOCK_LEN_MIN
        && (1..=RING_LEN_MAX).contains(&len);
    if !sound {
        let text = "blocks of a ring are a power of two, large enough, and not too many";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Ok(())
}

/// The address of an interface's link, as the system lists it.
fn address(interface: &str) -> io::Result<LinkAddr> {
    let address = nix::ifaddrs::getifaddrs()?
        .filter(|one| one.interface_name == interface)
        .filter_map(|one| one.address)
        .filter(|address| address.family() == Some(nix::sys::socket::AddressFamily::Packet))
        .find_map(|address| address.as_link_addr().copied());
    address.ok_or_else(|| {
        let text = format!("no interface {interface}");
        io::Error::new(io::ErrorKind::NotFound, text)
    })
}

/// A device without a head of its own before IP.
const RAW_IP: u16 = 519;

/// What the frames of a kind of device begin with (linux/if_arp.h).
fn link(device: u16) -> io::Result<LinkType> {
    match device {
        libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => Ok(LinkType::ETHERNET),
        libc::ARPHRD_NONE | RAW_IP => Ok(LinkType::RAW),
        other => {
            let text = format!("an interface of kind {other}, neither Ethernet nor raw IP");
            Err(io::Error::new(io::ErrorKind::Unsupported, text))
        }
    }
}
