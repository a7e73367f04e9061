//! How an application relation is controlled and ends (IEC 61158-6-10, 5.2.10).

use super::super::walk::Step::{All, Flags, Many, Num, Pad, Uuid};
use super::super::walk::{Bits, Step, plain};

/// The layout of a block of this type.
pub(super) const fn of(kind: u16) -> Option<&'static [Step]> {
    Some(match kind {
        // A plug is controlled in the name of its alarm.
        0x0113 => CONTROL_PLUG_READY,
        0x0111 | 0x8111 | 0x8113 => CONTROL_PLUG_OTHER,
        0x0112 => CONTROL_READY,
        0x0118 => PRM_BEGIN,
        0x0110 | 0x0114 | 0x0116 | 0x0117 => CONTROL_OTHER,
        0x8110 | 0x8112 | 0x8114 | 0x8116..=0x8118 => CONTROL_OTHER,
        0x0119 => SUBMODULE_LIST,
        _ => return None,
    })
}

static COMMAND: &[Bits] = &[
    Bits("pn_io.control_command.prmend", 0, 1, plain),
    Bits("pn_io.control_command.applready", 1, 1, plain),
    Bits("pn_io.control_command.release", 2, 1, plain),
    Bits("pn_io.control_command.done", 3, 1, plain),
    Bits("pn_io.control_command.ready_for_companion", 4, 1, plain),
    Bits("pn_io.control_command.ready_for_rt_class3", 5, 1, plain),
    Bits("pn_io.control_command.prmbegin", 6, 1, plain),
];

static CONTROL: &[Step] = &[
    Num(2, "pn_io.reserved16"),
    Uuid("pn_io.ar_uuid"),
    Num(2, "pn_io.session_key"),
    Num(2, "pn_io.reserved16"),
    Flags(2, "pn_io.control_command", COMMAND),
];

static CONTROL_PLUG: &[Step] = &[
    Num(2, "pn_io.reserved16"),
    Uuid("pn_io.ar_uuid"),
    Num(2, "pn_io.session_key"),
    Num(2, "pn_io.control_alarm_sequence_number"),
    Flags(2, "pn_io.control_command", COMMAND),
];

static PROPERTIES: &[Step] = &[Num(2, "pn_io.control_block_properties")];
static READINESS: &[Step] = &[Flags(
    2,
    "pn_io.control_block_properties.appl_ready",
    &[
        Bits(
            "pn_io.control_block_properties.appl_ready_bit0",
            0,
            1,
            plain,
        ),
        Bits(
            "pn_io.control_block_properties.appl_ready_bit1",
            1,
            1,
            plain,
        ),
    ],
)];

static CONTROL_READY: &[Step] = &[All(CONTROL), All(READINESS)];
static CONTROL_PLUG_READY: &[Step] = &[All(CONTROL_PLUG), All(READINESS)];
static CONTROL_OTHER: &[Step] = &[All(CONTROL), All(PROPERTIES)];
static CONTROL_PLUG_OTHER: &[Step] = &[All(CONTROL_PLUG), All(PROPERTIES)];
static PRM_BEGIN: &[Step] = &[
    Pad(2),
    Uuid("pn_io.ar_uuid"),
    Num(2, "pn_io.session_key"),
    Pad(2),
    Flags(2, "pn_io.control_command", COMMAND),
    Pad(2),
];

static SUBMODULE_LIST: &[Step] = &[Many(
    2,
    "pn_io.SubmoduleListEntries",
    &[
        Num(4, "pn_io.api"),
        Num(2, "pn_io.slot_nr"),
        Num(2, "pn_io.subslot_nr"),
    ],
)];
