//! The audit log of this box against the heads of it that others have signed: the observer, and whoever reads the disk for it.
//!
//! The records, the heads and the receipts are read by this process itself; the keeper of the log is asked nothing. What a peer
//! holds is remembered outside of the evidence, so that whoever puts the evidence back does not put that back with it.

mod disk;
mod heads;

use std::sync::mpsc as threads;
use std::thread;
use std::time::{Duration, Instant};

use iia_attest::audit_chain::{Agreed, AuditChain, Mark, Seen, Verified, Wanted};
use iia_attest::correlator::Correlator as _;
use iia_audit::policy::Policy;
use iia_audit::verify::{Elsewhere, Report, start, verify_against, walk};
use iia_core::Timestamp;
use iia_core::finding::Finding;
use iia_core::stream::Stream;
use tokio::sync::mpsc;

use self::disk::Files;
use self::heads::Heads;
use super::senses::{Heard, Sense};
use crate::boxdir::BoxDir;
use crate::published;
use crate::workload::Workload;

/// How often heads and files are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long to wait between two readings of everything: so many times as long as the last one took, within these.
const READ_AGAIN: (u32, Duration, Duration) =
    (100, Duration::from_secs(30), Duration::from_secs(240));
/// A log that is being written may be half there: what is wrong so often in a row, so far apart, is wrong.
const WRONG: (usize, Duration) = (5, Duration::from_millis(200));
/// Records that go to the observer together.
const TOGETHER_MAX: usize = 1024;
/// Bytes at the place of a bad record that name it.
const NAMING_LEN: usize = 128;

/// The observer of the log.
pub(super) struct Chain {
    observer: AuditChain,
    ask: threads::Sender<()>,
    /// Whether a reading was asked for and has not come.
    asked: bool,
}

/// Whoever reads.
pub(super) struct Reader {
    dir: BoxDir,
    heads: Heads,
    files: Files,
    asks: threads::Receiver<()>,
}

/// The observer, and whoever reads for it.
pub(super) fn of(workload: &Workload) -> anyhow::Result<(Chain, Reader)> {
    let dir = workload.dir().clone();
    let policy = std::fs::read_to_string(dir.audit().join("policy"))?;
    let policy = Policy::parse(&policy)?;
    let mut agreed = Agreed::of(policy.clone());
    let period = published::period_ns(workload.catalog());
    if let Some(period_ns) = period.and_then(|period_ns| i64::try_from(period_ns).ok()) {
        agreed.head_ns = agreed.head_ns.max(period_ns);
    }
    let (ask, asks) = threads::channel();
    let chain = Chain {
        observer: AuditChain::new(agreed),
        ask,
        asked: false,
    };
    let reader = Reader {
        heads: Heads::new(&dir, policy),
        files: Files::new(&dir.evidence()),
        dir,
        asks,
    };
    Ok((chain, reader))
}

impl Chain {
    /// Asks for the records where they would name what heads have shown.
    fn ask(&mut self) {
        let is_wanted = self.observer.wanted() == Some(Wanted::Records);
        if is_wanted && !std::mem::replace(&mut self.asked, true) {
            let _reader_gone = self.ask.send(());
        }
    }
}

impl Sense for Chain {
    fn stream(&self) -> Stream {
        Stream::ATTEST_AUDIT_CHAIN
    }

    fn hear(&mut self, now: Timestamp, heard: &Heard) -> anyhow::Result<bool> {
        let Heard::Log(seen) = heard else {
            return Ok(false);
        };
        for one in seen {
            if matches!(one, Seen::Reading(..)) {
                self.asked = false;
            }
            self.observer.handle_observation(now, one.clone());
        }
        self.ask();
        Ok(true)
    }

    fn tick(&mut self, now: Timestamp) {
        self.observer.handle_timeout(now);
        self.ask();
    }

    fn poll(&mut self) -> Option<Finding> {
        self.observer.poll_finding()
    }

    fn unseen(&self) -> u64 {
        self.observer.strangers()
    }
}

impl Reader {
    /// Reads again and again, until nobody listens.
    pub(super) fn follow(mut self, heard: mpsc::Sender<Heard>) {
        thread::spawn(move || while self.turn(&heard).is_some() {});
    }

    /// Everything once, then what is new, until it is time to read everything again.
    fn turn(&mut self, heard: &mpsc::Sender<Heard>) -> Option<()> {
        say(heard, self.heads.look())?;
        let began = Instant::now();
        self.read(heard)?;
        let (times, least, most) = READ_AGAIN;
        let wait = (began.elapsed() * times).clamp(least, most);
        let began = Instant::now();
        while began.elapsed() < wait {
            say(heard, self.heads.look())?;
            if self.files.look() {
                return Some(());
            }
            match self.asks.recv_timeout(LOOK_EVERY) {
                Err(threads::RecvTimeoutError::Timeout) => {}
                Ok(()) => return Some(()),
                Err(threads::RecvTimeoutError::Disconnected) => return None,
            }
        }
        Some(())
    }

    /// The records one by one, and what the verifier says of all of it.
    fn read(&mut self, heard: &mpsc::Sender<Heard>) -> Option<()> {
        while self.asks.try_recv().is_ok() {}
        let audit = self.dir.audit();
        let before = start(&audit).unwrap_or_default();
        say(heard, vec![Seen::Reading(None, before)])?;
        let (mut some, mut open) = (Vec::new(), Some(()));
        let _wrong = walk(&audit, |found| {
            some.push(Seen::Record(Mark::of(&found.record)));
            if some.len() >= TOGETHER_MAX && open.is_some() {
                open = say(heard, std::mem::take(&mut some));
            }
        });
        open?;
        some.extend(self.verified().map(Seen::Read));
        say(heard, some)
    }

    /// What the verifier says, once it says the same again and again; nothing while it says something else each time.
    fn verified(&self) -> Option<Verified> {
        let (times, apart) = WRONG;
        let report = self.verify();
        for _ in 1..times {
            if report.bad.is_none() {
                break;
            }
            thread::sleep(apart);
            (self.verify().bad == report.bad).then_some(())?;
        }
        let bytes = report.bad.as_ref().and_then(|bad| {
            let bytes = std::fs::read(self.dir.evidence().join(&bad.file)).ok()?;
            let bytes = bytes.get(usize::try_from(bad.offset).ok()?..)?;
            Some(bytes.get(..NAMING_LEN).unwrap_or(bytes).to_vec())
        });
        Some(Verified::of(&report, &bytes.unwrap_or_default()))
    }

    fn verify(&self) -> Report {
        verify_against(&self.dir.evidence(), &Elsewhere::default())
    }
}

fn say(heard: &mpsc::Sender<Heard>, seen: Vec<Seen>) -> Option<()> {
    if seen.is_empty() {
        return (!heard.is_closed()).then_some(());
    }
    heard.blocking_send(Heard::Log(seen)).ok()
}
