//! Seals: each states what the log was when its epoch ended, and with the key of epoch 0 that is checked.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};

use iia_core::digest::Digest;

use super::{Bad, Verifier};
use crate::log::SEALS;
use crate::seal::{EPOCHS_MAX, Seal, SealKey};

/// Bytes of a line at most.
const LINE_LEN_MAX: u64 = 256;

/// The seals that are still to come, and the key of the next.
#[derive(Default)]
pub(super) struct Seals {
    lines: Option<BufReader<File>>,
    next: Option<Seal>,
    key: Option<SealKey>,
}

impl Verifier<'_> {
    /// Begins to read the seals, if there are any.
    pub(super) fn seals_begin(&mut self, escrow: Option<&SealKey>) -> Result<(), Bad> {
        let path = self.dir.join("audit").join(SEALS);
        self.seals.key = escrow.cloned();
        if escrow.is_some_and(|key| key.epoch() != 0) {
            return Err(self.bad_seal("the key given is not that of epoch 0"));
        }
        match File::open(path) {
            Ok(file) => self.seals.lines = Some(BufReader::new(file)),
            Err(_) if escrow.is_none() => return Ok(()),
            Err(_) => return Err(self.bad_seal("are missing, although a seal key was given")),
        }
        self.seal_read()
    }

    fn bad_seal(&self, why: &str) -> Bad {
        self.bad("audit/seals", why)
    }

    /// Reads the next line.
    fn seal_read(&mut self) -> Result<(), Bad> {
        let Some(lines) = &mut self.seals.lines else {
            return Ok(());
        };
        let mut line = String::new();
        let read = lines.take(LINE_LEN_MAX).read_line(&mut line);
        read.map_err(|_| self.bad_seal("are no text"))?;
        self.seals.next = match line.strip_suffix('\n') {
            None if line.is_empty() => None,
            line => {
                let seal = line.and_then(|line| Seal::parse(line).ok());
                Some(seal.ok_or_else(|| self.bad_seal("a line is no seal"))?)
            }
        };
        match self.seals.next {
            Some(seal) if seal.epoch != self.report.seals || seal.epoch >= EPOCHS_MAX => {
                Err(self.bad_seal("an epoch is missing or stands twice"))
            }
            Some(seal) if seal.size < self.report.records => {
                Err(self.bad_seal("a seal covers fewer records than the one before it"))
            }
            _ => Ok(()),
        }
    }

    /// Seals that state as many records as were read so far.
    pub(super) fn seals_met(&mut self, log_id: &Digest) -> Result<(), Bad> {
        while let Some(seal) = self
            .seals
            .next
            .filter(|seal| seal.size == self.report.records)
        {
            if let Some(key) = &self.seals.key {
                // Of what was retired the chain's hashes are not there, but the key of the next epoch follows all the same.
                let known = self
                    .report
                    .chain_head
                    .or((seal.size == 0).then_some(Digest::ZERO));
                let differs = |chain| key.seal(log_id, (seal.size, &chain)) != seal;
                if known.is_some_and(differs) {
                    return Err(self.bad_seal("a seal is not of these records"));
                }
                self.seals.key = Some(key.next());
                self.report.sealed = Some(seal.size);
            }
            self.report.seals += 1;
            self.seal_read()?;
        }
        Ok(())
    }

    /// No seal may state more records than there are.
    pub(super) fn seals_end(&self) -> Result<(), Bad> {
        match self.seals.next {
            Some(seal) => Err(self.bad_seal(&format!(
                "state {} records, the log holds {}: the end is missing",
                seal.size, self.report.records
            ))),
            None => Ok(()),
        }
    }
}
