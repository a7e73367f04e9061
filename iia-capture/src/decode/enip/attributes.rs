//! The table of attributes: of the objects that say who a device is, how it is reached and what goes through it.

use super::attribute::{Kind, Row};
use super::names;

/// Attributes of instances (CIP Volume 1, chapter 5; Volume 2, chapter 5; 1756-PM020 for tags and structures).
pub(super) static ROWS: &[Row] = &[
    // Identity, Volume 1, 5A-2.
    (
        0x01,
        1,
        "vendor_id",
        &[("cip.id.vendor_id", Kind::Named(2, vendor))],
    ),
    (
        0x01,
        2,
        "device_type",
        &[("cip.id.device_type", Kind::Named(2, device))],
    ),
    (
        0x01,
        3,
        "product_code",
        &[("cip.id.product_code", Kind::U16)],
    ),
    (
        0x01,
        4,
        "revision",
        &[
            ("cip.id.major_rev", Kind::U8),
            ("cip.id.minor_rev", Kind::U8),
        ],
    ),
    (0x01, 5, "status", &[("cip.id.status", Kind::U16)]),
    (
        0x01,
        6,
        "serial_number",
        &[("cip.id.serial_number", Kind::U32)],
    ),
    (
        0x01,
        7,
        "product_name",
        &[("cip.id.product_name", Kind::Short)],
    ),
    (
        0x01,
        8,
        "state",
        &[("cip.id.state", Kind::Named(1, identity_state))],
    ),
    (
        0x01,
        9,
        "configuration_consistency_value",
        &[("cip.id.config_value", Kind::U16)],
    ),
    (
        0x01,
        10,
        "heartbeat_interval",
        &[("cip.id.heartbeat", Kind::U8)],
    ),
    // Message router, Volume 1, 5A-3.
    (
        0x02,
        1,
        "object_list",
        &[("cip.mr.class", Kind::List("cip.mr.num_classes"))],
    ),
    (
        0x02,
        2,
        "number_available",
        &[("cip.mr.num_available", Kind::U16)],
    ),
    (
        0x02,
        3,
        "number_active",
        &[("cip.mr.num_active", Kind::U16)],
    ),
    // Assembly, Volume 1, 5A-5: what is in attribute 3 only the device's maker knows.
    (0x04, 4, "size", &[("iia.cip.assembly.size", Kind::U16)]),
    // Connection manager, Volume 1, 3-5.
    (
        0x06,
        1,
        "open_requests",
        &[("cip.cm.open_requests", Kind::U16)],
    ),
    (
        0x06,
        2,
        "open_format_rejects",
        &[("cip.cm.open_format_rejects", Kind::U16)],
    ),
    (
        0x06,
        3,
        "open_resource_rejects",
        &[("cip.cm.open_resource_rejects", Kind::U16)],
    ),
    (
        0x06,
        4,
        "open_other_rejects",
        &[("cip.cm.other_open_rejects", Kind::U16)],
    ),
    (
        0x06,
        5,
        "close_requests",
        &[("cip.cm.close_requests", Kind::U16)],
    ),
    (
        0x06,
        6,
        "close_format_requests",
        &[("cip.cm.close_format_requests", Kind::U16)],
    ),
    (
        0x06,
        7,
        "close_other_requests",
        &[("cip.cm.close_other_requests", Kind::U16)],
    ),
    (
        0x06,
        8,
        "connection_timeouts",
        &[("cip.cm.conn_timouts", Kind::U16)],
    ),
    (
        0x06,
        9,
        "connection_entry_list",
        &[("cip.cm.conn_open_bits", Kind::Bits)],
    ),
    (
        0x06,
        11,
        "cpu_utilization",
        &[("cip.cm.cpu_util", Kind::U16)],
    ),
    (
        0x06,
        12,
        "max_buffer_size",
        &[("cip.cm.max_buff_size", Kind::U32)],
    ),
    (
        0x06,
        13,
        "buffer_size_remaining",
        &[("cip.cm.buff_remain", Kind::U32)],
    ),
    // Time sync, Volume 1, 5A-47.
    (
        0x43,
        1,
        "ptp_enable",
        &[("cip.time_sync.ptp_enable", Kind::Flag)],
    ),
    (
        0x43,
        2,
        "is_synchronized",
        &[("cip.time_sync.is_synchronized", Kind::Flag)],
    ),
    (
        0x43,
        3,
        "system_time_microseconds",
        &[("cip.time_sync.sys_time_micro", Kind::Micros)],
    ),
    (
        0x43,
        5,
        "offset_from_master",
        &[("cip.time_sync.offset_from_master", Kind::I64)],
    ),
    (
        0x43,
        6,
        "max_offset_from_master",
        &[("cip.time_sync.max_offset_from_master", Kind::U64)],
    ),
    (
        0x43,
        7,
        "mean_path_delay_to_master",
        &[("cip.time_sync.mean_path_delay_to_master", Kind::U64)],
    ),
    (
        0x43,
        11,
        "number_of_ports",
        &[("cip.time_sync.port_number", Kind::U16)],
    ),
    (
        0x43,
        16,
        "priority_1",
        &[("cip.time_sync.priority1", Kind::U8)],
    ),
    (
        0x43,
        17,
        "priority_2",
        &[("cip.time_sync.priority2", Kind::U8)],
    ),
    (
        0x43,
        18,
        "domain_number",
        &[("cip.time_sync.domain_number", Kind::U8)],
    ),
    (
        0x43,
        19,
        "clock_type",
        &[("cip.time_sync.clock_type", Kind::U16)],
    ),
    (
        0x43,
        27,
        "steps_removed",
        &[("cip.time_sync.steps_removed", Kind::U16)],
    ),
    // Tags and structures, 1756-PM020.
    (
        0x6b,
        1,
        "symbol_name",
        &[("iia.cip.symbol_name", Kind::Unpadded)],
    ),
    (
        0x6b,
        2,
        "symbol_type",
        &[("iia.cip.symbol_type", Kind::U16)],
    ),
    (
        0x6b,
        3,
        "symbol_address",
        &[("iia.cip.symbol_address", Kind::U32)],
    ),
    (
        0x6b,
        5,
        "symbol_object_address",
        &[("iia.cip.symbol_object_address", Kind::U32)],
    ),
    (
        0x6b,
        6,
        "software_control",
        &[("iia.cip.software_control", Kind::U32)],
    ),
    (
        0x6b,
        7,
        "base_type_size",
        &[("iia.cip.base_type_size", Kind::U16)],
    ),
    (
        0x6b,
        8,
        "array_dimensions",
        &[
            ("iia.cip.array_dimension", Kind::U32),
            ("iia.cip.array_dimension", Kind::U32),
            ("iia.cip.array_dimension", Kind::U32),
        ],
    ),
    (
        0x6b,
        10,
        "external_access",
        &[("iia.cip.external_access", Kind::Named(1, access))],
    ),
    (
        0x6c,
        1,
        "structure_handle",
        &[("iia.cip.structure_handle", Kind::U16)],
    ),
    (
        0x6c,
        2,
        "template_member_count",
        &[("iia.cip.member_count", Kind::U16)],
    ),
    (
        0x6c,
        4,
        "template_definition_size",
        &[("iia.cip.definition_size", Kind::U32)],
    ),
    (
        0x6c,
        5,
        "template_structure_size",
        &[("iia.cip.structure_size", Kind::U32)],
    ),
];

fn short(number: u64) -> Option<u16> {
    u16::try_from(number).ok()
}

fn vendor(number: u64) -> Option<&'static str> {
    names::vendor(short(number)?)
}

fn device(number: u64) -> Option<&'static str> {
    names::device_type(short(number)?)
}

/// States of a device (Volume 1, 5A-2.2, attribute 8).
pub(super) fn identity_state(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "nonexistent",
        1 => "device_self_testing",
        2 => "standby",
        3 => "operational",
        4 => "major_recoverable_fault",
        5 => "major_unrecoverable_fault",
        255 => "default_for_get_attributes_all",
        _ => return None,
    })
}

/// Who may write a tag from outside (1756-PM020).
fn access(number: u64) -> Option<&'static str> {
    Some(match number & 3 {
        0 => "read_write",
        2 => "read_only",
        3 => "none",
        _ => return None,
    })
}
