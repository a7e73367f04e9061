//! What stands in messages of the encapsulation themselves.

use core::net::{IpAddr, Ipv4Addr};

use iia_core::observe::Value;

use super::packet::{Frame, command, item, walk};
use super::{attributes, names};
use crate::decode::{Fields, Reader};

/// The fields of a message's header and of its items; tells whether it keeps the rules.
pub(super) fn fields<'a>(fields: &mut Fields<'a>, frame: &Frame<'a>) -> bool {
    let head = &frame.head;
    fields.code(
        "enip.command",
        head.command,
        names::command_name(head.command),
    );
    fields.uint("enip.length", head.length);
    fields.uint("enip.session", head.session);
    let word = names::encapsulation_status(head.status);
    fields.code("enip.status", head.status, word);
    let asks = head.command == command::LIST_IDENTITY && head.length == 0 && head.status == 0;
    match head.context {
        // How long answers may be spread, so that not all come at once (Volume 2, 2-4.2.2).
        [low, high, rest @ ..] if asks => {
            fields.uint("enip.listid_delay", u16::from_le_bytes([*low, *high]));
            fields.add("enip.context", Value::Bytes(rest));
        }
        context => fields.add("enip.context", Value::Bytes(context)),
    }
    fields.uint("enip.options", head.options);
    body(fields, frame) && frame.is_whole()
}

fn body<'a>(fields: &mut Fields<'a>, frame: &Frame<'a>) -> bool {
    let mut reader = Reader::new(frame.body);
    // A refusal may come without what an answer has; so may a question.
    if reader.is_empty() {
        return !frame.sends_data() && frame.head.command != command::REGISTER_SESSION
            || frame.head.status != 0;
    }
    match frame.head.command {
        command::REGISTER_SESSION => {
            let (Some(version), Some(flags)) = (reader.le16(), reader.le16()) else {
                return false;
            };
            fields.uint("enip.rs.version", version);
            fields.uint("enip.rs.flags", flags);
            reader.is_empty()
        }
        command::SEND_RR_DATA | command::SEND_UNIT_DATA => {
            let (Some(interface), Some(timeout)) = (reader.le32(), reader.le16()) else {
                return false;
            };
            let name = match frame.head.command {
                command::SEND_RR_DATA => "enip.srrd.iface",
                _ => "enip.sud.iface",
            };
            fields.uint(name, interface);
            fields.uint("enip.timeout", timeout);
            items(fields, reader.rest())
        }
        command::LIST_SERVICES | command::LIST_IDENTITY | command::LIST_INTERFACES => {
            items(fields, reader.rest())
        }
        command::NOP => {
            fields.add("enip.encap_data", Value::Bytes(reader.rest()));
            true
        }
        command::UNREGISTER_SESSION => {
            fields.add("enip.encap_data", Value::Bytes(reader.rest()));
            false
        }
        _ => {
            fields.add("enip.encap_data", Value::Bytes(reader.rest()));
            true
        }
    }
}

/// The fields of items, but not of the CIP message that one of them carries.
pub(super) fn items<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) -> bool {
    let mut sound = true;
    let mut reader = Reader::new(bytes);
    if let Some(count) = reader.le16() {
        fields.uint("enip.cpf.itemcount", count);
    }
    let (_, whole) = walk(bytes, |kind, len, data| {
        fields.code("enip.cpf.typeid", kind, names::item_name(kind));
        fields.uint("enip.cpf.length", len);
        sound &= one(fields, kind, data).is_some();
    });
    sound && whole
}

fn one<'a>(fields: &mut Fields<'a>, kind: u16, data: &'a [u8]) -> Option<()> {
    let mut reader = Reader::new(data);
    match kind {
        item::IDENTITY => identity(fields, &mut reader)?,
        item::SERVICE => service(fields, &mut reader)?,
        item::SECURITY => security(fields, &mut reader)?,
        item::SOCKET_TO_TARGET | item::SOCKET_TO_ORIGINATOR => socket(fields, &mut reader)?,
        item::CONNECTED_ADDRESS => fields.uint("enip.cpf.cai.connid", reader.le32()?),
        item::SEQUENCED_ADDRESS => {
            fields.uint("enip.cpf.sai.connid", reader.le32()?);
            fields.uint("enip.cpf.sai.seq", reader.le32()?);
        }
        item::UNCONNECTED_OVER_UDP => over_udp(fields, &mut reader)?,
        item::CONNECTED_DATA | item::UNCONNECTED_DATA => return Some(()),
        item::NULL if data.is_empty() => {}
        _ => {
            fields.add("enip.cpf.data", Value::Bytes(data));
            return Some(());
        }
    }
    reader.is_empty().then_some(())
}

/// Volume 2, table 2-4.4: who a device is.
fn identity<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    fields.uint("enip.encapver", reader.le16()?);
    socket(fields, reader)?;
    let vendor = reader.le16()?;
    fields.code("enip.lir.vendor", vendor, names::vendor(vendor));
    let device = reader.le16()?;
    fields.code("enip.lir.devtype", device, names::device_type(device));
    fields.uint("enip.lir.prodcode", reader.le16()?);
    fields.uint("enip.lir.revision", reader.be16()?);
    fields.uint("enip.lir.status", reader.le16()?);
    fields.uint("enip.lir.serial", reader.le32()?);
    let len = reader.u8()?;
    fields.uint("enip.lir.namelen", len);
    fields.text("enip.lir.name", reader.take(usize::from(len))?);
    let state = u64::from(reader.u8()?);
    fields.code("enip.lir.state", state, attributes::identity_state(state));
    Some(())
}

/// An address as sockets have it, its numbers the higher byte first (Volume 2, 2-6.3.3).
fn socket<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    fields.uint("enip.sinfamily", reader.be16()?);
    fields.uint("enip.sinport", reader.be16()?);
    let address = Ipv4Addr::from(reader.array::<4>()?);
    fields.add("enip.sinaddr", Value::Ip(IpAddr::V4(address)));
    fields.add("enip.sinzero", Value::Bytes(reader.take(8)?));
    Some(())
}

/// Volume 2, table 2-4.8: which services of communication there are.
fn service<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    fields.uint("enip.encapver", reader.le16()?);
    let flags = reader.le16()?;
    fields.uint("enip.lsr.capaflags", flags);
    fields.add("enip.lsr.capaflags.tcp", Value::Bool(flags & 0x20 != 0));
    fields.add("enip.lsr.capaflags.udp", Value::Bool(flags & 0x100 != 0));
    let name = reader.take(reader.len().min(16))?;
    let end = name.iter().position(|byte| *byte == 0);
    let name = name.get(..end.unwrap_or(name.len())).unwrap_or(name);
    fields.text("enip.lsr.servicename", name);
    Some(())
}

/// Volume 8: what a device offers and is in of CIP security.
fn security<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    fields.uint("iia.enip.security_profiles", reader.le16()?);
    fields.uint("cip.security.state", reader.u8()?);
    fields.uint("cip.eip_security.state", reader.u8()?);
    fields.uint("enip.iana_port_state_flags", reader.u8()?);
    Some(())
}

/// Volume 2, 2-6.3.7: the transaction of an unconnected message over UDP.
fn over_udp<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    let kind = reader.le16()?;
    fields.add("enip.cpf.ucmm.request", Value::Bool(kind & 0x8000 != 0));
    fields.uint("enip.cpf.ucmm.msg_type", kind & 0x7fff);
    fields.uint("enip.cpf.ucmm.trans_id", reader.le32()?);
    fields.uint("enip.cpf.ucmm.status", reader.le32()?);
    let rest = reader.rest();
    fields.add("enip.cpf.data", Value::Bytes(rest));
    reader.take(rest.len());
    Some(())
}
