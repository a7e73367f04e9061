//! What is told of a finding, and its form as an event of the chain, there and back.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::finding::{Conclusion, Finding};

use super::AggregateError;
use super::accountable::{Accountable, NAMED_MAX};
use super::gravity::Gravity;

/// What kind of news it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum How {
    /// Nothing of this cause stood open.
    New,
    /// The same cause, and something else is said of it.
    Changed,
    /// The same of the same cause; it is counted.
    Again,
    /// It is over.
    Over,
    /// All is well, and nothing stood open: said on a cadence.
    Confirmed,
}

impl How {
    const ALL: [Self; 5] = [
        Self::New,
        Self::Changed,
        Self::Again,
        Self::Over,
        Self::Confirmed,
    ];

    /// The name in records and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Again => "again",
            Self::Over => "over",
            Self::Confirmed => "confirmed",
        }
    }

    /// Whether somebody is alerted: a repeat or a confirmation is news to nobody.
    pub const fn alerts(self) -> bool {
        matches!(self, Self::New | Self::Changed | Self::Over)
    }
}

/// A finding as it goes to the chain, the lake and north.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Told {
    /// The finding; its severity is never below that of a threat.
    pub finding: Finding,
    /// What kind of news it is.
    pub how: How,
    /// The name of its cause: eight hexadecimal digits.
    pub id: String,
    /// How often the cause was seen.
    pub count: u64,
    /// When first, nanoseconds since the epoch.
    pub first_ns: i64,
    /// Who answers for it.
    pub accountable: Vec<Accountable>,
}

/// Between pieces of evidence, and between roles.
const BETWEEN: &str = " ";

impl Told {
    /// The event of the chain.
    pub fn event(&self) -> Event {
        let Self { finding, how, .. } = self;
        let mut event = Event::new(EventKind::Finding, Timestamp::from_ns(finding.ts_ns))
            .with("stream", finding.stream.as_str())
            .with("conclusion", conclusion(finding.conclusion))
            .with("contract", finding.contract.as_str())
            .with("clause", finding.clause.as_str())
            .with("reason", finding.reason.as_str())
            .with("finding", self.id.as_str())
            .with("how", how.name())
            .with("severity", Gravity::of(finding.severity).name())
            .with("times", self.count.to_string())
            .with("first_ns", self.first_ns.to_string());
        let evidence = finding.evidence.join(BETWEEN);
        let who = |one: &Accountable| match one.contact.as_str() {
            "" => one.role.clone(),
            contact => format!("{}={contact}", one.role),
        };
        let accountable: Vec<String> = self.accountable.iter().map(who).collect();
        for (key, value) in [
            ("source", finding.source.as_str()),
            ("destination", &finding.destination),
            ("operation", &finding.operation),
            ("evidence", &evidence),
            ("accountable", &accountable.join(BETWEEN)),
        ] {
            if !value.is_empty() {
                event = event.with(key, value);
            }
        }
        event
    }

    /// Reads an event of the chain back; one of an observer that spoke for itself, without an aggregator, is news.
    ///
    /// # Errors
    /// [`AggregateError::BadRecord`] for whatever is no finding.
    pub fn read(event: &Event) -> Result<Self, AggregateError> {
        let bad = |what| AggregateError::BadRecord { what };
        if event.kind != EventKind::Finding {
            return Err(bad("kind"));
        }
        let field = |key| event.field(key).unwrap_or_default();
        let conclusion = conclusion_named(field("conclusion")).ok_or(bad("conclusion"))?;
        let how = how(event, conclusion).ok_or(bad("how"))?;
        let gravity = match event.field("severity") {
            Some(name) => Gravity::named(name).ok_or(bad("severity"))?,
            None => Gravity::High,
        };
        let number = |key, or| match event.field(key) {
            Some(text) => text.parse::<i64>().map_err(|_| bad(key)),
            None => Ok(or),
        };
        let count = u64::try_from(number("times", 1)?).map_err(|_| bad("times"))?;
        let first_ns = number("first_ns", event.ts_ns)?;
        let words = |key| -> Vec<String> {
            let pieces = field(key).split(BETWEEN).filter(|piece| !piece.is_empty());
            pieces.map(Into::into).collect()
        };
        let finding = Finding {
            ts_ns: event.ts_ns,
            stream: field("stream").into(),
            conclusion,
            severity: gravity.severity(),
            contract: field("contract").into(),
            clause: field("clause").into(),
            source: field("source").into(),
            destination: field("destination").into(),
            operation: field("operation").into(),
            reason: field("reason").into(),
            evidence: words("evidence"),
        };
        let who = |text: String| {
            let (role, contact) = text.split_once('=').unwrap_or((text.as_str(), ""));
            Accountable {
                role: role.into(),
                contact: contact.into(),
            }
        };
        Ok(Self {
            how,
            id: super::board::id(&finding),
            count,
            first_ns,
            accountable: words("accountable")
                .into_iter()
                .take(NAMED_MAX)
                .map(who)
                .collect(),
            finding,
        })
    }
}

/// What kind of news an event is: as an aggregator says it, or, where an observer spoke for itself, news.
fn how(event: &Event, conclusion: Conclusion) -> Option<How> {
    match (event.field("how"), conclusion) {
        (Some(name), _) => How::ALL.into_iter().find(|how| how.name() == name),
        (None, Conclusion::Converge) => Some(How::Over),
        (None, Conclusion::Diverge | Conclusion::Missing) => Some(How::New),
    }
}

/// The name in records.
pub(super) const fn conclusion(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Converge => "converge",
        Conclusion::Diverge => "diverge",
        Conclusion::Missing => "missing",
    }
}

fn conclusion_named(name: &str) -> Option<Conclusion> {
    [
        Conclusion::Converge,
        Conclusion::Diverge,
        Conclusion::Missing,
    ]
    .into_iter()
    .find(|one| conclusion(*one) == name)
}
