//! What went wrong, in words: the status of PROFINET (IEC 61158-6-10, 5.2.6) and errors of channels (5.2.23).

use super::super::Fields;

/// Says a status: code, decode, code 1, code 2.
pub(super) fn status(fields: &mut Fields<'_>, [code, decode, first, second]: [u8; 4]) {
    fields.code("pn_io.error_code", code, service(code));
    fields.code("pn_io.error_decode", decode, coding(decode));
    let (word, reason) = match decode {
        0x80 => (record(first), None),
        0x81 => (protocol(first), reason(first, second)),
        _ => (None, None),
    };
    fields.code("pn_io.error_code1", first, word);
    fields.code("pn_io.error_code2", second, reason);
}

/// Which service failed.
const fn service(code: u8) -> Option<&'static str> {
    Some(match code {
        0x00 => "OK",
        0x81 => "PNIO",
        0xcf => "RTA error",
        0xda => "AlarmAck",
        0xdb => "IODConnectRes",
        0xdc => "IODReleaseRes",
        0xdd => "IODControlRes",
        0xde => "IODReadRes",
        0xdf => "IODWriteRes",
        _ => return None,
    })
}

/// How the rest of a status is coded.
const fn coding(decode: u8) -> Option<&'static str> {
    Some(match decode {
        0x00 => "OK",
        0x80 => "PNIORW",
        0x81 => "PNIO",
        0x82 => "manufacturer specific",
        _ => return None,
    })
}

/// Why a record could not be read or written.
const fn record(code: u8) -> Option<&'static str> {
    Some(match code {
        0xa0 => "application: read error",
        0xa1 => "application: write error",
        0xa2 => "application: module failure",
        0xa7 => "application: busy",
        0xa8 => "application: version conflict",
        0xa9 => "application: feature not supported",
        0xaa..=0xaf => "application: user specific",
        0xb0 => "access: invalid index",
        0xb1 => "access: write length error",
        0xb2 => "access: invalid slot or subslot",
        0xb3 => "access: type conflict",
        0xb4 => "access: invalid area",
        0xb5 => "access: state conflict",
        0xb6 => "access: access denied",
        0xb7 => "access: invalid range",
        0xb8 => "access: invalid parameter",
        0xb9 => "access: invalid type",
        0xba => "access: backup",
        0xbb..=0xbf => "access: user specific",
        0xc0 => "resource: read constraint conflict",
        0xc1 => "resource: write constraint conflict",
        0xc2 => "resource: busy",
        0xc3 => "resource: unavailable",
        0xc8..=0xcf => "resource: user specific",
        _ => return None,
    })
}

/// Which block was faulty, or which machine of the protocol refused.
const fn protocol(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "faulty ARBlockReq",
        2 => "faulty IOCRBlockReq",
        3 => "faulty ExpectedSubmoduleBlockReq",
        4 => "faulty AlarmCRBlockReq",
        5 => "faulty PrmServerBlockReq",
        6 => "faulty MCRBlockReq",
        7 => "faulty ARRPCBlockReq",
        8 => "faulty record",
        9 => "faulty IRInfoBlock",
        10 => "faulty SRInfoBlock",
        11 => "faulty ARFSUBlock",
        12 => "faulty ARVendorBlockReq",
        13 => "faulty RSInfoBlock",
        20 => "faulty IODControlReq",
        21 => "faulty IODControlReq of a plug",
        22 => "faulty IOXControlReq",
        23 => "faulty IOXControlReq of a plug",
        24 => "faulty PrmBegin",
        25 => "faulty SubmoduleListBlock",
        40 => "faulty release",
        50 => "faulty ARBlockRes",
        51 => "faulty IOCRBlockRes",
        52 => "faulty AlarmCRBlockRes",
        53 => "faulty ModuleDiffBlock",
        54 => "faulty ARRPCBlockRes",
        55 => "faulty ARServerBlockRes",
        56 => "faulty ARVendorBlockRes",
        60 => "AlarmAck",
        61 => "CMDEV",
        62 => "CMCTL",
        63 => "CTLDINA",
        64 => "CMRPC",
        65 => "ALPMI",
        66 => "ALPMR",
        67 => "LMPM",
        68 => "MAC",
        69 => "RPC",
        70 => "APMR",
        71 => "APMS",
        72 => "CPM",
        73 => "PPM",
        74 => "DCPUCS",
        75 => "DCPUCR",
        76 => "DCPMCS",
        77 => "DCPMCR",
        78 => "FSPM",
        100 => "CTLSM",
        101 => "CTLRDI",
        102 => "CTLRDR",
        103 => "CTLWRI",
        104 => "CTLWRR",
        105 => "CTLIO",
        106 => "CTLSU",
        107 => "CTLRPC",
        108 => "CTLPBE",
        109 => "CTLSRL",
        200 => "CMSM",
        202 => "CMRDR",
        204 => "CMWRR",
        205 => "CMIO",
        206 => "CMSU",
        208 => "CMINA",
        209 => "CMPBE",
        210 => "CMSRL",
        211 => "CMDMC",
        253 => "RTA_ERR_CLS_PROTOCOL",
        255 => "user specific",
        _ => return None,
    })
}

/// Why, where the class has reasons of its own; a faulty block is told by the number of its parameter.
const fn reason(class: u8, code: u8) -> Option<&'static str> {
    match class {
        1..=56 => parameter(code),
        60 => alarm(code),
        61 | 62 => machine(code),
        63 => name_resolution(code),
        64 => remote_call(code),
        253 => abort(code),
        _ => None,
    }
}

/// The parameters that every block begins with (IEC 61158-6-10, 5.2.1).
const fn parameter(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "BlockType",
        1 => "BlockLength",
        2 => "BlockVersionHigh",
        3 => "BlockVersionLow",
        _ => return None,
    })
}

const fn alarm(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "alarm type not supported",
        1 => "wrong submodule state",
        2 => "backup, alarm not executed",
        _ => return None,
    })
}

const fn machine(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "state conflict",
        1 => "resources or timeout",
        2 => "no data sent",
        _ => return None,
    })
}

const fn name_resolution(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "no DCP active",
        1 => "name of station unknown to DNS",
        2 => "no answer to the name of station",
        3 => "several answers to the name of station",
        4 => "no name of station",
        5 => "no IP address",
        6 => "DCP set failed",
        _ => return None,
    })
}

const fn remote_call(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "ArgsLength invalid",
        1 => "unknown blocks",
        2 => "IOCR missing",
        3 => "wrong count of AlarmCRBlock",
        4 => "out of AR resources",
        5 => "AR UUID unknown",
        6 => "state conflict",
        7 => "out of provider, consumer or alarm resources",
        8 => "out of memory",
        9 => "physical device already owned",
        10 => "AR set: state conflict",
        11 => "AR set: parameter conflict",
        12 => "physical device: ports without interface",
        _ => return None,
    })
}

/// Why a relation was given up (IEC 61158-6-10, 5.2.6, RTA_ERR_CLS_PROTOCOL).
const fn abort(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "sequence numbers out of step",
        2 => "instance closed",
        3 => "AR out of memory",
        4 => "AR add provider or consumer failed",
        5 => "AR consumer DHT or WDT expired",
        6 => "AR cmi timeout",
        7 => "AR alarm open failed",
        8 => "AR alarm send failed",
        9 => "AR alarm ack send failed",
        10 => "AR alarm data too long",
        11 => "AR alarm indication failed",
        12 => "AR RPC client call failed",
        13 => "AR abort requested",
        14 => "AR re-run aborts existing",
        15 => "AR release received",
        16 => "AR device deactivated",
        17 => "AR removed",
        18 => "AR protocol violation",
        19 => "AR name resolution error",
        20 => "AR RPC bind error",
        21 => "AR RPC connect error",
        22 => "AR RPC read error",
        23 => "AR RPC write error",
        24 => "AR RPC control error",
        25 => "AR forbidden pull or plug",
        26 => "AR application removed",
        27 => "AR link down",
        28 => "AR multicast address not registered",
        29 => "not synchronized",
        30 => "wrong topology",
        31 => "DCP: name of station changed",
        32 => "DCP: reset to factory settings",
        33 => "submodule of the first AR has a diagnosis",
        34 => "no irdata record yet",
        35 => "physical device",
        36 => "physical device: no port of the required speed",
        37 => "IP suite changed",
        38 => "redundancy data hold time expired",
        39 => "physical device cannot be parameterized",
        40 => "application ready timeout expired",
        41 => "redundant interface list",
        42 => "MTOT expired",
        43 => "redundancy: AR protocol violation",
        44 => "plug port without CombinedObjectContainer",
        45 => "NME: no or wrong configuration",
        255 => "user abort",
        _ => return None,
    })
}

/// What is wrong with a channel.
pub(super) const fn channel(kind: u64) -> Option<&'static str> {
    Some(match kind {
        0x01 => "short circuit",
        0x02 => "undervoltage",
        0x03 => "overvoltage",
        0x04 => "overload",
        0x05 => "overtemperature",
        0x06 => "line break",
        0x07 => "upper limit value exceeded",
        0x08 => "lower limit value exceeded",
        0x09 => "error",
        0x0a => "simulation active",
        0x0f => "parameter missing",
        0x10 => "parameterization fault",
        0x11 => "power supply fault",
        0x12 => "fuse blown",
        0x13 => "communication fault",
        0x14 => "ground fault",
        0x15 => "reference point lost",
        0x16 => "process event lost",
        0x17 => "threshold warning",
        0x18 => "output disabled",
        0x19 => "safety event",
        0x1a => "external fault",
        0x1f => "temporary fault",
        0x0100..=0x7fff => "manufacturer specific",
        0x8000 => "data transmission impossible",
        0x8001 => "remote mismatch",
        0x8002 => "media redundancy mismatch",
        0x8003 => "sync mismatch",
        0x8004 => "isochronous mode mismatch",
        0x8005 => "multicast CR mismatch",
        0x8007 => "fiber optic mismatch",
        0x8008 => "network component function mismatch",
        0x8009 => "time mismatch",
        0x800a => "dynamic frame packing function mismatch",
        0x800b => "media redundancy with planned duplication mismatch",
        0x800d => "multiple interface mismatch",
        _ => return None,
    })
}
