//! Canonical CBOR: what decodes encodes to the very same bytes.

use iia_audit::frame::Body;
use iia_core::canon::{self, minicbor};
use iia_core::event::Event;
use iia_core::finding::Finding;

/// The input as every stored type.
pub fn decode(data: &[u8]) {
    one::<Event>(data);
    one::<Finding>(data);
    one::<Body>(data);
    one::<u64>(data);
    one::<i64>(data);
    one::<(bool, Option<String>)>(data);
    one::<Vec<Vec<u32>>>(data);
}

/// One type.
pub fn one<'b, T>(bytes: &'b [u8])
where
    T: minicbor::Decode<'b, ()> + minicbor::Encode<()> + std::fmt::Debug + PartialEq,
{
    if let Ok(value) = canon::decode::<T>(bytes) {
        assert_eq!(canon::encode(&value), bytes, "{value:?}");
        for cut in 0..bytes.len() {
            assert!(canon::decode::<T>(&bytes[..cut]).is_err(), "{cut}");
        }
    }
}
