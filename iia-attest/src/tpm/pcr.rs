//! Registers: which were quoted, what values they have, and the digest over them.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use iia_core::outside::HashName;
use nom::IResult;
use nom::bytes::complete::take;
use nom::number::complete::{be_u8, be_u16, be_u32};

use super::TpmError;
use super::algorithm::{hash_name, hash_of};
use super::wire::refused;

/// Banks in a selection at most (HASH_COUNT of large TPMs).
pub const SELECTIONS_MAX: usize = 16;
/// Registers of a bank at most: a select of four bytes.
const PCRS_MAX: usize = 32;

/// TPML_PCR_SELECTION: banks in the order of the TPM, each with its registers in ascending order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Selection(Vec<(HashName, Vec<u8>)>);

impl Selection {
    pub(super) fn read(input: &[u8]) -> IResult<&[u8], Self> {
        let (mut input, count) = be_u32(input)?;
        if usize::try_from(count).map_or(true, |count| count > SELECTIONS_MAX) {
            return refused(input);
        }
        let mut banks = Vec::new();
        for _ in 0..count {
            let (rest, id) = be_u16(input)?;
            let (rest, len) = be_u8(rest)?;
            if usize::from(len) * 8 > PCRS_MAX {
                return refused(input);
            }
            let (rest, bits) = take(len)(rest)?;
            let pcrs = (0u8..).zip(bits).flat_map(|(byte, bits)| {
                let set = (0..8).filter(move |bit| bits >> bit & 1 == 1);
                set.map(move |bit| byte * 8 + bit)
            });
            let pcrs: Vec<u8> = pcrs.collect();
            match hash_name(id) {
                Some(bank) if !pcrs.is_empty() => banks.push((bank, pcrs)),
                // An empty selection of a bank selects nothing, whatever the bank.
                _ if pcrs.is_empty() => {}
                _ => return refused(input),
            }
            input = rest;
        }
        Ok((input, Self(banks)))
    }

    /// Bank and number of each register, in the order in which their values are hashed.
    pub fn registers(&self) -> impl Iterator<Item = (HashName, u8)> {
        let banks = self.0.iter();
        banks.flat_map(|(bank, pcrs)| pcrs.iter().map(move |pcr| (*bank, *pcr)))
    }

    /// Whether a register was quoted.
    pub fn has(&self, bank: HashName, pcr: u8) -> bool {
        self.registers().any(|one| one == (bank, pcr))
    }
}

/// Values of registers, each as long as its bank's hash.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Pcrs(BTreeMap<(HashName, u8), Vec<u8>>);

impl Pcrs {
    /// Sets a value; one of another length than the bank's is refused.
    ///
    /// # Errors
    /// [`TpmError::BadPcrs`].
    pub fn set(&mut self, bank: HashName, pcr: u8, value: &[u8]) -> Result<(), TpmError> {
        if value.len() != bank.len() || usize::from(pcr) >= PCRS_MAX {
            let what = "a value is not as long as its bank's hash, or of no register";
            return Err(TpmError::BadPcrs { what });
        }
        self.0.insert((bank, pcr), value.to_vec());
        Ok(())
    }

    /// The values that `selection` names, one after the other in its order, as TPM tools write them.
    ///
    /// # Errors
    /// [`TpmError::BadPcrs`] where the bytes are not just those values.
    pub fn from_selected(selection: &Selection, mut bytes: &[u8]) -> Result<Self, TpmError> {
        let mut pcrs = Self::default();
        for (bank, pcr) in selection.registers() {
            let (value, rest) = bytes.split_at_checked(bank.len()).ok_or(UNEVEN)?;
            pcrs.set(bank, pcr, value)?;
            bytes = rest;
        }
        if bytes.is_empty() {
            Ok(pcrs)
        } else {
            Err(UNEVEN)
        }
    }

    /// A value.
    pub fn get(&self, bank: HashName, pcr: u8) -> Option<&[u8]> {
        self.0.get(&(bank, pcr)).map(Vec::as_slice)
    }

    /// Every value, by bank and register.
    pub fn iter(&self) -> impl Iterator<Item = (HashName, u8, &[u8])> {
        let entries = self.0.iter();
        entries.map(|((bank, pcr), value)| (*bank, *pcr, value.as_slice()))
    }

    /// The digest over the selected values (Part 1, 18.4.5); `None` where one is not here.
    pub fn digest(&self, selection: &Selection, hash: HashName) -> Option<Vec<u8>> {
        let values = selection.registers().map(|(bank, pcr)| self.get(bank, pcr));
        let values: Option<Vec<&[u8]>> = values.collect();
        Some(hash_of(hash, &values?))
    }
}

const UNEVEN: TpmError = TpmError::BadPcrs {
    what: "not just the values of the registers that were quoted",
};
