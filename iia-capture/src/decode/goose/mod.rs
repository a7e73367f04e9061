//! GOOSE (IEC 61850-8-1, 18 and annex A): events of substations, said to all, again and again until they are heard.
//!
//! A message has no answer. Its record says how it stands to the publisher's last one: a new state, one that was
//! missed, one that was said before, one that comes later than it may live.

mod ber;
mod data;
mod pdu;
mod publishers;
mod time;

use iia_core::observe::{Outcome, Protocol, Value};

pub use data::DEPTH_MAX;
pub use publishers::PUBLISHERS_MAX;

use ber::Element;
use publishers::Publishers;

use super::{Frames, Reader, Turn};

/// The tag of a message.
const GOOSE: u8 = 0x61;
/// The tag of a message about control blocks.
const MANAGEMENT: u8 = 0x60;
/// Bytes before the message: application, length, two words that are reserved.
const HEADER_LEN: usize = 8;
/// The bit of the first reserved word that says that a tester sent the frame (IEC 61850-8-1, C.2.4).
const SIMULATED: u16 = 0x8000;

/// All publishers of a capture.
#[derive(Debug, Default)]
pub struct Goose {
    publishers: Publishers,
}

impl Frames for Goose {
    fn protocol(&self, _payload: &[u8]) -> Protocol {
        Protocol::Goose
    }

    fn frame(&mut self, turn: &mut Turn<'_>, payload: &[u8]) {
        let mut fields = turn.fields();
        let mut reader = Reader::new(payload);
        let (Some(appid), Some(length), Some(first), Some(second)) =
            (reader.be16(), reader.be16(), reader.be16(), reader.be16())
        else {
            return turn.tell("frame_cut", Outcome::Malformed, fields);
        };
        fields.uint("goose.appid", appid);
        fields.uint("goose.length", length);
        fields.uint("goose.reserve1", first);
        fields.add("goose.reserve1.s_bit", Value::Bool(first & SIMULATED != 0));
        fields.uint("goose.reserve2", second);
        let len = usize::from(length).saturating_sub(HEADER_LEN);
        let whole = usize::from(length) >= HEADER_LEN && reader.len() >= len;
        let mut body = Reader::new(reader.rest().get(..len).unwrap_or(reader.rest()));
        let element = Element::next(&mut body);
        let sound = whole && body.is_empty() && element.is_some_and(|element| element.whole);
        let (what, sound) = match element {
            Some(one) if one.tag == GOOSE => {
                let (head, keeps) = pdu::tell(&mut fields, one.body);
                let when = (turn.ts, turn.between, appid);
                if keeps {
                    self.publishers.follow(&mut fields, when, &head);
                }
                let simulates = first & SIMULATED == 0 || head.simulated;
                ("send_goose_message", sound && keeps && simulates)
            }
            Some(one) => {
                fields.add("iia.goose.bytes", Value::Bytes(one.body));
                match one.tag {
                    MANAGEMENT => ("gse_management", sound),
                    _ => ("unknown", false),
                }
            }
            None => ("unknown", false),
        };
        let outcome = match sound {
            true => Outcome::Stated,
            false => Outcome::Malformed,
        };
        turn.tell(what, outcome, fields);
    }
}
