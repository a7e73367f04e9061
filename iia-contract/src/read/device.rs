//! Device contracts.

use alloc::boxed::Box;
use alloc::vec::Vec;

use iia_core::observe::{Protocol, Table};

use super::{Part, id, part};
use crate::scope::{
    Device, DeviceFailure, Gateway, IoAttestation, Make, Net, Observed, Run, Server, Session, Tag,
    Text, Use, merge,
};
use crate::tree::{Block, Entry, Field};

pub(super) fn read(entry: &Entry<'_>) -> Option<Device> {
    let protocol = match entry.text("protocol") {
        "modbus_tcp" => Protocol::ModbusTcp,
        _ => Protocol::Unknown,
    };
    let bytes = |key: &'static str| -> Vec<u8> {
        let counts = entry.fields(key).filter_map(|field| field.count());
        exact(counts.filter_map(|n| u8::try_from(n).ok()))
    };
    let runs = |key: &'static str| merge(exact(entry.fields(key).filter_map(|field| run(&field))));
    Some(Device {
        collector: id(entry, "collector"),
        protocol,
        clients: exact(
            entry
                .fields("client")
                .filter_map(|field| Net::parse(field.text())),
        ),
        servers: exact(entry.fields("server").filter_map(|field| server(&field))),
        units: bytes("unit"),
        functions: bytes("function"),
        reads: runs("read"),
        writes: runs("write"),
        silence_ns: entry.field("silence").and_then(|field| field.ns()),
        cadence_ns: entry.field("cadence").and_then(|field| field.ns()),
        observed: observed(entry),
    })
}

/// Exactly as much room as is needed: most contracts name one of each.
fn exact<T>(items: impl Iterator<Item = T> + Clone) -> Vec<T> {
    let mut all = Vec::with_capacity(items.clone().count());
    all.extend(items);
    all
}

fn server(field: &Field<'_>) -> Option<Server> {
    let (_, socket) = field.text().split_once('/')?;
    let socket: core::net::SocketAddr = socket.parse().ok()?;
    Some(Server {
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
const SAID: [&str; 4] = ["classification", "stream", "expected", "rate"];

fn observed(entry: &Entry<'_>) -> Option<Box<Observed>> {
    let protocol = Some(entry.text("protocol")).filter(|name| *name != "modbus_tcp");
    let says = entry.all().any(|field| SAID.contains(&field.key));
    if protocol.is_none() && !says && entry.blocks().len() == 0 {
        return None;
    }
    let observation = part(entry, "observation");
    let tags = entry.blocks().filter(|block| block.key == "tag");
    Some(Box::new(Observed {
        protocol: protocol.map(Text::from),
        classification: entry.field("classification").map(|f| f.text().into()),
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
