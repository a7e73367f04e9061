//! Sealed segments: Parquet files that describe themselves, so that no list beside them can disagree.

use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use iia_core::Timestamp;
use iia_core::digest::{Context, Digest};
use iia_core::record::ServiceId;
use iia_core::stream::Stream;
use parquet::file::reader::{FileReader as _, SerializedFileReader};

use crate::{LakeError, footer};

/// A sealed segment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Segment {
    /// Its path below the lake directory.
    pub path: String,
    /// Its stream.
    pub stream: Stream,
    /// Rows of the stream before it.
    pub first: u64,
    /// Rows in it.
    pub rows: u64,
    /// The oldest time in it.
    pub oldest: Timestamp,
    /// The newest time in it.
    pub newest: Timestamp,
    /// The newest number of each service in it.
    pub services: Vec<(ServiceId, u64)>,
    /// Its size in bytes.
    pub bytes: u64,
}

impl Segment {
    /// The digest of the whole file, as it enters the audit chain.
    ///
    /// # Errors
    /// [`LakeError::Storage`].
    pub fn digest(&self, lake: &Path) -> Result<Digest, LakeError> {
        Ok(Digest::of(
            Context::LakeSegment,
            &fs::read(lake.join(&self.path))?,
        ))
    }

    /// What the file says of itself, as key and value.
    pub(super) fn describe(&self) -> Vec<(&'static str, String)> {
        let services = self
            .services
            .iter()
            .map(|(service, last)| format!("{service}={last}"));
        vec![
            ("iia.stream", self.stream.to_string()),
            ("iia.first", self.first.to_string()),
            ("iia.oldest_ns", self.oldest.as_ns().to_string()),
            ("iia.newest_ns", self.newest.as_ns().to_string()),
            ("iia.services", services.collect::<Vec<_>>().join(",")),
        ]
    }

    fn read(lake: &Path, path: String) -> Result<Self, LakeError> {
        let bad = |why: &str| LakeError::BadSegment {
            path: path.clone(),
            why: why.into(),
        };
        let file = File::open(lake.join(&path))?;
        let bytes = file.metadata()?.len();
        let file = footer::open(file).map_err(|why| bad(&why))?;
        let reader = caught(|| SerializedFileReader::new(file)).map_err(|why| bad(&why))?;
        let meta = reader.metadata().file_metadata();
        let value = |key: &str| {
            let mut pairs = meta.key_value_metadata().into_iter().flatten();
            pairs
                .find(|pair| pair.key == key)
                .and_then(|pair| pair.value.as_deref())
        };
        let number = |key: &str| {
            value(key)
                .and_then(|value| value.parse::<i64>().ok())
                .ok_or(bad(key))
        };
        let stream = value("iia.stream")
            .and_then(|name| name.parse().ok())
            .ok_or(bad("iia.stream"))?;
        let services = value("iia.services").unwrap_or_default().split(',');
        let services = services.filter_map(|pair| {
            let (service, last) = pair.split_once('=')?;
            Some((service.parse().ok()?, last.parse().ok()?))
        });
        Ok(Self {
            stream,
            first: u64::try_from(number("iia.first")?).map_err(|_| bad("iia.first"))?,
            rows: u64::try_from(meta.num_rows()).map_err(|_| bad("rows"))?,
            oldest: Timestamp::from_ns(number("iia.oldest_ns")?),
            newest: Timestamp::from_ns(number("iia.newest_ns")?),
            services: services.collect(),
            bytes,
            path: path.clone(),
        })
    }
}

/// What the reader of Parquet says. It checks what it reads, but it is not ours and its authors do not promise that no
/// file makes it panic: at this boundary a panic is an error like any other.
pub(super) fn caught<T, E: std::fmt::Display>(
    read: impl FnOnce() -> Result<T, E>,
) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => Err("is no Parquet file".into()),
    }
}

/// The segments of a stream in order; files that were never finished are removed.
pub(super) fn list(lake: &Path, stream: &Stream) -> Result<Vec<Segment>, LakeError> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(lake.join(stream.as_str()))? {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if name.ends_with(".new") {
            fs::remove_file(&path)?;
        } else if name.ends_with(".parquet") {
            segments.push(Segment::read(lake, format!("{stream}/{name}"))?);
        }
    }
    segments.sort_by_key(|segment| segment.first);
    Ok(segments)
}
