//! Words for the numbers of a frame and of a slave's controller.

/// A table of numbers and words, read by going through it.
pub(super) fn word(table: &[(u64, &'static str)], number: u64) -> Option<&'static str> {
    let row = table.iter().find(|row| row.0 == number)?;
    Some(row.1)
}

/// What a command does, in the standard's words (ETG.1000.4, table 9).
pub(crate) const fn command(number: u8) -> &'static str {
    match number {
        0 => "no_operation",
        1 => "auto_increment_physical_read",
        2 => "auto_increment_physical_write",
        3 => "auto_increment_physical_read_write",
        4 => "configured_address_physical_read",
        5 => "configured_address_physical_write",
        6 => "configured_address_physical_read_write",
        7 => "broadcast_read",
        8 => "broadcast_write",
        9 => "broadcast_read_write",
        10 => "logical_memory_read",
        11 => "logical_memory_write",
        12 => "logical_memory_read_write",
        13 => "auto_increment_physical_read_multiple_write",
        14 => "configured_address_physical_read_multiple_write",
        _ => "unknown_command",
    }
}

/// The short word for a command.
pub(crate) const fn short(number: u8) -> Option<&'static str> {
    Some(match number {
        0 => "NOP",
        1 => "APRD",
        2 => "APWR",
        3 => "APRW",
        4 => "FPRD",
        5 => "FPWR",
        6 => "FPRW",
        7 => "BRD",
        8 => "BWR",
        9 => "BRW",
        10 => "LRD",
        11 => "LWR",
        12 => "LRW",
        13 => "ARMW",
        14 => "FRMW",
        _ => return None,
    })
}

/// What is in a frame (ETG.1000.4, table 8).
pub(crate) const fn frame(kind: u16) -> Option<&'static str> {
    Some(match kind {
        1 => "datagrams",
        2 => "ads",
        3 => "raw_io",
        4 => "network_variables",
        5 => "mailbox_gateway",
        _ => return None,
    })
}

/// What an address in the controller is for (ETG.1000.4, 6.1 to 6.8).
pub(crate) fn area(offset: u16) -> Option<&'static str> {
    let row = AREAS.iter().rev().find(|row| row.0 <= offset)?;
    (!row.1.is_empty()).then_some(row.1)
}

/// Areas by their first address.
const AREAS: &[(u16, &str)] = &[
    (0x0000, "controller_information"),
    (0x0010, "station_address"),
    (0x0012, "station_alias"),
    (0x0014, ""),
    (0x0020, "write_protection"),
    (0x0040, "reset"),
    (0x0042, ""),
    (0x0100, "dl_control"),
    (0x0108, "physical_read_write_offset"),
    (0x010a, ""),
    (0x0110, "dl_status"),
    (0x0112, ""),
    (0x0120, "al_control"),
    (0x0122, ""),
    (0x0130, "al_status"),
    (0x0134, "al_status_code"),
    (0x0136, ""),
    (0x0138, "led_override"),
    (0x013a, ""),
    (0x0140, "pdi_control"),
    (0x0150, "pdi_configuration"),
    (0x0154, ""),
    (0x0200, "ecat_event_mask"),
    (0x0204, "al_event_mask"),
    (0x0210, "ecat_event_request"),
    (0x0220, "al_event_request"),
    (0x0224, ""),
    (0x0300, "error_counters"),
    (0x0310, "lost_link_counters"),
    (0x0314, ""),
    (0x0400, "watchdog"),
    (0x0444, ""),
    (0x0500, "sii_eeprom"),
    (0x0510, "mii_management"),
    (0x051c, ""),
    (0x0600, "fmmu"),
    (0x0700, ""),
    (0x0800, "sync_manager"),
    (0x0880, ""),
    (0x0900, "dc_receive_times"),
    (0x0910, "dc_system_time"),
    (0x0918, "dc_receive_time"),
    (0x0920, "dc_system_time_offset"),
    (0x0928, "dc_system_time_delay"),
    (0x092c, "dc_system_time_difference"),
    (0x0930, "dc_speed_counter"),
    (0x0934, "dc_filter"),
    (0x0936, ""),
    (0x0980, "dc_cyclic_unit"),
    (0x0990, "dc_start_time"),
    (0x09a0, "dc_cycle_time"),
    (0x09a8, "dc_latch"),
    (0x09d0, ""),
    (0x09f0, "dc_sync_manager_event_times"),
    (0x0a00, ""),
];

/// A state of the application layer (ETG.1000.6, 6.4.1.2).
pub(crate) fn al_state(state: u64) -> Option<&'static str> {
    word(
        &[
            (1, "INIT"),
            (2, "PREOP"),
            (3, "BOOTSTRAP"),
            (4, "SAFEOP"),
            (8, "OP"),
        ],
        state,
    )
}

/// What a port does with its loop (ETG.1000.4, 6.1.5).
pub(crate) fn loop_control(number: u64) -> Option<&'static str> {
    word(
        &[(0, "auto"), (1, "auto_close"), (2, "open"), (3, "closed")],
        number,
    )
}

/// How a port's loop stands (ETG.1000.4, 6.1.6).
pub(crate) fn loop_state(number: u64) -> Option<&'static str> {
    word(
        &[
            (0, "open_no_link"),
            (1, "closed_no_link"),
            (2, "open_with_link"),
            (3, "closed_with_link"),
        ],
        number,
    )
}

/// How a buffer is guarded (ETG.1000.4, 6.7.2).
pub(crate) fn buffer_mode(number: u64) -> Option<&'static str> {
    word(
        &[(0, "buffered"), (2, "mailbox"), (3, "buffered_direct")],
        number,
    )
}

/// From whose view a buffer is written or read: the master's.
pub(crate) fn buffer_access(number: u64) -> Option<&'static str> {
    word(&[(0, "read"), (1, "write")], number)
}

/// The kind of a controller (ETG.1000.4, 6.1.1).
pub(crate) fn esc_type(number: u64) -> Option<&'static str> {
    word(
        &[
            (0x01, "first_terminals"),
            (0x02, "ESC10_ESC20"),
            (0x03, "first_EK1100"),
            (0x04, "IP_core"),
            (0x05, "internal_FPGA"),
            (0x11, "ET1100"),
            (0x12, "ET1200"),
            (0x13, "ET1150"),
        ],
        number,
    )
}

/// How the controller is joined to the device behind it (ETG.1000.4, 6.1.8).
pub(crate) fn pdi(number: u64) -> Option<&'static str> {
    word(
        &[
            (0x00, "none"),
            (0x01, "4_digital_inputs"),
            (0x02, "4_digital_outputs"),
            (0x03, "2_digital_inputs_2_outputs"),
            (0x04, "digital_io"),
            (0x05, "spi_slave"),
            (0x06, "oversampling_io"),
            (0x07, "ethercat_bridge"),
            (0x08, "16_bit_asynchronous"),
            (0x09, "8_bit_asynchronous"),
            (0x0a, "16_bit_synchronous"),
            (0x0b, "8_bit_synchronous"),
            (0x10, "32_digital_inputs"),
            (0x11, "24_digital_inputs_8_outputs"),
            (0x12, "16_digital_inputs_16_outputs"),
            (0x13, "8_digital_inputs_24_outputs"),
            (0x14, "32_digital_outputs"),
            (0x80, "on_chip_bus"),
        ],
        number,
    )
}

/// Why a slave did not do what it was told (ETG.1000.6, table 11; ETG.1020).
pub(crate) fn al_status_code(code: u64) -> Option<&'static str> {
    word(AL_STATUS_CODES, code)
}

const AL_STATUS_CODES: &[(u64, &str)] = &[
    (0x0000, "no_error"),
    (0x0001, "unspecified_error"),
    (0x0002, "no_memory"),
    (0x0003, "invalid_device_setup"),
    (0x0004, "invalid_revision"),
    (0x0006, "sii_eeprom_does_not_match_firmware"),
    (0x0007, "firmware_update_failed"),
    (0x000e, "licence_error"),
    (0x0011, "invalid_requested_state_change"),
    (0x0012, "unknown_requested_state"),
    (0x0013, "bootstrap_not_supported"),
    (0x0014, "no_valid_firmware"),
    (0x0015, "invalid_mailbox_configuration_bootstrap"),
    (0x0016, "invalid_mailbox_configuration_preop"),
    (0x0017, "invalid_sync_manager_configuration"),
    (0x0018, "no_valid_inputs_available"),
    (0x0019, "no_valid_outputs"),
    (0x001a, "synchronization_error"),
    (0x001b, "sync_manager_watchdog"),
    (0x001c, "invalid_sync_manager_types"),
    (0x001d, "invalid_output_configuration"),
    (0x001e, "invalid_input_configuration"),
    (0x001f, "invalid_watchdog_configuration"),
    (0x0020, "slave_needs_cold_start"),
    (0x0021, "slave_needs_init"),
    (0x0022, "slave_needs_preop"),
    (0x0023, "slave_needs_safeop"),
    (0x0024, "invalid_input_mapping"),
    (0x0025, "invalid_output_mapping"),
    (0x0026, "inconsistent_settings"),
    (0x0027, "free_run_not_supported"),
    (0x0028, "synchronization_not_supported"),
    (0x0029, "free_run_needs_three_buffer_mode"),
    (0x002a, "background_watchdog"),
    (0x002b, "no_valid_inputs_and_outputs"),
    (0x002c, "fatal_sync_error"),
    (0x002d, "no_sync_error"),
    (0x002e, "cycle_time_too_small"),
    (0x0030, "invalid_dc_sync_configuration"),
    (0x0031, "invalid_dc_latch_configuration"),
    (0x0032, "pll_error"),
    (0x0033, "dc_sync_io_error"),
    (0x0034, "dc_sync_timeout_error"),
    (0x0035, "dc_invalid_sync_cycle_time"),
    (0x0036, "dc_sync0_cycle_time"),
    (0x0037, "dc_sync1_cycle_time"),
    (0x0041, "mailbox_aoe"),
    (0x0042, "mailbox_eoe"),
    (0x0043, "mailbox_coe"),
    (0x0044, "mailbox_foe"),
    (0x0045, "mailbox_soe"),
    (0x004f, "mailbox_voe"),
    (0x0050, "eeprom_no_access"),
    (0x0051, "eeprom_error"),
    (0x0052, "external_hardware_not_ready"),
    (0x0060, "slave_restarted_locally"),
    (0x0061, "device_identification_value_updated"),
    (0x0070, "module_list_does_not_match"),
    (0x00f0, "application_controller_available"),
];
