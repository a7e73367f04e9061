//! Findings in words that name what was done.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;

use iia_core::Timestamp;
use iia_core::finding::{Conclusion, Finding};
use iia_core::stream::Stream;

use super::super::point::Tolerance;
use super::super::reading::{Fault, Station};
use super::class::Class;
use super::doubt::{Differs, Proportion, Verdict};
use super::fit::Line;
use super::traffic::Spell;

/// What of a point findings name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
    pub(super) unit: &'a str,
    pub(super) contract: &'a str,
    pub(super) tolerance: &'a Tolerance,
}

/// The two ends of a stretch, upstream first.
pub(super) type Ends = (Station, Station);

/// A number in millionths as one would write it.
pub(super) fn number(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (whole, part) = (
        micros.unsigned_abs() / 1_000_000,
        micros.unsigned_abs() % 1_000_000,
    );
    let text = format!("{sign}{whole}.{part:06}");
    text.trim_end_matches('0').trim_end_matches('.').into()
}

fn seconds(ns: i64) -> String {
    let text = number(ns / 1_000);
    format!("{text} s")
}

impl Named<'_> {
    fn value(&self, micros: i64) -> String {
        let text = number(micros);
        match self.unit {
            "" => text,
            unit => format!("{text} {unit}"),
        }
    }

    fn finding(&self, at_ns: i64, class: Class, reason: String, evidence: Vec<String>) -> Finding {
        Finding {
            ts_ns: at_ns,
            stream: Stream::ATTEST_IO.as_str().into(),
            conclusion: Conclusion::Diverge,
            severity: class.severity(),
            contract: self.contract.into(),
            clause: class.clause().into(),
            source: self.name.into(),
            destination: String::new(),
            operation: class.name().into(),
            reason,
            evidence,
        }
    }

    fn both(&self, (up, down): Ends, differs: &Differs) -> Vec<String> {
        let line = |station: Station, at, micros| {
            let at = Timestamp::from_ns(at);
            format!("{} {at}: {}", station.name(), self.value(micros))
        };
        let Differs { pair, at_ns } = differs;
        vec![
            line(up, at_ns.0, pair.from),
            line(down, at_ns.1, pair.to),
            format!(
                "tolerance: {}",
                self.value(self.tolerance.around(pair.from))
            ),
        ]
    }

    /// What a stretch of the way of a value has come to.
    pub(super) fn verdict(&self, ends: Ends, verdict: &Verdict) -> Finding {
        let (up, down) = (ends.0.name(), ends.1.name());
        match verdict {
            Verdict::Few(differs, count) => {
                let (from, to) = (self.value(differs.pair.from), self.value(differs.pair.to));
                let class = Class::ChangedFrame;
                let reason = format!(
                    "{}: {from} at the {up} became {to} at the {down}, in {count} reading(s), and was right again: {}",
                    self.name,
                    meaning(class)
                );
                self.finding(differs.at_ns.1, class, reason, self.both(ends, differs))
            }
            Verdict::Persists(class, proportion, differs) => {
                let how = match proportion {
                    Proportion::Fixed(line) => scaled(line),
                    Proportion::None => "and in no fixed proportion".into(),
                    Proportion::Unknown => {
                        "and they have moved too little to say in what proportion".into()
                    }
                };
                let (from, to) = (self.value(differs.pair.from), self.value(differs.pair.to));
                let reason = format!(
                    "{}: the {down} says other values than the {up} again and again (first {to} for {from}), {how}: {}",
                    self.name,
                    meaning(*class)
                );
                self.finding(differs.at_ns.1, *class, reason, self.both(ends, differs))
            }
            Verdict::Well(class, since_ns, count) => {
                let since = Timestamp::from_ns(*since_ns);
                let reason = format!(
                    "{}: the {down} agrees with the {up} again; {count} reading(s) differed since {since}",
                    self.name
                );
                let finding = self.finding(*since_ns, *class, reason, Vec::new());
                Finding {
                    conclusion: Conclusion::Converge,
                    ..finding
                }
            }
        }
    }

    /// The wire carries no signal.
    pub(super) fn unsound(&self, at: Timestamp, fault: Fault, micros: i64) -> Finding {
        let what = match fault {
            Fault::Open => {
                "below what any sensor drives: the wire is cut, pulled or led past, or the sensor has failed"
            }
            Fault::Over => {
                "above what any sensor drives: the wire is bridged or fed, or the sensor has failed"
            }
        };
        let measured = number(micros);
        let reason = format!("{}: its signal is at {measured}, {what}", self.name);
        let evidence = vec![format!("wire {at}: {measured}")];
        self.finding(at.as_ns(), Class::TamperedWire, reason, evidence)
    }

    /// The wire carries a signal again.
    pub(super) fn sound(&self, at: Timestamp) -> Finding {
        let reason = format!("{}: its wire carries a signal again", self.name);
        let finding = self.finding(at.as_ns(), Class::TamperedWire, reason, Vec::new());
        Finding {
            conclusion: Conclusion::Converge,
            ..finding
        }
    }

    /// What began to happen to the frames of the contract, seen at this point.
    pub(super) fn spell(&self, spell: &Spell, micros: i64, delta_ns: i64) -> Finding {
        let (here, there) = (
            spell.end.station().name(),
            spell.end.other().station().name(),
        );
        let (name, value) = (self.name, self.value(micros));
        let means = meaning(spell.class);
        let reason = match spell.class {
            Class::DroppedFrame => {
                format!(
                    "{name}: {value} was on the wire at the {here} and never came to the {there}: {means}"
                )
            }
            Class::ManInTheMiddle => {
                format!(
                    "{name}: {value} is at the {here}, and nothing like it ever was at the {there}: {means}"
                )
            }
            Class::Silent => {
                format!("{name}: the {here} reads on, and of the {there} nothing is heard: {means}")
            }
            _ => {
                let apart = seconds(delta_ns);
                format!(
                    "{name}: what the {there} had was at the {here} {apart} later by its clock: {means}"
                )
            }
        };
        let at = Timestamp::from_ns(spell.since_ns);
        let evidence = vec![format!("{here} {at}: {value}")];
        let missing = matches!(spell.class, Class::DroppedFrame | Class::Silent);
        let finding = self.finding(spell.since_ns, spell.class, reason, evidence);
        Finding {
            conclusion: if missing {
                Conclusion::Missing
            } else {
                Conclusion::Diverge
            },
            ..finding
        }
    }
}

fn scaled(line: &Line) -> String {
    let factor = number(line.gain_micros);
    match line.offset_micros {
        0 => format!("always {factor} times as much"),
        offset => format!(
            "always {factor} times as much, shifted by {}",
            number(offset)
        ),
    }
}

/// What a class says of who did what.
const fn meaning(class: Class) -> &'static str {
    match class {
        Class::TamperedWire => {
            "somebody or something is on the wire between the sensor and the device"
        }
        Class::MisreportingDevice => "the device does not say what is at its input",
        Class::DroppedFrame => "a frame was taken out between the two",
        Class::ChangedFrame => "a frame was changed between the two",
        Class::LateFrame => "frames are held up between the two",
        Class::ManInTheMiddle => "somebody between the two speaks in the other's name",
        Class::ClockSkew => "one of the two clocks is wrong",
        Class::WrongScaling => "one of the two scales the value otherwise than agreed",
        Class::Silent => {
            "that tap or pipeline is cut off, or everything is taken out between the two"
        }
    }
}

/// What was over of what happened to frames.
pub(super) fn over(contract: &str, spell: &Spell) -> Finding {
    let since = Timestamp::from_ns(spell.since_ns);
    let reason = format!(
        "contract {contract}: {} is over; {} reading(s) since {since}",
        spell.class.name().replace('_', " "),
        spell.count
    );
    Finding {
        ts_ns: spell.last_ns,
        stream: Stream::ATTEST_IO.as_str().into(),
        conclusion: Conclusion::Converge,
        severity: spell.class.severity(),
        contract: contract.into(),
        clause: spell.class.clause().into(),
        source: String::new(),
        destination: String::new(),
        operation: spell.class.name().into(),
        reason,
        evidence: Vec::new(),
    }
}

/// What the observer does not see.
pub(super) fn blind(now: Timestamp, what: String) -> Finding {
    Finding {
        ts_ns: now.as_ns(),
        stream: Stream::ATTEST_IO.as_str().into(),
        conclusion: Conclusion::Missing,
        severity: Class::Silent.severity(),
        contract: String::new(),
        clause: "io_attestation".into(),
        source: "io master".to_string(),
        destination: String::new(),
        operation: "unseen".into(),
        reason: what,
        evidence: Vec::new(),
    }
}
