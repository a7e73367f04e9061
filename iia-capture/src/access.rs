//! Values by name: what a message reads or sets of a device, for contracts that go by tags.
//!
//! A tag of EtherNet/IP is its symbols with dots between; a node of OPC UA whose identifier is text is that text, any
//! other is written as the standard writes it (`ns=2;i=1234`, OPC 10000-6, 5.3.1.10). The standard's own nodes
//! (namespace 0) are no values of a device and are left out.

use alloc::string::String;
use core::fmt::Write as _;

use iia_core::observe::{Access, Between, Field, Protocol, Said, Value};

/// The attribute of a node that is its value (OPC 10000-6, A.1).
const VALUE: u64 = 13;
/// The field that a node's value, or an array's, begins with.
const VARIANT: &str = "opcua.variant.has_value";

/// A name, as far as it is one of a device's values.
#[derive(Clone, Copy, Debug, Default)]
enum Tag<'f> {
    /// It is none.
    #[default]
    None,
    /// It is text.
    Text(&'f str),
    /// A node's namespace, and its identifier in it, which is no text.
    Node(u64, &'f Value<'f>),
}

/// A name and, where one was seen that is a number, its value in millionths.
type Named<'f> = (Tag<'f>, Option<i64>);

/// Tells each access of a message.
#[inline]
pub(crate) fn accesses(said: &Said<'_>, take: &mut dyn FnMut(&Access<'_>)) {
    if matches!(said.protocol, Protocol::Enip | Protocol::OpcUa)
        && let Between::Flow(flow) = said.between
    {
        let blank = Access {
            ts: said.ts,
            flow,
            protocol: said.protocol,
            tag: "",
            write: false,
            value_micros: None,
        };
        tell(said, blank, take);
    }
}

fn tell(said: &Said<'_>, blank: Access<'_>, take: &mut dyn FnMut(&Access<'_>)) {
    let writing = Access {
        write: true,
        ..blank
    };
    match (said.protocol, said.what) {
        (Protocol::Enip, "read_tag" | "read_tag_fragmented") => {
            cip(said.asked, said.answered, (blank, take));
        }
        (Protocol::Enip, "write_tag" | "write_tag_fragmented" | "read_modify_write_tag") => {
            cip(said.asked, said.asked, (writing, take));
        }
        (Protocol::OpcUa, "read") => {
            let mut values = values(said.answered);
            let all = Nodes::of(said.asked);
            let all = all.map(|(tag, _)| (tag, values.next().flatten()));
            nodes(all, (blank, take));
        }
        (Protocol::OpcUa, "write") => nodes(Nodes::of(said.asked), (writing, take)),
        (Protocol::OpcUa, "publish") => nodes(Items::of(said.answered), (blank, take)),
        _ => {}
    }
}

/// Tells each name that is one.
fn nodes<'f>(
    all: impl Iterator<Item = Named<'f>>,
    (blank, take): (Access<'_>, &mut dyn FnMut(&Access<'_>)),
) {
    let mut written = String::new();
    for (tag, value_micros) in all {
        let tag = match tag {
            Tag::None => continue,
            Tag::Text(text) => text,
            Tag::Node(namespace, id) => {
                written.clear();
                // Writing to a string cannot fail.
                let _ = write!(written, "ns={namespace};i={id}");
                &written
            }
        };
        if tag.is_empty() {
            continue;
        }
        take(&Access {
            tag,
            value_micros,
            ..blank
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

fn cip(
    asked: &[Field<'_>],
    values: &[Field<'_>],
    (blank, take): (Access<'_>, &mut dyn FnMut(&Access<'_>)),
) {
    let mut symbols = asked.iter().filter(|field| field.name == "cip.symbol");
    let Some(first) = symbols.next() else { return };
    let value = values.iter().find(|field| field.name == "iia.cip.value");
    let value_micros = value.and_then(|field| micros(&field.value));
    let mut written = String::new();
    let tag = match (&first.value, symbols.next()) {
        (Value::Text(text), None) => text,
        (first, second) => {
            // Writing to a string cannot fail.
            let _ = write!(written, "{first}");
            for more in second.into_iter().chain(symbols) {
                let _ = write!(written, ".{}", more.value);
            }
            &*written
        }
    };
    take(&Access {
        tag,
        value_micros,
        ..blank
    });
}

/// The value of each node that was read.
fn values<'f>(fields: &'f [Field<'f>]) -> impl Iterator<Item = Option<i64>> + 'f {
    let mut at = 0;
    core::iter::from_fn(move || {
        let begins = |field: &Field<'_>| field.name == "opcua.datavalue.mask";
        at += fields.get(at..)?.iter().position(begins)? + 1;
        let rest = fields.get(at..)?.iter();
        let mut own = rest.take_while(|field| !begins(field)).enumerate();
        Some(own.find_map(|(more, _)| variant(fields, at + more)))
    })
}

/// The value behind a variant's mask, where that is one number.
fn variant(fields: &[Field<'_>], at: usize) -> Option<i64> {
    let mask = fields.get(at)?;
    let value = fields.get(at + 1)?;
    let array = || value.name == "opcua.variant.ArraySize";
    (mask.name == VARIANT && !array())
        .then(|| micros(&value.value))
        .flatten()
}

/// Nodes with what is said of each: one name a node, none for what is no value of a device.
struct Nodes<'f> {
    fields: &'f [Field<'f>],
    at: usize,
}

impl<'f> Nodes<'f> {
    const fn of(fields: &'f [Field<'f>]) -> Self {
        Self { fields, at: 0 }
    }
}

impl<'f> Iterator for Nodes<'f> {
    type Item = Named<'f>;

    fn next(&mut self) -> Option<Named<'f>> {
        let begins = |field: &Field<'_>| {
            field.name == "iia.opcua.member" && matches!(field.value, Value::Text("NodeId"))
        };
        self.at += self.fields.get(self.at..)?.iter().position(begins)? + 1;
        let ((mut tag, mut value), mut namespace, mut fresh) = (Named::default(), 0, true);
        while let Some(field) = self.fields.get(self.at).filter(|field| !begins(field)) {
            match field.name {
                "opcua.nodeid.nsindex" if fresh => namespace = field.value.number().unwrap_or(0),
                "opcua.nodeid.string" | "opcua.nodeid.numeric" if fresh => {
                    fresh = false;
                    tag = named(namespace, &field.value);
                }
                "opcua.AttributeId" if field.value.number() != Some(VALUE) => tag = Tag::None,
                VARIANT => value = variant(self.fields, self.at),
                _ => {}
            }
            self.at += 1;
        }
        Some((tag, value))
    }
}

const fn named<'f>(namespace: u64, id: &'f Value<'f>) -> Tag<'f> {
    match id {
        _ if namespace == 0 => Tag::None,
        Value::Text(text) => Tag::Text(text),
        id => Tag::Node(namespace, id),
    }
}

/// Items of a subscription whose nodes are known.
struct Items<'f> {
    fields: &'f [Field<'f>],
    at: usize,
    namespace: u64,
}

impl<'f> Items<'f> {
    const fn of(fields: &'f [Field<'f>]) -> Self {
        Self {
            fields,
            at: 0,
            namespace: 0,
        }
    }
}

impl<'f> Iterator for Items<'f> {
    type Item = Named<'f>;

    fn next(&mut self) -> Option<Named<'f>> {
        let mut item: Option<Named<'f>> = None;
        while let Some(field) = self.fields.get(self.at) {
            match (field.name, &mut item) {
                ("iia.opcua.item.nsindex", _) => {
                    self.namespace = field.value.number().unwrap_or(0);
                }
                ("iia.opcua.item.id", Some(_)) => break,
                ("iia.opcua.item.id", None) => {
                    item = Some((named(self.namespace, &field.value), None));
                }
                (VARIANT, Some((_, value))) => {
                    *value = value.or(variant(self.fields, self.at));
                }
                _ => {}
            }
            self.at += 1;
        }
        item
    }
}
