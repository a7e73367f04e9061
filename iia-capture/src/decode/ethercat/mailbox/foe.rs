//! Files over EtherCAT (ETG.1000.6, 5.8): firmware and the like, in packets that are acknowledged one by one.

use iia_core::observe::Value;

use crate::decode::ethercat::codes;
use crate::decode::{Fields, Reader};

/// Whether a body can begin a message: a code that is defined, and a byte that must be zero.
pub(super) fn begins(bytes: &[u8]) -> bool {
    matches!(bytes, [1..=6, 0, ..])
}

/// A message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum File<'a> {
    /// Wants to read the file of this name.
    Read(&'a [u8]),
    /// Wants to write it.
    Write(&'a [u8]),
    /// The packet of this number.
    Data(u32, &'a [u8]),
    /// The packet of this number has come.
    Ack(u32),
    /// It went wrong.
    Error(u32),
    /// Not yet.
    Busy,
}

/// What a body says.
pub(crate) fn parse(bytes: &[u8]) -> Option<File<'_>> {
    let mut reader = Reader::new(bytes);
    let [code, _] = reader.array()?;
    let number = reader.le32()?;
    Some(match code {
        1 => File::Read(text(reader.rest())),
        2 => File::Write(text(reader.rest())),
        3 => File::Data(number, reader.rest()),
        4 => File::Ack(number),
        5 => File::Error(number),
        6 => File::Busy,
        _ => return None,
    })
}

/// Text up to a zero, which some senders append.
fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Tells a message.
pub(super) fn tell<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) {
    let mut reader = Reader::new(bytes);
    let (Some([code, _]), Some(number)) = (reader.array(), reader.le32()) else {
        return super::invalid(fields, "ecat_mailbox.foe.invalid");
    };
    fields.code("ecat_mailbox.foe_opmode", code, codes::foe(code.into()));
    let rest = reader.rest();
    match code {
        1 | 2 => {
            fields.uint("ecat_mailbox.foe_filelength", number);
            fields.text("ecat_mailbox.foe_filename", text(rest));
        }
        3 => {
            fields.uint("ecat_mailbox.foe_packetno", number);
            fields.add("iia.ecat_mailbox.foe.data", Value::Bytes(rest));
        }
        4 => fields.uint("ecat_mailbox.foe_packetno", number),
        5 => {
            let word = codes::foe_error(number.into());
            fields.code("ecat_mailbox.foe_errcode", number, word);
            fields.text("ecat_mailbox.foe_errtext", text(rest));
        }
        6 => {
            fields.uint("ecat_mailbox.foe_busydone", number & 0xffff);
            fields.uint("ecat_mailbox.foe_busyentire", number >> 16);
            fields.text("iia.ecat_mailbox.foe.busytext", text(rest));
        }
        _ => fields.add("iia.ecat_mailbox.foe.data", Value::Bytes(rest)),
    }
}
