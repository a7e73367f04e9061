//! Frames without IP: who sends what to whom, learnt by Ethernet addresses.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use core::fmt::Write as _;

use iia_core::observe::{Frame, Mac, Protocol};

use super::{Evidence, write};

/// Senders learnt at most, each in each protocol; beyond it frames are counted.
pub const SENDERS_MAX: usize = 4096;
/// Receivers of a sender learnt at most; frames to further ones are counted.
pub const RECEIVERS_MAX: usize = 256;
/// Types begin here; what is below is a length (IEEE 802.3, 3.2.6).
const ETHERTYPE_MIN: u16 = 0x0600;

/// Who says what.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Sender {
    protocol: Protocol,
    ethertype: u16,
    mac: Mac,
}

/// To whom, with which service: how often.
#[derive(Clone, Debug, Default)]
struct Sent {
    kinds: BTreeMap<(Mac, Option<u8>), u64>,
    evidence: Evidence,
}

/// What was learnt of frames.
#[derive(Debug, Default)]
pub(super) struct Frames {
    sent: BTreeMap<Sender, Sent>,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Heard {
    Learnt,
    /// A frame of IEEE 802.3 has a length in place of a type, and a contract has no word for it.
    Untyped,
    NoRoom,
}

impl Frames {
    /// Takes a frame.
    pub(super) fn observe(&mut self, frame: &Frame, capture: usize) -> Heard {
        if frame.ethertype < ETHERTYPE_MIN {
            return Heard::Untyped;
        }
        let sender = Sender {
            protocol: frame.protocol,
            ethertype: frame.ethertype,
            mac: frame.source,
        };
        if self.sent.len() >= SENDERS_MAX && !self.sent.contains_key(&sender) {
            return Heard::NoRoom;
        }
        let sent = self.sent.entry(sender).or_default();
        let kind = (frame.destination, frame.func);
        if sent.kinds.len() >= RECEIVERS_MAX && !sent.kinds.contains_key(&kind) {
            return Heard::NoRoom;
        }
        *sent.kinds.entry(kind).or_default() += 1;
        sent.evidence.observe(frame.ts, frame.ts, capture);
        Heard::Learnt
    }

    pub(super) fn len(&self) -> usize {
        self.sent.len()
    }

    /// The contracts, each under its id.
    pub(super) fn write(&self, captures: &[String], entries: &mut BTreeMap<String, String>) {
        for (sender, sent) in &self.sent {
            let kind = match sender.protocol {
                Protocol::Unknown => format!("frames-{:04x}", sender.ethertype),
                known => known.name().replace('_', "-"),
            };
            let mac = format!("{}", sender.mac).replace(':', "-");
            let id = format!("iia.contract.device.{kind}-{mac}");
            entries.insert(id.clone(), sent.contract(sender, &id, captures));
        }
    }
}

impl Sent {
    fn contract(&self, sender: &Sender, id: &str, captures: &[String]) -> String {
        let mut out = String::from("\n");
        let mut evidence = self.evidence.clone();
        evidence.once = self.kinds.values().filter(|count| **count == 1).count() as u64;
        write::seen(&mut out, &evidence, "frames", captures);
        let protocol = match sender.protocol {
            Protocol::Unknown => "other",
            known => known.name(),
        };
        let _ = write!(
            out,
            "contract {id} 0.1.0 {{\n  scope device\n  protocol {protocol}\n  sender \"{}\"\n",
            sender.mac
        );
        let receivers: BTreeSet<String> = self
            .kinds
            .keys()
            .map(|kind| format!("{}", kind.0))
            .collect();
        for receiver in receivers {
            let _ = writeln!(out, "  receiver \"{receiver}\"");
        }
        if sender.protocol.ethertype().is_none() {
            let _ = writeln!(out, "  ethertype \"0x{:04x}\"", sender.ethertype);
        }
        let functions: BTreeSet<String> = self
            .kinds
            .keys()
            .filter_map(|kind| kind.1)
            .map(|func| format!("{func}"))
            .collect();
        for function in functions {
            let _ = writeln!(out, "  function {function}");
        }
        out.push_str("}\n");
        out
    }
}
