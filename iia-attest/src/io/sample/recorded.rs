//! A trace that was written down: a line a sample, nanoseconds and counts with a comma between.

use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::code::{Code, Coded};

use super::{Sample, Source};

/// Samples of a trace at most.
pub(super) const SAMPLES_MAX: usize = 1 << 20;

/// Why a trace is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// A line is not nanoseconds, a comma and counts.
    #[error("line {line} of the trace is no sample")]
    BadLine {
        /// From 1.
        line: usize,
    },
    /// A sample is older than the one before it.
    #[error("line {line} of the trace is older than the one before")]
    Backwards {
        /// From 1.
        line: usize,
    },
    /// More samples than are kept.
    #[error("more than {SAMPLES_MAX} samples in a trace")]
    TooLong,
}

impl Coded for TraceError {
    fn code(&self) -> Code {
        let number = match self {
            Self::BadLine { .. } => 34,
            Self::Backwards { .. } => 35,
            Self::TooLong => 431,
        };
        Code::new("ATT", number)
    }
}

/// A trace.
#[derive(Clone, Debug)]
pub struct Recorded {
    samples: Vec<Sample>,
    next: usize,
}

impl Recorded {
    /// Reads a trace; empty lines and lines that begin with `#` are left out.
    ///
    /// # Errors
    /// The first line that is no sample.
    pub fn parse(text: &str) -> Result<Self, TraceError> {
        let mut samples = Vec::<Sample>::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let (at, counts) = text
                .split_once(',')
                .and_then(|(at, counts)| Some((at.parse().ok()?, counts.trim().parse().ok()?)))
                .ok_or(TraceError::BadLine { line })?;
            let at = Timestamp::from_ns(at);
            if samples.last().is_some_and(|last| at < last.at) {
                return Err(TraceError::Backwards { line });
            }
            if samples.len() >= SAMPLES_MAX {
                return Err(TraceError::TooLong);
            }
            samples.push(Sample { at, counts });
        }
        Ok(Self { samples, next: 0 })
    }
}

impl Source for Recorded {
    fn poll_sample(&mut self, now: Timestamp) -> Option<Sample> {
        let sample = *self.samples.get(self.next).filter(|one| one.at <= now)?;
        self.next += 1;
        Some(sample)
    }
}
