//! Sightings of a capture, put together: one row for who did what to whom.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use iia_capture::detect::{End, Sighting};
use iia_core::Timestamp;
use iia_core::finding::Severity;
use serde_json::json;

use crate::table::{Align, Table, count};

/// Rows of a capture at most; what comes after is counted together.
const ROWS_MAX: usize = 4096;

/// The worst first, then by technique and rule, then by who and to whom.
type Key = (
    std::cmp::Reverse<Severity>,
    String,
    String,
    End,
    Option<End>,
);

struct Row {
    title: String,
    times: u64,
    first: Timestamp,
    last: Timestamp,
}

#[derive(Default)]
pub(super) struct Tally {
    rows: BTreeMap<Key, Row>,
    beyond: u64,
}

impl Tally {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn add(&mut self, sighting: &Sighting<'_>) {
        let rule = sighting.rule;
        let (technique, name) = (rule.technique.clone(), rule.name.clone());
        let worst = std::cmp::Reverse(rule.severity);
        let key = (worst, technique, name, sighting.client, sighting.server);
        if self.rows.len() >= ROWS_MAX && !self.rows.contains_key(&key) {
            self.beyond += sighting.times;
            return;
        }
        let row = self.rows.entry(key).or_insert_with(|| Row {
            title: rule.title.clone(),
            times: 0,
            first: sighting.first,
            last: sighting.last,
        });
        row.times += sighting.times;
        row.first = row.first.min(sighting.first);
        row.last = row.last.max(sighting.last);
    }

    pub(super) fn write(&self, out: &mut impl Write, capture: &Path) -> io::Result<()> {
        writeln!(out, "{}", capture.display())?;
        if self.is_empty() {
            return writeln!(out, "  nothing that a rule speaks of\n");
        }
        let mut table = Table::new([
            ("technique", Align::Left),
            ("", Align::Left),
            ("severity", Align::Left),
            ("who", Align::Left),
            ("to whom", Align::Left),
            ("times", Align::Right),
            ("first", Align::Left),
            ("rule", Align::Left),
        ]);
        for ((worst, technique, rule, client, server), row) in &self.rows {
            table.row([
                technique.clone(),
                row.title.clone(),
                worst.0.name().into(),
                client.to_string(),
                server.map_or_else(|| "many".into(), |server| server.to_string()),
                count(row.times),
                row.first.to_string(),
                rule.clone(),
            ]);
        }
        table.write(out, "  ")?;
        if self.beyond > 0 {
            writeln!(out, "  and {} times by further parties", count(self.beyond))?;
        }
        writeln!(out)
    }

    pub(super) fn json(&self, out: &mut impl Write, capture: &Path) -> io::Result<()> {
        for ((worst, technique, rule, client, server), row) in &self.rows {
            let line = json!({
                "capture": capture.display().to_string(),
                "technique": technique,
                "title": row.title,
                "severity": worst.0.name(),
                "client": client.to_string(),
                "server": server.map(|server| server.to_string()),
                "times": row.times,
                "first": row.first.to_string(),
                "last": row.last.to_string(),
                "rule": rule,
            });
            writeln!(out, "{line}")?;
        }
        Ok(())
    }
}
