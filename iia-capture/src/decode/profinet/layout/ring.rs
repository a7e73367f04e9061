//! Rings of media redundancy (IEC 61158-6-10, 5.2.15).

use super::super::walk::Step::{Align, Blocks, Code, Flags, Name, Num, Pad, Uuid};
use super::super::walk::{Bits, Step, plain};

/// The layout of a block of this type.
pub(super) fn of(kind: u16, version: u64) -> Option<&'static [Step]> {
    Some(match (kind, version) {
        (0x0211, 0) => ADJUST,
        (0x0212, 0) => REAL,
        (0x0212, 1) => REAL_VERSIONED,
        (0x0213, 0) => CHECK,
        (0x0211..=0x0213, _) => INSTANCES,
        (0x0214 | 0x0215, 0) => PORT,
        (0x0214 | 0x0215, _) => PORT_INSTANCE,
        (0x0216, _) => MANAGER,
        (0x0217, _) => CLIENT,
        (0x0218, _) => RT_MANAGER,
        (0x021d, _) => RT_MODE,
        (0x0219, _) => STATE,
        (0x021a, _) => RT_STATE,
        (0x0231, _) => INSTANCE_ADJUST,
        (0x0232, _) => INSTANCE_REAL,
        (0x0233, _) => INSTANCE_CHECK,
        _ => return None,
    })
}

const fn role(role: u64) -> Option<&'static str> {
    Some(match role {
        0 => "off",
        1 => "media redundancy client",
        2 => "media redundancy manager",
        3 => "media redundancy manager (auto)",
        _ => return None,
    })
}

const fn ring_state(state: u64) -> Option<&'static str> {
    Some(match state {
        0 => "open",
        1 => "closed",
        _ => return None,
    })
}

static DOMAIN: &[Step] = &[
    Uuid("pn_io.mrp_domain_uuid"),
    Code(2, "pn_io.mrp_role", role),
    Align,
];

static ADJUST: &[Step] = &[Pad(2), Step::All(DOMAIN), Step::All(NAMED), Blocks];
static NAMED: &[Step] = &[
    Name(1, "pn_io.mrp_length_domain_name", "pn_io.mrp_domain_name"),
    Align,
];
static REAL: &[Step] = &[
    Pad(2),
    Uuid("pn_io.mrp_domain_uuid"),
    Code(2, "pn_io.mrp_role", role),
    Name(1, "pn_io.mrp_length_domain_name", "pn_io.mrp_domain_name"),
    Num(2, "pn_io.mrp_version"),
    Align,
    Blocks,
];
static REAL_VERSIONED: &[Step] = &[
    Pad(2),
    Uuid("pn_io.mrp_domain_uuid"),
    Code(2, "pn_io.mrp_role", role),
    Num(2, "pn_io.mrp_version"),
    Step::All(NAMED),
    Blocks,
];

static CHECKS: &[Step] = &[Flags(
    4,
    "pn_io.mrp_check",
    &[
        Bits("pn_io.mrp_check.mrm", 0, 1, plain),
        Bits("pn_io.mrp_check.domainUUID", 1, 1, plain),
    ],
)];
static CHECK: &[Step] = &[Pad(2), Uuid("pn_io.mrp_domain_uuid"), Step::All(CHECKS)];

static INSTANCES: &[Step] = &[Pad(1), Num(1, "pn_io.mrp_Number_MrpInstances"), Blocks];

static INSTANCE_ADJUST: &[Step] = &[
    Pad(1),
    Num(1, "pn_io.mrp_MrpInstance"),
    Step::All(DOMAIN),
    Step::All(NAMED),
    Blocks,
];
static INSTANCE_REAL: &[Step] = &[
    Pad(1),
    Num(1, "pn_io.mrp_MrpInstance"),
    Uuid("pn_io.mrp_domain_uuid"),
    Code(2, "pn_io.mrp_role", role),
    Num(2, "pn_io.mrp_version"),
    Step::All(NAMED),
    Blocks,
];
static INSTANCE_CHECK: &[Step] = &[
    Pad(1),
    Num(1, "pn_io.mrp_MrpInstance"),
    Uuid("pn_io.mrp_domain_uuid"),
    Step::All(CHECKS),
];

static PORT: &[Step] = &[Pad(2), Uuid("pn_io.mrp_domain_uuid")];
static PORT_INSTANCE: &[Step] = &[
    Pad(1),
    Num(1, "pn_io.mrp_MrpInstance"),
    Uuid("pn_io.mrp_domain_uuid"),
];

static MANAGER: &[Step] = &[
    Num(2, "pn_io.mrp_prio"),
    Num(2, "pn_io.mrp_topchgt"),
    Num(2, "pn_io.mrp_topnrmax"),
    Num(2, "pn_io.mrp_tstshortt"),
    Num(2, "pn_io.mrp_tstdefaultt"),
    Num(2, "pn_io.mrp_tstnrmax"),
];

static CLIENT: &[Step] = &[
    Num(2, "pn_io.mrp_lnkdownt"),
    Num(2, "pn_io.mrp_lnkupt"),
    Num(2, "pn_io.mrp_lnknrmax"),
];

static RT_MANAGER: &[Step] = &[
    Num(2, "pn_io.mrp_tstnrmax"),
    Num(2, "pn_io.mrp_tstdefaultt"),
    Step::All(RT_MODE),
];

static RT_MODE: &[Step] = &[
    Pad(2),
    Flags(
        4,
        "pn_io.mrp_rtmode",
        &[
            Bits("pn_io.mrp_rtmode.class1_2", 0, 1, plain),
            Bits("pn_io.mrp_rtmode.class3", 1, 1, plain),
        ],
    ),
];

static STATE: &[Step] = &[Code(2, "pn_io.mrp_ring_state", ring_state)];
static RT_STATE: &[Step] = &[Num(2, "pn_io.mrp_rt_state")];
