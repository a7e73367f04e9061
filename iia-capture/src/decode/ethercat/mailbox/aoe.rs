//! ADS over EtherCAT, by its header (ETG.1020, 8): between which ports, which command.

use iia_core::observe::Value;

use crate::decode::ethercat::codes;
use crate::decode::{Fields, Reader};

/// Bytes of the header.
pub(super) const HEAD_LEN: usize = 32;

/// Tells the header, and the data as bytes.
pub(super) fn tell<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) {
    let mut reader = Reader::new(bytes);
    if head(fields, &mut reader).is_none() {
        return super::invalid(fields, "ecat_mailbox.invalid");
    }
    fields.add("iia.ams.data", Value::Bytes(reader.rest()));
}

fn head<'a>(fields: &mut Fields<'a>, reader: &mut Reader<'a>) -> Option<()> {
    for (net, port) in [
        ("iia.ams.targetnetid", "ams.targetport"),
        ("iia.ams.sendernetid", "ams.senderport"),
    ] {
        fields.add(net, Value::Bytes(reader.take(6)?));
        fields.uint(port, reader.le16()?);
    }
    let command = reader.le16()?;
    fields.code("ams.cmdid", command, codes::ads_command(command.into()));
    let flags = reader.le16()?;
    fields.uint("ams.stateflags", flags);
    for (bit, name) in STATES {
        fields.add(name, Value::Bool(flags >> bit & 1 == 1));
    }
    for name in ["ams.cbdata", "ams.errorcode", "ams.invokeid"] {
        fields.uint(name, reader.le32()?);
    }
    Some(())
}

const STATES: [(u8, &str); 9] = [
    (0, "ams.state_response"),
    (1, "ams.state_noreturn"),
    (2, "ams.state_adscmd"),
    (3, "ams.state_syscmd"),
    (4, "ams.state_highprio"),
    (5, "ams.state_timestampadded"),
    (6, "ams.state_udp"),
    (7, "ams.state_initcmd"),
    (15, "ams.state_broadcast"),
];
