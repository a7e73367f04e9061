//! Device contracts.

use alloc::boxed::Box;
use alloc::vec::Vec;

use iia_core::observe::{Mac, Protocol, Table, Transport};

use super::{Ids, Part, part};
use crate::scope::{
    Device, DeviceFailure, Ethernet, Gateway, IoAttestation, Make, Net, Observed, Run, Server,
    Session, Tag, Text, Use, merge,
};
use crate::tree::{Block, Entry, Field};

pub(super) fn read<'t>(entry: &Entry<'t>, ids: &mut Ids<'t>) -> Option<Device> {
    let protocol = Protocol::named(entry.text("protocol"));
    let byte = |field: &Field<'_>| u8::try_from(field.count()?).ok();
    Some(Device {
        collector: ids.of(entry, "collector"),
        protocol,
        clients: all(entry, "client", |field| Net::parse(field.text())),
        servers: all(entry, "server", server),
        vlans: all(entry, "vlan", |field| u16::try_from(field.count()?).ok()),
        ethernet: ethernet(entry, protocol),
        units: all(entry, "unit", byte),
        functions: all(entry, "function", byte),
        reads: merge(all(entry, "read", run)),
        writes: merge(all(entry, "write", run)),
        silence_ns: entry.field("silence").and_then(|field| field.ns()),
        cadence_ns: entry.field("cadence").and_then(|field| field.ns()),
        observed: observed(entry),
    })
}

/// What every field of a key says, with room for no more: most contracts name one of each.
fn all<T>(entry: &Entry<'_>, key: &str, read: impl Fn(&Field<'_>) -> Option<T>) -> Vec<T> {
    let fields = entry.fields(key);
    let mut all = Vec::with_capacity(fields.clone().count());
    all.extend(fields.filter_map(|field| read(&field)));
    all
}

fn ethernet(entry: &Entry<'_>, protocol: Protocol) -> Option<Box<Ethernet>> {
    entry.field("sender")?;
    let said = entry.fields("ethertype");
    let said = said.filter_map(|field| ethertype(field.text()));
    let macs = |key: &str| all(entry, key, |field| Mac::parse(field.text()));
    Some(Box::new(Ethernet {
        ethertypes: protocol.ethertype().into_iter().chain(said).collect(),
        senders: macs("sender"),
        receivers: macs("receiver"),
    }))
}

/// An EtherType in its one spelling, `0x88f7`; smaller numbers are lengths.
pub(crate) fn ethertype(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 4)?;
    let sound = digits
        .bytes()
        .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    let number = u16::from_str_radix(digits, 16).ok()?;
    (sound && number >= 0x600).then_some(number)
}

/// What carries a port of the language, such as the `tls` of `tls/192.0.2.1:7443`.
fn carrier(scheme: &str) -> Option<Transport> {
    Some(match scheme {
        "tcp" | "tls" => Transport::Tcp,
        "udp" | "dtls" | "quic" => Transport::Udp,
        "sctp" => Transport::Ip(132),
        _ => return None,
    })
}

fn server(field: &Field<'_>) -> Option<Server> {
    let (scheme, socket) = field.text().split_once('/')?;
    let socket: core::net::SocketAddr = socket.parse().ok()?;
    Some(Server {
        transport: carrier(scheme)?,
        addr: socket.ip(),
        port: socket.port(),
    })
}

pub(crate) fn run(field: &Field<'_>) -> Option<Run> {
    let count = |index| u32::try_from(field.number(index)?.as_count()?).ok();
    Some(Run {
        table: table(field.text())?,
        first: count(1)?,
        last: count(2)?,
    })
}

fn table(name: &str) -> Option<Table> {
    Some(match name {
        "coil" => Table::Coil,
        "discrete_input" => Table::DiscreteInput,
        "input_register" => Table::InputRegister,
        "holding_register" => Table::HoldingRegister,
        _ => return None,
    })
}

/// Fields of which most contracts say none.
const SAID: [&str; 5] = ["classification", "identity", "stream", "expected", "rate"];

fn observed(entry: &Entry<'_>) -> Option<Box<Observed>> {
    let protocol = Some(entry.text("protocol")).filter(|name| *name != "modbus_tcp");
    let says = SAID.iter().any(|key| entry.field(key).is_some());
    if protocol.is_none() && !says && entry.blocks().len() == 0 {
        return None;
    }
    let observation = part(entry, "observation");
    let tags = entry.blocks_of("tag");
    Some(Box::new(Observed {
        protocol: protocol.map(Text::from),
        classification: entry.field("classification").map(|f| f.text().into()),
        identities: entry
            .fields("identity")
            .map(|field| field.text().into())
            .collect(),
        streams: entry
            .fields("stream")
            .map(|field| field.text().into())
            .collect(),
        expected: entry.field("expected").and_then(|field| field.count()),
        rate: entry.field("rate").and_then(|field| field.number(0)),
        make: boxed(entry, "device", make),
        gateway: boxed(entry, "gateway", gateway),
        session: boxed(entry, "session", session),
        mode: observation.maybe("mode"),
        sample_ns: observation.ns("sample"),
        queue_depth: observation.count("queue_depth"),
        topic: observation.maybe("topic"),
        qos: observation.count("qos"),
        tags: tags
            .map(|block| (name(&block), tag(&Part(Some(block)))))
            .collect(),
        failure: boxed(entry, "failure", failure),
        retention_ns: part(entry, "retention").ns("on_box"),
        usage: usage(&part(entry, "use")),
        io_attestation: boxed(entry, "io_attestation", io_attestation),
    }))
}

/// A block that is there, read.
fn boxed<T>(entry: &Entry<'_>, key: &str, read: fn(&Part<'_>) -> T) -> Option<Box<T>> {
    let block = entry.block(key)?;
    Some(Box::new(read(&Part(Some(block)))))
}

fn name(block: &Block<'_>) -> Text {
    block.name.unwrap_or_default().into()
}

fn make(block: &Part<'_>) -> Make {
    Make {
        kind: block.maybe("kind"),
        vendor: block.maybe("vendor"),
        model: block.maybe("model"),
        serial: block.maybe("serial"),
        location: block.maybe("location"),
    }
}

fn gateway(block: &Part<'_>) -> Gateway {
    Gateway {
        kind: block.word("kind"),
        network_server: block.maybe("network_server"),
        application: block.maybe("application"),
        sensor: block.maybe("sensor"),
    }
}

fn session(block: &Part<'_>) -> Session {
    Session {
        mode: block.word("mode"),
        policy: block.maybe("policy"),
        user_auth: block.maybe("user_auth"),
    }
}

fn tag(block: &Part<'_>) -> Tag {
    Tag {
        kind: block.word("type"),
        unit: block.maybe("unit"),
        rate_ns: block.ns("rate"),
        table: table(&block.word("table")),
        address: block.count("address"),
        low_micros: block.number("low").map(|number| number.micros),
        high_micros: block.number("high").map(|number| number.micros),
        values: block.words("value"),
        write: block.is_on("write"),
    }
}

fn failure(block: &Part<'_>) -> DeviceFailure {
    DeviceFailure {
        on_unreachable: block.maybe("on_unreachable"),
        on_subscription_lost: block.maybe("on_subscription_lost"),
        on_unknown_tag: block.maybe("on_unknown_tag"),
        on_out_of_range: block.maybe("on_out_of_range"),
        on_silence: block.maybe("on_silence"),
        on_unknown_device: block.maybe("on_unknown_device"),
    }
}

pub(super) fn usage(block: &Part<'_>) -> Use {
    Use {
        not_for_control: block.is_on("not_for_control"),
        not_for_safety_interlock: block.is_on("not_for_safety_interlock"),
        advisory_only: block.is_on("advisory_only"),
        attribute_to_box: block.is_on("attribute_to_box"),
        relay_to_agents: block.is_on("relay_to_agents"),
        log_queries: block.is_on("log_queries"),
    }
}

fn io_attestation(block: &Part<'_>) -> IoAttestation {
    let tolerance = block.number("tolerance");
    IoAttestation {
        enabled: block.is_on("enabled"),
        via: block.maybe("via"),
        tolerance_ppm: tolerance.and_then(|n| i64::try_from(n.in_smallest() / 1_000_000).ok()),
        on_divergence: block.maybe("on_divergence"),
    }
}
