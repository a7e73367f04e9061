//! EtherNet/IP, CIP and PCCC held against tshark and against Zeek with ICSNPP.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod oracle;
mod truth;

use truth::Explained;

/// What is compared: every column of the tables that is about the protocol.
const FIELDS: &[&str] = &[
    "enip.command",
    "enip.length",
    "enip.session",
    "enip.status",
    "enip.context",
    "enip.cpf.typeid",
    "enip.cpf.length",
    "cip.service",
    "cip.rr",
    "cip.sc",
    "cip.class",
    "cip.instance",
    "cip.attribute",
    "cip.symbol",
    "cip.genstat",
    "cip.seq",
    "enip.cpf.sai.connid",
    "enip.cpf.cai.connid",
    "enip.lir.vendor",
    "enip.lir.devtype",
    "enip.lir.prodcode",
    "enip.lir.serial",
    "enip.lir.name",
];

/// What tshark shows again in the frame of an answer, from the message that it answers.
const REPEATED: &[&str] = &["cip.class", "cip.instance", "cip.attribute", "cip.symbol"];

const EXPLAINED: &[Explained] = &[];

#[test]
fn every_field_of_tshark_is_ours_or_explained() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("every_field_of_tshark_is_ours_or_explained");
    };
    let agreement = truth::agree_repeating(&corpus, "enip_cip", FIELDS, REPEATED);
    eprintln!("{} values equal\n{}", agreement.same, agreement.table);
    truth::hold(&agreement, EXPLAINED, "enip.md");
}
