//! Connections and datagrams of OPC UA.

use iia_capture::decode::opcua::{MESSAGE_LEN_MAX, OpcUa, PARTS_MAX, claims, pubsub};
use iia_capture::decode::{Cut, FIELDS_MAX, Known, Scratch, Session, Turn};
use iia_core::Timestamp;
use iia_core::observe::{Between, Flow, Observation, Outcome, Protocol, Said, Transport};

use crate::input::Input;

/// Pieces of a conversation at most.
const PIECES_MAX: usize = 64;

/// A conversation in pieces: told the same twice, each request at most once, and nothing kept beyond its limits.
pub fn opcua(data: &[u8]) {
    assert_eq!(talk(data), talk(data));
}

fn talk(data: &[u8]) -> Vec<String> {
    let mut input = Input(data);
    let (mut known, mut scratch, mut told) = (Known::default(), Scratch::default(), Vec::new());
    let (mut session, mut unsent) = (OpcUa::default(), pubsub::PubSub::default());
    let mut streams = [Vec::new(), Vec::new()];
    for at in 0..PIECES_MAX {
        if input.is_empty() {
            break;
        }
        let (kind, piece) = (input.byte(), input.piece());
        let from_orig = kind & 1 == 0;
        let mut sink = |seen: &Observation<'_>| {
            if let Observation::Said(said) = seen {
                sound(said);
                told.push(format!("{said:?}"));
            }
        };
        let when = (
            Timestamp::from_secs(at as i64),
            Between::Flow(flow()),
            from_orig,
        );
        let mut turn = Turn::new(when, Protocol::OpcUa, (&mut known, &mut scratch), &mut sink);
        let broken = match kind >> 1 & 3 {
            0 | 1 => {
                let stream = &mut streams[usize::from(from_orig)];
                stream.extend_from_slice(piece);
                units(&mut session, &mut turn, stream);
                false
            }
            2 => {
                let before = turn.malformed;
                unsent.unit(&mut turn, piece);
                pubsub::fits(piece) && turn.malformed > before
            }
            _ => {
                session.gap(from_orig);
                false
            }
        };
        // What fits is told as sound, unless it is the last piece of something that is not.
        let piece = told
            .last()
            .is_some_and(|one| one.contains("iia.uadp.chunk.len"));
        assert!(!broken || piece);
        assert!(unsent.held() <= pubsub::WAITING_MAX * (pubsub::WHOLE_LEN_MAX + 70_000));
        assert!(session.held() <= PARTS_MAX * 2 * (MESSAGE_LEN_MAX + 64) + 64 * 70_000);
    }
    let mut sink = |seen: &Observation<'_>| {
        if let Observation::Said(said) = seen {
            sound(said);
        }
    };
    let when = (Timestamp::from_secs(1000), Between::Flow(flow()), true);
    let mut turn = Turn::new(when, Protocol::OpcUa, (&mut known, &mut scratch), &mut sink);
    session.end(&mut turn);
    assert_eq!(session.held(), 0);
    told
}

/// Reads every unit that is whole.
fn units(session: &mut OpcUa, turn: &mut Turn<'_>, stream: &mut Vec<u8>) {
    while !stream.is_empty() {
        let cut = session.cut(turn.from_orig, stream);
        let Cut::Unit(len) = cut else {
            assert!(cut == Cut::More && stream.len() < 8);
            return;
        };
        assert!(len > 0);
        assert!(!claims(stream) || len >= 16);
        let len = len as usize;
        if len > stream.len() {
            return;
        }
        let unit: Vec<u8> = stream.drain(..len).collect();
        session.unit(turn, &unit);
    }
}

/// What is told has an end, and an answer only where something was asked.
fn sound(said: &Said<'_>) {
    assert!(said.asked.len() <= FIELDS_MAX + 1 && said.answered.len() <= FIELDS_MAX + 1);
    assert!(said.latency_ns.is_none_or(|latency| latency >= 0));
    assert_eq!(
        said.outcome == Outcome::Orphan,
        said.asked.is_empty() && !said.answered.is_empty()
    );
    let fields = said.asked.iter().chain(said.answered);
    for field in fields {
        assert!(field.name.starts_with("opcua.") || field.name.starts_with("iia."));
        assert!(!field.name.ends_with("Password") && !field.name.ends_with("TokenData"));
    }
}

fn flow() -> Flow {
    Flow {
        transport: Transport::Tcp,
        orig_h: [10, 0, 0, 1].into(),
        resp_h: [10, 0, 0, 2].into(),
        orig_p: 40_000,
        resp_p: 4840,
        vlan: 0,
    }
}
