//! What the implementation is asked about a case, and what it says.

use super::{Case, Letter};
use crate::common::{BOX, Leave, at, key, trust_text};
use iia_config::approval::{Approval, ApprovalError, Grant, Memory, Used, Wanted, check, decide};
use iia_config::envelope::{open, seal};
use iia_config::trust::{Class, Trust};
use iia_contract::raw::Version;
use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_core::sign::Signer;
use iia_core::time::{Floor, Reading, SECOND_NS, TimeState};

impl Case<'_> {
    /// What the implementation says about an envelope that holds the letter.
    pub(crate) fn decide(&self, sealed: &Sealed) -> Result<(), ApprovalError> {
        self.ask(sealed, |bytes, wanted, context, now| {
            check(bytes, wanted, context, now).map(drop)
        })
    }

    /// The same about the letter as it was opened before: signatures are not looked at again.
    #[allow(dead_code, reason = "for the fuzzer")]
    pub(crate) fn decide_opened(&self, sealed: &Sealed) -> Result<(), ApprovalError> {
        let approval = sealed.opened.as_ref().map_err(Clone::clone)?;
        self.ask(sealed, |_, wanted, context, now| {
            decide(approval, wanted, context, now)
        })
    }

    fn ask<T>(
        &self,
        sealed: &Sealed,
        ask: impl FnOnce(&[u8], &Wanted<'_>, (&Trust, &Memory<'_>), Reading) -> T,
    ) -> T {
        let world = &self.world;
        let used: Vec<Used> = world
            .used
            .iter()
            .map(|row| used(row, sealed.digest))
            .collect();
        let authors: Vec<String> = world
            .authors
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
        let wanted = Wanted {
            class: Class::Config,
            artifact: artifact("wanted"),
            authors: &authors,
            newer: world.newer,
        };
        let held: &[_] = &[(Class::Config, wanted.artifact)];
        let memory = Memory {
            box_name: BOX,
            held: if world.held { held } else { &[] },
            used: &used,
            floor: Floor::new(minute(world.floor_min)),
        };
        let now = self.reading(minute(world.now_min));
        ask(&sealed.bytes, &wanted, (&sealed.trust, &memory), now)
    }

    fn reading(&self, wall: Timestamp) -> Reading {
        let state = self
            .world
            .error_min
            .map_or(TimeState::Unknown, |min| TimeState::Holdover {
                error_ns: min as u64 * 60_000_000_000,
            });
        Reading {
            wall,
            monotonic_ns: 0,
            state,
        }
    }
}

fn artifact(name: &str) -> Digest {
    Digest::of(Context::Artifact, name.as_bytes())
}

/// Minute 0 is a Monday's midnight.
fn minute(min: i64) -> Timestamp {
    at("2026-11-23T00:00:00Z") + min * 60 * SECOND_NS
}

/// A letter that was signed, with the rules that it is judged by.
pub(crate) struct Sealed {
    bytes: Vec<u8>,
    digest: Digest,
    trust: Trust,
    opened: Result<Approval, ApprovalError>,
}

impl Letter {
    fn trust(&self) -> Trust {
        let mut rules = String::new();
        for class in ["approval", "config"] {
            let threshold = if class == "approval" {
                self.threshold
            } else {
                1
            };
            let two = if self.two_person_rule == Some(class) {
                "  two_person on\n"
            } else {
                ""
            };
            rules += &format!(
                "\napproval_rule {class} {{\n  class {class}\n  threshold {threshold}\n{two}}}\n"
            );
        }
        Trust::parse(trust_text(&rules).as_bytes()).expect("a sound trust document")
    }

    fn text(&self) -> String {
        let about = if self.other_artifact {
            "other"
        } else {
            "wanted"
        };
        let mut leave = Leave::of(artifact(about));
        leave.version = "1.1.0".into();
        leave.purpose = if self.revert { "revert" } else { "apply" };
        leave.class = if self.other_class { "image" } else { "config" };
        leave.targets = self
            .targets
            .iter()
            .map(|target| (*target).to_owned())
            .collect();
        (leave.issued, leave.from, leave.to) = (
            minute(self.from_min),
            minute(self.from_min),
            minute(self.to_min),
        );
        leave.maintenance = self.maintenance.iter().map(maintenance).collect();
        leave.maintenance.sort();
        leave.maintenance.dedup();
        leave.two_person = self.two_person_asked;
        let document =
            iia_config::parse::parse(leave.text().as_bytes(), 4096).expect("a readable text");
        iia_config::format::canonical(&document)
    }

    /// Signs it and opens it again.
    pub(crate) fn seal(&self) -> Sealed {
        let text = self.text();
        let keys: Vec<_> = self.signers.iter().map(|name| key(name)).collect();
        let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
        let bytes = seal(Class::Approval, text.as_bytes(), &signers).expect("software keys sign");
        let trust = self.trust();
        let opened = opened(&bytes, &trust);
        Sealed {
            digest: Digest::of(Context::Artifact, text.as_bytes()),
            bytes,
            trust,
            opened,
        }
    }
}

fn opened(bytes: &[u8], trust: &Trust) -> Result<Approval, ApprovalError> {
    let opened = open(bytes, Class::Approval, trust)?;
    Ok(Approval {
        digest: opened.digest,
        operators: opened.operators,
        grant: Grant::parse(opened.body)?,
    })
}

fn maintenance((day, start, length): &(&str, i64, i64)) -> String {
    let hours = |min: i64| match min {
        0 => "0s".into(),
        _ if min % 1440 == 0 => format!("{}d", min / 1440),
        _ => format!("{}h", min / 60),
    };
    format!("{day} {} {}", hours(*start), hours(*length))
}

fn used((same_digest, name, minor): &(bool, &str, u32), digest: Digest) -> Used {
    Used {
        digest: if *same_digest { digest } else { Digest::ZERO },
        name: if *same_digest {
            "leave".into()
        } else {
            (*name).into()
        },
        version: Version {
            major: 1,
            minor: if *same_digest { 1 } else { *minor },
            patch: 0,
        },
    }
}
