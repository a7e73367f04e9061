//! `ot.attestation.network`: a live interface, the decoders of the box, and the observer of the wire.

use std::error::Error;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use iia_attest::correlator::Correlator as _;
use iia_attest::live::{LOOK_EVERY, Looks};
use iia_attest::network::passive::Seen;
use iia_attest::network::{Passive, Wire};
use iia_capture::generate::frame;
use iia_capture::live::passive::Interface;
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};

use super::line::{CLIENT, DEVICE, Line, OTHERS, SEES};
use super::{Outcome, catalog, now};

const CELL: &str = "
contract iia.contract.device.press 1.0.0 {
  scope device
  protocol modbus_tcp
  client 10.0.0.1
  server tcp/10.0.0.2:502
  vlan 0
  unit 1
  read holding_register 0 9
  cadence 100ms
  silence 2s
}
";
/// Whom no contract names.
const STRANGER: [u8; 4] = [10, 0, 0, 99];
/// Who sends beneath the firewall, and who tries above it.
const BENEATH: [u8; 4] = [10, 0, 0, 51];
const STOPPED: [u8; 4] = [10, 0, 0, 52];
const ALONE: &str = "hears itself alone";
const XDP: &str = include_str!("xdp.py");
/// How often the client asks.
const EVERY: Duration = Duration::from_millis(100);
/// How long everything is as agreed before something is done.
const CALM: Duration = Duration::from_millis(700);
/// How long the observer may take at most.
const WAIT: Duration = Duration::from_secs(12);

/// What is done to the line.
struct Act {
    /// Frames that are sent, and from where.
    frames: Vec<(&'static str, Vec<u8>)>,
    /// Every how many polls one is made; none where it is 0.
    every: u32,
    answers: bool,
    /// A frame that is sent through AF_XDP from the interface that only sees, past the rule that drops everything there.
    beneath: Option<Vec<u8>>,
    /// Whether nobody hears at the other end: what is left is what the kernel counts.
    alone: bool,
}

fn act(done: &str) -> Option<Act> {
    let read = [3, 0, 0, 0, 1];
    let answer = [3, 2, 0, 42];
    let bare = |to: [u8; 6], ethertype: [u8; 2], payload: &[u8]| {
        let mut frame = [&to[..], &[2, 0, 0, 0, 0, 9], &ethertype, payload].concat();
        frame.resize(60, 0);
        frame
    };
    let from = |interface, frames: [Vec<u8>; 2]| frames.map(|frame| (interface, frame)).to_vec();
    let frames = match done {
        "a stranger reads a device" => from(OTHERS, modbus(STRANGER, &read, &answer)),
        "a stranger asks, and nobody answers" => {
            let [asked, _] = modbus(STRANGER, &read, &answer);
            vec![(OTHERS, asked)]
        }
        "a stranger opens a connection and says nothing" => {
            let mut knock = frame((STRANGER, DEVICE), (51_000, 502), (1, 0), &[]);
            // SYN alone; a wrong checksum is not looked at, as where a card computes it.
            if let Some(flags) = knock.get_mut(47) {
                *flags = 2;
            }
            vec![(OTHERS, knock)]
        }
        "whoever may read writes" => {
            let write = [6, 0, 0, 0, 1];
            from(OTHERS, modbus(CLIENT, &write, &write))
        }
        "whoever may read some registers reads others" => {
            from(OTHERS, modbus(CLIENT, &[3, 0, 90, 0, 1], &answer))
        }
        "the same request on another VLAN" => {
            let tagged = modbus(CLIENT, &read, &answer).map(|mut frame| {
                frame.splice(12..12, [0x81, 0, 0, 9]);
                frame
            });
            from(OTHERS, tagged)
        }
        "a frame of PROFINET gives a device another name" => {
            let set = [0xfe, 0xfd, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0];
            vec![(OTHERS, bare([1, 0x0e, 0xcf, 0, 0, 0], [0x88, 0x92], &set))]
        }
        "a frame of a protocol of the past to everybody" => {
            vec![(OTHERS, bare([0xff; 6], [0x81, 0x37], &[0xff; 30]))]
        }
        "a raw socket sends from the interface that only sees" => {
            from(SEES, modbus([10, 0, 0, 50], &read, &answer))
        }
        _ => Vec::new(),
    };
    let beneath = done.contains("AF_XDP").then(|| {
        let [asked, _] = modbus(BENEATH, &read, &answer);
        asked
    });
    let (every, answers) = match done {
        "the device answers no more" => (1, false),
        "the client polls no more" => (0, true),
        "the client polls four times as slowly" => (4, true),
        _ if beneath.is_some() => (1, true),
        _ if frames.is_empty() => return None,
        _ => (1, true),
    };
    Some(Act {
        frames,
        every,
        answers,
        beneath,
        alone: done.ends_with(ALONE),
    })
}

/// Sends a frame beneath the firewall, which has the rule of an interface that is taken over.
fn beneath(frame: &[u8]) -> Result<(), Box<dyn Error>> {
    let interface: Interface = SEES.parse()?;
    nft(&["-f", "-"], &interface.rules())?;
    let frame: String = frame.iter().map(|byte| format!("{byte:02x}")).collect();
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
    let sent = Command::new(python)
        .args(["-c", XDP, SEES, &frame])
        .status()?;
    match sent.success() {
        true => Ok(()),
        false => Err("this kernel sends nothing through AF_XDP".into()),
    }
}

/// The same rule stops a raw socket.
fn above(line: &mut Line) -> Result<(), Box<dyn Error>> {
    let [stopped, _] = modbus(STOPPED, &[3, 0, 0, 0, 1], &[3, 2, 0, 42]);
    // The kernel may answer that it did not send it.
    line.send(SEES, &stopped)
}

/// What the box looks at beside what it hears there: what the interface sends, as the kernel counts it.
struct Silence<F> {
    looks: Looks<F>,
    observer: Passive,
    looked: Option<Timestamp>,
}

impl<F: Fn(u32) -> bool> Silence<F> {
    /// Looks when it is time; what is found.
    fn look(&mut self, now: Timestamp) -> Result<Vec<Finding>, Box<dyn Error>> {
        let is_due = |at: Timestamp| now.since_ns(at) >= nanos(LOOK_EVERY);
        if self.looked.is_none_or(is_due) {
            self.looked = Some(now);
            let seen = Seen::Look(self.looks.look()?);
            self.observer.handle_observation(now, seen);
        }
        Ok(std::iter::from_fn(|| self.observer.poll_finding()).collect())
    }
}

fn silence() -> Silence<impl Fn(u32) -> bool> {
    let own = std::process::id();
    Silence {
        looks: Looks::new(SEES.into(), move |pid| pid == own),
        observer: Passive::new(SEES),
        looked: None,
    }
}

fn nft(arguments: &[&str], rules: &str) -> Result<(), Box<dyn Error>> {
    let mut nft = Command::new("nft")
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()?;
    let mut stdin = nft.stdin.take().ok_or("no way to nft")?;
    stdin.write_all(rules.as_bytes())?;
    drop(stdin);
    match nft.wait()?.success() {
        true => Ok(()),
        false => Err("nft takes no rules".into()),
    }
}

/// A request of Modbus/TCP and its answer, as a connection of its own.
fn modbus(client: [u8; 4], asked: &[u8], answered: &[u8]) -> [Vec<u8>; 2] {
    let adu = |pdu: &[u8]| {
        let len = u8::try_from(pdu.len() + 1).unwrap_or_default();
        [&[0, 9, 0, 0, 0, len, 1][..], pdu].concat()
    };
    let (asked, answered) = (adu(asked), adu(answered));
    let next = 1 + u32::try_from(asked.len()).unwrap_or_default();
    [
        frame((client, DEVICE), (51_000, 502), (1, 1), &asked),
        frame((DEVICE, client), (502, 51_000), (1, next), &answered),
    ]
}

/// The line between the two ends.
pub(crate) fn prepare() -> Result<(), Box<dyn Error>> {
    let made = [
        vec!["link", "add", SEES, "type", "veth", "peer", "name", OTHERS],
        vec!["link", "set", SEES, "up"],
        vec!["link", "set", OTHERS, "up"],
    ];
    for arguments in made {
        // What a kernel says of itself on a new interface is not the cell's.
        let done = Command::new("ip").args(&arguments).status()?;
        if !done.success() {
            return Err(format!("ip {arguments:?}").into());
        }
    }
    for name in [SEES, OTHERS] {
        std::fs::write(format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6"), "1")?;
    }
    Ok(())
}

/// Does it once.
pub(crate) fn run(done: &str) -> Result<Option<Outcome>, Box<dyn Error>> {
    let Some(act) = act(done) else {
        return Ok(None);
    };
    let mut line = match act.alone {
        true => Line::open(&[SEES])?,
        false => Line::open(&[SEES, OTHERS])?,
    };
    let found = watch(&mut line, &act);
    if act.beneath.is_some() {
        nft(&["flush", "ruleset"], "")?;
    }
    found.map(Some)
}

fn watch(line: &mut Line, act: &Act) -> Result<Outcome, Box<dyn Error>> {
    let mut wire = Wire::new(&catalog(CELL)?);
    let mut silence = silence();
    let begin = now();
    let mut polls = 0u32;
    let mut acted = None;
    loop {
        let passed = now().since_ns(begin);
        if acted.is_none() && passed >= nanos(CALM) {
            acted = Some(now());
            for (interface, frame) in &act.frames {
                line.send(interface, frame)?;
            }
            if let Some(frame) = &act.beneath {
                beneath(frame)?;
                if !act.alone {
                    above(line)?;
                }
            }
        }
        let (every, answers) = match acted {
            Some(_) => (act.every, act.answers),
            None => (1, true),
        };
        if passed >= i64::from(polls) * nanos(EVERY) {
            if every > 0 && polls.is_multiple_of(every) {
                line.poll(answers)?;
            }
            polls += 1;
        }
        let mut found = line.hear(&mut wire, now)?;
        if act.alone {
            found.extend(silence.look(now())?);
        }
        let told = found
            .into_iter()
            .find(|one| one.conclusion != Conclusion::Converge);
        match (told, acted) {
            (Some(finding), Some(_)) if finding.reason.contains("10.0.0.52") => {
                return Err("the rule on the way out stops no raw socket".into());
            }
            (Some(finding), Some(acted)) => return Ok(Outcome::told(acted, now(), finding)),
            (Some(finding), None) => {
                return Err(format!("told before anything was done: {}", finding.reason).into());
            }
            (None, Some(acted)) if now().since_ns(acted) > nanos(WAIT) => {
                return Ok(Outcome::silent());
            }
            (None, _) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

fn nanos(length: Duration) -> i64 {
    i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)
}
