//! IIA 8 beside a real kernel: an interface that is taken over as the box does it, with the box's own ear at it, and what its
//! observer says of it while others open sockets, send beneath the firewall and attach programs.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use iia_attest::correlator::Correlator as _;
use iia_attest::live::{LOOK_EVERY, Looks};
use iia_attest::network::Passive;
use iia_attest::network::passive::Seen;
use iia_capture::live::packets::{Options, Source};
use iia_capture::live::passive::Interface;
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};

const TEST: &str = "i8_whatever_the_passive_interface_sends_is_told_and_who_could_have_sent_it";
const INSIDE: &str = "IIA_IN_A_NAMESPACE";
const SEES: &str = "sees0";
const FAR: &str = "far0";
const MAKE: &str = "mount -t sysfs sysfs /sys && ip link set lo up && ip link add sees0 type veth peer name far0 \
    && sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.far0.disable_ipv6=1 && ip link set far0 up";
const XDP: &str = include_str!("../../examples/detection-matrix/xdp.py");
const PROGRAM: &str = include_str!("program.py");
/// Keeps what came before it open until a line comes.
const STAY: &str = "\nimport sys\nprint('done', flush=True)\nsys.stdin.readline()\n";
/// Opens a packet socket and tries to send by it.
const RAW: &str = "import socket, sys\nway = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\nway.bind((sys.argv[1], 0))\n\
    try:\n    way.send(bytes(60))\nexcept OSError:\n    pass\n";
/// Asks for everybody, at the other end.
const PROVOKE: &str = "import socket, sys\nway = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\nway.bind((sys.argv[1], 0))\n\
    for one in range(200):\n    way.send(b'\\xff' * 6 + bytes([2, 0, 0, 0, 0, 1, 8, 6]) + bytes(46))\n";

/// Runs this test again in a network of its own; `true` inside.
fn inside() -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let run = format!("{MAKE} && exec \"$0\" --exact {TEST} --nocapture");
    let output = Command::new("unshare")
        .args(["--net", "--mount", "sh", "-c", &run])
        .arg(std::env::current_exe().unwrap())
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    if !said.contains("running 1 test") {
        let line = format!("SKIPPED: {TEST}: {errors}");
        assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none(), "{line}");
        eprintln!("{line}");
        return false;
    }
    assert!(output.status.success(), "{said}{errors}");
    eprint!("{errors}");
    false
}

/// A program of Python that did what it does and waits; it ends with this.
struct Waits(Child);

impl Waits {
    fn start(program: &str, arguments: &[&str]) -> Self {
        let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
        let mut child = Command::new(python)
            .args(["-c", program])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let said = child.stdout.as_mut().unwrap();
        BufReader::new(said).read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "it fell before it was done");
        Self(child)
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        let _gone = self.0.stdin.take().unwrap().write_all(b"\n");
        let ended = self.0.wait().unwrap();
        assert!(ended.success() || std::thread::panicking());
    }
}

fn shell(commands: &str) {
    let done = Command::new("sh").args(["-ec", commands]).status().unwrap();
    assert!(done.success(), "{commands}");
}

/// Makes the interface passive as the box does.
fn take_over() {
    let interface: Interface = SEES.parse().unwrap();
    let commands: Vec<String> = interface
        .commands()
        .iter()
        .map(|words| words.join(" "))
        .collect();
    let (rules, settings) = (interface.rules(), interface.settings());
    shell(&format!(
        "nft -f - <<'END'\n{rules}END\nsysctl -qp - <<'END'\n{settings}END\n{}\n",
        commands.join("\n")
    ));
}

/// Frames that came out at the other end.
fn came_out() -> u64 {
    let text = std::fs::read_to_string(format!("/sys/class/net/{FAR}/statistics/rx_packets"));
    text.unwrap().trim().parse().unwrap()
}

struct Watched<F> {
    looks: Looks<F>,
    observer: Passive,
    now: Timestamp,
}

impl<F: Fn(u32) -> bool> Watched<F> {
    fn look(&mut self) -> Vec<Finding> {
        self.now = self.now + i64::try_from(LOOK_EVERY.as_nanos()).unwrap();
        let look = self.looks.look().unwrap();
        self.observer.handle_observation(self.now, Seen::Look(look));
        std::iter::from_fn(|| self.observer.poll_finding()).collect()
    }

    /// What one look says, as operation and reason.
    fn told(&mut self) -> Vec<(String, String)> {
        let each = self.look().into_iter();
        each.map(|one| (one.operation, one.reason)).collect()
    }

    /// What one look says that is over.
    fn over(&mut self) -> Vec<String> {
        let each = self.look().into_iter();
        each.inspect(|one| assert_eq!(one.conclusion, Conclusion::Converge, "{}", one.reason))
            .map(|one| one.operation)
            .collect()
    }
}

#[test]
fn i8_whatever_the_passive_interface_sends_is_told_and_who_could_have_sent_it() {
    if !inside() {
        return;
    }
    take_over();
    let own = std::process::id();
    let mut ear = Source::open(SEES, &Options::default()).unwrap();
    let mut watched = Watched {
        looks: Looks::new(SEES.into(), move |pid| pid == own),
        observer: Passive::new(SEES),
        now: Timestamp::from_secs(1),
    };
    assert_eq!(watched.told(), []);
    at_peace(&mut watched, &mut ear);
    by_a_packet_socket(&mut watched);
    beneath_the_firewall(&mut watched);
    by_a_program(&mut watched);
    drop(ear);
    assert_eq!(watched.told(), []);
}

/// What it hears says nothing, and the ear is not told.
fn at_peace(watched: &mut Watched<impl Fn(u32) -> bool>, ear: &mut Source) {
    drop(Waits::start(&[PROVOKE, STAY].concat(), &[FAR]));
    let mut heard = 0;
    while let Some(batch) = ear.next(Duration::from_millis(200)).unwrap() {
        heard += batch.packets().count();
    }
    assert!(heard >= 200, "{heard}");
    assert_eq!(watched.told(), []);
}

/// The rule stops what it sends, and the socket is told.
fn by_a_packet_socket(watched: &mut Watched<impl Fn(u32) -> bool>) {
    let before = came_out();
    let raw = Waits::start(&[RAW, STAY].concat(), &[SEES]);
    let told = watched.told();
    assert_eq!(came_out(), before);
    assert_eq!(told.len(), 1, "{told:?}");
    let held = format!("held by process {} (python", raw.pid());
    assert!(
        told.iter()
            .all(|(what, why)| what == "AF_PACKET" && why.contains(&held)),
        "{told:?}"
    );
    assert_eq!(watched.told(), []);
    drop(raw);
    assert_eq!(watched.over(), ["AF_PACKET"]);
}

/// It leaves, nobody at this end hears it, and it is told with whoever sent it.
fn beneath_the_firewall(watched: &mut Watched<impl Fn(u32) -> bool>) {
    let before = came_out();
    let frame = "02".repeat(60);
    let sent = Waits::start(&[XDP, STAY].concat(), &[SEES, &frame]);
    assert_eq!(came_out(), before + 1);
    let told = watched.told();
    let held = format!("held by process {} (python", sent.pid());
    let [(socket, opened), (what, why)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!((socket.as_str(), what.as_str()), ("AF_XDP", "sent"));
    assert!(opened.contains(&held) && why.contains(&held), "{told:?}");
    assert!(why.contains("has sent 1 frame (60 bytes)"), "{why}");
    drop(sent);
    assert_eq!(watched.over(), ["AF_XDP"]);
    // Whoever is gone before the next look is not named, and the frame is told all the same.
    (0..10).for_each(|_| assert_eq!(watched.told(), []));
    drop(Waits::start(&[XDP, STAY].concat(), &[SEES, &frame]));
    assert_eq!(came_out(), before + 2);
    let told = watched.told();
    assert!(
        told.len() == 1
            && told
                .iter()
                .all(|(_, why)| why.contains("has sent 2 frames")),
        "{told:?}"
    );
}

fn by_a_program(watched: &mut Watched<impl Fn(u32) -> bool>) {
    let attached = Waits::start(PROGRAM, &[SEES]);
    let told = watched.told();
    assert!(
        told.len() == 1 && told.iter().all(|(what, _)| what == "XDP"),
        "{told:?}"
    );
    assert_eq!(watched.told(), []);
    drop(attached);
    assert_eq!(watched.over(), ["XDP"]);
}
