//! A second opinion on approvals: slow, obvious, written from the seeds and not from the implementation. A case is
//! drawn from bytes, so a fuzzer draws it as well: what is signed from some of them, and from others the world in which
//! it is used, so that one signed approval can be judged in many worlds.
//!
//! Times are whole minutes around a Monday; the model walks every day by hand and never divides.

mod asked;

#[allow(unused_imports, reason = "for the fuzzer")]
pub(crate) use asked::Sealed;
use iia_config::approval::ApprovalError;

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

/// An approval, who signs it, and the rules by which signatures count.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    signers: Vec<&'static str>,
    threshold: usize,
    two_person_rule: Option<&'static str>,
    two_person_asked: bool,
    other_artifact: bool,
    other_class: bool,
    revert: bool,
    targets: Vec<&'static str>,
    from_min: i64,
    to_min: i64,
    maintenance: Vec<(&'static str, i64, i64)>,
}

/// Everything else that the decision depends on.
#[derive(Clone, Debug)]
pub(crate) struct World {
    authors: Vec<&'static str>,
    newer: bool,
    held: bool,
    now_min: i64,
    error_min: Option<i64>,
    floor_min: i64,
    used: Vec<(bool, &'static str, u32)>,
}

/// Both, as plain values.
#[derive(Clone, Debug)]
pub(crate) struct Case<'l> {
    letter: &'l Letter,
    world: World,
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

impl Letter {
    pub(crate) fn draw(bytes: &[u8]) -> Self {
        let mut d = Draw(bytes);
        let mut signers = d.subset(&["bob", "cem", "bob-2", "ann"]);
        if d.one_in(16) {
            signers.push("mallory");
        }
        let from_min = d.below(12) as i64 * 720;
        let to_min = from_min + d.below(20) as i64 * 720;
        Self {
            signers,
            threshold: 1 + usize::from(d.one_in(3)),
            two_person_rule: [None, None, Some("approval"), Some("config")][d.below(4)],
            two_person_asked: d.one_in(4),
            other_artifact: d.one_in(16),
            other_class: d.one_in(16),
            revert: d.one_in(3),
            targets: d.subset(&["box seg01", "box seg02", "fleet lines", "fleet nobody"]),
            from_min,
            to_min,
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
        }
    }
}

impl World {
    /// Moments near the edges of the letter's window come often.
    fn draw(letter: &Letter, bytes: &[u8]) -> Self {
        let mut d = Draw(bytes);
        let mut authors = d.subset(&["ann", "cem"]);
        if authors.is_empty() {
            authors.push("ann");
        }
        let now_min = match d.below(8) {
            0 => letter.from_min - 1,
            1 => letter.from_min,
            2 => letter.to_min,
            3 => letter.to_min + 1,
            _ => letter.from_min + d.below(40) as i64 * 360 + d.below(3) as i64 - 1,
        };
        Self {
            authors,
            newer: !d.one_in(3),
            held: !d.one_in(3),
            now_min,
            error_min: [Some(0), Some(0), Some(0), Some(1), Some(90), None][d.below(6)],
            floor_min: if d.one_in(8) {
                now_min + 1 - d.below(2) as i64
            } else {
                -100_000
            },
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
}

impl<'l> Case<'l> {
    pub(crate) fn draw(letter: &'l Letter, world: &[u8]) -> Self {
        Self {
            letter,
            world: World::draw(letter, world),
        }
    }

    /// Every reason to refuse, in plain words of the seeds. None means: it holds.
    pub(crate) fn reasons(&self) -> Vec<&'static str> {
        let mut reasons = Vec::new();
        let person = |key: &&'static str| if *key == "bob-2" { "bob" } else { *key };
        let mut people: Vec<&'static str> = self.letter.signers.iter().map(person).collect();
        people.sort_unstable();
        people.dedup();
        if self.letter.signers.contains(&"mallory") {
            reasons.push("unknown signer");
        }
        if people.iter().filter(|person| **person != "mallory").count() < self.letter.threshold {
            reasons.push("threshold");
        }
        if self.letter.targets.is_empty() {
            reasons.push("no target");
        }
        if !self.letter.targets.contains(&"box seg01")
            && !self.letter.targets.contains(&"fleet lines")
        {
            reasons.push("other box");
        }
        if self.letter.other_artifact {
            reasons.push("other artifact");
        }
        if self.letter.other_class {
            reasons.push("other class");
        }
        if !self.letter.revert && !self.world.newer {
            reasons.push("downgrade");
        }
        if self.letter.revert && !self.world.held {
            reasons.push("never held");
        }
        self.time(&mut reasons);
        if self.world.used.iter().any(|(same_digest, ..)| *same_digest) {
            reasons.push("replay");
        }
        // This approval is version 1.1.0; the minor version is what is drawn.
        if self
            .world
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
        let Some(error) = self.world.error_min else {
            return reasons.push("time unknown");
        };
        if self.world.now_min < self.world.floor_min {
            return reasons.push("time unknown");
        }
        let (first, last) = (self.world.now_min - error, self.world.now_min + error);
        if first < self.letter.from_min || last > self.letter.to_min {
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
        if !self.letter.maintenance.is_empty() && !self.letter.maintenance.iter().any(open) {
            reasons.push("maintenance");
        }
    }

    fn people(&self, people: &[&str], reasons: &mut Vec<&'static str>) {
        if people
            .iter()
            .all(|person| self.world.authors.contains(person))
        {
            reasons.push("author alone");
        }
        let two = self.letter.two_person_asked || self.letter.two_person_rule.is_some();
        let sole_author = if self.world.authors.len() == 1 {
            self.world.authors[0]
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
pub(crate) fn compare(letter: &[u8], world: &[u8]) -> &'static str {
    let letter = Letter::draw(letter);
    let case = Case::draw(&letter, world);
    case.agrees(&case.decide(&letter.seal()))
}

impl Case<'_> {
    /// Panics when the model says something else. Gives what was said.
    pub(crate) fn agrees(&self, decided: &Result<(), ApprovalError>) -> &'static str {
        let reasons = self.reasons();
        match decided {
            Ok(()) => {
                assert!(
                    reasons.is_empty(),
                    "approved although {reasons:?}: {self:#?}"
                );
                "holds"
            }
            Err(error) => {
                let said = word(error);
                assert!(
                    reasons.contains(&said),
                    "refused for {error:?}, reasons {reasons:?}: {self:#?}"
                );
                said
            }
        }
    }
}
