//! A refusal, as the audit chain and whoever watches over assets are told of it.

use iia_core::code::Coded as _;
use iia_core::event::{Event, EventKind};
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;
use iia_core::{SpiffeId, Timestamp};

use super::{AdmissionError, Sha256};

/// What did not start, and why.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{workload} does not start, {asset} {place}: {error}")]
pub struct Refused {
    /// As whom it wanted to run.
    pub workload: SpiffeId,
    /// What it is: image or executable.
    pub asset: &'static str,
    /// Where it lies.
    pub place: String,
    /// What it is by its bytes, where they could be read.
    pub digest: Option<Sha256>,
    /// Why it is refused.
    pub error: Box<AdmissionError>,
}

impl Refused {
    /// The record for the audit chain (001:370).
    pub fn event(&self, now: Timestamp) -> Event {
        Event::new(EventKind::SignatureFailed, now)
            .with("step", "admission")
            .with("why", self.error.to_string())
            .with("code", self.error.code().to_string())
            .with("id", self.workload.as_str())
            .with("asset", self.asset)
            .with("place", self.place.as_str())
            .with("digest", self.name())
    }

    /// The asset-integrity event: what lies on the box is not what was built for it.
    pub fn finding(&self, now: Timestamp) -> Finding {
        Finding {
            ts_ns: now.as_ns(),
            stream: Stream::ATTEST_IMAGE.as_str().into(),
            conclusion: Conclusion::Diverge,
            severity: Severity::High,
            contract: String::new(),
            clause: "admission".into(),
            source: self.workload.as_str().into(),
            destination: self.place.clone(),
            operation: "start".into(),
            reason: self.to_string(),
            evidence: vec![self.name()],
        }
    }

    fn name(&self) -> String {
        self.digest
            .map_or_else(String::new, |digest| digest.to_string())
    }
}
