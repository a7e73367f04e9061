//! A box as data: what the real compiler makes of an artifact, and what an observer sees of it.

use std::collections::BTreeMap;

use iia_attest::config::{Agreed, Config, Kind, Reference, Running, Seen, running};
use iia_attest::correlator::Correlator as _;
use iia_config::apply::{Call, Plan};
use iia_config::limits::DOCUMENT_LEN_MAX;
use iia_config::parse::parse;
use iia_config::render;
use iia_config::validate::{Checked, Facts, validate};
use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_core::event::{Event, EventKind};
use iia_core::finding::{Conclusion, Finding};

pub(crate) const START: i64 = 1_800_000_000;
const BOX: &str = include_str!("../../../examples/box-pi/box.icl");

/// What the example has not: services for its cell, and units.
const MORE: &str = include_str!("../../../iia-config/tests/data/cell.icl");

/// Artifacts, and the boxes that they are for; the first has something of everything that runs.
pub(crate) fn examples() -> [(String, &'static str); 3] {
    let site = include_str!("../../../examples/site/site.icl");
    [
        (format!("{BOX}{MORE}"), "seg01"),
        (site.into(), "site"),
        (BOX.into(), "seg01"),
    ]
}

/// A box with services and units.
pub(crate) fn example() -> String {
    format!("{BOX}{MORE}")
}

pub(crate) fn checked(text: &str, box_name: &str) -> Checked {
    let document = parse(text.as_bytes(), DOCUMENT_LEN_MAX).unwrap();
    validate(&document, &Facts::of_box(box_name)).unwrap()
}

/// The next revision of an artifact, with one thing changed.
pub(crate) fn next(text: &str, from: &str, to: &str) -> String {
    let revision = text
        .lines()
        .find(|line| line.starts_with("  revision "))
        .unwrap();
    let number: u64 = revision
        .strip_prefix("  revision ")
        .unwrap()
        .parse()
        .unwrap();
    assert!(text.contains(from), "{from}");
    text.replace(revision, &format!("  revision {}", number + 1))
        .replace(from, to)
}

/// What runs: the states of the calls, the files, the firewall, and what the chain says of the calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Machine {
    pub(crate) states: BTreeMap<&'static str, String>,
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) firewall: String,
    pub(crate) calls: BTreeMap<String, Event>,
    pub(crate) processes: Vec<Running>,
}

impl Machine {
    /// Makes these calls of the plan of an artifact, as the applier does.
    pub(crate) fn make(&mut self, text: &str, box_name: &str, calls: &[&str]) {
        let checked = checked(text, box_name);
        for (call, after) in Plan::of(&checked).calls() {
            if !calls.is_empty() && !calls.contains(&call.name()) {
                continue;
            }
            let state = String::from_utf8(after.to_vec()).unwrap();
            match call {
                Call::RenderServices => self.files = render::files(&checked),
                Call::LoadFirewall => {
                    // A listing has no commands.
                    let lines = state.lines().filter(|line| {
                        let is_opened = line.ends_with('{') || !line.starts_with("table ");
                        is_opened && !line.starts_with("delete ")
                    });
                    self.firewall = lines.map(|line| format!("{line}\n")).collect();
                }
                _ => drop(self.states.insert(call.name(), state)),
            }
            let event = Event::new(EventKind::GatedCall, Timestamp::from_secs(START))
                .with("call", call.name())
                .with("after", Digest::of(Context::State, after).to_string())
                .with("artifact", digest(text).to_string());
            self.calls.insert(call.name().into(), event);
        }
        if calls.is_empty() {
            let units = checked.deploy.units.iter();
            let run = units.filter_map(|unit| {
                let (program, arguments) = unit.program.as_ref()?;
                let words = [vec![program.clone()], arguments.clone()]
                    .concat()
                    .join("\0");
                let line = format!("{words}\0");
                Some(running::process(&unit.name, line.as_bytes(), unit.user))
            });
            self.processes = run.collect();
        }
    }

    /// Everything that runs.
    pub(crate) fn running(&self) -> Vec<Running> {
        let mut all: Vec<Running> = Vec::new();
        for (call, text) in &self.states {
            all.extend(running::lines(call, text));
        }
        let files = self.files.iter();
        all.extend(files.map(|(path, text)| running::file(path, text.as_bytes(), 0o644, 0)));
        all.extend(running::firewall(&self.firewall));
        for (name, event) in &self.calls {
            let now = match name.as_str() {
                "firewall" => None,
                "services" => {
                    let files = self.files.iter();
                    Some(running::tree(
                        files.map(|(path, text)| (path.as_str(), text.as_bytes())),
                    ))
                }
                name => Some(Digest::of(Context::State, self.states[name].as_bytes())),
            };
            all.extend(running::call(event, now));
        }
        all.extend(self.processes.clone());
        all
    }
}

pub(crate) fn digest(text: &str) -> Digest {
    Digest::of(Context::Artifact, text.as_bytes())
}

pub(crate) fn reference(text: &str) -> Reference {
    Reference::read(text, digest(text)).unwrap()
}

/// A box that somebody observes.
pub(crate) struct Watched {
    pub(crate) machine: Machine,
    pub(crate) observer: Config,
    pub(crate) now: Timestamp,
    pub(crate) unseen: Vec<Kind>,
}

impl Watched {
    /// A box with an artifact in force, seen and confirmed.
    pub(crate) fn new(text: &str, box_name: &str) -> Self {
        let mut watched = Self {
            machine: Machine::default(),
            observer: Config::new(Agreed::of(box_name)),
            now: Timestamp::from_secs(START),
            unseen: Vec::new(),
        };
        watched.machine.make(text, box_name, &[]);
        watched.apply(text);
        watched.look();
        let findings = watched.findings();
        let [one] = &findings[..] else {
            panic!("{findings:#?}")
        };
        assert_eq!(one.conclusion, Conclusion::Converge, "{one:#?}");
        assert!(watched.observer.is_right());
        watched
    }

    pub(crate) fn see(&mut self, seen: Seen) {
        self.observer.handle_observation(self.now, seen);
    }

    /// The artifact is applied, some time ago.
    pub(crate) fn apply(&mut self, text: &str) {
        self.see(Seen::Applied(Ok(reference(text))));
        self.wait(20);
    }

    pub(crate) fn look(&mut self) {
        self.see(Seen::Look);
        for running in self.machine.running() {
            self.see(Seen::Running(running));
        }
        let unseen = self.unseen.clone();
        self.see(Seen::Looked(unseen));
    }

    pub(crate) fn wait(&mut self, secs: i64) {
        self.now = self.now + secs * 1_000_000_000;
        self.observer.handle_timeout(self.now);
    }

    pub(crate) fn findings(&mut self) -> Vec<Finding> {
        std::iter::from_fn(|| self.observer.poll_finding()).collect()
    }

    /// Clause and reason of what is not well.
    pub(crate) fn wrong(&mut self) -> Vec<(String, String)> {
        let findings = self.findings().into_iter();
        let wrong = findings.filter(|one| one.conclusion != Conclusion::Converge);
        wrong.map(|one| (one.clause, one.reason)).collect()
    }
}
