//! Capture files and folders of them, plain, gzip or zstd, each through a pipeline of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use iia_capture::CaptureError;
use iia_capture::pipeline::{Options, Pipeline, Stats};
use iia_capture::source::pcap::PcapSource;
use iia_core::Timestamp;
use iia_core::observe::Observation;

/// Folders within folders that are looked into at most.
pub const DEPTH_MAX: usize = 16;
/// What a capture's name ends with, when a folder is searched.
const ENDINGS: [&str; 3] = ["pcap", "pcapng", "cap"];

/// What became of a file.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// What was counted.
    pub stats: Stats,
    /// The times of the first and the last packet.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Why reading ended before the file did.
    pub error: Option<CaptureError>,
}

/// The captures that a path names: itself, or those in the folder and the folders in it, in order of name.
///
/// # Errors
/// [`CaptureError::NoCapture`], [`CaptureError::Open`].
pub fn list(path: &Path) -> Result<Vec<PathBuf>, CaptureError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    search(path, DEPTH_MAX, &mut found)
        .map_err(|error| CaptureError::Open { why: error.kind() })?;
    found.sort();
    if found.is_empty() {
        return Err(CaptureError::NoCapture);
    }
    Ok(found)
}

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() && depth > 0 {
            search(&path, depth - 1, found)?;
        } else if !kind.is_dir() && is_capture(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_capture(path: &Path) -> bool {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let packed = [".gz", ".zst"].into_iter();
    let name = packed.fold(name.as_str(), |name, end| {
        name.strip_suffix(end).unwrap_or(name)
    });
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| ENDINGS.contains(&ending))
}

/// Reads a capture and gives every observation to `sink`; a damaged file is read as far as it is good.
///
/// # Errors
/// When the file cannot be opened or is no capture.
pub fn read(
    path: &Path,
    options: &Options,
    sink: &mut impl FnMut(&Observation<'_>),
) -> Result<Outcome, CaptureError> {
    let failed = |error: std::io::Error| CaptureError::Open { why: error.kind() };
    let mut source = PcapSource::unpack(File::open(path).map_err(failed)?)?;
    let mut pipeline = Pipeline::new(options.clone());
    let mut span: Option<(Timestamp, Timestamp)> = None;
    let error = loop {
        match source.next_packets() {
            Ok(packets) if packets.is_empty() => break None,
            Ok(packets) => {
                for packet in packets.iter() {
                    let (first, last) = span.get_or_insert((packet.ts, packet.ts));
                    (*first, *last) = ((*first).min(packet.ts), (*last).max(packet.ts));
                }
                pipeline.handle_packets(&packets, sink);
            }
            Err(error) => break Some(error),
        }
    };
    pipeline.finish(sink);
    Ok(Outcome {
        stats: pipeline.stats(),
        span,
        error,
    })
}
