//! Values that say themselves what they are (OPC 10000-6, 5.2.2.12 to 5.2.2.17).

use iia_core::observe::Value;

use super::shape::Kind;
use super::shapes::structure;
use super::value::{MEMBER, Teller};
use crate::decode::Reader;

/// The built-in type of this number, and the field of its values (OPC 10000-6, 5.1.2).
pub(super) const fn builtin(number: u8) -> Option<(Kind, &'static str)> {
    Some(match number {
        1 => (Kind::Boolean, "opcua.Boolean"),
        2 => (Kind::SByte, "opcua.SByte"),
        3 => (Kind::Byte, "opcua.Byte"),
        4 => (Kind::Int16, "opcua.Int16"),
        5 => (Kind::UInt16, "opcua.UInt16"),
        6 => (Kind::Int32, "opcua.Int32"),
        7 => (Kind::UInt32, "opcua.UInt32"),
        8 => (Kind::Int64, "opcua.Int64"),
        9 => (Kind::UInt64, "opcua.UInt64"),
        10 => (Kind::Float, "opcua.Float"),
        11 => (Kind::Double, "opcua.Double"),
        12 => (Kind::String, "opcua.String"),
        13 => (Kind::DateTime, "opcua.DateTime"),
        14 => (Kind::Guid, "opcua.Guid"),
        15 => (Kind::ByteString, "opcua.ByteString"),
        16 => (Kind::XmlElement, "opcua.XmlElement"),
        17 => (Kind::NodeId, ""),
        18 => (Kind::ExpandedNodeId, ""),
        19 => (Kind::StatusCode, "opcua.StatusCode"),
        20 => (Kind::QualifiedName, ""),
        21 => (Kind::LocalizedText, ""),
        22 => (Kind::ExtensionObject, ""),
        23 => (Kind::DataValue, ""),
        24 => (Kind::Variant, ""),
        25 => (Kind::DiagnosticInfo, ""),
        _ => return None,
    })
}

/// The name of a built-in type.
const fn type_name(number: u8) -> Option<&'static str> {
    Some(match number {
        0 => "Null",
        1 => "Boolean",
        2 => "SByte",
        3 => "Byte",
        4 => "Int16",
        5 => "UInt16",
        6 => "Int32",
        7 => "UInt32",
        8 => "Int64",
        9 => "UInt64",
        10 => "Float",
        11 => "Double",
        12 => "String",
        13 => "DateTime",
        14 => "Guid",
        15 => "ByteString",
        16 => "XmlElement",
        17 => "NodeId",
        18 => "ExpandedNodeId",
        19 => "StatusCode",
        20 => "QualifiedName",
        21 => "LocalizedText",
        22 => "ExtensionObject",
        23 => "DataValue",
        24 => "Variant",
        25 => "DiagnosticInfo",
        _ => return None,
    })
}

impl Teller<'_, '_> {
    /// A value of any built-in type, or an array of them, of several dimensions too.
    pub(super) fn variant(&mut self) -> Option<()> {
        let mask = self.reader.u8()?;
        let number = mask & 0x3f;
        let name = "opcua.variant.has_value";
        self.fields.code(name, mask, type_name(number));
        if number == 0 {
            return Some(());
        }
        // Types 26 to 31 are bytes until the standard says more (OPC 10000-6, 5.2.2.16).
        let (kind, field) = match number {
            26..=31 => (Kind::ByteString, "opcua.ByteString"),
            _ => builtin(number)?,
        };
        self.deeper(|teller| {
            if mask & 0x80 == 0 {
                return teller.value(kind, field);
            }
            teller.array(kind, field)?;
            match mask & 0x40 {
                0 => Some(()),
                _ => {
                    let name = Value::Text("ArrayDimensions");
                    teller.fields.add(MEMBER, name);
                    teller.array(Kind::Int32, "opcua.Int32")
                }
            }
        })
    }

    /// A value with its quality and its time (OPC 10000-6, 5.2.2.17).
    pub(super) fn data_value(&mut self) -> Option<()> {
        let mask = self.reader.u8()?;
        self.fields.uint("opcua.datavalue.mask", mask);
        let parts = [
            (0x01, Kind::Variant, ""),
            (0x02, Kind::StatusCode, "opcua.StatusCode"),
            (0x04, Kind::DateTime, "opcua.datavalue.SourceTimestamp"),
            (0x10, Kind::UInt16, "opcua.datavalue.SourcePicoseconds"),
            (0x08, Kind::DateTime, "opcua.datavalue.ServerTimestamp"),
            (0x20, Kind::UInt16, "opcua.datavalue.ServerPicoseconds"),
        ];
        self.deeper(|teller| {
            let mut there = parts.iter().filter(|part| mask & part.0 != 0);
            there.try_for_each(|part| teller.value(part.1, part.2))
        })
    }

    /// What a server adds to a status code; its numbers point into the string table (OPC 10000-6, 5.2.2.12).
    pub(super) fn diagnostic_info(&mut self) -> Option<()> {
        let mask = self.reader.u8()?;
        self.fields.uint("opcua.diag.mask", mask);
        let parts = [
            (0x01, Kind::Int32, "opcua.diag.SymbolicId"),
            (0x02, Kind::Int32, "opcua.diag.Namespace"),
            (0x08, Kind::Int32, "opcua.diag.Locale"),
            (0x04, Kind::Int32, "opcua.diag.LocalizedText"),
            (0x10, Kind::String, "opcua.diag.AdditionalInfo"),
            (0x20, Kind::StatusCode, "opcua.diag.InnerStatusCode"),
            (0x40, Kind::DiagnosticInfo, ""),
        ];
        self.deeper(|teller| {
            let mut there = parts.iter().filter(|part| mask & part.0 != 0);
            there.try_for_each(|part| teller.value(part.1, part.2))
        })
    }

    /// A structure that says which it is; one that is not known is told as bytes (OPC 10000-6, 5.2.2.15).
    pub(super) fn extension_object(&mut self) -> Option<()> {
        let id = standard_id(self.reader.rest());
        self.expanded_node_id()?;
        let encoding = self.reader.u8()?;
        self.fields.uint("opcua.extobj.mask", encoding);
        match encoding {
            0 => Some(()),
            1 => {
                let known = id.and_then(structure);
                let Some(shape) = known else {
                    return self.value(Kind::ByteString, "opcua.ByteString");
                };
                let bytes = self.bytes()?;
                let behind = core::mem::replace(&mut self.reader, Reader::new(bytes));
                let whole = self.shape(shape).is_some() && self.reader.is_empty();
                self.reader = behind;
                if !whole {
                    // Its length says where it ends, so that what comes behind is still read.
                    self.fields
                        .add("iia.opcua.body_malformed", Value::Bool(true));
                    self.broken = true;
                }
                Some(())
            }
            2 => self.value(Kind::XmlElement, "opcua.XmlElement"),
            _ => None,
        }
    }
}

/// The number of a node in the standard's own namespace.
pub(super) fn standard_id(bytes: &[u8]) -> Option<u32> {
    let mut reader = Reader::new(bytes);
    match reader.u8()? {
        0 => reader.u8().map(u32::from),
        1 => match reader.u8()? {
            0 => reader.le16().map(u32::from),
            _ => None,
        },
        2 => match reader.le16()? {
            0 => reader.le32(),
            _ => None,
        },
        _ => None,
    }
}
