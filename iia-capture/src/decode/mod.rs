//! Decoders, each usable alone: bytes and a moment in, what was said out.
//!
//! A decoder of a stream is a [`Session`]: it says where a unit ends ([`Session::cut`]) and reads one
//! ([`Session::unit`]). A decoder of frames without IP is a [`Frames`]. Both speak through a [`Turn`], field by field, in
//! the names that Wireshark filters by. Packets and meaning are apart: each protocol's `packet` finds the bytes, the rest
//! says what they mean.

pub mod arp;
pub mod dhcp;
pub mod dns;
pub mod enip;
pub mod ethercat;
pub mod goose;
pub mod http;
mod line;
pub mod lldp;
pub mod modbus;
pub mod mqtt;
pub mod mqtt_sn;
pub mod ntp;
pub mod opcua;
pub mod profinet;
mod reader;
mod recognise;
pub mod tls;
mod turn;

pub use line::{ASKED_LEN_MAX, Asked, LINE_MAX, Line};
pub use reader::Reader;
pub(crate) use recognise::{claimed, datagram, frames, serves, stream};
pub use turn::{FIELDS_MAX, Fields, Known, Scratch, Sink, Turn};

use core::fmt::Debug;

use iia_core::Timestamp;
use iia_core::observe::Protocol;
use iia_core::time::SECOND_NS;

/// Bytes of a unit that a stream keeps until it is whole; of a longer one the beginning is decoded and the rest passed.
pub const UNIT_LEN_MAX: usize = 64 * 1024;

/// What waits for an answer waits so long at least, unless its decoder wants every [`tick`](Session::tick).
pub const WAIT_MIN_NS: i64 = 10 * SECOND_NS;

/// What stands at the start of some bytes of a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cut {
    /// A unit of so many bytes, all of which may not have come yet.
    Unit(u64),
    /// The beginning of one, as far as can be seen.
    More,
    /// No unit can start like this.
    Not,
}

/// One conversation: the decoder of a TCP connection or of a flow of datagrams, with what it remembers.
pub trait Session: Debug + Send {
    /// What it decodes.
    fn protocol(&self) -> Protocol;

    /// Where the unit at the start of `bytes` ends; never called with no bytes, nor for datagrams.
    fn cut(&self, from_orig: bool, bytes: &[u8]) -> Cut;

    /// Reads one unit of a stream, or one datagram. Of a unit longer than [`UNIT_LEN_MAX`] it gets the beginning.
    fn unit(&mut self, turn: &mut Turn<'_>, unit: &[u8]);

    /// Whether enough was seen to name the flow after it.
    fn proven(&self) -> bool {
        true
    }

    /// Bytes of one direction are missing from here on.
    fn gap(&mut self, _from_orig: bool) {}

    /// Called once a second of capture time: what waited too long for its answer is told.
    fn tick(&mut self, _turn: &mut Turn<'_>) {}

    /// Before then [`tick`](Session::tick) would do nothing and need not be called, if no unit comes. Always
    /// [`Timestamp::MIN`], or not sooner than [`WAIT_MIN_NS`] after the last unit.
    fn due(&self) -> Timestamp {
        Timestamp::MIN
    }

    /// The flow is over: what still waits is told.
    fn end(&mut self, _turn: &mut Turn<'_>) {}

    /// Bytes that it keeps for requests and the like, so that all flows together can be bounded.
    fn held(&self) -> usize {
        0
    }
}

/// A decoder of frames without IP, one for all ends of a link, with what it remembers.
pub trait Frames: Debug + Send {
    /// What a frame carries; `payload` begins behind the EtherType.
    fn protocol(&self, payload: &[u8]) -> Protocol;

    /// The service that it asks for or gives, where contracts of the protocol go by services.
    fn service(&self, _payload: &[u8]) -> Option<u8> {
        None
    }

    /// Reads a frame.
    fn frame(&mut self, turn: &mut Turn<'_>, payload: &[u8]);

    /// As [`Session::tick`].
    fn tick(&mut self, _turn: &mut Turn<'_>) {}

    /// As [`Session::end`].
    fn end(&mut self, _turn: &mut Turn<'_>) {}
}
