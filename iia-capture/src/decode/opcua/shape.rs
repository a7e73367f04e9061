//! What a structure of OPC UA holds, as data: one reader serves them all.

use super::words::Words;

/// The type of a member.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Boolean,
    SByte,
    Byte,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Float,
    Double,
    String,
    DateTime,
    Guid,
    ByteString,
    XmlElement,
    StatusCode,
    NodeId,
    ExpandedNodeId,
    QualifiedName,
    LocalizedText,
    ExtensionObject,
    DataValue,
    Variant,
    DiagnosticInfo,
    /// A ByteString that nobody is told: a password, a token that opens doors.
    Secret,
    /// The subscription that what follows belongs to.
    Subscription,
    /// The number that a client gives an item it asks to be told of.
    NewHandle,
    /// That number, where the item is told of.
    Handle,
    /// An enumeration.
    Word(&'static Words),
    /// An array.
    Many(&'static Self),
    /// A structure.
    Of(&'static Shape),
}

/// A member of a structure.
pub(super) struct Member {
    /// Its name in the standard.
    pub(super) name: &'static str,
    /// The field that tells it, where its type has none of its own.
    pub(super) field: &'static str,
    /// Its type.
    pub(super) kind: Kind,
}

/// The members of a structure, in the order of the wire.
pub(super) struct Shape(pub(super) &'static [Member]);

/// Structures: `NAME { Member: Kind, Member = "field": Kind }`.
macro_rules! shapes {
    ($($shape:ident { $($member:ident $(= $field:literal)?: $kind:expr),* $(,)? })*) => {
        #[allow(unused_imports, reason = "not every file has every type")]
        use $crate::decode::opcua::shape::{Kind::*, Member, Shape};
        $(pub(in crate::decode::opcua) static $shape: Shape = Shape(&[$(Member {
            name: stringify!($member),
            field: $crate::decode::opcua::shape::field!($member $($field)?),
            kind: $kind,
        }),*]);)*
    };
}

/// Wireshark's field is named after the member, unless said otherwise.
macro_rules! field {
    ($member:ident) => {
        concat!("opcua.", stringify!($member))
    };
    ($member:ident $field:literal) => {
        $field
    };
}

pub(super) use {field, shapes};
