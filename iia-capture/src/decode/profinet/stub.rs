//! What an operation carries: arguments and results in NDR, and the blocks in them (IEC 61158-6-10, 4.10.3 and 5.2.40).

use iia_core::observe::{Outcome, Value};

use super::super::{Fields, Reader};
use super::packet::{Interface, Kind, Order, Packet};
use super::walk::Walk;
use super::{blocks, epm, errors};

/// The operation in words.
pub(super) fn what(packet: &Packet<'_>) -> &'static str {
    match (packet.interface(), packet.opnum) {
        (Interface::Profinet, 0) => "connect",
        (Interface::Profinet, 1) => "release",
        (Interface::Profinet, 2) => "read",
        (Interface::Profinet, 3) => "write",
        (Interface::Profinet, 4) => "control",
        (Interface::Profinet, 5) => "read_implicit",
        (Interface::Epm, 0) => "epm_insert",
        (Interface::Epm, 1) => "epm_delete",
        (Interface::Epm, 2) => "epm_lookup",
        (Interface::Epm, 3) => "epm_map",
        (Interface::Epm, 4) => "epm_lookup_handle_free",
        _ => "unknown_operation",
    }
}

/// Says a message; how it ends where it is an answer. A broken one is told with what could be read.
pub(super) fn message<'a>(packet: &Packet<'a>, fields: &mut Fields<'a>) -> Outcome {
    packet.header(fields);
    let body = Reader::new(packet.body);
    let done = match (packet.kind, packet.interface()) {
        (Kind::Request, Interface::Profinet) => request(packet, body, fields),
        (Kind::Response, Interface::Profinet) => response(packet, body, fields),
        (Kind::Request, Interface::Epm) => epm::request(packet, body, fields),
        (Kind::Response, Interface::Epm) => epm::response(packet, body, fields),
        (Kind::Request | Kind::Response, Interface::Other) => {
            fields.add("dcerpc.stub_data", Value::Bytes(packet.body));
            Some(Outcome::Answered)
        }
        (Kind::Fault | Kind::Reject, _) => status(packet.order(), body, fields),
        (Kind::Fack | Kind::Nocall, _) => fack(packet.order(), body, fields),
        (Kind::Cancel | Kind::CancelAck, _) => cancel(packet, body, fields),
        (Kind::Ping | Kind::Working | Kind::Ack, _) => Some(Outcome::Answered),
    };
    match done {
        Some(outcome) if packet.whole => outcome,
        _ => Outcome::Malformed,
    }
}

const fn operation(opnum: u16) -> Option<&'static str> {
    Some(match opnum {
        0 => "Connect",
        1 => "Release",
        2 => "Read",
        3 => "Write",
        4 => "Control",
        5 => "Read Implicit",
        _ => return None,
    })
}

fn request<'a>(
    packet: &Packet<'a>,
    mut body: Reader<'a>,
    fields: &mut Fields<'a>,
) -> Option<Outcome> {
    fields.code("pn_io.opnum", packet.opnum, operation(packet.opnum));
    fields.uint("pn_io.args_max", packet.order().u32(&mut body)?);
    arguments(packet.order(), body, fields)
}

fn response<'a>(
    packet: &Packet<'a>,
    mut body: Reader<'a>,
    fields: &mut Fields<'a>,
) -> Option<Outcome> {
    fields.code("pn_io.opnum", packet.opnum, operation(packet.opnum));
    let status = packet.order().u32(&mut body)?;
    errors::status(fields, status.to_be_bytes());
    let outcome = arguments(packet.order(), body, fields)?;
    Some(match status {
        0 => outcome,
        _ if outcome == Outcome::Malformed => outcome,
        _ => Outcome::Refused(status),
    })
}

/// An array of bytes that varies in length, and the blocks in it.
fn arguments<'a>(order: Order, mut body: Reader<'a>, fields: &mut Fields<'a>) -> Option<Outcome> {
    let len = order.u32(&mut body)?;
    fields.uint("pn_io.args_len", len);
    let most = order.u32(&mut body)?;
    fields.uint("pn_io.array_max_count", most);
    let offset = order.u32(&mut body)?;
    fields.uint("pn_io.array_offset", offset);
    let count = order.u32(&mut body)?;
    fields.uint("pn_io.array_act_count", count);
    let there = usize::try_from(count).map_or(body.len(), |count| count.min(body.len()));
    let whole = there as u64 == u64::from(count);
    let mut walk = Walk::new(body.take(there)?, 0, fields);
    blocks::all(&mut walk);
    let sound = whole && !walk.broken && len == count && offset == 0 && count <= most;
    Some(match sound {
        true => Outcome::Answered,
        false => Outcome::Malformed,
    })
}

/// Why a call failed or was never begun (C706, 12.5.3.7 and 12.5.3.10).
fn status(order: Order, mut body: Reader<'_>, fields: &mut Fields<'_>) -> Option<Outcome> {
    let status = order.u32(&mut body)?;
    fields.code("dcerpc.dg_status", status, failure(status));
    Some(Outcome::Refused(status))
}

/// Statuses of calls that fail (C706, appendix E).
const fn failure(status: u32) -> Option<&'static str> {
    Some(match status {
        0x1c00_0001 => "nca_s_fault_int_div_by_zero",
        0x1c00_0002 => "nca_s_fault_addr_error",
        0x1c00_0009 => "nca_s_fault_unspec",
        0x1c00_000b => "nca_rpc_version_mismatch",
        0x1c00_000c => "nca_s_unspec_reject",
        0x1c00_000d => "nca_s_fault_cancel",
        0x1c00_001a => "nca_s_fault_context_mismatch",
        0x1c00_001b => "nca_s_fault_remote_no_memory",
        0x1c01_0001 => "nca_s_comm_failure",
        0x1c01_0002 => "nca_s_op_rng_error",
        0x1c01_0003 => "nca_s_unk_if",
        0x1c01_0006 => "nca_s_wrong_boot_time",
        0x1c01_0009 => "nca_s_you_crashed",
        0x1c01_000b => "nca_s_proto_error",
        0x1c01_0013 => "nca_s_out_args_too_big",
        0x1c01_0014 => "nca_s_server_too_busy",
        0x1c01_0017 => "nca_s_unsupported_type",
        _ => return None,
    })
}

/// Which fragments came (C706, 12.5.3.4); a call that is not known may say the same or nothing.
fn fack<'a>(order: Order, mut body: Reader<'a>, fields: &mut Fields<'a>) -> Option<Outcome> {
    if body.is_empty() {
        return Some(Outcome::Answered);
    }
    fields.uint("dcerpc.fack_vers", body.u8()?);
    body.u8()?;
    fields.uint("dcerpc.fack_window_size", order.u16(&mut body)?);
    fields.uint("dcerpc.fack_max_tsdu", order.u32(&mut body)?);
    fields.uint("dcerpc.fack_max_frag_size", order.u32(&mut body)?);
    fields.uint("dcerpc.fack_serial_num", order.u16(&mut body)?);
    let count = order.u16(&mut body)?;
    fields.uint("dcerpc.fack_selack_len", count);
    for _ in 0..count {
        fields.uint("dcerpc.fack_selack", order.u32(&mut body)?);
    }
    Some(Outcome::Answered)
}

fn cancel<'a>(
    packet: &Packet<'a>,
    mut body: Reader<'a>,
    fields: &mut Fields<'a>,
) -> Option<Outcome> {
    if body.is_empty() {
        return Some(Outcome::Answered);
    }
    let order = packet.order();
    fields.uint("dcerpc.dg_cancel_vers", order.u32(&mut body)?);
    fields.uint("dcerpc.dg_cancel_id", order.u32(&mut body)?);
    if packet.kind == Kind::CancelAck {
        let accepts = order.u32(&mut body)? != 0;
        fields.add("dcerpc.server_accepting_cancels", Value::Bool(accepts));
    }
    Some(Outcome::Answered)
}
