//! Where each member of a structure stands, members of members too (1756-PM020, "Accessing User-defined Structures").

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use iia_core::observe::Value;

use super::template::{Member, STRUCTURE, TYPE, Templates, definition, path};
use super::value;
use crate::decode::{Fields, Reader};

/// Members of a structure with those of its members at most; of what has more nothing is told by name.
pub const LEAVES_MAX: usize = 1024;
/// Structures in structures at most.
pub const NESTED_MAX: usize = 8;
/// Bytes of a member's whole name at most.
const PATH_LEN_MAX: usize = 256;
/// The type of a flag.
const BOOL: u16 = 0x00c1;
/// A number of four bytes with a sign.
const DINT: u16 = 0x00c4;
/// A number of one byte with a sign.
const SINT: u16 = 0x00c2;

/// How a member is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// A bit of a byte.
    Bit(u16),
    /// Values of one type.
    Values(u16, usize),
    /// Text behind its length, in so much room.
    Text(usize),
}

/// A member that is no structure.
#[derive(Clone, Debug)]
struct Leaf {
    path: String,
    at: usize,
    kind: Kind,
}

/// A structure.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    size: usize,
    leaves: Vec<Leaf>,
}

impl Layout {
    /// Puts a structure together; `None` where a template in it was not seen, or it breaks a limit.
    pub(super) fn of(templates: &Templates, host: IpAddr, instance: u32) -> Option<Self> {
        let size = usize::try_from(templates.whole(host, instance)?.size).ok()?;
        let mut layout = Self {
            size,
            leaves: Vec::new(),
        };
        layout.structure((templates, host), instance, (String::new(), 0), NESTED_MAX)?;
        Some(layout)
    }

    fn structure(
        &mut self,
        (templates, host): (&Templates, IpAddr),
        instance: u32,
        (before, base): (String, usize),
        depth: usize,
    ) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let template = templates.whole(host, instance)?;
        let (_, members) = definition(&template.definition, usize::from(template.members))?;
        if let Some(room) = text_room(&members) {
            return self.leaf(before, base, Kind::Text(room));
        }
        for member in members.iter().filter(|member| !is_hidden(member)) {
            let at = base.checked_add(usize::try_from(member.offset).ok()?)?;
            let name = path(&before, member.name);
            if member.kind & STRUCTURE == 0 {
                self.leaf(name, at, plain(member))?;
                continue;
            }
            let inner = u32::from(member.kind & TYPE);
            let step = usize::try_from(templates.whole(host, inner)?.size).ok()?;
            for number in 0..elements(member) {
                let name = match member.info {
                    0 => name.clone(),
                    _ => format!("{name}[{number}]"),
                };
                let at = at.checked_add(number.checked_mul(step)?)?;
                self.structure((templates, host), inner, (name, at), depth)?;
            }
        }
        Some(())
    }

    fn leaf(&mut self, path: String, at: usize, kind: Kind) -> Option<()> {
        if self.leaves.len() >= LEAVES_MAX || path.len() > PATH_LEN_MAX {
            return None;
        }
        self.leaves.push(Leaf { path, at, kind });
        Some(())
    }

    /// Tells values of this structure, member by member; tells nothing where the bytes are no whole number of them.
    pub(super) fn values<'a>(&'a self, fields: &mut Fields<'a>, bytes: &'a [u8]) -> Option<()> {
        if self.size == 0 || bytes.is_empty() || !bytes.len().is_multiple_of(self.size) {
            return None;
        }
        let several = bytes.len() > self.size;
        for (number, element) in bytes.chunks(self.size).enumerate() {
            if several {
                fields.uint("iia.cip.element", number as u64);
            }
            for leaf in &self.leaves {
                // A text as a whole has no name beside that of its tag.
                if !leaf.path.is_empty() {
                    fields.text("iia.cip.member", leaf.path.as_bytes());
                }
                leaf.tell(fields, element);
            }
        }
        Some(())
    }
}

impl Leaf {
    fn tell<'a>(&self, fields: &mut Fields<'a>, element: &'a [u8]) {
        let bytes = element.get(self.at..).unwrap_or_default();
        let mut reader = Reader::new(bytes);
        match self.kind {
            Kind::Bit(bit) => {
                let byte = bytes.get(usize::from(bit / 8)).copied().unwrap_or(0);
                let flag = byte >> (bit % 8) & 1 != 0;
                fields.add("iia.cip.value", Value::Bool(flag));
            }
            Kind::Values(kind, count) => {
                for _ in 0..count {
                    let Some(value) = value::value(kind, &mut reader) else {
                        return fields.add("iia.cip.value", Value::Bytes(reader.rest()));
                    };
                    fields.add("iia.cip.value", value);
                }
            }
            Kind::Text(room) => {
                let len = reader.le32().and_then(|len| usize::try_from(len).ok());
                let text = reader.take(len.unwrap_or(0).min(room).min(reader.len()));
                fields.text("iia.cip.value", text.unwrap_or_default());
            }
        }
    }
}

/// The bytes in which flags stand are told as those flags; what has no name is the controller's own.
fn is_hidden(member: &Member<'_>) -> bool {
    member.name.is_empty() || member.name.starts_with("ZZZZZZZZZZ") || member.name.starts_with("__")
}

fn elements(member: &Member<'_>) -> usize {
    usize::from(member.info).max(1)
}

fn plain(member: &Member<'_>) -> Kind {
    match member.kind & TYPE {
        BOOL => Kind::Bit(member.info),
        kind => Kind::Values(kind, elements(member)),
    }
}

/// How much room a text has, where a structure is one: its length, and its characters.
fn text_room(members: &[Member<'_>]) -> Option<usize> {
    let [len, data] = members else { return None };
    let is_text = (len.name, len.kind & TYPE, len.offset) == ("LEN", DINT, 0)
        && (data.name, data.kind & TYPE, data.offset) == ("DATA", SINT, 4);
    is_text.then_some(usize::from(data.info))
}
