//! The chain: every record of every segment, and what each segment states of the log before it.

use std::path::Path;

use iia_core::digest::Digest;
use iia_core::event::EventKind;

use super::{Bad, Verifier};
use crate::AuditError;
use crate::body::View;
use crate::log::{Genesis, Segment, Walk};
use crate::segment::{Checked, Header, Reader};
use crate::tree;

/// The file that an event vouches for, below the evidence directory, and its digest.
pub(crate) fn referred<'a>(event: &View<'a>) -> Option<(&'a str, &'a str)> {
    let refers = matches!(
        event.kind,
        EventKind::SegmentSealed
            | EventKind::ArtifactStaged
            | EventKind::ArtifactApplied
            | EventKind::ArtifactAuthorised
            | EventKind::ArtifactSubmitted
            | EventKind::LogRecovered
            | EventKind::FileCarried
    );
    refers.then(|| event.field("path").zip(event.field("digest")))?
}

impl Verifier<'_> {
    /// Reads every segment.
    pub(super) fn chain(&mut self, audit: &Path, genesis: &Genesis) -> Result<(), Bad> {
        let log_id = genesis.log_id();
        let walk = Walk::new(audit, log_id);
        let mut walk = walk.map_err(|error| self.bad("audit/seg", &error.to_string()))?;
        self.retired_part(walk.first(), &log_id)?;
        let mut abandoned = 0;
        loop {
            let name = walk.name();
            let next = walk.next();
            let Some(segment) = next.map_err(|error| self.no_segment(&name, &error))? else {
                break;
            };
            let reader = self.segment(&segment, abandoned, &log_id)?;
            walk.went_to(&reader);
            abandoned = segment.abandoned;
            walk.done_with(segment);
            self.report.abandoned += abandoned;
        }
        self.retired_is_told()
    }

    fn no_segment(&self, name: &str, error: &AuditError) -> Bad {
        match error {
            AuditError::BadRecord { .. } => {
                self.bad(name, "records before this segment are missing")
            }
            error => self.bad(name, &error.to_string()),
        }
    }

    /// Reads a segment behind one that has `abandoned` bytes at its end.
    fn segment<'a>(
        &mut self,
        segment: &'a Segment,
        abandoned: u64,
        log_id: &Digest,
    ) -> Result<Reader<'a>, Bad> {
        let opened = segment.reader();
        let mut reader = opened.map_err(|error| self.bad(&segment.name(), &error.to_string()))?;
        self.stated(&reader.header, segment)?;
        self.seals_met(log_id)?;
        loop {
            let batch = reader.batch(&mut self.sources);
            let batch = batch.map_err(|error| Bad {
                seq: self.report.records,
                file: segment.name().into(),
                offset: reader.offset as u64,
                why: error.to_string(),
            })?;
            if batch.is_empty() {
                break;
            }
            for record in batch {
                if abandoned > 0
                    && record.seq() == segment.place.first
                    && record.body().kind != EventKind::IoFault
                {
                    let why = "the segment before has bytes that no record accounts for";
                    return Err(self.bad(&segment.name(), why));
                }
                self.record(&record)?;
                self.seals_met(log_id)?;
            }
        }
        if !segment.is_last && reader.offset < segment.bytes.len() {
            return Err(self.bad(&segment.name(), "is not cut at its last record"));
        }
        self.previous_len = reader.offset as u64;
        Ok(reader)
    }

    /// What a header states must be what was read.
    fn stated(&mut self, header: &Header, segment: &Segment) -> Result<(), Bad> {
        let begins = self.report.retired == header.first;
        if begins && header.first > 0 {
            self.before_first = header.before;
            self.marks = header
                .marks
                .iter()
                .map(|mark| (mark.source.clone(), mark.number))
                .collect();
            self.report.chain_head = Some(header.before);
            self.previous_len = header.previous_len;
            self.boot = header.boot;
        }
        let marks = header.marks.iter().map(|mark| (&mark.source, &mark.number));
        let same = header.frontier().as_ref() == Some(self.edge.frontier())
            && marks.eq(self.marks.iter())
            && header.previous_len == self.previous_len
            && header.boot == self.boot;
        match same {
            true => Ok(()),
            false => Err(self.bad(
                &segment.name(),
                "its header states another log than the records before it",
            )),
        }
    }

    /// A source with a key of its own has signed the record, and none of its numbers is missing before it.
    fn own(&mut self, record: &Checked<'_>) -> Result<(), Bad> {
        let body = record.body();
        let key = self
            .own_keys
            .iter()
            .find(|key| key.source.as_str() == body.source);
        let Some(key) = key else {
            return Ok(());
        };
        let before = self.marks.get(body.source).copied().unwrap_or(0);
        let signed = key
            .verify(&body.to_body())
            .map_err(|error| error.to_string());
        let next = (body.source_seq == before + 1).then_some(());
        let good =
            signed.and_then(|()| next.ok_or("a number of its source is missing before it".into()));
        let place = format!("record {}", record.seq());
        good.map_err(|why| self.bad("audit/seg", &format!("{place}: {why}")))?;
        self.report.own += 1;
        Ok(())
    }

    fn record(&mut self, record: &Checked<'_>) -> Result<(), Bad> {
        self.own(record)?;
        self.leaf(tree::leaf(record.hash().as_bytes()))?;
        self.report.chain_head = Some(record.hash());
        self.boot = record.written().boot;
        let body = record.body();
        match self.marks.get_mut(body.source) {
            Some(mark) => *mark = (*mark).max(body.source_seq),
            None => drop(self.marks.insert(body.source.into(), body.source_seq)),
        }
        if body.kind == EventKind::SegmentRetired {
            let end = body.field("end").and_then(|end| end.parse().ok());
            self.retired
                .extend(end.zip(body.field("hash").map(str::to_owned)));
        }
        if let Some((path, digest)) = referred(body) {
            let digest = digest
                .parse()
                .map_err(|_| self.bad("audit/seg", "a digest in a record is none"))?;
            self.files.insert(path.into(), (digest, record.seq()));
        }
        self.claim_met()
    }
}
