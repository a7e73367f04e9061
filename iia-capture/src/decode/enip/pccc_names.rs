//! Numbers of PCCC in words (1770-6.5.16, chapters 7 and 8).

/// A command, by its code and function.
pub(super) const fn command_name(code: u8, function: Option<u8>) -> Option<&'static str> {
    let Some(function) = function else {
        return None;
    };
    match code {
        0x06 => diagnostic(function),
        0x07 => Some(match function {
            0x00 => "disable_outputs",
            0x01 => "enable_outputs",
            0x03 => "enable_plc_scanning",
            0x04 => "enter_download_mode",
            0x05 => "exit_download_upload_mode",
            0x06 => "enter_upload_mode",
            _ => return None,
        }),
        0x0f => protected(function),
        _ => None,
    }
}

const fn diagnostic(function: u8) -> Option<&'static str> {
    Some(match function {
        0x00 => "echo",
        0x01 => "read_diagnostic_counters",
        0x02 => "set_variables",
        0x03 => "diagnostic_status",
        0x04 => "set_timeout",
        0x05 => "set_naks",
        0x06 => "set_enqs",
        0x07 => "reset_diagnostic_counters",
        0x08 => "set_data_table_size",
        0x09 => "read_link_parameters",
        0x0a => "set_link_parameters",
        _ => return None,
    })
}

const fn protected(function: u8) -> Option<&'static str> {
    Some(match function {
        0x00 => "word_range_write",
        0x01 => "word_range_read",
        0x02 => "bit_write",
        0x03 => "file_write",
        0x04 => "file_read",
        0x05 => "download_request",
        0x06 => "upload",
        0x07 => "shutdown",
        0x08 => "physical_write",
        0x09 => "physical_read",
        0x0a => "restart_request",
        0x11 => "get_edit_resource",
        0x12 => "return_edit_resource",
        0x17 => "read_bytes_physical",
        0x18 => "write_bytes_physical",
        0x26 => "read_modify_write",
        0x29 => "read_section_size",
        0x3a => "set_cpu_mode",
        0x41 => "disable_forces",
        0x50 => "download_all_request",
        0x52 => "download_completed",
        0x53 => "upload_all_request",
        0x55 => "upload_completed",
        0x57 => "initialize_memory",
        0x5e => "modify_plc_2_compatibility_file",
        0x67 => "typed_write",
        0x68 => "typed_read",
        0x79 => "read_modify_write_n",
        0x80 => "change_mode",
        0x81 => "open_file",
        0x82 => "close_file",
        0x88 => "execute_multiple_commands",
        0x8f => "apply_port_configuration",
        0xa1 => "protected_typed_logical_read_with_two_address_fields",
        0xa2 => "protected_typed_logical_read_with_three_address_fields",
        0xa7 => "protected_typed_file_read",
        0xa9 => "protected_typed_logical_write_with_two_address_fields",
        0xaa => "protected_typed_logical_write_with_three_address_fields",
        0xab => "protected_typed_logical_write_with_mask",
        0xaf => "protected_typed_file_write",
        _ => return None,
    })
}

/// Whether a function with a typed logical address reads.
pub(super) const fn reads(function: u8) -> bool {
    matches!(function, 0xa1 | 0xa2)
}

/// Whether it writes.
pub(super) const fn writes(function: u8) -> bool {
    matches!(function, 0xa9..=0xab)
}

/// A type of file.
pub(super) const fn file_type(number: u8) -> Option<&'static str> {
    Some(match number {
        0x22 => "ladder_logic",
        0x49 => "channel_configuration",
        0x4a => "ethernet_ip",
        0x65 => "online_editing",
        0x6a => "ios",
        0x82 => "output",
        0x83 => "input",
        0x84 => "status",
        0x85 => "bit",
        0x86 => "timer",
        0x87 => "counter",
        0x88 => "control",
        0x89 => "integer",
        0x8a => "float",
        0x8b => "output_by_slot",
        0x8c => "input_by_slot",
        0x8d => "string",
        0x8e => "ascii",
        0x8f => "bcd",
        0x91 => "long_integer",
        0x92 => "message",
        0x93 => "pid",
        0xa1 => "output_force",
        0xa2 => "input_force",
        0xe0 => "es0",
        0xe2 => "selectable_timed_interrupt",
        0xe3 => "event_input_interrupt",
        0xe4 => "real_time_clock",
        0xe5 => "base_hardware_information",
        0xe6 => "memory_module",
        0xec => "lcd",
        0xed => "pulse_train_output",
        0xee => "pulse_width_modulation",
        _ => return None,
    })
}

/// A mode of the processor, as function 0x80 sets it.
pub(super) const fn mode(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "remote_program",
        6 => "remote_run",
        7 => "remote_test_continuous",
        8 => "remote_test_single_scan",
        9 => "remote_test_debug",
        _ => return None,
    })
}

/// A status: of the link in its low half, of the remote station in its high one.
pub(super) const fn status(number: u8) -> Option<&'static str> {
    Some(match number {
        0x00 => "success",
        0x01 => "destination_node_is_out_of_buffer_space",
        0x02 => "cannot_guarantee_delivery",
        0x03 => "duplicate_token_holder",
        0x04 => "local_port_is_disconnected",
        0x05 => "application_layer_timed_out",
        0x06 => "duplicate_node_detected",
        0x07 => "station_is_offline",
        0x08 => "hardware_fault",
        0x10 => "illegal_command_or_format",
        0x20 => "host_has_a_problem",
        0x30 => "remote_node_host_is_missing",
        0x40 => "host_could_not_complete_function",
        0x50 => "addressing_problem_or_memory_protect",
        0x60 => "function_not_allowed_due_to_command_protection",
        0x70 => "processor_is_in_program_mode",
        0x80 => "compatibility_mode_file_missing",
        0x90 => "remote_node_cannot_buffer_command",
        0xa0 => "wait_ack",
        0xb0 => "remote_node_problem_due_to_download",
        0xf0 => "error_in_extended_status",
        _ => return None,
    })
}

/// An extended status, where the status is 0xf0.
pub(super) const fn extended(number: u8) -> Option<&'static str> {
    Some(match number {
        0x01 => "illegal_value",
        0x02 => "fewer_levels_than_the_minimum",
        0x03 => "more_levels_than_the_system_supports",
        0x04 => "symbol_not_found",
        0x05 => "symbol_of_improper_format",
        0x06 => "address_does_not_point_to_something_usable",
        0x07 => "file_is_wrong_size",
        0x08 => "situation_has_changed_since_the_start_of_the_command",
        0x09 => "data_or_file_is_too_large",
        0x0a => "transaction_size_plus_word_address_is_too_large",
        0x0b => "access_denied",
        0x0c => "resource_is_not_available",
        0x0d => "resource_is_already_available",
        0x0e => "command_cannot_be_executed",
        0x0f => "histogram_overflow",
        0x10 => "no_access",
        0x11 => "illegal_data_type",
        0x12 => "invalid_parameter_or_data",
        0x13 => "address_reference_to_deleted_area",
        0x14 => "execution_failure_for_unknown_reason",
        0x15 => "data_conversion_error",
        0x16 => "scanner_cannot_communicate_with_rack_adapter",
        0x17 => "type_mismatch",
        0x18 => "module_response_was_not_valid",
        0x19 => "duplicated_label",
        0x1a => "file_is_open_by_another_node",
        0x1b => "another_node_is_the_program_owner",
        0x1e => "data_table_element_protection_violation",
        0x1f => "temporary_internal_problem",
        0x22 => "remote_rack_fault",
        0x23 => "timeout",
        0x24 => "unknown_error",
        _ => return None,
    })
}
