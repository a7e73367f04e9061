//! EtherCAT, held against tshark.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod oracle;
mod truth;

use truth::Explained;

const FIELDS: &[&str] = &[
    "ecat.cnt",
    "ecat.cmd",
    "ecat.idx",
    "ecat.adp",
    "ecat.ado",
    "ecat.lad",
    "ecat_mailbox.length",
    "ecat_mailbox.address",
    "ecat_mailbox.type",
    "ecat_mailbox.coe.number",
    "ecat_mailbox.coe.type",
    "ecat_mailbox.coe.sdoreq",
    "ecat_mailbox.coe.sdores",
    "ecat_mailbox.coe.sdoidx",
    "ecat_mailbox.coe.sdosub",
    "ecat.reg.alctrl",
    "ecat.reg.alstatus",
];

const EXPLAINED: &[Explained] = &[];

#[test]
fn every_field_of_tshark_is_ours_or_explained() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("every_field_of_tshark_is_ours_or_explained");
    };
    let agreement = truth::agree(&corpus, "ethercat", FIELDS);
    truth::hold(&agreement, EXPLAINED, "ethercat.md");
}
