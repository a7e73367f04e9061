//! Ports of a device: what they are, what they should be, what they counted (IEC 61158-6-10, 5.2.13).

use super::super::walk::Step::{Align, Blocks, Code, Flags, Mac, Many, Name, Num, Own, Pad};
use super::super::walk::{Bits, Step, Walk, plain};

/// The layout of a block of this type.
pub(super) fn of(kind: u16, version: u64) -> Option<&'static [Step]> {
    Some(match kind {
        0x0200 | 0x0202 => OF_PORT,
        0x0209 if version == 0 => DOMAIN_BOUNDARY,
        0x0209 => DOMAIN_BOUNDARIES,
        0x020a => CHECK_PEERS,
        0x020b => CHECK_LINE_DELAY,
        0x020c => CHECK_MAU,
        0x020e => ADJUST_MAU,
        0x020f => PORT_REAL,
        0x0210 => MULTICAST_BOUNDARY,
        0x021b => ADJUST_LINK,
        0x021c => CHECK_LINK,
        0x021e => CHECK_SYNC,
        0x021f => CHECK_MAU_DIFFERENCE,
        0x0220 => FIBER_REAL,
        0x0222 => FIBER,
        0x0223 | 0x0230 => POWER_BUDGET,
        0x0224 => PEER_BOUNDARY,
        0x0225 => DCP_BOUNDARY,
        0x0226 => PREAMBLE,
        0x0227 | 0x0229 => MAU_EXTENSION,
        0x0251 if version == 0 => STATISTIC,
        0x0251 => STATISTIC_OF_KNOWN,
        _ => return None,
    })
}

static OF_PORT: &[Step] = &[
    Pad(2),
    Num(2, "pn_io.slot_nr"),
    Num(2, "pn_io.subslot_nr"),
    Blocks,
];

static DOMAIN_BOUNDARY: &[Step] = &[
    Pad(2),
    Num(4, "pn_io.domain_boundary"),
    Num(2, "pn_io.adjust_properties"),
];
static DOMAIN_BOUNDARIES: &[Step] = &[
    Pad(2),
    Num(4, "pn_io.domain_boundary.ingress"),
    Num(4, "pn_io.domain_boundary.egress"),
    Num(2, "pn_io.adjust_properties"),
];

static CHECK_PEERS: &[Step] = &[Many(
    1,
    "pn_io.number_of_peers",
    &[
        Name(1, "pn_io.length_peer_port_id", "pn_io.peer_port_id"),
        Name(1, "pn_io.length_peer_chassis_id", "pn_io.peer_chassis_id"),
    ],
)];

static LINE_DELAY: &[Step] = &[Own(line_delay)];

/// The highest bit says whether the delay of the whole line follows, or that of its cable alone.
fn line_delay(walk: &mut Walk<'_, '_>) -> Option<()> {
    let of_cable = *walk.reader.rest().first()? & 0x80 != 0;
    let bits: &[Bits] = match of_cable {
        false => &[
            Bits("pn_io.line_delay_format_indicator", 31, 1, plain),
            Bits("pn_io.line_delay_value", 0, 31, plain),
        ],
        true => &[
            Bits("pn_io.line_delay_format_indicator", 31, 1, plain),
            Bits("pn_io.cable_delay_value", 0, 31, plain),
        ],
    };
    walk.bits_of(4, "pn_io.line_delay", bits)
}

static CHECK_LINE_DELAY: &[Step] = &[Pad(2), Step::All(LINE_DELAY)];

const fn mau(kind: u64) -> Option<&'static str> {
    Some(match kind {
        0 => "unknown or radio",
        5 => "10BASET",
        10 => "10BASETXHD",
        11 => "10BASETXFD",
        12 => "10BASEFLHD",
        13 => "10BASEFLFD",
        15 => "100BASETXHD",
        16 => "100BASETXFD",
        17 => "100BASEFXHD",
        18 => "100BASEFXFD",
        21 => "1000BASEXHD",
        22 => "1000BASEXFD",
        23 => "1000BASELXHD",
        24 => "1000BASELXFD",
        25 => "1000BASESXHD",
        26 => "1000BASESXFD",
        29 => "1000BASETHD",
        30 => "1000BASETFD",
        31 => "10GigBASEFX",
        46 => "100BASELX10",
        54 => "100BASEPXFD",
        _ => return None,
    })
}

static CHECK_MAU: &[Step] = &[Code(2, "pn_io.mau_type", mau)];
static ADJUST_MAU: &[Step] = &[
    Pad(2),
    Code(2, "pn_io.mau_type", mau),
    Num(2, "pn_io.adjust_properties"),
];

const fn port_state(state: u64) -> Option<&'static str> {
    Some(match state {
        0 => "unknown",
        1 => "disabled or discarding",
        2 => "blocking",
        3 => "listening",
        4 => "learning",
        5 => "forwarding",
        6 => "broken",
        _ => return None,
    })
}

const fn link_state(state: u64) -> Option<&'static str> {
    Some(match state {
        1 => "up",
        2 => "down",
        3 => "testing",
        4 => "unknown",
        5 => "dormant",
        6 => "not present",
        7 => "lower layer down",
        _ => return None,
    })
}

const fn media(kind: u64) -> Option<&'static str> {
    Some(match kind {
        0 => "unknown",
        1 => "copper cable",
        2 => "fiber optic cable",
        3 => "radio communication",
        _ => return None,
    })
}

static LINK_STATE: &[Step] = &[
    Code(1, "pn_io.link_state_port", port_state),
    Code(1, "pn_io.link_state_link", link_state),
];

static PORT_REAL: &[Step] = &[
    Pad(2),
    Num(2, "pn_io.slot_nr"),
    Num(2, "pn_io.subslot_nr"),
    Name(1, "pn_io.length_own_port_id", "pn_io.own_port_id"),
    Many(
        1,
        "pn_io.number_of_peers",
        &[
            Align,
            Name(1, "pn_io.length_peer_port_id", "pn_io.peer_port_id"),
            Name(1, "pn_io.length_peer_chassis_id", "pn_io.peer_chassis_id"),
            Align,
            Step::All(LINE_DELAY),
            Mac("pn_io.peer_macadd"),
            Align,
        ],
    ),
    Align,
    Code(2, "pn_io.mau_type", mau),
    Pad(2),
    Num(4, "pn_io.domain_boundary"),
    Num(4, "pn_io.multicast_boundary"),
    Step::All(LINK_STATE),
    Pad(2),
    Code(4, "pn_io.media_type", media),
];

static MULTICAST_BOUNDARY: &[Step] = &[
    Pad(2),
    Num(4, "pn_io.multicast_boundary"),
    Num(2, "pn_io.adjust_properties"),
];

static ADJUST_LINK: &[Step] = &[
    Pad(2),
    Num(2, "pn_io.port_state"),
    Num(2, "pn_io.adjust_properties"),
];
static CHECK_LINK: &[Step] = &[Num(2, "pn_io.port_state")];

static CHECK_SYNC: &[Step] = &[Flags(
    2,
    "pn_io.check_sync_mode",
    &[
        Bits("pn_io.check_sync_mode.cable_delay", 0, 1, plain),
        Bits("pn_io.check_sync_mode.sync_master", 1, 1, plain),
    ],
)];

static CHECK_MAU_DIFFERENCE: &[Step] = &[Num(2, "pn_io.mau_type_mode")];

static FIBER: &[Step] = &[
    Pad(2),
    Num(4, "pn_io.fiber_optic_type"),
    Num(4, "pn_io.fiber_optic_cable_type"),
];
static FIBER_REAL: &[Step] = &[Step::All(FIBER), Blocks];

static POWER_BUDGET: &[Step] = &[
    Pad(2),
    Num(4, "pn_io.maintenance_required_power_budget"),
    Num(4, "pn_io.maintenance_demanded_power_budget"),
    Num(4, "pn_io.error_power_budget"),
];

/// What does not leave by the port: LLDP, delays of PTCP, delays of 802.1AS.
static PEER_BITS: &[Bits] = &[
    Bits("pn_io.peer_to_peer_boundary_value_bit0", 0, 1, plain),
    Bits("pn_io.peer_to_peer_boundary_value_bit1", 1, 1, plain),
    Bits("pn_io.peer_to_peer_boundary_value_bit2", 2, 1, plain),
];
/// What does not leave by the port: DCP's Identify and Hello.
static DCP_BITS: &[Bits] = &[
    Bits("pn_io.dcp_boundary_value_bit0", 0, 1, plain),
    Bits("pn_io.dcp_boundary_value_bit1", 1, 1, plain),
];

static PEER_BOUNDARY: &[Step] = &[
    Pad(2),
    Flags(4, "pn_io.peer_to_peer_boundary_value", PEER_BITS),
    Num(2, "pn_io.adjust_properties"),
];
static DCP_BOUNDARY: &[Step] = &[
    Pad(2),
    Flags(4, "pn_io.dcp_boundary_value", DCP_BITS),
    Num(2, "pn_io.adjust_properties"),
];
static PREAMBLE: &[Step] = &[
    Pad(2),
    Num(2, "pn_io.preamble_length"),
    Num(2, "pn_io.adjust_properties"),
];

static MAU_EXTENSION: &[Step] = &[Num(2, "pn_io.mau_type_extension")];

static STATISTIC: &[Step] = &[Pad(2), Step::All(COUNTERS)];
static STATISTIC_OF_KNOWN: &[Step] = &[
    Flags(
        2,
        "pn_io.CounterStatus",
        &[
            Bits("pn_io.CounterStatus.ifInOctets", 0, 1, plain),
            Bits("pn_io.CounterStatus.ifOutOctets", 1, 1, plain),
            Bits("pn_io.CounterStatus.ifInDiscards", 2, 1, plain),
            Bits("pn_io.CounterStatus.ifOutDiscards", 3, 1, plain),
            Bits("pn_io.CounterStatus.ifInErrors", 4, 1, plain),
            Bits("pn_io.CounterStatus.ifOutErrors", 5, 1, plain),
        ],
    ),
    Step::All(COUNTERS),
];
static COUNTERS: &[Step] = &[
    Num(4, "pn_io.ifInOctets"),
    Num(4, "pn_io.ifOutOctets"),
    Num(4, "pn_io.ifInDiscards"),
    Num(4, "pn_io.ifOutDiscards"),
    Num(4, "pn_io.ifInErrors"),
    Num(4, "pn_io.ifOutErrors"),
];
