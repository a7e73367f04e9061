//! What a record means for an incident: how much it weighs, and what it says in words.

use iia_audit::frame::Record;
use iia_core::event::{Event, EventKind};

use crate::words::{cut, tame};

/// How much an entry weighs.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Weight {
    /// Something happened that nothing allows, or did not happen that was agreed.
    Alarm,
    /// Somebody was refused.
    Refused,
    /// The box was changed.
    Change,
    /// The box or its log was in trouble.
    Trouble,
    /// The clock, or the silence of the log.
    Clock,
}

impl Weight {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alarm => "alarm",
            Self::Refused => "refused",
            Self::Change => "change",
            Self::Trouble => "trouble",
            Self::Clock => "clock",
        }
    }
}

/// Whether a record points to an unlawful or malicious act.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Points {
    /// It does not.
    No,
    /// A mistake or a fault looks the same.
    Perhaps,
    /// It does not come about by accident.
    Yes,
}

/// What a record means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Meaning {
    /// How much it weighs.
    pub weight: Weight,
    /// Whether it points to a malicious act.
    pub points: Points,
    /// What it says.
    pub words: String,
    /// Why it points there, in words.
    pub because: &'static str,
    /// The service that it is about; empty where it names none.
    pub about: String,
}

/// Longest words of an entry, in characters.
const WORDS_MAX: usize = 400;
/// Streams of observers whose divergence means that somebody changed what enforces or proves.
const TAMPERING: [&str; 4] = [
    "ot.attestation.policy_drift",
    "ot.attestation.config",
    "ot.attestation.image",
    "ot.attestation.audit_chain",
];

/// The meaning of a record for an incident; `None` for one of everyday.
pub(super) fn of(record: &Record) -> Option<Meaning> {
    let event = &record.body.event;
    let mut meaning = alarm(event)
        .or_else(|| refusal(event))
        .or_else(|| change(event))
        .or_else(|| trouble(event))?;
    meaning.words = cut(&tame(&meaning.words), WORDS_MAX);
    meaning.about = cut(&tame(&meaning.about), WORDS_MAX);
    Some(meaning)
}

fn field<'a>(event: &'a Event, key: &str) -> &'a str {
    event.field(key).unwrap_or_default()
}

fn meaning(weight: Weight, (points, because): (Points, &'static str), words: String) -> Meaning {
    Meaning {
        weight,
        points,
        words,
        because,
        about: String::new(),
    }
}

fn alarm(event: &Event) -> Option<Meaning> {
    let alarm = |points, words| Some(meaning(Weight::Alarm, points, words));
    match event.kind {
        EventKind::ContractViolation => violation(event),
        EventKind::Finding => finding(event),
        EventKind::SignatureFailed => alarm(
            (Points::Perhaps, "a signature that does not count was used"),
            format!(
                "signature refused at {}: {}",
                field(event, "step"),
                field(event, "why")
            ),
        ),
        EventKind::HeadWitnessed if field(event, "outcome") == "refused" => alarm(
            match event.field("fork") {
                Some(_) => (Points::Yes, "a log showed this witness two histories"),
                None => (
                    Points::Perhaps,
                    "a log showed this witness a head that does not hold",
                ),
            },
            format!(
                "head refused, {}: {}",
                field(event, "detail"),
                field(event, "head")
            ),
        ),
        EventKind::IntrusionAlert => {
            let words = [
                field(event, "signature"),
                field(event, "category"),
                field(event, "type"),
            ];
            let words = words.into_iter().find(|words| !words.is_empty());
            Some(Meaning {
                about: field(event, "destination").into(),
                ..meaning(
                    Weight::Alarm,
                    (Points::Perhaps, "the intrusion detection raised an alarm"),
                    format!(
                        "intrusion detection: {}, {} to {}",
                        words.unwrap_or_default(),
                        field(event, "source"),
                        field(event, "destination")
                    ),
                )
            })
        }
        _ => None,
    }
}

/// An address without its port, which is another with every attempt.
fn host(source: &str) -> &str {
    source.rsplit_once(':').map_or(source, |(host, _)| host)
}

fn violation(event: &Event) -> Option<Meaning> {
    let operation = field(event, "operation");
    let points = match operation.starts_with("write") {
        true => (Points::Yes, "a write that no contract allows"),
        false => (Points::Perhaps, "traffic that no contract allows"),
    };
    let words = match field(event, "reason") {
        "" => format!(
            "{} at {}: {operation}",
            field(event, "source"),
            field(event, "destination")
        ),
        reason => reason.into(),
    };
    Some(Meaning {
        about: field(event, "destination").into(),
        ..meaning(Weight::Alarm, points, words)
    })
}

fn finding(event: &Event) -> Option<Meaning> {
    let stream = field(event, "stream");
    let points = match field(event, "conclusion") {
        "converge" => return None,
        "missing" => (Points::Perhaps, "agreed traffic that stayed away"),
        _ if TAMPERING.contains(&stream) => (
            Points::Yes,
            "what enforces or proves is not what was agreed",
        ),
        _ => (Points::Perhaps, "an observer saw what nothing allows"),
    };
    Some(Meaning {
        about: field(event, "contract").into(),
        ..meaning(Weight::Alarm, points, field(event, "reason").into())
    })
}

fn refusal(event: &Event) -> Option<Meaning> {
    let refused = |words| {
        let points = (Points::Perhaps, "somebody was refused");
        Some(meaning(Weight::Refused, points, words))
    };
    match event.kind {
        EventKind::ConduitRejected => refused(format!(
            "connection refused, {} from {}: {}",
            field(event, "peer"),
            field(event, "address"),
            field(event, "reason")
        )),
        EventKind::PacketLogged => refused(format!(
            "packet logged by the firewall, {}: {} to {}",
            field(event, "prefix"),
            host(field(event, "source")),
            field(event, "destination")
        )),
        EventKind::Authentication if event.field("address").is_some() => refused(format!(
            "somebody at {} did not prove who it is: {}",
            field(event, "address"),
            field(event, "reason")
        )),
        EventKind::SvidRefused => refused(format!(
            "no identity for {}: {}",
            field(event, "id"),
            field(event, "reason")
        )),
        EventKind::Authorisation | EventKind::Authentication
            if field(event, "outcome") == "refused" =>
        {
            refused(format!(
                "{} refused under {}, {}",
                field(event, "consumer"),
                field(event, "contract"),
                field(event, "code")
            ))
        }
        EventKind::ArtifactRejected => refused(format!(
            "change refused at {}: {}",
            field(event, "step"),
            field(event, "why")
        )),
        _ => None,
    }
}

fn change(event: &Event) -> Option<Meaning> {
    let change = |words| Some(meaning(Weight::Change, (Points::No, ""), words));
    let artifact = field(event, "artifact");
    let artifact = artifact.get(..15).unwrap_or(artifact);
    match event.kind {
        EventKind::ArtifactApplied => {
            let by = [field(event, "operators"), field(event, "why")];
            let by = by.into_iter().find(|by| !by.is_empty());
            change(format!(
                "{} {artifact}\u{2026} put in force{}",
                field(event, "class"),
                by.map_or_else(String::new, |by| format!(": {by}"))
            ))
        }
        EventKind::KeyChanged => change("a key was changed".into()),
        _ => None,
    }
}

fn trouble(event: &Event) -> Option<Meaning> {
    let trouble = |words| {
        let points = (Points::Perhaps, "the box was in trouble");
        Some(meaning(Weight::Trouble, points, words))
    };
    match event.kind {
        EventKind::RecordsLost => trouble(format!(
            "{} records lost, {}",
            field(event, "count"),
            field(event, "where")
        )),
        EventKind::LogRecovered => trouble(format!(
            "the end of the log was torn: {} bytes put aside in {}",
            field(event, "bytes"),
            field(event, "path")
        )),
        EventKind::WorkloadStopped if matches!(field(event, "outcome"), "fell" | "failed") => {
            trouble(format!(
                "{} {}",
                field(event, "role"),
                field(event, "outcome")
            ))
        }
        _ => None,
    }
}
