//! Numbers of the encapsulation and of CIP in the words of their standards.

use super::packet::command;

/// Classes on which the meaning of a service depends.
pub(super) mod class {
    /// Who a device is.
    pub(crate) const IDENTITY: u32 = 0x01;
    /// Gives messages to objects.
    pub(crate) const MESSAGE_ROUTER: u32 = 0x02;
    /// Opens and closes connections.
    pub(crate) const CONNECTION_MANAGER: u32 = 0x06;
    /// Commands of the PLC-5 and SLC families.
    pub(crate) const PCCC: u32 = 0x67;
    /// Tags of a Logix controller.
    pub(crate) const SYMBOL: u32 = 0x6b;
    /// Structures of a Logix controller.
    pub(crate) const TEMPLATE: u32 = 0x6c;
}

/// A command of the encapsulation (CIP Volume 2, table 2-3.2).
pub(super) const fn command_name(number: u16) -> Option<&'static str> {
    Some(match number {
        command::NOP => "nop",
        command::LIST_SERVICES => "list_services",
        command::LIST_IDENTITY => "list_identity",
        command::LIST_INTERFACES => "list_interfaces",
        command::REGISTER_SESSION => "register_session",
        command::UNREGISTER_SESSION => "unregister_session",
        command::SEND_RR_DATA => "send_rr_data",
        command::SEND_UNIT_DATA => "send_unit_data",
        0x72 => "indicate_status",
        0x73 => "cancel",
        0xc8 => "start_dtls",
        _ => return None,
    })
}

/// A status of the encapsulation (CIP Volume 2, table 2-3.3).
pub(super) const fn encapsulation_status(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "success",
        1 => "invalid_or_unsupported_command",
        2 => "insufficient_memory",
        3 => "incorrect_data",
        0x64 => "invalid_session_handle",
        0x65 => "invalid_length",
        0x69 => "unsupported_protocol_revision",
        0x6a => "encapsulated_cip_service_not_allowed_on_this_port",
        _ => return None,
    })
}

/// A type of item (CIP Volume 2, table 2-6.3).
pub(super) const fn item_name(number: u16) -> Option<&'static str> {
    Some(match number {
        0x0000 => "null_address",
        0x000c => "identity",
        0x0085 => "cip_identity",
        0x0086 => "cip_security",
        0x0087 => "ethernet_ip_capability",
        0x0088 => "ethernet_ip_usage",
        0x0091 => "unconnected_message_over_udp",
        0x00a1 => "connected_address",
        0x00b1 => "connected_data",
        0x00b2 => "unconnected_data",
        0x0100 => "list_services",
        0x8000 => "socket_address_o_to_t",
        0x8001 => "socket_address_t_to_o",
        0x8002 => "sequenced_address",
        0x8003 => "unconnected_message_over_dtls",
        _ => return None,
    })
}

/// A service that many classes have (CIP Volume 1, table ).
pub(super) const fn common_service(number: u8) -> Option<&'static str> {
    Some(match number {
        0x01 => "get_attributes_all",
        0x02 => "set_attributes_all",
        0x03 => "get_attribute_list",
        0x04 => "set_attribute_list",
        0x05 => "reset",
        0x06 => "start",
        0x07 => "stop",
        0x08 => "create",
        0x09 => "delete",
        0x0a => "multiple_service_packet",
        0x0d => "apply_attributes",
        0x0e => "get_attribute_single",
        0x10 => "set_attribute_single",
        0x11 => "find_next_object_instance",
        0x14 => "error_response",
        0x15 => "restore",
        0x16 => "save",
        0x17 => "no_operation",
        0x18 => "get_member",
        0x19 => "set_member",
        0x1a => "insert_member",
        0x1b => "remove_member",
        0x1c => "group_sync",
        _ => return None,
    })
}

/// A service of one class (CIP Volumes 1, 2 and 7; Logix 5000 data access).
pub(super) const fn class_service(class: u32, number: u8) -> Option<&'static str> {
    Some(match (class, number) {
        (class::CONNECTION_MANAGER, 0x4e) => "forward_close",
        (class::CONNECTION_MANAGER, 0x52) => "unconnected_send",
        (class::CONNECTION_MANAGER, 0x54) => "forward_open",
        (class::CONNECTION_MANAGER, 0x56) => "get_connection_data",
        (class::CONNECTION_MANAGER, 0x57) => "search_connection_data",
        (class::CONNECTION_MANAGER, 0x59) => "get_extended_forward_open",
        (class::CONNECTION_MANAGER, 0x5a) => "get_connection_owner",
        (class::CONNECTION_MANAGER, 0x5b) => "large_forward_open",
        (class::MESSAGE_ROUTER, 0x4b) => "symbolic_translation",
        (class::PCCC, 0x4b) => "execute_pccc",
        (class::PCCC, 0x4c) => "execute_dh_plus",
        (class::PCCC, 0x4d) => "execute_local_pccc",
        (class::SYMBOL, 0x55) => "get_instance_attribute_list",
        (class::TEMPLATE, 0x4c) => "read_template",
        (0x05, 0x4b) => "connection_bind",
        (0x05, 0x4c) => "producing_application_lookup",
        (0x05, 0x4e) => "safety_close",
        (0x05, 0x54) => "safety_open",
        (0x37, 0x4b) => "initiate_upload",
        (0x37, 0x4c) => "initiate_download",
        (0x37, 0x4d) => "initiate_partial_read",
        (0x37, 0x4e) => "initiate_partial_write",
        (0x37, 0x4f) => "upload_transfer",
        (0x37, 0x50) => "download_transfer",
        (0x37, 0x51) => "clear_file",
        (0x44, 0x4b) => "read_discrete_inputs",
        (0x44, 0x4c) => "read_coils",
        (0x44, 0x4d) => "read_input_registers",
        (0x44, 0x4e) => "read_holding_registers",
        (0x44, 0x4f) => "write_coils",
        (0x44, 0x50) => "write_holding_registers",
        (0x44, 0x51) => "modbus_passthrough",
        (0xf6, 0x4c) => "get_and_clear",
        (0x47, 0x4b) => "verify_fault_location",
        (0x47, 0x4c) => "clear_rapid_faults",
        (0x47, 0x4d) => "restart_sign_on",
        (0x47, 0x4e) => "clear_gateway_partial_fault",
        _ => return None,
    })
}

/// A service of tags (Logix 5000 data access, 1756-PM020).
pub(super) const fn tag_service(number: u8) -> Option<&'static str> {
    Some(match number {
        0x4c => "read_tag",
        0x4d => "write_tag",
        0x4e => "read_modify_write_tag",
        0x52 => "read_tag_fragmented",
        0x53 => "write_tag_fragmented",
        _ => return None,
    })
}

/// Whose a service is that has no name here (CIP Volume 1, table ).
pub(super) const fn service_range(number: u8) -> &'static str {
    match number {
        0x32..=0x4a => "vendor_specific_service",
        0x4b..=0x63 => "class_specific_service",
        _ => "reserved_service",
    }
}

/// A general status (CIP Volume 1, table B-1.1).
pub(super) const fn general_status(number: u8) -> Option<&'static str> {
    Some(match number {
        0x00 => "success",
        0x01 => "connection_failure",
        0x02 => "resource_unavailable",
        0x03 => "invalid_parameter_value",
        0x04 => "path_segment_error",
        0x05 => "path_destination_unknown",
        0x06 => "partial_transfer",
        0x07 => "connection_lost",
        0x08 => "service_not_supported",
        0x09 => "invalid_attribute_value",
        0x0a => "attribute_list_error",
        0x0b => "already_in_requested_mode_or_state",
        0x0c => "object_state_conflict",
        0x0d => "object_already_exists",
        0x0e => "attribute_not_settable",
        0x0f => "privilege_violation",
        0x10 => "device_state_conflict",
        0x11 => "reply_data_too_large",
        0x12 => "fragmentation_of_a_primitive_value",
        0x13 => "not_enough_data",
        0x14 => "attribute_not_supported",
        0x15 => "too_much_data",
        0x16 => "object_does_not_exist",
        0x17 => "service_fragmentation_sequence_not_in_progress",
        0x18 => "no_stored_attribute_data",
        0x19 => "store_operation_failure",
        0x1a => "routing_failure_request_packet_too_large",
        0x1b => "routing_failure_response_packet_too_large",
        0x1c => "missing_attribute_list_entry_data",
        0x1d => "invalid_attribute_value_list",
        0x1e => "embedded_service_error",
        0x1f => "vendor_specific_error",
        0x20 => "invalid_parameter",
        0x21 => "write_once_value_already_written",
        0x22 => "invalid_reply_received",
        0x23 => "buffer_overflow",
        0x24 => "invalid_message_format",
        0x25 => "key_failure_in_path",
        0x26 => "path_size_invalid",
        0x27 => "unexpected_attribute_in_list",
        0x28 => "invalid_member_id",
        0x29 => "member_not_settable",
        0x2a => "group_2_only_server_general_failure",
        0x2b => "unknown_modbus_error",
        0x2c => "attribute_not_gettable",
        0x2d => "instance_not_deletable",
        0x2e => "service_not_supported_for_specified_path",
        _ => return None,
    })
}

/// An extended status of the connection manager beside general status 1 (CIP Volume 1, table 3-5.33).
pub(super) const fn connection_status(number: u16) -> Option<&'static str> {
    Some(match number {
        0x0100 => "connection_in_use_or_duplicate_forward_open",
        0x0103 => "transport_class_and_trigger_combination_not_supported",
        0x0106 => "ownership_conflict",
        0x0107 => "target_connection_not_found",
        0x0108 => "invalid_network_connection_parameter",
        0x0109 => "invalid_connection_size",
        0x0110 => "target_for_connection_not_configured",
        0x0111 => "rpi_not_supported",
        0x0112 => "rpi_values_not_acceptable",
        0x0113 => "out_of_connections",
        0x0114 => "vendor_id_or_product_code_mismatch",
        0x0115 => "device_type_mismatch",
        0x0116 => "revision_mismatch",
        0x0117 => "invalid_produced_or_consumed_application_path",
        0x0118 => "invalid_or_inconsistent_configuration_application_path",
        0x0119 => "non_listen_only_connection_not_opened",
        0x011a => "target_object_out_of_connections",
        0x011b => "rpi_is_smaller_than_the_production_inhibit_time",
        0x011c => "transport_class_not_supported",
        0x011d => "production_trigger_not_supported",
        0x011e => "direction_not_supported",
        0x011f => "invalid_o_to_t_fixed_or_variable",
        0x0120 => "invalid_t_to_o_fixed_or_variable",
        0x0121 => "invalid_o_to_t_priority",
        0x0122 => "invalid_t_to_o_priority",
        0x0123 => "invalid_o_to_t_connection_type",
        0x0124 => "invalid_t_to_o_connection_type",
        0x0125 => "invalid_o_to_t_redundant_owner",
        0x0126 => "invalid_configuration_size",
        0x0127 => "invalid_o_to_t_size",
        0x0128 => "invalid_t_to_o_size",
        0x0129 => "invalid_configuration_application_path",
        0x012a => "invalid_consuming_application_path",
        0x012b => "invalid_producing_application_path",
        0x012c => "configuration_symbol_does_not_exist",
        0x012d => "consuming_symbol_does_not_exist",
        0x012e => "producing_symbol_does_not_exist",
        0x012f => "inconsistent_application_path_combination",
        0x0130 => "inconsistent_consume_data_format",
        0x0131 => "inconsistent_produce_data_format",
        0x0132 => "null_forward_open_not_supported",
        0x0133 => "connection_timeout_multiplier_not_acceptable",
        0x0203 => "connection_timed_out",
        0x0204 => "unconnected_request_timed_out",
        0x0205 => "parameter_error_in_unconnected_request",
        0x0206 => "message_too_large_for_unconnected_send",
        0x0207 => "unconnected_acknowledge_without_reply",
        0x0301 => "no_buffer_memory_available",
        0x0302 => "network_bandwidth_not_available_for_data",
        0x0303 => "no_consumed_connection_id_filter_available",
        0x0304 => "not_configured_to_send_scheduled_priority_data",
        0x0305 => "schedule_signature_mismatch",
        0x0306 => "schedule_signature_validation_not_possible",
        0x0311 => "port_not_available",
        0x0312 => "link_address_not_valid",
        0x0315 => "invalid_segment_in_connection_path",
        0x0316 => "forward_close_connection_path_mismatch",
        0x0317 => "scheduling_not_specified",
        0x0318 => "link_address_to_self_invalid",
        0x0319 => "secondary_resources_unavailable",
        0x031a => "rack_connection_already_established",
        0x031b => "module_connection_already_established",
        0x031c => "miscellaneous",
        0x031d => "redundant_connection_mismatch",
        0x031e => "no_more_user_configurable_link_consumer_resources",
        0x031f => "no_user_configurable_link_consumer_resources_configured",
        0x0800 => "network_link_offline",
        0x0810 => "no_target_application_data_available",
        0x0811 => "no_originator_application_data_available",
        0x0812 => "node_address_has_changed_since_the_network_was_scheduled",
        0x0813 => "not_configured_for_off_subnet_multicast",
        0x0814 => "invalid_produce_or_consume_data_format",
        _ => return None,
    })
}

/// An extended status of tags beside general status 0xff (1756-PM020).
pub(super) const fn tag_status(number: u16) -> Option<&'static str> {
    Some(match number {
        0x2104 => "offset_beyond_end_of_tag",
        0x2105 => "elements_beyond_end_of_tag",
        0x2107 => "data_type_mismatch",
        _ => return None,
    })
}

pub(super) use super::things::{class_name, device_type, vendor};
