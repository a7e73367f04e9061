//! Who a device is and what is plugged into it: identification and maintenance, modules, diagnosis (IEC 61158-6-10,
//! 5.2.18, 5.2.22 and 5.2.23).

use super::super::walk::Step::{Blocks, Code, Flags, Many, Num, Own, Rest, Text, Uuid};
use super::super::walk::{Bits, Step, Walk, plain};
use super::alarm;

/// The layout of a block of this type.
pub(super) fn of(kind: u16, version: u64) -> Option<&'static [Step]> {
    Some(match (kind, version) {
        (0x0010, 0) => DIAGNOSIS,
        (0x0010, 1) => DIAGNOSIS_OF_API,
        (0x0012 | 0x0013, 0) => MODULES,
        (0x0012 | 0x0013, 1) => MODULES_OF_APIS,
        (0x0020, _) => IM0,
        (0x0021, _) => IM1,
        (0x0022, _) => IM2,
        (0x0023, _) => IM3,
        (0x0024, _) => IM4,
        (0x0025, _) => IM5,
        (0x0030..=0x0032, _) => FILTER,
        (0x0034, _) => IM5_DATA,
        (0x0035, _) => ASSETS,
        (0x0036, _) => ASSET_FULL,
        (0x0037, _) => ASSET_HARDWARE,
        (0x0038, _) => ASSET_FIRMWARE,
        _ => return None,
    })
}

static DIAGNOSIS: &[Step] = &[
    Num(2, "pn_io.slot_nr"),
    Num(2, "pn_io.subslot_nr"),
    Num(2, "pn_io.channel_number"),
    Flags(2, "pn_io.channel_properties", alarm::CHANNEL_PROPERTIES),
    Own(diagnoses),
];

static DIAGNOSIS_OF_API: &[Step] = &[
    Num(4, "pn_io.api"),
    Num(2, "pn_io.slot_nr"),
    Num(2, "pn_io.subslot_nr"),
    Num(2, "pn_io.channel_number"),
    Flags(2, "pn_io.channel_properties", alarm::CHANNEL_PROPERTIES),
    Own(diagnoses),
];

/// Diagnoses of one structure until the block ends.
fn diagnoses(walk: &mut Walk<'_, '_>) -> Option<()> {
    let of_maker = walk.reader.rest().first()? & 0x80 == 0;
    let name = match of_maker {
        true => "pn_io.user_structure_identifier_manf",
        false => alarm::STRUCTURE,
    };
    let structure = alarm::structure(walk, name)?;
    while !walk.reader.is_empty() {
        alarm::item(walk, structure)?;
    }
    Some(())
}

static SLOTS: &[Step] = &[Many(
    2,
    "pn_io.number_of_slots",
    &[
        Num(2, "pn_io.slot_nr"),
        Num(4, "pn_io.module_ident_number"),
        Many(
            2,
            "pn_io.number_of_subslots",
            &[
                Num(2, "pn_io.subslot_nr"),
                Num(4, "pn_io.submodule_ident_number"),
            ],
        ),
    ],
)];
static MODULES: &[Step] = SLOTS;
static MODULES_OF_APIS: &[Step] = &[Many(
    2,
    "pn_io.number_of_apis",
    &[Num(4, "pn_io.api"), Step::All(SLOTS)],
)];

static FILTER: &[Step] = &[Many(
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

const fn prefix(letter: u64) -> Option<&'static str> {
    Some(match letter {
        0x56 => "V, officially released",
        0x52 => "R, revision",
        0x50 => "P, prototype",
        0x55 => "U, under test",
        0x54 => "T, test device",
        _ => return None,
    })
}

static SUPPORTED: &[Bits] = &[
    Bits("iia.profinet.im1_supported", 1, 1, plain),
    Bits("iia.profinet.im2_supported", 2, 1, plain),
    Bits("iia.profinet.im3_supported", 3, 1, plain),
    Bits("iia.profinet.im4_supported", 4, 1, plain),
    Bits("iia.profinet.im5_supported", 5, 1, plain),
];

static IM0: &[Step] = &[
    Num(1, "pn_io.vendor_id_high"),
    Num(1, "pn_io.vendor_id_low"),
    Text(20, "pn_io.order_id"),
    Text(16, "pn_io.im_serial_number"),
    Num(2, "pn_io.im_hardware_revision"),
    Code(1, "pn_io.im_revision_prefix", prefix),
    Num(1, "pn_io.im_sw_revision_functional_enhancement"),
    Num(1, "pn_io.im_revision_bugfix"),
    Num(1, "pn_io.im_sw_revision_internal_change"),
    Num(2, "pn_io.im_revision_counter"),
    Num(2, "pn_io.im_profile_id"),
    Num(2, "pn_io.im_profile_specific_type"),
    Num(1, "pn_io.im_version_major"),
    Num(1, "pn_io.im_version_minor"),
    Flags(2, "pn_io.im_supported", SUPPORTED),
];

static IM1: &[Step] = &[
    Text(32, "pn_io.im_tag_function"),
    Text(22, "pn_io.im_tag_location"),
];
static IM2: &[Step] = &[Text(16, "pn_io.im_date")];
static IM3: &[Step] = &[Text(54, "pn_io.im_descriptor")];
static IM4: &[Step] = &[Rest("iia.profinet.im_signature")];
static IM5: &[Step] = &[Num(2, "pn_io.im_numberofentries"), Blocks];
static IM5_DATA: &[Step] = &[
    Text(64, "pn_io.im_annotation"),
    Text(64, "pn_io.im_order_id"),
    Num(1, "pn_io.vendor_id_high"),
    Num(1, "pn_io.vendor_id_low"),
    Text(16, "pn_io.im_serial_number"),
    Num(2, "pn_io.im_hardware_revision"),
    Code(1, "pn_io.im_revision_prefix", prefix),
    Num(1, "pn_io.im_sw_revision_functional_enhancement"),
    Num(1, "pn_io.im_revision_bugfix"),
    Num(1, "pn_io.im_sw_revision_internal_change"),
];

static ASSETS: &[Step] = &[Num(2, "pn_io.number_of_asset_management_info"), Blocks];

/// What every asset says first (IEC 61158-6-10, 5.2.34).
static ASSET: &[Step] = &[
    Step::Pad(2),
    Uuid("pn_io.IM_UniqueIdentifier"),
    Step::Bytes(16, "pn_io.am_location"),
    Text(64, "pn_io.im_annotation"),
    Text(64, "pn_io.im_order_id"),
];

static ASSET_IDENTITY: &[Step] = &[
    Flags(8, "pn_io.am_device_identification", IDENTIFICATION),
    Num(2, "pn_io.am_type_identification"),
];

static IDENTIFICATION: &[Bits] = &[
    Bits("pn_io.am_device_identification.device_sub_id", 0, 16, plain),
    Bits("pn_io.am_device_identification.device_id", 16, 16, plain),
    Bits("pn_io.am_device_identification.vendor_id", 32, 16, plain),
    Bits("pn_io.am_device_identification.organization", 48, 16, plain),
];

static SOFTWARE: &[Step] = &[
    Code(1, "pn_io.im_revision_prefix", prefix),
    Num(1, "pn_io.im_sw_revision_functional_enhancement"),
    Num(1, "pn_io.im_revision_bugfix"),
    Num(1, "pn_io.im_sw_revision_internal_change"),
];

static ASSET_FULL: &[Step] = &[
    Step::All(ASSET),
    Text(64, "pn_io.am_software_revision"),
    Text(64, "pn_io.am_hardware_revision"),
    Text(16, "pn_io.im_serial_number"),
    Step::All(SOFTWARE),
    Step::All(ASSET_IDENTITY),
    Num(2, "pn_io.im_hardware_revision"),
];
static ASSET_HARDWARE: &[Step] = &[
    Step::All(ASSET),
    Text(64, "pn_io.am_hardware_revision"),
    Text(16, "pn_io.im_serial_number"),
    Step::All(ASSET_IDENTITY),
    Num(2, "pn_io.im_hardware_revision"),
];
static ASSET_FIRMWARE: &[Step] = &[
    Step::All(ASSET),
    Text(64, "pn_io.am_software_revision"),
    Text(16, "pn_io.im_serial_number"),
    Step::All(SOFTWARE),
    Step::All(ASSET_IDENTITY),
    Num(2, "pn_io.am_reserved"),
];
