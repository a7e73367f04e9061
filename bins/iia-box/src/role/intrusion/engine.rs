//! The engine of signatures: a program of others, which runs as long as the role does. Its rules are those of the contracts, as
//! they are compiled from the applied configuration, and those that it names by their digest.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use iia_capture::sensor::eve::Lines;
use iia_config::engine;
use iia_config::render::SIGNATURE_SETTINGS;
use iia_contract::compile::suricata::Passed;
use iia_contract::compile::{Policy, Target as _};
use iia_core::event::Event;
use iia_identity::admission::Sha256;

use crate::boxdir::BoxDir;
use crate::role::rules;
use crate::terms::Settings;
use crate::workload::trusted_now;

/// Bytes of rules that the configuration names at most.
const RULES_LEN_MAX: u64 = 256 << 20;
/// How long it may take to hear.
const STARTS_IN: Duration = Duration::from_secs(15);
/// How often its log is looked at for that, and the word by which it says so.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const STARTED: &str = "Engine started";
/// Alerts that wait for the role at most; then the engine waits, and counts what it did not look at.
const WAITING_MAX: usize = 1024;

/// The engine.
pub(super) struct Engine {
    child: Child,
    rules: Sha256,
    name: String,
    says: Option<ChildStdout>,
    said: Option<Receiver<Event>>,
}

impl Engine {
    /// Starts it, and waits until it hears.
    pub(super) fn start(
        named: &engine::Engine,
        (settings, dir): (&Settings, &BoxDir),
        interface: &str,
    ) -> anyhow::Result<Self> {
        let place = dir.state().join("intrusion");
        fs::create_dir_all(&place)?;
        let (policy, _) = Policy::<Passed>::compile(&settings.catalog, &settings.topology);
        let mut text = policy.write();
        let limits = (RULES_LEN_MAX, trusted_now());
        if let Some(more) = rules::named(named, dir.path(), limits)? {
            text.push_str(&more);
        }
        let at = |name: &str| place.join(name);
        fs::write(at("settings.yaml"), SIGNATURE_SETTINGS)?;
        fs::write(at("engine.rules"), &text)?;
        let log = at("engine.log");
        fs::write(&log, "")?;
        // It ends with this process, however that ends.
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", &named.engine, "-c"])
            .arg(at("settings.yaml"))
            .arg("-S")
            .arg(at("engine.rules"))
            .arg("-l")
            .arg(&place)
            .arg(format!("--af-packet={interface}"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(at("engine.err"))?)
            .spawn()
            .context(named.engine.clone())?;
        let says = child.stdout.take();
        let mut engine = Self {
            child,
            rules: Sha256::of(text.as_bytes()),
            name: named.engine.clone(),
            says,
            said: None,
        };
        engine.started(&log)?;
        Ok(engine)
    }

    fn started(&mut self, log: &Path) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            let said = fs::read_to_string(log).unwrap_or_default();
            if said.contains(STARTED) {
                return Ok(());
            }
            let has_ended = self.child.try_wait()?.is_some();
            anyhow::ensure!(
                !has_ended && began.elapsed() < STARTS_IN,
                "the engine of signatures does not start: {}",
                said.lines().last().unwrap_or_default()
            );
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Its name, as the configuration has it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What its rules are.
    pub(super) const fn rules(&self) -> &Sha256 {
        &self.rules
    }

    /// Listens to what it says, on a thread of its own.
    pub(super) fn follow(&mut self) {
        let (sender, said) = sync_channel(WAITING_MAX);
        self.said = Some(said);
        if let Some(says) = self.says.take() {
            thread::spawn(move || read(says, &sender));
        }
    }

    /// The next that it said.
    ///
    /// # Errors
    /// It has ended: then nobody looks for signatures any more, and the role begins anew.
    pub(super) fn poll(&mut self) -> anyhow::Result<Option<Event>> {
        let Some(said) = &self.said else {
            return Ok(None);
        };
        match said.try_recv() {
            Ok(event) => Ok(Some(event)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => {
                let status = self.child.wait()?;
                anyhow::bail!("the engine of signatures has ended: {status}")
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Whoever became a user of its own may not end it: then it ends with this process.
        if self.child.kill().is_ok() {
            let _reaped = self.child.wait();
        }
    }
}

/// Reads its lines as long as it says some and somebody listens.
fn read(says: ChildStdout, sender: &SyncSender<Event>) {
    let mut lines = Lines::new(BufReader::new(says));
    while let Ok(Some(event)) = lines.next_event() {
        if sender.send(event).is_err() {
            return;
        }
    }
}
