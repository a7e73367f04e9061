//! Capture files, one after the other, through one pipeline each.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::Context as _;
use iia_capture::CaptureError;
use iia_capture::pipeline::{Options, Pipeline, Stats};
use iia_capture::source::pcap::PcapSource;
use iia_core::observe::Observation;

/// What became of a file.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// What was counted.
    pub stats: Stats,
    /// Why reading ended before the file did.
    pub error: Option<CaptureError>,
}

/// Reads a capture and gives every observation to `sink`; a damaged file is read as far as it is good.
///
/// # Errors
/// When the file cannot be opened or is no capture.
pub fn read(path: &Path, sink: &mut impl FnMut(&Observation<'_>)) -> anyhow::Result<Outcome> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    let mut source =
        PcapSource::open(BufReader::new(file)).with_context(|| format!("{}", path.display()))?;
    let mut pipeline = Pipeline::new(Options::default());
    let error = loop {
        match source.next_packet() {
            Ok(Some(packet)) => pipeline.handle_packet(&packet, sink),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    pipeline.finish(sink);
    Ok(Outcome {
        stats: pipeline.stats(),
        error,
    })
}
