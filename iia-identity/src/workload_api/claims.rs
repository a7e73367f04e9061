//! Claims of a token as the message of the Workload API has them.

use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};
use serde_json::{Map, Value as Json};

/// An object of JSON. The reader of a token bounds how deep it is.
pub(super) fn structure(members: &Map<String, Json>) -> Struct {
    let fields = members
        .iter()
        .map(|(name, json)| (name.clone(), value(json)));
    Struct {
        fields: fields.collect(),
    }
}

fn value(json: &Json) -> Value {
    let kind = match json {
        Json::Null => Kind::NullValue(0),
        Json::Bool(is) => Kind::BoolValue(*is),
        Json::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Kind::StringValue(text.clone()),
        Json::Array(items) => Kind::ListValue(ListValue {
            values: items.iter().map(value).collect(),
        }),
        Json::Object(members) => Kind::StructValue(structure(members)),
    };
    Value { kind: Some(kind) }
}
