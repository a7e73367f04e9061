//! What the data of an event says, kind by kind; what is not understood is kept as bytes.

use alloc::string::String;
use alloc::vec::Vec;

use nom::bytes::complete::{tag, take};
use nom::combinator::map_res;
use nom::number::complete::{le_u8, le_u16, le_u32, le_u64};
use nom::{IResult, Parser as _};

use super::kind::EventKind;
use super::parse::AGILE;
use crate::tpm::wire::refused;

/// Partitions of a table, and tables of a list, at most.
const ENTRIES_MAX: usize = 256;

/// A partition of a disk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Partition {
    /// What it is for, a GUID.
    pub kind: String,
    /// Which one, a GUID.
    pub id: String,
    /// First and last block.
    pub blocks: (u64, u64),
    /// Its name.
    pub name: String,
}

/// The data of an event, understood.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Shown<'a> {
    /// The log is crypto-agile: version of the profile, major and minor, and errata.
    SpecId {
        /// Major, minor, errata.
        version: (u8, u8, u8),
    },
    /// The locality that started the TPM.
    StartupLocality(u8),
    /// Firmware has ended its part; with `failed` it says that something went wrong.
    Separator {
        /// Whether it is the one for errors.
        failed: bool,
    },
    /// A variable of the firmware.
    Variable {
        /// Its vendor, a GUID.
        vendor: String,
        /// Its name.
        name: String,
        /// Its value.
        value: &'a [u8],
    },
    /// A program that firmware loaded.
    Image {
        /// Where in memory.
        address: u64,
        /// How long there.
        len: u64,
        /// Where it was linked for.
        link_address: u64,
        /// Where it came from, an EFI device path.
        path: &'a [u8],
    },
    /// A piece of firmware.
    Blob {
        /// Its description, where there is one.
        name: String,
        /// Where in memory.
        address: u64,
        /// How long.
        len: u64,
    },
    /// A table of partitions.
    Partitions {
        /// The disk, a GUID.
        disk: String,
        /// Its partitions.
        partitions: Vec<Partition>,
    },
    /// Tables handed over: GUID and address.
    Tables(Vec<(String, u64)>),
    /// A tagged event: its number and data.
    Tagged {
        /// The number.
        tag: u32,
        /// The data.
        data: &'a [u8],
    },
    /// Text of a boot loader, an action, a version.
    Text(String),
    /// Not understood, kept.
    Bytes(&'a [u8]),
}

pub(super) fn show(kind: EventKind, data: &[u8]) -> Shown<'_> {
    let read = match kind.0 {
        0x3 => said(data),
        0x4 => separator(data),
        0x6 => tagged(data),
        0x8000_0001 | 0x8000_0002 | 0x8000_000c | 0x8000_00e0 => variable(data),
        0x8000_0003..=0x8000_0005 => image(data),
        0x8000_0006 | 0x8000_000d => partitions(data),
        0x1 | 0x7 | 0x8000_0008 => blob(data),
        0x13 | 0x8000_000a => named_blob(data),
        0x8000_0009 => tables(data),
        _ => refused(data),
    };
    match read {
        Ok(([], shown)) => shown,
        _ => text(kind, data).map_or(Shown::Bytes(data), Shown::Text),
    }
}

/// EV_NO_ACTION.
fn said(data: &[u8]) -> IResult<&[u8], Shown<'_>> {
    if data.starts_with(AGILE) {
        // Class of the platform, then the version; the parser has read the rest.
        let (rest, _) = take(AGILE.len() + 4)(data)?;
        let (rest, minor) = le_u8(rest)?;
        let (rest, major) = le_u8(rest)?;
        let (_, errata) = le_u8(rest)?;
        let version = (major, minor, errata);
        return Ok((&[], Shown::SpecId { version }));
    }
    let (rest, _) = tag(&b"StartupLocality\0"[..])(data)?;
    let (rest, locality) = le_u8(rest)?;
    Ok((rest, Shown::StartupLocality(locality)))
}

fn separator(data: &[u8]) -> IResult<&[u8], Shown<'_>> {
    let (rest, value) = le_u32(data)?;
    match value {
        0 | u32::MAX => Ok((rest, Shown::Separator { failed: false })),
        1 => Ok((rest, Shown::Separator { failed: true })),
        _ => refused(data),
    }
}

fn tagged(data: &[u8]) -> IResult<&[u8], Shown<'_>> {
    let (rest, tag) = le_u32(data)?;
    let (rest, len) = le_u32(rest)?;
    let (rest, data) = take(len)(rest)?;
    Ok((rest, Shown::Tagged { tag, data }))
}

/// UEFI_VARIABLE_DATA.
fn variable(data: &[u8]) -> IResult<&[u8], Shown<'_>> {
    let (rest, vendor) = guid(data)?;
    let (rest, letters) = le_size(rest)?;
    let (rest, len) = le_size(rest)?;
    let Some(name_len) = letters.checked_mul(2) else {
        return refused(data);
    };
    let (rest, name) = take(name_len)(rest)?;
    let (rest, value) = take(len)(rest)?;
    let name = utf16(name);
    let shown = Shown::Variable {
        vendor,
        name,
        value,
    };
    Ok((rest, shown))
}

/// A length of 64 bits, of which no log has so many bytes on a machine of fewer.
fn le_size(data: &[u8]) -> IResult<&[u8], usize> {
    map_res(le_u64, usize::try_from).parse(data)
}

/// UEFI_IMAGE_LOAD_EVENT.
fn image(data: &[u8]) -> IResult<&[u8], Shown<'_>> {
    let (rest, address) = le_u64(data)?;
    let (rest, len) = le_u64(rest)?;
    let (rest, link_address) = le_u64(rest)?;
    let (rest, path_len) = le_size(rest)?;
    let (rest, path) = take(path_len)(rest)?;
    let shown = Shown::Image {
        address,
        len,
        link_address,
        path,
    };
    Ok((rest, shown))
}

/// UEFI_PLATFORM_FIRMWARE_BLOB.
fn blob(data: &[u8]) -> IResult<&[u8], Shown<'_>> {
    let (rest, address) = le_u64(data)?;
    let (rest, len) = le_u64(rest)?;
    let name = String::new();
    Ok((rest, Shown::Blob { name, address, len }))
}

/// UEFI_PLATFORM_FIRMWARE_BLOB2.
fn named_blob(data: &[u8]) -> IResult<&[u8], Shown<'_>> {
    let (rest, letters) = le_u8(data)?;
    let (rest, name) = take(letters)(rest)?;
    let (rest, address) = le_u64(rest)?;
    let (rest, len) = le_u64(rest)?;
    let name = String::from_utf8_lossy(name).into_owned();
    Ok((rest, Shown::Blob { name, address, len }))
}

/// UEFI_GPT_DATA: a header of 92 bytes, a count, entries of 128 bytes.
fn partitions(data: &[u8]) -> IResult<&[u8], Shown<'_>> {
    let (rest, _) = take(56usize)(data)?;
    let (rest, disk) = guid(rest)?;
    let (rest, _) = take(20usize)(rest)?;
    let (mut rest, count) = le_u64(rest)?;
    if usize::try_from(count).map_or(true, |count| count > ENTRIES_MAX) {
        return refused(data);
    }
    let mut partitions = Vec::new();
    for _ in 0..count {
        let (after, kind) = guid(rest)?;
        let (after, id) = guid(after)?;
        let (after, first) = le_u64(after)?;
        let (after, last) = le_u64(after)?;
        let (after, _attributes) = le_u64(after)?;
        let (after, name) = take(72usize)(after)?;
        partitions.push(Partition {
            kind,
            id,
            blocks: (first, last),
            name: utf16(name),
        });
        rest = after;
    }
    Ok((rest, Shown::Partitions { disk, partitions }))
}

/// UEFI_HANDOFF_TABLE_POINTERS.
fn tables(data: &[u8]) -> IResult<&[u8], Shown<'_>> {
    let (mut rest, count) = le_u64(data)?;
    if usize::try_from(count).map_or(true, |count| count > ENTRIES_MAX) {
        return refused(data);
    }
    let mut tables = Vec::new();
    for _ in 0..count {
        let (after, id) = guid(rest)?;
        let (after, address) = le_u64(after)?;
        tables.push((id, address));
        rest = after;
    }
    Ok((rest, Shown::Tables(tables)))
}

/// An EFI GUID: three little-endian numbers, eight bytes.
fn guid(input: &[u8]) -> IResult<&[u8], String> {
    let (rest, one) = le_u32(input)?;
    let (rest, two) = le_u16(rest)?;
    let (rest, three) = le_u16(rest)?;
    let (rest, last) = take(8usize)(rest)?;
    let (high, low) = last.split_at_checked(2).unwrap_or_default();
    let hex = iia_core::digest::hex;
    let text = alloc::format!("{one:08x}-{two:04x}-{three:04x}-{}-{}", hex(high), hex(low));
    Ok((rest, text))
}

/// Text of sixteen-bit letters up to the first zero.
fn utf16(bytes: &[u8]) -> String {
    let letters = bytes.chunks_exact(2).map(|pair| match pair {
        [low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    });
    let letters = letters.take_while(|letter| *letter != 0);
    char::decode_utf16(letters)
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// Printable text, of the kinds that have text: eight-bit, or sixteen-bit for versions and some loaders.
fn text(kind: EventKind, data: &[u8]) -> Option<String> {
    if !matches!(
        kind.0,
        0x1 | 0x5 | 0x7 | 0x8 | 0x9 | 0xc | 0xd | 0x12 | 0x8000_0007
    ) {
        return None;
    }
    let trimmed = data.strip_suffix(&[0]).unwrap_or(data);
    let narrow = core::str::from_utf8(trimmed)
        .ok()
        .filter(|text| printable(text));
    if let Some(text) = narrow {
        return Some(text.into());
    }
    let wide = utf16(data);
    (data.len().is_multiple_of(2) && printable(&wide)).then_some(wide)
}

fn printable(text: &str) -> bool {
    let good = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\t');
    !text.is_empty() && !text.contains(char::REPLACEMENT_CHARACTER) && text.chars().all(good)
}
