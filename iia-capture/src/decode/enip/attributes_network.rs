//! The table of attributes of the objects by which a device is on its networks.

use super::attribute::{Kind, Row};

/// Attributes of instances (CIP Volume 1, 3-7; Volume 2, chapter 5).
pub(super) static ROWS: &[Row] = &[
    // QoS, Volume 2, 5-7.
    (
        0x48,
        1,
        "802_1q_tag_enable",
        &[("cip.qos.8021q_enable", Kind::Flag)],
    ),
    (
        0x48,
        2,
        "dscp_ptp_event",
        &[("cip.qos.ptp_event", Kind::U8)],
    ),
    (
        0x48,
        3,
        "dscp_ptp_general",
        &[("cip.qos.ptp_general", Kind::U8)],
    ),
    (0x48, 4, "dscp_urgent", &[("cip.qos.urgent", Kind::U8)]),
    (
        0x48,
        5,
        "dscp_scheduled",
        &[("cip.qos.scheduled", Kind::U8)],
    ),
    (0x48, 6, "dscp_high", &[("cip.qos.high", Kind::U8)]),
    (0x48, 7, "dscp_low", &[("cip.qos.low", Kind::U8)]),
    (0x48, 8, "dscp_explicit", &[("cip.qos.explicit", Kind::U8)]),
    // Port, Volume 1, 3-7.
    (
        0xf4,
        1,
        "port_type",
        &[("cip.port.type", Kind::Named(2, port_type))],
    ),
    (0xf4, 2, "port_number", &[("cip.port.number", Kind::U16)]),
    (0xf4, 3, "link_object", &[("link_object", Kind::Path)]),
    (0xf4, 4, "port_name", &[("cip.port.name", Kind::Short)]),
    // TCP/IP interface, Volume 2, 5-4.
    (0xf5, 1, "status", &[("cip.tcpip.status", Kind::U32)]),
    (
        0xf5,
        2,
        "configuration_capability",
        &[("cip.tcpip.config_cap", Kind::U32)],
    ),
    (
        0xf5,
        3,
        "configuration_control",
        &[("cip.tcpip.config_control", Kind::U32)],
    ),
    (
        0xf5,
        4,
        "physical_link_object",
        &[("link_object", Kind::Path)],
    ),
    (
        0xf5,
        5,
        "interface_configuration",
        &[
            ("cip.tcpip.ip_addr", Kind::Ip),
            ("cip.tcpip.subnet_mask", Kind::Ip),
            ("cip.tcpip.gateway", Kind::Ip),
            ("cip.tcpip.name_server", Kind::Ip),
            ("cip.tcpip.name_server2", Kind::Ip),
            ("cip.tcpip.domain_name", Kind::Text),
        ],
    ),
    (0xf5, 6, "host_name", &[("cip.tcpip.hostname", Kind::Text)]),
    (
        0xf5,
        7,
        "safety_network_number",
        &[("iia.cip.tcpip.safety_network_number", Kind::Bytes(6))],
    ),
    (0xf5, 8, "ttl_value", &[("cip.tcpip.ttl_value", Kind::U8)]),
    (
        0xf5,
        9,
        "mcast_config",
        &[
            ("cip.tcpip.mcast.alloc", Kind::U8),
            ("cip.tcpip.mcast.reserved", Kind::U8),
            ("cip.tcpip.mcast.num_mcast", Kind::U16),
            ("cip.tcpip.mcast.addr_start", Kind::Ip),
        ],
    ),
    (
        0xf5,
        10,
        "select_acd",
        &[("cip.tcpip.select_acd", Kind::Flag)],
    ),
    (
        0xf5,
        11,
        "last_conflict_detected",
        &[
            ("cip.tcpip.last_conflict.acd_activity", Kind::U8),
            ("cip.tcpip.last_conflict.remote_mac", Kind::Mac),
            ("cip.tcpip.last_conflict.arp_pdu", Kind::Bytes(28)),
        ],
    ),
    (
        0xf5,
        12,
        "quick_connect",
        &[("cip.tcpip.quick_connect", Kind::Flag)],
    ),
    (
        0xf5,
        13,
        "encapsulation_inactivity_timeout",
        &[("cip.tcpip.encap_inactivity", Kind::U16)],
    ),
    // Ethernet link, Volume 2, 5-5.
    (
        0xf6,
        1,
        "interface_speed",
        &[("cip.elink.interface_speed", Kind::U32)],
    ),
    (
        0xf6,
        2,
        "interface_flags",
        &[("cip.elink.iflags", Kind::U32)],
    ),
    (
        0xf6,
        3,
        "physical_address",
        &[("cip.elink.physical_address", Kind::Mac)],
    ),
    (
        0xf6,
        4,
        "interface_counters",
        &[
            ("cip.elink.icount.in_octets", Kind::U32),
            ("cip.elink.icount.in_ucast", Kind::U32),
            ("cip.elink.icount.in_nucast", Kind::U32),
            ("cip.elink.icount.in_discards", Kind::U32),
            ("cip.elink.icount.in_errors", Kind::U32),
            ("cip.elink.icount.in_unknown_protos", Kind::U32),
            ("cip.elink.icount.out_octets", Kind::U32),
            ("cip.elink.icount.out_ucast", Kind::U32),
            ("cip.elink.icount.out_nucast", Kind::U32),
            ("cip.elink.icount.out_discards", Kind::U32),
            ("cip.elink.icount.out_errors", Kind::U32),
        ],
    ),
    (
        0xf6,
        5,
        "media_counters",
        &[
            ("cip.elink.mcount.alignment_errors", Kind::U32),
            ("cip.elink.mcount.fcs_errors", Kind::U32),
            ("cip.elink.mcount.single_collisions", Kind::U32),
            ("cip.elink.mcount.multiple_collisions", Kind::U32),
            ("cip.elink.mcount.sqe_test_errors", Kind::U32),
            ("cip.elink.mcount.deferred_transmission", Kind::U32),
            ("cip.elink.mcount.late_collisions", Kind::U32),
            ("cip.elink.mcount.excessive_collisions", Kind::U32),
            ("cip.elink.mcount.mac_transmit_errors", Kind::U32),
            ("cip.elink.mcount.carrier_sense_errors", Kind::U32),
            ("cip.elink.mcount.frame_too_long", Kind::U32),
            ("cip.elink.mcount.mac_receive_errors", Kind::U32),
        ],
    ),
    (
        0xf6,
        6,
        "interface_control",
        &[
            ("cip.elink.icontrol.control_bits", Kind::U16),
            ("cip.elink.icontrol.forced_speed", Kind::U16),
        ],
    ),
    (
        0xf6,
        7,
        "interface_type",
        &[("cip.elink.interface_type", Kind::Named(1, link_type))],
    ),
    (
        0xf6,
        8,
        "interface_state",
        &[("cip.elink.interface_state", Kind::Named(1, link_state))],
    ),
    (
        0xf6,
        9,
        "admin_state",
        &[("cip.elink.admin_state", Kind::Named(1, admin_state))],
    ),
    (
        0xf6,
        10,
        "interface_label",
        &[("cip.elink.interface_label", Kind::Short)],
    ),
];

fn port_type(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "connection_terminates_in_this_device",
        1 => "backplane",
        2 => "controlnet",
        3 => "controlnet_redundant",
        4 => "ethernet_ip",
        5 => "devicenet",
        _ => return None,
    })
}

fn link_type(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "internal",
        2 => "twisted_pair",
        3 => "optical_fiber",
        _ => return None,
    })
}

fn link_state(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "enabled",
        2 => "disabled",
        3 => "testing",
        _ => return None,
    })
}

fn admin_state(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "enabled",
        2 => "disabled",
        _ => return None,
    })
}
