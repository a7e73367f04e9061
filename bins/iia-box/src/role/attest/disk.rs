//! What others write down, read from the disk as it grows: the audit chain and the log of issuance.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use iia_audit::verify::Follow;
use iia_core::issuance::Issuance;
use tokio::sync::mpsc;

use super::senses::Heard;
use crate::boxdir::BoxDir;

/// How often the disk is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Looks in a row that must fail before a file is called unreadable: a record may be half written.
const FAILS_MAX: u32 = 20;
/// Bytes of the log of issuance that are read at once at most.
const LOOK_LEN_MAX: u64 = 1024 * 1024;

const CHAIN: &str = "the audit chain";
pub(super) const ISSUANCE: &str = "the log of issuance";

/// A reader of both.
pub(super) struct Disk {
    audit: PathBuf,
    chain: Option<Follow>,
    issued: Issued,
    /// Failures in a row, of the chain and of the log.
    fails: [u32; 2],
}

impl Disk {
    pub(super) fn new(dir: &BoxDir) -> Self {
        Self {
            audit: dir.audit(),
            chain: None,
            issued: Issued {
                dir: dir.state().join("issuance"),
                at: None,
            },
            fails: [0; 2],
        }
    }

    /// Whatever has come since the last look. What was given out comes before the sessions in which it is used.
    pub(super) fn read(&mut self) -> Vec<Heard> {
        let mut all = Vec::new();
        let read = self.issued.read(&mut all);
        tell(&mut self.fails[0], ISSUANCE, read, &mut all);
        let read = self.records(&mut all);
        if tell(&mut self.fails[1], CHAIN, read, &mut all)
            && let Some(chain) = &mut self.chain
        {
            chain.restart();
        }
        all
    }

    fn records(&mut self, all: &mut Vec<Heard>) -> Result<(), String> {
        let chain = match &mut self.chain {
            Some(chain) => chain,
            empty => empty.insert(Follow::open(&self.audit).map_err(|error| error.to_string())?),
        };
        let read = chain.read(|record| all.push(Heard::Recorded(Box::new(record))));
        read.map_err(|error| error.to_string())
    }

    /// Looks again and again, until nobody listens.
    pub(super) fn follow(mut self, heard: mpsc::Sender<Heard>) {
        thread::spawn(move || {
            while !heard.is_closed() {
                for one in self.read() {
                    if heard.blocking_send(one).is_err() {
                        return;
                    }
                }
                thread::sleep(LOOK_EVERY);
            }
        });
    }
}

/// Tells when a file becomes unreadable, and when it is read again; whether it has become so now.
fn tell(
    fails: &mut u32,
    what: &'static str,
    read: Result<(), String>,
    all: &mut Vec<Heard>,
) -> bool {
    match read {
        Ok(()) => {
            if std::mem::take(fails) >= FAILS_MAX {
                all.push(Heard::Seeing(what));
            }
            false
        }
        Err(why) => {
            *fails = fails.saturating_add(1);
            let is_now = *fails == FAILS_MAX;
            if is_now {
                all.push(Heard::Blind(what, why));
            }
            is_now
        }
    }
}

/// A reader of the log of issuance that shares nothing with its writer.
struct Issued {
    dir: PathBuf,
    /// The segment, and the byte at which the next record begins.
    at: Option<(u64, u64)>,
}

impl Issued {
    fn read(&mut self, all: &mut Vec<Heard>) -> Result<(), String> {
        let segments = self.segments()?;
        let Some(first) = segments.first() else {
            return Ok(());
        };
        let (mut segment, mut offset) = self.at.unwrap_or((*first, 0));
        loop {
            offset = self.records((segment, offset), all)?;
            self.at = Some((segment, offset));
            match segments.iter().find(|next| **next > segment) {
                Some(next) => (segment, offset) = (*next, 0),
                None => return Ok(()),
            }
        }
    }

    /// Gives the whole records of a segment from a byte on; where they end. A segment that is shorter than it was is read
    /// from its beginning: what comes twice is found by its number.
    fn records(
        &self,
        (segment, mut offset): (u64, u64),
        all: &mut Vec<Heard>,
    ) -> Result<u64, String> {
        let path = self.dir.join(format!("issuance-{segment:020}.log"));
        let failed = |error: std::io::Error| error.to_string();
        let mut file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() < offset {
            offset = 0;
        }
        loop {
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(offset)).map_err(failed)?;
            let part = file.by_ref().take(LOOK_LEN_MAX);
            let len = { part }.read_to_end(&mut bytes).map_err(failed)?;
            let mut rest = bytes.as_slice();
            while let Some((record, behind)) =
                Issuance::take(rest).map_err(|error| error.to_string())?
            {
                all.push(Heard::Issued(Box::new(record)));
                offset += (rest.len() - behind.len()) as u64;
                rest = behind;
            }
            if (len as u64) < LOOK_LEN_MAX {
                return Ok(offset);
            }
        }
    }

    fn segments(&self) -> Result<Vec<u64>, String> {
        let entries = fs::read_dir(&self.dir).map_err(|error| error.to_string())?;
        let number = |entry: fs::DirEntry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_prefix("issuance-")?;
            number.strip_suffix(".log")?.parse().ok()
        };
        let mut all: Vec<u64> = entries.flatten().filter_map(number).collect();
        all.sort_unstable();
        Ok(all)
    }
}
