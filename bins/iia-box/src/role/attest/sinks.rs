//! The alert sinks of the machine: each a thread of its own, so that one that hangs holds up nobody.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc as threads;
use std::thread;
use std::time::{Duration, Instant};

use iia_attest::aggregate::{Alert, Gravity, Job, Sink};
use iia_config::alert::{Journal, Relay};
use tokio::sync::mpsc;

use crate::host;
use crate::workload::Workload;

/// How a job of a sink went.
pub(super) type Outcome = (Sink, Result<(), String>);

/// Longest time that a relay's program may take.
const PROGRAM_MAX: Duration = Duration::from_secs(5);
/// How often it is looked at until then.
const STEP: Duration = Duration::from_millis(5);
/// Longest time that the machine's log may take.
const SYSLOG_MAX: Duration = Duration::from_secs(2);
/// Facility `authpriv` of RFC 5424, 6.2.1: messages of security.
const FACILITY: u8 = 10;

/// The sinks that the configuration names.
pub(super) struct Sinks(Vec<(Sink, threads::Sender<Job>)>);

impl Sinks {
    pub(super) fn start(workload: &Workload, outcomes: mpsc::UnboundedSender<Outcome>) -> Self {
        let alerts = workload.alerts();
        let dir = workload.dir().path().to_path_buf();
        let (_, name) = workload.place();
        let mut all = Vec::new();
        if let Some(journal) = &alerts.journal {
            let mut device: Box<dyn Device> = match journal {
                Journal::File(path) => Box::new(Lines {
                    path: dir.join(path),
                    file: None,
                }),
                Journal::Syslog(path) => Box::new(Syslog {
                    path: dir.join(path),
                    tag: name.into(),
                }),
            };
            let to = serve(Sink::Journal, outcomes.clone(), move |job| device.does(job));
            all.push((Sink::Journal, to));
        }
        if let Some(relay) = &alerts.relay {
            let mut device: Box<dyn Device> = match relay {
                Relay::Program(path) => Box::new(Program(dir.join(path))),
                Relay::Line(path) => Box::new(Line {
                    path: dir.join(path),
                    closed: false,
                }),
            };
            let to = serve(Sink::Relay, outcomes, move |job| device.does(job));
            all.push((Sink::Relay, to));
        }
        Self(all)
    }

    /// Which there are.
    pub(super) fn all(&self) -> Vec<Sink> {
        self.0.iter().map(|(sink, _)| *sink).collect()
    }

    /// Gives a sink something to do; its outcome comes by itself.
    pub(super) fn give(&self, sink: Sink, job: Job) {
        let of = self.0.iter().find(|(known, _)| *known == sink);
        if let Some((_, to)) = of {
            let _thread_gone = to.send(job);
        }
    }
}

fn serve(
    sink: Sink,
    outcomes: mpsc::UnboundedSender<Outcome>,
    mut does: impl FnMut(&Job) -> Result<(), String> + Send + 'static,
) -> threads::Sender<Job> {
    let (to, jobs) = threads::channel::<Job>();
    thread::spawn(move || {
        while let Ok(job) = jobs.recv() {
            if outcomes.send((sink, does(&job))).is_err() {
                return;
            }
        }
    });
    to
}

/// What takes alerts.
trait Device: Send {
    fn deliver(&mut self, alert: &Alert) -> std::io::Result<()>;
    /// Shows that it would.
    fn probe(&mut self) -> std::io::Result<()>;
    fn name(&self) -> String;

    fn does(&mut self, job: &Job) -> Result<(), String> {
        let done = match job {
            Job::Deliver(alert) => self.deliver(alert),
            Job::Probe => self.probe(),
        };
        done.map_err(|error| format!("{}: {error}", self.name()))
    }
}

/// A file that only grows.
struct Lines {
    path: PathBuf,
    file: Option<fs::File>,
}

impl Lines {
    /// The file of that name: one that was put in its place, or taken away, is not the one that is open.
    fn file(&mut self) -> std::io::Result<&mut fs::File> {
        let is_there = match &self.file {
            Some(file) => {
                let (open, named) = (file.metadata()?, fs::metadata(&self.path));
                named.is_ok_and(|named| (named.ino(), named.dev()) == (open.ino(), open.dev()))
            }
            None => false,
        };
        if !is_there {
            let taken = self.file.take().is_some();
            let file = OpenOptions::new()
                .append(true)
                .create(true)
                .open(&self.path)?;
            self.file = Some(file);
            if taken {
                return Err(std::io::Error::other(
                    "the file was taken away; another is begun",
                ));
            }
        }
        self.file
            .as_mut()
            .ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }
}

impl Device for Lines {
    fn deliver(&mut self, alert: &Alert) -> std::io::Result<()> {
        let line = alert.to_line() + "\n";
        let file = self.file()?;
        file.write_all(line.as_bytes())?;
        file.sync_data()
    }

    fn probe(&mut self) -> std::io::Result<()> {
        self.file()?.sync_data()
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// The machine's log, at its socket.
struct Syslog {
    path: PathBuf,
    tag: String,
}

impl Syslog {
    fn socket(&self) -> std::io::Result<UnixDatagram> {
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(SYSLOG_MAX))?;
        socket.connect(&self.path)?;
        Ok(socket)
    }
}

impl Device for Syslog {
    /// As programs of a machine write to its log: priority, tag, words (RFC 3164, 4.1, without what the log adds itself).
    fn deliver(&mut self, alert: &Alert) -> std::io::Result<()> {
        let severity = match alert.gravity {
            Gravity::Critical => 1,
            Gravity::High => 2,
        };
        let line = format!(
            "<{}>iia-attest[{}]: {}",
            FACILITY * 8 + severity,
            self.tag,
            alert.to_line()
        );
        self.socket()?.send(line.as_bytes()).map(drop)
    }

    fn probe(&mut self) -> std::io::Result<()> {
        self.socket().map(drop)
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// A program that moves a contact.
struct Program(PathBuf);

impl Program {
    fn call(&self, verb: &str, words: &str) -> std::io::Result<()> {
        let mut command = Command::new(&self.0);
        command
            .arg(verb)
            .arg(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = host::apart(|| command.spawn())?;
        let status = ended(&mut child)?;
        match status.success() {
            true => Ok(()),
            false => Err(std::io::Error::other(format!("{verb}: {status}"))),
        }
    }
}

fn ended(child: &mut Child) -> std::io::Result<std::process::ExitStatus> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if started.elapsed() > PROGRAM_MAX {
            child.kill()?;
            child.wait()?;
            return Err(std::io::ErrorKind::TimedOut.into());
        }
        thread::sleep(STEP);
    }
}

impl Device for Program {
    fn deliver(&mut self, alert: &Alert) -> std::io::Result<()> {
        let verb = if alert.open > 0 { "raise" } else { "clear" };
        self.call(verb, &alert.to_line())
    }

    fn probe(&mut self) -> std::io::Result<()> {
        self.call("probe", "")
    }

    fn name(&self) -> String {
        self.0.display().to_string()
    }
}

/// The line of a contact.
struct Line {
    path: PathBuf,
    closed: bool,
}

impl Line {
    /// The state is written anew each time: whoever else wrote to the line is put right.
    fn set(&self) -> std::io::Result<()> {
        let value = if self.closed { "1\n" } else { "0\n" };
        let mut file = open(&self.path)?;
        file.write_all(value.as_bytes())
    }
}

fn open(path: &Path) -> std::io::Result<fs::File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
}

impl Device for Line {
    fn deliver(&mut self, alert: &Alert) -> std::io::Result<()> {
        self.closed = alert.open > 0;
        self.set()
    }

    fn probe(&mut self) -> std::io::Result<()> {
        self.set()
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}
