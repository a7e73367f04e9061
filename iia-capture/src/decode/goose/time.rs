//! Moments (IEC 61850-8-1, 8.1.3.6): seconds, a fraction of 24 bits, how good the clock is.

use iia_core::Timestamp;
use iia_core::observe::Value;
use iia_core::time::SECOND_NS;

use crate::decode::{Fields, Reader};

/// Tells a moment; whether it has the eight bytes of one.
pub(super) fn tell<'a>(fields: &mut Fields<'a>, name: &'static str, bytes: &'a [u8]) -> bool {
    let mut reader = Reader::new(bytes);
    let (Some(seconds), Some(rest), 8) = (reader.be32(), reader.be32(), bytes.len()) else {
        fields.add("iia.goose.bytes", Value::Bytes(bytes));
        return false;
    };
    let fraction = (i64::from(rest >> 8) * SECOND_NS) >> 24;
    let ns = i64::from(seconds) * SECOND_NS + fraction;
    fields.add(name, Value::Time(Timestamp::from_ns(ns)));
    for (bit, name) in [
        (7, "iia.goose.t.leap_seconds_known"),
        (6, "iia.goose.t.clock_failure"),
        (5, "iia.goose.t.clock_not_synchronized"),
    ] {
        fields.add(name, Value::Bool(rest >> bit & 1 == 1));
    }
    fields.uint("iia.goose.t.accuracy_bits", rest & 0x1f);
    true
}
