//! What a folder holds when a ring is opened: files that were sealed, and at most a few that were not, because whoever wrote
//! them did not come to it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use iia_core::Digest;

use super::leaves::Leaves;
use super::seal::{self, Seal};
use super::tree::LEAVES_MAX;
use super::writer::{About, capture_path, seal_path};
use super::{FILES_MAX, RingError};

/// Bytes that are read at once.
const CHUNK_LEN: usize = 256 * 1024;

/// What there is of one number.
#[derive(Clone, Copy, Default)]
struct There {
    capture: bool,
    seal: bool,
}

/// A file that is there, and whether it was sealed only now.
pub(super) struct Found {
    pub(super) seal: Seal,
    pub(super) now: bool,
}

/// Reads what the folder holds, oldest first; seals what is not sealed, as far as it is whole; removes what is nothing.
pub(super) fn files(folder: &Path) -> Result<Vec<Found>, RingError> {
    let mut files = Vec::new();
    let mut previous = Digest::ZERO;
    for (number, there) in list(folder)? {
        let path = seal_path(folder, number);
        if !there.capture {
            fs::remove_file(&path).map_err(RingError::disk(&path))?;
            continue;
        }
        let sealed = match there.seal {
            true => read(folder, number)?.map(|(seal, _)| seal),
            false => None,
        };
        let (seal, now) = match sealed {
            Some(seal) => (Some(seal), false),
            None => (recover(folder, number, previous)?, true),
        };
        if let Some(seal) = seal {
            previous = seal.digest();
            files.push(Found { seal, now });
        }
    }
    Ok(files)
}

/// The numbers in a folder. Names that are not the ring's are left alone; a seal that was never finished goes.
fn list(folder: &Path) -> Result<BTreeMap<u64, There>, RingError> {
    let mut numbers = BTreeMap::<u64, There>::new();
    for entry in fs::read_dir(folder).map_err(RingError::disk(folder))? {
        let path = entry.map_err(RingError::disk(folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some((stem, kind)) = name.and_then(|name| name.split_once('.')) else {
            continue;
        };
        let digits = stem.len() == 12 && stem.bytes().all(|byte| byte.is_ascii_digit());
        let Some(number) = stem.parse().ok().filter(|_| digits) else {
            continue;
        };
        match kind {
            "pcapng" => numbers.entry(number).or_default().capture = true,
            "seal" => numbers.entry(number).or_default().seal = true,
            "part" => fs::remove_file(&path).map_err(RingError::disk(&path))?,
            _ => {}
        }
        if numbers.len() > FILES_MAX {
            return Err(RingError::TooLarge { max: FILES_MAX });
        }
    }
    Ok(numbers)
}

/// The seal of a file and its table; `None` where what is there is none of it.
pub(super) fn read(
    folder: &Path,
    number: u64,
) -> Result<Option<(Seal, Vec<seal::Row>)>, RingError> {
    let path = seal_path(folder, number);
    let mut bytes = Vec::new();
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(RingError::disk(&path)(why)),
    };
    file.take(seal::file_len(LEAVES_MAX) + 1)
        .read_to_end(&mut bytes)
        .map_err(RingError::disk(&path))?;
    Ok(seal::decode(&bytes).filter(|(seal, _)| seal.number == number))
}

/// Seals a file as far as it is whole and cuts off what is behind; a file without a packet is removed.
fn recover(folder: &Path, number: u64, previous: Digest) -> Result<Option<Seal>, RingError> {
    let path = capture_path(folder, number);
    let failed = |why| RingError::disk(&path)(why);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .map_err(failed)?;
    let (leaves, len) = whole(&mut file).map_err(failed)?;
    let packets: u64 = leaves.rows().iter().map(|row| u64::from(row.packets)).sum();
    if packets == 0 {
        fs::remove_file(&path).map_err(failed)?;
        return Ok(None);
    }
    file.set_len(len)
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    let about = About {
        number,
        lost: 0,
        recovered: true,
        previous,
    };
    about.seal(folder, leaves.rows()).map(Some)
}

/// The leaves of a file as far as it is whole, and how far that is.
fn whole(file: &mut File) -> std::io::Result<(Leaves, u64)> {
    let (mut leaves, mut len) = (Leaves::default(), 0);
    let (mut pending, mut chunk) = (Vec::new(), vec![0; CHUNK_LEN]);
    loop {
        let read = file.read(&mut chunk)?;
        pending.extend_from_slice(chunk.get(..read).unwrap_or_default());
        let mut done = 0;
        while let Some(block) = leaves.take(pending.get(done..).unwrap_or_default()) {
            done += block;
        }
        pending.drain(..done);
        len += done as u64;
        // WHY: longer than any block, and still none: what stands here is damaged.
        if read == 0 || pending.len() > super::PACKET_LEN_MAX + CHUNK_LEN {
            break;
        }
    }
    leaves.close();
    Ok((leaves, len))
}
