//! The one shape of every observer: observations and time in, findings out; no I/O, no clock.

use iia_core::Timestamp;
use iia_core::finding::Finding;

/// An observer that compares what it sees with reference values it was given (RATS: a Verifier).
pub trait Correlator {
    /// What it sees.
    type Observation;

    /// Takes an observation made at `now`. Drain findings afterwards.
    fn handle_observation(&mut self, now: Timestamp, observation: Self::Observation);

    /// Takes the passing of time. Drain findings afterwards.
    fn handle_timeout(&mut self, now: Timestamp);

    /// The next finding.
    fn poll_finding(&mut self) -> Option<Finding>;

    /// When to call [`Self::handle_timeout`] next.
    fn poll_timeout(&self) -> Option<Timestamp>;
}
