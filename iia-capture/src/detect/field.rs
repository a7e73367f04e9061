//! What an observation has to say under a name: the fields that a decoder told, and a few that every one has.

use core::fmt;
use core::net::IpAddr;

use iia_core::observe::{
    Between, Conn, Exchange, Flow, Mac, Observation, Outcome, Transport, Value,
};

/// One end of what was said.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum End {
    /// By its IP address.
    Ip(IpAddr),
    /// By its Ethernet address.
    Mac(Mac),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Mac(mac) => mac.fmt(f),
        }
    }
}

impl End {
    const fn value(self) -> Value<'static> {
        match self {
            Self::Ip(address) => Value::Ip(address),
            Self::Mac(mac) => Value::Mac(mac),
        }
    }
}

/// Which half of an exchange a clause is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Half {
    /// The message.
    Asked,
    /// Its answer.
    Answered,
}

/// Who said it, and to whom; nothing for what has no ends on the wire.
pub(super) fn ends(observation: &Observation<'_>) -> Option<(End, End)> {
    let flow = |flow: &Flow| (End::Ip(flow.orig_h), End::Ip(flow.resp_h));
    match observation {
        Observation::Exchange(exchange) => Some(flow(&exchange.flow)),
        Observation::Conn(conn) => Some(flow(&conn.flow)),
        Observation::Said(said) => {
            let (orig, resp) = match said.between {
                Between::Flow(between) => flow(&between),
                Between::Link(link) => (End::Mac(link.source), End::Mac(link.destination)),
            };
            let forward = said.from_orig || matches!(said.between, Between::Link(_));
            Some(if forward { (orig, resp) } else { (resp, orig) })
        }
        _ => None,
    }
}

/// What became of it; nothing for what asks for nothing.
pub(super) const fn outcome(observation: &Observation<'_>) -> Option<Outcome> {
    match observation {
        Observation::Exchange(exchange) => Some(exchange.outcome),
        Observation::Said(said) => Some(said.outcome),
        _ => None,
    }
}

/// Gives every value under a name to `each`, which says when it has enough; whether it did.
pub(super) fn values(
    observation: &Observation<'_>,
    half: Half,
    name: &str,
    each: &mut dyn FnMut(&Value<'_>) -> bool,
) -> bool {
    if let Some(value) = common(observation, name) {
        return each(&value);
    }
    match observation {
        Observation::Said(said) => {
            let fields = match half {
                Half::Asked => said.asked,
                Half::Answered => said.answered,
            };
            let mut named = fields.iter().filter(|field| field.name == name);
            named.any(|field| each(&field.value))
        }
        Observation::Exchange(exchange) => modbus(exchange, name).is_some_and(|it| each(&it)),
        Observation::Conn(conn) => flow(conn, name).is_some_and(|value| each(&value)),
        _ => false,
    }
}

/// What everything on the wire has.
fn common(observation: &Observation<'_>, name: &str) -> Option<Value<'static>> {
    let (client, server) = ends(observation)?;
    match name {
        "client" => Some(client.value()),
        "server" => Some(server.value()),
        "port" => observation
            .flow()
            .map(|flow| Value::Uint(flow.resp_p.into())),
        _ => None,
    }
}

/// Exchanges of Modbus have members and no fields; these are Wireshark's names for them.
fn modbus(exchange: &Exchange<'_>, name: &str) -> Option<Value<'static>> {
    let span = exchange.write.or(exchange.read);
    let number = match (name, exchange.outcome) {
        ("modbus.func_code", _) => exchange.func.into(),
        ("mbtcp.unit_id", _) => exchange.unit.into(),
        ("modbus.exception_code", Outcome::Exception(code)) => code.into(),
        ("modbus.reference_num", _) => span?.addr.into(),
        ("modbus.word_cnt", _) => span?.count.into(),
        _ => return None,
    };
    Some(Value::Uint(number))
}

/// A flow as a whole, in Zeek's words.
fn flow(conn: &Conn, name: &str) -> Option<Value<'static>> {
    Some(match name {
        "conn.proto" => Value::Text(match conn.flow.transport {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
            Transport::Ip(_) => "ip",
        }),
        "conn.orig_pkts" => Value::Uint(conn.orig_pkts),
        "conn.resp_pkts" => Value::Uint(conn.resp_pkts),
        "conn.orig_bytes" => Value::Uint(conn.orig_bytes),
        "conn.resp_bytes" => Value::Uint(conn.resp_bytes),
        _ => return None,
    })
}
