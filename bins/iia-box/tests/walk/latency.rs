//! How long it takes from a packet on the wire until the finding about it is in the chain: a hundred strangers, one every tenth
//! of a second, among traffic that is agreed. The figures are printed; what is tested is that each is found, once.

use std::fs;
use std::path::Path;

use iia_audit::verify::records;
use iia_core::event::EventKind;

use crate::demo::Demo;

const STRANGERS: u32 = 100;
const EVERY_US: u64 = 100_000;
/// Exchanges that are agreed, between two strangers.
const AGREED: u64 = 9;
const BEGIN_US: u64 = 1_800_000_000_000_000;
const ANSWER_US: u64 = 1_000;
const SERVER: [u8; 4] = [10, 20, 0, 21];
const KNOWN: [u8; 4] = [10, 20, 0, 10];

fn stranger(number: u32) -> [u8; 4] {
    let [_, _, high, low] = (number + 1).to_be_bytes();
    [10, 66, high, low]
}

fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}

/// Who asks whom, and which unit behind him.
#[derive(Clone, Copy)]
pub(crate) struct Party {
    pub(crate) client: [u8; 4],
    pub(crate) server: [u8; 4],
    pub(crate) unit: u8,
}

/// A frame of Modbus over TCP.
fn frame(
    (from, from_port): ([u8; 4], u16),
    (to, to_port): ([u8; 4], u16),
    seq: u32,
    adu: &[u8],
) -> Vec<u8> {
    let mut modbus = vec![0, 1, 0, 0, 0, u8::try_from(adu.len()).unwrap()];
    modbus.extend(adu);
    let mut tcp = [from_port.to_be_bytes(), to_port.to_be_bytes()].concat();
    tcp.extend(seq.to_be_bytes());
    tcp.extend([0, 0, 0, 1, 0x50, 0x18, 0x20, 0, 0, 0, 0, 0]);
    tcp.extend(modbus);
    let len = u16::try_from(20 + tcp.len()).unwrap();
    let mut ip = vec![0x45, 0];
    ip.extend(len.to_be_bytes());
    ip.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    ip.extend(from);
    ip.extend(to);
    let sum = checksum(&ip).to_be_bytes();
    ip[10..12].copy_from_slice(&sum);
    let mut frame = vec![0, 0x1b, 0x1b, 0, 0, 2, 0, 0x1b, 0x1b, 0, 0, 1, 8, 0];
    frame.extend(ip);
    frame.extend(tcp);
    frame
}

/// A capture that is being made.
pub(crate) struct Capture(Vec<u8>);

impl Capture {
    pub(crate) fn new() -> Self {
        let mut bytes = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
        bytes.extend([2, 0, 4, 0]);
        bytes.extend([0; 8]);
        bytes.extend(65_535_u32.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
        Self(bytes)
    }

    fn add(&mut self, at_us: u64, frame: &[u8]) {
        for number in [at_us / 1_000_000, at_us % 1_000_000] {
            self.0.extend(u32::try_from(number).unwrap().to_le_bytes());
        }
        let len = u32::try_from(frame.len()).unwrap().to_le_bytes();
        self.0.extend([len, len].concat());
        self.0.extend(frame);
    }

    /// A read of ten registers and its answer.
    pub(crate) fn exchange(&mut self, at_us: u64, party: Party, seq: u32) {
        let (client, server) = ((party.client, 40_000), (party.server, 502));
        let answer = [&[party.unit, 3, 20][..], &[0; 20]].concat();
        let question = [party.unit, 3, 0, 0, 0, 10];
        self.add(at_us, &frame(client, server, seq * 12, &question));
        self.add(at_us + ANSWER_US, &frame(server, client, seq * 29, &answer));
    }

    pub(crate) fn write(self, path: &Path) {
        fs::write(path, self.0).unwrap();
    }
}

/// Writes the capture; the exchange of a stranger is whole at the time that [`whole_us`] says.
fn capture(path: &Path) {
    let mut capture = Capture::new();
    let mut seq = 0;
    for number in 0..STRANGERS {
        let begin = whole_us(number) - ANSWER_US;
        capture.exchange(begin, asks(stranger(number)), 1);
        for turn in 1..=AGREED {
            seq += 1;
            capture.exchange(begin + turn * EVERY_US / (AGREED + 1), asks(KNOWN), seq);
        }
    }
    capture.write(path);
}

const fn asks(client: [u8; 4]) -> Party {
    Party {
        client,
        server: SERVER,
        unit: 1,
    }
}

fn whole_us(number: u32) -> u64 {
    BEGIN_US + u64::from(number) * EVERY_US + ANSWER_US
}

/// When the replay began, by the machine's clock.
fn begun_ns(log: &Path) -> i64 {
    let text = fs::read_to_string(log).unwrap();
    let line = text
        .lines()
        .find(|line| line.contains("collect.begins"))
        .unwrap();
    // Colours may stand between the name and the number.
    let digits = |part: &str| {
        part.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let after = line.rsplit('=').next().unwrap();
    let after = after.split("\u{1b}[0m").map(digits).max_by_key(String::len);
    after.unwrap().parse().unwrap()
}

#[test]
fn every_stranger_is_in_the_chain_once_and_the_time_until_then_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("strangers.pcap");
    capture(&path);
    let arguments = [
        "--speed",
        "1",
        "--no-kill",
        "--pcap",
        path.to_str().unwrap(),
    ];
    let run = Demo::start_in(&arguments, &[("IIA_LOG", "iia_box::role::collect=info")]).finish();
    let begun = begun_ns(&run.path().join("seg01/state/collect.log"));
    let mut took_ms = Vec::new();
    records(&run.evidence("seg01").join("audit"), |record| {
        let event = &record.body.event;
        let source = event.field("source").unwrap_or_default();
        let number = source.strip_prefix("10.66.").and_then(|rest| {
            let (high, low) = rest.split_once('.')?;
            Some(high.parse::<u32>().ok()? * 256 + low.parse::<u32>().ok()? - 1)
        });
        let (EventKind::Finding, Some(number)) = (event.kind, number) else {
            return;
        };
        let on_the_wire = i64::try_from(whole_us(number) - BEGIN_US).unwrap() * 1000;
        took_ms.push((record.written.utc_ns - begun - on_the_wire) as f64 / 1e6);
    })
    .unwrap();
    assert_eq!(took_ms.len(), STRANGERS as usize, "{took_ms:?}");
    took_ms.sort_by(f64::total_cmp);
    let (half, last) = (took_ms[49], took_ms[98]);
    eprintln!(
        "wire to audited finding: p50 {half:.1} ms, p99 {last:.1} ms, worst {:.1} ms, {STRANGERS} findings",
        took_ms[99]
    );
}
