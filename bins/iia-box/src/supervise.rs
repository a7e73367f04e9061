//! Starts the roles as processes of their own, gives each its identity, and starts again whatever falls.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use iia_core::SpiffeId;
use iia_core::event::Event;
use iia_core::sign::KeyOrigin;
use iia_identity::admission::{Executable, Refused};
use iia_identity::pipe::{self, Down, Outage, Refusal, Root, Start, Up, Whom};

use crate::admit::Admits;
use crate::boxdir::BoxDir;
use crate::chain;
use crate::host;
use crate::issue::{Denied, Given, Told};
use crate::lender::Lender;
use crate::revoked::Revoked;
use crate::secrets::{NoSecrets, Secrets, Share};
use crate::users::{As, Users};

/// How long a role may take to finish after it is told to stop.
const STOP_MAX: Duration = Duration::from_secs(20);
/// The role that keeps the chain.
const KEEPER: &str = "audit";
/// How long a role may leave unread what it is told.
const TELL_MAX: Duration = Duration::from_secs(1);
/// Shortest and longest wait before a fallen role is started again.
const RESTART_WAIT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Issues an SVID for a request of the process that was started as `id`.
pub(crate) type IssueFn = dyn Fn(&SpiffeId, &[u8]) -> Result<Given, Denied> + Send + Sync;

/// What happens to roles.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// A process runs.
    Started {
        role: String,
        pid: u32,
        runs_as: As,
        given: Option<Share>,
    },
    /// The role serves.
    Ready { role: String },
    /// The role says something.
    Said { role: String, text: String },
    /// The issuer gave the role an SVID.
    Issued { told: Told, key: KeyOrigin },
    /// It was not admitted, and nothing was started.
    NotAdmitted { role: String, refused: Refused },
    /// Something of the box itself, for the chain, and in words where it is trouble.
    Noted {
        event: Event,
        trouble: Option<String>,
    },
    /// Its secrets are not there, and nothing was started.
    NoSecrets { role: String, refused: NoSecrets },
    /// The issuer refused.
    Refused { id: SpiffeId, denied: Denied },
    /// A link that a workload dialled was refused.
    LinkRefused { id: SpiffeId, refusal: Refusal },
    /// What a contract wants told of an outage.
    Outage { id: SpiffeId, told: Outage },
    /// The role's work has come to its end; the process waits.
    Finished { role: String },
    /// The process is gone and nobody asked it to go; it is started again.
    Fell { role: String },
    /// The process ended for good; `clean` when it was told to or had finished.
    Ended { role: String, clean: bool },
}

/// A role to run.
#[derive(Clone, Debug)]
pub(crate) struct RoleSpec {
    /// Which program of the box, as in `iia-box role NAME`.
    pub(crate) role: &'static str,
    /// Another program than the box's own, with its arguments and whatever puts it where it belongs.
    pub(crate) program: Vec<String>,
    /// The name in messages; distinct within a box.
    pub(crate) name: String,
    /// Its identity.
    pub(crate) id: SpiffeId,
    /// Its arguments.
    pub(crate) args: Vec<String>,
    /// Whether to start it again when it falls.
    pub(crate) restart: bool,
}

/// The processes of one box.
pub(crate) struct Supervisor {
    shared: Arc<Shared>,
    threads: BTreeMap<String, Running>,
}

struct Shared {
    dir: BoxDir,
    roots: Vec<Root>,
    issue: Box<IssueFn>,
    admits: Option<Admits>,
    secrets: Secrets,
    users: Users,
    revoked: Arc<Revoked>,
    news: mpsc::Sender<News>,
}

struct Running {
    thread: JoinHandle<()>,
    control: Arc<Control>,
}

#[derive(Default)]
struct Control {
    stopping: AtomicBool,
    pid: AtomicU32,
    to_role: Mutex<Option<UnixStream>>,
    child: Mutex<Option<Child>>,
}

impl Supervisor {
    /// A supervisor of the box in `dir` with its `secrets`, which trusts `roots`, issues with `issue`, and asks `admits` before it starts
    /// anything, where the configuration pins what runs. Every role is told who is revoked.
    pub(crate) fn new(
        (dir, secrets): (BoxDir, Secrets),
        roots: Vec<Root>,
        (issue, admits, revoked): (Box<IssueFn>, Option<Admits>, Arc<Revoked>),
        news: mpsc::Sender<News>,
    ) -> anyhow::Result<Self> {
        let users = Users::of(&dir)?;
        if let Some(looked) = secrets.look() {
            let _nobody = news.send(looked);
        }
        Ok(Self {
            shared: Arc::new(Shared {
                dir,
                roots,
                issue,
                admits,
                secrets,
                users,
                revoked,
                news,
            }),
            threads: BTreeMap::new(),
        })
    }

    /// Where a workload of the supervisor's own process tells what a role tells over its pipe.
    pub(crate) fn news(&self) -> mpsc::Sender<News> {
        self.shared.news.clone()
    }

    /// Starts a role and keeps it running.
    pub(crate) fn start(&mut self, spec: RoleSpec) {
        let control = Arc::new(Control::default());
        let (shared, theirs) = (Arc::clone(&self.shared), Arc::clone(&control));
        let name = spec.name.clone();
        let heard = Arc::downgrade(&control);
        self.shared.revoked.listen(move |whom| {
            heard
                .upgrade()
                .inspect(|control| control.revoke(whom))
                .is_some()
        });
        let thread = thread::spawn(move || keep_running(&shared, &spec, &theirs));
        self.threads.insert(name, Running { thread, control });
    }

    /// The process id of a role, 0 when it does not run.
    pub(crate) fn pid(&self, name: &str) -> u32 {
        self.threads
            .get(name)
            .map_or(0, |running| running.control.pid.load(Ordering::Acquire))
    }

    /// Kills a role's process without warning; it is started again.
    pub(crate) fn kill(&self, name: &str) {
        if let Some(running) = self.threads.get(name) {
            running.control.kill();
        }
    }

    /// Tells a role to finish what is begun; news come when it has.
    pub(crate) fn drain(&self, name: &str) {
        if let Some(running) = self.threads.get(name) {
            let _gone = running.control.send(&Down::Drain);
        }
    }

    /// Tells a role to finish, waits, and kills it when it takes too long.
    pub(crate) fn stop(&mut self, name: &str) {
        let Some(running) = self.threads.remove(name) else {
            return;
        };
        running.control.stopping.store(true, Ordering::Release);
        let _gone = running.control.send(&Down::Stop);
        let started = std::time::Instant::now();
        while !running.thread.is_finished() && started.elapsed() < STOP_MAX {
            thread::sleep(Duration::from_millis(5));
        }
        running.control.kill();
        let _joined = running.thread.join();
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        let names: Vec<String> = self.threads.keys().cloned().collect();
        names.iter().for_each(|name| self.stop(name));
    }
}

impl Control {
    /// Tells the role that runs; one at a time, so that messages do not mix.
    fn send(&self, message: &Down) -> io::Result<()> {
        match lock(&self.to_role).as_ref() {
            Some(pipe) => pipe::send(pipe, message),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Tells the role who is revoked, if it runs; one that cannot be told ends.
    fn revoke(&self, whom: &Whom) {
        match self.send(&Down::Revoke(whom.clone())) {
            Err(error) if error.kind() != io::ErrorKind::NotConnected => self.kill(),
            _ => {}
        }
    }

    fn kill(&self) {
        if let Some(child) = lock(&self.child).as_mut() {
            let _gone = child.kill();
        }
    }
}

fn keep_running(shared: &Shared, spec: &RoleSpec, control: &Control) {
    let mut wait = RESTART_WAIT.0;
    loop {
        let began = std::time::Instant::now();
        let ran = run_once(shared, spec, control);
        control.pid.store(0, Ordering::Release);
        let finished = match ran {
            Ok(finished) => finished,
            Err(error) if failed(shared, spec, &error) => return,
            Err(_) => false,
        };
        let clean = finished || control.stopping.load(Ordering::Acquire);
        let role = spec.name.clone();
        if clean || !spec.restart {
            let _nobody = shared.news.send(News::Ended { role, clean });
            return;
        }
        let _nobody = shared.news.send(News::Fell { role });
        wait = if began.elapsed() > RESTART_WAIT.1 {
            RESTART_WAIT.0
        } else {
            (wait * 2).min(RESTART_WAIT.1)
        };
        thread::sleep(wait);
    }
}

/// Tells why nothing runs; gives whether that is the end of it, since what is not admitted now is not in a moment.
fn failed(shared: &Shared, spec: &RoleSpec, error: &anyhow::Error) -> bool {
    let role = spec.name.clone();
    let (clean, ended) = (false, role.clone());
    let news = if let Some(refused) = error.downcast_ref::<Refused>() {
        let refused = refused.clone();
        News::NotAdmitted { role, refused }
    } else if let Some(refused) = error.downcast_ref::<NoSecrets>() {
        let refused = refused.clone();
        News::NoSecrets { role, refused }
    } else {
        let text = format!("cannot be started: {error:#}");
        let _nobody = shared.news.send(News::Said { role, text });
        return false;
    };
    let _nobody = shared.news.send(news);
    let _nobody = shared.news.send(News::Ended { role: ended, clean });
    true
}

/// Runs the role's process to its end; tells whether it ended because its work was done.
fn run_once(shared: &Shared, spec: &RoleSpec, control: &Control) -> anyhow::Result<bool> {
    let (ours, theirs) = UnixStream::pair()?;
    let lends = shared.lends(spec);
    let (lender, ways) = (Lender::default(), lends.then(UnixStream::pair).transpose()?);
    let ways = ways.map(|(near, far)| {
        lender.serve(near);
        far
    });
    // Dropped when the process is gone, however it went.
    let runs_as = shared.runs_as(spec);
    let handed = shared.secrets.hand_out(&spec.id, (&spec.name, runs_as))?;
    let (child, _held) = spawn(shared, (spec, runs_as), (theirs, ways))?;
    let pid = child.id();
    *lock(&control.child) = Some(child);
    control.pid.store(pid, Ordering::Release);
    let start = Start {
        id: spec.id.as_str().into(),
        dir: shared.dir.path().display().to_string(),
        roots: shared.roots.clone(),
        args: spec.args.clone(),
        secrets: handed.as_ref().map(|own| own.dir.display().to_string()),
        lends,
    };
    ours.set_write_timeout(Some(TELL_MAX))?;
    pipe::send(&ours, &Down::Start(start))?;
    *lock(&control.to_role) = Some(ours.try_clone()?);
    // Before its first certificate a role knows who is revoked.
    shared.revoked.tell(|whom| control.revoke(whom));
    let _nobody = shared.news.send(News::Started {
        role: spec.name.clone(),
        pid,
        runs_as,
        given: handed.as_ref().map(|own| own.given),
    });
    if control.stopping.load(Ordering::Acquire) {
        control.send(&Down::Stop)?;
    }
    let finished = listen(shared, (spec, control), (&ours, &lender));
    *lock(&control.to_role) = None;
    let child = lock(&control.child).take();
    let status = child.map(|mut child| child.wait()).transpose()?;
    Ok(finished && status.is_some_and(|status| status.success()))
}

/// That a process is admitted, as long as it runs.
struct Held<'a>(&'a Admits, &'a SpiffeId);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.withdraw(self.1);
    }
}

impl Shared {
    /// Whether a role's keys are in the TPM. A program of another's has its own.
    fn lends(&self, spec: &RoleSpec) -> bool {
        let dir = &self.dir;
        spec.program.is_empty() && dir.tpm().exists() && !dir.software_keys().exists()
    }

    /// As whom a role runs. A program of another's says so itself.
    fn runs_as(&self, spec: &RoleSpec) -> As {
        match spec.program.is_empty() {
            true => self.users.of_role(spec.role),
            false => As::Supervisors("its own command says as whom it runs"),
        }
    }
}

fn spawn<'a>(
    shared: &'a Shared,
    (spec, runs_as): (&'a RoleSpec, As),
    (pipe, signs): (UnixStream, Option<UnixStream>),
) -> anyhow::Result<(Child, Option<Held<'a>>)> {
    let log = shared.dir.state().join(format!("{}.log", spec.name));
    let log = OpenOptions::new().create(true).append(true).open(log)?;
    if let Some((program, arguments)) = spec.program.split_first() {
        anyhow::ensure!(
            shared.admits.is_none(),
            "{program} is not the program that this box pins"
        );
        let mut other = Command::new(program);
        other.args(arguments);
        return Ok((begin(&mut other, (pipe, None), log)?, None));
    }
    let place = shared.dir.path().file_name().unwrap_or_default();
    let own = std::env::current_exe()?;
    let admitted = shared.admits.as_ref().map(|admits| admits.admit(&spec.id));
    let admitted = admitted.transpose()?;
    let admits = shared.admits.as_ref();
    let held = admits.map(|admits| Held(admits, &spec.id));
    // What was hashed is what runs: the open file, whatever has its name by now.
    let program = admitted.as_ref().map_or(own.clone(), Executable::path);
    let mut command = Command::new(program);
    command.arg0(own).args(["role", spec.role]).arg(place);
    runs_as.tell(&mut command);
    let mut child = begin(&mut command, (pipe, signs), log)?;
    if let Some(Err(error)) = admitted.map(|admitted| admitted.check_unwritten()) {
        child.kill()?;
        child.wait()?;
        return Err(error.into());
    }
    Ok((child, held))
}

/// Starts a process with its end of the pipe, and of the way to its keys. A group of its own: an interrupt from the terminal is
/// for the supervisor, which then closes in order.
fn begin(
    command: &mut Command,
    (pipe, signs): (UnixStream, Option<UnixStream>),
    log: File,
) -> std::io::Result<Child> {
    let signs = signs.map_or_else(Stdio::null, |way| Stdio::from(OwnedFd::from(way)));
    command
        .process_group(0)
        .stdin(Stdio::from(OwnedFd::from(pipe)))
        .stdout(signs)
        .stderr(log);
    host::apart(|| command.spawn())
}

/// Answers the role until its end of the pipe closes.
fn listen(
    shared: &Shared,
    (spec, control): (&RoleSpec, &Control),
    (pipe, lender): (&UnixStream, &Lender),
) -> bool {
    let mut finished = false;
    while let Ok(Some(message)) = pipe::receive::<Up>(pipe) {
        let role = spec.name.clone();
        let news = match message {
            Up::Request(csr) => answer_request(shared, (spec, control), &csr),
            Up::Key => lend(shared, (spec, control), lender),
            Up::Ready => News::Ready { role },
            Up::Said(text) => News::Said { role, text },
            told @ (Up::Refused(_) | Up::Outage(_)) => match news_of(spec.id.clone(), told) {
                Some(news) => news,
                None => continue,
            },
            Up::Taken(last) => {
                if spec.role == KEEPER
                    && let Err(error) = chain::acknowledge(&shared.dir, last)
                {
                    tracing::warn!(error = format!("{error:#}"), "desk.acknowledge");
                }
                continue;
            }
            Up::Done => {
                finished = true;
                News::Finished { role }
            }
        };
        let _nobody = shared.news.send(news);
    }
    finished
}

/// What a workload tells of its links.
pub(crate) fn news_of(id: SpiffeId, told: Up) -> Option<News> {
    match told {
        Up::Refused(refusal) => Some(News::LinkRefused { id, refusal }),
        Up::Outage(told) => Some(News::Outage { id, told }),
        _ => None,
    }
}

fn answer_request(shared: &Shared, (spec, control): (&RoleSpec, &Control), csr: &[u8]) -> News {
    let id = spec.id.clone();
    match (shared.issue)(&id, csr) {
        Ok(Given { chain, told }) => {
            let chain = chain.into_iter().map(Into::into).collect();
            let _gone = control.send(&Down::Svid(chain));
            let key = KeyOrigin::Software;
            News::Issued { told, key }
        }
        Err(denied) => deny(control, id, denied),
    }
}

/// Makes a key for a role, has it certified, and lends it.
fn lend(shared: &Shared, (spec, control): (&RoleSpec, &Control), lender: &Lender) -> News {
    let id = spec.id.clone();
    let made = Lender::make(&shared.dir, &id);
    let made = made.map_err(|error| Denied::for_want_of("a key of the TPM", &error));
    let given = made.and_then(|(csr, key)| Ok(((shared.issue)(&id, &csr)?, key)));
    match given {
        Ok((Given { chain, told }, key)) => {
            let chain = chain.into_iter().map(Into::into).collect();
            let _gone = control.send(&Down::Lent(lender.lend(key), chain));
            let key = KeyOrigin::Hardware;
            News::Issued { told, key }
        }
        Err(denied) => deny(control, id, denied),
    }
}

fn deny(control: &Control, id: SpiffeId, denied: Denied) -> News {
    let _gone = control.send(&Down::Refused(denied.to_string()));
    News::Refused { id, denied }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
