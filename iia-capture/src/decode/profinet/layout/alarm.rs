//! Alarms, their acknowledgement, and diagnosis (IEC 61158-6-10, 5.2.2 and 5.2.23).

use super::super::errors;
use super::super::walk::Step::{Align, All, Code, Flags, Num, Own, Pad, Rest};
use super::super::walk::{Bits, Step, Walk, plain};

/// The layout of a block of this type.
pub(super) fn of(kind: u16) -> Option<&'static [Step]> {
    Some(match kind {
        0x0001 | 0x0002 => NOTIFICATION,
        0x8001 | 0x8002 => ACK,
        0x0f00 => MAINTENANCE,
        0x0f01 | 0x0f03 | 0x0f04 => UPLOAD,
        0x0f02 => IPAR,
        0x0f05 => PE_ALARM,
        _ => return None,
    })
}

/// A status as it stands in blocks (IEC 61158-6-10, 5.2.6).
pub(in super::super) static STATUS: &[Step] = &[Own(status)];

fn status(walk: &mut Walk<'_, '_>) -> Option<()> {
    let [code, decode, first, second] = walk.reader.array()?;
    errors::status(walk.fields, [code, decode, first, second]);
    Some(())
}

const fn alarm_type(kind: u64) -> Option<&'static str> {
    Some(match kind {
        0x01 => "diagnosis",
        0x02 => "process",
        0x03 => "pull",
        0x04 => "plug",
        0x05 => "status",
        0x06 => "update",
        0x07 => "media redundancy",
        0x08 => "controlled by supervisor",
        0x09 => "released",
        0x0a => "plug wrong submodule",
        0x0b => "return of submodule",
        0x0c => "diagnosis disappears",
        0x0d => "multicast communication mismatch",
        0x0e => "port data change",
        0x0f => "sync data changed",
        0x10 => "isochronous mode problem",
        0x11 => "network component problem",
        0x12 => "time data changed",
        0x13 => "dynamic frame packing problem",
        0x14 => "MRPD problem",
        0x1e => "upload and retrieval",
        0x1f => "pull module",
        0x20..=0x7f => "manufacturer specific",
        _ => return None,
    })
}

static SPECIFIER: &[Bits] = &[
    Bits("pn_io.alarm_specifier.sequence", 0, 11, plain),
    Bits("pn_io.alarm_specifier.channel", 11, 1, plain),
    Bits("pn_io.alarm_specifier.manufacturer", 12, 1, plain),
    Bits("pn_io.alarm_specifier.submodule", 13, 1, plain),
    Bits("pn_io.alarm_specifier.ardiagnosis", 15, 1, plain),
];

static NOTIFICATION: &[Step] = &[
    Code(2, "pn_io.alarm_type", alarm_type),
    Num(4, "pn_io.api"),
    Num(2, "pn_io.slot_nr"),
    Num(2, "pn_io.subslot_nr"),
    Num(4, "pn_io.module_ident_number"),
    Num(4, "pn_io.submodule_ident_number"),
    Step::Parts(2, SPECIFIER),
    Own(items),
];

static ACK: &[Step] = &[
    Code(2, "pn_io.alarm_type", alarm_type),
    Num(4, "pn_io.api"),
    Num(2, "pn_io.slot_nr"),
    Num(2, "pn_io.subslot_nr"),
    Step::Parts(2, SPECIFIER),
    All(STATUS),
];

/// Items of an alarm, each behind what says its structure.
fn items(walk: &mut Walk<'_, '_>) -> Option<()> {
    while !walk.reader.is_empty() {
        let structure = structure(walk, STRUCTURE)?;
        item(walk, structure)?;
    }
    Some(())
}

/// The field that says which structure the data behind it have.
pub(super) const STRUCTURE: &str = "pn_io.user_structure_identifier";

/// Which structure the data behind it have.
pub(super) fn structure(walk: &mut Walk<'_, '_>, name: &'static str) -> Option<u64> {
    let number = walk.number(2)?;
    walk.fields.code(name, number, structure_name(number));
    Some(number)
}

const fn structure_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0..=0x7fff => "manufacturer specific",
        0x8000 => "ChannelDiagnosis",
        0x8001 => "multiple",
        0x8002 => "ExtChannelDiagnosis",
        0x8003 => "QualifiedChannelDiagnosis",
        0x8100 => "Maintenance",
        0x8200 => "Upload&Retrieval",
        0x8201 => "iParameter",
        0x8300 => "RS_LowWatermark",
        0x8301 => "RS_Timeout",
        0x8302 => "RS_Overflow",
        0x8303 => "RS_Event",
        0x8310 => "PE_EnergySavingStatus",
        0x8320 => "process alarm reasons of channels",
        _ => return None,
    })
}

/// One item of this structure; blocks and what a manufacturer says take all that is left.
pub(super) fn item(walk: &mut Walk<'_, '_>, structure: u64) -> Option<()> {
    match structure {
        0x8000 => walk.steps(CHANNEL),
        0x8002 => walk.steps(EXT_CHANNEL),
        0x8003 => walk.steps(QUALIFIED_CHANNEL),
        0x8001 | 0x8100 | 0x8200 | 0x8201 | 0x8310 => {
            if super::super::blocks::are_blocks(walk.reader.rest()) {
                walk.steps(&[Step::Blocks])
            } else {
                walk.steps(&[Rest("iia.profinet.alarm_data")])
            }
        }
        _ => walk.steps(&[Rest("iia.profinet.alarm_data")]),
    }
}

const fn channel_number(number: u64) -> Option<&'static str> {
    match number {
        0x8000 => Some("submodule"),
        _ => None,
    }
}

const fn channel_type(kind: u64) -> Option<&'static str> {
    Some(match kind {
        0 => "unspecific",
        1 => "1 bit",
        2 => "2 bit",
        3 => "4 bit",
        4 => "8 bit",
        5 => "16 bit",
        6 => "32 bit",
        7 => "64 bit",
        _ => return None,
    })
}

const fn severity(severity: u64) -> Option<&'static str> {
    Some(match severity {
        0 => "fault",
        1 => "maintenance required",
        2 => "maintenance demanded",
        _ => "qualified",
    })
}

const fn specifier(specifier: u64) -> Option<&'static str> {
    Some(match specifier {
        0 => "all disappears",
        1 => "appears",
        2 => "disappears",
        _ => "disappears, others remain",
    })
}

const fn direction(direction: u64) -> Option<&'static str> {
    Some(match direction {
        0 => "manufacturer specific",
        1 => "input",
        2 => "output",
        3 => "input and output",
        _ => return None,
    })
}

pub(super) static CHANNEL_PROPERTIES: &[Bits] = &[
    Bits("pn_io.channel_properties.type", 0, 8, channel_type),
    Bits("pn_io.channel_properties.accumulative", 8, 1, plain),
    Bits("pn_io.channel_properties.maintenance", 9, 2, severity),
    Bits("pn_io.channel_properties.specifier", 11, 2, specifier),
    Bits("pn_io.channel_properties.direction", 13, 3, direction),
];

static CHANNEL: &[Step] = &[
    Code(2, "pn_io.channel_number", channel_number),
    Flags(2, "pn_io.channel_properties", CHANNEL_PROPERTIES),
    Code(2, "pn_io.channel_error_type", errors::channel),
];

static EXT_CHANNEL: &[Step] = &[All(CHANNEL), Own(extension)];

static QUALIFIED_CHANNEL: &[Step] = &[
    All(CHANNEL),
    Own(extension),
    Num(4, "pn_io.qualified_channel_qualifier"),
];

/// The extension of a diagnosis; Wireshark names it after the error that it extends.
fn extension(walk: &mut Walk<'_, '_>) -> Option<()> {
    let known = walk.fields.all().iter().rev();
    let mut errors = known.filter(|field| field.name == "pn_io.channel_error_type");
    let error = errors.next().and_then(|field| field.value.number());
    let name = match error.unwrap_or(0) {
        0..=0x7fff => "pn_io.ext_channel_error_type0",
        0x8000 => "pn_io.ext_channel_error_type0800",
        0x8001 => "pn_io.ext_channel_error_type8001",
        0x8002 => "pn_io.ext_channel_error_type8002",
        0x8003 => "pn_io.ext_channel_error_type8003",
        0x8004 => "pn_io.ext_channel_error_type8004",
        0x8005 => "pn_io.ext_channel_error_type8005",
        0x8007 => "pn_io.ext_channel_error_type8007",
        0x8008 => "pn_io.ext_channel_error_type8008",
        0x800a => "pn_io.ext_channel_error_type800A",
        0x800b => "pn_io.ext_channel_error_type800B",
        0x800c => "pn_io.ext_channel_error_type800C",
        0x8010 => "pn_io.ext_channel_error_type8010",
        _ => "pn_io.ext_channel_error_type",
    };
    walk.uint(2, name)?;
    walk.uint(4, "pn_io.ext_channel_add_value").map(drop)
}

static MAINTENANCE: &[Step] = &[
    Pad(2),
    Flags(
        4,
        "pn_io.maintenance_status",
        &[
            Bits("pn_io.maintenance_status_required", 0, 1, plain),
            Bits("pn_io.maintenance_status_demanded", 1, 1, plain),
        ],
    ),
];

static UPLOAD: &[Step] = &[
    Align,
    Num(4, "iia.profinet.ur_record_index"),
    Num(4, "iia.profinet.ur_record_length"),
    Rest("iia.profinet.alarm_data"),
];

static IPAR: &[Step] = &[
    Align,
    Num(4, "iia.profinet.ipar_req_header"),
    Num(4, "iia.profinet.max_segment_size"),
    Num(4, "iia.profinet.transfer_index"),
    Num(4, "iia.profinet.total_ipar_size"),
];

static PE_ALARM: &[Step] = &[Num(1, "pn_io.pe_operationalmode")];
