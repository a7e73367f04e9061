//! Frames of a serial line, and what a pipeline makes of them however they are carried.

use iia_capture::decode::modbus::{ascii, rtu};
use iia_capture::generate;
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::{LinkType, Packet};
use iia_core::Timestamp;
use iia_core::observe::{Exchange, Observation, Protocol};

pub const SYN: u8 = 0x02;

/// A frame of RTU.
pub fn rtu(unit: u8, pdu: &[u8]) -> Vec<u8> {
    let body = [&[unit], pdu].concat();
    let seal = rtu::crc(&body).to_le_bytes();
    [&body[..], &seal].concat()
}

/// A frame of ASCII.
pub fn ascii(unit: u8, pdu: &[u8]) -> Vec<u8> {
    let mut body = [&[unit], pdu].concat();
    body.push(ascii::lrc(&body));
    let digits: String = body.iter().map(|byte| format!("{byte:02X}")).collect();
    format!(":{digits}\r\n").into_bytes()
}

/// Exchanges in a few words: protocol, unit, function, outcome, what is read and written.
pub fn words(exchange: &Exchange<'_>) -> String {
    let span = |span: Option<iia_core::observe::Span<'_>>| {
        span.map_or(String::from("-"), |span| {
            let values: Vec<u16> = span.iter().collect();
            format!("{}+{}{values:?}", span.addr, span.count)
        })
    };
    format!(
        "{} {} {} {} r{} w{}",
        exchange.protocol.name(),
        exchange.unit,
        exchange.func,
        exchange.outcome.name(),
        span(exchange.read),
        span(exchange.write)
    )
}

/// A conversation between a client and a server, fed packet by packet.
pub struct Talk {
    pipeline: Pipeline,
    pub port: u16,
    sent: [u32; 2],
    pub micros: i64,
    pub seen: Vec<String>,
    pub said: Vec<String>,
    pub flows: Vec<String>,
    pub conns: Vec<Protocol>,
}

impl Talk {
    pub fn new(options: Options, port: u16) -> Self {
        Self {
            pipeline: Pipeline::new(options),
            port,
            sent: [1, 1],
            micros: 0,
            seen: Vec::new(),
            said: Vec::new(),
            flows: Vec::new(),
            conns: Vec::new(),
        }
    }

    pub fn packet(&mut self, link: LinkType, data: &[u8]) {
        self.micros += 1000;
        let packet = Packet {
            ts: Timestamp::from_ns(1_800_000_000_000_000_000 + self.micros * 1000),
            link,
            orig_len: u32::try_from(data.len()).unwrap(),
            data,
        };
        let (seen, said) = (&mut self.seen, &mut self.said);
        let (flows, conns) = (&mut self.flows, &mut self.conns);
        self.pipeline.handle_packet(&packet, &mut |observation| {
            take(observation, (seen, said), (flows, conns));
        });
    }

    pub fn finish(mut self) -> Self {
        let (seen, said) = (&mut self.seen, &mut self.said);
        let (flows, conns) = (&mut self.flows, &mut self.conns);
        self.pipeline.finish(&mut |observation| {
            take(observation, (seen, said), (flows, conns));
        });
        self
    }

    /// The connection is opened by the client.
    pub fn open(&mut self) {
        for up in [true, false] {
            let mut frame = self.segment(up, &[]);
            frame[14 + 20 + 13] = if up { SYN } else { SYN | 0x10 };
            let seq = self.sent[usize::from(!up)].wrapping_sub(1).to_be_bytes();
            frame[14 + 20 + 4..14 + 20 + 8].copy_from_slice(&seq);
            self.packet(LinkType::ETHERNET, &frame);
        }
    }

    pub fn tcp(&mut self, up: bool, payload: &[u8]) {
        let frame = self.tcp_frame(up, payload);
        self.packet(LinkType::ETHERNET, &frame);
    }

    /// The next segment of one side.
    pub fn tcp_frame(&mut self, up: bool, payload: &[u8]) -> Vec<u8> {
        let frame = self.segment(up, payload);
        self.sent[usize::from(!up)] += u32::try_from(payload.len()).unwrap();
        frame
    }

    fn segment(&self, up: bool, payload: &[u8]) -> Vec<u8> {
        let (client, server) = ([10, 0, 0, 1], [10, 0, 0, 2]);
        let [mine, other] = if up { [0, 1] } else { [1, 0] };
        let (hosts, ports) = match up {
            true => ((client, server), (40_000, self.port)),
            false => ((server, client), (self.port, 40_000)),
        };
        generate::frame(hosts, ports, (self.sent[mine], self.sent[other]), payload)
    }

    pub fn udp(&mut self, up: bool, payload: &[u8]) {
        let ip = self.udp_frame(up, payload);
        self.packet(LinkType::RAW, &ip);
    }

    /// A datagram of one side.
    pub fn udp_frame(&self, up: bool, payload: &[u8]) -> Vec<u8> {
        let (mut src, mut dst) = ([10, 0, 0, 1], [10, 0, 0, 2]);
        let mut ports = [40_000, self.port];
        if !up {
            ports.reverse();
            core::mem::swap(&mut src, &mut dst);
        }
        let len = u16::try_from(payload.len()).unwrap() + 8;
        let mut ip = [&[0x45, 0], &(len + 20).to_be_bytes()[..]].concat();
        ip.extend([0, 0, 0x40, 0, 64, 17, 0, 0]);
        ip.extend(src);
        ip.extend(dst);
        ip.extend(ports.map(u16::to_be_bytes).concat());
        ip.extend([len.to_be_bytes(), [0, 0]].concat());
        ip.extend(payload);
        ip
    }

    pub fn serial(&mut self, payload: &[u8]) {
        self.packet(LinkType::USER0, payload);
    }
}

fn take(
    observation: &Observation<'_>,
    (seen, said): (&mut Vec<String>, &mut Vec<String>),
    (flows, conns): (&mut Vec<String>, &mut Vec<Protocol>),
) {
    match observation {
        Observation::Exchange(exchange) => {
            seen.push(words(exchange));
            flows.push(exchange.flow.to_string());
        }
        Observation::Said(one) => said.push(format!("{} {}", one.what, one.outcome.name())),
        Observation::Conn(conn) => conns.push(conn.protocol),
        _ => {}
    }
}
