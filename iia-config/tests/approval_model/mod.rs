//! A second opinion on approvals: slow, obvious, written from the seeds and not from the implementation. A case is
//! drawn from bytes, so a fuzzer can draw it as well: `#[path]` to this file and to `common`, and call [`compare`].
//!
//! Times are whole minutes around a Monday; the model walks every day by hand and never divides.

use crate::common::{BOX, Leave, at, key, trust_text};
use iia_config::approval::{ApprovalError, Memory, Used, Wanted, check};
use iia_config::envelope::seal;
use iia_config::trust::{Class, Trust};
use iia_contract::raw::Version;
use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_core::sign::Signer;
use iia_core::time::{Floor, Reading, SECOND_NS, TimeState};

/// Choices out of bytes; zero when they run out.
struct Draw<'a>(&'a [u8]);

impl Draw<'_> {
    fn below(&mut self, n: usize) -> usize {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                usize::from(*first) % n
            }
            None => 0,
        }
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    fn subset<T: Copy>(&mut self, all: &[T]) -> Vec<T> {
        all.iter().copied().filter(|_| self.below(2) == 0).collect()
    }
}

/// Everything that the decision depends on, as plain values.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    signers: Vec<&'static str>,
    authors: Vec<&'static str>,
    threshold: usize,
    two_person_rule: Option<&'static str>,
    two_person_asked: bool,
    other_artifact: bool,
    other_class: bool,
    revert: bool,
    newer: bool,
    held: bool,
    targets: Vec<&'static str>,
    from_min: i64,
    to_min: i64,
    now_min: i64,
    error_min: Option<i64>,
    floor_min: i64,
    maintenance: Vec<(&'static str, i64, i64)>,
    used: Vec<(bool, &'static str, u32)>,
}

const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

impl Case {
    pub(crate) fn draw(bytes: &[u8]) -> Self {
        let mut d = Draw(bytes);
        let mut signers = d.subset(&["bob", "cem", "bob-2", "ann"]);
        if d.one_in(16) {
            signers.push("mallory");
        }
        let mut authors = d.subset(&["ann", "cem"]);
        if authors.is_empty() {
            authors.push("ann");
        }
        let from_min = d.below(12) as i64 * 720;
        let to_min = from_min + d.below(20) as i64 * 720;
        let now_min = match d.below(8) {
            0 => from_min - 1,
            1 => from_min,
            2 => to_min,
            3 => to_min + 1,
            _ => from_min + d.below(40) as i64 * 360 + d.below(3) as i64 - 1,
        };
        Self {
            signers,
            authors,
            threshold: 1 + usize::from(d.one_in(3)),
            two_person_rule: [None, None, Some("approval"), Some("config")][d.below(4)],
            two_person_asked: d.one_in(4),
            other_artifact: d.one_in(16),
            other_class: d.one_in(16),
            revert: d.one_in(3),
            newer: !d.one_in(3),
            held: !d.one_in(3),
            targets: d.subset(&["box seg01", "box seg02", "fleet lines", "fleet nobody"]),
            from_min,
            to_min,
            now_min,
            error_min: [Some(0), Some(0), Some(0), Some(1), Some(90), None][d.below(6)],
            floor_min: if d.one_in(8) {
                now_min + 1 - d.below(2) as i64
            } else {
                -100_000
            },
            maintenance: (0..[0, 0, 1, 2][d.below(4)])
                .map(|_| {
                    let day = if d.one_in(3) {
                        "daily"
                    } else {
                        DAYS[d.below(7)]
                    };
                    (day, d.below(24) as i64 * 60, (1 + d.below(24)) as i64 * 60)
                })
                .collect(),
            used: (0..[0, 0, 0, 1, 2][d.below(5)])
                .map(|_| {
                    (
                        d.one_in(4),
                        ["leave", "other"][d.below(2)],
                        d.below(3) as u32,
                    )
                })
                .collect(),
        }
    }

    /// Every reason to refuse, in plain words of the seeds. None means: it holds.
    pub(crate) fn reasons(&self) -> Vec<&'static str> {
        let mut reasons = Vec::new();
        let person = |key: &&'static str| if *key == "bob-2" { "bob" } else { *key };
        let mut people: Vec<&'static str> = self.signers.iter().map(person).collect();
        people.sort_unstable();
        people.dedup();
        if self.signers.contains(&"mallory") {
            reasons.push("unknown signer");
        }
        if people.iter().filter(|person| **person != "mallory").count() < self.threshold {
            reasons.push("threshold");
        }
        if self.targets.is_empty() {
            reasons.push("no target");
        }
        if !self.targets.contains(&"box seg01") && !self.targets.contains(&"fleet lines") {
            reasons.push("other box");
        }
        if self.other_artifact {
            reasons.push("other artifact");
        }
        if self.other_class {
            reasons.push("other class");
        }
        if !self.revert && !self.newer {
            reasons.push("downgrade");
        }
        if self.revert && !self.held {
            reasons.push("never held");
        }
        self.time(&mut reasons);
        if self.used.iter().any(|(same_digest, ..)| *same_digest) {
            reasons.push("replay");
        }
        // This approval is version 1.1.0; the minor version is what is drawn.
        if self
            .used
            .iter()
            .any(|(same, name, minor)| !same && *name == "leave" && *minor >= 1)
        {
            reasons.push("superseded");
        }
        self.people(&people, &mut reasons);
        reasons
    }

    fn time(&self, reasons: &mut Vec<&'static str>) {
        let Some(error) = self.error_min else {
            return reasons.push("time unknown");
        };
        if self.now_min < self.floor_min {
            return reasons.push("time unknown");
        }
        let (first, last) = (self.now_min - error, self.now_min + error);
        if first < self.from_min || last > self.to_min {
            reasons.push("window");
        }
        // Minute 0 is a Monday's midnight: walk the days from three weeks before to three weeks after.
        let open = |(day, start, length): &(&str, i64, i64)| {
            let (mut midnight, mut weekday) = (-21 * 1440, 0);
            while midnight < 42 * 1440 {
                let (opens, closes) = (midnight + start, midnight + start + length);
                if (*day == "daily" || *day == DAYS[weekday]) && first >= opens && last < closes {
                    return true;
                }
                midnight += 1440;
                weekday = if weekday == 6 { 0 } else { weekday + 1 };
            }
            false
        };
        if !self.maintenance.is_empty() && !self.maintenance.iter().any(open) {
            reasons.push("maintenance");
        }
    }

    fn people(&self, people: &[&str], reasons: &mut Vec<&'static str>) {
        if people.iter().all(|person| self.authors.contains(person)) {
            reasons.push("author alone");
        }
        let two = self.two_person_asked || self.two_person_rule.is_some();
        let sole_author = if self.authors.len() == 1 {
            self.authors[0]
        } else {
            ""
        };
        if two
            && people
                .iter()
                .filter(|person| **person != sole_author)
                .count()
                < 2
        {
            reasons.push("two person");
        }
    }

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

    /// What the implementation says.
    pub(crate) fn decide(&self) -> Result<(), ApprovalError> {
        let artifact = Digest::of(Context::Artifact, b"wanted");
        let other = Digest::of(Context::Artifact, b"other");
        let minute = |min: i64| at("2026-11-23T00:00:00Z") + min * 60 * SECOND_NS;
        let mut leave = Leave::of(if self.other_artifact { other } else { artifact });
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
        let text = leave.text();
        let keys: Vec<_> = self.signers.iter().map(|name| key(name)).collect();
        let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
        let bytes = seal(Class::Approval, text.as_bytes(), &signers).expect("software keys sign");
        let digest = Digest::of(Context::Artifact, text.as_bytes());
        let used: Vec<Used> = self.used.iter().map(|row| used(row, digest)).collect();
        let authors: Vec<String> = self.authors.iter().map(|name| (*name).to_owned()).collect();
        let wanted = Wanted {
            class: Class::Config,
            artifact,
            authors: &authors,
            newer: self.newer,
        };
        let held = if self.held {
            vec![(Class::Config, wanted.artifact)]
        } else {
            Vec::new()
        };
        let memory = Memory {
            box_name: BOX,
            held: &held,
            used: &used,
            floor: Floor::new(minute(self.floor_min)),
        };
        check(
            &bytes,
            &wanted,
            (&self.trust(), &memory),
            self.reading(minute(self.now_min)),
        )
        .map(drop)
    }

    fn reading(&self, wall: Timestamp) -> Reading {
        let state = self
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

/// The word of the model for what the implementation says.
pub(crate) fn word(error: &ApprovalError) -> &'static str {
    match error {
        ApprovalError::AuthorAlone => "author alone",
        ApprovalError::Downgrade => "downgrade",
        ApprovalError::Envelope { number: 103, .. } => "threshold",
        ApprovalError::Envelope { number: 105, .. } => "unknown signer",
        ApprovalError::Malformed { .. } => "no target",
        ApprovalError::NeverHeld => "never held",
        ApprovalError::OtherArtifact => "other artifact",
        ApprovalError::OtherBox => "other box",
        ApprovalError::OtherClass => "other class",
        ApprovalError::OutsideMaintenance => "maintenance",
        ApprovalError::OutsideWindow => "window",
        ApprovalError::Replayed => "replay",
        ApprovalError::Superseded => "superseded",
        ApprovalError::TimeUnknown => "time unknown",
        ApprovalError::TwoPerson { .. } => "two person",
        _ => "?",
    }
}

/// Both opinions on one case; panics when they differ. Gives what was said.
pub(crate) fn compare(bytes: &[u8]) -> &'static str {
    let case = Case::draw(bytes);
    let reasons = case.reasons();
    match case.decide() {
        Ok(()) => {
            assert!(
                reasons.is_empty(),
                "approved although {reasons:?}: {case:#?}"
            );
            "holds"
        }
        Err(error) => {
            let said = word(&error);
            assert!(
                reasons.contains(&said),
                "refused for {error:?}, reasons {reasons:?}: {case:#?}"
            );
            said
        }
    }
}
