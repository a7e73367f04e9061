//! What this machine does, on a capture of the user's or on a generated one.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use iia_capture::generate::{TraceOptions, write_pcap};
use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;
use iia_contract::Catalog;
use iia_contract::explain;
use iia_contract::learn::Learner;
use iia_contract::matcher::{Matcher, Verdict};
use iia_core::observe::Observation;
use iia_core::record::{Sequence, ServiceId};
use iia_lake::batch::ExchangeBuilder;
use iia_lake::sink::ParquetSink;

/// Rows of a batch on the way to Parquet.
const BATCH_ROWS: usize = 16 * 1024;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Decode, decode + verdict, decode + verdict + Parquet; one thread
    Decode {
        /// The capture; one is generated when none is given
        file: Option<PathBuf>,
        /// Packets of the generated capture
        #[arg(long, default_value_t = 4_000_000)]
        packets: u64,
        /// The catalog; one is learnt from the capture when none is given
        #[arg(long)]
        catalog: Option<PathBuf>,
    },
    /// Writes a generated capture
    Trace {
        /// Where to
        file: PathBuf,
        /// Packets
        #[arg(long, default_value_t = 1_000_000)]
        packets: u64,
        /// Flows
        #[arg(long, default_value_t = 2000)]
        flows: u32,
    },
}

pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Trace {
            file,
            packets,
            flows,
        } => {
            trace(&file, packets, flows)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Decode {
            file,
            packets,
            catalog,
        } => decode(file, packets, catalog.as_ref()),
    }
}

fn trace(file: &Path, packets: u64, flows: u32) -> anyhow::Result<()> {
    let mut out =
        BufWriter::new(File::create(file).with_context(|| format!("create {}", file.display()))?);
    write_pcap(
        &mut out,
        TraceOptions {
            packets,
            flows,
            ..TraceOptions::default()
        },
    )?;
    Ok(out.flush()?)
}

fn decode(
    file: Option<PathBuf>,
    packets: u64,
    catalog: Option<&PathBuf>,
) -> anyhow::Result<ExitCode> {
    let place = tempfile::tempdir()?;
    let file = match file {
        Some(file) => file,
        None => {
            let file = place.path().join("trace.pcap");
            trace(&file, packets, 2000)?;
            file
        }
    };
    let bytes = fs::metadata(&file)?.len();
    println!(
        "{}, {:.1} MB; one thread",
        file.display(),
        bytes as f64 / 1e6
    );
    println!(
        "{:<28} {:>12} {:>12} {:>9} {:>12}",
        "", "packets/s", "records/s", "MB/s", "peak memory"
    );
    let plain = measure("decode", &file, bytes, &mut |_| {})?;
    let catalog = match catalog {
        Some(path) => crate::check::catalog(path)?,
        None => learnt(&file, &place)?,
    };
    let matcher = Matcher::new(&catalog);
    let mut covered = 0u64;
    measure("decode + verdict", &file, bytes, &mut |observation| {
        covered += u64::from(matches!(
            matcher.judge(observation),
            Verdict::Covered { .. }
        ));
    })?;
    let parquet = place.path().join("out.parquet");
    let mut sink = Columns::create(&parquet, &catalog)?;
    measure(
        "decode + verdict + Parquet",
        &file,
        bytes,
        &mut |observation| sink.take(&matcher, observation),
    )?;
    sink.finish()?;
    let size = fs::metadata(&parquet)?.len();
    println!(
        "{covered} of {plain} records covered; Parquet {:.1} bytes a record",
        size as f64 / plain.max(1) as f64
    );
    Ok(ExitCode::SUCCESS)
}

/// A catalog that covers what the capture holds, so that verdicts do their whole work.
fn learnt(file: &Path, place: &tempfile::TempDir) -> anyhow::Result<Catalog> {
    let mut learner = Learner::default();
    iia::captures::read(file, &mut |observation| learner.observe(observation))?;
    let path = place.path().join("learnt.icl");
    fs::write(&path, learner.to_icl("bench"))?;
    crate::check::catalog(&path)
}

fn measure(
    what: &str,
    file: &Path,
    bytes: u64,
    take: &mut dyn FnMut(&Observation<'_>),
) -> anyhow::Result<u64> {
    let mut records = 0u64;
    let mut source = PcapSource::open(BufReader::with_capacity(1 << 20, File::open(file)?))?;
    let mut pipeline = Pipeline::new(Options::default());
    let mut sink = |observation: &Observation<'_>| {
        records += 1;
        take(observation);
    };
    let started = Instant::now();
    while let Some(packet) = source.next_packet()? {
        pipeline.handle_packet(&packet, &mut sink);
    }
    pipeline.finish(&mut sink);
    let seconds = started.elapsed().as_secs_f64();
    let packets = pipeline.stats().packets;
    println!(
        "{what:<28} {:>12.0} {:>12.0} {:>9.0} {:>9.1} MB",
        packets as f64 / seconds,
        records as f64 / seconds,
        bytes as f64 / 1e6 / seconds,
        peak_mb()
    );
    Ok(records)
}

/// The largest resident memory of this process so far.
fn peak_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: f64 = line
        .and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0.0);
    kib / 1024.0
}

struct Columns<'a> {
    catalog: &'a Catalog,
    builder: ExchangeBuilder,
    sink: ParquetSink,
    next: u64,
    failed: Option<iia_lake::LakeError>,
}

impl<'a> Columns<'a> {
    fn create(path: &Path, catalog: &'a Catalog) -> anyhow::Result<Self> {
        let sink = ParquetSink::create(path, iia_lake::schema::exchange())?;
        let builder = ExchangeBuilder::new(ServiceId::from_bytes([1; 16]));
        Ok(Self {
            catalog,
            builder,
            sink,
            next: 1,
            failed: None,
        })
    }

    fn take(&mut self, matcher: &Matcher<'_>, observation: &Observation<'_>) {
        let Observation::Exchange(exchange) = observation else {
            return;
        };
        match matcher.judge(observation) {
            Verdict::Covered { contract } => {
                self.builder
                    .append(exchange, Some(self.catalog.name(contract)), None);
            }
            verdict => {
                let reason = explain::reason(self.catalog, observation, &verdict);
                self.builder.append(exchange, None, Some(&reason));
            }
        }
        if self.builder.rows() >= BATCH_ROWS {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let rows = self.builder.rows() as u64;
        let first = Sequence::new(self.next);
        let done = self
            .builder
            .finish_record_batch(first)
            .and_then(|batch| self.sink.write(&batch));
        self.next += rows;
        self.failed = self.failed.take().or(done.err());
    }

    fn finish(mut self) -> anyhow::Result<()> {
        self.flush();
        match self.failed {
            Some(error) => Err(error.into()),
            None => Ok(self.sink.finish()?),
        }
    }
}
