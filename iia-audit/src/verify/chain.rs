//! The chain: every record of every segment, and what each segment states of the log before it.

use std::path::Path;

use iia_core::digest::Digest;
use iia_core::event::{Event, EventKind};

use super::{Bad, Verifier};
use crate::AuditError;
use crate::frame::Record;
use crate::log::{Genesis, Segment, Walk};
use crate::segment::{Header, Reader};
use crate::tree;

/// The file that an event vouches for, below the evidence directory, and its digest.
pub(crate) fn referred(event: &Event) -> Option<(&str, &str)> {
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
    event
        .field("path")
        .zip(event.field("digest"))
        .filter(|_| refers)
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
            let offset = reader.offset as u64;
            let at = |why: String| Bad {
                seq: self.report.records,
                file: segment.name().into(),
                offset,
                why,
            };
            let Some(record) = reader.read().map_err(|error| at(error.to_string()))? else {
                break;
            };
            let told =
                record.seq > segment.place.first || record.body.event.kind == EventKind::IoFault;
            if abandoned > 0 && !told {
                return Err(at(
                    "the segment before has bytes that no record accounts for".into(),
                ));
            }
            self.record(&record)?;
            self.seals_met(log_id)?;
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

    fn record(&mut self, record: &Record) -> Result<(), Bad> {
        self.leaf(tree::leaf(record.hash.as_bytes()))?;
        self.report.chain_head = Some(record.hash);
        self.boot = record.written.boot;
        let event = &record.body.event;
        let mark = self.marks.entry(record.body.source.clone()).or_default();
        *mark = (*mark).max(event.source_seq);
        if event.kind == EventKind::SegmentRetired {
            let end = event.field("end").and_then(|end| end.parse().ok());
            self.retired
                .extend(end.zip(event.field("hash").map(str::to_owned)));
        }
        if let Some((path, digest)) = referred(event) {
            let digest = digest
                .parse()
                .map_err(|_| self.bad("audit/seg", "a digest in a record is none"))?;
            self.files.insert(path.into(), (digest, record.seq));
        }
        self.claim_met()
    }
}
