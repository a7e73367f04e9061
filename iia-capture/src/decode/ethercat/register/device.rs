//! What the controller is, its station address, its ports, its state machine (ETG.1000.4, 6.1; ETG.1000.6, 5.3).

use super::{Register, bits, coded, flag, named, parts, plain};
use crate::decode::ethercat::names;

/// The registers in the order of their addresses.
pub(super) const REGISTERS: &[Register] = &[
    plain(0x0000, 1, "ecat.reg.revision"),
    named(0x0001, 1, "ecat.reg.type", names::esc_type),
    plain(0x0002, 2, "ecat.reg.build"),
    plain(0x0004, 1, "ecat.reg.fmmucnt"),
    plain(0x0005, 1, "ecat.reg.smcnt"),
    plain(0x0006, 1, "ecat.reg.ports"),
    plain(0x0007, 1, "ecat.reg.dpram"),
    parts(
        0x0008,
        2,
        "ecat.reg.features",
        &[
            flag("ecat.reg.features.fmmurestrict", 0),
            flag("ecat.reg.features.smaddrrestrict", 1),
            flag("ecat.reg.features.dcsupport", 2),
            flag("ecat.reg.features.dc64support", 3),
            flag("ecat.reg.features.ebuslowjitter", 4),
            flag("ecat.reg.features.ebusextlinkdetect", 5),
            flag("ecat.reg.features.miiextlinkdetect", 6),
            flag("ecat.reg.features.crcext", 7),
        ],
    ),
    plain(0x0010, 2, "ecat.reg.physaddr"),
    plain(0x0012, 2, "ecat.reg.physaddr2"),
    plain(0x0020, 2, "ecat.reg.regprotect"),
    plain(0x0030, 2, "ecat.reg.accessprotect"),
    plain(0x0040, 1, "ecat.reg.resetecat"),
    plain(0x0041, 1, "ecat.reg.resetpdi"),
    parts(
        0x0100,
        1,
        "ecat.reg.dlctrl1",
        &[
            flag("ecat.reg.dlctrl1.killnonecat", 0),
            flag("ecat.reg.dlctrl1.port0extlinkdetect", 4),
            flag("ecat.reg.dlctrl1.port1extlinkdetect", 5),
            flag("ecat.reg.dlctrl1.port2extlinkdetect", 6),
            flag("ecat.reg.dlctrl1.port3extlinkdetect", 7),
        ],
    ),
    parts(
        0x0101,
        1,
        "ecat.reg.dlcrtl2",
        &[
            coded("ecat.reg.dlcrtl2.port0", 0, 2, names::loop_control),
            coded("ecat.reg.dlcrtl2.port1", 2, 2, names::loop_control),
            coded("ecat.reg.dlcrtl2.port2", 4, 2, names::loop_control),
            coded("ecat.reg.dlcrtl2.port3", 6, 2, names::loop_control),
        ],
    ),
    parts(
        0x0102,
        1,
        "ecat.reg.dlctrl3",
        &[
            bits("ecat.reg.dlctrl3.fifosize", 0, 3),
            flag("ecat.reg.dlctrl3.lowebusjit", 3),
        ],
    ),
    parts(
        0x0103,
        1,
        "ecat.reg.dlctrl4",
        &[flag("ecat.reg.dlctrl4.2ndaddress", 0)],
    ),
    plain(0x0108, 2, "ecat.regphysrwoffs"),
    parts(
        0x0110,
        1,
        "ecat.reg.dlstatus1",
        &[
            flag("ecat.reg.dlstatus1.operation", 0),
            flag("ecat.reg.dlstatus1.pdiwatchdog", 1),
            flag("ecat.reg.dlstatus1.enhlinkdetect", 2),
            flag("ecat.reg.dlstatus1.physlink.port0", 4),
            flag("ecat.reg.dlstatus1.physlink.port1", 5),
            flag("ecat.reg.dlstatus1.physlink.port2", 6),
            flag("ecat.reg.dlstatus1.physlink.port3", 7),
        ],
    ),
    parts(
        0x0111,
        1,
        "ecat.reg.dlstatus2",
        &[
            coded("ecat.reg.dlstatus2.port0", 0, 2, names::loop_state),
            coded("ecat.reg.dlstatus2.port1", 2, 2, names::loop_state),
            coded("ecat.reg.dlstatus2.port2", 4, 2, names::loop_state),
            coded("ecat.reg.dlstatus2.port3", 6, 2, names::loop_state),
        ],
    ),
    parts(
        0x0120,
        2,
        "ecat.reg.alctrl",
        &[
            coded("ecat.reg.alctrl.ctrl", 0, 4, names::al_state),
            flag("ecat.reg.alctrl.errack", 4),
            flag("ecat.reg.alctrl.id", 5),
        ],
    ),
    parts(
        0x0130,
        2,
        "ecat.reg.alstatus",
        &[
            coded("ecat.reg.alstatus.status", 0, 4, names::al_state),
            flag("ecat.reg.alstatus.err", 4),
            flag("ecat.reg.alstatus.id", 5),
        ],
    ),
    named(0x0134, 2, "ecat.reg.alstatuscode", names::al_status_code),
    parts(
        0x0140,
        1,
        "ecat.reg.pdictrl1",
        &[coded("ecat.reg.pdictrl1.pdi", 0, 8, names::pdi)],
    ),
    parts(
        0x0141,
        1,
        "ecat.reg.pdictrl2",
        &[
            flag("ecat.reg.pdictrl2.devemul", 0),
            flag("ecat.reg.pdictrl2.enhlnkdetect", 1),
            flag("ecat.reg.pdictrl2.dcsyncout", 2),
            flag("ecat.reg.pdictrl2.dcsyncin", 3),
            flag("ecat.reg.pdictrl2.enhlnkdetect0", 4),
            flag("ecat.reg.pdictrl2.enhlnkdetect1", 5),
            flag("ecat.reg.pdictrl2.enhlnkdetect2", 6),
            flag("ecat.reg.pdictrl2.enhlnkdetect3", 7),
        ],
    ),
];
