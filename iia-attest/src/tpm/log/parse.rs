//! From bytes to events: the first is always in the old form and says whether the rest is crypto-agile (10.4.5.1).

use alloc::vec::Vec;

use nom::IResult;
use nom::bytes::complete::{tag, take};
use nom::number::complete::{le_u8, le_u16, le_u32};

use super::event::Event;
use super::kind::EventKind;
use super::{BANKS_MAX, EVENTS_MAX, LOG_LEN_MAX, PCR_COUNT};
use crate::tpm::TpmError;
use crate::tpm::algorithm::hash_name;
use crate::tpm::wire::refused;

const SHA1: u16 = 0x0004;
const SHA1_LEN: usize = 20;

/// TPM_ALG_ID and length of each bank of a log.
type Banks = Vec<(u16, usize)>;

pub(super) fn events(bytes: &[u8]) -> Result<Vec<Event<'_>>, TpmError> {
    if bytes.len() > LOG_LEN_MAX {
        let (what, max) = ("bytes of a log", LOG_LEN_MAX);
        return Err(TpmError::TooMuch { what, max });
    }
    let bad = |event, offset, what| TpmError::BadLog {
        event,
        offset,
        what,
    };
    let (mut rest, first) = old(bytes).map_err(|_| bad(0, 0, "cut"))?;
    let banks = if first.kind == EventKind::NO_ACTION && first.data.starts_with(AGILE) {
        let banks = agile(first.data).map_err(|_| bad(0, 0, "its specification ID cannot be"))?;
        Some(banks.1)
    } else {
        None
    };
    let mut events = alloc::vec![first];
    while !rest.is_empty() {
        let (number, offset) = (events.len(), bytes.len() - rest.len());
        if number >= EVENTS_MAX {
            let (what, max) = ("events in a log", EVENTS_MAX);
            return Err(TpmError::TooMuch { what, max });
        }
        let read = match &banks {
            Some(banks) => new(rest, banks),
            None => old(rest),
        };
        let (after, mut event) =
            read.map_err(|_| bad(number, offset, "cut, or a digest of no bank"))?;
        event.offset = offset;
        if event.kind != EventKind::NO_ACTION && event.pcr >= PCR_COUNT {
            return Err(bad(number, offset, "a register that no TPM has"));
        }
        events.push(event);
        rest = after;
    }
    Ok(events)
}

/// TCG_PCR_EVENT.
fn old(input: &[u8]) -> IResult<&[u8], Event<'_>> {
    let (rest, pcr) = le_u32(input)?;
    let (rest, kind) = le_u32(rest)?;
    let (rest, digest) = take(SHA1_LEN)(rest)?;
    let (rest, len) = le_u32(rest)?;
    let (rest, data) = take(len)(rest)?;
    let event = Event {
        offset: 0,
        pcr,
        kind: EventKind(kind),
        digests: alloc::vec![(SHA1, digest)],
        data,
    };
    Ok((rest, event))
}

/// TCG_PCR_EVENT2: a digest for each bank, none twice.
fn new<'a>(input: &'a [u8], banks: &Banks) -> IResult<&'a [u8], Event<'a>> {
    let (rest, pcr) = le_u32(input)?;
    let (rest, kind) = le_u32(rest)?;
    let (mut rest, count) = le_u32(rest)?;
    if usize::try_from(count).map_or(true, |count| count > banks.len()) {
        return refused(input);
    }
    let mut digests: Vec<(u16, &[u8])> = Vec::with_capacity(banks.len());
    for _ in 0..count {
        let (after, id) = le_u16(rest)?;
        let bank = banks.iter().find(|(bank, _)| *bank == id);
        let Some((_, len)) = bank.filter(|_| digests.iter().all(|(other, _)| *other != id)) else {
            return refused(input);
        };
        let (after, digest) = take(*len)(after)?;
        digests.push((id, digest));
        rest = after;
    }
    let (rest, len) = le_u32(rest)?;
    let (rest, data) = take(len)(rest)?;
    let event = Event {
        offset: 0,
        pcr,
        kind: EventKind(kind),
        digests,
        data,
    };
    Ok((rest, event))
}

/// How the data of the first event of a crypto-agile log begins.
pub(super) const AGILE: &[u8] = b"Spec ID Event03\0";

/// TCG_EfiSpecIdEvent: the banks that every further event may have.
fn agile(input: &[u8]) -> IResult<&[u8], Banks> {
    let (rest, _) = tag(AGILE)(input)?;
    let (rest, _class) = le_u32(rest)?;
    // Minor and major version, errata, size of an integer.
    let (rest, _version) = le_u32(rest)?;
    let (mut rest, count) = le_u32(rest)?;
    if usize::try_from(count).map_or(true, |count| count == 0 || count > BANKS_MAX) {
        return refused(input);
    }
    let mut banks = Banks::new();
    for _ in 0..count {
        let (after, id) = le_u16(rest)?;
        let (after, len) = le_u16(after)?;
        let len = usize::from(len);
        let known = hash_name(id).is_none_or(|hash| hash.len() == len);
        if !known || banks.iter().any(|(other, _)| *other == id) {
            return refused(input);
        }
        banks.push((id, len));
        rest = after;
    }
    let (rest, len) = le_u8(rest)?;
    let (rest, _vendor) = take(len)(rest)?;
    Ok((rest, banks))
}
