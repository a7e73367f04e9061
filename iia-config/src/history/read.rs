//! From records to changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use iia_audit::frame::Record;
use iia_audit::note::VerifierKey;
use iia_audit::verify::{records, verify};
use iia_core::Timestamp;
use iia_core::digest::Digest;
use iia_core::event::{Event, EventKind};

use super::{
    Artifact, CallMade, Change, Evidence, History, HistoryError, Leave, Proof, RECORDS_MAX, Refusal,
};
use crate::diff::Model;
use crate::envelope::{Armour, body_of, open, signers_of};
use crate::limits::DOCUMENT_LEN_MAX;
use crate::parse::parse;
use crate::trust::{Class, Trust, succeed};

/// Reads the history of the box whose evidence directory (`audit/`, `config/`) is `dir`.
///
/// # Errors
/// [`HistoryError`] when there is no log; a log that does not hold is said in [`History::evidence`].
pub fn history(dir: &Path, pinned: Option<&VerifierKey>) -> Result<History, HistoryError> {
    let report = verify(dir, pinned);
    let mut reader = Reader::new(dir);
    let good = report.records.min(RECORDS_MAX);
    let read = records(&dir.join("audit"), |record| {
        // What lies behind the first bad record proves nothing.
        if record.seq < good {
            reader.record(&record);
        }
    });
    if let (Err(error), None) = (read, &report.bad) {
        let detail = error.to_string();
        return Err(HistoryError::Log { detail });
    }
    let broken = report.bad.map(|bad| {
        let file = bad.file.display();
        format!("record {} in {file}: {}", bad.seq, bad.why)
    });
    let evidence = Evidence {
        origin: report.origin,
        records: report.records,
        witnessed: report.witnessed,
        pinned: pinned.is_some(),
        broken,
    };
    Ok(History {
        evidence,
        changes: reader.changes,
        refusals: reader.refusals,
        foreign: reader.foreign,
    })
}

struct Reader {
    dir: PathBuf,
    trust: Trust,
    staged: BTreeMap<(Class, Digest), Artifact>,
    /// Trust documents by digest.
    operators: BTreeMap<Digest, Trust>,
    leave: Option<Leave>,
    calls: Vec<CallMade>,
    changes: Vec<Change>,
    refusals: Vec<Refusal>,
    desk: Option<String>,
    foreign: Vec<u64>,
}

fn digest(event: &Event, key: &str) -> Option<Digest> {
    event.field(key)?.parse().ok()
}

fn words(event: &Event, key: &str) -> Vec<String> {
    let text = event.field(key).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

impl Reader {
    fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_path_buf(),
            trust: Trust::default(),
            staged: BTreeMap::new(),
            operators: BTreeMap::new(),
            leave: None,
            calls: Vec::new(),
            changes: Vec::new(),
            refusals: Vec::new(),
            desk: None,
            foreign: Vec::new(),
        }
    }

    /// Who began the box is its desk; what anybody else says about artifacts is noted and not believed.
    fn is_desks(&mut self, record: &Record, is_trust: bool) -> bool {
        if self.desk.is_none() && is_trust {
            self.desk = Some(record.source().into());
        }
        self.desk.as_deref() == Some(record.source())
    }

    fn record(&mut self, record: &Record) {
        let event = &record.body.event;
        let is_trust = event.field("class") == Some(Class::Trust.name());
        if is_about_artifacts(event.kind) && !self.is_desks(record, is_trust) {
            return self.foreign.push(record.seq);
        }
        match event.kind {
            EventKind::ArtifactSubmitted if event.field("purpose") == Some("begin") => {
                self.keep_operators(event);
                self.rule(event);
            }
            EventKind::ArtifactStaged => self.staged(record.seq, event),
            EventKind::ArtifactAuthorised => self.leave = self.leave(record.seq, event),
            EventKind::GatedCall => self.calls.push(call(record.seq, event)),
            EventKind::ArtifactApplied => self.applied(record, event),
            EventKind::ArtifactConfirmed => self.confirmed(event),
            EventKind::ArtifactRejected => self.refused(record.seq, event),
            EventKind::SignatureFailed if event.field("step").is_some() => {
                self.refused(record.seq, event);
            }
            _ => {}
        }
    }

    /// The file that a record refers to; its digest was verified with the chain.
    fn file(&self, event: &Event) -> Option<Vec<u8>> {
        let path = event.field("path")?;
        let inside = Path::new(path)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        inside.then(|| fs::read(self.dir.join(path)).ok())?
    }

    /// A trust document that is kept, whether it rules yet or not.
    fn keep_operators(&mut self, event: &Event) {
        let (Some(name), Some(bytes)) = (digest(event, "artifact"), self.file(event)) else {
            return;
        };
        if let Ok(trust) = Trust::parse(body_of(&bytes)) {
            self.operators.insert(name, trust);
        }
    }

    /// From here on signatures count by this trust document.
    fn rule(&mut self, event: &Event) {
        let name = digest(event, "artifact");
        if let Some(trust) = name.and_then(|name| self.operators.get(&name)) {
            self.trust = trust.clone();
        }
    }

    fn staged(&mut self, seq: u64, event: &Event) {
        let (Some(name), Some(bytes)) = (digest(event, "artifact"), self.file(event)) else {
            return;
        };
        let class = class_of(event);
        if class == Class::Trust {
            self.keep_operators(event);
        }
        let said = words(event, "operators");
        let (authors, proof) = self.prove(&bytes, class, (name, &said));
        let document = parse(body_of(&bytes), DOCUMENT_LEN_MAX).unwrap_or_default();
        let mut artifacts = document.of_kind("artifact");
        let revision = artifacts.find_map(|entry| entry.field("revision")?.count());
        let artifact = Artifact {
            digest: name,
            revision: revision.unwrap_or(0),
            authors,
            staged_seq: seq,
            proof,
            model: Model::of(&document),
        };
        self.staged.insert((class, name), artifact);
    }

    /// Verifies signatures again, and that the chain names the same artifact and the same people.
    fn prove(
        &self,
        bytes: &[u8],
        class: Class,
        (name, said): (Digest, &[String]),
    ) -> (Vec<String>, Proof) {
        match signed(bytes, class, &self.trust) {
            Ok((digest, operators)) if digest != name => {
                let why = "the file holds another artifact than the chain says";
                (operators, Proof::Fails(why.into()))
            }
            Ok((_, operators)) if operators != said => {
                let why = format!("the chain names {}", said.join(", "));
                (operators, Proof::Fails(why))
            }
            Ok((_, operators)) => (operators, Proof::Holds),
            Err(error) => (said.to_vec(), Proof::Fails(error.to_string())),
        }
    }

    fn leave(&self, seq: u64, event: &Event) -> Option<Leave> {
        let approval = digest(event, "approval")?;
        let said = words(event, "operators");
        let (operators, proof) = match self.file(event) {
            Some(bytes) => self.prove(&bytes, Class::Approval, (approval, &said)),
            None => (said, Proof::Fails("the approval is not kept".into())),
        };
        Some(Leave {
            approval,
            operators,
            seq,
            proof,
        })
    }

    fn applied(&mut self, record: &Record, event: &Event) {
        let artifact = digest(event, "artifact").filter(|digest| *digest != Digest::ZERO);
        let went_back = event.field("purpose") == Some("go_back");
        let (class, calls) = (class_of(event), std::mem::take(&mut self.calls));
        if event.field("purpose") == Some("restore") {
            // What was in force is in force: the machine was started.
            return;
        }
        if class == Class::Trust {
            self.rule(event);
        }
        let leave = self.leave.take();
        self.changes.push(Change {
            seq: record.seq,
            at: Timestamp::from_ns(event.ts_ns),
            source: record.source().into(),
            class,
            artifact: artifact.and_then(|digest| self.staged.get(&(class, digest)).cloned()),
            leave: leave.filter(|_| !went_back),
            went_back: event.field("why").unwrap_or_default().into(),
            calls,
            confirmed: None,
        });
    }

    fn confirmed(&mut self, event: &Event) {
        let named = digest(event, "artifact");
        let observer = event.field("observer").unwrap_or_default().to_owned();
        let is_it = |change: &&mut Change| change.artifact.as_ref().map(|it| it.digest) == named;
        if let Some(change) = self.changes.last_mut().filter(is_it) {
            change.confirmed = Some((Timestamp::from_ns(event.ts_ns), observer));
        }
    }

    fn refused(&mut self, seq: u64, event: &Event) {
        let field = |key: &str| event.field(key).unwrap_or_default().to_owned();
        self.refusals.push(Refusal {
            seq,
            at: Timestamp::from_ns(event.ts_ns),
            step: field("step"),
            why: field("why"),
        });
    }
}

fn class_of(event: &Event) -> Class {
    let class = event.field("class").and_then(Class::of_name);
    class.unwrap_or(Class::Config)
}

/// Which artifact an envelope holds and who signed it, when enough did.
fn signed(
    bytes: &[u8],
    class: Class,
    trust: &Trust,
) -> Result<(Digest, Vec<String>), Box<dyn std::error::Error>> {
    if class == Class::Trust {
        succeed(trust, bytes)?;
        let digest = Armour::parse(bytes)?.digest();
        return Ok((digest, signers_of(bytes, trust)));
    }
    let opened = open(bytes, class, trust)?;
    Ok((opened.digest, opened.operators))
}

const fn is_about_artifacts(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::ArtifactSubmitted
            | EventKind::ArtifactStaged
            | EventKind::ArtifactAuthorised
            | EventKind::ArtifactApplied
            | EventKind::ArtifactConfirmed
            | EventKind::ArtifactRejected
            | EventKind::GatedCall
    )
}

fn call(seq: u64, event: &Event) -> CallMade {
    let field = |key: &str| event.field(key).unwrap_or_default().to_owned();
    CallMade {
        seq,
        call: field("call"),
        before: field("before"),
        after: field("after"),
    }
}
