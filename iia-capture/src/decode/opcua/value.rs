//! Values of OPC UA, told as they are read (OPC 10000-6, 5.2.2).

use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::observe::Value;

use super::items::{Item, Items};
use super::shape::{Kind, Shape};
use super::status::status;
use crate::decode::{Fields, Reader};

/// Structures within structures at most; the standard asks decoders for a hundred (OPC 10000-6, 5.1.7).
pub const DEPTH_MAX: usize = 100;
/// Values of one array that are told at most; the rest is passed, and `iia.opcua.values_cut` says how many.
pub const VALUES_MAX: usize = 1024;
/// Which member of its structure the fields behind it are, where their names do not say.
pub(super) const MEMBER: &str = "iia.opcua.member";
/// From 1601, when time begins, to 1970, in units of 100 ns.
const EPOCH_TICKS: i64 = 116_444_736_000_000_000;

/// Reads values and tells them. `None` means that the bytes end, or break the rules, before the value does.
#[derive(Debug)]
pub(super) struct Teller<'f, 'a> {
    /// Where they are told.
    pub(super) fields: &'f mut Fields<'a>,
    /// What is read.
    pub(super) reader: Reader<'a>,
    /// Items that are known by their numbers.
    pub(super) items: Option<&'a Items>,
    /// Items that are asked for here, where such are.
    pub(super) asked: Option<&'f mut Vec<Item<'a>>>,
    /// Whether something in it broke the rules, and what came behind it could still be read.
    pub(super) broken: bool,
    /// The subscription that was told last.
    subscription: u32,
    /// The node that was told last.
    node: &'a [u8],
    depth: usize,
}

impl<'f, 'a> Teller<'f, 'a> {
    /// At the start of some bytes.
    pub(super) const fn new(fields: &'f mut Fields<'a>, bytes: &'a [u8]) -> Self {
        Self {
            fields,
            reader: Reader::new(bytes),
            items: None,
            asked: None,
            broken: false,
            subscription: 0,
            node: &[],
            depth: 0,
        }
    }

    /// Does something one level deeper.
    pub(super) fn deeper(&mut self, work: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        if self.depth >= DEPTH_MAX {
            return None;
        }
        self.depth += 1;
        let done = work(self);
        self.depth -= 1;
        done
    }

    /// A structure.
    pub(super) fn shape(&mut self, shape: &'static Shape) -> Option<()> {
        self.deeper(|teller| {
            let mut members = shape.0.iter();
            members.try_for_each(|member| {
                if member.kind.has_own_fields() {
                    teller.fields.add(MEMBER, Value::Text(member.name));
                }
                teller.value(member.kind, member.field)
            })
        })
    }

    /// A value of a type, under the name that is its own where its type has none.
    pub(super) fn value(&mut self, kind: Kind, name: &'static str) -> Option<()> {
        if kind.is_simple() {
            let value = self.simple(kind)?;
            self.fields.add(name, value);
            return Some(());
        }
        match kind {
            Kind::Many(kind) => self.array(*kind, name),
            Kind::Of(shape) => self.shape(shape),
            Kind::NodeId => self.node_id(),
            Kind::ExpandedNodeId => self.expanded_node_id(),
            Kind::QualifiedName => self.qualified_name(),
            Kind::LocalizedText => self.localized_text(),
            Kind::ExtensionObject => self.extension_object(),
            Kind::DataValue => self.data_value(),
            Kind::Variant => self.variant(),
            Kind::DiagnosticInfo => self.diagnostic_info(),
            Kind::Word(words) => {
                let value = self.simple(kind)?;
                self.fields.add(words.field, value);
                Some(())
            }
            Kind::Secret => {
                let given = !self.bytes()?.is_empty();
                self.fields.add(name, Value::Bool(given));
                Some(())
            }
            _ => self.handle(kind, name),
        }
    }

    /// A value that one field tells.
    #[inline(always)]
    fn simple(&mut self, kind: Kind) -> Option<Value<'a>> {
        let reader = &mut self.reader;
        Some(match kind {
            Kind::Boolean => Value::Bool(reader.u8()? != 0),
            Kind::SByte => Value::Int(i64::from(reader.u8()? as i8)),
            Kind::Byte => Value::Uint(reader.u8()?.into()),
            Kind::Int16 => Value::Int(i64::from(reader.le16()? as i16)),
            Kind::UInt16 => Value::Uint(reader.le16()?.into()),
            Kind::Int32 => Value::Int(i64::from(reader.le32()? as i32)),
            Kind::UInt32 => Value::Uint(reader.le32()?.into()),
            Kind::Int64 => Value::Int(reader.le64()? as i64),
            Kind::UInt64 => Value::Uint(reader.le64()?),
            Kind::Float => Value::Float(f32::from_bits(reader.le32()?).into()),
            Kind::Double => Value::Float(f64::from_bits(reader.le64()?)),
            Kind::String => Value::text(self.bytes()?),
            Kind::DateTime => moment(reader.le64()? as i64),
            Kind::Guid => guid(reader.array()?),
            Kind::StatusCode => coded(reader.le32()?, status),
            Kind::Word(words) => coded(reader.le32()?, |code| words.name(code)),
            // What is left is bytes.
            _ => Value::Bytes(self.bytes()?),
        })
    }

    /// A value that is not told.
    fn pass(&mut self, kind: Kind) -> Option<()> {
        self.simple(kind).map(drop)
    }

    /// Text or bytes behind their length; none at all where the length is -1.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        block(&mut self.reader)
    }

    /// How many values an array has; each takes a byte at least.
    pub(super) fn count(&mut self) -> Option<usize> {
        let count = self.reader.le32()? as i32;
        let name = "opcua.variant.ArraySize";
        self.fields.add(name, Value::Int(count.into()));
        match count {
            -1 => Some(0),
            _ => {
                let count = usize::try_from(count).ok()?;
                (count <= self.reader.len()).then_some(count)
            }
        }
    }

    /// An array behind its length.
    pub(super) fn array(&mut self, kind: Kind, name: &'static str) -> Option<()> {
        let count = self.count()?;
        let told = if kind.has_own_fields() || matches!(kind, Kind::Of(_)) {
            count
        } else {
            count.min(VALUES_MAX)
        };
        for _ in 0..told {
            let before = self.reader.len();
            self.value(kind, name)?;
            if self.reader.len() == before {
                return None;
            }
        }
        for _ in told..count {
            self.pass(kind)?;
        }
        if count > told {
            let passed = Value::Uint((count - told) as u64);
            self.fields.add("iia.opcua.values_cut", passed);
        }
        Some(())
    }

    /// A node, in one of six encodings (OPC 10000-6, 5.2.2.9).
    pub(super) fn node_id(&mut self) -> Option<()> {
        let start = self.reader.rest();
        let encoding = self.reader.u8()?;
        self.node_body(encoding)?;
        let len = start.len() - self.reader.len();
        self.node = start.get(..len)?;
        Some(())
    }

    /// A node of this server or of another (OPC 10000-6, 5.2.2.10).
    pub(super) fn expanded_node_id(&mut self) -> Option<()> {
        let mask = self.reader.u8()?;
        self.fields.uint("opcua.expandednodeid.mask", mask);
        self.node_body(mask & 0x3f)?;
        if mask & 0x80 != 0 {
            self.value(Kind::String, "opcua.NamespaceUri")?;
        }
        if mask & 0x40 != 0 {
            self.value(Kind::UInt32, "opcua.expandednodeid.ServerIndex")?;
        }
        Some(())
    }

    fn node_body(&mut self, encoding: u8) -> Option<()> {
        self.fields.uint("opcua.nodeid.encodingmask", encoding);
        if let Some(namespace) = namespace(&mut self.reader, encoding)? {
            self.fields.uint("opcua.nodeid.nsindex", namespace);
        }
        let id = identifier(&mut self.reader, encoding)?;
        let name = match encoding {
            0..=2 => "opcua.nodeid.numeric",
            3 => "opcua.nodeid.string",
            4 => "opcua.nodeid.guid",
            _ => "opcua.nodeid.bytestring",
        };
        self.fields.add(name, id);
        Some(())
    }

    fn qualified_name(&mut self) -> Option<()> {
        self.value(Kind::UInt16, "opcua.qualname.Id")?;
        self.value(Kind::String, "opcua.qualname.Name")
    }

    /// Text with its language (OPC 10000-6, 5.2.2.14).
    fn localized_text(&mut self) -> Option<()> {
        let mask = self.reader.u8()?;
        self.fields.uint("opcua.loctext.mask", mask);
        if mask & 1 != 0 {
            self.value(Kind::String, "opcua.loctext.Locale")?;
        }
        if mask & 2 != 0 {
            self.value(Kind::String, "opcua.loctext.Text")?;
        }
        Some(())
    }

    /// Numbers by which a client knows its items, and which nodes those are.
    fn handle(&mut self, kind: Kind, name: &'static str) -> Option<()> {
        let number = self.reader.le32()?;
        self.fields.uint(name, number);
        match kind {
            Kind::Subscription => self.subscription = number,
            Kind::NewHandle => {
                let item = Item {
                    subscription: self.subscription,
                    handle: number,
                    node: self.node,
                };
                if let Some(asked) = &mut self.asked {
                    asked.push(item);
                }
            }
            _ => {
                let known = self.items;
                let node = known.and_then(|items| items.node(self.subscription, number));
                if let Some(node) = node {
                    self.item(node);
                }
            }
        }
        Some(())
    }

    /// The node of an item that is told of by its number alone.
    fn item(&mut self, node: &'a [u8]) -> Option<()> {
        let mut reader = Reader::new(node);
        let encoding = reader.u8()?;
        let namespace = namespace(&mut reader, encoding)?.unwrap_or(0);
        let id = identifier(&mut reader, encoding)?;
        self.fields.uint("iia.opcua.item.nsindex", namespace);
        self.fields.add("iia.opcua.item.id", id);
        Some(())
    }
}

impl Kind {
    /// Whether one field tells a value, under the name of the member.
    #[inline]
    const fn is_simple(self) -> bool {
        matches!(
            self,
            Self::Boolean
                | Self::SByte
                | Self::Byte
                | Self::Int16
                | Self::UInt16
                | Self::Int32
                | Self::UInt32
                | Self::Int64
                | Self::UInt64
                | Self::Float
                | Self::Double
                | Self::String
                | Self::DateTime
                | Self::Guid
                | Self::ByteString
                | Self::XmlElement
                | Self::StatusCode
        )
    }

    /// Whether its values are told under names of their own, which do not say what they are for.
    const fn has_own_fields(self) -> bool {
        matches!(
            self,
            Self::NodeId
                | Self::ExpandedNodeId
                | Self::QualifiedName
                | Self::LocalizedText
                | Self::ExtensionObject
                | Self::DataValue
                | Self::Variant
                | Self::DiagnosticInfo
                | Self::Many(_)
        )
    }
}

/// A node's namespace, where its encoding writes one (OPC 10000-6, 5.2.2.9).
fn namespace(reader: &mut Reader<'_>, encoding: u8) -> Option<Option<u16>> {
    match encoding {
        0 => Some(None),
        1 => Some(Some(reader.u8()?.into())),
        2..=5 => Some(Some(reader.le16()?)),
        _ => None,
    }
}

/// What a node is called in its namespace.
fn identifier<'a>(reader: &mut Reader<'a>, encoding: u8) -> Option<Value<'a>> {
    Some(match encoding {
        0 => Value::Uint(reader.u8()?.into()),
        1 => Value::Uint(reader.le16()?.into()),
        2 => Value::Uint(reader.le32()?.into()),
        3 => Value::text(block(reader)?),
        4 => guid(reader.array()?),
        5 => Value::Bytes(block(reader)?),
        _ => return None,
    })
}

/// Bytes behind their length; none at all where that is -1.
pub(super) fn block<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    match reader.le32()? {
        u32::MAX => Some(&[]),
        len => reader.take(usize::try_from(len).ok()?),
    }
}

/// A number with its name, where it has one.
pub(super) fn coded<'a>(code: u32, name: impl Fn(u32) -> Option<&'static str>) -> Value<'a> {
    let code = (u64::from(code), name(code));
    code.1
        .map_or(Value::Uint(code.0), |word| Value::Code(code.0, word))
}

/// A moment in units of 100 ns since 1601; the count itself where it is none that clocks show, such as 0 for no moment.
pub(super) fn moment<'a>(ticks: i64) -> Value<'a> {
    let since = ticks.checked_sub(EPOCH_TICKS);
    let ns = since.and_then(|ticks| ticks.checked_mul(100));
    ns.map_or(Value::Int(ticks), |ns| Value::Time(Timestamp::from_ns(ns)))
}

/// A GUID as it is written: its first three parts are on the wire with the lowest byte first.
pub(super) const fn guid<'a>(bytes: [u8; 16]) -> Value<'a> {
    let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
    let [i, j, k, l, m, n, o, p] = rest;
    Value::Uuid([d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p])
}
