//! What all forms say in the same words.

use std::fmt::Write as _;

use iia_attest::aggregate::{
    Accountable, Gravity, MEANINGS, Open, clause_meaning, meaning, raci_event,
};
use iia_core::Timestamp;

use super::{AlertSink, Observer, Standing};
use crate::table::{count, counted};
use crate::words::{cut, length, millis, tame};

/// Longest words of a finding, in characters.
const WORDS_MAX: usize = 600;

/// A stream without the part that all of them share.
pub(super) fn short(stream: &str) -> String {
    tame(stream.strip_prefix(super::STREAMS).unwrap_or(stream))
}

/// Words of a finding, safe to show.
pub(super) fn words(text: &str) -> String {
    cut(&tame(text), WORDS_MAX)
}

pub(super) fn who(accountable: &[Accountable]) -> String {
    let one = |one: &Accountable| match one.contact.as_str() {
        "" => tame(&one.role),
        contact => format!("{} ({})", tame(&one.role), tame(contact)),
    };
    match accountable {
        [] => "nobody: no contract says who answers".into(),
        all => all.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}

/// What to do first.
pub(super) fn next(open: &Open) -> &'static str {
    let finding = &open.finding;
    let clause = clause_meaning(&finding.stream, &finding.clause);
    let of_stream = || meaning(&finding.stream).and_then(|one| one.next.first().copied());
    clause
        .map(|one| one.next)
        .or_else(of_stream)
        .unwrap_or("look at the records")
}

/// How often, and since when.
pub(super) fn times(open: &Open) -> String {
    match open.count {
        1 => "once".into(),
        many => format!("{} times, last {}", count(many), millis(open.last)),
    }
}

impl Standing {
    /// How many stand open, in one line.
    pub(super) fn tally(&self) -> String {
        let open = self.board.open();
        let of = |gravity| open.iter().filter(|one| one.gravity == gravity).count();
        let over = self.board.over().count();
        match open.len() {
            0 => format!("nothing stands open; {over} over"),
            all => format!(
                "{all} open: {} critical, {} high; {over} over",
                of(Gravity::Critical),
                of(Gravity::High)
            ),
        }
    }

    /// How long something has been, by the clock of whoever looks; nothing for a time to come.
    pub(super) fn ago(&self, at: Timestamp) -> String {
        match self.now.since_ns(at) {
            ns if ns < 0 => "in the time to come".into(),
            ns => format!("{} ago", length(ns)),
        }
    }

    /// Each stream, with what its observer says of itself; those that nobody watches too.
    pub(super) fn observer_rows(&self) -> Vec<[String; 3]> {
        let each = |one: &iia_attest::aggregate::Meaning| {
            let stream = one.stream.as_str();
            let says = self.observed(stream);
            let confirmed = self.board.confirmed(stream);
            let says = match confirmed {
                Some(at) => format!("{says}; said {} that all is well", millis(at)),
                None => says,
            };
            [short(stream), says, format!("does not see {}", one.blind)]
        };
        MEANINGS.iter().map(each).collect()
    }

    /// Whether a stream is observed on the box, and when its observer looked.
    pub fn observed(&self, stream: &str) -> String {
        let Some(said) = &self.sights else {
            return "not known: the running box is not at hand".into();
        };
        match said.observers.iter().find(|other| other.stream == stream) {
            None => "NOT OBSERVED on this box: nothing here tells of it".into(),
            Some(observer) => self.looked(observer),
        }
    }

    fn looked(&self, observer: &Observer) -> String {
        let mut says = match observer.looked_ns {
            0 => "has not seen anything yet".into(),
            ns => format!("looked {}", self.ago(Timestamp::from_ns(ns))),
        };
        let _ = write!(
            says,
            ", {}, {}",
            counted(observer.looks, "look"),
            counted(observer.found, "finding")
        );
        if observer.unseen > 0 {
            let _ = write!(
                says,
                "; {} NOT SEEN for want of room",
                count(observer.unseen)
            );
        }
        says
    }

    /// Each alert sink, and whether it takes alerts.
    pub(super) fn sink_rows(&self) -> Vec<(bool, [String; 2])> {
        let sinks = self.sights.iter().flat_map(|said| &said.sinks);
        sinks
            .map(|sink| (sink.lost_since_ns == 0, [tame(&sink.name), said(sink)]))
            .collect()
    }

    /// How old the words of the box are, where they are so old that it may not run any more.
    pub(super) fn age(&self) -> Option<String> {
        let said = self.sights.as_ref()?;
        let written = Timestamp::from_ns(said.written_ns);
        let is_old = self.now.since_ns(written) > OLD_NS;
        is_old.then(|| {
            format!(
                "the observers of this box last said something {}: they may not run",
                self.ago(written)
            )
        })
    }
}

/// A box says something of its observers every few seconds.
const OLD_NS: i64 = 15 * iia_core::time::SECOND_NS;

fn said(sink: &AlertSink) -> String {
    let mut says = match sink.lost_since_ns {
        0 => format!("takes alerts: {} delivered", count(sink.delivered)),
        since => format!(
            "LOST since {}: {}; {} wait",
            millis(Timestamp::from_ns(since)),
            words(&sink.why),
            counted(sink.waiting, "alert")
        ),
    };
    if sink.dropped > 0 {
        let _ = write!(says, "; {} dropped", count(sink.dropped));
    }
    says
}

/// Everything there is to say of an open finding.
pub fn explain(standing: &Standing, open: &Open) -> Vec<(&'static str, String)> {
    let finding = &open.finding;
    let mut rows = vec![
        ("what", words(&finding.reason)),
        (
            "severity",
            format!("{}, {}", open.gravity.name(), conclusion(open)),
        ),
        ("since", format!("{}, {}", millis(open.first), times(open))),
    ];
    let clause = clause_meaning(&finding.stream, &finding.clause);
    if let Some(clause) = clause {
        rows.push(("means", clause.what.into()));
    }
    if let Some(meaning) = meaning(&finding.stream) {
        rows.push(("compared", meaning.compares.into()));
        rows.push(("against", meaning.reference.into()));
        rows.push(("proof", meaning.proof.into()));
    }
    let contract = match finding.contract.as_str() {
        "" => "none: no contract covers it".into(),
        name => format!("{}, clause {}", tame(name), tame(&finding.clause)),
    };
    rows.push(("contract", contract));
    for (label, value) in [
        ("source", &finding.source),
        ("about", &finding.destination),
        ("operation", &finding.operation),
    ] {
        if !value.is_empty() {
            rows.push((label, words(value)));
        }
    }
    for piece in &finding.evidence {
        rows.push(("evidence", words(piece)));
    }
    rows.push(("records", standing.records_of(&open.id)));
    for delta in open
        .deltas
        .iter()
        .filter(|one| one.reason != finding.reason)
    {
        let said = format!("{}: {}", millis(delta.first), words(&delta.reason));
        rows.push(("said before", said));
    }
    if open.deltas_more > 0 {
        rows.push(("said before", format!("{} more", count(open.deltas_more))));
    }
    let event = raci_event(finding);
    rows.push((
        "accountable",
        format!("{}, for {event}", who(&open.accountable)),
    ));
    rows.push(("first do", next(open).into()));
    let steps = meaning(&finding.stream).map_or(&[][..], |one| one.next);
    for step in steps.iter().filter(|step| **step != next(open)) {
        rows.push(("then", (*step).into()));
    }
    rows
}

/// What kind of finding it is, in words.
pub(super) const fn conclusion(open: &Open) -> &'static str {
    match open.finding.conclusion {
        iia_core::finding::Conclusion::Missing => "something expected does not come",
        _ => "what is seen is not what was agreed",
    }
}
