//! Evidence against Reference Values: the verifier of RFC 9334, and its result.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;

use iia_core::digest::hex;
use iia_core::outside::{Check, HashName};

use super::TpmError;
use super::attest::{Attest, Clock, Quote};
use super::key::PublicArea;
use super::log::EventLog;
use super::pcr::Pcrs;
use super::signature::TpmSignature;

/// How far a machine is to be believed, in the words and order of the attestation results of RATS (AR4SI).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Tier {
    /// Everything that was asked agrees.
    Affirming,
    /// Everything that must agree does; a person should look at something.
    Warning,
    /// Not to be believed, or not as it should be.
    Contraindicated,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Affirming => "affirming",
            Self::Warning => "warning",
            Self::Contraindicated => "contraindicated",
        })
    }
}

/// What a machine brings.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The TPMS_ATTEST.
    pub attest: &'a [u8],
    /// The TPMT_SIGNATURE over it.
    pub signature: &'a [u8],
    /// The log of its boot, if it brings one.
    pub log: Option<&'a [u8]>,
    /// The values of the quoted registers one after the other, if it brings them.
    pub pcrs: Option<&'a [u8]>,
}

/// What the verifier knows and asks: the key, the nonce, what was before, and the values that are good.
#[derive(Clone, Debug)]
pub struct Reference<'a> {
    /// The attestation key that this machine is known by.
    pub key: &'a PublicArea,
    /// The nonce that was asked with; each is used once.
    pub nonce: &'a [u8],
    /// The clock of the last quote by this key, if there was one.
    pub last: Option<Clock>,
    /// The firmware that the TPM should have, if that matters.
    pub firmware: Option<u64>,
    /// For each register that must be quoted, every value that is good; none means any.
    pub pcrs: BTreeMap<(HashName, u8), Vec<Vec<u8>>>,
}

impl<'a> Reference<'a> {
    /// A reference that asks for nothing but the key and the nonce.
    pub const fn new(key: &'a PublicArea, nonce: &'a [u8]) -> Self {
        Self {
            key,
            nonce,
            last: None,
            firmware: None,
            pcrs: BTreeMap::new(),
        }
    }
}

/// What the verifier says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AttestationResult {
    /// Every reason against it, the heaviest first.
    pub reasons: Vec<TpmError>,
    /// What was quoted, once the signature holds.
    pub quote: Option<Quote>,
    /// The values of the registers, once they are known to be the quoted ones.
    pub pcrs: Option<Pcrs>,
}

impl AttestationResult {
    /// The heaviest of the reasons.
    pub fn tier(&self) -> Tier {
        let tiers = self.reasons.iter().map(TpmError::tier);
        tiers.max().unwrap_or(Tier::Affirming)
    }
}

/// Verifies that `key` signed a quote and gives it; says nothing yet about what it says.
///
/// # Errors
/// The first thing that fails: form, scheme, signature.
pub fn verify(
    attest: &[u8],
    signature: &[u8],
    key: &PublicArea,
    check: &dyn Check,
) -> Result<(Quote, HashName), TpmError> {
    let attest = Attest::parse(attest)?;
    let signature = TpmSignature::parse(signature)?;
    signature.verify(key.key(), attest.bytes(), check)?;
    Ok((attest.quote().clone(), signature.hash()))
}

/// Compares what a machine brings with what is known of it.
///
/// A signature that does not hold is the only reason then: nothing else of the evidence means anything.
pub fn appraise(
    evidence: &Evidence<'_>,
    reference: &Reference<'_>,
    check: &dyn Check,
) -> AttestationResult {
    let verified = verify(evidence.attest, evidence.signature, reference.key, check);
    let (quote, hash) = match verified {
        Ok(verified) => verified,
        Err(reason) => {
            return AttestationResult {
                reasons: alloc::vec![reason],
                quote: None,
                pcrs: None,
            };
        }
    };
    let mut reasons = Vec::new();
    reasons.extend(weakness(reference.key));
    reasons.extend(freshness(&quote, reference));
    let (pcrs, against) = values(evidence, &quote, hash);
    reasons.extend(against);
    reasons.extend(references(&quote, pcrs.as_ref(), reference));
    reasons.sort_by_key(|reason| core::cmp::Reverse(reason.tier()));
    AttestationResult {
        reasons,
        quote: Some(quote),
        pcrs,
    }
}

fn weakness(key: &PublicArea) -> Option<TpmError> {
    let attribute = key.attributes().weakness()?;
    Some(TpmError::WeakKey { attribute })
}

fn freshness(quote: &Quote, reference: &Reference<'_>) -> Vec<TpmError> {
    let mut reasons = Vec::new();
    if quote.nonce != reference.nonce {
        reasons.push(TpmError::WrongNonce);
    }
    if !quote.clock.safe {
        reasons.push(TpmError::ClockUnsafe);
    }
    if let Some(last) = reference.last {
        reasons.extend(since(last, quote.clock));
    }
    if reference
        .firmware
        .is_some_and(|want| want != quote.firmware)
    {
        let found = quote.firmware;
        reasons.push(TpmError::Firmware { found });
    }
    reasons
}

/// What the clock says about the time since the last quote. Within one start it only goes forward; a start more is a
/// reason to look, a start less is a quote of before. Without a safe clock only the counts tell.
fn since(last: Clock, now: Clock) -> Option<TpmError> {
    let starts = |clock: Clock| (clock.reset_count, clock.restart_count);
    if starts(now) < starts(last) {
        return Some(TpmError::Replayed);
    }
    if starts(now) > starts(last) {
        let back = now.safe && now.clock_ms <= last.clock_ms;
        return Some(if back {
            TpmError::Replayed
        } else {
            TpmError::Restarted
        });
    }
    (now.clock_ms <= last.clock_ms).then_some(TpmError::Replayed)
}

/// The values of the quoted registers, from the list that was brought or from the log, where they make the digest.
fn values(evidence: &Evidence<'_>, quote: &Quote, hash: HashName) -> (Option<Pcrs>, Vec<TpmError>) {
    let mut reasons = Vec::new();
    let log = match evidence.log.map(EventLog::parse) {
        Some(Ok(log)) => Some(log),
        Some(Err(reason)) => {
            reasons.push(reason);
            None
        }
        None => None,
    };
    let listed = evidence
        .pcrs
        .map(|bytes| Pcrs::from_selected(&quote.selection, bytes));
    let listed = match listed {
        Some(Ok(pcrs)) => Some(pcrs),
        Some(Err(reason)) => {
            reasons.push(reason);
            None
        }
        None => None,
    };
    let quoted = |pcrs: &Pcrs| pcrs.digest(&quote.selection, hash).as_ref() == Some(&quote.digest);
    if listed.as_ref().is_some_and(|pcrs| !quoted(pcrs)) {
        reasons.push(TpmError::WrongDigest);
        return (None, reasons);
    }
    if let Some(log) = &log {
        reasons.extend(replayed(log, listed.as_ref(), quote, &quoted));
        reasons.extend(shown(log, quote));
    }
    let from_log = || {
        log.as_ref()
            .map(|log| filled(log, quote))
            .filter(|pcrs| quoted(pcrs))
    };
    (listed.or_else(from_log), reasons)
}

/// Replayed values of the quoted registers; what the log never extends keeps the value it starts with.
fn filled(log: &EventLog<'_>, quote: &Quote) -> Pcrs {
    let mut pcrs = Pcrs::default();
    let replayed = log.replay();
    for (bank, pcr) in quote.selection.registers() {
        let start = || log.start(bank, pcr);
        let value = replayed.get(bank, pcr).map_or_else(start, <[u8]>::to_vec);
        let _fits = pcrs.set(bank, pcr, &value);
    }
    pcrs
}

/// Where the log does not make the quoted registers. With values it is said which; without them it is one reason.
fn replayed(
    log: &EventLog<'_>,
    listed: Option<&Pcrs>,
    quote: &Quote,
    quoted: &dyn Fn(&Pcrs) -> bool,
) -> Vec<TpmError> {
    let replay = filled(log, quote);
    let Some(listed) = listed else {
        return if quoted(&replay) {
            Vec::new()
        } else {
            alloc::vec![TpmError::WrongDigest]
        };
    };
    // Registers above those of the firmware are extended later, by what keeps no log of this form.
    let touched: BTreeSet<_> = log.touched();
    let differs = |(bank, pcr): &(HashName, u8)| {
        (*pcr < 8 || touched.contains(&(*bank, *pcr)))
            && listed.get(*bank, *pcr) != replay.get(*bank, *pcr)
    };
    let wrong = quote.selection.registers().filter(differs);
    let wrong = wrong.map(|(bank, pcr)| TpmError::NotReplayed {
        pcr,
        bank: bank.as_str(),
    });
    wrong.collect()
}

/// Events of quoted registers whose data is not what was measured: the registers are right, what they are said to mean
/// is not.
fn shown(log: &EventLog<'_>, quote: &Quote) -> Vec<TpmError> {
    let mut reasons = Vec::new();
    for (number, event) in log.events().iter().enumerate() {
        let mut banks = quote.selection.registers();
        let wrong = banks.any(|(bank, pcr)| {
            u32::from(pcr) == event.pcr() && event.shows_what_was_measured(bank) == Some(false)
        });
        if wrong {
            let (event, pcr) = (number, event.pcr());
            reasons.push(TpmError::NotMeasured { event, pcr });
        }
    }
    reasons
}

fn references(quote: &Quote, pcrs: Option<&Pcrs>, reference: &Reference<'_>) -> Vec<TpmError> {
    let mut reasons = Vec::new();
    for ((bank, pcr), good) in &reference.pcrs {
        let (pcr, bank_name) = (*pcr, bank.as_str());
        if !quote.selection.has(*bank, pcr) {
            reasons.push(TpmError::NotQuoted {
                pcr,
                bank: bank_name,
            });
            continue;
        }
        let value = pcrs.and_then(|pcrs| pcrs.get(*bank, pcr));
        let known = value.is_some_and(|value| good.iter().any(|one| one == value));
        if !known && !good.is_empty() {
            reasons.push(TpmError::WrongPcr {
                pcr,
                bank: bank_name,
                value: value.map_or_else(|| "not known".into(), hex),
            });
        }
    }
    reasons
}
