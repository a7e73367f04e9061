//! Rules of YARA over what is carried inside of protocols. The engine is `boreal`, which is written in Rust and reads the same rules;
//! a test holds it against the program of YARA's authors.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

use boreal::compiler::CompilerParams;
use boreal::scanner::ScanParams;
use boreal::{Compiler, MetadataValue, Scanner};
use iia_core::Timestamp;
use iia_core::finding::Severity;
use iia_core::observe::Observation;

use super::carried::{self, File, Files, Key as Place};
use super::detector::{is_time, say};
use super::error::{RulesError, Wrong};
use super::field::{self, End};
use super::rule::Rule;
use super::window::{Counts, Key};
use super::{Analyzer, Sighting};

/// Bytes of a text of YARA's rules at most.
pub const YARA_LEN_MAX: usize = 4 * 1024 * 1024;
/// How long one thing is looked at, at most; what takes longer is counted, and what was found by then is told.
pub const SCAN_MAX: Duration = Duration::from_millis(500);

/// Rules of YARA that are sound.
#[derive(Clone, Debug)]
pub struct YaraRules {
    scanner: Scanner,
    rules: Vec<Rule>,
    numbers: BTreeMap<String, usize>,
}

impl YaraRules {
    /// Reads a text of YARA's rules, without `include`. Of `meta`, `technique` (such as `T0843`), `title` and `severity` go into
    /// sightings; a rule without is `T0863`, User Execution, and `high`.
    ///
    /// # Errors
    /// The first line that is no rule of YARA.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        if text.len() > YARA_LEN_MAX {
            let wrong = Wrong::TooMany { max: YARA_LEN_MAX };
            return Err(RulesError { line: 1, wrong });
        }
        let mut compiler = Compiler::new();
        compiler.set_params(CompilerParams::default().disable_includes(true));
        compiler.add_rules_str(text).map_err(|error| {
            let labels = error.to_diagnostic().labels;
            let start = labels.first().map_or(0, |label| label.range.start);
            let before = text.as_bytes().get(..start).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            let wrong = Wrong::Yara;
            RulesError { line, wrong }
        })?;
        let mut scanner = compiler.finalize();
        scanner.set_scan_params(ScanParams::default().timeout_duration(Some(SCAN_MAX)));
        let rules: Vec<Rule> = scanner.rules().map(|rule| told(&scanner, &rule)).collect();
        let numbers = (0..).zip(&rules).map(|(at, rule)| (rule.name.clone(), at));
        let numbers = numbers.collect();
        Ok(Self {
            scanner,
            rules,
            numbers,
        })
    }
}

/// What a sighting says of a rule.
fn told(scanner: &Scanner, rule: &boreal::scanner::RuleDetails<'_>) -> Rule {
    let meta = |name: &str| {
        let mut all = rule.metadatas.iter();
        let found = all.find(|meta| scanner.get_string_symbol(meta.name) == name)?;
        match found.value {
            MetadataValue::Bytes(bytes) => {
                Some(scanner.get_bytes_symbol(bytes).escape_ascii().to_string())
            }
            _ => None,
        }
    };
    let severity = match meta("severity").as_deref() {
        Some("info") => Severity::Info,
        Some("medium") => Severity::Medium,
        Some("critical") => Severity::Critical,
        _ => Severity::High,
    };
    let technique = meta("technique").unwrap_or_else(|| "T0863".to_string());
    let title = meta("title").unwrap_or_else(|| "User Execution".to_string());
    Rule::of_engine(rule.name, (&technique, &title), severity)
}

/// YARA's rules, and what was carried so far.
#[derive(Debug)]
pub struct Yara {
    rules: YaraRules,
    files: Files,
    counts: Counts,
    given_up: u64,
}

impl Yara {
    /// An engine that has seen nothing.
    pub fn new(rules: YaraRules) -> Self {
        Self {
            rules,
            files: Files::default(),
            counts: Counts::default(),
            given_up: 0,
        }
    }

    /// Things that were not looked at to their end within [`SCAN_MAX`].
    pub const fn given_up(&self) -> u64 {
        self.given_up
    }

    /// The rules that hold for some bytes.
    fn scan(&mut self, bytes: &[u8]) -> Vec<usize> {
        let found = match self.rules.scanner.scan_mem(bytes) {
            Ok(found) => found,
            Err((_, found)) => {
                self.given_up += 1;
                found
            }
        };
        let names = found.rules.iter().map(|rule| rule.name);
        names
            .filter_map(|name| self.rules.numbers.get(name).copied())
            .collect()
    }

    fn tell(&mut self, found: &[usize], (ends, ts): ((End, End), Timestamp), tell: Tell<'_>) {
        for at in found {
            let Some(rule) = self.rules.rules.get(*at) else {
                continue;
            };
            let key = Key {
                rule: *at,
                client: ends.0,
                server: Some(ends.1),
            };
            let count = self.counts.of(key);
            count.note(ts, 1);
            if is_time(count, ts) {
                count.told = Some(ts);
                say(rule, key, count, tell);
            }
        }
    }

    /// A piece of a file: looked at alone, and with all before it each time that they have doubled.
    fn piece(&mut self, place: Place, bytes: &[u8], (ts, tell): (Timestamp, Tell<'_>)) {
        let mut found = self.scan(bytes);
        let whole = match self.files.add((place, ts), bytes) {
            Some((file, true)) => file.bytes.clone(),
            _ => Vec::new(),
        };
        if !whole.is_empty() {
            found.extend(self.scan(&whole));
        }
        // Once for a file, however often it is looked at.
        if let Some(file) = self.files.newest() {
            found.retain(|at| file.held.insert(*at));
        }
        self.tell(&found, ((place.0, place.1), ts), tell);
    }

    /// A file as a whole, when nothing more comes.
    fn whole(&mut self, file: &File, (ts, tell): (Timestamp, Tell<'_>)) {
        let mut found = self.scan(&file.bytes);
        found.retain(|at| !file.held.contains(at));
        self.tell(&found, ((file.key.0, file.key.1), ts), tell);
    }
}

type Tell<'t> = &'t mut dyn FnMut(&Sighting<'_>);

/// What is told when a file has gone through a mailbox, and the field that brought it.
const ENDS: [(&str, &str); 2] = [
    ("foe_write", "iia.ecat_mailbox.foe.data"),
    ("foe_read", "iia.ecat_mailbox.foe.data"),
];

impl Analyzer for Yara {
    fn observe(&mut self, observation: &Observation<'_>, tell: &mut dyn FnMut(&Sighting<'_>)) {
        let (Observation::Said(said), Some(ends)) = (observation, field::ends(observation)) else {
            return;
        };
        let ts = observation.ts();
        carried::each(said, &mut |piece, bytes| match piece {
            Some(name) => self.piece((ends.0, ends.1, name), bytes, (ts, tell)),
            None => {
                let found = self.scan(bytes);
                self.tell(&found, (ends, ts), tell);
            }
        });
        let over = ENDS.iter().find(|over| over.0 == said.what);
        if let Some((_, name)) = over {
            // Whoever says that it is over may be the one who was asked.
            for place in [(ends.0, ends.1, *name), (ends.1, ends.0, *name)] {
                if let Some(file) = self.files.end(place) {
                    self.whole(&file, (ts, tell));
                }
            }
        }
    }

    fn finish(&mut self, tell: &mut dyn FnMut(&Sighting<'_>)) {
        for file in self.files.rest() {
            self.whole(&file, (file.last, tell));
        }
        for (key, mut count) in self.counts.untold() {
            if let Some(rule) = self.rules.rules.get(key.rule) {
                say(rule, key, &mut count, tell);
            }
        }
    }
}
