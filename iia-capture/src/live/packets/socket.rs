//! The socket beneath a source: opened, bound and set, and from then on only read. Numbers are those of linux/if_packet.h.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use nix::sys::socket::sockopt::SocketError;
use nix::sys::socket::{
    AddressFamily, LinkAddr, SockFlag, SockProtocol, SockType, bind, getsockopt, setsockopt, socket,
};
use nix::{getsockopt_impl, setsockopt_impl, sockopt_impl};
use vm_memory::mmap::MmapRegionBuilder;
use vm_memory::{FileOffset, MmapRegion};

use super::block::RESERVED;
use super::{Fanout, Filter, Options};

sockopt_impl!(
    Version,
    SetOnly,
    libc::SOL_PACKET,
    libc::PACKET_VERSION,
    u32
);
sockopt_impl!(
    Reserve,
    SetOnly,
    libc::SOL_PACKET,
    libc::PACKET_RESERVE,
    u32
);
sockopt_impl!(
    RxRing,
    SetOnly,
    libc::SOL_PACKET,
    libc::PACKET_RX_RING,
    libc::tpacket_req3
);
sockopt_impl!(
    Statistics,
    GetOnly,
    libc::SOL_PACKET,
    libc::PACKET_STATISTICS,
    libc::tpacket_stats_v3
);
sockopt_impl!(
    IgnoreOutgoing,
    SetOnly,
    libc::SOL_PACKET,
    libc::PACKET_IGNORE_OUTGOING,
    u32
);
sockopt_impl!(
    AddMembership,
    SetOnly,
    libc::SOL_PACKET,
    libc::PACKET_ADD_MEMBERSHIP,
    libc::packet_mreq
);
sockopt_impl!(
    FanoutGroup,
    SetOnly,
    libc::SOL_PACKET,
    libc::PACKET_FANOUT,
    u32
);
sockopt_impl!(
    AttachFilter,
    SetOnly,
    libc::SOL_SOCKET,
    libc::SO_ATTACH_FILTER,
    libc::sock_fprog
);
sockopt_impl!(
    LockFilter,
    SetOnly,
    libc::SOL_SOCKET,
    libc::SO_LOCK_FILTER,
    u32
);

/// Bytes that a frame takes at least, as far as the kernel checks the sizes of a ring; frames are packed closer.
const FRAME_LEN: u32 = 2048;

/// An open socket that receives what one interface receives.
pub(super) struct Socket {
    file: Arc<File>,
}

impl Socket {
    /// Opens it and binds it. It hears of every interface before it is bound; what it heard until then goes when the ring is
    /// laid.
    pub(super) fn open(address: &LinkAddr) -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let protocol = SockProtocol::EthAll;
        let socket = socket(AddressFamily::Packet, SockType::Raw, flags, protocol)?;
        bind(socket.as_raw_fd(), address)?;
        Ok(Self {
            file: Arc::new(File::from(socket)),
        })
    }

    /// Sets it up and lays its ring.
    pub(super) fn ring(&self, index: i32, options: &Options) -> io::Result<MmapRegion> {
        if let Some(filter) = &options.filter {
            self.filter(filter)?;
        }
        setsockopt(&self.file, IgnoreOutgoing, &1)?;
        setsockopt(&self.file, Version, &2)?; // TPACKET_V3
        setsockopt(&self.file, Reserve, &(RESERVED as u32))?;
        self.dropped()?;
        let per_block = options.block_len / FRAME_LEN;
        let request = libc::tpacket_req3 {
            tp_block_size: options.block_len,
            tp_block_nr: options.blocks,
            tp_frame_size: FRAME_LEN,
            tp_frame_nr: per_block.saturating_mul(options.blocks),
            tp_retire_blk_tov: options.retire_ms,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        setsockopt(&self.file, RxRing, &request)?;
        let len = options.block_len as usize * options.blocks as usize;
        let region = MmapRegionBuilder::new(len)
            .with_file_offset(FileOffset::from_arc(Arc::clone(&self.file), 0))
            .with_mmap_prot(libc::PROT_READ | libc::PROT_WRITE)
            .with_mmap_flags(libc::MAP_SHARED)
            .build()
            .map_err(io::Error::other)?;
        if options.promiscuous {
            self.promiscuous(index)?;
        }
        if let Some(fanout) = options.fanout {
            self.fanout(fanout)?;
        }
        Ok(region)
    }

    /// The kernel copies the program and checks it; afterwards nobody can change it.
    fn filter(&self, filter: &Filter) -> io::Result<()> {
        let mut program: Vec<libc::sock_filter> = filter
            .instructions()
            .iter()
            .map(|one| libc::sock_filter {
                code: one.code,
                jt: one.jump_true,
                jf: one.jump_false,
                k: one.number,
            })
            .collect();
        let len = u16::try_from(program.len()).unwrap_or(u16::MAX);
        let filter = program.as_mut_ptr();
        setsockopt(&self.file, AttachFilter, &libc::sock_fprog { len, filter })?;
        setsockopt(&self.file, LockFilter, &1)?;
        Ok(())
    }

    fn promiscuous(&self, index: i32) -> io::Result<()> {
        let membership = libc::packet_mreq {
            mr_ifindex: index,
            mr_type: libc::PACKET_MR_PROMISC as u16,
            mr_alen: 0,
            mr_address: [0; 8],
        };
        Ok(setsockopt(&self.file, AddMembership, &membership)?)
    }

    fn fanout(&self, fanout: Fanout) -> io::Result<()> {
        let value = u32::from(fanout.group) | libc::PACKET_FANOUT_HASH << 16;
        Ok(setsockopt(&self.file, FanoutGroup, &value)?)
    }

    /// Packets that found no room since this was asked last; the kernel counts anew each time.
    pub(super) fn dropped(&self) -> io::Result<u32> {
        Ok(getsockopt(&self.file, Statistics)?.tp_drops)
    }

    /// What went wrong with it, such as an interface that was taken down.
    pub(super) fn error(&self) -> io::Error {
        match getsockopt(&self.file, SocketError) {
            Ok(0) => io::Error::other("the interface is gone"),
            Ok(number) => io::Error::from_raw_os_error(number),
            Err(error) => error.into(),
        }
    }

    pub(super) fn file(&self) -> &Arc<File> {
        &self.file
    }
}
