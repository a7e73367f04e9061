//! JSON in which no name occurs twice in an object, at any depth (RFC 7517 4, SPIFFE Trust Domain and Bundle 5.1.1).

use std::fmt;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::BUNDLE_LEN_MAX;
use crate::IdentityError;

/// Reads one value of at most [`BUNDLE_LEN_MAX`] bytes.
pub(crate) fn read(json: &[u8]) -> Result<Value, IdentityError> {
    if json.len() > BUNDLE_LEN_MAX {
        return Err(bad("longer than 1 MiB"));
    }
    once(json).ok_or(bad("not JSON, or a name occurs twice"))
}

/// Reads one value; the caller has looked at its length.
pub(crate) fn once(json: &[u8]) -> Option<Value> {
    let Unique(value) = serde_json::from_slice(json).ok()?;
    Some(value)
}

/// Writes a value without spaces.
pub(crate) fn write<T: Serialize>(value: &T) -> Result<Vec<u8>, IdentityError> {
    serde_json::to_vec(value).map_err(|_| IdentityError::Internal {
        what: "write a bundle",
    })
}

/// A member that must be an unsigned integer of at most 64 bits where it is there.
pub(super) fn integer(value: &Value, name: &str) -> Result<Option<u64>, IdentityError> {
    match value.get(name) {
        None => Ok(None),
        Some(number) => number.as_u64().map(Some).ok_or(bad("number is no integer")),
    }
}

pub(super) const fn bad(what: &'static str) -> IdentityError {
    IdentityError::BadBundle { what }
}

struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Once).map(Self)
    }
}

struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON whose names occur once")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some((name, Unique(value))) = members.next_entry::<String, Unique>()? {
            if all.insert(name, value).is_some() {
                return Err(A::Error::custom("name twice"));
            }
        }
        Ok(Value::Object(all))
    }
}
