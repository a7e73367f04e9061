//! A device and its interface as a whole: containers of blocks, synchronisation, fast start-up (IEC 61158-6-10, 5.2.13 to
//! 5.2.17).

use super::super::names;
use super::super::walk::Step::{Align, Blocks, Code, Ip, Mac, Many, Name, Num, Pad, Rest, Uuid};
use super::super::walk::{Bits, Step, plain};

/// The layout of a block of this type.
pub(super) fn of(kind: u16, version: u64) -> Option<&'static [Step]> {
    Some(match kind {
        0x0203 if version == 0 => SYNC_FIRST,
        0x0203 if version == 2 => SYNC,
        0x0204 => ISOCHRONOUS,
        0x0205 => IR_DATA,
        0x022d => TIME,
        0x0240 => INTERFACE_REAL,
        0x0241 => RSI_INSTANCES,
        0x0250 => INTERFACE_ADJUST,
        0x0400 => MULTIPLE,
        0x0401 => CONTAINER,
        0x0600 => FS_HELLO,
        0x0601 => FS_PARAMETER,
        0x0602 => FAST_START_UP,
        0x0608 | 0x0609 => NESTED,
        0x0810 => PE_FILTER,
        0x0811 => PE_STATUS,
        _ => return None,
    })
}

/// Padding and blocks.
pub(super) static NESTED: &[Step] = &[Pad(2), Blocks];

static MULTIPLE: &[Step] = &[
    Pad(2),
    Num(4, "pn_io.api"),
    Num(2, "pn_io.slot_nr"),
    Num(2, "pn_io.subslot_nr"),
    Blocks,
];

static CONTAINER: &[Step] = &[
    Pad(2),
    Num(4, "pn_io.api"),
    Num(2, "pn_io.slot_nr"),
    Num(2, "pn_io.subslot_nr"),
    Pad(2),
    Code(2, "pn_io.index", names::index),
    Blocks,
];

static SYNC_FIRST: &[Step] = &[
    Pad(2),
    Num(2, "pn_io.slot_nr"),
    Num(2, "pn_io.subslot_nr"),
    Uuid("pn_io.ptcp_subdomain_id"),
    Uuid("pn_io.ir_data_id"),
    Num(4, "pn_io.reserved_interval_begin"),
    Num(4, "pn_io.reserved_interval_end"),
    Num(4, "pn_io.pllwindow"),
    Num(4, "pn_io.sync_send_factor"),
    Num(2, "pn_io.send_clock_factor"),
    Num(2, "pn_io.sync_properties"),
    Num(2, "pn_io.sync_frame_address"),
    Num(2, "pn_io.ptcp_timeout_factor"),
];

static SYNC: &[Step] = &[
    Pad(2),
    Uuid("pn_io.ptcp_subdomain_id"),
    Num(4, "pn_io.reserved_interval_begin"),
    Num(4, "pn_io.reserved_interval_end"),
    Num(4, "pn_io.pllwindow"),
    Num(4, "pn_io.sync_send_factor"),
    Num(2, "pn_io.send_clock_factor"),
    Num(2, "pn_io.ptcp_timeout_factor"),
    Num(2, "pn_io.ptcp_takeover_timeout_factor"),
    Num(2, "pn_io.ptcp_master_startup_time"),
    Num(2, "pn_io.sync_properties"),
    Num(1, "pn_io.ptcp_master_priority_1"),
    Num(1, "pn_io.ptcp_master_priority_2"),
    Name(
        1,
        "pn_io.ptcp_length_subdomain_name",
        "pn_io.ptcp_subdomain_name",
    ),
];

static ISOCHRONOUS: &[Step] = &[
    Pad(2),
    Num(2, "pn_io.slot_nr"),
    Num(2, "pn_io.subslot_nr"),
    Num(2, "pn_io.controller_appl_cycle_factor"),
    Num(2, "pn_io.time_data_cycle"),
    Num(4, "pn_io.time_io_input"),
    Num(4, "pn_io.time_io_output"),
    Num(4, "pn_io.time_io_input_valid"),
    Num(4, "pn_io.time_io_output_valid"),
];

static IR_DATA: &[Step] = &[
    Pad(2),
    Num(2, "pn_io.slot_nr"),
    Num(2, "pn_io.subslot_nr"),
    Blocks,
];

static TIME: &[Step] = &[
    Pad(2),
    Uuid("pn_io.time_domain_uuid"),
    Rest("iia.profinet.block_data"),
];

static INTERFACE_REAL: &[Step] = &[
    Name(1, "pn_io.length_own_chassis_id", "pn_io.own_chassis_id"),
    Align,
    Mac("pn_io.macadd"),
    Align,
    Ip("pn_io.ip_address"),
    Ip("pn_io.subnetmask"),
    Ip("pn_io.standard_gateway"),
];

static RSI_INSTANCES: &[Step] = &[Rest("iia.profinet.block_data")];

static INTERFACE_ADJUST: &[Step] = &[
    Pad(2),
    Step::Parts(
        4,
        &[Bits(
            "pn_io.MultipleInterfaceMode_NameOfDevice",
            0,
            1,
            plain,
        )],
    ),
];

const fn hello_mode(mode: u64) -> Option<&'static str> {
    Some(match mode {
        0 => "off",
        1 => "on link up",
        2 => "on link up after delay",
        _ => return None,
    })
}

const fn parameter_mode(mode: u64) -> Option<&'static str> {
    Some(match mode {
        0 => "off",
        1 => "on",
        _ => return None,
    })
}

static FS_HELLO: &[Step] = &[
    Pad(2),
    Code(4, "pn_io.fs_hello_mode", hello_mode),
    Num(4, "pn_io.fs_hello_interval"),
    Num(4, "pn_io.fs_hello_retry"),
    Num(4, "pn_io.fs_hello_delay"),
];

static FS_PARAMETER: &[Step] = &[
    Pad(2),
    Code(4, "pn_io.fs_parameter_mode", parameter_mode),
    Uuid("pn_io.fs_parameter_uuid"),
];

static FAST_START_UP: &[Step] = NESTED;

static PE_FILTER: &[Step] = &[Many(
    2,
    "pn_io.number_of_apis",
    &[
        Num(4, "pn_io.api"),
        Many(
            2,
            "pn_io.number_of_modules",
            &[
                Num(2, "pn_io.slot_nr"),
                Num(4, "pn_io.module_ident_number"),
                Many(
                    2,
                    "pn_io.number_of_submodules",
                    &[
                        Num(2, "pn_io.subslot_nr"),
                        Num(4, "pn_io.submodule_ident_number"),
                    ],
                ),
            ],
        ),
    ],
)];

static PE_STATUS: &[Step] = &[Many(
    2,
    "pn_io.number_of_apis",
    &[
        Num(4, "pn_io.api"),
        Many(
            2,
            "pn_io.number_of_modules",
            &[
                Num(2, "pn_io.slot_nr"),
                Num(4, "pn_io.module_ident_number"),
                Many(
                    2,
                    "pn_io.number_of_submodules",
                    &[
                        Num(2, "pn_io.subslot_nr"),
                        Num(4, "pn_io.submodule_ident_number"),
                        Num(1, "pn_io.pe_operationalmode"),
                        Pad(1),
                    ],
                ),
            ],
        ),
    ],
)];
