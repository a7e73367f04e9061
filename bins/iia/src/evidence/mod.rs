//! Evidence as reports read it: verified first, then told record by record, and nothing from the first bad one on.

mod bundle;
mod dir;
pub(crate) mod html;
mod lines;
mod table;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use iia_audit::bundle::{BUNDLE_LEN_MAX, Known};
use iia_audit::frame::{Record, Written};
use iia_audit::note::VerifierKey;
use iia_audit::seal::SealKey;
use iia_audit::table::MAGIC;
use iia_core::digest::Digest;
use iia_core::event::EventKind;

/// What was obtained elsewhere, so that evidence does not vouch for itself.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// The log's key.
    pub log: Option<VerifierKey>,
    /// The key of epoch 0 of the seals; of a directory only.
    pub seal: Option<SealKey>,
    /// The evidence of the next box up, and the key of its log; of a directory only.
    pub above: Option<(PathBuf, Option<VerifierKey>)>,
}

/// What verification says of the whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Every record is good and under a head that the witnesses cosigned.
    Verified,
    /// Every record is good; some are vouched for by the box alone.
    NotAllWitnessed,
    /// Something is wrong.
    Failed,
}

/// What is wrong first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bad {
    /// The record at which it shows; nothing from here on is told.
    pub seq: u64,
    /// The file, or the entry of a bundle.
    pub file: String,
    /// The byte of it.
    pub offset: u64,
    /// Why, in words.
    pub why: String,
}

/// The forms of evidence.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// A directory: the whole log and what lies beside it.
    Directory,
    /// A bundle: chosen records.
    Bundle,
    /// A table: the whole log up to a signed head.
    Table,
}

/// What verification found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What form it has.
    pub form: Form,
    /// The log's name.
    pub origin: String,
    /// The log: the digest of its genesis.
    pub log_id: Option<Digest>,
    /// Whether the log's key came from elsewhere.
    pub pinned: bool,
    /// What is said of the whole.
    pub outcome: Outcome,
    /// Records found good; of a bundle, records of the log at its largest head.
    pub records: u64,
    /// Of these retired: they are not here any more, and heads are over them.
    pub retired: u64,
    /// Records that may be told: those below the first bad one, and below the last head that fits where another does not.
    pub told: u64,
    /// Whether a head that was signed before is not one of these records: they were written anew.
    pub is_rewritten: bool,
    /// Records over which a head was signed and that are not there: the end was cut off.
    pub missing: u64,
    /// Sizes of heads that enough witnesses cosigned and that are heads of these records, and when they did, in seconds
    /// since the epoch; sizes rise.
    pub cosigned: Vec<(u64, u64)>,
    /// The largest size of a head that the log signed and that is a head of these records.
    pub signed: u64,
    /// Seals that are there.
    pub seals: u64,
    /// Records that seals cover, checked with their key; nothing when it was not given.
    pub sealed: Option<u64>,
    /// Ranges of records that a bundle does not show.
    pub hidden: Vec<(u64, u64)>,
    /// The first thing that is wrong.
    pub bad: Option<Bad>,
}

impl Checked {
    /// Records below the largest cosigned head.
    pub fn witnessed(&self) -> u64 {
        self.cosigned.last().map_or(0, |(size, _)| *size)
    }

    /// The first time at which witnesses had seen record `seq`, by their clocks, in seconds since the epoch.
    pub fn existed_by(&self, seq: u64) -> Option<u64> {
        let over = self.cosigned.iter().filter(|(size, _)| seq < *size);
        over.map(|(_, at)| *at).min()
    }

    /// Who vouches for a record besides the chain.
    pub fn vouched(&self, seq: u64) -> &'static str {
        match seq {
            _ if seq < self.witnessed() => "witness",
            _ if seq < self.signed => "log",
            _ => "nobody",
        }
    }
}

/// One record, and where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its number.
    pub seq: u64,
    /// When it was written.
    pub written: Written,
    /// Its chain hash.
    pub hash: Digest,
    /// Its kind; nothing for a redacted record of a kind that this version does not know.
    pub kind: Option<EventKind>,
    /// The record, when its body is here.
    pub record: Option<&'a Record>,
    /// The file, or the entry of a bundle; `rows` in a table.
    pub file: &'a str,
    /// The byte at which it starts: of the file, or of the whole bundle; the row in a table.
    pub offset: u64,
}

enum Source {
    Dir(PathBuf),
    Bundle(bundle::Bundle),
    Table(Vec<u8>),
}

/// Evidence that was verified.
pub struct Evidence {
    /// What verification found.
    pub checked: Checked,
    source: Source,
}

impl Evidence {
    /// Verifies a bundle, a table, an evidence directory, or that of a box's directory.
    ///
    /// # Errors
    /// When it is none of these or cannot be read; evidence that does not hold is no error ([`Checked::bad`]).
    pub fn open(path: &Path, keys: &Keys) -> anyhow::Result<Self> {
        if path.is_file() {
            if keys.seal.is_some() || keys.above.is_some() {
                bail!("seals and the next box up are asked of a directory; a file holds neither");
            }
            return Self::file(path, keys);
        }
        let dir = directory(path)?;
        let checked = dir::check(&dir, keys)?;
        let source = Source::Dir(dir);
        Ok(Self { checked, source })
    }

    fn file(path: &Path, keys: &Keys) -> anyhow::Result<Self> {
        let name = path.display();
        let mut bytes = Vec::new();
        let file = File::open(path).with_context(|| format!("{name}"))?;
        file.take(BUNDLE_LEN_MAX + 1)
            .read_to_end(&mut bytes)
            .with_context(|| format!("{name}"))?;
        if bytes.len() as u64 > BUNDLE_LEN_MAX {
            bail!("{name}: is longer than a bundle or a table may be (1 GiB)");
        }
        let known = Known {
            log: keys.log.clone(),
            witnesses: Vec::new(),
        };
        if bytes.starts_with(&MAGIC) {
            let checked = table::check(&bytes, &known);
            let source = Source::Table(bytes);
            return Ok(Self { checked, source });
        }
        let (checked, bundle) = bundle::check(&bytes, &known);
        let source = Source::Bundle(bundle);
        Ok(Self { checked, source })
    }

    /// Gives every good record in order, and none from the first bad one on.
    ///
    /// # Errors
    /// When a log that was good before cannot be read any more.
    pub fn each(&self, mut take: impl FnMut(&Row<'_>)) -> anyhow::Result<()> {
        let end = self.checked.told;
        match &self.source {
            Source::Dir(dir) => dir::each(dir, end, &mut take),
            Source::Bundle(bundle) => {
                bundle.each(end, &mut take);
                Ok(())
            }
            Source::Table(bytes) => {
                table::each(bytes, end, &mut take);
                Ok(())
            }
        }
    }
}

/// The evidence directory: the one given, or the one in a box's directory.
///
/// # Errors
/// When neither holds a log.
pub fn directory(dir: &Path) -> anyhow::Result<PathBuf> {
    let within = dir.join("evidence");
    let found = [dir.to_path_buf(), within];
    let found = found.into_iter().find(|dir| dir.join("audit").is_dir());
    match found {
        Some(dir) => Ok(dir),
        None if !dir.exists() => bail!("{}: is not there", dir.display()),
        None => bail!("{}: holds no audit directory", dir.display()),
    }
}
