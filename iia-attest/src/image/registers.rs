//! The values that the registers of a machine have once it has started an image: the text that comes with the image and that
//! its artifact names by digest.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use iia_core::digest::decode_hex;
use iia_core::outside::HashName;

use crate::tpm::TpmError;

/// Largest text in bytes.
pub const REGISTERS_LEN_MAX: usize = 4096;
const FIRST: &str = "iia pcr policy 1";
const PCR_COUNT: u8 = 24;

/// Registers of the SHA-256 bank, each with its value.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Registers(BTreeMap<u8, [u8; 32]>);

impl Registers {
    /// Reads the text: its first line, and a line `pcr NUMBER VALUE` for each register. What else stands in it is for whoever
    /// seals to it: the text is believed by its digest.
    ///
    /// # Errors
    /// [`TpmError::BadPcrs`] for anything else, [`TpmError::TooMuch`].
    pub fn parse(bytes: &[u8]) -> Result<Self, TpmError> {
        if bytes.len() > REGISTERS_LEN_MAX {
            let (what, max) = ("bytes of values of registers", REGISTERS_LEN_MAX);
            return Err(TpmError::TooMuch { what, max });
        }
        let bad = |what| TpmError::BadPcrs { what };
        let text = core::str::from_utf8(bytes).map_err(|_| bad("not text"))?;
        let mut lines = text.lines();
        if lines.next() != Some(FIRST) {
            return Err(bad("it does not begin with `iia pcr policy 1`"));
        }
        let mut all = BTreeMap::new();
        for line in lines.filter_map(|line| line.strip_prefix("pcr ")) {
            let (pcr, value) = line.split_once(' ').ok_or(bad("a register's line"))?;
            let pcr: u8 = pcr.parse().map_err(|_| bad("a register's number"))?;
            let mut bytes = [0; 32];
            decode_hex(value, &mut bytes).ok_or(bad("a register's value"))?;
            if pcr >= PCR_COUNT || all.insert(pcr, bytes).is_some() {
                return Err(bad("a register twice, or one that no TPM has"));
            }
        }
        match all.is_empty() {
            true => Err(bad("no register")),
            false => Ok(Self(all)),
        }
    }

    /// The registers, ascending.
    pub fn pcrs(&self) -> impl Iterator<Item = u8> {
        self.0.keys().copied()
    }

    /// As the verifier asks for them.
    pub fn good(&self) -> BTreeMap<(HashName, u8), Vec<Vec<u8>>> {
        let each = self.0.iter();
        each.map(|(pcr, value)| ((HashName::Sha256, *pcr), vec![value.to_vec()]))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_whole_lines_say_is_read() {
        let value = "0a".repeat(32);
        let good =
            alloc::format!("{FIRST}\nsigner 04\npcr 4 {value}\npcr 11 {value}\nsignature 00\n");
        let read = Registers::parse(good.as_bytes()).unwrap();
        assert_eq!(read.pcrs().collect::<Vec<_>>(), [4, 11]);
        assert_eq!(
            read.good().get(&(HashName::Sha256, 11)),
            Some(&vec![vec![10; 32]])
        );
        for bad in [
            String::new(),
            FIRST.into(),
            good.replace("policy 1", "policy 2"),
            good.replace("pcr 11", "pcr 4"),
            good.replace("pcr 11", "pcr 24"),
            good.replace("pcr 11", "pcr x"),
            good.replace(&value, "0a"),
            good.replace(&value, &"0A".repeat(32)),
            good.clone() + &" ".repeat(REGISTERS_LEN_MAX),
        ] {
            assert!(Registers::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
