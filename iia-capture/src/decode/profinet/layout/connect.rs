//! How an application relation begins (IEC 61158-6-10, 5.2.3 to 5.2.9).

use super::super::walk::Step::{Code, Flags, Mac, Many, Name, Num, Own, Pad, Rest, Uuid};
use super::super::walk::{Bits, Step, Walk, plain};

/// The layout of a block of this type.
pub(super) fn of(kind: u16) -> Option<&'static [Step]> {
    Some(match kind {
        0x0101 => AR_REQ,
        0x8101 => AR_RES,
        0x0102 => IOCR_REQ,
        0x8102 => IOCR_RES,
        0x0103 => ALARM_CR_REQ,
        0x8103 => ALARM_CR_RES,
        0x0104 => EXPECTED_SUBMODULE,
        0x8104 => MODULE_DIFF,
        0x0105 => PRM_SERVER_REQ,
        0x8105 => PRM_SERVER_RES,
        0x0106 => MCR_REQ,
        0x8106 => AR_SERVER_RES,
        0x0108 => AR_VENDOR_REQ,
        0x8108 => AR_VENDOR_RES,
        0x010a => SR_INFO,
        0x010b => super::device::NESTED,
        0x010c => RS_INFO,
        _ => return None,
    })
}

pub(super) const fn ar_type(kind: u64) -> Option<&'static str> {
    Some(match kind {
        0x01 => "IOCARSingle",
        0x03 => "IOCARCIR",
        0x06 => "IOSAR",
        0x10 => "IOCARSingle using RT_CLASS_3",
        0x20 => "IOCARSR",
        _ => return None,
    })
}

const fn ar_state(state: u64) -> Option<&'static str> {
    match state {
        1 => Some("active"),
        _ => None,
    }
}

const fn startup(mode: u64) -> Option<&'static str> {
    match mode {
        0 => Some("legacy"),
        _ => Some("advanced"),
    }
}

pub(super) static AR_PROPERTIES: &[Bits] = &[
    Bits("pn_io.ar_properties.state", 0, 3, ar_state),
    Bits(
        "pn_io.ar_properties.supervisor_takeover_allowed",
        3,
        1,
        plain,
    ),
    Bits("pn_io.ar_properties.parameterization_server", 4, 1, plain),
    Bits("pn_io.ar_properties.device_access", 8, 1, plain),
    Bits("pn_io.ar_properties.companion_ar", 9, 2, plain),
    Bits("pn_io.ar_properties.acknowledge_companion_ar", 11, 1, plain),
    Bits("pn_io.ar_properties.time_aware_system", 28, 1, plain),
    Bits(
        "pn_io.ar_properties.combined_object_container",
        29,
        1,
        plain,
    ),
    Bits("pn_io.ar_properties.StartupMode", 30, 1, startup),
    Bits(
        "pn_io.ar_properties.pull_module_alarm_allowed",
        31,
        1,
        plain,
    ),
];

static AR_REQ: &[Step] = &[
    Code(2, "pn_io.ar_type", ar_type),
    Uuid("pn_io.ar_uuid"),
    Num(2, "pn_io.session_key"),
    Mac("pn_io.cminitiator_mac_add"),
    Uuid("pn_io.cminitiator_uuid"),
    Flags(4, "pn_io.ar_properties", AR_PROPERTIES),
    Num(2, "pn_io.cminitiator_activitytimeoutfactor"),
    Num(2, "pn_io.cminitiator_udprtport"),
    Name(
        2,
        "pn_io.station_name_length",
        "pn_io.cminitiator_station_name",
    ),
];

static AR_RES: &[Step] = &[
    Code(2, "pn_io.ar_type", ar_type),
    Uuid("pn_io.ar_uuid"),
    Num(2, "pn_io.session_key"),
    Mac("pn_io.cmresponder_macadd"),
    Num(2, "pn_io.cmresponder_udprtport"),
];

pub(super) const fn iocr_type(kind: u64) -> Option<&'static str> {
    Some(match kind {
        1 => "input CR",
        2 => "output CR",
        3 => "multicast provider CR",
        4 => "multicast consumer CR",
        _ => return None,
    })
}

const fn rt_class(class: u64) -> Option<&'static str> {
    Some(match class {
        1 => "RT_CLASS_1 (legacy)",
        2 => "RT_CLASS_1",
        3 => "RT_CLASS_3",
        4 => "RT_CLASS_UDP",
        5 => "RT_CLASS_STREAM",
        _ => return None,
    })
}

pub(super) static IOCR_PROPERTIES: &[Bits] = &[
    Bits("pn_io.iocr_properties.rtclass", 0, 4, rt_class),
    Bits("pn_io.iocr_properties.media_redundancy", 11, 1, plain),
    Bits(
        "pn_io.iocr_properties.fast_forwarding_mac_adr",
        29,
        1,
        plain,
    ),
    Bits(
        "pn_io.iocr_properties.distributed_subframe_watchdog",
        30,
        1,
        plain,
    ),
    Bits(
        "pn_io.iocr_properties.full_subframe_structure",
        31,
        1,
        plain,
    ),
];

static IOCR_REQ: &[Step] = &[
    Code(2, "pn_io.iocr_type", iocr_type),
    Num(2, "pn_io.iocr_reference"),
    Num(2, "pn_io.lt"),
    Flags(4, "pn_io.iocr_properties", IOCR_PROPERTIES),
    Num(2, "pn_io.data_length"),
    Num(2, "pn_io.frame_id"),
    Num(2, "pn_io.send_clock_factor"),
    Num(2, "pn_io.reduction_ratio"),
    Num(2, "pn_io.phase"),
    Num(2, "pn_io.sequence"),
    Num(4, "pn_io.frame_send_offset"),
    Num(2, "pn_io.watchdog_factor"),
    Num(2, "pn_io.data_hold_factor"),
    Num(2, "pn_io.iocr_tag_header"),
    Mac("pn_io.iocr_multicast_mac_add"),
    Many(
        2,
        "pn_io.number_of_apis",
        &[
            Num(4, "pn_io.api"),
            Many(
                2,
                "pn_io.number_of_io_data_objects",
                &[
                    Num(2, "pn_io.slot_nr"),
                    Num(2, "pn_io.subslot_nr"),
                    Num(2, "pn_io.io_data_object.frame_offset"),
                ],
            ),
            Many(
                2,
                "pn_io.number_of_iocs",
                &[
                    Num(2, "pn_io.slot_nr"),
                    Num(2, "pn_io.subslot_nr"),
                    Num(2, "pn_io.iocs_frame_offset"),
                ],
            ),
        ],
    ),
];

static IOCR_RES: &[Step] = &[
    Code(2, "pn_io.iocr_type", iocr_type),
    Num(2, "pn_io.iocr_reference"),
    Num(2, "pn_io.frame_id"),
];

static ALARM_CR_PROPERTIES: &[Bits] = &[
    Bits("pn_io.alarmcr_properties.priority", 0, 1, plain),
    Bits("pn_io.alarmcr_properties.transport", 1, 1, plain),
];

static ALARM_CR_REQ: &[Step] = &[
    Num(2, "pn_io.alarmcr_type"),
    Num(2, "pn_io.lt"),
    Flags(4, "pn_io.alarmcr_properties", ALARM_CR_PROPERTIES),
    Num(2, "pn_io.rta_timeoutfactor"),
    Num(2, "pn_io.rta_retries"),
    Num(2, "pn_io.localalarmref"),
    Num(2, "pn_io.maxalarmdatalength"),
    Num(2, "pn_io.alarmcr_tagheaderhigh"),
    Num(2, "pn_io.alarmcr_tagheaderlow"),
];

static ALARM_CR_RES: &[Step] = &[
    Num(2, "pn_io.alarmcr_type"),
    Num(2, "pn_io.localalarmref"),
    Num(2, "pn_io.maxalarmdatalength"),
];

static EXPECTED_SUBMODULE: &[Step] = &[Many(
    2,
    "pn_io.number_of_apis",
    &[
        Num(4, "pn_io.api"),
        Num(2, "pn_io.slot_nr"),
        Num(4, "pn_io.module_ident_number"),
        Num(2, "pn_io.module_properties"),
        Many(
            2,
            "pn_io.number_of_submodules",
            &[
                Num(2, "pn_io.subslot_nr"),
                Num(4, "pn_io.submodule_ident_number"),
                Own(descriptions),
            ],
        ),
    ],
)];

const fn submodule_type(kind: u64) -> Option<&'static str> {
    Some(match kind {
        0 => "no input and no output data",
        1 => "input data",
        2 => "output data",
        _ => "input and output data",
    })
}

const fn description(kind: u64) -> Option<&'static str> {
    Some(match kind {
        1 => "input",
        2 => "output",
        _ => return None,
    })
}

static SUBMODULE_PROPERTIES: &[Bits] = &[
    Bits("pn_io.submodule_properties.type", 0, 2, submodule_type),
    Bits("pn_io.submodule_properties.shared_input", 2, 1, plain),
    Bits(
        "pn_io.submodule_properties.reduce_input_submodule_data_length",
        3,
        1,
        plain,
    ),
    Bits(
        "pn_io.submodule_properties.reduce_output_submodule_data_length",
        4,
        1,
        plain,
    ),
    Bits("pn_io.submodule_properties.discard_ioxs", 5, 1, plain),
];

static DATA_DESCRIPTION: &[Step] = &[
    Code(2, "pn_io.data_description", description),
    Num(2, "pn_io.submodule_data_length"),
    Num(1, "pn_io.length_iocs"),
    Num(1, "pn_io.length_iops"),
];

/// A submodule has a description of its data, and a second one where it has both directions.
fn descriptions(walk: &mut Walk<'_, '_>) -> Option<()> {
    let properties = walk.reader.rest().get(1).copied();
    walk.steps(&[Flags(2, "pn_io.submodule_properties", SUBMODULE_PROPERTIES)])?;
    walk.steps(DATA_DESCRIPTION)?;
    match properties? & 3 {
        3 => walk.steps(DATA_DESCRIPTION),
        _ => Some(()),
    }
}

const fn module_state(state: u64) -> Option<&'static str> {
    Some(match state {
        0 => "no module",
        1 => "wrong module",
        2 => "proper module",
        3 => "substitute",
        _ => return None,
    })
}

const fn ar_info(info: u64) -> Option<&'static str> {
    Some(match info {
        0 => "own",
        1 => "application ready pending",
        2 => "superordinated locked",
        3 => "locked by IO controller",
        4 => "locked by IO supervisor",
        _ => return None,
    })
}

const fn ident_info(info: u64) -> Option<&'static str> {
    Some(match info {
        0 => "OK",
        1 => "substitute",
        2 => "wrong",
        3 => "no submodule",
        _ => return None,
    })
}

const fn detail(detail: u64) -> Option<&'static str> {
    Some(match detail {
        0 => "no submodule",
        1 => "wrong submodule",
        2 => "locked by IO controller",
        4 => "application ready pending",
        7 => "substitute",
        _ => return None,
    })
}

static MODULE_DIFF: &[Step] = &[Many(
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
                Code(2, "pn_io.module_state", module_state),
                Many(
                    2,
                    "pn_io.number_of_submodules",
                    &[
                        Num(2, "pn_io.subslot_nr"),
                        Num(4, "pn_io.submodule_ident_number"),
                        Own(submodule_state),
                    ],
                ),
            ],
        ),
    ],
)];

static SUBMODULE_STATE: &[Bits] = &[
    Bits("pn_io.submodule_state.format_indicator", 15, 1, plain),
    Bits("pn_io.submodule_state.add_info", 0, 3, plain),
    Bits("pn_io.submodule_state.advice", 3, 1, plain),
    Bits("pn_io.submodule_state.maintenance_required", 4, 1, plain),
    Bits("pn_io.submodule_state.maintenance_demanded", 5, 1, plain),
    Bits("pn_io.submodule_state.fault", 6, 1, plain),
    Bits("pn_io.submodule_state.ar_info", 7, 4, ar_info),
    Bits("pn_io.submodule_state.ident_info", 11, 4, ident_info),
];
static SUBMODULE_DETAIL: &[Bits] = &[
    Bits("pn_io.submodule_state.format_indicator", 15, 1, plain),
    Bits("pn_io.submodule_state.detail", 0, 15, detail),
];

/// The highest bit says which of two codings follows.
fn submodule_state(walk: &mut Walk<'_, '_>) -> Option<()> {
    let coded = *walk.reader.rest().first()? & 0x80 != 0;
    let bits = if coded {
        SUBMODULE_STATE
    } else {
        SUBMODULE_DETAIL
    };
    walk.steps(&[Flags(2, "pn_io.submodule_state", bits)])
}

static PRM_SERVER_REQ: &[Step] = &[
    Uuid("pn_io.parameter_server_objectuuid"),
    Num(4, "iia.profinet.parameter_server_properties"),
    Num(2, "pn_io.cminitiator_activitytimeoutfactor"),
    Name(
        2,
        "pn_io.station_name_length",
        "pn_io.parameter_server_station_name",
    ),
];

static PRM_SERVER_RES: &[Step] = &[Rest("iia.profinet.block_data")];

static MCR_REQ: &[Step] = &[
    Num(2, "pn_io.iocr_reference"),
    Num(4, "pn_io.address_resolution_properties"),
    Num(2, "pn_io.mci_timeout_factor"),
    Name(
        2,
        "pn_io.station_name_length",
        "pn_io.provider_station_name",
    ),
];

static AR_SERVER_RES: &[Step] = &[Name(
    2,
    "pn_io.station_name_length",
    "pn_io.cminitiator_station_name",
)];

/// Which structure of which profile; of profile 0 the lower half of the numbers is the makers'.
fn structure(walk: &mut Walk<'_, '_>) -> Option<()> {
    let name = match *walk.reader.rest().first_chunk()? {
        [0..0x80, _, 0, 0, 0, 0] => "pn_io.structidentifier_api_0_low",
        [0x80, 0, 0, 0, 0, 0] => "iia.profinet.ap_structure_identifier",
        [_, _, 0, 0, 0, 0] => "pn_io.structidentifier_api_0_high",
        _ => "iia.profinet.ap_structure_identifier",
    };
    walk.uint(2, name)?;
    walk.uint(4, "pn_io.api").map(drop)
}

static AR_VENDOR_REQ: &[Step] = &[Own(structure), Rest("iia.profinet.block_data")];
static AR_VENDOR_RES: &[Step] = AR_VENDOR_REQ;

static SR_PROPERTIES: &[Bits] = &[
    Bits("pn_io.sr_properties.InputValidOnBackupAR", 0, 1, plain),
    Bits("pn_io.sr_properties.Mode", 2, 1, plain),
];

static SR_INFO: &[Step] = &[
    Num(2, "pn_io.RedundancyDataHoldFactor"),
    Flags(4, "pn_io.sr_properties", SR_PROPERTIES),
];

static RS_INFO: &[Step] = &[Pad(2), Num(4, "pn_io.rs_properties")];
