//! The page in Markdown.

use std::fmt::Write as _;

use super::Outcome;
use super::clean::Clean;
use super::table::Fault;

/// A row of the page.
pub(crate) struct Row {
    fault: Fault,
    runs: usize,
    after_ns: Vec<i64>,
    stream: String,
    reason: String,
}

impl Row {
    pub(crate) fn new(fault: &Fault, outcomes: Vec<Outcome>) -> Self {
        let runs = outcomes.len();
        let mut told: Vec<_> = outcomes.into_iter().filter_map(|one| one.told).collect();
        told.sort_by_key(|(after_ns, _)| *after_ns);
        let first = told.first();
        Self {
            fault: *fault,
            runs,
            stream: first.map_or_else(String::new, |(_, found)| found.stream.clone()),
            reason: first.map_or_else(String::new, |(_, found)| found.reason.clone()),
            after_ns: told.iter().map(|(after_ns, _)| *after_ns).collect(),
        }
    }

    pub(crate) fn line(&self) -> String {
        let detected = match self.after_ns.len() {
            0 => "**no**".into(),
            count if count == self.runs => "yes".into(),
            count => format!("**{count} of {}**", self.runs),
        };
        format!(
            "| {} | {} | {detected} | {} | {} | {} | {} |",
            self.fault.stream,
            self.fault.done,
            self.stream,
            self.at(50),
            self.at(99),
            self.reason.replace('|', "/")
        )
    }

    /// A percentile by the nearest rank.
    fn at(&self, percent: usize) -> String {
        let rank = (self.after_ns.len() * percent).div_ceil(100);
        let found = rank.checked_sub(1).and_then(|at| self.after_ns.get(at));
        found.map_or_else(String::new, |ns| length(*ns))
    }
}

fn length(ns: i64) -> String {
    let ms = ns as f64 / 1e6;
    match ms {
        _ if ms >= 10_000.0 => format!("{:.0} s", ms / 1000.0),
        _ if ms >= 1000.0 => format!("{:.2} s", ms / 1000.0),
        _ => format!("{ms:.0} ms"),
    }
}

/// The row of a fault as a page has it.
pub(crate) fn kept(page: &str, fault: &Fault) -> Option<String> {
    let begin = format!("| {} | {} |", fault.stream, fault.done);
    let line = page.lines().find(|line| line.starts_with(&begin));
    line.map(Into::into)
}

const CLEAN: &str = "| what | observed | findings that should not be there |\n|---|--:|--:|\n";

/// The rows of what is clean.
pub(crate) fn clean(clean: &Clean) -> String {
    let mut out = String::new();
    for (what, observed, found) in &clean.0 {
        let _ = writeln!(out, "| {what} | {observed} | {found} |");
    }
    out
}

/// The rows of what is clean as a page has them.
pub(crate) fn kept_clean(page: &str) -> Option<String> {
    let (_, rows) = page.split_once(CLEAN)?;
    let rows = rows.lines().take_while(|line| line.starts_with('|'));
    Some(rows.map(|line| format!("{line}\n")).collect())
}

/// How often each was done for a page.
pub(crate) fn kept_runs(page: &str) -> Option<usize> {
    let line = page.lines().find(|line| line.contains(RUNS))?;
    line.split(' ').next()?.parse().ok()
}

const RUNS: &str = " runs of each; time is from the act to the finding";

pub(crate) fn page(rows: &[String], clean: &str, runs: usize) -> String {
    let mut out = String::from(
        "# Detection matrix\n\n\
         What is detected, by which stream, how soon, and in which words. The page is written by\n\
         `cargo run -p iia-examples --example detection-matrix -- RUNS docs/detection-matrix.md`, which does each of these things in a\n\
         network namespace of its own: frames on a live interface that the box's own capture hears, changes of the kernel's firewall by\n\
         nft, files on disk that mosquitto and nats-server load before and after the change, certificates of the real issuer with its log\n\
         on disk, an audit log on disk whose heads a witness holds. A fault that is not detected stays in the table until it is.\n\n\
         Rows of `config` and of admission are of what the compiler makes of an artifact, as data: no disk and no kernel. Rows of `image` are of one recorded\n\
         quote of swtpm; not the quote is bent but what it is held against: the values, the key, the nonce and the clock that are expected.\n\n",
    );
    let _ = writeln!(
        out,
        "{runs}{RUNS}, p50 and p99 by the nearest rank. Rows of `identity`, `audit_chain`, \
         `config` and\n`image` run on an injected clock, so that their time is what the observer itself waits: the log and the configuration \
         are looked at\nat once, an artifact 20 s after it was applied. The files of a broker are read at once as well, so that the time is \
         that of one look;\nno client speaks to it.\nThe contract of the rows of `network` has a cadence of 100 ms and lets 2 s be silent.\n\
         The rows of `io` are of a device and a collector of pymodbus with a proxy between them; the clocks may lie half a second apart, so that \
         what\ndiffers is judged after four. What the IO master reads is signed as its program signs it, each half second; the whole box with \
         that\nprogram is `bins/iia-io/tests/plant`.\nWhat AF_XDP sends is not heard at the interface that sends it; there it is\ntold by what the kernel counts, which is looked at each 100 ms.\n"
    );
    out += "| stream | what was done | detected | told by | p50 | p99 | what is said |\n|---|---|---|---|--:|--:|---|\n";
    for row in rows {
        out += row;
        out.push('\n');
    }
    out += "\n## Where nothing is wrong\n\n";
    out += CLEAN;
    out += clean;
    out += "\nEach row is an observer by itself, fed with what its real source makes in an injected day. The whole box is watched in peace\nand broken by hand in `bins/iia-box/tests/walk/breaks.rs`.\n\nOf the corpus each capture is learnt whole and then observed; what was refused or not answered in it is not learnt, and so is\nnot asked of the observer.\n\n## Not here yet\n\n\
            The virtual network, and the marks from the wire to the audited finding of a whole running box: those have tests of their own, and no\nrow here.\n";
    out
}
