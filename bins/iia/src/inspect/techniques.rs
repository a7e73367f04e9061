//! Which techniques of attack a capture shows, in a few lines; `iia detect` says whose.

use std::collections::BTreeMap;
use std::io::{self, Write};

use iia_capture::detect::{Analyzer as _, Detector, Rules, Sighting};
use iia_core::observe::Observation;

use crate::table::{Align, Table, count};

/// Looks on while a page is made.
pub(super) struct Techniques {
    detector: Detector,
    /// How often each was seen, by number and title.
    seen: BTreeMap<(String, String), u64>,
}

fn note(seen: &mut BTreeMap<(String, String), u64>, sighting: &Sighting<'_>) {
    let rule = sighting.rule;
    let technique = (rule.technique.clone(), rule.title.clone());
    *seen.entry(technique).or_default() += sighting.times;
}

impl Default for Techniques {
    fn default() -> Self {
        Self {
            detector: Detector::new(Rules::built_in()),
            seen: BTreeMap::new(),
        }
    }
}

impl Techniques {
    pub(super) fn add(&mut self, observation: &Observation<'_>) {
        let Self { detector, seen } = self;
        detector.observe(observation, &mut |sighting| note(seen, sighting));
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self) {
        let Self { detector, seen } = self;
        detector.finish(&mut |sighting| note(seen, sighting));
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        if self.seen.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "  Techniques of attack; `iia detect` says who and to whom:\n"
        )?;
        let mut table = Table::new([("times", Align::Right), ("technique", Align::Left)]);
        for ((technique, title), times) in &self.seen {
            table.row([count(*times), format!("{technique} {title}")]);
        }
        table.write(out, "  ")?;
        writeln!(out)
    }
}
