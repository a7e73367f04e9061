//! What a box says of itself to whoever keeps many: what is applied, what is loaded, what its observers found, and which of three
//! outcomes that is. All of it is from the records of its chain.

use std::collections::BTreeMap;

use iia_attest::aggregate::MEANINGS;
use iia_attest::image::{Attested, name_of};
use iia_attest::tpm::{PureRust, Tier, TpmError};
use iia_core::Timestamp;
use iia_core::code::Coded as _;
use iia_core::digest::hex;
use iia_core::event::{Event, EventKind};
use iia_core::stream::Stream;
use iia_core::time::SECOND_NS;
use serde_json::{Value, json};

use super::Standing;
use super::lines::short;
use crate::words::tame;

/// What this shape is called; a change that breaks readers changes it.
const FORMAT: &str = "iia-report 1";
/// How old the word that all is as applied may be: it is said each five minutes, and a look may be late.
const CONFIRMED_NS: i64 = 630 * SECOND_NS;
/// The gated call that names the image.
const NAME_IMAGE: &str = "image";
/// Streams that hold what runs against what is intended: what stands open on them is a box of which nothing may be assumed.
const OF_THE_BOX: [Stream; 4] = [
    Stream::ATTEST_CONFIG,
    Stream::ATTEST_IMAGE,
    Stream::ATTEST_POLICY_DRIFT,
    Stream::ATTEST_AUDIT_CHAIN,
];

/// How a box stands to what it was meant to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// What is applied is what runs: its observer has said so lately.
    Convergent,
    /// An artifact waits for leave, which was not given or has run out.
    Pending(String),
    /// Something else runs than is applied, or its evidence does not hold: not to be taken for healthy, and to be looked into.
    Divergent(Vec<String>),
    /// Nobody has said lately that all is as applied.
    Unknown,
}

impl Outcome {
    /// The word for it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Convergent => "convergent",
            Self::Pending(_) => "pending",
            Self::Divergent(_) => "divergent",
            Self::Unknown => "unknown",
        }
    }
}

/// What the chain says of the life of artifacts.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// The artifact of each gated call, and the digest of the state that it made, by the newest record.
    calls: BTreeMap<String, (String, String)>,
    /// The configuration that is applied, and the one that waits for leave.
    applied: String,
    staged: Option<String>,
}

impl Life {
    /// Takes the next record of the chain.
    pub(super) fn take(&mut self, event: &Event) {
        let field = |key| event.field(key).unwrap_or_default();
        let artifact = || field("artifact").to_owned();
        let is_config = field("class") == "config";
        match event.kind {
            EventKind::GatedCall => {
                let made = (artifact(), field("after").to_owned());
                self.calls.insert(field("call").to_owned(), made);
            }
            EventKind::ArtifactStaged if is_config => self.staged = Some(artifact()),
            EventKind::ArtifactApplied if is_config => {
                self.applied = artifact();
                if self.staged.as_deref() == Some(field("artifact")) {
                    self.staged = None;
                }
            }
            _ => {}
        }
    }
}

impl Standing {
    /// Which of the outcomes it is.
    pub fn outcome(&self) -> Outcome {
        let open = self.board.open();
        let of_the_box = open.iter().filter(|one| {
            let mut streams = OF_THE_BOX.iter();
            streams.any(|stream| stream.as_str() == one.finding.stream)
        });
        let mut wrong: Vec<String> = of_the_box
            .map(|one| {
                format!(
                    "{}: {}",
                    short(&one.finding.stream),
                    tame(&one.finding.reason)
                )
            })
            .collect();
        wrong.extend(self.against_image());
        let checked = self.checked.as_ref();
        if checked.is_some_and(|checked| checked.outcome == crate::evidence::Outcome::Failed) {
            wrong.insert(0, "the evidence does not hold".into());
        }
        // By the clock of the chain: whoever reads it later reads what was said then.
        let last = self.last.map_or(self.now, |(_, at)| at);
        let confirmed = self.board.confirmed(Stream::ATTEST_CONFIG.as_str());
        let lately = confirmed.is_some_and(|at| last.since_ns(at) <= CONFIRMED_NS);
        match (wrong.is_empty(), &self.life.staged) {
            (false, _) => Outcome::Divergent(wrong),
            (true, Some(artifact)) => Outcome::Pending(artifact.clone()),
            (true, None) if lately => Outcome::Convergent,
            (true, None) => Outcome::Unknown,
        }
    }
}

impl Standing {
    /// What the evidence of the image is worth to whoever has the records alone, where it says another image.
    fn against_image(&self) -> Option<String> {
        let attested = self.image.newest()?;
        let result = attested.judge(&PureRust);
        let named = self.life.calls.get(NAME_IMAGE);
        let is_named = named.is_some_and(|(artifact, _)| *artifact == attested.published.artifact);
        if is_named && result.tier() < Tier::Contraindicated {
            return None;
        }
        let reasons: Vec<String> = result.reasons.iter().map(ToString::to_string).collect();
        Some(match is_named {
            true => format!("image, judged again: {}", reasons.join("; ")),
            false => "image: attested for another artifact than the one that is named".into(),
        })
    }
}

/// What the machine attests: everything that whoever is told needs to judge it without this program.
fn image(attested: &Attested) -> Value {
    let published = &attested.published;
    let result = attested.judge(&PureRust);
    let reason =
        |one: &TpmError| json!({"code": one.code().to_string(), "reason": one.to_string()});
    json!({
        "record": attested.record,
        "at": Timestamp::from_ns(attested.ts_ns).to_string(),
        "evidence": "quoted by a TPM",
        "result": result.tier().to_string(),
        "reasons": result.reasons.iter().map(reason).collect::<Vec<_>>(),
        "artifact": published.artifact,
        "registers": {"named": published.named, "text": String::from_utf8_lossy(&published.registers)},
        "key": {"named": published.named_key, "public": hex(&published.key)},
        "nonce": {"value": hex(&published.nonce), "after_record": published.after, "bound": attested.is_bound},
        "attest": hex(&published.attest),
        "signature": hex(&published.signature),
        "values": hex(&published.values),
        "log": published.log.as_deref().map(name_of),
    })
}

/// That nothing but software speaks for the image, or nothing at all.
fn no_image() -> Value {
    json!({"evidence": "none: no TPM attests the image, and what software says of itself is not counted"})
}

/// What a box says of itself, as one object.
pub fn report(standing: &Standing) -> Value {
    let outcome = standing.outcome();
    let open = standing.board.open();
    let stream = |one: &iia_attest::aggregate::Meaning| {
        let name = one.stream.as_str();
        let count = open
            .iter()
            .filter(|open| open.finding.stream == name)
            .count();
        let said = standing.sights.as_ref();
        let observed = said.map(|said| said.observers.iter().any(|one| one.stream == name));
        let confirmed = standing
            .board
            .confirmed(name)
            .map(|at: Timestamp| at.to_string());
        json!({"stream": name, "observed": observed, "open": count, "confirmed": confirmed})
    };
    let calls = standing.life.calls.iter().map(
        |(call, (artifact, state))| json!({"call": call, "artifact": artifact, "state": state}),
    );
    json!({
        "format": FORMAT,
        "origin": standing.origin,
        "at": standing.last.map(|(_, at)| at.to_string()),
        "outcome": outcome.name(),
        "why": match &outcome {
            Outcome::Pending(artifact) => vec![format!("{artifact} waits for leave")],
            Outcome::Divergent(wrong) => wrong.clone(),
            Outcome::Convergent | Outcome::Unknown => Vec::new(),
        },
        "configuration": standing.life.applied,
        "states": calls.collect::<Vec<_>>(),
        "attestation": MEANINGS.iter().map(stream).collect::<Vec<_>>(),
        "image": standing.image.newest().map_or_else(no_image, image),
        "evidence": standing.checked.as_ref().map(crate::timeline::evidence_json),
    })
}
