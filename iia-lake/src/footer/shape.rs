//! The shape of a description, as far as a lake writes it (parquet.thrift of Apache Parquet 2.12).

/// The shape of a value.
pub(super) enum Shape {
    /// A truth value; of a field it stands in the type.
    Truth,
    /// One byte.
    Byte,
    /// A number of this type.
    Number(u8),
    /// Bytes or text.
    Bytes,
    /// A list.
    List(&'static Shape),
    /// The list of the schema's elements.
    Schema(&'static Shape),
    /// A structure or a choice: its fields by number.
    Struct(&'static [(u8, Shape)]),
}

use Shape::{Byte, Bytes, List, Number, Struct, Truth};

impl Shape {
    /// Whether a type of Thrift's compact protocol is that of the shape.
    pub(super) fn is(&self, kind: u8) -> bool {
        match self {
            Truth => matches!(kind, 1 | 2),
            Byte => kind == 3,
            Number(number) => kind == *number,
            Bytes => kind == 8,
            List(_) | Self::Schema(_) => kind == 9,
            Struct(_) => kind == 12,
        }
    }
}

const I16: Shape = Number(4);
const I32: Shape = Number(5);
const I64: Shape = Number(6);
const NOTHING: Shape = Struct(&[]);

/// `FileMetaData`.
pub(super) const FILE: Shape = Struct(&[
    (1, I32),
    (2, Shape::Schema(&ELEMENT)),
    (3, I64),
    (4, List(&GROUP)),
    (5, List(&WORD)),
    (6, Bytes),
    (7, List(&Struct(&[(1, NOTHING)]))),
]);

/// `SchemaElement`.
const ELEMENT: Shape = Struct(&[
    (1, I32),
    (2, I32),
    (3, I32),
    (4, Bytes),
    (5, I32),
    (6, I32),
    (7, I32),
    (8, I32),
    (9, I32),
    (10, LOGICAL),
]);

/// `LogicalType`.
const LOGICAL: Shape = Struct(&[
    (1, NOTHING),
    (2, NOTHING),
    (3, NOTHING),
    (4, NOTHING),
    (5, Struct(&[(1, I32), (2, I32)])),
    (6, NOTHING),
    (7, TIME),
    (8, TIME),
    (10, Struct(&[(1, Byte), (2, Truth)])),
    (11, NOTHING),
    (12, NOTHING),
    (13, NOTHING),
    (14, NOTHING),
    (15, NOTHING),
]);

/// `TimeType`, `TimestampType`.
const TIME: Shape = Struct(&[
    (1, Truth),
    (2, Struct(&[(1, NOTHING), (2, NOTHING), (3, NOTHING)])),
]);

/// `RowGroup`.
const GROUP: Shape = Struct(&[
    (1, List(&CHUNK)),
    (2, I64),
    (3, I64),
    (4, List(&Struct(&[(1, I32), (2, Truth), (3, Truth)]))),
    (5, I64),
    (6, I64),
    (7, I16),
]);

/// `ColumnChunk`.
const CHUNK: Shape = Struct(&[
    (1, Bytes),
    (2, I64),
    (3, COLUMN),
    (4, I64),
    (5, I32),
    (6, I64),
    (7, I32),
]);

/// `ColumnMetaData`.
const COLUMN: Shape = Struct(&[
    (1, I32),
    (2, List(&I32)),
    (3, List(&Bytes)),
    (4, I32),
    (5, I64),
    (6, I64),
    (7, I64),
    (8, List(&WORD)),
    (9, I64),
    (10, I64),
    (11, I64),
    (12, STATISTICS),
    (13, List(&Struct(&[(1, I32), (2, I32), (3, I32)]))),
    (14, I64),
    (15, I32),
    (16, Struct(&[(1, I64), (2, List(&I64)), (3, List(&I64))])),
]);

/// `Statistics`.
const STATISTICS: Shape = Struct(&[
    (1, Bytes),
    (2, Bytes),
    (3, I64),
    (4, I64),
    (5, Bytes),
    (6, Bytes),
    (7, Truth),
    (8, Truth),
]);

/// `KeyValue`.
const WORD: Shape = Struct(&[(1, Bytes), (2, Bytes)]);
