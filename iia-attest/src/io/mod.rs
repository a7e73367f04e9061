//! `ot.attestation.io`: does the box say what was on the wire, and was on the wire what the plant did?
//!
//! An IO master reads the same values a second time, on a way of its own: its own tap, its own decoders
//! ([`wire`]), its own converters ([`sample`]). This module compares ([`Io`]) and says, where they differ, on which
//! stretch of the way and in what manner ([`Class`]).
//!
//! ```text
//!  sensor ──── wire ────── device ─────── network ─────── box
//!  Station::   Station::   Station::      (a proxy?)      Station::
//!  Sensor      Wire        Device                         Box
//!      tampered wire  misreporting device   dropped, changed, late frame,
//!                                           man in the middle, clock skew
//! ```

pub mod batch;
pub mod compare;
pub mod observer;
pub mod point;
pub mod reading;
pub mod sample;
pub mod tap;
pub mod wire;

pub use batch::{Batch, Draft};
pub use compare::{Class, Io};
pub use observer::{Master, Observer};
pub use point::{Format, Layout, Place, Point, Terms, Tolerance};
pub use reading::{Fault, Observation, PointId, Reading, Station};
pub use tap::Tap;
