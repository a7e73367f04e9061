//! A flow as a person writes it.

use std::net::{IpAddr, SocketAddr};
use std::str::SplitWhitespace;

use iia_core::Timestamp;
use iia_core::observe::{
    Access, Act, Address, Conn, Exchange, Flow, Frame, Mac, Message, Observation, Outcome,
    Protocol, Session, Span, Table, Transport, Values,
};

pub(super) const FORMS: &str = "Forms of FLOW:
  10.0.0.7 > tcp/10.20.0.5:502 modbus_tcp write holding_register 110 119
  10.0.0.7 > tcp/10.20.0.5:502 modbus_tcp function 43
  10.0.0.7 > tcp/10.20.0.5:4840 opcua read tag press.force
  10.0.0.7 > udp/10.20.0.5:47808
  02:00:00:00:00:01 > 01:0e:cf:00:00:00 profinet_dcp function 5
  02:00:00:00:00:01 > 01:80:c2:00:00:0e 0x88f7
  spiffe://iia.local/zone/a/workload/w > spiffe://iia.local/zone/b/workload/v APPEND
  spiffe://iia.local/zone/a/workload/w publish plant/area/line/cell/force
  device-1 subscribe plant/+/alarms/#

Behind any of them: `vlan N`, `unit N` (1 when not said), `bytes N`, `value N`, `zone NAME`, `over PROTOCOL`,
`answered ADDRESS:PORT`, `stream NAME`. Addresses of registers are those on the wire, from 0.";

type Parsed<T> = Result<T, String>;

/// What may stand behind a flow.
#[derive(Default)]
struct Further<'a> {
    vlan: u16,
    unit: Option<u8>,
    bytes: u64,
    value_micros: Option<i64>,
    zone: &'a str,
    over: &'a str,
    answered: Option<SocketAddr>,
    stream: &'a str,
}

/// Reads a flow.
pub(super) fn parse(text: &str) -> Parsed<Observation<'_>> {
    let mut words = text.split_whitespace();
    let source = word(&mut words, "who speaks")?;
    match word(&mut words, "`>`, `publish` or `subscribe`")? {
        ">" => {}
        "publish" => return message((source, Act::Publish), words),
        "subscribe" => return message((source, Act::Subscribe), words),
        other => return Err(format!("`{other}` is none of `>`, `publish`, `subscribe`")),
    }
    let destination = word(&mut words, "to whom")?;
    if source.starts_with("spiffe://") {
        session((source, destination), words)
    } else if let Some(source) = Mac::parse(source) {
        frame((source, destination), words)
    } else {
        let client = source.parse::<IpAddr>();
        let client = client.map_err(|_| format!("`{source}` is no address and no SPIFFE ID"))?;
        device((client, destination), words)
    }
}

fn word<'a>(words: &mut SplitWhitespace<'a>, what: &str) -> Parsed<&'a str> {
    words.next().ok_or_else(|| format!("{what} is missing"))
}

fn number<T: std::str::FromStr>(words: &mut SplitWhitespace<'_>, what: &str) -> Parsed<T> {
    let word = word(words, what)?;
    word.parse()
        .map_err(|_| format!("`{word}` is no {what} that can be"))
}

fn further<'a>(mut words: SplitWhitespace<'a>) -> Parsed<Further<'a>> {
    let mut further = Further::default();
    while let Some(key) = words.next() {
        match key {
            "vlan" => further.vlan = number(&mut words, "VLAN")?,
            "unit" => further.unit = Some(number(&mut words, "unit")?),
            "bytes" => further.bytes = number(&mut words, "number of bytes")?,
            "value" => {
                let value: f64 = number(&mut words, "value")?;
                further.value_micros = Some((value * 1e6).round() as i64);
            }
            "zone" => further.zone = word(&mut words, "the zone")?,
            "over" => further.over = word(&mut words, "the protocol")?,
            "answered" => further.answered = Some(number(&mut words, "address and port")?),
            "stream" => further.stream = word(&mut words, "the stream")?,
            other => return Err(format!("`{other}` is not understood")),
        }
    }
    Ok(further)
}

fn message<'a>(
    (client, act): (&'a str, Act),
    mut words: SplitWhitespace<'a>,
) -> Parsed<Observation<'a>> {
    let topic = word(&mut words, "the topic")?;
    let further = further(words)?;
    Ok(Observation::Message(Message {
        ts: Timestamp::default(),
        client,
        act,
        address: Address::Topic(topic),
        payload_len: further.bytes,
    }))
}

fn session<'a>(
    (source, destination): (&'a str, &'a str),
    mut words: SplitWhitespace<'a>,
) -> Parsed<Observation<'a>> {
    let operation = word(&mut words, "the operation")?;
    let further = further(words)?;
    Ok(Observation::Session(Session {
        ts: Timestamp::default(),
        source,
        destination,
        source_zone: further.zone,
        protocol: further.over,
        listener: further.answered,
        operation,
        stream: further.stream,
        payload_len: further.bytes,
    }))
}

fn frame<'a>(
    (source, destination): (Mac, &'a str),
    mut words: SplitWhitespace<'a>,
) -> Parsed<Observation<'a>> {
    let destination =
        Mac::parse(destination).ok_or_else(|| format!("`{destination}` is no Ethernet address"))?;
    let kind = word(&mut words, "the protocol or EtherType")?;
    let protocol = Protocol::named(kind);
    let written = kind.strip_prefix("0x");
    let written = written.and_then(|digits| u16::from_str_radix(digits, 16).ok());
    let ethertype = protocol
        .ethertype()
        .or(written)
        .ok_or_else(|| format!("`{kind}` is no protocol of frames and no EtherType"))?;
    let mut ahead = words.clone();
    let mut func = None;
    if ahead.next() == Some("function") {
        func = Some(number(&mut ahead, "function")?);
        words = ahead;
    }
    let further = further(words)?;
    Ok(Observation::Frame(Frame {
        ts: Timestamp::default(),
        source,
        destination,
        vlan: further.vlan,
        ethertype,
        protocol,
        func,
        payload_len: further.bytes,
    }))
}

fn device<'a>(
    (client, server): (IpAddr, &'a str),
    mut words: SplitWhitespace<'a>,
) -> Parsed<Observation<'a>> {
    let (scheme, socket) = server
        .split_once('/')
        .ok_or_else(|| format!("`{server}` is not like tcp/10.20.0.5:502"))?;
    let transport = match scheme {
        "tcp" => Transport::Tcp,
        "udp" => Transport::Udp,
        "sctp" => Transport::Ip(132),
        other => return Err(format!("`{other}` is none of tcp, udp, sctp")),
    };
    let socket: SocketAddr = socket
        .parse()
        .map_err(|_| format!("`{socket}` is no address and port"))?;
    let mut flow = Flow {
        orig_h: client,
        orig_p: 0,
        resp_h: socket.ip(),
        resp_p: socket.port(),
        transport,
        vlan: 0,
    };
    let mut ahead = words.clone();
    match ahead.next() {
        Some("modbus_tcp" | "modbus") => {
            words = ahead;
            exchange(flow, words)
        }
        Some("opcua") => {
            words = ahead;
            access(flow, words)
        }
        _ => {
            flow.vlan = further(words)?.vlan;
            Ok(Observation::Conn(silent(flow)))
        }
    }
}

/// A flow of which no more is known than its ends.
fn silent(flow: Flow) -> Conn {
    Conn {
        ts: Timestamp::default(),
        last: Timestamp::default(),
        flow,
        protocol: Protocol::Unknown,
        orig_pkts: 0,
        resp_pkts: 0,
        orig_bytes: 0,
        resp_bytes: 0,
        missed_bytes: 0,
    }
}

fn exchange<'a>(mut flow: Flow, mut words: SplitWhitespace<'a>) -> Parsed<Observation<'a>> {
    let verb = word(&mut words, "`read`, `write` or `function`")?;
    let (func, read, write) = match verb {
        "function" => (number(&mut words, "function")?, None, None),
        "read" | "write" => {
            let table = table(word(&mut words, "the table")?)?;
            let span = span(table, &mut words)?;
            let write = verb == "write";
            let (read, written) = match write {
                true => (None, Some(span)),
                false => (Some(span), None),
            };
            (function(table, write), read, written)
        }
        other => return Err(format!("`{other}` is none of read, write, function")),
    };
    let further = further(words)?;
    flow.vlan = further.vlan;
    Ok(Observation::Exchange(Exchange {
        ts: Timestamp::default(),
        flow,
        protocol: Protocol::ModbusTcp,
        outcome: Outcome::Answered,
        transaction: 0,
        unit: further.unit.unwrap_or(1),
        func,
        read,
        write,
        latency_ns: None,
    }))
}

fn table(name: &str) -> Parsed<Table> {
    let tables = [
        Table::Coil,
        Table::DiscreteInput,
        Table::InputRegister,
        Table::HoldingRegister,
    ];
    let found = tables.into_iter().find(|table| table.name() == name);
    found.ok_or_else(|| {
        format!("`{name}` is none of coil, discrete_input, input_register, holding_register")
    })
}

/// The function code that is used for it.
const fn function(table: Table, write: bool) -> u8 {
    match (table, write) {
        (Table::Coil, false) => 1,
        (Table::DiscreteInput, _) => 2,
        (Table::InputRegister, _) => 4,
        (Table::Coil, true) => 15,
        (_, true) => 16,
        (_, false) => 3,
    }
}

/// A first address and, perhaps, a last one.
fn span<'a>(table: Table, words: &mut SplitWhitespace<'a>) -> Parsed<Span<'a>> {
    let first: u16 = number(words, "address")?;
    let mut ahead = words.clone();
    let last = ahead.next().and_then(|word| word.parse::<u16>().ok());
    if last.is_some() {
        *words = ahead;
    }
    let last = last.unwrap_or(first);
    let count = last
        .checked_sub(first)
        .ok_or_else(|| format!("{last} comes before {first}"))?;
    Ok(Span {
        table,
        addr: first.into(),
        count: u32::from(count) + 1,
        values: Values::None,
    })
}

fn access<'a>(mut flow: Flow, mut words: SplitWhitespace<'a>) -> Parsed<Observation<'a>> {
    let write = match word(&mut words, "`read` or `write`")? {
        "read" => false,
        "write" => true,
        other => return Err(format!("`{other}` is neither read nor write")),
    };
    match word(&mut words, "`tag`")? {
        "tag" => {}
        other => return Err(format!("`{other}` is not `tag`")),
    }
    let tag = word(&mut words, "the tag")?;
    let further = further(words)?;
    flow.vlan = further.vlan;
    Ok(Observation::Access(Access {
        ts: Timestamp::default(),
        flow,
        protocol: Protocol::OpcUa,
        tag,
        write,
        value_micros: further.value_micros,
    }))
}
