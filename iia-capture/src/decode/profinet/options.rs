//! Blocks of discovery and configuration, by option and suboption (IEC 61158-6-10, 4.3.1.4).

use super::super::Fields;
use super::dcp::Head;
use super::walk::Step::{Code, Flags, Ip, Mac, Num, Rest, Uuid};
use super::walk::{Bits, Step, Walk, Words, plain};

const IP: u64 = 1;
const DEVICE: u64 = 2;
const DHCP: u64 = 3;
const CONTROL: u64 = 5;
const INITIATIVE: u64 = 6;
const TSN: u64 = 7;
const ALL: u64 = 0xff;

/// Suboptions of control.
const RESPONSE: u64 = 4;
const RESET_FACTORY: u64 = 5;
const RESET: u64 = 6;

/// The first error that an answer to a set tells, as a code.
pub(super) fn refused(fields: &Fields<'_>) -> Option<u32> {
    let errors = fields.all().iter();
    let mut errors = errors.filter(|field| field.name == "pn_dcp.block_error");
    let error = errors.find_map(|field| field.value.number().filter(|error| *error != 0))?;
    u32::try_from(error).ok()
}

/// Which values a get asks for.
pub(super) fn wanted(walk: &mut Walk<'_, '_>) -> Option<()> {
    while !walk.reader.is_empty() {
        option(walk)?;
    }
    Some(())
}

/// Blocks with their values; each begins at an even place.
pub(super) fn all(walk: &mut Walk<'_, '_>, head: Head) -> Option<()> {
    while !walk.reader.is_empty() {
        let which = option(walk)?;
        let len = walk.uint(2, "pn_dcp.block_length")?;
        let body = walk.reader.take(usize::try_from(len).ok()?)?;
        walk.within((body, 0), |inner| block(inner, head, which))?;
        if len % 2 == 1 && !walk.reader.is_empty() {
            walk.reader.u8();
        }
    }
    Some(())
}

/// An option and its suboption.
fn option(walk: &mut Walk<'_, '_>) -> Option<(u64, u64)> {
    let option = walk.number(1)?;
    walk.fields
        .code("pn_dcp.option", option, option_name(option));
    let sub = walk.number(1)?;
    let (name, words) = suboption(option);
    walk.fields.code(name, sub, words(sub));
    Some((option, sub))
}

const fn option_name(option: u64) -> Option<&'static str> {
    Some(match option {
        IP => "IP",
        DEVICE => "device properties",
        DHCP => "DHCP",
        CONTROL => "control",
        INITIATIVE => "device initiative",
        TSN => "TSN domain",
        0x80..=0xfe => "manufacturer specific",
        ALL => "all",
        _ => return None,
    })
}

/// The name of the field that holds a suboption, and its words.
fn suboption(option: u64) -> (&'static str, Words) {
    match option {
        IP => ("pn_dcp.suboption_ip", ip),
        DEVICE => ("pn_dcp.suboption_device", device),
        DHCP => ("pn_dcp.suboption_dhcp", dhcp),
        CONTROL => ("pn_dcp.suboption_control", control),
        INITIATIVE => ("pn_dcp.suboption_deviceinitiative", plain),
        TSN => ("pn_dcp.suboption_tsn", tsn),
        ALL => ("pn_dcp.suboption_all", plain),
        _ => ("pn_dcp.suboption_manuf", plain),
    }
}

const fn ip(sub: u64) -> Option<&'static str> {
    Some(match sub {
        1 => "MAC address",
        2 => "IP parameter",
        3 => "full IP suite",
        _ => return None,
    })
}

const fn device(sub: u64) -> Option<&'static str> {
    Some(match sub {
        1 => "type of station",
        2 => "name of station",
        3 => "device id",
        4 => "device role",
        5 => "device options",
        6 => "alias name",
        7 => "device instance",
        8 => "OEM device id",
        9 => "standard gateway",
        10 => "RSI properties",
        _ => return None,
    })
}

const fn dhcp(sub: u64) -> Option<&'static str> {
    Some(match sub {
        12 => "host name",
        43 => "vendor specific",
        54 => "server identifier",
        55 => "parameter request list",
        60 => "class identifier",
        61 => "client identifier",
        81 => "fully qualified domain name",
        97 => "UUID based client identifier",
        255 => "control DHCP",
        _ => return None,
    })
}

const fn control(sub: u64) -> Option<&'static str> {
    Some(match sub {
        1 => "start transaction",
        2 => "end transaction",
        3 => "signal",
        RESPONSE => "response",
        RESET_FACTORY => "reset factory settings",
        RESET => "reset to factory",
        _ => return None,
    })
}

const fn tsn(sub: u64) -> Option<&'static str> {
    Some(match sub {
        1 => "TSN domain name",
        2 => "NME manager",
        3 => "NME parameter UUID",
        4 => "NME agent",
        5 => "CIM interface",
        _ => return None,
    })
}

/// What stands in a block: what is known of the value or how to keep it, then the value.
fn block(walk: &mut Walk<'_, '_>, head: Head, (option, sub): (u64, u64)) -> Option<()> {
    if head.has_info() && (option, sub) != (CONTROL, RESPONSE) {
        walk.steps(match (option, sub) {
            (IP, 2) => &[Code(2, "pn_dcp.suboption_ip_block_info", ip_info)],
            _ => &[Num(2, "pn_dcp.block_info")],
        })?;
    }
    if head.has_qualifier() {
        walk.steps(match (option, sub) {
            (CONTROL, RESET_FACTORY | RESET) => &[Code(2, "pn_dcp.block_qualifier_reset", reset)],
            _ => &[Code(2, "pn_dcp.block_qualifier", qualifier)],
        })?;
    }
    if walk.reader.is_empty() {
        return Some(());
    }
    match (option, sub) {
        (DEVICE, 5) => wanted(walk),
        (CONTROL, RESPONSE) => answer(walk),
        _ => walk.steps(value(option, sub)),
    }?;
    walk.steps(&[Rest("iia.profinet.block_data")])
}

const fn ip_info(info: u64) -> Option<&'static str> {
    Some(match info {
        0 => "IP not set",
        1 => "IP set",
        2 => "IP set by DHCP",
        0x80 => "IP not set, address conflict",
        0x81 => "IP set, address conflict",
        0x82 => "IP set by DHCP, address conflict",
        _ => return None,
    })
}

const fn qualifier(qualifier: u64) -> Option<&'static str> {
    Some(match qualifier {
        0 => "temporary",
        1 => "permanent",
        _ => return None,
    })
}

const fn reset(qualifier: u64) -> Option<&'static str> {
    Some(match qualifier >> 1 {
        1 => "application data",
        2 => "communication parameter",
        3 => "engineering parameter",
        4 => "all stored data",
        8 => "device",
        9 => "device, and restore data",
        _ => return None,
    })
}

const fn block_error(error: u64) -> Option<&'static str> {
    Some(match error {
        0 => "OK",
        1 => "option not supported",
        2 => "suboption not supported or no data set available",
        3 => "suboption not set",
        4 => "resource error",
        5 => "set not possible by local reasons",
        6 => "in operation, set not possible",
        _ => return None,
    })
}

/// Which block an answer speaks of, and how it went.
fn answer(walk: &mut Walk<'_, '_>) -> Option<()> {
    let option = walk.number(1)?;
    let word = option_name(option);
    walk.fields
        .code("pn_dcp.suboption_control_option", option, word);
    let (name, words) = suboption(option);
    let sub = walk.number(1)?;
    walk.fields.code(name, sub, words(sub));
    walk.steps(&[Code(1, "pn_dcp.block_error", block_error)])
}

static ADDRESS: &[Step] = &[
    Ip("pn_dcp.suboption_ip_ip"),
    Ip("pn_dcp.suboption_ip_subnetmask"),
    Ip("pn_dcp.suboption_ip_standard_gateway"),
];
static MAC: &[Step] = &[Mac("pn_dcp.suboption_ip_mac_address")];
static SUITE: &[Step] = &[
    Step::All(ADDRESS),
    Ip("iia.profinet.dns_server"),
    Ip("iia.profinet.dns_server"),
    Ip("iia.profinet.dns_server"),
    Ip("iia.profinet.dns_server"),
];
static DEVICE_ID: &[Step] = &[
    Num(2, "pn_dcp.suboption_vendor_id"),
    Num(2, "pn_dcp.suboption_device_id"),
];
static ROLE: &[Step] = &[
    Flags(
        1,
        "pn_dcp.suboption_device_role",
        &[
            Bits("iia.profinet.role_io_device", 0, 1, plain),
            Bits("iia.profinet.role_io_controller", 1, 1, plain),
            Bits("iia.profinet.role_io_multidevice", 2, 1, plain),
            Bits("iia.profinet.role_io_supervisor", 3, 1, plain),
        ],
    ),
    Num(1, "pn_dcp.reserved8"),
];
static INSTANCE: &[Step] = &[
    Num(1, "pn_dcp.suboption_device_instance"),
    Num(1, "pn_dcp.suboption_device_instance"),
];
static OEM_ID: &[Step] = &[
    Num(2, "pn_dcp.suboption_device_oem_ven_id"),
    Num(2, "pn_dcp.suboption_device_oem_dev_id"),
];
static RSI: &[Step] = &[Flags(
    2,
    "pn_dcp.suboption_device_rsi_properties_value",
    &[
        Bits(
            "pn_dcp.suboption_device_rsi_properties_value.bit0",
            0,
            1,
            plain,
        ),
        Bits(
            "pn_dcp.suboption_device_rsi_properties_value.bit1",
            1,
            1,
            plain,
        ),
        Bits(
            "pn_dcp.suboption_device_rsi_properties_value.bit2",
            2,
            1,
            plain,
        ),
        Bits(
            "pn_dcp.suboption_device_rsi_properties_value.bit3",
            3,
            1,
            plain,
        ),
        Bits(
            "pn_dcp.suboption_device_rsi_properties_value.bit4",
            4,
            1,
            plain,
        ),
        Bits(
            "pn_dcp.suboption_device_rsi_properties_value.bit5",
            5,
            1,
            plain,
        ),
    ],
)];

const fn signal(value: u64) -> Option<&'static str> {
    match value {
        0x0100 => Some("flash once"),
        _ => None,
    }
}

const fn initiative(value: u64) -> Option<&'static str> {
    Some(match value {
        0 => "no hello after power on",
        1 => "hello after power on",
        _ => return None,
    })
}

/// What an option of DHCP begins with (RFC 2132, 2).
static DHCP_HEAD: &[Step] = &[
    Code(1, "pn_dcp.suboption_dhcp_option_code", dhcp),
    Num(1, "pn_dcp.suboption_dhcp_parameter_length"),
];
static DHCP_OTHER: &[Step] = &[Step::All(DHCP_HEAD), Rest("iia.profinet.dhcp_data")];
static DHCP_CONTROL: &[Step] = &[
    Step::All(DHCP_HEAD),
    Num(1, "pn_dcp.suboption_dhcp_parameter_data"),
];
/// A first byte of 0 says that the rest is arbitrary (RFC 2132, 9.14).
static CLIENT_ID: &[Step] = &[
    Step::All(DHCP_HEAD),
    Num(1, "pn_dcp.suboption_dhcp_parameter_data"),
    Step::Say("pn_dcp.suboption_dhcp_client_id"),
];

/// The layout of a value.
const fn value(option: u64, sub: u64) -> &'static [Step] {
    match (option, sub) {
        (IP, 1) => MAC,
        (IP, 2) => ADDRESS,
        (IP, 3) => SUITE,
        (DEVICE, 1) => &[Step::Say("pn_dcp.suboption_device_devicevendorvalue")],
        (DEVICE, 2) => &[Step::Say("pn_dcp.suboption_device_nameofstation")],
        (DEVICE, 3) => DEVICE_ID,
        (DEVICE, 4) => ROLE,
        (DEVICE, 6) => &[Step::Say("pn_dcp.suboption_device_aliasname")],
        (DEVICE, 7) => INSTANCE,
        (DEVICE, 8) => OEM_ID,
        (DEVICE, 10) => RSI,
        (DHCP, 255) => DHCP_CONTROL,
        (DHCP, 61) => CLIENT_ID,
        (DHCP, _) => DHCP_OTHER,
        (CONTROL, 3) => &[Code(2, "pn_dcp.suboption_control_signal_value", signal)],
        (INITIATIVE, 1) => &[Code(2, "pn_dcp.deviceinitiative_value", initiative)],
        (TSN, 1) => TSN_NAME,
        (TSN, 2) => &[Num(2, "pn_dcp.suboption_tsn_nme_prio")],
        (TSN, 3) => &[Uuid("pn_dcp.suboption_tsn_nme_parameter_uuid")],
        (TSN, 4) => &[Uuid("pn_dcp.suboption_tsn_nme_agent")],
        _ => &[Rest("iia.profinet.block_data")],
    }
}

static TSN_NAME: &[Step] = &[
    Uuid("pn_dcp.tsn_domain_uuid"),
    Step::Say("pn_dcp.suboption_tsn_domain_name"),
];
