//! Values by name: what a message reads or sets of a device, for contracts that go by tags.
//!
//! A tag of EtherNet/IP is its symbols with dots between; a node of OPC UA whose identifier is text is that text, any
//! other is written as the standard writes it (`ns=2;i=1234`, OPC 10000-6, 5.3.1.10). The standard's own nodes
//! (namespace 0) are no values of a device and are left out.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::observe::{Access, Between, Field, Protocol, Said, Value};

/// The attribute of a node that is its value (OPC 10000-6, A.1).
const VALUE: u64 = 13;

/// A name and, where one was seen that is a number, its value in millionths.
#[derive(Debug, Default)]
struct Named {
    tag: String,
    micros: Option<i64>,
}

/// Tells each access of a message.
pub(crate) fn accesses(said: &Said<'_>, take: &mut dyn FnMut(&Access<'_>)) {
    let Between::Flow(flow) = said.between else {
        return;
    };
    let (all, write) = match (said.protocol, said.what) {
        (Protocol::Enip, "read_tag" | "read_tag_fragmented") => (cip(said, said.answered), false),
        (Protocol::Enip, "write_tag" | "write_tag_fragmented" | "read_modify_write_tag") => {
            (cip(said, said.asked), true)
        }
        (Protocol::OpcUa, "read") => (read(said), false),
        (Protocol::OpcUa, "write") => (written(said), true),
        (Protocol::OpcUa, "publish") => (items(said.answered), false),
        _ => return,
    };
    for Named { tag, micros } in &all {
        take(&Access {
            ts: said.ts,
            flow,
            protocol: said.protocol,
            tag,
            write,
            value_micros: *micros,
        });
    }
}

fn micros(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Uint(number) | Value::Code(number, _) => {
            i64::try_from(*number).ok()?.checked_mul(1_000_000)
        }
        Value::Int(number) => number.checked_mul(1_000_000),
        Value::Bool(flag) => Some(i64::from(*flag) * 1_000_000),
        Value::Float(number) => {
            let micros = number * 1e6;
            let fits = micros.is_finite() && (-9.2e18..9.2e18).contains(&micros);
            fits.then_some(micros as i64)
        }
        _ => None,
    }
}

fn cip(said: &Said<'_>, values: &[Field<'_>]) -> Vec<Named> {
    let symbols = said.asked.iter().filter(|field| field.name == "cip.symbol");
    let symbols: Vec<String> = symbols.map(|field| field.value.to_string()).collect();
    if symbols.is_empty() {
        return Vec::new();
    }
    let value = values.iter().find(|field| field.name == "iia.cip.value");
    let named = Named {
        tag: symbols.join("."),
        micros: value.and_then(|field| micros(&field.value)),
    };
    alloc::vec![named]
}

/// Nodes that are read, each with the value that came for it.
fn read(said: &Said<'_>) -> Vec<Named> {
    let mut values = Vec::new();
    for (at, field) in said.answered.iter().enumerate() {
        if field.name == "opcua.datavalue.mask" {
            values.push(None);
        } else if let Some(last) = values.last_mut() {
            *last = last.or(variant(said.answered, at));
        }
    }
    let mut values = values.into_iter();
    let mut all = nodes(said.asked);
    for named in &mut all {
        named.micros = values.next().flatten();
    }
    all.retain(|named| !named.tag.is_empty());
    all
}

fn written(said: &Said<'_>) -> Vec<Named> {
    let mut all = nodes(said.asked);
    all.retain(|named| !named.tag.is_empty());
    all
}

/// The value behind a variant's mask, where that is one number.
fn variant(fields: &[Field<'_>], at: usize) -> Option<i64> {
    let mask = fields.get(at)?;
    let value = fields.get(at + 1)?;
    let of_variant = mask.name == "opcua.variant.has_value";
    let array = value.name == "opcua.variant.ArraySize";
    (of_variant && !array)
        .then(|| micros(&value.value))
        .flatten()
}

/// Nodes with what is said of each: one name a node, empty for what is no value of a device.
fn nodes(fields: &[Field<'_>]) -> Vec<Named> {
    let mut all: Vec<Named> = Vec::new();
    let (mut namespace, mut fresh) = (0, false);
    for (at, field) in fields.iter().enumerate() {
        match (field.name, &field.value) {
            ("iia.opcua.member", Value::Text("NodeId")) => {
                all.push(Named::default());
                (namespace, fresh) = (0, true);
            }
            ("opcua.nodeid.nsindex", value) if fresh => namespace = value.number().unwrap_or(0),
            ("opcua.nodeid.string" | "opcua.nodeid.numeric", value) if fresh => {
                fresh = false;
                if let Some(named) = all.last_mut() {
                    named.tag = name(namespace, value);
                }
            }
            ("opcua.AttributeId", value) if value.number() != Some(VALUE) => {
                if let Some(named) = all.last_mut() {
                    named.tag.clear();
                }
            }
            ("opcua.variant.has_value", _) => {
                if let Some(named) = all.last_mut() {
                    named.micros = variant(fields, at);
                }
            }
            _ => {}
        }
    }
    all
}

fn name(namespace: u64, id: &Value<'_>) -> String {
    match id {
        _ if namespace == 0 => String::new(),
        Value::Text(text) => (*text).to_string(),
        id => format!("ns={namespace};i={id}"),
    }
}

/// Items of a subscription whose nodes are known.
fn items(fields: &[Field<'_>]) -> Vec<Named> {
    let mut all: Vec<Named> = Vec::new();
    let mut namespace = 0;
    for (at, field) in fields.iter().enumerate() {
        match field.name {
            "iia.opcua.item.nsindex" => namespace = field.value.number().unwrap_or(0),
            "iia.opcua.item.id" => all.push(Named {
                tag: name(namespace, &field.value),
                micros: None,
            }),
            "opcua.variant.has_value" => {
                if let Some(named) = all.last_mut() {
                    named.micros = named.micros.or(variant(fields, at));
                }
            }
            _ => {}
        }
    }
    all.retain(|named| !named.tag.is_empty());
    all
}
