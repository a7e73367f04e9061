//! What this machine does, on a capture of the user's or on a generated one. Every stage runs in a process of its own, so
//! that its peak memory is its own; of several runs the best counts, because whatever else runs only ever slows it down.
//! Beside the packets a second stand those a second of processor time, which are the same where nothing else runs.

mod columns;
mod stage;

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, ExitCode};

use anyhow::Context as _;
use iia_capture::generate::{MixOptions, TraceOptions, write_mix, write_pcap};
use iia_contract::learn::Learner;

use stage::{Measure, Stage};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Decode, decode + columns, decode + verdict, decode + verdict + Parquet; one thread each
    Decode(DecodeArguments),
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
        /// Many protocols instead of Modbus/TCP alone, each flow a device
        #[arg(long)]
        mix: bool,
    },
    /// One stage, once; what `decode` starts
    #[command(hide = true)]
    Stage {
        /// Which
        stage: Stage,
        /// The capture
        file: PathBuf,
        /// The catalog
        catalog: PathBuf,
        /// Where the rows go
        parquet: PathBuf,
    },
}

#[derive(clap::Args)]
pub(crate) struct DecodeArguments {
    /// The capture; one is generated when none is given
    file: Option<PathBuf>,
    /// Packets of the generated capture
    #[arg(long, default_value_t = 4_000_000)]
    packets: u64,
    /// Flows of the generated capture
    #[arg(long, default_value_t = 2000)]
    flows: u32,
    /// Generates many protocols instead of Modbus/TCP alone
    #[arg(long, conflicts_with = "file")]
    mix: bool,
    /// The catalog; one is learnt from the capture when none is given
    #[arg(long)]
    catalog: Option<PathBuf>,
    /// Runs of each stage, of which the best counts
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// Keeps the Parquet file of the last stage here
    #[arg(long, value_name = "FILE")]
    parquet: Option<PathBuf>,
    /// Prints tab-separated numbers for scripts
    #[arg(long)]
    rows: bool,
}

pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Trace {
            file,
            packets,
            flows,
            mix,
        } => trace(&file, (packets, flows), mix)?,
        Command::Decode(arguments) => decode(arguments)?,
        Command::Stage {
            stage,
            file,
            catalog,
            parquet,
        } => println!("{}", stage::run(stage, &file, &catalog, &parquet)?),
    }
    Ok(ExitCode::SUCCESS)
}

fn trace(file: &Path, (packets, flows): (u64, u32), mix: bool) -> anyhow::Result<()> {
    let create = || format!("create {}", file.display());
    let mut out = BufWriter::new(File::create(file).with_context(create)?);
    if mix {
        let options = MixOptions {
            packets,
            devices: u16::try_from(flows).unwrap_or(u16::MAX),
            ..MixOptions::default()
        };
        write_mix(&mut out, options)?;
        return Ok(out.flush()?);
    }
    let options = TraceOptions {
        packets,
        flows,
        ..TraceOptions::default()
    };
    write_pcap(&mut out, options)?;
    Ok(out.flush()?)
}

fn decode(arguments: DecodeArguments) -> anyhow::Result<()> {
    let place = tempfile::tempdir()?;
    let file = match &arguments.file {
        Some(file) => file.clone(),
        None => {
            let file = place.path().join("trace.pcap");
            trace(&file, (arguments.packets, arguments.flows), arguments.mix)?;
            file
        }
    };
    let catalog = match &arguments.catalog {
        Some(path) => path.clone(),
        None => learnt(&file, place.path())?,
    };
    let parquet = match &arguments.parquet {
        Some(path) => path.clone(),
        None => place.path().join("out.parquet"),
    };
    let bytes = fs::metadata(&file)
        .with_context(|| format!("open {}", file.display()))?
        .len();
    if !arguments.rows {
        head(&file, bytes, arguments.runs);
    }
    let mut last = Measure::default();
    for stage in Stage::ALL {
        last = best(stage, &arguments, [&file, &catalog, &parquet])?;
        tell(stage, &last, bytes, arguments.rows);
    }
    if !arguments.rows {
        let each = fs::metadata(&parquet)?.len() as f64 / last.records.max(1) as f64;
        let (covered, records) = (last.covered, last.records);
        println!("{covered} of {records} records covered; Parquet {each:.1} bytes a record");
    }
    Ok(())
}

fn head(file: &Path, bytes: u64, runs: u32) {
    let megabytes = bytes as f64 / 1e6;
    println!(
        "{}, {megabytes:.1} MB; one thread, best of {runs} runs",
        file.display()
    );
    println!(
        "{:<28} {:>12} {:>12} {:>9} {:>14} {:>12}",
        "", "packets/s", "records/s", "MB/s", "per CPU second", "peak memory"
    );
}

fn tell(stage: Stage, measure: &Measure, bytes: u64, rows: bool) {
    let rate = |count: f64| count / measure.seconds.max(1e-9);
    let (packets, records) = (rate(measure.packets as f64), rate(measure.records as f64));
    let (megabytes, peak) = (rate(bytes as f64 / 1e6), measure.peak_kib as f64 / 1024.0);
    let cpu = measure.packets as f64 / measure.cpu_seconds.max(1e-9);
    let name = stage.name();
    if rows {
        println!("{name}\t{packets:.0}\t{records:.0}\t{megabytes:.1}\t{cpu:.0}\t{peak:.1}");
    } else {
        println!(
            "{name:<28} {packets:>12.0} {records:>12.0} {megabytes:>9.0} {cpu:>14.0} {peak:>9.1} MB"
        );
    }
}

/// A catalog that covers what the capture holds, so that verdicts do their whole work.
fn learnt(file: &Path, place: &Path) -> anyhow::Result<PathBuf> {
    let mut learner = Learner::default();
    let options = iia_capture::pipeline::Options::default();
    iia::captures::read(file, &options, &mut |observation| {
        learner.observe(observation)
    })?;
    let path = place.join("learnt.icl");
    fs::write(&path, learner.to_icl("bench"))?;
    Ok(path)
}

fn best(
    stage: Stage,
    arguments: &DecodeArguments,
    paths: [&PathBuf; 3],
) -> anyhow::Result<Measure> {
    let mut best: Option<Measure> = None;
    for _ in 0..arguments.runs.max(1) {
        let mut process = Process::new(std::env::current_exe()?);
        process.args(["bench", "stage", stage.word()]).args(paths);
        let output = process.output()?;
        let told = String::from_utf8_lossy(&output.stdout);
        let measure = told.trim().parse::<Measure>().ok();
        let measure =
            measure.with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
        if best.is_none_or(|best| measure.seconds < best.seconds) {
            best = Some(measure);
        }
    }
    Ok(best.unwrap_or_default())
}
