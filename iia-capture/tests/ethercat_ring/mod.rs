//! A ring of slaves that does what it is told: made frames, out and back.

use std::collections::BTreeMap;

use iia_capture::Packet;
use iia_capture::generate;
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::LinkType;
use iia_core::Timestamp;
use iia_core::observe::{Field, Observation, Outcome};

pub const MASTER: [u8; 6] = [0x10, 0, 0, 0, 0, 9];

/// A packet and its moment.
pub type Made = (i64, Vec<u8>);

/// A command for a slave.
#[derive(Clone, Debug)]
pub struct Datagram {
    command: u8,
    address: [u8; 4],
    data: Vec<u8>,
}

impl Datagram {
    pub fn new(command: u8, station: u16, offset: u16, data: &[u8]) -> Self {
        let [a, b] = station.to_le_bytes();
        let [c, d] = offset.to_le_bytes();
        Self {
            command,
            address: [a, b, c, d],
            data: data.to_vec(),
        }
    }

    pub fn logical(command: u8, address: u32, data: &[u8]) -> Self {
        Self {
            command,
            address: address.to_le_bytes(),
            data: data.to_vec(),
        }
    }
}

/// A frame with a header of its own length.
pub fn frame(datagrams: &[Datagram]) -> Vec<u8> {
    made((MASTER, 1), datagrams, |_| 0)
}

fn made(
    (source, index): ([u8; 6], u8),
    datagrams: &[Datagram],
    counter: impl Fn(u8) -> u16,
) -> Vec<u8> {
    let mut body = Vec::new();
    for (at, one) in datagrams.iter().enumerate() {
        let more = u16::from(at + 1 < datagrams.len()) << 15;
        let flags = u16::try_from(one.data.len()).unwrap() | more;
        body.extend([one.command, index]);
        body.extend(one.address);
        body.extend(flags.to_le_bytes());
        body.extend([0, 0]);
        body.extend(&one.data);
        body.extend(counter(one.command).to_le_bytes());
    }
    ethernet(source, 1, &body)
}

/// A frame of any type.
pub fn ethernet(source: [u8; 6], kind: u16, body: &[u8]) -> Vec<u8> {
    let header = u16::try_from(body.len()).unwrap() | kind << 12;
    [
        &[0xff; 6][..],
        &source,
        &[0x88, 0xa4],
        &header.to_le_bytes(),
        body,
    ]
    .concat()
}

/// What was on the wire so far.
#[derive(Clone, Debug)]
pub struct Ring {
    pub source: [u8; 6],
    pub packets: Vec<Made>,
    pub now: i64,
    pub index: u8,
}

impl Default for Ring {
    fn default() -> Self {
        Self {
            source: MASTER,
            packets: Vec::new(),
            now: 1_000_000_000_000,
            index: 0,
        }
    }
}

impl Ring {
    /// A frame goes out and is back after a microsecond, done.
    pub fn round(&mut self, datagrams: &[Datagram]) {
        self.both(datagrams, Some(|command| if command == 12 { 3 } else { 1 }));
    }

    /// A frame comes back, and nobody did it.
    pub fn ignored(&mut self, datagrams: &[Datagram]) {
        self.both(datagrams, Some(|_| 0));
    }

    /// A frame does not come back.
    pub fn lost(&mut self, datagrams: &[Datagram]) {
        self.both(datagrams, None);
    }

    fn both(&mut self, datagrams: &[Datagram], counter: Option<fn(u8) -> u16>) {
        self.index = self.index.wrapping_add(1);
        let out = made((self.source, self.index), datagrams, |_| 0);
        self.packets.push((self.now, out));
        if let Some(counter) = counter {
            let [first, rest @ ..] = self.source;
            let [a, b, c, d, e] = rest;
            let back = [first | 2, a, b, c, d, e];
            let back = made((back, self.index), datagrams, counter);
            self.packets.push((self.now + 1000, back));
        }
        self.now += 100_000;
    }
}

/// A message in a buffer of fourteen bytes at least, as masters send it.
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).unwrap().to_le_bytes();
    let mut bytes = [&len[..], &[0, 0, 0, 0x10 | kind], body].concat();
    bytes.resize(bytes.len().max(20), 0);
    bytes
}

/// A message of CoE.
pub fn coe(service: u16, body: &[u8]) -> Vec<u8> {
    [&(service << 12).to_le_bytes()[..], body].concat()
}

/// Messages through a gateway, over UDP or TCP.
pub fn gateway(tcp: bool, messages: &[(bool, &[u8])]) -> Vec<Made> {
    let (tool, master) = ([10, 0, 0, 1], [10, 0, 0, 2]);
    let mut packets = Vec::new();
    let mut sequences = [1, 1];
    for (at, (up, message)) in messages.iter().enumerate() {
        let len = usize::from(u16::from_le_bytes([message[0], message[1]])) + 6;
        let message = &message[..len];
        let header = u16::try_from(len).unwrap() | 5 << 12;
        let unit = [&header.to_le_bytes()[..], message].concat();
        let (hosts, ports) = match up {
            true => ((tool, master), (50_000, 0x88a4)),
            false => ((master, tool), (0x88a4, 50_000)),
        };
        let [mine, theirs] = [usize::from(!*up), usize::from(*up)];
        let bytes = match tcp {
            true => generate::frame(hosts, ports, (sequences[mine], sequences[theirs]), &unit),
            false => udp(hosts, ports, &unit),
        };
        sequences[mine] += u32::try_from(unit.len()).unwrap();
        packets.push((at as i64 * 1_000_000, bytes));
    }
    packets
}

fn udp(hosts: ([u8; 4], [u8; 4]), ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len() + 8).unwrap();
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    bytes.extend((len + 20).to_be_bytes());
    bytes.extend([0, 0, 0x40, 0, 64, 17, 0, 0]);
    bytes.extend(hosts.0);
    bytes.extend(hosts.1);
    for number in [ports.0, ports.1, len, 0] {
        bytes.extend(number.to_be_bytes());
    }
    bytes.extend(payload);
    bytes
}

/// One record, its fields as text; a field that comes several times has all its values.
#[derive(Clone, Debug)]
pub struct Record {
    pub what: &'static str,
    pub outcome: Outcome,
    pub latency_ns: Option<i64>,
    pub asked: BTreeMap<&'static str, String>,
    pub answered: BTreeMap<&'static str, String>,
}

impl Record {
    /// This record, which must be that.
    pub fn named(&self, what: &str) -> &Self {
        assert_eq!(self.what, what);
        self
    }
}

fn texts(fields: &[Field<'_>]) -> BTreeMap<&'static str, String> {
    let mut all = BTreeMap::<_, String>::new();
    for field in fields {
        let text = all.entry(field.name).or_default();
        if !text.is_empty() {
            text.push('|');
        }
        text.push_str(&field.value.to_string());
    }
    all
}

/// What is said about packets.
pub fn run(packets: &[Made]) -> Vec<Record> {
    let mut pipeline = Pipeline::new(Options::default());
    let mut all = Vec::new();
    let mut sink = |seen: &Observation<'_>| {
        if let Observation::Said(said) = seen {
            all.push(Record {
                what: said.what,
                outcome: said.outcome,
                latency_ns: said.latency_ns,
                asked: texts(said.asked),
                answered: texts(said.answered),
            });
        }
    };
    for (ns, data) in packets {
        let packet = Packet {
            ts: Timestamp::from_ns(*ns),
            link: LinkType::ETHERNET,
            orig_len: u32::try_from(data.len()).unwrap(),
            data,
        };
        pipeline.handle_packet(&packet, &mut sink);
    }
    pipeline.finish(&mut sink);
    all
}

/// Packets as a file of nanoseconds.
pub fn pcap(packets: &[Made]) -> Vec<u8> {
    let mut bytes = [0xa1b2_3c4d, 0x0004_0002, 0, 0, 65_535, 1]
        .map(u32::to_le_bytes)
        .concat();
    for (ns, data) in packets {
        let len = u32::try_from(data.len()).unwrap();
        let (seconds, rest) = (ns / 1_000_000_000, ns % 1_000_000_000);
        let head = [
            u32::try_from(seconds).unwrap(),
            u32::try_from(rest).unwrap(),
            len,
            len,
        ];
        bytes.extend(head.map(u32::to_le_bytes).concat());
        bytes.extend(data);
    }
    bytes
}

/// A message of every kind, and whether the master says it.
pub fn messages() -> Vec<(bool, Vec<u8>)> {
    let foe = |code: u8, number: u32, rest: &[u8]| {
        message(4, &[&[code, 0][..], &number.to_le_bytes(), rest].concat())
    };
    let eoe = |first: u16, second: u16, rest: &[u8]| {
        message(
            2,
            &[&first.to_le_bytes()[..], &second.to_le_bytes(), rest].concat(),
        )
    };
    let request = |body: &[u8]| message(3, &coe(2, body));
    let response = |body: &[u8]| message(3, &coe(3, body));
    let info = |body: &[u8]| message(3, &coe(8, body));
    let addresses = [
        &[
            0x3f, 0, 0, 0, 2, 0, 0, 0, 0, 7, 10, 0, 168, 192, 0, 255, 255, 255, 1, 0, 168, 192, 2,
            0, 168, 192,
        ][..],
        b"drive\0",
    ]
    .concat();
    vec![
        (true, request(&[0x40, 0x18, 0x10, 1, 0, 0, 0, 0])),
        (false, response(&[0x43, 0x18, 0x10, 1, 2, 0, 0, 0])),
        (false, response(&[0x4b, 0x41, 0x60, 0, 0x37, 2, 0, 0])),
        (
            false,
            response(&[&[0x41, 8, 0x10, 0, 4, 0, 0, 0][..], b"NAME"].concat()),
        ),
        (true, request(&[0x70, 0, 0, 0, 0, 0, 0, 0])),
        (false, response(&[&[0x10][..], b"ABCDEFGHIJ"].concat())),
        (false, response(&[&[0x17][..], b"ABCD\0\0\0"].concat())),
        (true, request(&[0x2f, 0x12, 0x1c, 0, 7, 0, 0, 0])),
        (true, request(&[0x33, 0x12, 0x1c, 0, 7, 0, 0, 0])),
        (
            true,
            request(&[&[0x21, 0x12, 0x1c, 0, 5, 0, 0, 0][..], b"HELLO"].concat()),
        ),
        (true, request(&[&[0x10][..], b"ABCDEFG"].concat())),
        (true, request(&[&[0x09][..], b"ABC\0\0\0\0"].concat())),
        (false, response(&[0x60, 0x12, 0x1c, 0, 0, 0, 0, 0])),
        (false, response(&[0x30, 0, 0, 0, 0, 0, 0, 0])),
        (true, request(&[0x80, 0x12, 0x1c, 0, 0, 0, 2, 6])),
        (false, response(&[0x80, 0x12, 0x1c, 0, 0, 0, 2, 6])),
        (
            false,
            message(3, &coe(1, &[0x10, 0x82, 0x11, 1, 2, 3, 4, 5])),
        ),
        (false, message(3, &coe(4, &[1, 2, 3]))),
        (true, info(&[1, 0, 0, 0, 1, 0])),
        (false, info(&[0x82, 0, 1, 0, 1, 0, 0, 0x10, 0x18, 0x10])),
        (true, info(&[3, 0, 0, 0, 0x18, 0x10])),
        (
            false,
            info(&[&[4, 0, 0, 0, 0x18, 0x10, 0x23, 0, 4, 9][..], b"Identity"].concat()),
        ),
        (true, info(&[5, 0, 0, 0, 0x18, 0x10, 1, 0x7f])),
        (
            false,
            info(
                &[
                    &[6, 0, 0, 0, 0x18, 0x10, 1, 0, 7, 0, 32, 0, 7, 0][..],
                    b"Vendor",
                ]
                .concat(),
            ),
        ),
        (false, info(&[7, 0, 0, 0, 0, 0, 2, 6])),
        (true, foe(1, 0x1234, b"file.bin")),
        (true, foe(2, 0x1234, b"file.bin")),
        (true, foe(3, 1, b"DATADATADATA")),
        (false, foe(4, 1, &[])),
        (false, foe(5, 0x8001, b"not found")),
        (false, foe(6, 0x0064_000a, b"busy")),
        (true, message(5, &[1, 0x40, 11, 0])),
        (false, message(5, &[2, 0x40, 11, 0, 1, 2, 3, 4])),
        (false, message(5, &[0x2a, 0x40, 3, 0, 1, 2, 3, 4])),
        (true, message(5, &[0x43, 0x80, 0x11, 0x80, 1, 2, 3, 4])),
        (false, message(5, &[0x12, 0x40, 11, 0, 9, 0x10])),
        (true, eoe(0x0110, 0x3080, &[0; 40])),
        (true, eoe(0x0710, 0x3080, &[0; 40])),
        (true, eoe(0x0010, 0x3081, &[0; 40])),
        (false, eoe(0x0101, 0, &[1, 2, 3, 4])),
        (true, eoe(0x0102, 0, &addresses)),
        (false, eoe(0x0103, 0, &[])),
        (false, eoe(0x0105, 0x0401, &[])),
    ]
}
