//! EtherNet/IP, CIP and PCCC held against tshark.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod asked;
mod enip_fields;
mod oracle;
mod truth;

use std::path::Path;

use enip_fields::{FIELDS, WIDER, again};
use truth::Explained;

const TREE: &str = "tshark shows the bit of requests and answers again in the tree of the object: connection manager, PCCC";
const CLOSES: &str =
    "tshark shows the path of the connection again in the frame of the Forward_Close that ends it";
const TAGS: &str = "attributes of tags are read here with their types; tshark knows none of them, and stops at the first";
const TWICE: &str = "tshark shows the offsets of a Multiple_Service_Packet twice";
const CONNECTION: &str = "tshark shows parts of the Forward_Open in each message of its connection: its port, address and \
                          intervals; here its class and instance stand in `iia.cip.conn_class` and `iia.cip.conn_instance`, \
                          and are compared, the rest is in the Forward_Open's own record";
const FILES: &str =
    "values of PCCC files are read here with their types, in `iia.pccc.value`; tshark shows bytes";
const MASKS: &str =
    "the services of tags are read here, with types and masks; tshark shows their bytes";
const MASKED: &str = "the address of a masked write is read here; tshark shows bytes";

const EXPLAINED: &[Explained] = &[
    ("EIP-IPAddressChangeAttempt.pcap", "cip.rr", 491, TREE),
    ("EIP-RebootorRestart.pcap", "cip.rr", 39, TREE),
    ("EIP-SoftwareUpload.pcap", "cip.rr", 44, TREE),
    ("cip_only.pcap", "cip.rr", 18797, TREE),
    ("EIP-RebootorRestart.pcap", "cip.class", 4, CLOSES),
    ("EIP-RebootorRestart.pcap", "cip.instance", 4, CLOSES),
    ("EIP-SoftwareUpload.pcap", "cip.class", 6, CLOSES),
    ("EIP-SoftwareUpload.pcap", "cip.instance", 6, CLOSES),
    ("cip_only.pcap", "cip.class", 3, CLOSES),
    ("cip_only.pcap", "cip.instance", 3, CLOSES),
    ("EIP-RebootorRestart.pcap", "cip.attribute", 2, TAGS),
    ("EIP-SoftwareUpload.pcap", "cip.attribute", 19, TAGS),
];

#[test]
fn every_field_of_tshark_is_ours_or_explained() {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip("every_field_of_tshark_is_ours_or_explained");
    };
    let agreement = truth::agree_again(&corpus, "enip_cip", FIELDS, again);
    eprintln!("{} values equal\n{}", agreement.same, agreement.table);
    truth::hold(&agreement, EXPLAINED, "enip.md");
}

const WIDER_EXPLAINED: &[Explained] = &[
    ("EIP-ChangeDateAttempt.pcap", "cip.msp.offset", 81, TWICE),
    ("EIP-ChangeTimeAttempt.pcap", "cip.msp.offset", 162, TWICE),
    ("EIP-RebootorRestart.pcap", "cip.msp.offset", 116, TWICE),
    (
        "EIP-RemoteModeChangeAttempt.pcap",
        "cip.msp.offset",
        189,
        TWICE,
    ),
    ("EIP-SoftwareUpload.pcap", "cip.msp.offset", 73, TWICE),
    ("cip-multiple-1.pcap", "cip.msp.offset", 1, TWICE),
    ("cip-multiple-2.pcap", "cip.msp.offset", 1, TWICE),
    ("enip_cip_example.pcap", "cip.msp.offset", 81, TWICE),
    (
        "multiple_service_packet_cip.pcapng",
        "cip.msp.offset",
        1,
        TWICE,
    ),
    ("EIP-RebootorRestart.pcap", "cip.cm.otapi", 758, CONNECTION),
    ("EIP-RebootorRestart.pcap", "cip.cm.toapi", 758, CONNECTION),
    (
        "EIP-RebootorRestart.pcap",
        "cip.linkaddress.byte",
        758,
        CONNECTION,
    ),
    ("EIP-RebootorRestart.pcap", "cip.port", 758, CONNECTION),
    ("EIP-SoftwareUpload.pcap", "cip.cm.otapi", 735, CONNECTION),
    ("EIP-SoftwareUpload.pcap", "cip.cm.toapi", 735, CONNECTION),
    (
        "EIP-SoftwareUpload.pcap",
        "cip.linkaddress.byte",
        735,
        CONNECTION,
    ),
    ("EIP-SoftwareUpload.pcap", "cip.port", 735, CONNECTION),
    ("cip_only.pcap", "cip.cm.otapi", 19, CONNECTION),
    ("cip_only.pcap", "cip.cm.toapi", 19, CONNECTION),
    ("EIP-RebootorRestart.pcap", "cip.data", 7, TAGS),
    ("EIP-SoftwareUpload.pcap", "cip.data", 19, TAGS),
    (
        "EIP-SoftwareUpload.pcap",
        "cip.getlist.attr_status",
        19,
        TAGS,
    ),
    ("cip_only.pcap", "cip.pccc.data", 97, FILES),
    ("cip_only.pcap", "cip.pccc.byte.size", 4, MASKED),
    ("cip_only.pcap", "cip.pccc.element.num", 4, MASKED),
    ("cip_only.pcap", "cip.pccc.file.num", 4, MASKED),
    ("cip_only.pcap", "cip.pccc.file.type", 4, MASKED),
    ("cip_only.pcap", "cip.pccc.subelement.num", 4, MASKED),
];

/// Asks tshark for fields of some captures, and compares them.
fn asked(test: &str, which: fn(&Path, &str) -> bool, fields: &[&str], explained: &[Explained]) {
    let Some(corpus) = oracle::corpus() else {
        return oracle::skip(test);
    };
    let protocol = ("enip_cip", "enip || cip || cipio");
    let Some(tables) = asked::tables(&corpus, which, protocol, fields) else {
        return asked::skip(test);
    };
    let agreement = truth::agree_again(tables.path(), protocol.0, fields, again);
    eprintln!("{} values equal\n{}", agreement.same, agreement.table);
    truth::hold(&agreement, explained, "enip.md");
}

#[test]
fn every_further_field_of_tshark_is_ours_or_explained() {
    let name = "every_further_field_of_tshark_is_ours_or_explained";
    let which = |_: &Path, protocol: &str| protocol == "enip_cip";
    asked(name, which, WIDER, WIDER_EXPLAINED);
}

const PLANT_EXPLAINED: &[Explained] = &[
    ("mb2.pcap", "cip.rr", 57, TREE),
    ("mb2.pcap", "cip.msp.offset", 1884, TWICE),
    ("mb2.pcap", "cip.data", 112, MASKS),
];

/// A capture that is filed under Modbus.
#[test]
fn a_plant_of_three_protocols_is_read_as_tshark_reads_it() {
    let name = "a_plant_of_three_protocols_is_read_as_tshark_reads_it";
    let which = |path: &Path, _: &str| path.ends_with("mb2.pcap");
    let fields = [FIELDS, WIDER].concat();
    asked(name, which, &fields, PLANT_EXPLAINED);
}
