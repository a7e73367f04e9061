//! Modbus (Modbus Application Protocol V1.1b3): over TCP and UDP (Messaging on TCP/IP V1.0b), and in the frames of a serial
//! line (Modbus over Serial Line V1.02), on one or carried by TCP or UDP.

pub mod ascii;
pub mod names;
pub mod packet;
pub mod repr;
pub mod rtu;
pub mod told;
pub mod values;

pub use packet::{Adu, Framing, frame};
pub use repr::{Request, Response};
