//! PROFINET (IEC 61158-6-10): discovery and configuration, cyclic data, alarms and time in frames of their own, context
//! management over DCE/RPC, and the media redundancy that rings of it use (IEC 62439-2).
//!
//! What stands in blocks is told by tables (`layout`), which one walk reads; a block that no table knows is told by its
//! type and its bytes.

mod alarm;
mod blocks;
mod cm;
mod dcp;
mod epm;
mod errors;
mod layout;
mod mrp;
mod names;
mod options;
mod packet;
mod ptcp;
mod rt;
mod stub;
mod waiting;
mod walk;

pub use cm::{ASSEMBLIES_MAX, ASSEMBLY_LEN_MAX, ContextManagement, claims, fits};
pub use mrp::Mrp;
pub use packet::{Interface, Kind, Order, Packet};
pub use rt::{Class, Rt, RtUdp, class, fits as fits_rt};
pub(crate) use waiting::Waiting;
pub use waiting::{WAITING_LEN_MAX, WAITING_MAX};

pub(super) use cm::PORT as CM_PORT;
pub(super) use rt::PORTS as RT_PORTS;
