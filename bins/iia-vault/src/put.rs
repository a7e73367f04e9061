//! Closed segments into the store, the oldest first, each with a receipt once all that judges it is there too.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use iia_core::digest::Digest;
use iia_edge::vault::{Closed, Evidence, Get, Kept, Kind, List, Paper, Proven, Put, key};

use crate::config::Vault;
use crate::probe;
use crate::state::State;

/// Puts what is new of a log.
pub(crate) fn run(vault: &Vault, dir: &Path) -> anyhow::Result<ExitCode> {
    ensure!(
        dir.join("audit").is_dir(),
        "{} holds no audit directory",
        dir.display()
    );
    let state = State::open(vault)?;
    let evidence = Evidence::open(dir).with_context(|| format!("the log in {}", dir.display()))?;
    let Some(proven) = probe::proven(vault, &state)? else {
        return Ok(ExitCode::FAILURE);
    };
    let log_id = evidence.log_id();
    println!("log        {}, {log_id}", evidence.origin());
    println!(
        "probe      {} of {}",
        proven.id(),
        iia_audit::vault::utc(proven.at())
    );
    let papers = state.papers(&log_id);
    let mut work = Work {
        vault,
        state,
        proven,
        evidence,
        log_id,
        papers,
        sent: 0,
    };
    let segments = work.all()?;
    let (sent, next) = (work.sent, work.evidence.next());
    println!("put        {segments} segments and {sent} papers are new in the vault");
    println!("receipts   {}", work.state.log(&log_id).display());
    println!("KEPT       every record up to {next}, the end of the last closed segment");
    Ok(ExitCode::SUCCESS)
}

struct Work<'a> {
    vault: &'a Vault,
    state: State,
    proven: Proven,
    evidence: Evidence,
    log_id: Digest,
    papers: BTreeSet<String>,
    sent: u64,
}

impl Work<'_> {
    /// Everything that is closed and not there; gives how many segments.
    fn all(&mut self) -> anyhow::Result<u64> {
        for paper in self.evidence.beginning()? {
            self.paper(paper)?;
        }
        self.resume();
        let mut segments = 0;
        while let Some(closed) = self.next()? {
            self.segment(closed)?;
            segments += 1;
        }
        // A witness may sign what was closed long ago.
        self.notes(0)?;
        Ok(segments)
    }

    /// Segments with a receipt are passed over, as long as their lock lasts.
    fn resume(&mut self) {
        let now = self.vault.now();
        while let Some(receipt) = self.state.receipt(&self.log_id, self.evidence.next()) {
            if receipt.statement().retain_until <= now || !self.evidence.resume(&receipt) {
                break;
            }
        }
    }

    /// The next closed segment: from the box, or, where it has left the box and its receipt is lost, from the store.
    fn next(&self) -> anyhow::Result<Option<Closed>> {
        if !self.evidence.is_gone()? {
            return Ok(self.evidence.read()?);
        }
        let name = key(&self.log_id, Kind::Segment(self.evidence.next()));
        let (versions, _) = self.vault.does(List::new(&name))?.first_versions();
        let version = versions.into_iter().next();
        let version = version.with_context(|| {
            let next = self.evidence.next();
            format!("records from {next} on are neither on the box nor in the vault")
        })?;
        let got = self.vault.does(Get::new(version)?)?;
        let bytes = got.bytes().context("no bytes")?;
        Ok(Some(self.evidence.recognise(bytes)?))
    }

    fn segment(&mut self, closed: Closed) -> anyhow::Result<()> {
        let Closed {
            segment,
            root,
            bytes,
        } = closed;
        let (vault, log_id) = (self.vault, self.log_id);
        let until = vault.retention.until(vault.now());
        let name = key(&log_id, Kind::Segment(segment.first));
        let put = vault.does(Put::new(&name, bytes, until)?)?;
        let was_sent = put.was_sent();
        let stored = put.stored().context("the object was not read back")?;
        self.evidence.passed(&segment, root);
        if let Some(seals) = self.evidence.seals(&segment)? {
            self.paper(seals)?;
        }
        self.notes(segment.first)?;
        let kept = Kept {
            origin: self.evidence.origin().to_owned(),
            segment: segment.clone(),
            root,
        };
        let statement = self
            .proven
            .receipt((&vault.store, vault.now()), &stored, kept)?;
        let note = statement.sign(&vault.settings.name, &vault.signer)?;
        self.state.keep((&log_id, segment.first), &note)?;
        let how = if was_sent { "sent" } else { "was there" };
        println!(
            "segment    records {} to {}, {how}, locked until {}",
            segment.first,
            segment.end - 1,
            iia_audit::vault::utc(stored.until()),
        );
        Ok(())
    }

    /// Signed and cosigned heads of `from` records and more, up to what is there.
    fn notes(&mut self, from: u64) -> anyhow::Result<()> {
        let (heads, receipts) = self.evidence.notes()?;
        for size in heads.into_iter().filter(|size| *size >= from) {
            if !self.papers.contains(&key(&self.log_id, Kind::Head(size))) {
                let paper = self.evidence.note(size, false)?;
                self.paper(paper)?;
            }
        }
        for size in receipts.into_iter().filter(|size| *size >= from) {
            let paper = self.evidence.note(size, true)?;
            self.paper(paper)?;
        }
        Ok(())
    }

    fn paper(&mut self, paper: Paper) -> anyhow::Result<()> {
        let (vault, log_id) = (self.vault, self.log_id);
        let name = key(&log_id, paper.kind);
        if self.papers.contains(&name) {
            return Ok(());
        }
        let until = vault.retention.until(vault.now());
        let put = vault.does(Put::new(&name, paper.bytes, until)?)?;
        let stored = put.stored().context("the object was not read back")?;
        self.state.keep_paper(&log_id, &stored)?;
        self.papers.insert(name);
        self.sent += 1;
        Ok(())
    }
}
