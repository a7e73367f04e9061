//! The step after the rings stand: from then on this process can open no socket that reaches an interface beneath the firewall,
//! and cannot write to those it has. The firewall's rule on the way out does not see what a socket of AF_XDP sends, so that
//! this step is the other half of being passive.
//!
//! It takes every capability from the process, forbids it to gain any, and has the kernel refuse, to all its threads and to
//! whatever it starts
//! - sockets of AF_PACKET and AF_XDP, and `io_uring` and `io_submit`, which open and write to sockets without these calls;
//! - writing to the sockets of its sources, and making second descriptors of them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::mem;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use rustix::io::Errno;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set,
    clear_ambient_capability_set, remove_capability_from_bounding_set, set_capabilities,
    set_no_new_privs,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use super::packets::Source;

/// Sources that one process can have when it is confined, at most: the kernel's limit of a filter's length.
pub const SOURCES_MAX: usize = 16;
/// Threads of a process that are looked at, at most.
pub const THREADS_MAX: usize = 65_536;

/// Refused with any arguments: what opens and writes without the calls below, and what copies descriptors of a process.
const NEVER: [i64; 3] = [
    libc::SYS_io_uring_setup,
    libc::SYS_io_submit,
    libc::SYS_pidfd_getfd,
];
/// Families of sockets that reach an interface beneath the firewall.
const FAMILIES: [i32; 2] = [libc::AF_PACKET, libc::AF_XDP];
/// Calls that write to a descriptor or make a second one of it, and which argument it is.
const WRITES: [(i64, u8); 12] = [
    (libc::SYS_write, 0),
    (libc::SYS_writev, 0),
    (libc::SYS_pwrite64, 0),
    (libc::SYS_pwritev, 0),
    (libc::SYS_pwritev2, 0),
    (libc::SYS_sendto, 0),
    (libc::SYS_sendmsg, 0),
    (libc::SYS_sendmmsg, 0),
    (libc::SYS_sendfile, 0),
    (libc::SYS_splice, 2),
    (libc::SYS_dup, 0),
    (libc::SYS_dup3, 0),
];
const DUPLICATES: [i32; 2] = [libc::F_DUPFD, libc::F_DUPFD_CLOEXEC];

/// The process is confined: made only where the kernel said of each thread that it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Confined {
    threads: usize,
}

impl Confined {
    /// Threads that were looked at.
    pub const fn threads(self) -> usize {
        self.threads
    }
}

/// Confines this process for good. To be called once its sources are open and before it starts threads: capabilities are a
/// thread's own. At most [`SOURCES_MAX`] sources; their descriptors stay open until it ends, so that their numbers never mean something else.
///
/// # Errors
/// [`io::ErrorKind::PermissionDenied`] where another thread still has capabilities; what the kernel refuses; an architecture
/// that is not known here. Nothing that was taken is given back.
pub fn confine(sources: &[&Source]) -> io::Result<Confined> {
    if sources.len() > SOURCES_MAX {
        let text = "more sources than one process may have";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let descriptors: Vec<i32> = sources
        .iter()
        .map(|source| source.file().as_raw_fd())
        .collect();
    let program = program(&descriptors)?;
    for source in sources {
        mem::forget(Arc::clone(source.file()));
    }
    set_no_new_privs(true)?;
    let had = capabilities(None)?;
    for capability in CapabilitySet::all().iter() {
        leave_bounding_set(capability, &had)?;
    }
    clear_ambient_capability_set()?;
    set_capabilities(None, NONE)?;
    seccompiler::apply_filter_all_threads(&program).map_err(io::Error::other)?;
    let threads = threads()?;
    Ok(Confined { threads })
}

const NONE: CapabilitySets = CapabilitySets {
    effective: CapabilitySet::empty(),
    permitted: CapabilitySet::empty(),
    inheritable: CapabilitySet::empty(),
};

/// Without the right to lower the bounding set there is nothing to be gained from it: no privilege is gained by a start.
fn leave_bounding_set(capability: CapabilitySet, had: &CapabilitySets) -> io::Result<()> {
    match capability_is_in_bounding_set(capability) {
        // The kernel is older than the list of capabilities.
        Err(Errno::INVAL) | Ok(false) => Ok(()),
        Err(error) => Err(error.into()),
        Ok(true) if had.effective.contains(CapabilitySet::SETPCAP) => {
            Ok(remove_capability_from_bounding_set(capability)?)
        }
        Ok(true) => Ok(()),
    }
}

/// What the kernel refuses from now on, as the program that it runs at each call. A call of another architecture ends the
/// process.
fn program(descriptors: &[i32]) -> io::Result<BpfProgram> {
    let mut rules = BTreeMap::new();
    for call in NEVER {
        refuse(&mut rules, call, Vec::new());
    }
    let families: Result<Vec<_>, _> = FAMILIES
        .iter()
        .map(|family| rule(&[(0, *family)]))
        .collect();
    refuse(&mut rules, libc::SYS_socket, families?);
    for (call, argument) in WRITES {
        let each: Result<Vec<_>, _> = descriptors
            .iter()
            .map(|descriptor| rule(&[(argument, *descriptor)]))
            .collect();
        refuse_some(&mut rules, call, each?);
    }
    #[cfg(target_arch = "x86_64")]
    {
        let each: Result<Vec<_>, _> = descriptors
            .iter()
            .map(|descriptor| rule(&[(0, *descriptor)]))
            .collect();
        refuse_some(&mut rules, libc::SYS_dup2, each?);
    }
    let mut copies = Vec::new();
    for descriptor in descriptors {
        for command in DUPLICATES {
            copies.push(rule(&[(0, *descriptor), (1, command)])?);
        }
    }
    refuse_some(&mut rules, libc::SYS_fcntl, copies);
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let refusal = SeccompAction::Errno(libc::EPERM as u32);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refusal, arch);
    filter
        .and_then(BpfProgram::try_from)
        .map_err(io::Error::other)
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// No conditions: with any arguments. The same calls have second numbers where the kernel knows the x32 way of calling.
fn refuse(rules: &mut Rules, call: i64, conditions: Vec<SeccompRule>) {
    const X32: i64 = 0x4000_0000;
    if cfg!(target_arch = "x86_64") {
        rules.insert(call | X32, conditions.clone());
    }
    rules.insert(call, conditions);
}

/// Nothing is refused where there are no conditions.
fn refuse_some(rules: &mut Rules, call: i64, conditions: Vec<SeccompRule>) {
    if !conditions.is_empty() {
        refuse(rules, call, conditions);
    }
}

/// Arguments that must be these numbers. Descriptors and families are integers of 32 bits: the kernel looks at no more.
fn rule(arguments: &[(u8, i32)]) -> io::Result<SeccompRule> {
    let conditions: Result<Vec<_>, _> = arguments
        .iter()
        .map(|(index, number)| {
            let number = u64::from(number.cast_unsigned());
            SeccompCondition::new(*index, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, number)
        })
        .collect();
    conditions
        .and_then(SeccompRule::new)
        .map_err(io::Error::other)
}

/// Looks at every thread; answers how many there are.
fn threads() -> io::Result<usize> {
    let mut count = 0;
    for task in fs::read_dir("/proc/self/task")?.take(THREADS_MAX + 1) {
        let status = match fs::read_to_string(task?.path().join("status")) {
            Ok(status) => status,
            // It ended meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if !is_confined(&status) || count == THREADS_MAX {
            let text = "another thread still has capabilities: confine before threads are started";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        count += 1;
    }
    Ok(count)
}

/// What the kernel says of a thread: it has no capability, gains none and is filtered.
fn is_confined(status: &str) -> bool {
    let field = |name: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .map(str::trim)
    };
    let none = |name: &str| {
        field(name).is_some_and(|set| !set.is_empty() && set.bytes().all(|digit| digit == b'0'))
    };
    ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"]
        .into_iter()
        .all(none)
        && field("NoNewPrivs:") == Some("1")
        && field("Seccomp:") == Some("2")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_thread_without_any_right_is_confined() {
        let good = "Name:\tx\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n\
                    CapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";
        assert!(is_confined(good));
        for (from, to) in [
            ("CapPrm:\t0000000000000000", "CapPrm:\t0000000000002000"),
            ("CapEff:\t0000000000000000", "CapEff:\t"),
            ("CapAmb:\t0000000000000000\n", ""),
            ("NoNewPrivs:\t1", "NoNewPrivs:\t0"),
            ("Seccomp:\t2", "Seccomp:\t0"),
        ] {
            assert!(!is_confined(&good.replace(from, to)), "{to}");
        }
        assert!(!is_confined(""));
    }

    #[test]
    fn the_program_fits_what_the_kernel_takes() {
        let descriptors: Vec<i32> = (3..3 + SOURCES_MAX as i32).collect();
        assert!(program(&descriptors).unwrap().len() <= 4096);
        assert!(program(&[]).unwrap().len() > 8);
    }
}
