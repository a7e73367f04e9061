//! The endpoint mapper (C706, appendix O): which interfaces a device offers, at which port, and what it calls itself.

use core::net::{IpAddr, Ipv4Addr};

use iia_core::observe::{Outcome, Value};

use super::super::{Fields, Reader};
use super::packet::{Order, Packet};
use super::walk::trimmed;

const LOOKUP: u16 = 2;
/// Floors of a tower at most; protocols on UDP have five.
const FLOORS_MAX: u16 = 16;
/// Names of protocols in a tower (C706, appendix I).
const UUID: u8 = 0x0d;
const CALLS: u8 = 0x0a;
const UDP: u8 = 0x08;
const IP: u8 = 0x09;

/// A question to the mapper.
pub(super) fn request<'a>(
    packet: &Packet<'a>,
    mut body: Reader<'a>,
    fields: &mut Fields<'a>,
) -> Option<Outcome> {
    fields.code("epm.opnum", packet.opnum, operation(packet.opnum));
    let order = packet.order();
    if packet.opnum != LOOKUP {
        fields.add("dcerpc.stub_data", Value::Bytes(body.rest()));
        return Some(Outcome::Answered);
    }
    let inquiry = order.u32(&mut body)?;
    fields.code("epm.inq_type", inquiry, inquiry_type(inquiry));
    if order.u32(&mut body)? != 0 {
        fields.add("epm.object", Value::Uuid(order.uuid(body.array()?)));
    }
    if order.u32(&mut body)? != 0 {
        fields.add("epm.if_id", Value::Uuid(order.uuid(body.array()?)));
        fields.uint("epm.ver_maj", order.u16(&mut body)?);
        fields.uint("epm.ver_min", order.u16(&mut body)?);
    }
    fields.uint("epm.ver_opt", order.u32(&mut body)?);
    fields.add("epm.hnd", Value::Bytes(body.take(20)?));
    fields.uint("epm.max_ents", order.u32(&mut body)?);
    Some(Outcome::Answered)
}

/// The mapper's answer: entries first, then the towers that they point to.
pub(super) fn response<'a>(
    packet: &Packet<'a>,
    mut body: Reader<'a>,
    fields: &mut Fields<'a>,
) -> Option<Outcome> {
    fields.code("epm.opnum", packet.opnum, operation(packet.opnum));
    let order = packet.order();
    if packet.opnum != LOOKUP {
        fields.add("dcerpc.stub_data", Value::Bytes(body.rest()));
        return Some(Outcome::Answered);
    }
    fields.add("epm.hnd", Value::Bytes(body.take(20)?));
    fields.uint("epm.num_ents", order.u32(&mut body)?);
    body.take(8)?;
    let count = order.u32(&mut body)?;
    let mut towers = 0u32;
    for _ in 0..count {
        towers += u32::from(entry(order, &mut body, fields)?);
    }
    for _ in 0..towers {
        tower(order, &mut body, fields)?;
    }
    let code = order.u32(&mut body)?;
    fields.code("epm.rc", code, result(code));
    Some(match code {
        0 => Outcome::Answered,
        code => Outcome::Refused(code),
    })
}

const fn operation(opnum: u16) -> Option<&'static str> {
    Some(match opnum {
        0 => "Insert",
        1 => "Delete",
        LOOKUP => "Lookup",
        3 => "Map",
        4 => "LookupHandleFree",
        5 => "InqObject",
        6 => "MgmtDelete",
        _ => return None,
    })
}

const fn inquiry_type(kind: u32) -> Option<&'static str> {
    Some(match kind {
        0 => "all",
        1 => "by interface",
        2 => "by object",
        3 => "by both",
        _ => return None,
    })
}

const fn result(code: u32) -> Option<&'static str> {
    Some(match code {
        0 => "OK",
        0x16c9_a0d6 => "not registered",
        _ => return None,
    })
}

/// An entry; whether a tower belongs to it.
fn entry<'a>(order: Order, body: &mut Reader<'a>, fields: &mut Fields<'a>) -> Option<bool> {
    fields.add("epm.object", Value::Uuid(order.uuid(body.array()?)));
    let points = order.u32(body)? != 0;
    fields.uint("epm.ann_offset", order.u32(body)?);
    let len = order.u32(body)?;
    fields.uint("epm.ann_len", len);
    let len = usize::try_from(len).ok()?;
    fields.text("epm.annotation", trimmed(body.take(len)?));
    body.take(len.next_multiple_of(4) - len)?;
    Some(points)
}

fn tower<'a>(order: Order, body: &mut Reader<'a>, fields: &mut Fields<'a>) -> Option<()> {
    let most = order.u32(body)?;
    fields.uint("epm.tower.len", most);
    let len = order.u32(body)?;
    fields.uint("epm.tower.len", len);
    let len = usize::try_from(len.min(most)).ok()?;
    let mut floors = body.part(len)?;
    // Padding behind the last tower may be missing.
    let pad = len.next_multiple_of(4) - len;
    body.take(pad.min(body.len()));
    let count = floors.le16()?;
    fields.uint("epm.tower.num_floors", count);
    (0..count.min(FLOORS_MAX)).try_for_each(|_| floor(&mut floors, fields))
}

/// A floor: what stands left is the protocol, right its address. Numbers stand in their own order (C706, appendix L).
fn floor<'a>(floors: &mut Reader<'a>, fields: &mut Fields<'a>) -> Option<()> {
    let len = floors.le16()?;
    fields.uint("epm.tower.lhs.len", len);
    let mut left = floors.part(len.into())?;
    let protocol = left.u8()?;
    fields.uint("epm.tower.proto_id", protocol);
    if protocol == UUID {
        let uuid = Order(true).uuid(left.array()?);
        fields.add("epm.uuid", Value::Uuid(uuid));
        fields.uint("epm.uuid_version", left.le16()?);
    }
    let len = floors.le16()?;
    fields.uint("epm.tower.rhs.len", len);
    let mut right = floors.part(len.into())?;
    match protocol {
        UUID | CALLS => fields.uint("epm.ver_min", right.le16()?),
        UDP => fields.uint("epm.proto.udp_port", right.be16()?),
        IP => {
            let address = Ipv4Addr::from(right.array::<4>()?);
            fields.add("epm.proto.ip", Value::Ip(IpAddr::V4(address)));
        }
        _ => {}
    }
    Some(())
}
