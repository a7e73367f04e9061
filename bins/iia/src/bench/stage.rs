//! One stage, measured once.

use std::cell::RefCell;
use std::fmt;
use std::fs::{self, File};
use std::path::Path;
use std::str::FromStr;
use std::time::Instant;

use iia_capture::pipeline::{Options, Pipeline};
use iia_capture::source::pcap::PcapSource;
use iia_contract::matcher::{Matcher, Verdict, Way};
use iia_core::observe::Observation;

use super::columns::Columns;

/// How much of the way is measured.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Stage {
    /// Packets to exchanges.
    Decode,
    /// And each a row in an Arrow batch.
    Columns,
    /// Packets to exchanges, each judged.
    Verdict,
    /// And each a row in a Parquet file, with its verdict.
    Parquet,
}

impl Stage {
    pub(super) const ALL: [Self; 4] = [Self::Decode, Self::Columns, Self::Verdict, Self::Parquet];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Columns => "decode + columns",
            Self::Verdict => "decode + verdict",
            Self::Parquet => "decode + verdict + Parquet",
        }
    }

    /// The word for it on the command line.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Columns => "columns",
            Self::Verdict => "verdict",
            Self::Parquet => "parquet",
        }
    }
}

/// What a run gave.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measure {
    pub(super) packets: u64,
    pub(super) records: u64,
    pub(super) covered: u64,
    pub(super) seconds: f64,
    /// Of them, on a processor: less where others want it too.
    pub(super) cpu_seconds: f64,
    pub(super) peak_kib: u64,
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            packets,
            records,
            covered,
            seconds,
            cpu_seconds,
            peak_kib,
        } = self;
        write!(
            f,
            "{packets} {records} {covered} {seconds} {cpu_seconds} {peak_kib}"
        )
    }
}

impl FromStr for Measure {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let words: Vec<&str> = text.split(' ').collect();
        let [packets, records, covered, seconds, cpu, peak_kib] = *words else {
            return Err(());
        };
        let number = |word: &str| word.parse::<u64>().map_err(|_| ());
        Ok(Self {
            packets: number(packets)?,
            records: number(records)?,
            covered: number(covered)?,
            seconds: seconds.parse().map_err(|_| ())?,
            cpu_seconds: cpu.parse().map_err(|_| ())?,
            peak_kib: number(peak_kib)?,
        })
    }
}

pub(super) fn run(
    stage: Stage,
    file: &Path,
    catalog: &Path,
    parquet: &Path,
) -> anyhow::Result<Measure> {
    match stage {
        Stage::Decode => return measure(file, |_, _| {}, |()| Ok(())),
        Stage::Columns => {
            let columns = RefCell::new(Columns::new());
            let take = |observation: &Observation<'_>, _: &mut Option<Way>| {
                columns.borrow_mut().take(observation);
            };
            return measure(file, take, |()| columns.borrow_mut().finish());
        }
        Stage::Verdict | Stage::Parquet => {}
    }
    let catalog = crate::check::catalog(catalog)?;
    let matcher = Matcher::new(&catalog);
    let mut covered = 0u64;
    let mut judge = |observation: &Observation<'_>, way: &mut Option<Way>| {
        let verdict = matcher.judge_keeping(way, observation);
        covered += u64::from(matches!(verdict, Verdict::Covered { .. }));
        verdict
    };
    let mut measure = match stage {
        Stage::Parquet => {
            let columns = RefCell::new(Columns::create(parquet)?);
            let take = |observation: &Observation<'_>, way: &mut Option<Way>| {
                let verdict = judge(observation, way);
                columns
                    .borrow_mut()
                    .take_judged(&catalog, observation, &verdict);
            };
            measure(file, take, |()| columns.borrow_mut().finish())?
        }
        _ => measure(
            file,
            |observation, way| _ = judge(observation, way),
            |()| Ok(()),
        )?,
    };
    measure.covered = covered;
    Ok(measure)
}

/// Reads the capture once; the clock stops when `finish` is done.
fn measure(
    file: &Path,
    mut take: impl FnMut(&Observation<'_>, &mut Option<Way>),
    finish: impl FnOnce(()) -> anyhow::Result<()>,
) -> anyhow::Result<Measure> {
    let mut source = PcapSource::open(File::open(file)?)?;
    let mut pipeline = Pipeline::keeping(Options::default());
    let mut records = 0u64;
    let mut sink = |observation: &Observation<'_>, way: &mut Option<Way>| {
        records += 1;
        take(observation, way);
    };
    let (started, before) = (Instant::now(), cpu_seconds());
    loop {
        let packets = source.next_packets()?;
        if packets.is_empty() {
            break;
        }
        pipeline.handle_packets_keeping(&packets, &mut sink);
    }
    pipeline.finish_keeping(&mut sink);
    finish(())?;
    let seconds = started.elapsed().as_secs_f64();
    let cpu_seconds = cpu_seconds() - before;
    let stats = pipeline.stats();
    Ok(Measure {
        packets: stats.packets,
        records,
        covered: 0,
        seconds,
        cpu_seconds,
        peak_kib: peak_kib(),
    })
}

/// The largest resident memory of this process so far.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

/// What this thread spent on a processor so far.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns = stat.split(' ').next().and_then(|ns| ns.parse::<u64>().ok());
    ns.unwrap_or(0) as f64 / 1e9
}
