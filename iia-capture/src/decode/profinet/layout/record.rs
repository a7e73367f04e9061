//! Headers of records that are read and written, and what a device keeps of its relations (IEC 61158-6-10, 5.2.26).

use super::super::names;
use super::super::walk::Step::{
    All, Code, Flags, Many, Name, Num, Own, Pad, Parts, Rest, Sized, Uuid,
};
use super::super::walk::{Bits, Step, Walk, plain};
use super::{STATUS, connect};

/// The layout of a block of this type.
pub(super) fn of(kind: u16, version: u64) -> Option<&'static [Step]> {
    Some(match kind {
        0x0008 => WRITE_REQ,
        0x0009 => READ_REQ,
        0x8008 => WRITE_RES,
        0x8009 => READ_RES,
        0x0014 => SUBSTITUTE_VALUE,
        0x0015 => INPUT_ELEMENT,
        0x0016 => OUTPUT_ELEMENT,
        0x0018 if version == 0 => AR_DATA,
        0x0019 => LOG_DATA,
        0x001a => API_DATA,
        0x001b => SRL_DATA,
        0x0500 => READ_QUERY,
        _ => return None,
    })
}

/// Which record of which submodule in whose name.
static WHICH: &[Step] = &[
    Num(2, "pn_io.seq_number"),
    Uuid("pn_io.ar_uuid"),
    Num(4, "pn_io.api"),
    Num(2, "pn_io.slot_nr"),
    Num(2, "pn_io.subslot_nr"),
    Pad(2),
    Code(2, "pn_io.index", names::index),
    Num(4, "pn_io.record_data_length"),
];

static WRITE_REQ: &[Step] = &[All(WHICH), Own(target)];
static READ_REQ: &[Step] = WRITE_REQ;

/// Behind an implicit reading, which belongs to no relation, stands whose relation is meant (5.2.26.1).
fn target(walk: &mut Walk<'_, '_>) -> Option<()> {
    let implicit = walk.whole.get(2..18)?.iter().all(|byte| *byte == 0);
    if implicit && walk.reader.len() >= 16 {
        return walk.steps(&[Uuid("pn_io.target_ar_uuid")]);
    }
    Some(())
}

static READ_RES: &[Step] = &[
    All(WHICH),
    Num(2, "pn_io.add_val1"),
    Num(2, "pn_io.add_val2"),
];

static WRITE_RES: &[Step] = &[
    All(WHICH),
    Num(2, "pn_io.add_val1"),
    Num(2, "pn_io.add_val2"),
    All(STATUS),
];

static READ_QUERY: &[Step] = &[Rest("iia.profinet.query_data")];

static SUBSTITUTE_VALUE: &[Step] = &[
    Num(2, "pn_io.substitutionmode"),
    Flags(1, "pn_io.ioxs", IOXS),
    Rest("iia.profinet.substitute_data"),
];

static IOXS: &[Bits] = &[
    Bits("pn_io.ioxs.extension", 0, 1, plain),
    Bits("pn_io.ioxs.instance", 5, 2, plain),
    Bits("pn_io.ioxs.datastate", 7, 1, plain),
];

static INPUT_ELEMENT: &[Step] = &[
    Num(1, "pn_io.length_iocs"),
    Flags(1, "pn_io.ioxs", IOXS),
    Num(1, "pn_io.length_iops"),
    Flags(1, "pn_io.iops", IOXS),
    Sized(2, "pn_io.length_data", "iia.profinet.data"),
];

static OUTPUT_ELEMENT: &[Step] = &[
    Num(2, "pn_io.substitute_active_flag"),
    Num(1, "pn_io.length_iocs"),
    Num(1, "pn_io.length_iops"),
    Sized(2, "pn_io.length_data", "iia.profinet.data"),
    Rest("iia.profinet.substitute_data"),
];

static LOG_DATA: &[Step] = &[
    Num(8, "pn_io.actual_local_time_stamp"),
    Many(
        2,
        "pn_io.number_of_log_entries",
        &[
            Num(8, "pn_io.local_time_stamp"),
            Uuid("pn_io.ar_uuid"),
            All(STATUS),
            Num(4, "pn_io.entry_detail"),
        ],
    ),
];

static API_DATA: &[Step] = &[Many(2, "pn_io.number_of_apis", &[Num(4, "pn_io.api")])];

static SRL_DATA: &[Step] = &[Parts(
    2,
    &[
        Bits("pn_io.srl_data.redundancyInfo", 0, 2, plain),
        Bits("pn_io.srl_data.redundancyInfoReserved", 2, 14, plain),
    ],
)];

static DATA_STATUS: &[Bits] = &[
    Bits("pn_io.ds_primary", 0, 1, plain),
    Bits("pn_io.ds_valid", 2, 1, plain),
    Bits("pn_io.ds_operate", 4, 1, plain),
    Bits("pn_io.ds_ok", 5, 1, plain),
];

static AR_DATA: &[Step] = &[Many(
    2,
    "pn_io.number_of_ars",
    &[
        Uuid("pn_io.ar_uuid"),
        Code(2, "pn_io.ar_type", connect::ar_type),
        Flags(4, "pn_io.ar_properties", connect::AR_PROPERTIES),
        Uuid("pn_io.cminitiator_uuid"),
        Name(
            2,
            "pn_io.station_name_length",
            "pn_io.cminitiator_station_name",
        ),
        Many(
            2,
            "pn_io.number_of_iocrs",
            &[
                Code(2, "pn_io.iocr_type", connect::iocr_type),
                Flags(4, "pn_io.iocr_properties", connect::IOCR_PROPERTIES),
                Num(2, "pn_io.frame_id"),
                Num(2, "pn_io.cycle_counter"),
                Flags(1, "pn_io.ds", DATA_STATUS),
                Num(1, "pn_io.transfer_status"),
                Num(2, "pn_io.cminitiator_udprtport"),
                Num(2, "pn_io.cmresponder_udprtport"),
            ],
        ),
        Num(2, "pn_io.alarmcr_type"),
        Num(2, "pn_io.localalarmref"),
        Num(2, "pn_io.remotealarmref"),
        Uuid("pn_io.parameter_server_objectuuid"),
        Name(
            2,
            "pn_io.station_name_length",
            "pn_io.parameter_server_station_name",
        ),
        Many(2, "pn_io.number_of_apis", &[Num(4, "pn_io.api")]),
    ],
)];
