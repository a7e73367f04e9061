//! The connection manager: connections opened and closed, messages sent on (CIP Volume 1, 3-5).

use iia_core::observe::Value;

use super::message::{Reply, Request, rest};
use super::{names, path};
use crate::decode::{Fields, Reader};

/// Closes a connection.
pub(super) const FORWARD_CLOSE: u8 = 0x4e;
/// Sends a message on.
pub(super) const UNCONNECTED_SEND: u8 = 0x52;
/// Opens a connection.
pub(super) const FORWARD_OPEN: u8 = 0x54;
const SEARCH_CONNECTION_DATA: u8 = 0x57;
const GET_CONNECTION_DATA: u8 = 0x56;
const GET_CONNECTION_OWNER: u8 = 0x5a;
/// Opens one with a size of more than 511 bytes.
pub(super) const LARGE_FORWARD_OPEN: u8 = 0x5b;

/// The fields of a request; tells whether it keeps the rules.
pub(super) fn asked<'a>(fields: &mut Fields<'a>, request: &Request<'a>) -> bool {
    let mut reader = Reader::new(request.data);
    let told = match request.service {
        FORWARD_OPEN | LARGE_FORWARD_OPEN => {
            open(fields, &mut reader, request.service == LARGE_FORWARD_OPEN)
        }
        FORWARD_CLOSE => close(fields, &mut reader),
        UNCONNECTED_SEND => send(fields, &mut reader),
        GET_CONNECTION_OWNER => {
            reader.u8();
            counted_path(fields, &mut reader, "cip.cm.connpath_size", false)
        }
        GET_CONNECTION_DATA => reader
            .le16()
            .map(|number| fields.uint("iia.cip.cm.connection_number", number)),
        SEARCH_CONNECTION_DATA => triad(fields, &mut reader),
        _ => {
            rest(fields, request.data);
            return true;
        }
    };
    rest(fields, reader.rest());
    told.is_some()
}

/// The fields of an answer; tells whether it keeps the rules.
pub(super) fn answered<'a>(fields: &mut Fields<'a>, reply: &Reply<'a>) -> bool {
    let mut reader = Reader::new(reply.data);
    let opens = matches!(reply.service, FORWARD_OPEN | LARGE_FORWARD_OPEN);
    let told = match (reply.service, reply.status) {
        (FORWARD_OPEN | LARGE_FORWARD_OPEN, 0) => opened(fields, &mut reader),
        (FORWARD_CLOSE, 0) => closed(fields, &mut reader),
        (GET_CONNECTION_OWNER, 0) => owner(fields, &mut reader),
        (UNCONNECTED_SEND, _) if !reader.is_empty() => {
            let told = remaining(fields, &mut reader);
            reader.u8();
            told
        }
        _ if (opens || reply.service == FORWARD_CLOSE) && !reader.is_empty() => {
            refused(fields, &mut reader)
        }
        _ => Some(()),
    };
    rest(fields, reader.rest());
    told.is_some()
}

/// How long to wait: ticks of two to the power of a number, in milliseconds.
fn time(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let (tick, ticks) = (reader.u8()?, reader.u8()?);
    fields.uint("cip.cm.priority", tick >> 4 & 1);
    fields.uint("cip.cm.tick_time", tick & 0x0f);
    fields.uint("cip.cm.timeout_tick", ticks);
    fields.uint("cip.cm.timeout", u32::from(ticks) << (tick & 0x0f));
    Some(())
}

/// The numbers by which originator and target know a connection.
fn triad(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    fields.uint("cip.cm.conn_serial_num", reader.le16()?);
    let vendor = reader.le16()?;
    fields.code("cip.cm.vendor", vendor, names::vendor(vendor));
    fields.uint("cip.cm.orig_serial_num", reader.le32()?);
    Some(())
}

fn open<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>, large: bool) -> Option<()> {
    time(fields, reader)?;
    fields.uint("cip.cm.ot_connid", reader.le32()?);
    fields.uint("cip.cm.to_connid", reader.le32()?);
    triad(fields, reader)?;
    let multiplier = reader.u8()?;
    fields.uint("cip.cm.timeout_multiplier", multiplier);
    reader.take(3)?;
    fields.uint("cip.cm.otrpi", reader.le32()?);
    parameters(fields, reader, "cip.cm.ot_net_params", large)?;
    fields.uint("cip.cm.torpi", reader.le32()?);
    parameters(fields, reader, "cip.cm.to_net_params", large)?;
    let transport = reader.u8()?;
    fields.uint("cip.cm.transport_type_trigger", transport);
    let side = if transport & 0x80 != 0 {
        "server"
    } else {
        "client"
    };
    fields.code("cip.cm.fwo.dir", transport >> 7, Some(side));
    let trigger = match transport >> 4 & 7 {
        0 => Some("cyclic"),
        1 => Some("change_of_state"),
        2 => Some("application_object"),
        _ => None,
    };
    fields.code("cip.cm.fwo.trigger", transport >> 4 & 7, trigger);
    fields.uint("cip.cm.fwo.transport", transport & 0x0f);
    counted_path(fields, reader, "cip.cm.connpath_size", false)
}

/// Size, type, priority and owner of one direction; of a large connection in twice as many bits (3-5.5.1.1).
fn parameters(
    fields: &mut Fields<'_>,
    reader: &mut Reader<'_>,
    name: &'static str,
    large: bool,
) -> Option<()> {
    let (all, flags, size) = match large {
        true => {
            let all = reader.le32()?;
            (all, all >> 16, all & 0xffff)
        }
        false => {
            let all = u32::from(reader.le16()?);
            (all, all & 0xfe00, all & 0x01ff)
        }
    };
    fields.uint(name, all);
    fields.uint("cip.cm.fwo.owner", flags >> 15 & 1);
    let kind = match flags >> 13 & 3 {
        0 => "null",
        1 => "multicast",
        2 => "point_to_point",
        _ => "reserved",
    };
    fields.code("cip.cm.fwo.type", flags >> 13 & 3, Some(kind));
    let priority = match flags >> 10 & 3 {
        0 => "low",
        1 => "high",
        2 => "scheduled",
        _ => "urgent",
    };
    fields.code("cip.cm.fwo.prio", flags >> 10 & 3, Some(priority));
    let varies = if flags >> 9 & 1 == 1 {
        "variable"
    } else {
        "fixed"
    };
    fields.code("cip.cm.fwo.f_v", flags >> 9 & 1, Some(varies));
    fields.uint("cip.cm.fwo.consize", size);
    Some(())
}

/// A number of words, a byte that is kept free where `padded`, and a path of so many.
fn counted_path<'a>(
    fields: &mut Fields<'a>,
    reader: &mut Reader<'a>,
    name: &'static str,
    padded: bool,
) -> Option<()> {
    let words = reader.u8()?;
    fields.uint(name, words);
    if padded {
        reader.u8()?;
    }
    let len = usize::from(words) * 2;
    let whole = reader.len() >= len;
    let bytes = reader.take(len.min(reader.len()))?;
    (path::fields(fields, bytes) && whole).then_some(())
}

fn close<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    time(fields, reader)?;
    triad(fields, reader)?;
    counted_path(fields, reader, "cip.cm.connpath_size", true)
}

fn send<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    time(fields, reader)?;
    let size = reader.le16()?;
    fields.uint("cip.cm.msg_req_size", size);
    reader.take(usize::from(size).next_multiple_of(2))?;
    counted_path(fields, reader, "cip.cm.route_path_size", true)
}

/// The message that an Unconnected_Send sends on; of one that is not all there, what there is.
pub(super) fn embedded(data: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(data);
    reader.le16()?;
    let size = usize::from(reader.le16()?);
    reader.take(size.min(reader.len()))
}

fn opened<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    fields.uint("cip.cm.ot_connid", reader.le32()?);
    fields.uint("cip.cm.to_connid", reader.le32()?);
    triad(fields, reader)?;
    fields.uint("cip.cm.otapi", reader.le32()?);
    fields.uint("cip.cm.toapi", reader.le32()?);
    application(fields, reader)
}

fn closed<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    triad(fields, reader)?;
    application(fields, reader)
}

/// Words of the application's own, if any.
fn application<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    let words = reader.u8()?;
    fields.uint("cip.cm.app_reply_size", words);
    reader.u8()?;
    if words > 0 {
        let data = reader.take(usize::from(words) * 2)?;
        fields.add("cip.cm.app_reply_data", Value::Bytes(data));
    }
    Some(())
}

fn refused(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    triad(fields, reader)?;
    remaining(fields, reader)?;
    reader.u8();
    Some(())
}

fn remaining(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    fields.uint("cip.cm.remain_path_size", reader.u8()?);
    Some(())
}

fn owner(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    fields.uint("cip.cm.gco.conn", reader.u8()?);
    fields.uint("cip.cm.gco.coo_conn", reader.u8()?);
    fields.uint("cip.cm.gco.roo_conn", reader.u8()?);
    let last = reader.u8()?;
    let word = match last {
        0 => Some("no_owner"),
        1 => Some("owner_is_idle_mode"),
        2 => Some("owner_is_run_mode"),
        255 => Some("implementation_not_supported"),
        _ => None,
    };
    fields.code("cip.cm.gco.la", last, word);
    triad(fields, reader)
}
