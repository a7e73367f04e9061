//! A process that appends as fast as it can, and says of every batch what is durable.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use iia_audit::AuditError;
use iia_audit::log::{Log, Recovery, Submission};
use iia_audit::verify::{Outcome, records, verify};
use iia_core::time::Clock as _;

use crate::common;

const DIR: &str = "IIA_AUDIT_WRITER_DIR";
/// How many batches it writes, where that is not [`BATCHES`].
pub(crate) const COUNT: &str = "IIA_AUDIT_WRITER_BATCHES";
/// Bytes of a segment, about.
const SEGMENT_LEN: u64 = 24 * 1024;
/// Batches of one process at most.
const BATCHES: u64 = 2_000;

/// Not a test by itself: what the writing process does.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    let (log, _) = open(&Path::new(&dir).join("audit"));
    // Short segments, so that faults meet the end of one, and a keeper, who tells of faults.
    let keeper = "spiffe://iia.local/zone/dmz/workload/audit"
        .parse()
        .unwrap();
    let mut log = log.with_segment_len(SEGMENT_LEN).with_keeper(keeper);
    let mut next = log.watermark(&common::event("", 0).source) + 1;
    let batches = std::env::var(COUNT).map_or(BATCHES, |count| count.parse().unwrap());
    for batch in 0..batches {
        let last = next + batch * 7 % 13;
        let events: Vec<Submission> = (next..=last)
            .map(|number| common::event(&text(number), number))
            .collect();
        log.append(&events, common::clock().read()).unwrap();
        next = last + 1;
        writeln!(std::io::stdout(), "durable {last}").unwrap();
    }
}

/// Lengths that meet every alignment.
fn text(number: u64) -> String {
    "x".repeat((number * 37 % 400) as usize)
}

/// A writer in `dir`, which runs until something stops it.
pub(crate) struct Writer {
    child: Child,
    told: BufReader<ChildStdout>,
    durable: u64,
}

impl Writer {
    pub(crate) fn start(dir: &Path) -> Self {
        Self::under(dir, Command::new(std::env::current_exe().unwrap()))
    }

    /// A writer started by `command`, which ends in the path of this program.
    pub(crate) fn under(dir: &Path, mut command: Command) -> Self {
        let mut child = command
            .args([
                "--exact",
                "writer::child",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(DIR, dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let told = BufReader::new(child.stdout.take().unwrap());
        let durable = 0;
        Self {
            child,
            told,
            durable,
        }
    }

    /// Reads until so many batches were acknowledged, or the writer ended.
    pub(crate) fn let_run(&mut self, batches: u64) {
        let mut line = String::new();
        let mut seen = 0;
        while seen < batches && self.told.read_line(&mut line).is_ok_and(|len| len > 0) {
            seen += u64::from(self.take(&line));
            line.clear();
        }
    }

    fn take(&mut self, line: &str) -> bool {
        // The test harness writes in front of the first line.
        let number = line
            .split("durable ")
            .nth(1)
            .and_then(|number| number.trim().parse().ok());
        self.durable = number.unwrap_or(self.durable);
        number.is_some()
    }

    /// Kills it; gives the last number that it said was durable.
    pub(crate) fn kill(mut self) -> u64 {
        let _gone = self.child.kill();
        self.end()
    }

    /// Waits for its end; gives the last number that it said was durable.
    pub(crate) fn end(mut self) -> u64 {
        self.let_run(u64::MAX);
        self.child.wait().unwrap();
        self.durable
    }
}

/// Opens the log again: everything acknowledged is there, once and in order, and the whole of it verifies.
pub(crate) fn holds(dir: &Path, durable: u64) -> u64 {
    let (log, recovery) = open(&dir.join("audit"));
    let have = log.watermark(&common::event("", 0).source);
    assert!(
        have >= durable,
        "{durable} were acknowledged, {have} are there: {recovery:?}"
    );
    drop(log);
    let mut next = 1;
    records(&dir.join("audit"), |record| {
        if record.source() == common::event("", 0).source.as_str() {
            assert_eq!(record.body.event.source_seq, next, "missing or twice");
            next += 1;
        }
    })
    .unwrap();
    assert_eq!(next, have + 1);
    sound(dir);
    have
}

/// Opens a log. A program that another test starts at this moment holds every lock of ours until it runs.
fn open(audit: &Path) -> (Log, Recovery) {
    let locked = |error: &AuditError| error.to_string().contains("has the log open");
    for _ in 0..400 {
        match Log::open(audit) {
            Err(error) if locked(&error) => std::thread::sleep(std::time::Duration::from_millis(5)),
            opened => return opened.unwrap(),
        }
    }
    Log::open(audit).unwrap()
}

/// What is there verifies; quarantined tails are told by the keeper of the log, which is not here.
fn sound(dir: &Path) {
    let _old = std::fs::remove_dir_all(dir.join("quarantine"));
    let report = verify(dir, None);
    assert_ne!(report.outcome(), Outcome::Failed, "{:?}", report.bad);
}
