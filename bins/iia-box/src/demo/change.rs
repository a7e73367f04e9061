//! A change of the running box: looked at before it is signed, signed by one, approved by another, made by the
//! privileged program, confirmed by the observer. Then the same going wrong: a wrong key, and nobody who confirms.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use iia_audit::note::VerifierKey;
use iia_config::desk::{Desk, DeskError, Site};
use iia_config::diff::{Model, consequences, diff};
use iia_config::history::{self, History, Key};
use iia_config::limits::DOCUMENT_LEN_MAX;
use iia_config::parse::{Document, parse};
use iia_config::stage::{Slot, StageError, Store};
use iia_config::trust::Class;
use iia_core::SpiffeId;
use iia_core::digest::{Context, Digest};
use iia_core::time::Clock as _;

use crate::boxdir::{BoxDir, write_durably};
use crate::host;
use crate::machine::{Machine, STEP};
use crate::observe;
use crate::operators::{APPROVER, AUTHOR, Operators};
use crate::screen::{Screen, Tone};
use crate::workload::clock;

const BOX: &str = "seg01";
/// The contract that is changed.
const CONTRACT: &str = "contract iia.contract.device.historian_press_b";
/// Lines of a difference that are shown at most.
const LINES_MAX: usize = 8;
/// How long the desk may be busy, and its events on their way into the chain.
const PATIENCE: Duration = Duration::from_secs(30);

/// The box whose configuration is changed, and who may change it.
struct Change<'a> {
    dir: &'a BoxDir,
    operators: &'a Operators,
    screen: &'a Screen,
    desk: SpiffeId,
    observer: SpiffeId,
}

/// Tells of the change; `log_key` is the key under which its history is proven.
pub(super) async fn tell(
    seg01: &Machine,
    operators: &Operators,
    (screen, log_key): (&Screen, &str),
) -> anyhow::Result<()> {
    let observer = seg01.one(iia_core::zone::Zone::MgmtCfg)?;
    let change = Change {
        dir: seg01.dir(),
        operators,
        screen,
        desk: crate::chain::desk(&observer)?,
        observer,
    };
    screen.line(
        Tone::Head,
        "A change: one signs, another approves, an observer confirms",
    );
    let Some(applier) = applier() else {
        let words =
            "left out: iia-apply is not beside iia-box, or this machine gives no network namespace";
        screen.line(Tone::Note, words);
        return Ok(());
    };
    let old = change.in_force()?;
    let Some(next) = revised(&old, 2, "20s") else {
        screen.line(
            Tone::Note,
            "left out: this configuration is not the bundled one",
        );
        return Ok(());
    };
    change.preview(&old, &next)?;
    change.wrong_key(&next).await?;
    change.apply(&applier, ("second", &next), true).await?;
    let third = revised(&next, 3, "40s").context("the line that was written is there")?;
    change.apply(&applier, ("third", &third), false).await?;
    change.told().await?;
    change.forensics(log_key)
}

/// The privileged program, when it is there and may have a network namespace of its own.
fn applier() -> Option<PathBuf> {
    let path = std::env::current_exe().ok()?.with_file_name("iia-apply");
    let tried = std::process::Command::new("unshare")
        .args([
            "--map-root-user",
            "--net",
            "/usr/sbin/nft",
            "list",
            "ruleset",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    (path.exists() && tried.is_ok_and(|status| status.success())).then_some(path)
}

/// The next revision: the silence of one device is another, and its contract's version says so.
fn revised(text: &str, revision: u64, silence: &str) -> Option<String> {
    let digest = Digest::of(Context::Artifact, text.as_bytes());
    let start = text.find("  revision ")?;
    let issued = text.find("  issued ")?;
    let mut next = format!(
        "{}  revision {revision}\n  previous {digest}\n{}",
        text.get(..start)?,
        text.get(issued..)?
    );
    let at = next.find(CONTRACT)?;
    let contract = next.get(at..)?.to_owned();
    let version = contract.strip_prefix(CONTRACT)?.split(' ').nth(1)?;
    let line = contract.find("  silence ")?;
    let end = line + contract.get(line..)?.find('\n')? + 1;
    let changed = format!(
        "{}  silence {silence}\n{}",
        contract.get(..line)?,
        contract.get(end..)?
    );
    let changed = changed.replacen(version, &format!("1.{}.0", revision - 1), 1);
    next.replace_range(at.., &changed);
    Some(next)
}

fn read(text: &str) -> anyhow::Result<Document> {
    parse(text.as_bytes(), DOCUMENT_LEN_MAX)
        .map_err(|_| anyhow::anyhow!("the document cannot be read"))
}

impl Change<'_> {
    fn line(&self, tone: Tone, text: &str) {
        self.screen.line(tone, text);
    }

    /// The text that is in force.
    fn in_force(&self) -> anyhow::Result<String> {
        let bytes = Store::at(self.dir.path()).get(Class::Config, Slot::Applied)?;
        let bytes = bytes.context("nothing is applied")?;
        let armour = iia_config::envelope::Armour::parse(&bytes)?;
        Ok(String::from_utf8(armour.body.to_vec())?)
    }

    /// What the change does, in words, before anybody signs it.
    fn preview(&self, old: &str, new: &str) -> anyhow::Result<()> {
        let (old, new) = (read(old)?, read(new)?);
        let changes = diff(&Model::of(&old), &Model::of(&new)).to_string();
        let brings = consequences(&old, &new).to_string();
        // Revision and predecessor change every time.
        let changes = changes
            .lines()
            .skip_while(|line| !line.starts_with("~ contract"));
        let lines = changes.chain(brings.lines());
        for line in lines.filter(|line| !line.is_empty()).take(LINES_MAX) {
            self.line(Tone::Quiet, line);
        }
        Ok(())
    }

    /// The desk, as soon as the keeper of the chain is done with it.
    async fn open(&self) -> anyhow::Result<Desk> {
        let started = Instant::now();
        loop {
            let site = Site {
                box_name: BOX.into(),
                trial_ns: 0,
            };
            match Desk::open(Store::at(self.dir.path()), site) {
                Err(DeskError::Storage(StageError::Locked)) if started.elapsed() < PATIENCE => {
                    tokio::time::sleep(STEP).await;
                }
                opened => return Ok(opened?),
            }
        }
    }

    async fn submit(&self, signed: Vec<u8>) -> anyhow::Result<Result<Digest, DeskError>> {
        let mut desk = self.open().await?;
        desk.know_live(history::live(&self.dir.evidence())?);
        Ok(desk.submit(signed, clock().read()))
    }

    /// Somebody signs who may approve, not write.
    async fn wrong_key(&self, text: &str) -> anyhow::Result<()> {
        let signed = self.operators.sign(text, APPROVER)?;
        match self.submit(signed).await? {
            Err(DeskError::Rejected(rejected)) => {
                let code = rejected.event.field("code").unwrap_or_default();
                let words = format!("signed by {APPROVER}: refused, {code} {}", rejected.why);
                self.line(Tone::Bad, &words);
                Ok(())
            }
            other => anyhow::bail!("a signature that does not count was not refused: {other:?}"),
        }
    }

    /// Signed, staged, approved, and made by `iia-apply` in a namespace of its own; confirmed or not.
    async fn apply(
        &self,
        applier: &std::path::Path,
        (name, text): (&str, &str),
        is_confirmed: bool,
    ) -> anyhow::Result<()> {
        let artifact = self.submit(self.operators.sign(text, AUTHOR)?).await??;
        let now = clock().read().wall;
        let leave = self
            .operators
            .approve(name, (&artifact.to_string(), BOX), now)?;
        let file = self.dir.state().join(format!("approval-{name}"));
        write_durably(&file, &leave)?;
        let short = artifact.to_string();
        let short = short.get(..11).unwrap_or_default();
        self.line(
            Tone::Good,
            &format!("{short}…: signed by {AUTHOR}, staged, approved by {APPROVER}"),
        );
        let mut command = tokio::process::Command::new("unshare");
        command
            .args(["--map-root-user", "--net"])
            .arg(applier)
            .arg("--dir")
            .arg(self.dir.path())
            .args(["--box", BOX, "--identity", self.desk.as_str()])
            .arg("--approval")
            .arg(&file)
            .args(["--confirm-within", if is_confirmed { "20" } else { "2" }])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = host::apart(|| command.spawn())?;
        if is_confirmed {
            let answer = tokio::select! {
                answer = self.answer() => answer?,
                ended = child.wait() => anyhow::bail!("iia-apply ended early: {}", ended?),
            };
            write_durably(&self.dir.state().join("observed"), &answer)?;
        }
        let output = child.wait_with_output().await?;
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().last().unwrap_or_default();
        anyhow::ensure!(
            output.status.code() == Some(i32::from(!is_confirmed)),
            "iia-apply: {}: {said}",
            output.status
        );
        let said = said.split(';').next().unwrap_or_default();
        let tone = if is_confirmed { Tone::Good } else { Tone::Bad };
        self.line(tone, said);
        if is_confirmed {
            let words = "its firewall was real, in a network namespace that ended with it: yours is as it was";
            self.line(Tone::Quiet, words);
        }
        Ok(())
    }

    /// What the observer signs as soon as something is on trial.
    async fn answer(&self) -> anyhow::Result<Vec<u8>> {
        loop {
            if let Some(answer) = observe::answer(self.dir, BOX, &self.observer).await? {
                return Ok(answer);
            }
            tokio::time::sleep(STEP).await;
        }
    }

    /// Waits until the chain holds what the desk had to tell.
    async fn told(&self) -> anyhow::Result<()> {
        let (store, started) = (Store::at(self.dir.path()), Instant::now());
        while store
            .load()?
            .is_some_and(|state| !state.outbox().is_empty())
        {
            anyhow::ensure!(
                started.elapsed() < PATIENCE,
                "the chain does not take the desk's events"
            );
            tokio::time::sleep(STEP).await;
        }
        Ok(())
    }

    /// Who changed what: the last changes, and the line that was changed.
    fn forensics(&self, log_key: &str) -> anyhow::Result<()> {
        let key = VerifierKey::parse(log_key)?;
        let found: History = history::history(&self.dir.evidence(), Some(&key))?;
        anyhow::ensure!(found.evidence.broken.is_none(), "{}", found.evidence);
        let words = format!(
            "iia config history: {} changes, {}",
            found.changes.len(),
            found.evidence
        );
        self.line(Tone::Good, &words);
        let asked = "contract iia.contract.device.historian_press_b silence";
        let asked = Key::parse(asked).context("a key")?;
        self.line(
            Tone::Good,
            "iia config blame: who made historian_press_b wait longer?",
        );
        for blame in history::blame(&found, &asked).iter().take(3) {
            let change = &blame.change;
            let who = match &change.leave {
                Some(leave) => {
                    let artifact = change.artifact.as_ref();
                    let authors = artifact.map_or_else(String::new, |it| it.authors.join(", "));
                    format!("{authors}, approved by {}", leave.operators.join(", "))
                }
                None => format!("the box by itself: {}", change.went_back),
            };
            let (before, after) = (blame.before.join(" "), blame.after.join(" "));
            let before = if before.is_empty() {
                "nothing".into()
            } else {
                before
            };
            self.line(
                Tone::Quiet,
                &format!("record {}: {before} -> {after}, by {who}", change.seq),
            );
        }
        Ok(())
    }
}
