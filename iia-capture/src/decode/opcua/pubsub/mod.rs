//! OPC UA without sessions: messages to whoever listens, in the UADP encoding (OPC 10000-14, 7.2.4), over UDP or
//! straight on Ethernet. What a publisher says about its messages elsewhere is not needed to read their headers; fields
//! that carry their type are told with their values, raw ones as bytes.

use iia_core::Timestamp;
use iia_core::observe::{Outcome, Protocol, Value};

use super::value::Teller;
use crate::decode::{Cut, Fields, Frames, Session, Turn};
use network::Network;
use pieces::Pieces;
pub use pieces::{PIECES_MAX, WAITING_MAX, WHOLE_LEN_MAX};

mod data_set;
mod network;
mod pieces;

/// Data set messages of one network message at most: their number is a byte.
pub const MESSAGES_MAX: usize = 255;

/// A flow of datagrams, or all that is said on Ethernet. It remembers pieces of messages that are not whole.
#[derive(Debug, Default)]
pub struct PubSub {
    pieces: Pieces,
}

/// Whether a datagram can be UADP: its headers keep the rules, and what they say of its parts adds up to its length.
pub fn fits(bytes: &[u8]) -> bool {
    let mut fields = Fields::new();
    let mut teller = Teller::new(&mut fields, bytes);
    let mut network = Network::default();
    tell(&mut teller, &mut network).is_some() && (teller.reader.is_empty() || network.signed)
}

impl Session for PubSub {
    fn protocol(&self) -> Protocol {
        Protocol::OpcUaPubSub
    }

    fn cut(&self, _from_orig: bool, bytes: &[u8]) -> Cut {
        Cut::Unit(bytes.len() as u64)
    }

    fn due(&self) -> Timestamp {
        Timestamp::MAX
    }

    fn unit(&mut self, turn: &mut Turn<'_>, unit: &[u8]) {
        self.message(turn, unit, false);
    }

    fn held(&self) -> usize {
        self.pieces.held()
    }
}

impl Frames for PubSub {
    fn protocol(&self, _payload: &[u8]) -> Protocol {
        Protocol::OpcUaPubSub
    }

    fn frame(&mut self, turn: &mut Turn<'_>, payload: &[u8]) {
        self.message(turn, payload, true);
    }
}

impl PubSub {
    /// One network message; a frame of Ethernet may be filled up with zeros behind it. What was sent in pieces is told with
    /// the piece that makes it whole.
    fn message(&mut self, turn: &mut Turn<'_>, bytes: &[u8], filled: bool) {
        let whole;
        let mut fields = turn.fields();
        let mut teller = Teller::new(&mut fields, bytes);
        let mut network = Network::default();
        let mut told = tell(&mut teller, &mut network);
        let rest = teller.reader.rest();
        let padding = filled && rest.iter().all(|byte| *byte == 0);
        // How many messages there are without a header for them, or behind a signature what, is agreed on elsewhere.
        let agreed = network.signed || network.writers.is_none();
        if told.is_some() && !padding && !rest.is_empty() {
            fields.uint("iia.uadp.unread", rest.len() as u64);
        }
        let ends = rest.is_empty() || padding || agreed;
        let piece = network.piece.filter(|_| told.is_some());
        if let Some(put) = piece.and_then(|piece| self.pieces.take(&piece)) {
            whole = put;
            let mut teller = Teller::new(&mut fields, &whole);
            told = network.whole(&mut teller);
            told = told.filter(|()| teller.reader.is_empty());
        }
        let outcome = match told.is_some() && ends {
            true => Outcome::Stated,
            false => Outcome::Malformed,
        };
        turn.tell(network.what(), outcome, fields);
    }
}

/// Tells a network message as far as it can be read; `None` when it breaks the rules.
fn tell<'a>(teller: &mut Teller<'_, 'a>, network: &mut Network<'a>) -> Option<()> {
    network.read(teller)?;
    if !network.sealed {
        return network.payload(teller);
    }
    let name = "iia.uadp.encrypted";
    teller.fields.add(name, Value::Bool(true));
    network::rest(teller)
}
