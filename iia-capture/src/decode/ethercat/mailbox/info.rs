//! What objects a slave has (ETG.1000.6, 5.6.3): lists, descriptions, descriptions of their parts.

use iia_core::observe::Value;

use super::objects;
use crate::decode::ethercat::codes;
use crate::decode::{Fields, Reader};

/// Tells a message; nothing where it is shorter than it must be.
pub(super) fn tell<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> Option<()> {
    let [operation, _] = reader.array()?;
    let name = "ecat_mailbox.coe.sdoinfoopcode";
    fields.code(name, operation, codes::info((operation & 0x7f).into()));
    fields.uint("ecat_mailbox.coe.sdoinfofrag", reader.le16()?);
    match operation & 0x7f {
        1 => list_type(fields, &mut reader),
        2 => list(fields, reader),
        3 => index(fields, &mut reader),
        4 => object(fields, reader),
        5 => entry(fields, &mut reader),
        6 => described_entry(fields, reader),
        7 => {
            let code = reader.le32()?;
            let word = codes::abort(code.into());
            fields.code("ecat_mailbox.coe.sdoinfoerrorcode", code, word);
            Some(())
        }
        _ => {
            fields.add("iia.ecat_mailbox.coe.sdoinfo", Value::Bytes(reader.rest()));
            Some(())
        }
    }
}

fn list_type(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let kind = reader.le16()?;
    let word = codes::list(kind.into());
    fields.code("ecat_mailbox.coe.sdoinfolisttype", kind, word);
    Some(())
}

/// Indices of objects; of list 0, how many each list has.
fn list(fields: &mut Fields<'_>, mut reader: Reader<'_>) -> Option<()> {
    list_type(fields, &mut reader)?;
    while let Some(index) = reader.le16() {
        fields.code(
            "iia.ecat_mailbox.coe.sdoinfolist",
            index,
            objects::name(index),
        );
    }
    Some(())
}

fn index(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let index = reader.le16()?;
    fields.code("ecat_mailbox.coe.sdoinfoindex", index, objects::name(index));
    Some(())
}

fn data_type(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let kind = reader.le16()?;
    let word = codes::data_type(kind.into());
    fields.code("ecat_mailbox.coe.sdoinfodatatype", kind, word);
    Some(())
}

fn object<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> Option<()> {
    index(fields, &mut reader)?;
    data_type(fields, &mut reader)?;
    let [max, kind] = reader.array()?;
    fields.uint("ecat_mailbox.coe.sdoinfomaxsub", max);
    let word = codes::object(kind.into());
    fields.code("ecat_mailbox.coe.sdoinfoobjcode", kind, word);
    fields.text("ecat_mailbox.coe.sdoinfoname", reader.rest());
    Some(())
}

fn entry(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    index(fields, reader)?;
    let [sub, wanted] = reader.array()?;
    fields.uint("ecat_mailbox.coe.sdoinfosubindex", sub);
    fields.uint("ecat_mailbox.coe.sdoinfovalueinfo", wanted);
    Some(())
}

/// A part of an object: type, bits, who may do what when; then a name, or the values that were asked for, each as
/// long as the type says, and the name behind them.
fn described_entry<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> Option<()> {
    let wanted = reader.rest().get(3).copied()?;
    entry(fields, &mut reader)?;
    data_type(fields, &mut reader)?;
    let (bits, access) = (reader.le16()?, reader.le16()?);
    fields.uint("ecat_mailbox.coe.sdoinfobitlen", bits);
    fields.uint("ecat_mailbox.coe.sdoinfoobjaccess", access);
    for (bit, name) in ACCESS.iter().enumerate() {
        fields.add(name, Value::Bool(access >> bit & 1 == 1));
    }
    if wanted >> 3 & 1 == 1 {
        let kind = reader
            .le16()
            .filter(|_| !reader.is_empty() && wanted & 0x70 != 0);
        if let Some(kind) = kind {
            fields.uint("ecat_mailbox.coe.sdoinfounittype", kind);
        }
    }
    let len = usize::from(bits.div_ceil(8));
    for (bit, name) in [
        (4, "iia.ecat_mailbox.coe.sdoinfodefaultvalue"),
        (5, "iia.ecat_mailbox.coe.sdoinfominvalue"),
        (6, "iia.ecat_mailbox.coe.sdoinfomaxvalue"),
    ] {
        if wanted >> bit & 1 == 1 {
            fields.add(name, Value::Bytes(reader.take(len)?));
        }
    }
    if !reader.is_empty() {
        fields.text("ecat_mailbox.coe.sdoinfoname", reader.rest());
    }
    Some(())
}

const ACCESS: [&str; 8] = [
    "iia.ecat_mailbox.coe.access.read_preop",
    "iia.ecat_mailbox.coe.access.read_safeop",
    "iia.ecat_mailbox.coe.access.read_op",
    "iia.ecat_mailbox.coe.access.write_preop",
    "iia.ecat_mailbox.coe.access.write_safeop",
    "iia.ecat_mailbox.coe.access.write_op",
    "iia.ecat_mailbox.coe.access.map_rx_pdo",
    "iia.ecat_mailbox.coe.access.map_tx_pdo",
];
