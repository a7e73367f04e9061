//! Signed heads: those in the log's own directory, its receipts, and those that somebody else saw.

use std::fs;
use std::path::Path;

use iia_core::event::EventKind;

use super::{Bad, Outcome, Report, Verifier, listing, records, verify};
use crate::checkpoint::Checkpoint;
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

impl Verifier<'_> {
    /// Heads from elsewhere claim like those in the directory.
    pub(super) fn claims_from(&mut self, known: &[Checkpoint]) {
        for head in known {
            let claims = self.claims.entry(head.size).or_default();
            claims.push(("the head seen by the next box up".into(), head.root));
        }
    }

    /// Reads every signed head of a folder and notes the root it claims.
    pub(super) fn claims_of(
        &mut self,
        folder: &str,
        policy: &Policy,
        cosigned: bool,
    ) -> Result<u64, Bad> {
        let dir = self.dir.join("audit").join(folder);
        let paths = listing(&dir).map_err(|why| self.bad(folder, &why))?;
        for path in &paths {
            let name = format!(
                "audit/{folder}/{}",
                path.file_name()
                    .and_then(|n| n.to_str())
                    .unwrap_or_default()
            );
            let note = fs::read_to_string(path).map_err(|_| self.bad(&name, "is not text"))?;
            let opened = Checkpoint::open(&note, &policy.log);
            let (head, parsed) = opened.map_err(|error| self.bad(&name, &error.to_string()))?;
            let witnesses = if cosigned {
                policy.quorum.max(parsed.signatures() - 1)
            } else {
                0
            };
            if parsed.signatures() != 1 + witnesses
                || !name.ends_with(&format!("/{:016x}", head.size))
            {
                return Err(self.bad(&name, "has other signatures or another size than its name"));
            }
            if cosigned {
                let at = policy
                    .satisfied(&parsed)
                    .map_err(|error| self.bad(&name, &error.to_string()))?;
                self.every_signature(&parsed, policy, &name)?;
                self.report.witnessed = self.report.witnessed.max(head.size);
                self.report.witnessed_at = self.report.witnessed_at.max(at);
            }
            self.claims
                .entry(head.size)
                .or_default()
                .push((name.into(), head.root));
        }
        Ok(paths.len() as u64)
    }

    /// A receipt holds the log's signature and those of known witnesses, each good; nothing rides along unread.
    fn every_signature(&self, note: &Note<'_>, policy: &Policy, name: &str) -> Result<(), Bad> {
        let good = policy
            .witnesses
            .iter()
            .filter(|witness| note.verify(witness).is_ok())
            .count();
        if good + 1 == note.signatures() {
            Ok(())
        } else {
            Err(self.bad(name, "has a signature nobody vouches for"))
        }
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
