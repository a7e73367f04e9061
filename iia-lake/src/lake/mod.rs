//! The lake itself: streams of rows, durable when acknowledged, sealed into Parquet, read in order or by time.

mod read;
mod seal;
mod segment;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use iia_core::record::{Sequence, ServiceId};
use iia_core::store::{Append, Batch, Cursor, Drawn, Query, Range, Siphon, StoreError};
use iia_core::stream::Stream;

pub use self::segment::Segment;
pub use crate::wal::Torn;
use crate::wal::{Frame, Wal};
use crate::{LakeError, ipc};

/// Streams in a lake at most.
pub const STREAMS_MAX: usize = 256;

/// How a lake is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Unsealed rows of a stream before they are sealed by themselves.
    pub open_rows_max: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            open_rows_max: 256 * 1024,
        }
    }
}

/// What opening found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Recovery {
    /// Rows that were acknowledged and not yet sealed.
    pub open_rows: u64,
    /// Torn tails that were put aside.
    pub torn: Vec<Torn>,
}

/// An open lake.
#[derive(Debug)]
pub struct Lake {
    dir: PathBuf,
    wal_dir: PathBuf,
    options: Options,
    streams: BTreeMap<Stream, State>,
    gaps: u64,
}

#[derive(Debug, Default)]
struct State {
    segments: Vec<Segment>,
    sealed: u64,
    open: Option<Open>,
    marks: BTreeMap<ServiceId, u64>,
}

/// Rows that are durable in the write-ahead log and wait to be sealed.
#[derive(Debug)]
struct Open {
    wal: Wal,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    rows: u64,
}

impl Lake {
    /// Opens the lake whose sealed segments lie in `dir` and whose write-ahead logs lie in `wal_dir`.
    ///
    /// # Errors
    /// [`LakeError::DamagedInside`], [`LakeError::BadSegment`], [`LakeError::Storage`].
    pub fn open(
        dir: &Path,
        wal_dir: &Path,
        options: Options,
    ) -> Result<(Self, Recovery), LakeError> {
        fs::create_dir_all(dir)?;
        fs::create_dir_all(wal_dir)?;
        let (dir, wal_dir) = (dir.to_path_buf(), wal_dir.to_path_buf());
        let mut lake = Self {
            dir,
            wal_dir,
            options,
            streams: BTreeMap::new(),
            gaps: 0,
        };
        for stream in lake.streams_on_disk()? {
            let segments = segment::list(&lake.dir, &stream)?;
            lake.streams.insert(stream, State::of(segments)?);
        }
        let mut recovery = Recovery::default();
        for path in lake.wals_on_disk()? {
            lake.recover(&path, &mut recovery)?;
        }
        Ok((lake, recovery))
    }

    fn streams_on_disk(&self) -> Result<Vec<Stream>, LakeError> {
        let mut streams = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let name = entry?.file_name();
            streams.extend(name.to_str().and_then(|name| name.parse().ok()));
        }
        Ok(streams)
    }

    fn wals_on_disk(&self) -> Result<Vec<PathBuf>, LakeError> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.wal_dir)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "wal") {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }

    /// Takes up the rows of a write-ahead log, unless its segment was sealed already.
    fn recover(&mut self, path: &Path, recovery: &mut Recovery) -> Result<(), LakeError> {
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        let Some((stream, base)) = name.rsplit_once('-') else {
            return Ok(());
        };
        let (Ok(stream), Ok(base)) = (stream.parse::<Stream>(), u64::from_str_radix(base, 16))
        else {
            return Ok(());
        };
        let (wal, frames, torn) = Wal::open(path)?;
        recovery.torn.extend(torn);
        let state = self.streams.entry(stream).or_default();
        if base < state.sealed || frames.is_empty() {
            return wal.remove();
        }
        if base > state.sealed {
            let why = format!("rows {} to {base} are missing before it", state.sealed);
            let path = path.display().to_string();
            return Err(LakeError::BadSegment { path, why });
        }
        let mut open: Option<(SchemaRef, Vec<RecordBatch>, u64)> = None;
        for frame in frames {
            let (schema, batches) = ipc::decode(&frame.ipc)?;
            let last = last(&batches, frame.first, frame.rows)?;
            let (known, all, rows) = open.get_or_insert((schema.clone(), Vec::new(), 0));
            if *known != schema {
                return Err(crate::error::bad("a log of rows of two shapes"));
            }
            all.extend(batches);
            *rows += frame.rows;
            state.mark(frame.service, last);
        }
        if let Some((schema, batches, rows)) = open {
            recovery.open_rows += rows;
            state.open = Some(Open {
                wal,
                schema,
                batches,
                rows,
            });
        }
        Ok(())
    }

    /// Sealed segments of every stream, in order.
    pub fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.streams.values().flat_map(|state| &state.segments)
    }

    /// The directory of sealed segments.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Rows of a stream, sealed or not.
    pub fn rows(&self, stream: &Stream) -> u64 {
        self.streams.get(stream).map_or(0, |state| {
            state.sealed + state.open.as_ref().map_or(0, |open| open.rows)
        })
    }

    /// Sequence numbers that were skipped by sources since the lake was opened.
    pub const fn gaps(&self) -> u64 {
        self.gaps
    }

    fn store(&mut self, batch: &Batch) -> Result<Sequence, LakeError> {
        let mark = self.mark(&batch.stream, batch.service);
        let (schema, mut batches) = ipc::decode(&batch.ipc)?;
        let (first, rows) = (batch.first.as_u64(), batch.rows);
        let last = last(&batches, first, rows)?;
        if rows == 0 || last <= mark {
            return Ok(Sequence::new(mark));
        }
        let known = (mark + 1).saturating_sub(batch.first.as_u64());
        let (first, mut ipc) = (batch.first.as_u64() + known, batch.ipc.clone());
        if known > 0 {
            batches = skip(batches, known);
            ipc = ipc::encode(&batches)?;
        }
        self.gaps += first - mark - 1;
        let frame = Frame {
            service: batch.service,
            first,
            rows: rows - known,
            ipc,
        };
        self.log(&batch.stream, schema, frame, batches)?;
        Ok(Sequence::new(last))
    }

    /// Durable first, then visible.
    fn log(
        &mut self,
        stream: &Stream,
        schema: SchemaRef,
        frame: Frame,
        batches: Vec<RecordBatch>,
    ) -> Result<(), LakeError> {
        if self.streams.len() >= STREAMS_MAX && !self.streams.contains_key(stream) {
            let (len, max) = (self.streams.len() as u64 + 1, STREAMS_MAX as u64);
            return Err(LakeError::TooLarge {
                len,
                max,
                unit: "streams",
            });
        }
        let full = |open: &Open| open.schema != schema || open.rows >= self.options.open_rows_max;
        if self
            .streams
            .get(stream)
            .and_then(|state| state.open.as_ref())
            .is_some_and(full)
        {
            self.seal_stream(stream)?;
        }
        let state = self.streams.entry(stream.clone()).or_default();
        let open = match &mut state.open {
            Some(open) => open,
            empty => {
                let path = self
                    .wal_dir
                    .join(format!("{stream}-{:016x}.wal", state.sealed));
                let (wal, ..) = Wal::open(&path)?;
                empty.insert(Open {
                    wal,
                    schema,
                    batches: Vec::new(),
                    rows: 0,
                })
            }
        };
        open.wal.append(&frame)?;
        open.rows += frame.rows;
        open.batches.extend(batches);
        state.mark(frame.service, frame.first + frame.rows - 1);
        Ok(())
    }

    fn mark(&self, stream: &Stream, service: ServiceId) -> u64 {
        self.streams
            .get(stream)
            .and_then(|state| state.marks.get(&service))
            .copied()
            .unwrap_or(0)
    }
}

impl State {
    fn of(segments: Vec<Segment>) -> Result<Self, LakeError> {
        let mut state = Self::default();
        for segment in segments {
            if segment.first != state.sealed {
                let why = format!(
                    "rows {} to {} are missing before it",
                    state.sealed, segment.first
                );
                return Err(LakeError::BadSegment {
                    path: segment.path,
                    why,
                });
            }
            state.sealed += segment.rows;
            for (service, last) in &segment.services {
                state.mark(*service, *last);
            }
            state.segments.push(segment);
        }
        Ok(state)
    }

    fn mark(&mut self, service: ServiceId, last: u64) {
        let mark = self.marks.entry(service).or_default();
        *mark = (*mark).max(last);
    }
}

/// The number of the last row, when there are as many as stated and a signed column can hold their numbers.
fn last(batches: &[RecordBatch], first: u64, rows: u64) -> Result<u64, LakeError> {
    let found: u64 = batches.iter().map(|rows| rows.num_rows() as u64).sum();
    let end = first
        .checked_add(rows)
        .filter(|end| found == rows && first > 0 && *end - 1 <= i64::MAX as u64);
    end.map(|end| end - 1)
        .ok_or_else(|| crate::error::bad("rows and numbers disagree"))
}

/// Leaves out the first `count` rows.
fn skip(batches: Vec<RecordBatch>, count: u64) -> Vec<RecordBatch> {
    let mut left = usize::try_from(count).unwrap_or(usize::MAX);
    let mut kept = Vec::new();
    for batch in batches {
        let cut = left.min(batch.num_rows());
        left -= cut;
        if cut < batch.num_rows() {
            kept.push(batch.slice(cut, batch.num_rows() - cut));
        }
    }
    kept
}

impl Append for Lake {
    fn append(&mut self, batch: &Batch) -> Result<Sequence, StoreError> {
        Ok(self.store(batch)?)
    }

    fn watermark(&self, stream: &Stream, service: ServiceId) -> Sequence {
        Sequence::new(self.mark(stream, service))
    }
}

impl Siphon for Lake {
    fn siphon(&self, stream: &Stream, cursor: Cursor, rows_max: u64) -> Result<Drawn, StoreError> {
        Ok(self.draw(stream, cursor, rows_max)?)
    }
}

impl Query for Lake {
    fn query(&self, range: &Range) -> Result<Drawn, StoreError> {
        Ok(self.range(range)?)
    }
}
