//! A payload of metrics, told metric by metric (Sparkplug 3.0.0, 6.4.4 to 6.4.15).

use alloc::vec::Vec;

use iia_core::observe::Value;

use super::super::super::Fields;
use super::Known;
use super::proto::{Message, Wire};
use super::value::{self, INT};

/// Templates within templates, and sets of properties within sets, that are read; what is deeper is told as bytes.
pub const DEPTH_MAX: u8 = 4;

const NAME: &str = "iia.sparkplug.metric.name";
const VALUE: &str = "iia.sparkplug.metric.value";
const PROPERTY: [&str; 3] = [
    "iia.sparkplug.property.type",
    "iia.sparkplug.property.is_null",
    "iia.sparkplug.property.value",
];
const PARAMETER: &str = "iia.sparkplug.parameter.value";

/// Tells a payload; whether it is one to its end.
pub(super) fn tell<'a>(fields: &mut Fields<'a>, bytes: &'a [u8], names: &'a [Known]) -> bool {
    let (mut sound, mut names) = (true, names.iter());
    let mut message = Message::new(bytes);
    for field in message.by_ref() {
        match field {
            (1, Wire::Varint(millis)) => {
                fields.add("iia.sparkplug.timestamp", value::time(millis));
            }
            (2, Wire::Bytes(bytes)) => sound &= metric(fields, bytes, (names.next(), 0)),
            (3, Wire::Varint(seq)) => fields.uint("iia.sparkplug.seq", seq),
            (4, Wire::Bytes(uuid)) => fields.text("iia.sparkplug.uuid", uuid),
            (5, Wire::Bytes(body)) => fields.add("iia.sparkplug.body", Value::Bytes(body)),
            _ => {}
        }
    }
    sound && !message.is_broken()
}

/// The members of a metric by their numbers (6.4.6).
#[derive(Clone, Copy, Default)]
struct Metric<'a> {
    name: Option<&'a [u8]>,
    alias: Option<u64>,
    timestamp: Option<u64>,
    datatype: Option<u32>,
    flags: [bool; 3],
    metadata: Option<&'a [u8]>,
    properties: Option<&'a [u8]>,
    value: Option<(u32, Wire<'a>)>,
}

impl<'a> Metric<'a> {
    fn take(&mut self, field: (u32, Wire<'a>)) {
        let [historical, transient, null] = &mut self.flags;
        match field {
            (1, Wire::Bytes(name)) => self.name = Some(name),
            (2, Wire::Varint(alias)) => self.alias = Some(alias),
            (3, Wire::Varint(millis)) => self.timestamp = Some(millis),
            (4, Wire::Varint(datatype)) => self.datatype = u32::try_from(datatype).ok(),
            (5, Wire::Varint(flag)) => *historical = flag != 0,
            (6, Wire::Varint(flag)) => *transient = flag != 0,
            (7, Wire::Varint(flag)) => *null = flag != 0,
            (8, Wire::Bytes(metadata)) => self.metadata = Some(metadata),
            (9, Wire::Bytes(properties)) => self.properties = Some(properties),
            (10..=19, _) => self.value = Some(field),
            _ => {}
        }
    }

    /// All but the value.
    fn head(&self, fields: &mut Fields<'a>, known: Option<&'a Known>, depth: u8) {
        if depth > 0 {
            fields.uint("iia.sparkplug.metric.depth", depth);
        }
        let born = known.and_then(|known| known.name.as_deref());
        match (self.name, born) {
            (Some(name), _) => fields.text(NAME, name),
            (None, Some(name)) => fields.add(NAME, Value::Text(name)),
            (None, None) => {}
        }
        if let Some(alias) = self.alias {
            fields.uint("iia.sparkplug.metric.alias", alias);
        }
        if let Some(millis) = self.timestamp {
            fields.add("iia.sparkplug.metric.timestamp", value::time(millis));
        }
        let flags = [
            "iia.sparkplug.metric.is_historical",
            "iia.sparkplug.metric.is_transient",
            "iia.sparkplug.metric.is_null",
        ];
        for (name, flag) in flags.into_iter().zip(self.flags) {
            if flag {
                fields.add(name, Value::Bool(true));
            }
        }
    }
}

/// One metric; `known` is what its birth says.
fn metric<'a>(
    fields: &mut Fields<'a>,
    bytes: &'a [u8],
    (known, depth): (Option<&'a Known>, u8),
) -> bool {
    let mut metric = Metric::default();
    let mut message = Message::new(bytes);
    for field in message.by_ref() {
        metric.take(field);
    }
    metric.head(fields, known, depth);
    let datatype = metric.datatype.or_else(|| known?.datatype);
    if let Some(datatype) = datatype {
        fields.add("iia.sparkplug.metric.datatype", value::datatype(datatype));
    }
    let mut sound = !message.is_broken();
    if let Some(bytes) = metric.metadata {
        sound &= metadata(fields, bytes);
    }
    if let Some(bytes) = metric.properties {
        sound &= properties(fields, bytes, depth);
    }
    match metric.value {
        Some((17, Wire::Bytes(bytes))) => sound & data_set(fields, bytes),
        Some((18, Wire::Bytes(bytes))) => sound & template(fields, bytes, depth),
        Some((16, Wire::Bytes(bytes))) => {
            blob(fields, datatype, bytes);
            sound
        }
        Some((number, wire)) => {
            let plain = value::plain(number - 10 + INT, wire, datatype);
            sound & put(fields, VALUE, plain, wire)
        }
        None => sound,
    }
}

/// Adds a plain value; bytes that are none of a known kind as they are. Whether it is what its place asks for.
fn put<'a>(
    fields: &mut Fields<'a>,
    name: &'static str,
    plain: Option<Value<'a>>,
    wire: Wire<'a>,
) -> bool {
    match (plain, wire.bytes()) {
        (Some(value), _) => fields.add(name, value),
        (None, Some(bytes)) => fields.add(name, Value::Bytes(bytes)),
        (None, None) => return false,
    }
    true
}

/// Bytes, a file or an array.
fn blob<'a>(fields: &mut Fields<'a>, datatype: Option<u32>, bytes: &'a [u8]) {
    match datatype.and_then(|datatype| value::array(datatype, bytes)) {
        Some(elements) => elements.for_each(|element| fields.add(VALUE, element)),
        None => fields.add(VALUE, Value::Bytes(bytes)),
    }
}

/// What is said about a value (6.4.7).
fn metadata<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) -> bool {
    let mut message = Message::new(bytes);
    for field in message.by_ref() {
        match field {
            (1, Wire::Varint(flag)) => {
                fields.add(
                    "iia.sparkplug.metadata.is_multi_part",
                    Value::Bool(flag != 0),
                );
            }
            (2, Wire::Bytes(text)) => fields.text("iia.sparkplug.metadata.content_type", text),
            (3, Wire::Varint(size)) => fields.uint("iia.sparkplug.metadata.size", size),
            (4, Wire::Varint(seq)) => fields.uint("iia.sparkplug.metadata.seq", seq),
            (5, Wire::Bytes(text)) => fields.text("iia.sparkplug.metadata.file_name", text),
            (6, Wire::Bytes(text)) => fields.text("iia.sparkplug.metadata.file_type", text),
            (7, Wire::Bytes(text)) => fields.text("iia.sparkplug.metadata.md5", text),
            (8, Wire::Bytes(text)) => fields.text("iia.sparkplug.metadata.description", text),
            _ => {}
        }
    }
    !message.is_broken()
}

/// Properties of a metric: all keys, then all values (6.4.8).
fn properties<'a>(fields: &mut Fields<'a>, bytes: &'a [u8], depth: u8) -> bool {
    let (mut message, mut sound) = (Message::new(bytes), true);
    for field in message.by_ref() {
        match field {
            (1, Wire::Bytes(key)) => fields.text("iia.sparkplug.property.key", key),
            (2, Wire::Bytes(bytes)) => sound &= property(fields, bytes, depth),
            _ => {}
        }
    }
    sound && !message.is_broken()
}

fn property<'a>(fields: &mut Fields<'a>, bytes: &'a [u8], depth: u8) -> bool {
    let [kind, null, name] = PROPERTY;
    let (mut message, mut sound, mut datatype) = (Message::new(bytes), true, None);
    for (number, wire) in message.by_ref() {
        match (number, wire) {
            (1, Wire::Varint(number)) => {
                datatype = u32::try_from(number).ok();
                fields.add(kind, datatype.map_or(Value::Uint(number), value::datatype));
            }
            (2, Wire::Varint(flag)) => fields.add(null, Value::Bool(flag != 0)),
            (9, Wire::Bytes(set)) if depth < DEPTH_MAX => {
                sound &= properties(fields, set, depth + 1);
            }
            (10, Wire::Bytes(list)) if depth < DEPTH_MAX => {
                for (_, set) in Message::new(list) {
                    sound &= set
                        .bytes()
                        .is_some_and(|set| properties(fields, set, depth + 1));
                }
            }
            (3..=11, wire) => {
                let plain = value::plain(number - 3 + INT, wire, datatype);
                sound &= put(fields, name, plain, wire);
            }
            _ => {}
        }
    }
    sound && !message.is_broken()
}

/// A table: its columns, their types, and its rows value by value (6.4.11).
fn data_set<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) -> bool {
    let types: Vec<u32> = Message::new(bytes).filter_map(column_type).collect();
    let (mut message, mut sound, mut rows) = (Message::new(bytes), true, 0u64);
    for field in message.by_ref() {
        match field {
            (1, Wire::Varint(count)) => fields.uint("iia.sparkplug.dataset.columns", count),
            (2, Wire::Bytes(name)) => fields.text("iia.sparkplug.dataset.column", name),
            (3, Wire::Varint(number)) => {
                let datatype = u32::try_from(number).ok();
                let datatype = datatype.map_or(Value::Uint(number), value::datatype);
                fields.add("iia.sparkplug.dataset.type", datatype);
            }
            (4, Wire::Bytes(row)) => {
                fields.uint("iia.sparkplug.dataset.row", rows);
                rows += 1;
                sound &= self::row(fields, (&types, row));
            }
            _ => {}
        }
    }
    sound && !message.is_broken()
}

/// The values of a row, each of the type of its column.
fn row<'a>(fields: &mut Fields<'a>, (types, row): (&[u32], &'a [u8])) -> bool {
    let mut types = types.iter().copied();
    let (mut message, mut sound) = (Message::new(row), true);
    for (_, wire) in message.by_ref() {
        let datatype = types.next();
        let value = wire.bytes().and_then(|value| Message::new(value).next());
        // A value without a member is none.
        let Some((number, wire)) = value else {
            fields.add("iia.sparkplug.dataset.value", Value::Text(""));
            continue;
        };
        let plain = value::plain(number - 1 + INT, wire, datatype);
        sound &= put(fields, "iia.sparkplug.dataset.value", plain, wire);
    }
    sound && !message.is_broken()
}

fn column_type(field: (u32, Wire<'_>)) -> Option<u32> {
    match field {
        (3, Wire::Varint(number)) => Some(u32::try_from(number).unwrap_or(0)),
        _ => None,
    }
}

/// A template: which one, its parameters and its metrics (6.4.14).
fn template<'a>(fields: &mut Fields<'a>, bytes: &'a [u8], depth: u8) -> bool {
    if depth >= DEPTH_MAX {
        fields.add(VALUE, Value::Bytes(bytes));
        return true;
    }
    let (mut message, mut sound) = (Message::new(bytes), true);
    for field in message.by_ref() {
        match field {
            (1, Wire::Bytes(text)) => fields.text("iia.sparkplug.template.version", text),
            (2, Wire::Bytes(inner)) => sound &= metric(fields, inner, (None, depth + 1)),
            (3, Wire::Bytes(inner)) => sound &= parameter(fields, inner),
            (4, Wire::Bytes(text)) => fields.text("iia.sparkplug.template.ref", text),
            (5, Wire::Varint(flag)) => {
                fields.add(
                    "iia.sparkplug.template.is_definition",
                    Value::Bool(flag != 0),
                );
            }
            _ => {}
        }
    }
    sound && !message.is_broken()
}

fn parameter<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) -> bool {
    let (mut message, mut sound, mut datatype) = (Message::new(bytes), true, None);
    for (number, wire) in message.by_ref() {
        match (number, wire) {
            (1, Wire::Bytes(name)) => fields.text("iia.sparkplug.parameter.name", name),
            (2, Wire::Varint(number)) => {
                datatype = u32::try_from(number).ok();
                let datatype = datatype.map_or(Value::Uint(number), value::datatype);
                fields.add("iia.sparkplug.parameter.type", datatype);
            }
            (3..=9, wire) => {
                let plain = value::plain(number - 3 + INT, wire, datatype);
                sound &= put(fields, PARAMETER, plain, wire);
            }
            _ => {}
        }
    }
    sound && !message.is_broken()
}
