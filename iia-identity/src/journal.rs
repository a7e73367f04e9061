//! The issuance log on disk: what was given out is durable here before it leaves the issuer.
//!
//! Segments `issuance-<number of the first record>.log` hold the frames of [`iia_core::issuance`]. A segment is closed at
//! [`SEGMENT_LEN_MAX`]; above [`SEGMENTS_MAX`] the oldest goes, so that the log never fills a disk. The chain goes on over the
//! border of segments.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use iia_core::Digest;
use iia_core::issuance::Issuance;

use crate::IdentityError;

/// Length in bytes at which a segment is closed; the last batch may go beyond it.
pub const SEGMENT_LEN_MAX: u64 = 1024 * 1024;
/// Segments at most: about fifty thousand certificates, which is two months of twenty workloads.
pub const SEGMENTS_MAX: usize = 16;

const BATCH_LEN_MAX: u64 = 512 * 4100;
/// Records of one call at most; those beyond it are not written and not given back.
pub const BATCH_MAX: usize = 512;

/// The issuance log of one issuer, open for appending.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    /// The first number of each segment, oldest first; the last one is written.
    segments: Vec<u64>,
    file: File,
    len: u64,
    last: (u64, Digest),
}

impl Journal {
    /// Opens the log of a directory, or begins it. A record that a fall left torn is cut off; it was never given out.
    ///
    /// # Errors
    /// [`IdentityError::Journal`] where the chain is broken, [`IdentityError::Environment`].
    pub fn open(dir: &Path) -> Result<Self, IdentityError> {
        fs::create_dir_all(dir).map_err(|_| failed("make the directory of the issuance log"))?;
        let mut segments = numbers(dir)?;
        let mut last: Option<(u64, Digest)> = None;
        let mut len = 0;
        for first in &segments {
            let bytes = read(dir, *first)?;
            let torn = walk(&bytes, &mut last, &mut |_| {})?;
            len = bytes.len() - torn;
            if torn > 0 && Some(first) == segments.last() {
                cut(&path(dir, *first), len)?;
            } else if torn > 0 {
                return Err(IdentityError::Journal("a segment is torn".into()));
            }
        }
        let last = last.unwrap_or((0, Digest::ZERO));
        if segments.is_empty() {
            segments.push(1);
        }
        let first = segments.last().copied().unwrap_or(1);
        Ok(Self {
            dir: dir.into(),
            segments,
            file: append_to(&path(dir, first))?,
            len: u64::try_from(len).unwrap_or(u64::MAX),
            last,
        })
    }

    /// Appends records, in order, gives each its number, and returns when they are durable.
    ///
    /// # Errors
    /// [`IdentityError::Environment`]: then nothing may be given out.
    pub fn append(
        &mut self,
        records: impl IntoIterator<Item = Issuance>,
    ) -> Result<Vec<Issuance>, IdentityError> {
        if self.len >= SEGMENT_LEN_MAX {
            self.turn()?;
        }
        let mut kept = Vec::new();
        let mut bytes = Vec::new();
        let mut last = self.last;
        for mut record in records.into_iter().take(BATCH_MAX) {
            (record.seq, record.prev) = (last.0 + 1, last.1);
            last = (record.seq, record.digest());
            bytes.extend(record.to_frame());
            kept.push(record);
        }
        let written = self.file.write_all(&bytes);
        if written.and_then(|()| self.file.sync_data()).is_err() {
            // Half a record must not stand before the next one.
            let whole = usize::try_from(self.len).unwrap_or(usize::MAX);
            cut(&path(&self.dir, self.first()), whole)?;
            return Err(failed("write the issuance log"));
        }
        self.len += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.last = last;
        Ok(kept)
    }

    /// The number and digest of the last record.
    pub const fn last(&self) -> (u64, Digest) {
        self.last
    }

    fn first(&self) -> u64 {
        self.segments.last().copied().unwrap_or(1)
    }

    /// Begins the next segment; the oldest go where there are too many.
    fn turn(&mut self) -> Result<(), IdentityError> {
        let first = self.last.0 + 1;
        self.file = append_to(&path(&self.dir, first))?;
        self.len = 0;
        self.segments.push(first);
        while self.segments.len() > SEGMENTS_MAX {
            let oldest = self.segments.remove(0);
            fs::remove_file(path(&self.dir, oldest)).map_err(|_| failed("retire a segment"))?;
        }
        let dir = File::open(&self.dir).and_then(|dir| dir.sync_all());
        dir.map_err(|_| failed("sync the issuance log"))
    }
}

/// Hands every record of a directory's log to `take`, oldest first, each found to follow on the one before it.
///
/// # Errors
/// [`IdentityError::Journal`], [`IdentityError::Environment`].
pub fn read_all(dir: &Path, take: &mut dyn FnMut(Issuance)) -> Result<(), IdentityError> {
    let mut last = None;
    for first in numbers(dir)? {
        walk(&read(dir, first)?, &mut last, take)?;
    }
    Ok(())
}

/// Goes through a segment; gives how many bytes at its end are no whole record.
fn walk(
    mut bytes: &[u8],
    last: &mut Option<(u64, Digest)>,
    take: &mut dyn FnMut(Issuance),
) -> Result<usize, IdentityError> {
    let broken =
        |error: iia_core::issuance::IssuanceError| IdentityError::Journal(error.to_string());
    while let Some((record, rest)) = Issuance::take(bytes).map_err(broken)? {
        if let Some(before) = last.as_ref() {
            record.check_after(*before).map_err(broken)?;
        }
        *last = Some((record.seq, record.digest()));
        bytes = rest;
        take(record);
    }
    Ok(bytes.len())
}

fn numbers(dir: &Path) -> Result<Vec<u64>, IdentityError> {
    let entries =
        fs::read_dir(dir).map_err(|_| failed("read the directory of the issuance log"))?;
    let number = |entry: fs::DirEntry| {
        let name = entry.file_name();
        let text = name.to_str()?.strip_prefix("issuance-")?;
        text.strip_suffix(".log")?.parse().ok()
    };
    let mut numbers: Vec<u64> = entries.flatten().filter_map(number).collect();
    numbers.sort_unstable();
    if numbers.len() > SEGMENTS_MAX + 1 {
        return Err(IdentityError::Journal("too many segments".into()));
    }
    Ok(numbers)
}

fn read(dir: &Path, first: u64) -> Result<Vec<u8>, IdentityError> {
    use std::io::Read as _;
    // One batch may go beyond a segment's end; what is longer was not written here.
    let most = SEGMENT_LEN_MAX + BATCH_LEN_MAX;
    let mut bytes = Vec::new();
    let file = File::open(path(dir, first));
    let read = file.and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    let read = read.map_err(|_| failed("read the issuance log"))?;
    if u64::try_from(read).is_ok_and(|read| read <= most) {
        Ok(bytes)
    } else {
        Err(IdentityError::Journal("a segment is too long".into()))
    }
}

fn path(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("issuance-{first:020}.log"))
}

fn append_to(path: &Path) -> Result<File, IdentityError> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened.map_err(|_| failed("open the issuance log"))
}

fn cut(path: &Path, len: usize) -> Result<(), IdentityError> {
    let len = u64::try_from(len).unwrap_or(u64::MAX);
    let file = OpenOptions::new().write(true).open(path);
    let done = file.and_then(|file| file.set_len(len).and_then(|()| file.sync_all()));
    done.map_err(|_| failed("cut the issuance log"))
}

const fn failed(what: &'static str) -> IdentityError {
    IdentityError::Environment { what }
}
