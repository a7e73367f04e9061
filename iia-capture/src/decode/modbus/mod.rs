//! Modbus/TCP (Modbus Application Protocol V1.1b3; Messaging on TCP/IP V1.0b).

pub mod names;
pub mod packet;
pub mod repr;
pub mod told;

pub use packet::{Adu, Framing, frame};
pub use repr::{Request, Response};
