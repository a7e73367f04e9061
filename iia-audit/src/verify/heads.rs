//! Signed heads: those in the log's own directory, its receipts, and those that somebody else saw.

use std::fs;
use std::path::Path;

use iia_core::event::EventKind;

use super::{Bad, Outcome, Report, Verifier, finished, records, verify};
use crate::AuditError;
use crate::checkpoint::Checkpoint;
use crate::log::MIRRORED;
use crate::note::{Note, VerifierKey};
use crate::policy::Policy;

/// The heads of log `origin` that a box one level up has cosigned, from its own evidence in `dir`, which must hold.
///
/// A log that was rolled back together with its receipts still verifies alone; it does not contain these.
///
/// # Errors
/// What verification says of that evidence, when it does not hold.
pub fn seen_above(
    dir: &Path,
    pinned: Option<&VerifierKey>,
    origin: &str,
) -> Result<Vec<Checkpoint>, Box<Report>> {
    let report = verify(dir, pinned);
    if report.outcome() == Outcome::Failed {
        return Err(Box::new(report));
    }
    let mut seen = Vec::new();
    let read = records(&dir.join("audit"), |record| {
        let event = &record.body.event;
        if event.kind == EventKind::HeadWitnessed && event.field("outcome") == Some("cosigned") {
            let text = event.field("head").unwrap_or_default().replace(' ', "\n");
            let head = Checkpoint::parse(&format!("{text}\n"));
            seen.extend(head.ok().filter(|head| head.origin == origin));
        }
    });
    match read {
        Ok(()) => Ok(seen),
        Err(_) => Err(Box::new(report)),
    }
}

/// A folder of signed heads, and who must have cosigned those.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Folder {
    /// The log's own.
    Heads,
    /// Cosigned by witnesses.
    Receipts,
    /// Cosigned by mirrors.
    Mirrored,
}

impl Folder {
    const fn name(self) -> &'static str {
        match self {
            Self::Heads => "heads",
            Self::Receipts => "receipts",
            Self::Mirrored => MIRRORED,
        }
    }

    /// Whether those have signed that must; when, in seconds.
    fn judge(self, policy: &Policy, note: &Note<'_>) -> Result<u64, AuditError> {
        match self {
            Self::Heads => Ok(0),
            Self::Receipts => policy.satisfied(note),
            Self::Mirrored => policy.mirrored(note),
        }
    }

    /// The log's signature and those of known keys, each good; nothing rides along unread.
    fn every_signature(self, policy: &Policy, note: &Note<'_>) -> bool {
        let known = match self {
            Self::Heads => &[],
            Self::Receipts => policy.witnesses.as_slice(),
            Self::Mirrored => policy.mirrors.as_slice(),
        };
        let good = known.iter().filter(|key| note.verify(key).is_ok()).count();
        good + 1 == note.signatures()
    }
}

impl Verifier<'_> {
    /// Heads from elsewhere claim like those in the directory.
    pub(super) fn claims_from(&mut self, known: &[Checkpoint]) {
        for head in known {
            let claims = self.claims.entry(head.size).or_default();
            claims.push(("the head seen by the next box up".into(), head.root));
        }
    }

    /// Reads every signed head of a folder and notes the root it claims.
    pub(super) fn claims_of(&mut self, folder: Folder, policy: &Policy) -> Result<u64, Bad> {
        let dir = self.dir.join("audit").join(folder.name());
        if folder == Folder::Mirrored && !dir.exists() {
            return Ok(0);
        }
        let paths = finished(&dir).map_err(|why| self.bad(folder.name(), &why))?;
        for path in &paths {
            let file = path.file_name().and_then(|name| name.to_str());
            let name = format!("audit/{}/{}", folder.name(), file.unwrap_or_default());
            let note = fs::read_to_string(path).map_err(|_| self.bad(&name, "is not text"))?;
            let opened = Checkpoint::open(&note, &policy.log);
            let (head, parsed) = opened.map_err(|error| self.bad(&name, &error.to_string()))?;
            if file != Some(&format!("{:016x}", head.size)) {
                return Err(self.bad(&name, "has another size than its name"));
            }
            let at = folder.judge(policy, &parsed);
            let at = at.map_err(|error| self.bad(&name, &error.to_string()))?;
            if !folder.every_signature(policy, &parsed) {
                return Err(self.bad(&name, "has a signature nobody vouches for"));
            }
            let report = &mut self.report;
            match folder {
                Folder::Heads => {}
                Folder::Mirrored => report.mirrored = report.mirrored.max(head.size),
                Folder::Receipts => {
                    report.witnessed = report.witnessed.max(head.size);
                    report.witnessed_at = report.witnessed_at.max(at);
                }
            }
            let claims = self.claims.entry(head.size).or_default();
            claims.push((name.into(), head.root));
        }
        Ok(paths.len() as u64)
    }

    /// Heads that state this size must state this root.
    pub(super) fn claim_met(&mut self) -> Result<(), Bad> {
        let Some(claims) = self.claims.remove(&self.report.records) else {
            return Ok(());
        };
        let root = self.edge.frontier().root();
        match claims.into_iter().find(|(_, claimed)| *claimed != root) {
            Some((file, _)) => {
                let why = "the head has another root than the records".into();
                Err(Bad {
                    seq: self.report.records,
                    file,
                    offset: 0,
                    why,
                })
            }
            None => Ok(()),
        }
    }
}
