//! Frames that several devices fill (IEC 61158-6-10, 5.2.7).

use super::super::walk::Step::{Blocks, Flags, Mac, Many, Num, Pad, Uuid};
use super::super::walk::{Bits, Step, plain};

/// The layout of a block of this type.
pub(super) fn of(kind: u16) -> Option<&'static [Step]> {
    Some(match kind {
        0x0107 => SUBFRAME,
        0x0109 => IR_INFO,
        0x022a => IR_SUBFRAMES,
        0x022b => IR_SUBFRAME,
        _ => return None,
    })
}

static SUBFRAME: &[Step] = &[
    Pad(2),
    Num(2, "pn_io.iocr_reference"),
    Mac("pn_io.cminitiator_mac_add"),
    Flags(4, "pn_io.subframe_data", SUBFRAME_DATA),
];

static IR_SUBFRAMES: &[Step] = &[Num(2, "pn_io.number_of_subframe_blocks"), Blocks];
static IR_SUBFRAME: &[Step] = &[
    Num(2, "pn_io.frame_id"),
    Flags(4, "pn_io.SFIOCRProperties", SF_PROPERTIES),
    Step::Each(&[Flags(4, "pn_io.subframe_data", SUBFRAME_DATA)]),
];

static SF_PROPERTIES: &[Bits] = &[
    Bits(
        "pn_io.SFIOCRProperties.DistributedWatchDogFactor",
        0,
        8,
        plain,
    ),
    Bits(
        "pn_io.SFIOCRProperties.RestartFactorForDistributedWD",
        8,
        8,
        plain,
    ),
    Bits("pn_io.SFIOCRProperties.DFPmode", 16, 8, plain),
    Bits("pn_io.SFIOCRProperties.DFPType", 28, 1, plain),
    Bits(
        "pn_io.SFIOCRProperties.DFPRedundantPathLayout",
        29,
        1,
        plain,
    ),
    Bits("pn_io.SFIOCRProperties.SFCRC16", 31, 1, plain),
];

static SUBFRAME_DATA: &[Bits] = &[
    Bits("pn_io.subframe_data.position", 0, 7, plain),
    Bits("pn_io.subframe_data.data_length", 8, 8, plain),
];

static IR_INFO: &[Step] = &[
    Pad(2),
    Uuid("pn_io.IRData_uuid"),
    Pad(2),
    Many(
        2,
        "pn_io.number_of_iocrs",
        &[
            Num(2, "pn_io.iocr_reference"),
            Num(2, "pn_io.subframe_offset"),
            Num(4, "pn_io.subframe_data"),
        ],
    ),
];
