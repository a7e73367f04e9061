//! What a connection's right to be is bound to: the peer's SVID and its revocation, contracts, and time.

use iia_core::Timestamp;
use iia_core::time::Reading;

use super::{Connection, STALL_MAX_NS};
use crate::LinkError;
use crate::hello::Hello;
use crate::party::monotonic;

impl Connection {
    /// Another catalog counts: sessions that it does not cover end, and the peer gets the code.
    pub fn handle_gate(&mut self, now: &Reading) {
        let Some(peer) = &self.peer else { return };
        let gate = self.party.gate();
        let (me, them) = (self.party.id(), &peer.id);
        let (source, destination) = if self.dials { (me, them) } else { (them, me) };
        let verdicts: Vec<_> = self
            .mux
            .sessions()
            .map(|(number, hello, _)| (number, hello.check(gate.as_ref(), source, destination)))
            .collect();
        for (number, verdict) in verdicts {
            let done = match verdict {
                Ok(until) => {
                    self.mux.limit(number, until_ns(now, until));
                    Ok(())
                }
                Err(error) => self.mux.cut(number, error),
            };
            if let Err(error) = done {
                return self.end(error);
            }
        }
    }

    /// Time passes.
    pub fn handle_timeout(&mut self, now: &Reading) {
        let at = now.monotonic_ns;
        if let Err(error) = self.allowed(now) {
            return self.end(error);
        }
        if self
            .stalled_ns
            .is_some_and(|since| at >= since.saturating_add(STALL_MAX_NS))
        {
            return self.end(LinkError::TimedOut {
                what: "a peer that reads nothing",
            });
        }
        let ended = self.mux.sessions().filter(|(_, _, ends_ns)| at >= *ends_ns);
        for number in ended.map(|(number, ..)| number).collect::<Vec<_>>() {
            let _unread = self.mux.cut(number, LinkError::ContractEnded);
        }
        if at >= self.deadline_ns {
            let what = if self.peer.is_none() {
                "handshake"
            } else {
                "a peer without a session"
            };
            self.end(LinkError::TimedOut { what });
        }
    }

    /// When [`Connection::handle_timeout`] is due, on the monotonic clock.
    pub fn poll_timeout(&self) -> u64 {
        let stalled = self
            .stalled_ns
            .map_or(u64::MAX, |since| since.saturating_add(STALL_MAX_NS));
        let peer = self.peer.as_ref().map_or(u64::MAX, |peer| peer.ends_ns);
        let contracts = self.mux.sessions().map(|(_, _, ends_ns)| ends_ns).min();
        self.deadline_ns
            .min(stalled)
            .min(peer)
            .min(contracts.unwrap_or(u64::MAX))
    }

    // IIA 7: both ends ask their own catalog.
    pub(super) fn handle_hello(
        &mut self,
        now: &Reading,
        number: u32,
        hello: &Hello,
    ) -> Result<(), LinkError> {
        let peer = self.peer.as_ref().ok_or(LinkError::Tls)?;
        let verdict = hello.check(self.party.gate().as_ref(), &peer.id, self.party.id());
        let verdict = verdict.and_then(|until| match until_ns(now, until) {
            ends if ends <= now.monotonic_ns => Err(LinkError::ContractEnded),
            ends => Ok(ends),
        });
        let said = match &verdict {
            Ok(ends_ns) => {
                self.deadline_ns = u64::MAX;
                self.mux.accept(number, *ends_ns)
            }
            Err(error) => self.mux.refuse(number, error),
        };
        if let Err(error) = said {
            self.end(error);
        }
        verdict.map(|_| ())
    }

    /// Whether the peer may still speak and be spoken to; asked before each message.
    pub(super) fn allowed(&self, now: &Reading) -> Result<(), LinkError> {
        match &self.peer {
            Some(peer) if peer.is_revoked() => Err(LinkError::Revoked),
            Some(peer) if now.monotonic_ns >= peer.ends_ns => Err(LinkError::SvidExpired),
            _ => Ok(()),
        }
    }

    /// Whether the contract of a session is in force, whether or not somebody has looked at the time since it ended; asked
    /// before each message.
    pub(super) fn in_force(&mut self, now: &Reading, number: u32) -> Result<(), LinkError> {
        if now.monotonic_ns < self.mux.ends_ns(number) {
            return Ok(());
        }
        let _unread = self.mux.cut(number, LinkError::ContractEnded);
        Err(LinkError::ContractEnded)
    }
}

/// When a contract goes out of force, on the monotonic clock.
pub(super) fn until_ns(now: &Reading, until: Option<Timestamp>) -> u64 {
    until.map_or(u64::MAX, |until| monotonic(now, until))
}
