//! One run: settle what a crash left, apply one approval, wait for the observer, deliver the events, exit.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use iia_config::desk::{Desk, DeskError, Settled, Site};
use iia_config::stage::{StageError, Store};
use iia_core::code::Coded as _;
use iia_core::time::{Clock as _, Reading, SECOND_NS, SystemClock};

use crate::arguments::{Arguments, Task};
use crate::calls::Machine;
use crate::chain;
use crate::error::Error;
use crate::observer::Observer;

/// Bytes of an approval or a revocation at most.
const FILE_LEN_MAX: u64 = 256 * 1024;
/// How far the machine's clock may be wrong, in nanoseconds.
const CLOCK_ERROR_NS: u64 = 1_000_000_000;
/// How often the desk is tried while another process has it open: five seconds in all.
const LOCK_TRIES: u32 = 50;
/// How often the observer is asked.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// How a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// In force, and an observer has seen it.
    Confirmed,
    /// Nobody confirmed in time, or a call failed: what was in force before is in force again.
    WentBack,
    /// What is applied is in force again.
    Restored,
    /// A revocation is in force.
    Revoked,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Done {
    outcome: Outcome,
    waiting: usize,
}

impl Done {
    /// 0 when what was asked for is in force, 1 when it is not.
    pub(crate) fn exit_code(self) -> ExitCode {
        match self.outcome {
            Outcome::Confirmed | Outcome::Restored | Outcome::Revoked => ExitCode::SUCCESS,
            Outcome::WentBack => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.outcome {
            Outcome::Confirmed => "applied and confirmed",
            Outcome::WentBack => "not confirmed: went back to what was in force before",
            Outcome::Restored => "what is applied is in force again",
            Outcome::Revoked => "revoked for good",
        })?;
        match self.waiting {
            0 => Ok(()),
            waiting => write!(
                f,
                "; {waiting} events wait for the audit log, which another process has open"
            ),
        }
    }
}

/// A run in progress.
struct Run<'a> {
    arguments: &'a Arguments,
    desk: Desk,
    clock: SystemClock,
    machine: Machine,
}

/// Does what the command line asks for.
pub(crate) fn run(arguments: &Arguments) -> Result<Done, Error> {
    let signed = match &arguments.task {
        Task::Apply(file) | Task::Revoke(file) => read_signed(file)?,
        Task::Restore => Vec::new(),
    };
    let store = Store::at(&arguments.dir);
    let trial_ns = arguments
        .confirm_within
        .saturating_mul(SECOND_NS.unsigned_abs());
    let site = Site {
        box_name: arguments.box_name.clone(),
        trial_ns,
    };
    let desk = open(&store, &site)?;
    let clock = SystemClock::new(desk.state().floor(), CLOCK_ERROR_NS);
    let machine = Machine::at(&arguments.dir);
    let mut run = Run {
        arguments,
        desk,
        clock,
        machine,
    };
    let outcome = run.task(&signed);
    // Also a refusal is an event that belongs into the chain.
    let delivered = run.deliver();
    let (outcome, waiting) = (outcome?, delivered?);
    Ok(Done { outcome, waiting })
}

/// The desk, as soon as whoever has it open (the keeper of the audit chain, for a moment) is done with it.
fn open(store: &Store, site: &Site) -> Result<Desk, Error> {
    for _ in 0..LOCK_TRIES {
        match Desk::open(store.clone(), site.clone()) {
            Err(DeskError::Storage(StageError::Locked)) => std::thread::sleep(ASK_EVERY),
            opened => return Ok(opened?),
        }
    }
    Err(DeskError::Storage(StageError::Locked).into())
}

impl Run<'_> {
    fn now(&self) -> Reading {
        self.clock.read()
    }

    fn task(&mut self, signed: &[u8]) -> Result<Outcome, Error> {
        let now = self.now();
        if matches!(self.arguments.task, Task::Revoke(_)) {
            // Whatever else is under way waits: nothing is opened by this.
            self.desk.revoke(signed, now)?;
            return Ok(Outcome::Revoked);
        }
        let settled = self.desk.settle(&mut self.machine, now)?;
        match self.arguments.task {
            Task::Restore => {
                self.desk.restore(&mut self.machine, now)?;
                match settled {
                    Settled::AtRest => Ok(Outcome::Restored),
                    Settled::WentBack => Ok(Outcome::WentBack),
                    Settled::OnTrial => self.await_observer(),
                }
            }
            _ => {
                self.desk.release(signed, &mut self.machine, now)?;
                self.await_observer()
            }
        }
    }

    /// Waits until the observer confirms or the trial runs out; the desk then goes back by itself. An answer that
    /// confirms nothing is an event, and is said.
    fn await_observer(&mut self) -> Result<Outcome, Error> {
        let mut observer = Observer::at(&self.arguments.dir);
        self.deliver()?;
        loop {
            let now = self.now();
            if self.desk.settle(&mut self.machine, now)? == Settled::WentBack {
                return Ok(Outcome::WentBack);
            }
            if let Some(answer) = observer.answer() {
                match self.desk.confirm(&answer, now) {
                    Ok(()) => return Ok(Outcome::Confirmed),
                    Err(error @ DeskError::Unconfirmed(_)) => {
                        crate::say(&format!("the observer's answer: {} {error}", error.code()));
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            std::thread::sleep(ASK_EVERY);
        }
    }

    fn deliver(&mut self) -> Result<usize, Error> {
        let now = self.now();
        let audit = self.arguments.dir.join("evidence").join("audit");
        chain::deliver(&mut self.desk, &audit, &self.arguments.identity, now)
    }
}

fn read_signed(file: &Path) -> Result<Vec<u8>, Error> {
    let told = |error| Error::file(file.display())(error);
    if fs::metadata(file).map_err(told)?.len() > FILE_LEN_MAX {
        return Err(told(std::io::ErrorKind::FileTooLarge.into()));
    }
    fs::read(file).map_err(told)
}
