//! Who is at the other end of a Unix socket, as Linux says it: process, user, group, control group, program.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, Mutex, PoisonError};

use iia_core::digest::hex;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{getsockopt, sockopt};

use crate::jwt::Sha256;
use crate::workload::{Attested, Selector, WorkloadError};

/// Digests of programs that are remembered at most; beyond it all are forgotten and made again.
const DIGESTS_MAX: usize = 1024;
/// Largest program in bytes.
const PROGRAM_LEN_MAX: usize = 256 * 1024 * 1024;
/// Longest `/proc/PID/cgroup` that is read, in bytes.
const CGROUP_LEN_MAX: u64 = 8 * 1024;
/// Bytes that are read of a program at once.
const PART_LEN: usize = 64 * 1024;

/// The process at the other end of a socket; the kernel noted it when the connection was made.
#[derive(Debug)]
pub struct Peer {
    pid: i32,
    uid: u32,
    gid: u32,
    /// Refers to that process and no later one with its number.
    process: OwnedFd,
    /// The program's digest when it was first seen.
    first: Mutex<Option<String>>,
}

impl Peer {
    /// Asks the kernel who connected.
    ///
    /// # Errors
    /// [`WorkloadError::Unseen`] where it does not say: the process is of another namespace, or the kernel is older than
    /// Linux 6.5 and has no reference to a peer's process. [`WorkloadError::Gone`].
    pub fn of(socket: &impl AsFd) -> Result<Self, WorkloadError> {
        let unseen = |what| WorkloadError::Unseen { what };
        let who = getsockopt(socket, sockopt::PeerCredentials);
        let who = who.map_err(|_| unseen("who connected"))?;
        if who.pid() <= 0 {
            return Err(unseen("a process of another namespace"));
        }
        let process = getsockopt(socket, sockopt::PeerPidfd).map_err(|error| match error {
            nix::errno::Errno::ESRCH | nix::errno::Errno::EINVAL => WorkloadError::Gone,
            _ => unseen("the peer's process itself (SO_PEERPIDFD, Linux 6.5)"),
        })?;
        Ok(Self {
            pid: who.pid(),
            uid: who.uid(),
            gid: who.gid(),
            process,
            first: Mutex::new(None),
        })
    }

    /// The number of the process.
    pub const fn pid(&self) -> i32 {
        self.pid
    }

    /// The user that it ran as when it connected.
    pub const fn uid(&self) -> u32 {
        self.uid
    }

    /// The group that it ran as when it connected.
    pub const fn gid(&self) -> u32 {
        self.gid
    }

    /// The process itself still runs, so its number is not another's.
    fn check_alive(&self) -> Result<(), WorkloadError> {
        let mut wanted = [PollFd::new(self.process.as_fd(), PollFlags::POLLIN)];
        match poll(&mut wanted, PollTimeout::ZERO) {
            Ok(0) => Ok(()),
            _ => Err(WorkloadError::Gone),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pid, uid, gid) = (self.pid, self.uid, self.gid);
        write!(f, "process {pid} of user {uid} and group {gid}")
    }
}

/// Sees what a process is. Whoever else can, a container's runtime say, implements it beside [`LinuxAttestor`].
pub trait WorkloadAttestor: Send + Sync {
    /// What is seen of a process now; it is called again before each identity that goes out.
    ///
    /// # Errors
    /// [`WorkloadError`]: a process that cannot be seen has no identity.
    fn attest(&self, peer: &Peer) -> Result<Attested, WorkloadError>;
}

/// Sees user, group, control group and program in `/proc`.
#[derive(Debug, Default)]
pub struct LinuxAttestor {
    digests: Mutex<BTreeMap<Stamp, Arc<str>>>,
}

/// A file in one state: device, number, length, and when content and names last changed.
type Stamp = (u64, u64, u64, (i64, i64), (i64, i64));

impl WorkloadAttestor for LinuxAttestor {
    fn attest(&self, peer: &Peer) -> Result<Attested, WorkloadError> {
        let program = self.program(peer)?;
        let path = fs::read_link(format!("/proc/{}/exe", peer.pid));
        let cgroups = cgroups(peer.pid)?;
        // Whatever was read above was read of this process, if it is there still.
        peer.check_alive()?;
        check_same(peer, &program)?;
        let mut selectors = cgroups;
        selectors.extend([
            Selector::uid(peer.uid),
            Selector::gid(peer.gid),
            Selector::sha256(&program),
        ]);
        // A path of a stranger's choosing is no text for a log: escaped, and not without end.
        let path = path.unwrap_or_default();
        let path: String = path.to_string_lossy().escape_debug().take(256).collect();
        Ok(Attested {
            words: format!("{peer}, {path} sha256:{program}"),
            selectors: selectors.into_iter().collect(),
        })
    }
}

impl LinuxAttestor {
    /// The digest of the file that the process runs, whatever has become of its name since.
    fn program(&self, peer: &Peer) -> Result<Arc<str>, WorkloadError> {
        let file =
            File::open(format!("/proc/{}/exe", peer.pid)).map_err(|error| match error.kind() {
                ErrorKind::NotFound => WorkloadError::Gone,
                _ => unseen("the program"),
            })?;
        let before = stamp(&file)?;
        let lock = || self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&before) {
            return Ok(Arc::clone(known));
        }
        let digest: Arc<str> = digest(&file)?.into();
        if stamp(&file)? != before {
            return Err(WorkloadError::ProgramChanged);
        }
        let mut digests = lock();
        if digests.len() >= DIGESTS_MAX {
            digests.clear();
        }
        digests.insert(before, Arc::clone(&digest));
        Ok(digest)
    }
}

/// A process that runs another program than before is another workload.
fn check_same(peer: &Peer, program: &str) -> Result<(), WorkloadError> {
    let mut first = peer.first.lock().unwrap_or_else(PoisonError::into_inner);
    match first.get_or_insert_with(|| program.to_owned()) == program {
        true => Ok(()),
        false => Err(WorkloadError::ProgramChanged),
    }
}

fn stamp(file: &File) -> Result<Stamp, WorkloadError> {
    let data: Metadata = file.metadata().map_err(|_| unseen("the program"))?;
    let content = (data.mtime(), data.mtime_nsec());
    let names = (data.ctime(), data.ctime_nsec());
    Ok((data.dev(), data.ino(), data.len(), content, names))
}

fn digest(file: &File) -> Result<String, WorkloadError> {
    let (mut sha256, mut part) = (Sha256::new(), vec![0; PART_LEN]);
    let mut left = file.take(PROGRAM_LEN_MAX as u64 + 1);
    loop {
        let read = left.read(&mut part).map_err(|_| unseen("the program"))?;
        let Some(bytes) = part.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        sha256.update(bytes);
    }
    if left.limit() == 0 {
        return Err(WorkloadError::OverLimit {
            what: "bytes of a program",
            max: PROGRAM_LEN_MAX,
        });
    }
    Ok(hex(&sha256.finish()))
}

/// The control groups: one, or with version 1 one a controller.
fn cgroups(pid: i32) -> Result<Vec<Selector>, WorkloadError> {
    let mut text = String::new();
    let file = File::open(format!("/proc/{pid}/cgroup")).map_err(|_| WorkloadError::Gone)?;
    let read = file.take(CGROUP_LEN_MAX).read_to_string(&mut text);
    read.map_err(|_| unseen("the control group"))?;
    let path = |line: &str| line.splitn(3, ':').nth(2).map(Selector::cgroup);
    Ok(text.lines().filter_map(path).collect())
}

const fn unseen(what: &'static str) -> WorkloadError {
    WorkloadError::Unseen { what }
}
