//! What the memory of a slave's controller means below 0x1000: registers by address, with their parts.

use crate::decode::{Fields, Reader};
use iia_core::observe::Value;

mod access;
mod block;
mod clock;
mod device;
mod event;

pub(crate) use block::{Manager, managers};

/// Where registers end and memory for mailboxes and process data begins (ETG.1000.4, 6).
pub(crate) const END: u16 = 0x1000;

/// A word for a number.
type Word = fn(u64) -> Option<&'static str>;

/// A register: where it is, its bytes, its name, a word for its value, its parts.
struct Register {
    at: u16,
    len: u8,
    name: &'static str,
    word: Option<Word>,
    parts: &'static [Part],
}

/// Some bits of a register.
struct Part {
    name: &'static str,
    shift: u8,
    bits: u8,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Flag,
    Bits,
    Coded(Word),
}

const fn plain(at: u16, len: u8, name: &'static str) -> Register {
    parts(at, len, name, &[])
}

const fn parts(at: u16, len: u8, name: &'static str, parts: &'static [Part]) -> Register {
    Register {
        at,
        len,
        name,
        word: None,
        parts,
    }
}

const fn named(at: u16, len: u8, name: &'static str, word: Word) -> Register {
    Register {
        at,
        len,
        name,
        word: Some(word),
        parts: &[],
    }
}

const fn flag(name: &'static str, shift: u8) -> Part {
    part(name, shift, 1, Kind::Flag)
}

const fn bits(name: &'static str, shift: u8, bits: u8) -> Part {
    part(name, shift, bits, Kind::Bits)
}

const fn coded(name: &'static str, shift: u8, bits: u8, word: Word) -> Part {
    part(name, shift, bits, Kind::Coded(word))
}

const fn part(name: &'static str, shift: u8, bits: u8, kind: Kind) -> Part {
    Part {
        name,
        shift,
        bits,
        kind,
    }
}

/// Tells the registers that lie wholly in `data`, which stands at `offset`; whether there was one.
pub(crate) fn tell<'a>(fields: &mut Fields<'a>, offset: u16, data: &'a [u8]) -> bool {
    let mut any = false;
    for table in [
        device::REGISTERS,
        event::REGISTERS,
        access::REGISTERS,
        clock::REGISTERS,
    ] {
        any |= told_of(table, fields, offset, data);
    }
    any | block::tell(fields, offset, data)
}

/// Whether a register lies wholly in `data`, which stands at `offset`.
pub(crate) fn known(offset: u16, data: &[u8]) -> bool {
    tell(&mut Fields::new(), offset, data)
}

fn told_of(table: &[Register], fields: &mut Fields<'_>, offset: u16, data: &[u8]) -> bool {
    let first = table.partition_point(|register| register.at < offset);
    let mut any = false;
    for register in table.get(first..).unwrap_or_default() {
        let at = usize::from(register.at - offset);
        if at >= data.len() {
            break;
        }
        any |= told(register, fields, data.get(at..).unwrap_or_default());
    }
    any
}

/// Tells a register whose bytes are at the start of `data`; nothing where they are not all there.
fn told(register: &Register, fields: &mut Fields<'_>, data: &[u8]) -> bool {
    let Some(value) = number(data, register.len) else {
        return false;
    };
    let word = register.word.and_then(|word| word(value));
    fields.code(register.name, value, word);
    for part in register.parts {
        let bits = value >> part.shift & ((1 << part.bits) - 1);
        match part.kind {
            Kind::Flag => fields.add(part.name, Value::Bool(bits != 0)),
            Kind::Bits => fields.uint(part.name, bits),
            Kind::Coded(word) => fields.code(part.name, bits, word(bits)),
        }
    }
    true
}

/// The number in the first `len` bytes, the lowest first.
fn number(data: &[u8], len: u8) -> Option<u64> {
    let bytes = Reader::new(data).take(len.into())?;
    let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
    Some(bytes.iter().rev().fold(0, add))
}

/// The bytes of a place in memory, where `data` at `offset` has them all.
pub(crate) fn within(offset: u16, data: &[u8], at: u16, len: usize) -> Option<&[u8]> {
    let start = usize::from(at.checked_sub(offset)?);
    data.get(start..start.checked_add(len)?)
}

/// Two bytes of a place in memory as a number.
pub(crate) fn word_at(offset: u16, data: &[u8], at: u16) -> Option<u16> {
    Reader::new(within(offset, data, at, 2)?).le16()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_stand_in_the_order_of_their_addresses() {
        for table in [
            device::REGISTERS,
            event::REGISTERS,
            access::REGISTERS,
            clock::REGISTERS,
        ] {
            assert!(table.is_sorted_by_key(|register| register.at));
        }
    }

    #[test]
    fn a_register_is_told_only_where_it_is_whole() {
        let state = [0x14, 0, 0, 0, 0x11, 0];
        for len in 0..=state.len() {
            let mut fields = Fields::new();
            let any = tell(&mut fields, 0x0130, &state[..len]);
            assert_eq!(any, len >= 2, "{len}");
            let names = fields.all().iter().map(|field| field.name);
            let code = names.filter(|name| *name == "ecat.reg.alstatuscode");
            assert_eq!(code.count(), usize::from(len == 6), "{len}");
        }
    }
}
