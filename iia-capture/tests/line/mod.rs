//! A client and a server that say what a test gives them, and what a pipeline tells of it.

use iia_capture::generate::frame;
use iia_capture::pipeline::{Options, Pipeline, Stats};
use iia_capture::source::{LinkType, Packet};
use iia_core::Timestamp;
use iia_core::observe::{Field, Message, Observation};

const CLIENT: ([u8; 4], u16) = ([10, 20, 0, 10], 40_000);
const SERVER: [u8; 4] = [10, 20, 0, 21];
const PROTOCOL: usize = 14 + 9;
const UDP: u8 = 17;

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub what: String,
    pub outcome: String,
    pub latency_ms: Option<i64>,
    pub asked: Vec<(String, String)>,
    pub answered: Vec<(String, String)>,
}

impl Told {
    /// The values of a field, of the message and of its answer.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let all = self.asked.iter().chain(&self.answered);
        let named = all.filter(|field| field.0 == name);
        named.map(|field| field.1.as_str()).collect()
    }

    /// What and how it ended.
    pub fn ended(&self) -> (&str, &str) {
        (&self.what, &self.outcome)
    }
}

/// A line between the two.
pub struct Line {
    pub told: Vec<Told>,
    /// What clients did: who, what, under which topic, how many bytes.
    pub acts: Vec<(String, &'static str, String, u64)>,
    pipeline: Pipeline,
    port: u16,
    sequences: [u32; 2],
    millis: i64,
}

impl Line {
    pub fn to(port: u16) -> Self {
        Self {
            told: Vec::new(),
            acts: Vec::new(),
            pipeline: Pipeline::new(Options::default()),
            port,
            sequences: [1, 1],
            millis: 0,
        }
    }

    /// One side says something over TCP, a millisecond after what was said before.
    pub fn say(&mut self, up: bool, said: &[u8]) -> &mut Self {
        for part in said.chunks(1400) {
            let frame = self.tcp(up, part);
            self.sequences[usize::from(!up)] += u32::try_from(part.len()).unwrap();
            self.send(&frame);
        }
        self
    }

    /// One side says something that is not captured; the other has it.
    pub fn lose(&mut self, up: bool, len: u32) -> &mut Self {
        self.sequences[usize::from(!up)] += len;
        let frame = self.tcp(!up, &[]);
        self.send(&frame);
        self
    }

    fn tcp(&self, up: bool, part: &[u8]) -> Vec<u8> {
        let ([mine, theirs], server) = (self.sequences, (SERVER, self.port));
        match up {
            true => frame(
                (CLIENT.0, server.0),
                (CLIENT.1, server.1),
                (mine, theirs),
                part,
            ),
            false => frame(
                (server.0, CLIENT.0),
                (server.1, CLIENT.1),
                (theirs, mine),
                part,
            ),
        }
    }

    /// One side says something over UDP.
    pub fn datagram(&mut self, up: bool, said: &[u8]) -> &mut Self {
        let (from, to) = ((CLIENT.0, SERVER), (CLIENT.1, self.port));
        let (hosts, ports) = if up {
            (from, to)
        } else {
            ((from.1, from.0), (to.1, to.0))
        };
        let len = u16::try_from(said.len() + 8).unwrap().to_be_bytes();
        let head = [ports.0.to_be_bytes(), ports.1.to_be_bytes(), len, [0, 0]].concat();
        let mut bytes = frame(hosts, (0, 0), (0, 0), &[]);
        bytes.truncate(14 + 20);
        bytes[PROTOCOL] = UDP;
        let total = u16::try_from(20 + head.len() + said.len()).unwrap();
        bytes[14 + 2..14 + 4].copy_from_slice(&total.to_be_bytes());
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(said);
        self.send(&bytes);
        self
    }

    /// Time goes by.
    pub fn wait(&mut self, millis: i64) -> &mut Self {
        self.millis += millis;
        self
    }

    fn send(&mut self, bytes: &[u8]) {
        self.millis += 1;
        let packet = Packet {
            ts: Timestamp::from_ns(1_800_000_000_000_000_000 + self.millis * 1_000_000),
            link: LinkType::ETHERNET,
            orig_len: u32::try_from(bytes.len()).unwrap(),
            data: bytes,
        };
        let (told, acts) = (&mut self.told, &mut self.acts);
        self.pipeline
            .handle_packet(&packet, &mut |seen| take(seen, (told, acts)));
    }

    pub fn finish(&mut self) -> Stats {
        let (told, acts) = (&mut self.told, &mut self.acts);
        self.pipeline.finish(&mut |seen| take(seen, (told, acts)));
        self.pipeline.stats()
    }

    /// What and how each record ended.
    pub fn ended(&self) -> Vec<(&str, &str)> {
        self.told.iter().map(Told::ended).collect()
    }
}

type Acts = Vec<(String, &'static str, String, u64)>;

fn take(seen: &Observation<'_>, (told, acts): (&mut Vec<Told>, &mut Acts)) {
    match seen {
        Observation::Said(said) => told.push(Told {
            what: said.what.into(),
            outcome: match said.outcome {
                iia_core::observe::Outcome::Refused(code) => format!("refused {code}"),
                other => other.name().into(),
            },
            latency_ms: said.latency_ns.map(|ns| ns / 1_000_000),
            asked: fields(said.asked),
            answered: fields(said.answered),
        }),
        Observation::Message(Message {
            client,
            act,
            address,
            payload_len,
            ..
        }) => acts.push((
            (*client).into(),
            act.name(),
            address.text().into(),
            *payload_len,
        )),
        _ => {}
    }
}

fn fields(fields: &[Field<'_>]) -> Vec<(String, String)> {
    let all = fields.iter();
    all.map(|field| (field.name.into(), field.value.to_string()))
        .collect()
}
