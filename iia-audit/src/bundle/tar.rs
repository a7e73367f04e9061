//! The container: a ustar archive (POSIX.1-1988) that every tool opens, of which one form alone is read.
//!
//! A header is right when it is the one that [`header`] writes for this name and length; so no byte of the archive can
//! differ unseen, and a name never leads out of the folder that somebody unpacks it in.

use alloc::vec::Vec;

/// Bytes of a block.
pub const BLOCK_LEN: usize = 512;
/// Longest name in bytes.
pub const NAME_LEN_MAX: usize = 100;
/// Entries at most.
pub const ENTRIES_MAX: usize = 4096;
const END_LEN: usize = 2 * BLOCK_LEN;

/// One entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
    /// Where the content starts in the archive.
    pub offset: usize,
}

/// Where reading stopped, and why.
pub type Stopped = (usize, &'static str);

/// Whether a name may stand in an archive: relative, printable, no way up.
pub fn is_name(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_graphic() && b != b'\\';
    let inside = |part: &str| !matches!(part, "" | "." | "..");
    name.len() <= NAME_LEN_MAX && name.bytes().all(legal) && name.split('/').all(inside)
}

/// The header of an entry; `None` for a name or length that has none.
pub fn header(name: &str, len: usize) -> Option<[u8; BLOCK_LEN]> {
    let size = alloc::format!("{len:011o}\0");
    if !is_name(name) || size.len() != 12 {
        return None;
    }
    let mut block = [0; BLOCK_LEN];
    let mut put = |at: usize, text: &[u8]| {
        if let Some(field) = block.get_mut(at..at + text.len()) {
            field.copy_from_slice(text);
        }
    };
    put(0, name.as_bytes());
    put(100, b"0000644\x000000000\x000000000\0");
    put(124, size.as_bytes());
    put(136, b"00000000000\0        0");
    put(257, b"ustar\x0000");
    put(329, b"0000000\x000000000\0");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    let sum = alloc::format!("{sum:06o}\0 ");
    block.get_mut(148..156)?.copy_from_slice(sum.as_bytes());
    Some(block)
}

/// Writes an entry behind `out`; `None` for a name or length that has no header.
pub fn push(out: &mut Vec<u8>, name: &str, bytes: &[u8]) -> Option<()> {
    out.extend_from_slice(&header(name, bytes.len())?);
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(BLOCK_LEN), 0);
    Some(())
}

/// Writes the end.
pub fn finish(out: &mut Vec<u8>) {
    out.resize(out.len() + END_LEN, 0);
}

/// Reads an archive.
///
/// # Errors
/// The byte at which it is no archive of this form.
pub fn read(archive: &[u8]) -> Result<Vec<Entry<'_>>, Stopped> {
    let mut entries = Vec::new();
    let mut at = 0;
    loop {
        let rest = archive.get(at..).unwrap_or_default();
        if rest.len() == END_LEN && rest.iter().all(|byte| *byte == 0) {
            return Ok(entries);
        }
        if entries.len() == ENTRIES_MAX {
            return Err((at, "more entries than are read"));
        }
        let entry = entry(rest, at).map_err(|why| (at, why))?;
        at = entry.offset + entry.bytes.len().next_multiple_of(BLOCK_LEN);
        entries.push(entry);
    }
}

fn entry(rest: &[u8], at: usize) -> Result<Entry<'_>, &'static str> {
    let block: &[u8; BLOCK_LEN] = rest.first_chunk().ok_or("cut short")?;
    let name = block.split(|byte| *byte == 0).next().unwrap_or_default();
    let name = rest.get(..name.len()).unwrap_or_default();
    let name = core::str::from_utf8(name).map_err(|_| "another header than is written")?;
    let size = block
        .get(124..135)
        .and_then(|size| core::str::from_utf8(size).ok());
    let size = size.and_then(|size| usize::from_str_radix(size, 8).ok());
    let len = size.ok_or("another header than is written")?;
    if header(name, len).as_ref() != Some(block) {
        return Err("another header than is written");
    }
    let padded = len.next_multiple_of(BLOCK_LEN);
    let content = rest.get(BLOCK_LEN..BLOCK_LEN + padded).ok_or("cut short")?;
    let (bytes, padding) = content.split_at_checked(len).ok_or("cut short")?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err("padding is not zero");
    }
    Ok(Entry {
        name,
        bytes,
        offset: at + BLOCK_LEN,
    })
}
