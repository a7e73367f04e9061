//! After the privilege step the process opens no socket beneath the firewall and writes to none it has. A program of its own and
//! no test harness: capabilities are a thread's, and the step is taken before there are threads.
#![cfg_attr(
    target_os = "linux",
    expect(
        clippy::unwrap_used,
        clippy::print_stderr,
        clippy::print_stdout,
        clippy::panic,
        reason = "tests"
    )
)]

#[cfg(target_os = "linux")]
mod lab;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    linux::run();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::{ErrorKind, IoSlice};
    use std::os::fd::RawFd;
    use std::process::Command;
    use std::time::{Duration, Instant};

    use iia_capture::live::confine::confine;
    use iia_capture::live::packets::{Options, Source};

    use nix::errno::Errno;
    use nix::sys::socket::{MsgFlags, MultiHeaders, sendmmsg, sendmsg};

    use super::lab::{OBSERVER, Run, counter, laboratory, peer_later, shell, skip};

    const NAME: &str = "afterwards_the_process_opens_no_socket_beneath_the_firewall";

    /// Tries to open sockets; says which error each attempt brought, 0 for none.
    const OPEN: &str = "
import ctypes, platform, socket
def attempt(family, kind, protocol):
    try:
        socket.socket(family, kind, protocol).close()
        return 0
    except OSError as error:
        return error.errno
tried = [attempt(17, 3, 0x0300), attempt(17, 2, 0), attempt(44, 3, 0), attempt(2, 3, 1), attempt(2, 2, 0)]
libc = ctypes.CDLL(None, use_errno=True)
tried.append(ctypes.get_errno() if libc.syscall(425, 8, None) < 0 else 0)
submit = 209 if platform.machine() == 'x86_64' else 2
tried.append(ctypes.get_errno() if libc.syscall(submit, 0, 0, None) < 0 else 0)
print(*tried)
";

    /// Sends frames to the observer, some time after it was started.
    const LATER: &str = "
import socket, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
s.bind(('gen0', 0))
time.sleep(1.5)
for _ in range(7):
    s.send(bytes.fromhex('02000000000202000000000188cc').ljust(60, b'Z'))
";

    fn python(program: &str, arguments: &[&str]) -> String {
        let output = Command::new("python3")
            .args(["-c", program])
            .args(arguments)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    const FRAME: [u8; 60] = [0x5a; 60];

    /// Writes to a descriptor by each call that sends; answers how many frames went.
    fn send(number: RawFd) -> Vec<nix::Result<usize>> {
        let parts = [IoSlice::new(&FRAME)];
        let flags = MsgFlags::empty();
        let mut headers = MultiHeaders::<()>::preallocate(1, None);
        let many = sendmmsg(number, &mut headers, [&parts], [None], [], flags);
        vec![
            nix::sys::socket::send(number, &FRAME, flags),
            sendmsg::<()>(number, &parts, &[], flags, None),
            many.map(Iterator::count),
        ]
    }

    /// The one socket that this process has.
    fn socket() -> RawFd {
        let is_socket = |entry: &std::fs::DirEntry| {
            let target = std::fs::read_link(entry.path());
            target.is_ok_and(|target| target.to_string_lossy().starts_with("socket:"))
        };
        let sockets: Vec<_> = std::fs::read_dir("/proc/self/fd")
            .unwrap()
            .map(Result::unwrap)
            .filter(is_socket)
            .collect();
        let [one] = &sockets[..] else {
            panic!("{sockets:?}")
        };
        one.file_name().to_str().unwrap().parse().unwrap()
    }

    pub(super) fn run() {
        // What the harness would do with a name that is none of its tests.
        let filter = std::env::args().skip(1).find(|one| !one.starts_with('-'));
        if filter.is_some_and(|filter| !NAME.contains(&filter)) {
            return;
        }
        println!("\nrunning 1 test");
        match laboratory(NAME) {
            Run::Inside => the_step(),
            Run::Done => {}
            Run::Cannot(why) => skip(NAME, &why),
        }
        println!(
            "test {NAME} ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out"
        );
    }

    fn the_step() {
        // AF_PACKET twice, AF_XDP, raw IP, UDP, a ring of io_uring without a place for its answer, and no io_submit.
        assert_eq!(python(OPEN, &[]), "0 0 0 0 0 14 22");
        let child = peer_later(LATER);
        let mut source = Source::open(OBSERVER, &Options::default()).unwrap();
        let number = socket();
        shell("sysctl -qw net.ipv6.conf.obs0.disable_ipv6=1");
        let sent = counter(OBSERVER, "tx_packets");
        // Whoever has the descriptor could send through it until now.
        assert!(send(number).iter().all(Result::is_ok));
        assert_eq!(counter(OBSERVER, "tx_packets"), sent + 3);
        let confined = confine(&[&source]).unwrap();
        assert_eq!(confined.threads(), 1);
        // Raw IP fails for want of the capability; UDP is left alone.
        assert_eq!(python(OPEN, &[]), "1 1 1 1 0 1 1");
        let again = Source::open(OBSERVER, &Options::default());
        let kind = again.map(|_| ()).map_err(|error| error.kind());
        assert_eq!(kind, Err(ErrorKind::PermissionDenied));
        let sent = counter(OBSERVER, "tx_packets");
        // What was open is read on.
        let (began, mut seen) = (Instant::now(), 0);
        while seen < 7 && began.elapsed() < Duration::from_secs(20) {
            if let Some(batch) = source.next(Duration::from_millis(100)).unwrap() {
                seen += batch
                    .packets()
                    .filter(|packet| packet.data.get(12..14) == Some(&[0x88, 0xcc][..]))
                    .count();
            }
        }
        assert_eq!(seen, 7);
        assert!(child.wait_with_output().unwrap().status.success());
        assert!(send(number).iter().all(|said| *said == Err(Errno::EPERM)));
        // The descriptor keeps its number when the source is gone.
        drop(source);
        assert_eq!(socket(), number);
        assert_eq!(counter(OBSERVER, "tx_packets"), sent);
    }
}
