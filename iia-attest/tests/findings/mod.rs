//! Findings, an aggregator, and what comes out of it.
#![allow(dead_code, reason = "every test file uses some of it")]
#![allow(clippy::unwrap_used, reason = "part of tests")]

use iia_attest::aggregate::{Aggregator, Alert, Answers, How, Job, Sink, Told};
use iia_contract::answer::{Call, Named, Raci, Sides};
use iia_contract::raw::Version;
use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding, Severity};
use iia_core::stream::Stream;

pub(crate) const BOTH: [Sink; 2] = [Sink::Journal, Sink::Relay];

pub(crate) fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

pub(crate) fn finding(stream: &Stream, source: &str, reason: &str) -> Finding {
    Finding {
        ts_ns: at(1).as_ns(),
        stream: stream.as_str().into(),
        conclusion: Conclusion::Diverge,
        severity: Severity::High,
        contract: String::new(),
        clause: "parties".into(),
        source: source.into(),
        destination: "10.20.0.21:502".into(),
        operation: String::new(),
        reason: reason.into(),
        evidence: vec!["ot.acs.modbus#1/7".into()],
    }
}

pub(crate) fn network(source: &str, reason: &str) -> Finding {
    finding(&Stream::ATTEST_NETWORK, source, reason)
}

pub(crate) fn converged(finding: &Finding) -> Finding {
    Finding {
        conclusion: Conclusion::Converge,
        reason: "as agreed again".into(),
        ts_ns: finding.ts_ns + 1,
        ..finding.clone()
    }
}

pub(crate) fn aggregator() -> Aggregator {
    Aggregator::new(Answers::default(), &BOTH).unwrap()
}

pub(crate) fn told(aggregator: &mut Aggregator) -> Vec<Told> {
    std::iter::from_fn(|| aggregator.poll_told()).collect()
}

pub(crate) fn hows(aggregator: &mut Aggregator) -> Vec<How> {
    told(aggregator).iter().map(|one| one.how).collect()
}

/// What a sink is told until it has nothing to do.
pub(crate) fn drain(aggregator: &mut Aggregator, now: Timestamp, sink: Sink) -> Vec<Alert> {
    let mut all = Vec::new();
    while let Some(job) = aggregator.poll_job(now, sink) {
        aggregator.handle_outcome(now, sink, Ok(()));
        match job {
            Job::Deliver(alert) => all.push(alert),
            Job::Probe => break,
        }
    }
    all
}

pub(crate) fn row(contract: &str, event: &str, role: &str) -> Raci {
    let named = |role: &str| Named {
        role: role.into(),
        contact: format!("oncall://site/{role}"),
    };
    Raci {
        contract: contract.into(),
        version: Version::NONE,
        organization: String::new(),
        event: event.into(),
        accountable: Sides {
            acs: vec![named(role)],
            upstream: vec![named("somebody-else")],
        },
        responsible: Sides::default(),
        consulted: Vec::new(),
        informed: Vec::new(),
        not_applicable: String::new(),
        call: Call::default(),
    }
}
