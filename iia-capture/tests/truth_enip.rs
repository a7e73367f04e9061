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
mod oracle;
mod truth;

use std::path::Path;

use iia_core::observe::{Field, Said, Value};
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

/// What a path is made of. tshark shows it again: in the frame of an answer that of the message, in both that of the
/// connection, where its opening was seen.
const PATH: &[&str] = &[
    "cip.request_path_size",
    "cip.class",
    "cip.instance",
    "cip.attribute",
    "cip.symbol",
    "cip.member",
    "cip.connpoint",
    "cip.port",
    "cip.linkaddress.byte",
    "cip.linkaddress.string",
    "cip.cm.route_path_size",
    "cip.cm.connpath_size",
];

fn again(said: &Said<'_>) -> (Vec<Field<'static>>, Vec<Field<'static>>) {
    let mut with = Vec::new();
    let mut behind = Vec::new();
    for field in said.asked {
        let name = match field.name {
            "iia.cip.conn_class" => "cip.class",
            "iia.cip.conn_instance" => "cip.instance",
            _ => continue,
        };
        let number = field.value.number().unwrap();
        with.push(Field {
            name,
            value: Value::Uint(number),
        });
    }
    behind.extend_from_slice(&with);
    let fields = said.asked.iter();
    // An attribute behind their number is no part of the path.
    for field in fields.take_while(|field| !field.name.ends_with("attr_count")) {
        let Some(name) = PATH.iter().find(|name| **name == field.name) else {
            continue;
        };
        let value = match field.value {
            Value::Text(text) => Value::Text(Box::leak(text.to_owned().into_boxed_str())),
            value => Value::Uint(value.number().unwrap()),
        };
        behind.push(Field { name, value });
    }
    (with, behind)
}

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

/// Further fields, of which tshark itself is asked.
const WIDER: &[&str] = &[
    "cip.addstat",
    "cip.addstat_size",
    "cip.attr_num",
    "cip.class_revision",
    "cip.cm.app_reply_data",
    "cip.cm.app_reply_size",
    "cip.cm.buff_remain",
    "cip.cm.close_format_requests",
    "cip.cm.close_other_requests",
    "cip.cm.close_requests",
    "cip.cm.conn_open_bits",
    "cip.cm.conn_serial_num",
    "cip.cm.conn_timouts",
    "cip.cm.connpath_size",
    "cip.cm.cpu_util",
    "cip.cm.fwo.consize",
    "cip.cm.fwo.dir",
    "cip.cm.fwo.f_v",
    "cip.cm.fwo.owner",
    "cip.cm.fwo.prio",
    "cip.cm.fwo.transport",
    "cip.cm.fwo.trigger",
    "cip.cm.fwo.type",
    "cip.cm.gco.conn",
    "cip.cm.gco.coo_conn",
    "cip.cm.gco.la",
    "cip.cm.gco.roo_conn",
    "cip.cm.max_buff_size",
    "cip.cm.msg_req_size",
    "cip.cm.open_format_rejects",
    "cip.cm.open_requests",
    "cip.cm.open_resource_rejects",
    "cip.cm.orig_serial_num",
    "cip.cm.ot_connid",
    "cip.cm.ot_net_params",
    "cip.cm.otapi",
    "cip.cm.other_open_rejects",
    "cip.cm.otrpi",
    "cip.cm.priority",
    "cip.cm.remain_path_size",
    "cip.cm.route_path_size",
    "cip.cm.tick_time",
    "cip.cm.timeout",
    "cip.cm.timeout_multiplier",
    "cip.cm.timeout_tick",
    "cip.cm.to_connid",
    "cip.cm.to_net_params",
    "cip.cm.toapi",
    "cip.cm.torpi",
    "cip.cm.transport_type_trigger",
    "cip.cm.vendor",
    "cip.connpoint",
    "cip.create.instance",
    "cip.data",
    "cip.data_segment.data",
    "cip.eip_security.state",
    "cip.ekey.comp_bit",
    "cip.ekey.devtype",
    "cip.ekey.format",
    "cip.ekey.major_rev",
    "cip.ekey.minor_rev",
    "cip.ekey.product_code",
    "cip.ekey.serial_number",
    "cip.ekey.vendor",
    "cip.elink.admin_state",
    "cip.elink.icontrol.control_bits",
    "cip.elink.icontrol.forced_speed",
    "cip.elink.icount.in_discards",
    "cip.elink.icount.in_errors",
    "cip.elink.icount.in_nucast",
    "cip.elink.icount.in_octets",
    "cip.elink.icount.in_ucast",
    "cip.elink.icount.in_unknown_protos",
    "cip.elink.icount.out_discards",
    "cip.elink.icount.out_errors",
    "cip.elink.icount.out_nucast",
    "cip.elink.icount.out_octets",
    "cip.elink.icount.out_ucast",
    "cip.elink.iflags",
    "cip.elink.interface_label",
    "cip.elink.interface_speed",
    "cip.elink.interface_state",
    "cip.elink.interface_type",
    "cip.elink.mcount.alignment_errors",
    "cip.elink.mcount.carrier_sense_errors",
    "cip.elink.mcount.deferred_transmission",
    "cip.elink.mcount.excessive_collisions",
    "cip.elink.mcount.fcs_errors",
    "cip.elink.mcount.frame_too_long",
    "cip.elink.mcount.late_collisions",
    "cip.elink.mcount.mac_receive_errors",
    "cip.elink.mcount.mac_transmit_errors",
    "cip.elink.mcount.multiple_collisions",
    "cip.elink.mcount.single_collisions",
    "cip.elink.mcount.sqe_test_errors",
    "cip.elink.physical_address",
    "cip.extlogical",
    "cip.extlogical.type",
    "cip.find_next_object.instance",
    "cip.find_next_object.max_instance",
    "cip.find_next_object.num_instances",
    "cip.getlist.attr_count",
    "cip.getlist.attr_status",
    "cip.group_sync.is_sync",
    "cip.id.config_value",
    "cip.id.device_type",
    "cip.id.heartbeat",
    "cip.id.major_rev",
    "cip.id.minor_rev",
    "cip.id.product_code",
    "cip.id.product_name",
    "cip.id.serial_number",
    "cip.id.state",
    "cip.id.status",
    "cip.id.vendor_id",
    "cip.linkaddress.byte",
    "cip.linkaddress.string",
    "cip.max_instance",
    "cip.member",
    "cip.mr.class",
    "cip.mr.num_active",
    "cip.mr.num_available",
    "cip.msp.num_services",
    "cip.msp.offset",
    "cip.network_segment.fixed_tag",
    "cip.network_segment.prod_inhibit",
    "cip.network_segment.schedule",
    "cip.network_segment.subtype",
    "cip.network_segment.type",
    "cip.num_class_attr",
    "cip.num_inst_attr",
    "cip.num_instance",
    "cip.pccc.byte.size",
    "cip.pccc.cip.serial.num",
    "cip.pccc.cip.vend.id",
    "cip.pccc.cmd.code",
    "cip.pccc.cpu.mode_80",
    "cip.pccc.data",
    "cip.pccc.element.num",
    "cip.pccc.es.status",
    "cip.pccc.execute.multi.code",
    "cip.pccc.execute.multi.count",
    "cip.pccc.execute.multi.len",
    "cip.pccc.file.num",
    "cip.pccc.file.type",
    "cip.pccc.fnc.code_06",
    "cip.pccc.fnc.code_07",
    "cip.pccc.fnc.code_0f",
    "cip.pccc.gs.status",
    "cip.pccc.req.id.len",
    "cip.pccc.resp.code",
    "cip.pccc.subelement.num",
    "cip.pccc.tns.code",
    "cip.port",
    "cip.port.name",
    "cip.port.number",
    "cip.port.type",
    "cip.qos.8021q_enable",
    "cip.qos.explicit",
    "cip.qos.high",
    "cip.qos.low",
    "cip.qos.ptp_event",
    "cip.qos.ptp_general",
    "cip.qos.scheduled",
    "cip.qos.urgent",
    "cip.request_path_size",
    "cip.reset.type",
    "cip.security.state",
    "cip.service_code",
    "cip.serviceid",
    "cip.setlist.attr_count",
    "cip.setlist.attr_status",
    "cip.symbol.format",
    "cip.tcpip.config_cap",
    "cip.tcpip.config_control",
    "cip.tcpip.domain_name",
    "cip.tcpip.encap_inactivity",
    "cip.tcpip.gateway",
    "cip.tcpip.hostname",
    "cip.tcpip.ip_addr",
    "cip.tcpip.last_conflict.acd_activity",
    "cip.tcpip.last_conflict.arp_pdu",
    "cip.tcpip.last_conflict.remote_mac",
    "cip.tcpip.mcast.addr_start",
    "cip.tcpip.mcast.alloc",
    "cip.tcpip.mcast.num_mcast",
    "cip.tcpip.mcast.reserved",
    "cip.tcpip.name_server",
    "cip.tcpip.name_server2",
    "cip.tcpip.quick_connect",
    "cip.tcpip.select_acd",
    "cip.tcpip.status",
    "cip.tcpip.subnet_mask",
    "cip.tcpip.ttl_value",
    "cip.time_sync.clock_type",
    "cip.time_sync.domain_number",
    "cip.time_sync.is_synchronized",
    "cip.time_sync.max_offset_from_master",
    "cip.time_sync.mean_path_delay_to_master",
    "cip.time_sync.offset_from_master",
    "cip.time_sync.port_number",
    "cip.time_sync.priority1",
    "cip.time_sync.priority2",
    "cip.time_sync.ptp_enable",
    "cip.time_sync.steps_removed",
    "cip.time_sync.sys_time_micro",
    "cipio.data",
    "enip.cpf.data",
    "enip.cpf.itemcount",
    "enip.cpf.sai.seq",
    "enip.cpf.ucmm.msg_type",
    "enip.cpf.ucmm.request",
    "enip.cpf.ucmm.status",
    "enip.cpf.ucmm.trans_id",
    "enip.encap_data",
    "enip.encapver",
    "enip.iana_port_state_flags",
    "enip.lir.namelen",
    "enip.lir.revision",
    "enip.lir.state",
    "enip.lir.status",
    "enip.listid_delay",
    "enip.lsr.capaflags",
    "enip.lsr.capaflags.tcp",
    "enip.lsr.capaflags.udp",
    "enip.lsr.servicename",
    "enip.options",
    "enip.rs.flags",
    "enip.rs.version",
    "enip.sinaddr",
    "enip.sinfamily",
    "enip.sinport",
    "enip.sinzero",
    "enip.srrd.iface",
    "enip.sud.iface",
    "enip.timeout",
];

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
