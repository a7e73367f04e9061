//! Structures of Logix controllers: what a template says of its members, so that their values are told by name
//! (1756-PM020, "Read Template Service" and "Accessing User-defined Structures").

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::layout::Layout;
use super::message::{Reply, Request, rest};
use super::{names, value};
use crate::decode::{Fields, Reader};

/// Templates that are known at most; beyond it the oldest is forgotten.
pub const TEMPLATES_MAX: usize = 1024;
/// Bytes of a template's definition at most; of a larger one nothing is kept.
pub const DEFINITION_LEN_MAX: usize = 16 * 1024;
/// Layouts that are kept ready at most; beyond it they are made anew.
const LAYOUTS_MAX: usize = 16;

/// Reads a template's definition.
pub(super) const READ: u8 = 0x4c;
const GET_ATTRIBUTE_LIST: u8 = 0x03;
/// Attributes of a template.
const HANDLE: u16 = 1;
const MEMBER_COUNT: u16 = 2;
const DEFINITION_SIZE: u16 = 4;
const STRUCTURE_SIZE: u16 = 5;

/// A member as it stands in a definition.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Member<'a> {
    /// Elements of an array, or the bit of a BOOL.
    pub info: u16,
    /// The type, with its bits for structures and arrays.
    pub kind: u16,
    /// Where it stands in the structure.
    pub offset: u32,
    /// Its name.
    pub name: &'a str,
}

/// A template's name and members, of a definition that is whole.
pub(super) fn definition(bytes: &[u8], members: usize) -> Option<(&str, Vec<Member<'_>>)> {
    let mut reader = Reader::new(bytes);
    let mut heads = Reader::new(reader.take(members.checked_mul(8)?)?);
    let mut names = reader.rest().split(|byte| *byte == 0);
    let mut next = || core::str::from_utf8(names.next()?).ok();
    // Behind the name stands, after a semicolon, what only the controller reads.
    let name = next()?;
    let name = name.split_once(';').map_or(name, |(name, _)| name);
    let mut all = Vec::new();
    while !heads.is_empty() {
        let (info, kind, offset) = (heads.le16()?, heads.le16()?, heads.le32()?);
        let name = next()?;
        all.push(Member {
            info,
            kind,
            offset,
            name,
        });
    }
    Some((name, all))
}

/// A template of which all was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    /// How long its values are.
    pub size: u32,
    /// How many members it has.
    pub members: u16,
    /// Its definition.
    pub definition: Vec<u8>,
}

/// What was seen of a template.
#[derive(Debug, Default)]
struct Seen {
    handle: u16,
    template: Template,
    is_whole: bool,
}

/// Whose template it is, and its instance.
type Key = (IpAddr, u32);

/// Templates that were seen to be read, and the layouts that follow from them.
#[derive(Debug, Default)]
pub(super) struct Templates {
    seen: BTreeMap<Key, Seen>,
    /// The oldest first.
    order: VecDeque<Key>,
    by_handle: BTreeMap<(IpAddr, u16), u32>,
    layouts: BTreeMap<(IpAddr, u16), Arc<Layout>>,
}

impl Templates {
    /// A template of which all was seen.
    pub(super) fn whole(&self, host: IpAddr, instance: u32) -> Option<&Template> {
        let seen = self.seen.get(&(host, instance))?;
        seen.is_whole.then_some(&seen.template)
    }

    /// How many members a template has, where that was asked for.
    fn members(&self, host: IpAddr, instance: u32) -> Option<usize> {
        let seen = self.seen.get(&(host, instance))?;
        Some(usize::from(seen.template.members)).filter(|members| *members > 0)
    }

    /// The layout of the structure with this handle.
    fn layout(&mut self, host: IpAddr, handle: u16) -> Option<Arc<Layout>> {
        if let Some(layout) = self.layouts.get(&(host, handle)) {
            return Some(Arc::clone(layout));
        }
        let instance = *self.by_handle.get(&(host, handle))?;
        let layout = Arc::new(Layout::of(self, host, instance)?);
        if self.layouts.len() >= LAYOUTS_MAX {
            self.layouts.clear();
        }
        self.layouts.insert((host, handle), Arc::clone(&layout));
        Some(layout)
    }

    /// Learns from a message and its answer.
    pub(super) fn learn(&mut self, host: IpAddr, request: &Request<'_>, reply: &Reply<'_>) {
        let Some(instance) = request.target.instance.filter(|_| is_template(request)) else {
            return;
        };
        let key = (host, instance);
        match request.service {
            GET_ATTRIBUTE_LIST => self.attributes(key, reply.data),
            READ => self.piece(key, request.data, reply),
            _ => return,
        }
        self.layouts.clear();
    }

    /// Takes the attributes that say how large a template is.
    fn attributes(&mut self, key: Key, data: &[u8]) {
        let (mut reader, mut handle) = (Reader::new(data), None);
        let Some(count) = reader.le16() else { return };
        let mut template = Template::default();
        for _ in 0..count {
            let (Some(id), Some(0)) = (reader.le16(), reader.le16()) else {
                break;
            };
            let taken = match id {
                HANDLE => reader.le16().map(|number| handle = Some(number)),
                MEMBER_COUNT => reader.le16().map(|number| template.members = number),
                STRUCTURE_SIZE => reader.le32().map(|number| template.size = number),
                DEFINITION_SIZE => reader.le32().map(|_| ()),
                _ => None,
            };
            if taken.is_none() {
                break;
            }
        }
        if let Some(handle) = handle.filter(|_| template.members > 0 && template.size > 0) {
            self.forget(key);
            while self.order.len() >= TEMPLATES_MAX {
                let Some(oldest) = self.order.front().copied() else {
                    break;
                };
                self.forget(oldest);
            }
            self.order.push_back(key);
            let is_whole = false;
            self.seen.insert(
                key,
                Seen {
                    handle,
                    template,
                    is_whole,
                },
            );
        }
    }

    /// Takes a piece of a definition; pieces come one behind the other.
    fn piece(&mut self, key: Key, asked: &[u8], reply: &Reply<'_>) {
        let (Some(seen), Some(offset)) = (self.seen.get_mut(&key), Reader::new(asked).le32())
        else {
            return;
        };
        let bytes = &mut seen.template.definition;
        if offset == 0 {
            bytes.clear();
            seen.is_whole = false;
        }
        let fits = usize::try_from(offset).is_ok_and(|offset| offset == bytes.len());
        if seen.is_whole || !fits || bytes.len() + reply.data.len() > DEFINITION_LEN_MAX {
            return;
        }
        bytes.extend_from_slice(reply.data);
        let members = usize::from(seen.template.members);
        if reply.status == 0 && definition(bytes, members).is_some() {
            seen.is_whole = true;
            self.by_handle.insert((key.0, seen.handle), key.1);
        }
    }

    fn forget(&mut self, key: Key) {
        let Some(gone) = self.seen.remove(&key) else {
            return;
        };
        self.order.retain(|known| *known != key);
        let handle = (key.0, gone.handle);
        if self.by_handle.get(&handle) == Some(&key.1) {
            self.by_handle.remove(&handle);
        }
    }
}

fn is_template(request: &Request<'_>) -> bool {
    request.target.class == Some(names::class::TEMPLATE)
}

/// What was learnt that helps to tell one message.
#[derive(Clone, Debug, Default)]
pub(super) struct Help {
    /// The layout of the structure in it.
    pub layout: Option<Arc<Layout>>,
    /// How many members the template has that it brings.
    pub members: Option<usize>,
}

impl Help {
    /// For a message to somebody, and its answer.
    pub(super) fn of(
        templates: &mut Templates,
        host: IpAddr,
        request: Option<&Request<'_>>,
        reply: Option<&Reply<'_>>,
    ) -> Self {
        let Some(request) = request else {
            return Self::default();
        };
        if is_template(request) {
            let instance = request.target.instance.filter(|_| request.service == READ);
            return Self {
                layout: None,
                members: instance.and_then(|instance| templates.members(host, instance)),
            };
        }
        let handle = request
            .target
            .is_tag()
            .then(|| super::tag::handle(request, reply))
            .flatten();
        Self {
            layout: handle.and_then(|handle| templates.layout(host, handle)),
            members: None,
        }
    }
}

/// The fields of a request for a definition; tells whether it keeps the rules.
pub(super) fn asked<'a>(fields: &mut Fields<'a>, request: &Request<'a>) -> bool {
    let mut reader = Reader::new(request.data);
    if request.service != READ {
        rest(fields, request.data);
        return true;
    }
    let told = (|| {
        fields.uint("iia.cip.offset", reader.le32()?);
        fields.uint("iia.cip.length", reader.le16()?);
        Some(())
    })();
    rest(fields, reader.rest());
    told.is_some()
}

/// The fields of its answer: name and members where the whole definition is in it, else its bytes.
pub(super) fn answered<'a>(
    fields: &mut Fields<'a>,
    (reply, request): (&Reply<'a>, &Request<'_>),
    members: Option<usize>,
) {
    let begins = Reader::new(request.data).le32() == Some(0);
    let whole = members.filter(|_| begins && reply.service == READ && reply.status == 0);
    let Some((name, members)) = whole.and_then(|members| definition(reply.data, members)) else {
        return rest(fields, reply.data);
    };
    fields.text("iia.cip.template_name", name.as_bytes());
    for member in members {
        fields.text("iia.cip.member_name", member.name.as_bytes());
        fields.code("iia.cip.member_type", member.kind, type_name(member.kind));
        fields.uint("iia.cip.member_info", member.info);
        fields.uint("iia.cip.member_offset", member.offset);
    }
}

/// Structures have numbers of their own.
fn type_name(kind: u16) -> Option<&'static str> {
    match kind & STRUCTURE {
        0 => value::type_name(kind & TYPE),
        _ => Some("STRUCT"),
    }
}

/// The member is a structure, whose template the lower bits name.
pub(super) const STRUCTURE: u16 = 0x8000;
/// The bits of a type, or of the instance of a structure's template; those between say that it is an array.
pub(super) const TYPE: u16 = 0x0fff;

/// Joins the name of a member to that of what it is in.
pub(super) fn path(before: &str, name: &str) -> String {
    match before {
        "" => name.into(),
        before => [before, ".", name].concat(),
    }
}
