//! A tar of plain files and directories, in order of their paths, all of root and of one time (POSIX ustar).

use std::collections::BTreeSet;
use std::io::Write;

use super::write::Content;
use crate::admission::AdmissionError;

/// Longest path in bytes; longer ones would need another header.
pub const PATH_LEN_MAX: usize = 100;
const BLOCK: usize = 512;
/// Largest file in bytes that eleven octal digits can say.
const FILE_LEN_MAX: u64 = 0o77_777_777_777;

/// Writes the files, each directory before what is in it, and the two empty blocks of the end.
pub(super) fn write<'a>(
    out: &mut impl Write,
    files: impl Iterator<Item = (&'a str, &'a Content)>,
    seconds: u64,
) -> Result<(), AdmissionError> {
    let mut known = BTreeSet::new();
    for (path, content) in files {
        for (end, _) in path.match_indices('/') {
            let dir = path.split_at(end + 1).0;
            if known.insert(dir.to_owned()) {
                put(out, &header(dir, (0o755, 0, b'5'), seconds)?)?;
            }
        }
        let len = u64::try_from(content.bytes.len()).unwrap_or(u64::MAX);
        let mode = if content.executable { 0o755 } else { 0o644 };
        put(out, &header(path, (mode, len, b'0'), seconds)?)?;
        put(out, &content.bytes)?;
        let over = content.bytes.len() % BLOCK;
        if over > 0 {
            put(out, &vec![0; BLOCK - over])?;
        }
    }
    put(out, &[0; 2 * BLOCK])
}

fn header(
    path: &str,
    (mode, len, kind): (u32, u64, u8),
    seconds: u64,
) -> Result<Vec<u8>, AdmissionError> {
    let bad = |what| AdmissionError::BadImage { what };
    let parts = path.trim_end_matches('/').split('/');
    if path.len() > PATH_LEN_MAX || parts.clone().any(|part| matches!(part, "" | "." | "..")) {
        return Err(bad("a path that is too long or leads elsewhere"));
    }
    if len > FILE_LEN_MAX || seconds > FILE_LEN_MAX {
        return Err(bad("a file or a time that a tar cannot say"));
    }
    let field = |text: &str, len: usize| {
        let mut field = text.as_bytes().to_vec();
        field.resize(len, 0);
        field
    };
    let head = [
        field(path, 100),
        field(&format!("{mode:07o}"), 8),
        field("0000000", 8),
        field("0000000", 8),
        field(&format!("{len:011o}"), 12),
        field(&format!("{seconds:011o}"), 12),
    ]
    .concat();
    let tail = [
        vec![kind],
        vec![0; 100],
        field("ustar", 6),
        b"00".to_vec(),
        vec![0; 64],
        field("0000000", 8),
        field("0000000", 8),
        vec![0; 155 + 12],
    ]
    .concat();
    // The sum counts its own field as spaces.
    let sum: u32 = head.iter().chain(&tail).map(|byte| u32::from(*byte)).sum();
    let sum = field(&format!("{:06o}\0 ", sum + 8 * 32), 8);
    Ok([head, sum, tail].concat())
}

fn put(out: &mut impl Write, bytes: &[u8]) -> Result<(), AdmissionError> {
    let done = out.write_all(bytes);
    done.map_err(|_| AdmissionError::Environment {
        what: "write an image",
    })
}
