//! TPMS_ATTEST (TPM 2.0 Part 2, 10.12.12): what a TPM signs when it quotes its registers.

use alloc::vec::Vec;

use nom::IResult;
use nom::number::complete::{be_u8, be_u16, be_u32, be_u64};

use super::TpmError;
use super::pcr::Selection;
use super::wire::{refused, sized, whole};

/// Largest TPMS_ATTEST in bytes.
pub const ATTEST_LEN_MAX: usize = 1024;
/// TPM_GENERATED_VALUE: a restricted key signs nothing that begins so and was not made by its TPM.
const GENERATED: u32 = 0xff54_4347;
/// TPM_ST_ATTEST_QUOTE.
const QUOTE: u16 = 0x8018;
/// Largest name: an algorithm and a digest.
const NAME_LEN_MAX: usize = 2 + 64;

/// TPMS_CLOCK_INFO: how long the TPM lives and how often it was started.
///
/// For keys outside the endorsement and platform hierarchies a TPM adds a secret constant of the key to both counts and
/// to the firmware version, so they compare between quotes of one key only.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Clock {
    /// Milliseconds with power since the TPM was cleared.
    pub clock_ms: u64,
    /// Starts from nothing since then.
    pub reset_count: u32,
    /// Restarts and resumes since the last such start.
    pub restart_count: u32,
    /// Whether no higher clock was ever shown.
    pub safe: bool,
}

/// A parsed quote, not yet believed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Quote {
    /// The qualified name of the key that signs.
    pub signer: Vec<u8>,
    /// The caller's data: the nonce.
    pub nonce: Vec<u8>,
    /// Clock and counts.
    pub clock: Clock,
    /// Version of the TPM's firmware.
    pub firmware: u64,
    /// Which registers.
    pub selection: Selection,
    /// The digest over their values, by the hash of the signature.
    pub digest: Vec<u8>,
}

/// The bytes that were signed, with what they say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attest<'a> {
    bytes: &'a [u8],
    quote: Quote,
}

impl<'a> Attest<'a> {
    /// Parses a TPMS_ATTEST that is a quote.
    ///
    /// # Errors
    /// [`TpmError::BadAttest`], [`TpmError::NotGenerated`], [`TpmError::NotQuote`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, TpmError> {
        if bytes.len() > ATTEST_LEN_MAX {
            let (what, max) = ("bytes of a TPMS_ATTEST", ATTEST_LEN_MAX);
            return Err(TpmError::TooMuch { what, max });
        }
        let (rest, (magic, kind)) = head(bytes).map_err(|_| bad("cut in its head"))?;
        if magic != GENERATED {
            return Err(TpmError::NotGenerated);
        }
        if kind != QUOTE {
            return Err(TpmError::NotQuote { kind });
        }
        let quote = whole(body(rest)).map_err(bad)?;
        Ok(Self { bytes, quote })
    }

    /// The bytes that are signed.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What they say.
    pub const fn quote(&self) -> &Quote {
        &self.quote
    }
}

const fn bad(what: &'static str) -> TpmError {
    TpmError::BadAttest { what }
}

fn head(input: &[u8]) -> IResult<&[u8], (u32, u16)> {
    let (input, magic) = be_u32(input)?;
    let (input, kind) = be_u16(input)?;
    Ok((input, (magic, kind)))
}

fn body(input: &[u8]) -> IResult<&[u8], Quote> {
    let (input, signer) = sized(NAME_LEN_MAX)(input)?;
    let (input, nonce) = sized(NAME_LEN_MAX)(input)?;
    let (input, clock) = clock(input)?;
    let (input, firmware) = be_u64(input)?;
    let (input, selection) = Selection::read(input)?;
    let (input, digest) = sized(64)(input)?;
    let quote = Quote {
        signer: signer.to_vec(),
        nonce: nonce.to_vec(),
        clock,
        firmware,
        selection,
        digest: digest.to_vec(),
    };
    Ok((input, quote))
}

fn clock(input: &[u8]) -> IResult<&[u8], Clock> {
    let (input, clock_ms) = be_u64(input)?;
    let (input, reset_count) = be_u32(input)?;
    let (input, restart_count) = be_u32(input)?;
    let (rest, safe) = be_u8(input)?;
    // TPMI_YES_NO has two values.
    if safe > 1 {
        return refused(input);
    }
    let clock = Clock {
        clock_ms,
        reset_count,
        restart_count,
        safe: safe == 1,
    };
    Ok((rest, clock))
}
