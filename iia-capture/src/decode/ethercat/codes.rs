//! Words for the numbers of messages through mailboxes.

use super::names::word;

/// Why a slave did not take a message (ETG.1000.4, table 32).
pub(crate) fn mailbox_error(code: u64) -> Option<&'static str> {
    word(
        &[
            (1, "syntax"),
            (2, "unsupported_protocol"),
            (3, "invalid_channel"),
            (4, "service_not_supported"),
            (5, "invalid_header"),
            (6, "size_too_short"),
            (7, "no_more_memory"),
            (8, "invalid_size"),
            (9, "service_in_work"),
        ],
        code,
    )
}

/// Vendors whose numbers are in every day's use; the list of all is the EtherCAT Technology Group's.
pub(crate) fn vendor(number: u64) -> Option<&'static str> {
    word(&[(0x0000_0002, "Beckhoff Automation")], number)
}

/// Commands of ADS.
pub(crate) fn ads_command(number: u64) -> Option<&'static str> {
    word(
        &[
            (1, "read_device_info"),
            (2, "read"),
            (3, "write"),
            (4, "read_state"),
            (5, "write_control"),
            (6, "add_device_notification"),
            (7, "delete_device_notification"),
            (8, "device_notification"),
            (9, "read_write"),
        ],
        number,
    )
}

/// Messages of EoE (ETG.1000.6, table 72).
pub(crate) fn eoe(number: u64) -> Option<&'static str> {
    word(
        &[
            (0, "fragment"),
            (1, "timestamp_response"),
            (2, "set_ip_parameter_request"),
            (3, "set_ip_parameter_response"),
            (4, "set_address_filter_request"),
            (5, "set_address_filter_response"),
            (6, "get_ip_parameter_request"),
            (7, "get_ip_parameter_response"),
        ],
        number,
    )
}

/// What a slave says about addresses that it was given (ETG.1000.6, table 77).
pub(crate) fn eoe_result(number: u64) -> Option<&'static str> {
    word(
        &[
            (0x0000, "success"),
            (0x0001, "unspecified_error"),
            (0x0002, "unsupported_frame_type"),
            (0x0201, "no_ip_support"),
            (0x0202, "no_dhcp_support"),
            (0x0401, "no_filter_support"),
        ],
        number,
    )
}

/// Services of CoE (ETG.1000.6, table 28).
pub(crate) fn coe(number: u64) -> Option<&'static str> {
    word(
        &[
            (1, "emergency"),
            (2, "sdo_request"),
            (3, "sdo_response"),
            (4, "txpdo"),
            (5, "rxpdo"),
            (6, "txpdo_remote_request"),
            (7, "rxpdo_remote_request"),
            (8, "sdo_information"),
        ],
        number,
    )
}

/// Requests about objects (ETG.1000.6, 5.6.2).
pub(crate) fn sdo_request(number: u64) -> Option<&'static str> {
    word(
        &[
            (0, "download_segment"),
            (1, "initiate_download"),
            (2, "initiate_upload"),
            (3, "upload_segment"),
            (4, "abort"),
        ],
        number,
    )
}

/// Responses about objects (ETG.1000.6, 5.6.2).
pub(crate) fn sdo_response(number: u64) -> Option<&'static str> {
    word(
        &[
            (0, "upload_segment"),
            (1, "download_segment"),
            (2, "initiate_upload"),
            (3, "initiate_download"),
            (4, "abort"),
        ],
        number,
    )
}

/// Services about what objects there are (ETG.1000.6, table 42).
pub(crate) fn info(number: u64) -> Option<&'static str> {
    word(
        &[
            (1, "get_object_list_request"),
            (2, "get_object_list_response"),
            (3, "get_object_description_request"),
            (4, "get_object_description_response"),
            (5, "get_entry_description_request"),
            (6, "get_entry_description_response"),
            (7, "sdo_information_error"),
        ],
        number,
    )
}

/// Lists of objects (ETG.1000.6, 5.6.3.3).
pub(crate) fn list(number: u64) -> Option<&'static str> {
    word(
        &[
            (0, "number_of_objects"),
            (1, "all_objects"),
            (2, "rxpdo_mappable"),
            (3, "txpdo_mappable"),
            (4, "stored_for_replacement"),
            (5, "startup_parameters"),
        ],
        number,
    )
}

/// Kinds of objects.
pub(crate) fn object(number: u64) -> Option<&'static str> {
    word(
        &[
            (2, "domain"),
            (5, "deftype"),
            (6, "defstruct"),
            (7, "variable"),
            (8, "array"),
            (9, "record"),
        ],
        number,
    )
}

/// Types of values (ETG.1000.6, table 64).
pub(crate) fn data_type(number: u64) -> Option<&'static str> {
    word(
        &[
            (0x0001, "BOOLEAN"),
            (0x0002, "INTEGER8"),
            (0x0003, "INTEGER16"),
            (0x0004, "INTEGER32"),
            (0x0005, "UNSIGNED8"),
            (0x0006, "UNSIGNED16"),
            (0x0007, "UNSIGNED32"),
            (0x0008, "REAL32"),
            (0x0009, "VISIBLE_STRING"),
            (0x000a, "OCTET_STRING"),
            (0x000b, "UNICODE_STRING"),
            (0x000c, "TIME_OF_DAY"),
            (0x000d, "TIME_DIFFERENCE"),
            (0x000f, "DOMAIN"),
            (0x0010, "INTEGER24"),
            (0x0011, "REAL64"),
            (0x0015, "INTEGER64"),
            (0x0016, "UNSIGNED24"),
            (0x001b, "UNSIGNED64"),
            (0x001d, "GUID"),
            (0x001e, "BYTE"),
            (0x0021, "PDO_MAPPING"),
            (0x0023, "IDENTITY"),
            (0x002d, "BITARR8"),
            (0x0030, "BIT1"),
            (0x0031, "BIT2"),
            (0x0032, "BIT3"),
            (0x0033, "BIT4"),
            (0x0034, "BIT5"),
            (0x0035, "BIT6"),
            (0x0036, "BIT7"),
            (0x0037, "BIT8"),
        ],
        number,
    )
}

/// Why a transfer was ended (ETG.1000.6, table 41).
pub(crate) fn abort(code: u64) -> Option<&'static str> {
    word(ABORTS, code)
}

const ABORTS: &[(u64, &str)] = &[
    (0x0503_0000, "toggle_bit_not_alternated"),
    (0x0504_0000, "sdo_protocol_timeout"),
    (0x0504_0001, "command_specifier_not_valid"),
    (0x0504_0005, "out_of_memory"),
    (0x0601_0000, "unsupported_access"),
    (0x0601_0001, "read_of_write_only_object"),
    (0x0601_0002, "write_of_read_only_object"),
    (
        0x0601_0003,
        "subindex_not_written_while_subindex_0_is_not_0",
    ),
    (0x0601_0004, "complete_access_not_supported"),
    (0x0601_0005, "object_length_exceeds_mailbox"),
    (0x0601_0006, "object_mapped_to_rxpdo"),
    (0x0602_0000, "object_does_not_exist"),
    (0x0604_0041, "object_cannot_be_mapped"),
    (0x0604_0042, "mapped_objects_exceed_pdo"),
    (0x0604_0043, "parameter_incompatible"),
    (0x0604_0047, "device_incompatible"),
    (0x0606_0000, "hardware_error"),
    (0x0607_0010, "length_does_not_match"),
    (0x0607_0012, "length_too_high"),
    (0x0607_0013, "length_too_low"),
    (0x0609_0011, "subindex_does_not_exist"),
    (0x0609_0030, "value_range_exceeded"),
    (0x0609_0031, "value_too_high"),
    (0x0609_0032, "value_too_low"),
    (0x0609_0033, "module_list_does_not_match"),
    (0x0609_0036, "maximum_below_minimum"),
    (0x0800_0000, "general_error"),
    (0x0800_0020, "cannot_be_stored"),
    (0x0800_0021, "cannot_be_stored_because_of_local_control"),
    (0x0800_0022, "cannot_be_stored_in_this_state"),
    (0x0800_0023, "no_object_dictionary"),
];

/// What an alarm is about, by the highest byte or byte and nibble (ETG.1000.6, table 50).
pub(crate) fn emergency(code: u64) -> Option<&'static str> {
    let exact = [
        (0x8130, "life_guard_error"),
        (0x8210, "pdo_not_processed_length"),
        (0x8220, "pdo_length_exceeded"),
        (0xa000, "transition_preop_to_safeop_failed"),
        (0xa001, "transition_safeop_to_op_failed"),
    ];
    let classes = [
        (0x00, "error_reset"),
        (0x10, "generic"),
        (0x20, "current"),
        (0x21, "current_input_side"),
        (0x22, "current_inside"),
        (0x23, "current_output_side"),
        (0x30, "voltage"),
        (0x31, "mains_voltage"),
        (0x32, "voltage_inside"),
        (0x33, "output_voltage"),
        (0x40, "temperature"),
        (0x41, "ambient_temperature"),
        (0x42, "device_temperature"),
        (0x50, "device_hardware"),
        (0x60, "device_software"),
        (0x61, "internal_software"),
        (0x62, "user_software"),
        (0x63, "data_set"),
        (0x70, "additional_modules"),
        (0x80, "monitoring"),
        (0x81, "communication"),
        (0x82, "protocol"),
        (0x90, "external"),
        (0xa0, "state_transition"),
        (0xf0, "additional_functions"),
        (0xff, "device_specific"),
    ];
    let class = || word(&classes, code >> 8).or_else(|| word(&classes, code >> 8 & 0xf0));
    word(&exact, code).or_else(class)
}

/// Messages of FoE (ETG.1000.6, table 86).
pub(crate) fn foe(number: u64) -> Option<&'static str> {
    word(
        &[
            (1, "read"),
            (2, "write"),
            (3, "data"),
            (4, "ack"),
            (5, "error"),
            (6, "busy"),
        ],
        number,
    )
}

/// Why a file was not read or written (ETG.1000.6, table 92; ETG.1020).
pub(crate) fn foe_error(code: u64) -> Option<&'static str> {
    word(
        &[
            (0x8000, "not_defined"),
            (0x8001, "not_found"),
            (0x8002, "access_denied"),
            (0x8003, "disk_full"),
            (0x8004, "illegal"),
            (0x8005, "packet_number_wrong"),
            (0x8006, "already_exists"),
            (0x8007, "no_user"),
            (0x8008, "bootstrap_only"),
            (0x8009, "not_bootstrap"),
            (0x800a, "no_rights"),
            (0x800b, "program_error"),
            (0x800c, "checksum_wrong"),
            (0x800d, "firmware_does_not_fit_hardware"),
            (0x800f, "no_file"),
            (0x8010, "file_header_missing"),
            (0x8011, "flash_problem"),
            (0x8012, "file_incompatible"),
        ],
        code,
    )
}

/// Operations of SoE (ETG.1000.6, table 96).
pub(crate) fn soe(number: u64) -> Option<&'static str> {
    word(
        &[
            (1, "read_request"),
            (2, "read_response"),
            (3, "write_request"),
            (4, "write_response"),
            (5, "notification"),
            (6, "emergency"),
        ],
        number,
    )
}

/// Why a parameter was not read or written (IEC 61800-7-304).
pub(crate) fn soe_error(code: u64) -> Option<&'static str> {
    word(
        &[
            (0x1001, "no_idn"),
            (0x1009, "invalid_access_to_element_1"),
            (0x2001, "no_name"),
            (0x2002, "name_transmission_too_short"),
            (0x2003, "name_transmission_too_long"),
            (0x2004, "name_cannot_be_changed"),
            (0x2005, "name_write_protected_now"),
            (0x3002, "attribute_transmission_too_short"),
            (0x3003, "attribute_transmission_too_long"),
            (0x3004, "attribute_cannot_be_changed"),
            (0x3005, "attribute_write_protected_now"),
            (0x4001, "no_unit"),
            (0x4002, "unit_transmission_too_short"),
            (0x4003, "unit_transmission_too_long"),
            (0x4004, "unit_cannot_be_changed"),
            (0x4005, "unit_write_protected_now"),
            (0x5001, "no_minimum"),
            (0x5004, "minimum_cannot_be_changed"),
            (0x6001, "no_maximum"),
            (0x6004, "maximum_cannot_be_changed"),
            (0x7002, "data_transmission_too_short"),
            (0x7003, "data_transmission_too_long"),
            (0x7004, "data_cannot_be_changed"),
            (0x7005, "data_write_protected_now"),
            (0x7006, "data_below_minimum"),
            (0x7007, "data_above_maximum"),
            (0x7008, "invalid_data"),
            (0x7009, "data_write_protected_by_password"),
            (0x700a, "data_write_protected_cyclic"),
            (0x700b, "invalid_indirect_addressing"),
            (0x700c, "data_write_protected_other_settings"),
            (0x7010, "procedure_command_already_active"),
            (0x7011, "procedure_command_cannot_be_interrupted"),
            (0x7012, "procedure_command_cannot_be_executed_now"),
        ],
        code,
    )
}

/// Parameters that every drive has (IEC 61800-7-204).
pub(crate) fn idn(number: u64) -> Option<&'static str> {
    word(
        &[
            (1, "control_unit_cycle_time"),
            (2, "communication_cycle_time"),
            (11, "class_1_diagnostic"),
            (12, "class_2_diagnostic"),
            (13, "class_3_diagnostic"),
            (15, "telegram_type"),
            (16, "configuration_list_at"),
            (17, "idn_list_of_all_operation_data"),
            (24, "configuration_list_mdt"),
            (30, "manufacturer_version"),
            (32, "primary_operation_mode"),
            (36, "velocity_command_value"),
            (40, "velocity_feedback_value"),
            (47, "position_command_value"),
            (51, "position_feedback_value_1"),
            (80, "torque_command_value"),
            (84, "torque_feedback_value"),
            (95, "diagnostic_message"),
            (99, "reset_class_1_diagnostic"),
            (134, "master_control_word"),
            (135, "drive_status_word"),
        ],
        number,
    )
}
