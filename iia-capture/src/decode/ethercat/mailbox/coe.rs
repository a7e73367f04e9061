//! CANopen over EtherCAT (ETG.1000.6, 5.6): objects read and written, alarms, process data.

use iia_core::observe::Value;

use super::{info, objects};
use crate::decode::ethercat::codes;
use crate::decode::{Fields, Reader};

/// Services of a message.
const EMERGENCY: u16 = 1;
const REQUEST: u16 = 2;
const RESPONSE: u16 = 3;
const INFORMATION: u16 = 8;

/// Whether a body can begin a message: nine bits of number, three that are zero, a service that is defined, and what
/// the service needs at least.
pub(super) fn begins(bytes: &[u8]) -> bool {
    let Some(header) = Reader::new(bytes).le16() else {
        return false;
    };
    let least = match header >> 12 {
        EMERGENCY => 10,
        REQUEST | RESPONSE => 3,
        4..=7 => 2,
        INFORMATION => 6,
        _ => return false,
    };
    header & 0x0e00 == 0 && bytes.len() >= least
}

/// A part of a transfer of an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sdo<'a> {
    /// Wants to write: object, whole size where that is said, the first bytes.
    Download(Object, Option<u32>, &'a [u8]),
    /// More of what is written, and whether it is the last.
    DownloadSegment(&'a [u8], bool),
    /// Wants to read.
    Upload(Object),
    /// Wants more.
    UploadSegment,
    /// Written, as far as it was sent.
    Downloaded(Object),
    /// The segment is taken.
    DownloadedSegment,
    /// What was read: object, whole size where that is said, the first bytes.
    Uploaded(Object, Option<u32>, &'a [u8]),
    /// More of it, and whether it is the last.
    UploadedSegment(&'a [u8], bool),
    /// The transfer ends here.
    Abort(Object, u32),
}

/// An object, or all of it from a subindex on.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Object {
    /// Which object.
    pub(crate) index: u16,
    /// Which part of it.
    pub(crate) sub: u8,
    /// Whether all parts go at once.
    pub(crate) complete: bool,
}

/// Whether a body is a request, and what it says about a transfer.
pub(crate) fn sdo(bytes: &[u8]) -> Option<(bool, Sdo<'_>)> {
    let mut reader = Reader::new(bytes);
    let service = reader.le16()? >> 12;
    let command = reader.u8()?;
    let asks = match service {
        REQUEST => true,
        RESPONSE => false,
        _ => return None,
    };
    let sdo = match (asks, command >> 5) {
        (true, 0) => {
            let (data, last) = segment(command, reader.rest());
            Sdo::DownloadSegment(data, last)
        }
        (true, 1) => {
            let object = object(command, &mut reader)?;
            let (size, data) = initial(command, &mut reader)?;
            Sdo::Download(object, size, data)
        }
        (true, 2) => Sdo::Upload(object(command, &mut reader)?),
        (true, 3) => Sdo::UploadSegment,
        (_, 4) => Sdo::Abort(object(0, &mut reader)?, reader.le32()?),
        (false, 0) => {
            let (data, last) = segment(command, reader.rest());
            Sdo::UploadedSegment(data, last)
        }
        (false, 1) => Sdo::DownloadedSegment,
        (false, 2) => {
            let object = object(command, &mut reader)?;
            let (size, data) = initial(command, &mut reader)?;
            Sdo::Uploaded(object, size, data)
        }
        (false, 3) => Sdo::Downloaded(object(command, &mut reader)?),
        _ => return None,
    };
    Some((asks, sdo))
}

fn object(command: u8, reader: &mut Reader<'_>) -> Option<Object> {
    Some(Object {
        index: reader.le16()?,
        sub: reader.u8()?,
        complete: command & 0x10 != 0,
    })
}

/// The data of a segment, without the filling of a short one, and whether it is the last.
fn segment(command: u8, bytes: &[u8]) -> (&[u8], bool) {
    let unused = usize::from(command >> 1 & 7);
    let len = match bytes.len() {
        7 => 7_usize.saturating_sub(unused),
        len => len,
    };
    (bytes.get(..len).unwrap_or(bytes), command & 1 == 1)
}

/// Size and data of a message that begins a transfer; up to four bytes stand where the size would.
fn initial<'a>(command: u8, reader: &mut Reader<'a>) -> Option<(Option<u32>, &'a [u8])> {
    if command & 2 == 0 {
        let size = reader.le32()?;
        return Some(((command & 1 == 1).then_some(size), reader.rest()));
    }
    let data = reader.take(4)?;
    let len = match command & 1 {
        1 => 4 - usize::from(command >> 2 & 3),
        _ => 4,
    };
    Some((Some(len as u32), data.get(..len).unwrap_or(data)))
}

/// Tells a message.
pub(super) fn tell<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) {
    let mut reader = Reader::new(bytes);
    let Some(header) = reader.le16() else {
        return super::invalid(fields, "ecat_mailbox.coe.invalid");
    };
    let service = header >> 12;
    fields.uint("ecat_mailbox.coe.number", header & 0x01ff);
    fields.code("ecat_mailbox.coe.type", service, codes::coe(service.into()));
    let whole = match service {
        EMERGENCY => emergency(fields, reader),
        REQUEST => request(fields, reader),
        RESPONSE => response(fields, reader),
        INFORMATION => info::tell(fields, reader),
        _ => {
            if !reader.is_empty() {
                fields.add("iia.ecat_mailbox.coe.pdo", Value::Bytes(reader.rest()));
            }
            Some(())
        }
    };
    if whole.is_none() {
        super::invalid(fields, "ecat_mailbox.coe.invalid");
    }
}

/// An alarm: code, error register, five bytes of the vendor's (ETG.1000.6, 5.6.4).
fn emergency<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> Option<()> {
    let code = reader.le16()?;
    let word = codes::emergency(code.into());
    fields.code("iia.ecat_mailbox.coe.emergency.code", code, word);
    fields.uint("iia.ecat_mailbox.coe.emergency.register", reader.u8()?);
    let data = reader.take(5)?;
    fields.add("iia.ecat_mailbox.coe.emergency.data", Value::Bytes(data));
    Some(())
}

fn request<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> Option<()> {
    let command = reader.u8()?;
    let name = "ecat_mailbox.coe.sdoreq";
    fields.code(
        name,
        command >> 5,
        codes::sdo_request((command >> 5).into()),
    );
    match command >> 5 {
        0 => {
            fields.uint("ecat_mailbox.coe.sdoccsds", command);
            flag(fields, "ecat_mailbox.coe.sdoccsds.lastseg", command);
            fields.uint("ecat_mailbox.coe.sdoccsds.size", command >> 1 & 7);
            flag(fields, "ecat_mailbox.coe.sdoccsds.toggle", command >> 4);
            rest(fields, reader);
        }
        1 => {
            fields.uint("ecat_mailbox.coe.sdoccsid", command);
            bits(fields, &DOWNLOAD, command);
            indices(fields, &mut reader)?;
            initiate(fields, command, reader)?;
        }
        2 => {
            fields.uint("ecat_mailbox.coe.sdoccsiu", command);
            flag(fields, "ecat_mailbox.coe.sdoccsid.complete", command >> 4);
            indices(fields, &mut reader)?;
        }
        3 => {
            fields.uint("ecat_mailbox.coe.sdoccsus", command);
            flag(fields, "ecat_mailbox.coe.sdoccsus_toggle", command >> 4);
        }
        4 => abort(fields, reader)?,
        _ => rest(fields, reader),
    }
    Some(())
}

fn response<'a>(fields: &mut Fields<'a>, mut reader: Reader<'a>) -> Option<()> {
    let command = reader.u8()?;
    let name = "ecat_mailbox.coe.sdores";
    fields.code(
        name,
        command >> 5,
        codes::sdo_response((command >> 5).into()),
    );
    match command >> 5 {
        0 => {
            fields.uint("ecat_mailbox.coe.sdoscsus", command);
            flag(fields, "ecat_mailbox.coe.sdoscsus_lastseg", command);
            fields.uint("ecat_mailbox.coe.sdoscsus_bytes", command >> 1 & 7);
            flag(fields, "ecat_mailbox.coe.sdoscsus_toggle", command >> 4);
            rest(fields, reader);
        }
        1 => {
            fields.uint("ecat_mailbox.coe.sdoscsds", command);
            flag(fields, "ecat_mailbox.coe.sdoscsds_toggle", command >> 4);
        }
        2 => {
            fields.uint("ecat_mailbox.coe.sdoscsiu", command);
            bits(fields, &UPLOAD, command);
            indices(fields, &mut reader)?;
            initiate(fields, command, reader)?;
        }
        3 => indices(fields, &mut reader)?,
        4 => abort(fields, reader)?,
        _ => rest(fields, reader),
    }
    Some(())
}

const DOWNLOAD: [&str; 5] = [
    "ecat_mailbox.coe.sdoccsid.sizeind",
    "ecat_mailbox.coe.sdoccsid.expedited",
    "ecat_mailbox.coe.sdoccsid.size0",
    "ecat_mailbox.coe.sdoccsid.size1",
    "ecat_mailbox.coe.sdoccsid.complete",
];

const UPLOAD: [&str; 5] = [
    "ecat_mailbox.coe.sdoscsiu_sizeind",
    "ecat_mailbox.coe.sdoscsiu_expedited",
    "ecat_mailbox.coe.sdoscsiu_size0",
    "ecat_mailbox.coe.sdoscsiu_size1",
    "ecat_mailbox.coe.sdoscsiu_complete",
];

fn bits(fields: &mut Fields<'_>, names: &[&'static str; 5], command: u8) {
    for (bit, name) in names.iter().enumerate() {
        flag(fields, name, command >> bit);
    }
}

fn flag(fields: &mut Fields<'_>, name: &'static str, bit: u8) {
    fields.add(name, Value::Bool(bit & 1 == 1));
}

fn indices(fields: &mut Fields<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let index = reader.le16()?;
    let word = objects::name(index);
    fields.code("ecat_mailbox.coe.sdoidx", index, word);
    fields.uint("ecat_mailbox.coe.sdosub", reader.u8()?);
    Some(())
}

/// The value where it has at most four bytes, else the size of all and the first bytes.
fn initiate<'a>(fields: &mut Fields<'a>, command: u8, mut reader: Reader<'a>) -> Option<()> {
    if command & 2 == 0 {
        fields.uint("ecat_mailbox.coe.sdolength", reader.le32()?);
        if !reader.is_empty() {
            rest(fields, reader);
        }
        return Some(());
    }
    let (_, data) = initial(command, &mut reader)?;
    let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
    let value = data.iter().rev().fold(0, add);
    fields.uint("ecat_mailbox.coe.sdodata", value);
    Some(())
}

/// A transfer ends: of which object, and why (ETG.1000.6, table 41).
fn abort(fields: &mut Fields<'_>, mut reader: Reader<'_>) -> Option<()> {
    let (index, sub) = (reader.le16()?, reader.u8()?);
    fields.code("iia.ecat_mailbox.coe.abortidx", index, objects::name(index));
    fields.uint("iia.ecat_mailbox.coe.abortsub", sub);
    let code = reader.le32()?;
    let word = codes::abort(code.into());
    fields.code("ecat_mailbox.coe.abortcode", code, word);
    Some(())
}

fn rest<'a>(fields: &mut Fields<'a>, reader: Reader<'a>) {
    fields.add("ecat_mailbox.coe.dsoldata", Value::Bytes(reader.rest()));
}
