//! A wire between two interfaces of this namespace: frames go in at one end as bytes and are heard at the other.

use std::error::Error;
use std::io::Write as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use iia_attest::correlator::Correlator as _;
use iia_attest::network::{Deed, Wire};
use iia_capture::generate::frame;
use iia_capture::live::packets::{Options as Ring, Source};
use iia_capture::pipeline::{Options, Pipeline};
use iia_core::Timestamp;
use iia_core::finding::Finding;
use iia_core::observe::Observation;

/// Sends what it is told, an interface and a frame a line.
const SENDER: &str = "
import socket, sys
ends = {}
for line in sys.stdin:
    name, frame = line.split()
    if name not in ends:
        ends[name] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        ends[name].bind((name, 0))
    try:
        ends[name].send(bytes.fromhex(frame))
    except OSError:
        pass  # A rule on the way out takes it.
";

/// The interface that only sees, and the wire behind it.
pub(crate) const SEES: &str = "line0";
/// Where everybody else is.
pub(crate) const OTHERS: &str = "line1";

pub(crate) const CLIENT: [u8; 4] = [10, 0, 0, 1];
pub(crate) const DEVICE: [u8; 4] = [10, 0, 0, 2];

pub(crate) struct Line {
    sender: Child,
    stdin: ChildStdin,
    /// Where the observer hears: its own end, and a tap on the other one.
    taps: Vec<(Source, Pipeline)>,
    next: (u32, u32, u16),
}

impl Line {
    pub(crate) fn open(taps: &[&str]) -> Result<Self, Box<dyn Error>> {
        let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
        let mut sender = Command::new(python)
            .args(["-c", SENDER])
            .stdin(Stdio::piped())
            .spawn()?;
        let stdin = sender.stdin.take().ok_or("no way to the sender")?;
        let tap = |name: &str| -> Result<_, Box<dyn Error>> {
            let ring = Ring {
                blocks: 4,
                retire_ms: 5,
                ..Ring::default()
            };
            let options = Options {
                opened: true,
                ..Options::default()
            };
            Ok((Source::open(name, &ring)?, Pipeline::new(options)))
        };
        Ok(Self {
            sender,
            stdin,
            taps: taps
                .iter()
                .map(|name| tap(name))
                .collect::<Result<_, _>>()?,
            next: (1, 1, 1),
        })
    }

    pub(crate) fn send(&mut self, interface: &str, frame: &[u8]) -> Result<(), Box<dyn Error>> {
        let hex: String = frame.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(self.stdin, "{interface} {hex}")?;
        Ok(self.stdin.flush()?)
    }

    /// The client asks as it is agreed, and the device answers where it does.
    pub(crate) fn poll(&mut self, answers: bool) -> Result<(), Box<dyn Error>> {
        let (up, down, number) = self.next;
        let [high, low] = number.to_be_bytes();
        let request = [high, low, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1];
        let answer = [high, low, 0, 0, 0, 5, 1, 3, 2, 0, 42];
        let asked = frame((CLIENT, DEVICE), (40_000, 502), (up, down), &request);
        self.send(OTHERS, &asked)?;
        if answers {
            let said = frame((DEVICE, CLIENT), (502, 40_000), (down, up + 12), &answer);
            self.send(OTHERS, &said)?;
        }
        self.next = (
            up + 12,
            if answers { down + 11 } else { down },
            number.wrapping_add(1),
        );
        Ok(())
    }

    /// Hands over what was heard until now, and the time.
    pub(crate) fn hear(
        &mut self,
        wire: &mut Wire,
        now: impl Fn() -> Timestamp,
    ) -> Result<Vec<Finding>, Box<dyn Error>> {
        for (source, pipeline) in &mut self.taps {
            let mut sink = |one: &Observation<'_>| {
                if let Some(deed) = Deed::of(one) {
                    wire.handle_observation(now(), deed);
                }
            };
            while let Some(batch) = source.next(Duration::from_millis(1))? {
                for packet in batch.packets() {
                    pipeline.handle_packet(&packet, &mut sink);
                    while let Some(conn) = pipeline.poll_opened() {
                        sink(&Observation::Conn(conn));
                    }
                }
            }
            pipeline.handle_timeout_keeping(now(), &mut |one, _| sink(one));
        }
        wire.handle_timeout(now());
        Ok(std::iter::from_fn(|| wire.poll_finding()).collect())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let _gone = self.sender.kill();
        let _reaped = self.sender.wait();
    }
}
