//! Sources of the running kernel. Each is read and never asked for more than to be told; what the kernel could not hand over is
//! counted.

pub mod confine;
pub mod packets;
pub mod passive;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use iia_core::Timestamp;
use iia_core::event::Event;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType};

use crate::sensor::{Counts, DATAGRAM_LEN_MAX, Gaps, Notice, kernel_audit, lost, nflog};

/// The multicast group of the kernel's audit that reads, as a bit.
const READ_LOG: u32 = 1;

/// Which source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Audit,
    Packets,
}

/// A source that is read.
pub struct Reader {
    socket: OwnedFd,
    kind: Kind,
    buffer: Vec<u8>,
    gaps: Gaps,
    overruns: u64,
    counts: Counts,
}

impl Reader {
    /// The kernel's audit, beside whatever audit daemon there is. Needs the right to read it (`CAP_AUDIT_READ`).
    ///
    /// # Errors
    /// Those of the socket.
    pub fn audit() -> io::Result<Self> {
        let socket = open(netlink::AUDIT, READ_LOG)?;
        Ok(Self::of(socket, Kind::Audit))
    }

    /// Packets that rules of this network namespace log to `group`, of each at most `len` bytes. Needs the right to administer
    /// the network (`CAP_NET_ADMIN`).
    ///
    /// # Errors
    /// Those of the socket, and what the kernel answers.
    pub fn packets(group: u16, len: u32) -> io::Result<Self> {
        let socket = open(netlink::NETFILTER, 0)?;
        for request in nflog::bind(group, len) {
            rustix::net::send(&socket, &request, rustix::net::SendFlags::empty())?;
            let mut answer = [0u8; 512];
            let (read, _) = rustix::net::recv(&socket, &mut answer[..], RecvFlags::empty())?;
            acknowledged(answer.get(..read).unwrap_or_default())?;
        }
        Ok(Self::of(socket, Kind::Packets))
    }

    fn of(socket: OwnedFd, kind: Kind) -> Self {
        Self {
            socket,
            kind,
            buffer: vec![0; DATAGRAM_LEN_MAX],
            gaps: Gaps::default(),
            overruns: 0,
            counts: Counts::default(),
        }
    }

    /// Reads one datagram and gives what it holds; waits for it unless `wait` is false, and answers whether there was one.
    /// Numbers that are missing become an event of their own.
    ///
    /// # Errors
    /// Those of the socket.
    pub fn read(
        &mut self,
        (now, wait): (Timestamp, bool),
        mut take: impl FnMut(Event),
    ) -> io::Result<bool> {
        let flags = match wait {
            true => RecvFlags::empty(),
            false => RecvFlags::DONTWAIT,
        };
        let read = rustix::net::recv(&self.socket, &mut self.buffer[..], flags);
        let len = match read {
            Ok((len, _)) => len,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => return Ok(false),
            // The kernel had more than the socket holds: how many, the numbers say.
            Err(rustix::io::Errno::NOBUFS) => {
                self.overruns += 1;
                return Ok(true);
            }
            Err(error) => return Err(error.into()),
        };
        let (gaps, place) = (&mut self.gaps, self.kind.place());
        let mut each = |notice: Notice| {
            let missing = notice.serial.map_or(0, |serial| gaps.see(serial));
            if missing > 0 {
                take(lost(place, missing, now));
            }
            take(notice.event);
        };
        let datagram = self.buffer.get(..len).unwrap_or_default();
        let counts = match self.kind {
            Kind::Audit => kernel_audit::read(datagram, &mut each),
            Kind::Packets => nflog::read(datagram, now, &mut each),
        };
        self.counts.notices += counts.notices;
        self.counts.malformed += counts.malformed;
        Ok(true)
    }

    /// What became of the datagrams so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Events known to be lost.
    pub const fn lost(&self) -> u64 {
        self.gaps.lost()
    }

    /// How often the kernel had more than the socket holds.
    pub const fn overruns(&self) -> u64 {
        self.overruns
    }
}

impl AsFd for Reader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Kind {
    const fn place(self) -> &'static str {
        match self {
            Self::Audit => "kernel audit",
            Self::Packets => "logged packets",
        }
    }
}

fn open(protocol: rustix::net::Protocol, groups: u32) -> io::Result<OwnedFd> {
    let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
    let socket = rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, Some(protocol))?;
    rustix::net::bind(&socket, &SocketAddrNetlink::new(0, groups))?;
    Ok(socket)
}

/// An answer holds the kernel's error number, negative, or 0, behind its head.
fn acknowledged(answer: &[u8]) -> io::Result<()> {
    let code = answer.get(16..20).and_then(|code| code.try_into().ok());
    match code.map(i32::from_ne_bytes) {
        Some(0) => Ok(()),
        Some(code) => Err(io::Error::from_raw_os_error(code.saturating_neg())),
        None => Err(io::Error::other("the kernel's answer is cut short")),
    }
}
