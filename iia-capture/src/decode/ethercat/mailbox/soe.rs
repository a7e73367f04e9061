//! The servo profile over EtherCAT (ETG.1000.6, 5.9; IEC 61800-7-204): parameters of drives by their number.

use iia_core::observe::Value;

use crate::decode::ethercat::codes;
use crate::decode::{Fields, Reader};

/// Whether a body can begin a message: an operation that is defined.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes
        .first()
        .is_some_and(|first| (1..=6).contains(&(first & 7)))
}

/// The head of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Head {
    /// What is done.
    pub(crate) operation: u8,
    /// More of the same follows.
    pub(crate) incomplete: bool,
    /// It went wrong, and the data are a code.
    pub(crate) error: bool,
    /// Which drive of the slave.
    pub(crate) drive: u8,
    /// Which elements of the parameter.
    pub(crate) elements: u8,
    /// The parameter; how many pieces are left, where more follows.
    pub(crate) number: u16,
}

/// The head of a body, and the data behind it.
pub(crate) fn parse(bytes: &[u8]) -> Option<(Head, &[u8])> {
    let mut reader = Reader::new(bytes);
    let [first, elements] = reader.array()?;
    let head = Head {
        operation: first & 7,
        incomplete: first >> 3 & 1 == 1,
        error: first >> 4 & 1 == 1,
        drive: first >> 5,
        elements,
        number: reader.le16()?,
    };
    Some((head, reader.rest()))
}

/// Tells a message.
pub(super) fn tell<'a>(fields: &mut Fields<'a>, bytes: &'a [u8]) {
    let Some((head, data)) = parse(bytes) else {
        return super::invalid(fields, "ecat_mailbox.soe.invalid");
    };
    if let Some(header) = Reader::new(bytes).le16() {
        fields.uint("ecat_mailbox.soe_header", header);
    }
    let operation = head.operation;
    fields.code(
        "ecat_mailbox.soe_opcode",
        operation,
        codes::soe(operation.into()),
    );
    fields.add(
        "ecat_mailbox.soe_header_incomplete",
        Value::Bool(head.incomplete),
    );
    fields.add("ecat_mailbox.soe_header_error", Value::Bool(head.error));
    fields.uint("ecat_mailbox.soe_header_driveno", head.drive);
    for (bit, name) in ELEMENTS.iter().enumerate() {
        fields.add(name, Value::Bool(head.elements >> bit & 1 == 1));
    }
    number(fields, head);
    match Reader::new(data).le16() {
        Some(code) if head.error => {
            let word = codes::soe_error(code.into());
            fields.code("ecat_mailbox.soe_error", code, word);
        }
        _ if data.is_empty() => {}
        _ => fields.add("ecat_mailbox.soe_data", Value::Bytes(data)),
    }
}

const ELEMENTS: [&str; 8] = [
    "ecat_mailbox.soe_header_datastate",
    "ecat_mailbox.soe_header_name",
    "ecat_mailbox.soe_header_attribute",
    "ecat_mailbox.soe_header_unit",
    "ecat_mailbox.soe_header_min",
    "ecat_mailbox.soe_header_max",
    "ecat_mailbox.soe_header_value",
    "ecat_mailbox.soe_header_reserved",
];

/// The parameter as drives write it: standard or product, set, number (IEC 61800-7-204, 6.2).
fn number(fields: &mut Fields<'_>, head: Head) {
    if head.incomplete {
        return fields.uint("ecat_mailbox.soe_frag", head.number);
    }
    let word = codes::idn(head.number.into());
    fields.code("ecat_mailbox.soe_idn", head.number, word);
    let product = head.number >> 15 == 1;
    fields.add("iia.ecat_mailbox.soe.product", Value::Bool(product));
    fields.uint("iia.ecat_mailbox.soe.set", head.number >> 12 & 7);
    fields.uint("iia.ecat_mailbox.soe.parameter", head.number & 0x0fff);
}
