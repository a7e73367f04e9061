//! What a machine brought, as it is published: everything that whoever was not there needs to judge it again, with no TPM.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_core::Timestamp;
use iia_core::digest::hex;
use iia_core::event::{Event, EventKind, VALUE_LEN_MAX};
use iia_core::outside::{Check, HashName};

use super::registers::Registers;
use crate::tpm::{
    AttestationResult, Clock, Evidence, PublicArea, Reference, TpmError, appraise, hash_of,
};

/// Bytes of a log of a boot that are published at most; of a longer one its digest is.
pub const LOG_PUBLISHED_MAX: usize = 1024 * 1024;
/// Fields of one record that hold a part of a log, and bytes in each.
pub(super) const PARTS_MAX: usize = 8;
const PART_LEN: usize = VALUE_LEN_MAX / 4 * 3;

/// A digest of SHA-256 as artifacts write it, which others make with their own tools.
pub fn name_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&hash_of(HashName::Sha256, &[bytes])))
}

/// A quote with what it was asked with and what it is held against.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Published {
    /// The box.
    pub machine: String,
    /// The artifact that names the intended image.
    pub artifact: String,
    /// The digest of the values of registers that it names.
    pub named: String,
    /// The values at hand, as they came with the image.
    pub registers: Vec<u8>,
    /// The digest of the attestation key that the configuration names; empty where it names none.
    pub named_key: String,
    /// The key's public area (TPMT_PUBLIC).
    pub key: Vec<u8>,
    /// The record of the chain with whose hash the nonce begins: the quote was made after it.
    pub after: u64,
    /// The nonce.
    pub nonce: Vec<u8>,
    /// TPMS_ATTEST.
    pub attest: Vec<u8>,
    /// TPMT_SIGNATURE.
    pub signature: Vec<u8>,
    /// The values of the quoted registers, one after the other.
    pub values: Vec<u8>,
    /// The log of the boot, where the machine keeps one.
    pub log: Option<Vec<u8>>,
}

impl Published {
    /// Judges all of it; `last` is the clock of the quote before, by whoever has seen it.
    pub fn judge(&self, last: Option<Clock>, check: &dyn Check) -> AttestationResult {
        let unread = |reason| AttestationResult {
            reasons: vec![reason],
            quote: None,
            pcrs: None,
        };
        let key = match PublicArea::parse(&self.key) {
            Ok(key) => key,
            Err(reason) => return unread(reason),
        };
        let evidence = Evidence {
            attest: &self.attest,
            signature: &self.signature,
            log: self.log.as_deref(),
            pcrs: Some(&self.values),
        };
        let (good, unread) = match Registers::parse(&self.registers) {
            Ok(registers) => (registers.good(), None),
            Err(reason) => (Default::default(), Some(reason)),
        };
        let reference = Reference {
            last,
            pcrs: good,
            ..Reference::new(&key, &self.nonce)
        };
        let mut result = appraise(&evidence, &reference, check);
        result.reasons.extend(unread);
        result.reasons.extend(self.others());
        let heaviest = |reason: &TpmError| core::cmp::Reverse(reason.tier());
        result.reasons.sort_by_key(heaviest);
        result
    }

    /// What is another than was named.
    fn others(&self) -> impl Iterator<Item = TpmError> {
        let (key, registers) = (name_of(&self.key), name_of(&self.registers));
        let key = (key != self.named_key).then_some(TpmError::OtherKey { found: key });
        let registers =
            (registers != self.named).then_some(TpmError::OtherRegisters { found: registers });
        key.into_iter().chain(registers)
    }

    /// The record of the quote, with what whoever asked makes of it.
    pub fn event(&self, now: Timestamp, result: &AttestationResult) -> Event {
        let reasons: Vec<String> = result.reasons.iter().map(super::told).collect();
        let event = Event::new(EventKind::ImageAttested, now)
            .with("machine", self.machine.as_str())
            .with("evidence", "quoted by a TPM")
            .with("artifact", self.artifact.as_str())
            .with("named", self.named.as_str())
            .with("registers", String::from_utf8_lossy(&self.registers))
            .with("named_key", self.named_key.as_str())
            .with("key", hex(&self.key))
            .with("after", self.after.to_string())
            .with("nonce", hex(&self.nonce))
            .with("attest", hex(&self.attest))
            .with("signature", hex(&self.signature))
            .with("values", hex(&self.values))
            .with("result", result.tier().to_string())
            .with("reasons", reasons.join("; "));
        match &self.log {
            Some(log) if log.len() <= LOG_PUBLISHED_MAX => event.with("log", name_of(log)),
            Some(log) => event.with("log_unpublished", name_of(log)),
            None => event,
        }
    }

    /// The records of the log: they come before the first quote that refers to it.
    pub fn log_events(&self, now: Timestamp) -> Vec<Event> {
        let log = self.log.as_deref().unwrap_or_default();
        if log.len() > LOG_PUBLISHED_MAX {
            return Vec::new();
        }
        let (name, each) = (name_of(log), PARTS_MAX * PART_LEN);
        let records = log.chunks(each).enumerate();
        let record = |(number, bytes): (usize, &[u8])| {
            let event = Event::new(EventKind::ImageAttested, now)
                .with("machine", self.machine.as_str())
                .with("log", name.as_str())
                .with("from", (number * each).to_string());
            let parts = bytes.chunks(PART_LEN).enumerate();
            parts.fold(event, |event, (part, bytes)| {
                event.with(&format!("part_{part}"), STANDARD.encode(bytes))
            })
        };
        records.map(record).collect()
    }
}
