//! Contracts of scope device, word by word.

use std::net::{IpAddr, SocketAddr};

use iia_contract::matcher::Clause;
use iia_contract::tree::{Block, Entry};
use iia_core::observe::{
    Access, Conn, Exchange, Flow, Frame, Outcome, Protocol, Span, Transport, Values,
};

use super::{Says, words};

fn server(entry: &Entry<'_>, flow: &Flow) -> bool {
    words(entry, "", "server").iter().any(|word| {
        let (scheme, socket) = word.split_once('/').unwrap();
        let transport = match scheme {
            "tcp" | "tls" => Transport::Tcp,
            "udp" => Transport::Udp,
            other => panic!("{other}"),
        };
        socket.parse::<SocketAddr>().unwrap() == SocketAddr::new(flow.resp_h, flow.resp_p)
            && transport == flow.transport
    })
}

/// A network holds an address whose first bits, written out, are its own.
fn in_net(net: &str, addr: IpAddr) -> bool {
    let written = |addr: IpAddr| match addr {
        IpAddr::V4(addr) => format!("{:032b}", u32::from(addr)),
        IpAddr::V6(addr) => format!("{:0128b}", u128::from(addr)),
    };
    let (base, prefix) = net.split_once('/').unwrap_or((net, ""));
    let base: IpAddr = base.parse().unwrap();
    let (base_bits, bits) = (written(base), written(addr));
    let prefix = prefix.parse().unwrap_or(base_bits.len());
    base_bits.len() == bits.len() && base_bits[..prefix] == bits[..prefix]
}

fn client(entry: &Entry<'_>, flow: &Flow) -> bool {
    let nets = words(entry, "", "client");
    nets.iter().any(|net| in_net(net, flow.orig_h))
}

fn numbered(entry: &Entry<'_>, key: &str, number: u64) -> bool {
    words(entry, "", key)
        .iter()
        .any(|word| word.parse::<u64>().unwrap() == number)
}

fn vlan(entry: &Entry<'_>, vlan: u16) -> bool {
    words(entry, "", "vlan").is_empty() || numbered(entry, "vlan", vlan.into())
}

/// Server, protocol, client and VLAN; `spoken` says whether a protocol of a contract fits.
fn ends(entry: &Entry<'_>, flow: &Flow, spoken: impl Fn(&str) -> bool) -> Result<(), Clause> {
    for (holds, clause) in [
        (server(entry, flow), Clause::Server),
        (spoken(entry.text("protocol")), Clause::Protocol),
        (client(entry, flow), Clause::Client),
        (vlan(entry, flow.vlan), Clause::Vlan),
    ] {
        if !holds {
            return Err(clause);
        }
    }
    Ok(())
}

pub(super) fn conn(entry: &Entry<'_>, conn: &Conn) -> Says {
    let unknown = conn.protocol == Protocol::Unknown;
    let silent = unknown && conn.orig_bytes + conn.resp_bytes == 0;
    ends(entry, &conn.flow, |protocol| match protocol {
        "modbus_tcp" => silent || conn.protocol == Protocol::ModbusTcp,
        "opcua" => unknown || conn.protocol == Protocol::OpcUa,
        _ => true,
    })?;
    Ok(Clause::Client)
}

pub(super) fn exchange(entry: &Entry<'_>, exchange: &Exchange<'_>) -> Says {
    let spoken = |protocol: &str| {
        protocol == exchange.protocol.name()
            || protocol == "other" && exchange.protocol == Protocol::Unknown
    };
    ends(entry, &exchange.flow, spoken)?;
    if !words(entry, "", "unit").is_empty() && !numbered(entry, "unit", exchange.unit.into()) {
        return Err(Clause::Unit);
    }
    if exchange.outcome == Outcome::Malformed {
        return Err(Clause::Malformed);
    }
    if exchange.outcome == Outcome::Orphan {
        return Ok(Clause::Client);
    }
    let clause = if numbered(entry, "function", exchange.func.into()) {
        Clause::Function
    } else if exchange.read.is_none() && exchange.write.is_none() {
        return Err(Clause::Function);
    } else {
        if exchange.write.is_some() && words(entry, "", "write").is_empty() {
            return Err(Clause::ReadOnly);
        }
        if exchange
            .write
            .is_some_and(|span| !all_within(entry, "write", &span))
        {
            return Err(Clause::Write);
        }
        if exchange
            .read
            .is_some_and(|span| !all_within(entry, "read", &span))
        {
            return Err(Clause::Read);
        }
        match exchange.write {
            Some(_) => Clause::Write,
            None => Clause::Read,
        }
    };
    for tag in entry.blocks().filter(|block| block.key == "tag") {
        for span in exchange.read.iter().chain(&exchange.write) {
            if !value_is_sound(&tag, span) {
                return Err(Clause::Value);
            }
        }
    }
    Ok(clause)
}

/// Whether every single address of a span is listed.
fn all_within(entry: &Entry<'_>, verb: &str, span: &Span<'_>) -> bool {
    (span.addr..span.addr + span.count.max(1)).all(|addr| {
        entry.fields(verb).any(|field| {
            let number = |at| field.value(at).unwrap().text.parse::<u32>().unwrap();
            field.text() == span.table.name() && (number(1)..=number(2)).contains(&addr)
        })
    })
}

fn limit(tag: &Block<'_>, key: &str) -> Option<f64> {
    tag.field(key).map(|field| field.text().parse().unwrap())
}

fn within(tag: &Block<'_>, value: f64) -> bool {
    limit(tag, "low").is_none_or(|low| low <= value)
        && limit(tag, "high").is_none_or(|high| value <= high)
}

fn value_is_sound(tag: &Block<'_>, span: &Span<'_>) -> bool {
    if tag.text("table") != span.table.name() || tag.field("address").is_none() {
        return true;
    }
    let address: u32 = tag.text("address").parse().unwrap();
    let registers = match tag.text("type") {
        "uint16" | "int16" => 1,
        "uint32" | "int32" | "float32" => 2,
        other => panic!("{other}"),
    };
    if address < span.addr || address + registers > span.addr + span.count {
        return true;
    }
    let Values::Words(all) = span.values else {
        return true;
    };
    let from = (address - span.addr) as usize * 2;
    let Some(seen) = all.get(from..from + registers as usize * 2) else {
        return true;
    };
    let value = match (tag.text("type"), seen) {
        ("uint16", &[a, b]) => u16::from_be_bytes([a, b]).into(),
        ("int16", &[a, b]) => i16::from_be_bytes([a, b]).into(),
        ("uint32", &[a, b, c, d]) => u32::from_be_bytes([a, b, c, d]).into(),
        ("int32", &[a, b, c, d]) => i32::from_be_bytes([a, b, c, d]).into(),
        (_, &[a, b, c, d]) => f64::from(f32::from_be_bytes([a, b, c, d])),
        other => panic!("{other:?}"),
    };
    let ranged = tag.field("low").is_some() || tag.field("high").is_some();
    !ranged || within(tag, value) && !value.is_nan()
}

pub(super) fn access(entry: &Entry<'_>, access: &Access<'_>) -> Says {
    let spoken = |protocol: &str| protocol == access.protocol.name();
    ends(entry, &access.flow, spoken)?;
    let mut tags = entry.blocks().filter(|block| block.key == "tag");
    let Some(tag) = tags.find(|tag| tag.name == Some(access.tag)) else {
        return Err(Clause::Tag);
    };
    if access.write && tag.text("write") != "on" {
        return Err(Clause::ReadOnly);
    }
    match access.value_micros {
        Some(micros) if !within(&tag, micros as f64 / 1e6) => Err(Clause::Value),
        _ => Ok(Clause::Tag),
    }
}

pub(super) fn frame(entry: &Entry<'_>, frame: &Frame) -> Says {
    let said = |key: &str, mac: &str| words(entry, "", key).contains(&mac);
    let ethertype = match entry.text("protocol") {
        "profinet_dcp" | "profinet_rt" => vec![0x8892],
        "ethercat" => vec![0x88a4],
        "goose" => vec![0x88b8],
        "mrp" => vec![0x88e3],
        _ => words(entry, "", "ethertype")
            .iter()
            .map(|word| u16::from_str_radix(&word[2..], 16).unwrap())
            .collect(),
    };
    let spoken = entry.text("protocol") == frame.protocol.name()
        || entry.text("protocol") == "other" && frame.protocol == Protocol::Unknown;
    let receives = said("receiver", &frame.destination.to_string());
    for (holds, clause) in [
        (
            receives && ethertype.contains(&frame.ethertype),
            Clause::Server,
        ),
        (spoken, Clause::Protocol),
        (said("sender", &frame.source.to_string()), Clause::Client),
        (vlan(entry, frame.vlan), Clause::Vlan),
    ] {
        if !holds {
            return Err(clause);
        }
    }
    match frame.func {
        Some(func) if numbered(entry, "function", func.into()) => Ok(Clause::Function),
        Some(_) if !words(entry, "", "function").is_empty() => Err(Clause::Function),
        _ => Ok(Clause::Client),
    }
}
