//! `iia-box run`: a box as its applied configuration says, until it is told to stop.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use iia_identity::tls;
use tokio::signal::unix::{SignalKind, signal};

use super::course::Course;
use super::found;
use crate::boxdir::{BoxDir, write_durably};
use crate::host;
use crate::keeper::Sealing;
use crate::machine::{Inlet, Outfit};
use crate::role::attest::QUOTE_EVERY;
use crate::screen::Tone;
use crate::secrets::Memory;
use crate::users::Users;

/// How often the box looks at itself.
const STEP: Duration = Duration::from_millis(100);

/// Runs a box.
#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("inlet").required(true))]
pub(crate) struct Run {
    /// Its directory, made by `iia-box new` and begun by `iia-box begin`
    dir: PathBuf,
    /// Takes over the interface that its configuration observes, which becomes passive, and watches it
    #[arg(long, group = "inlet")]
    watch: bool,
    /// Replays this capture once instead
    #[arg(long, value_name = "FILE", group = "inlet")]
    replay: Option<PathBuf>,
    /// How many times faster than it happened; 0 is as fast as the machine can
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 1.0,
        requires = "replay"
    )]
    speed: f64,
    /// The key of the log of a box below: this box takes in what it hands up, and vouches for its chain
    #[arg(long, value_name = "KEY", group = "inlet")]
    below: Vec<String>,
    /// Starts the box's IO master with this command, word by word: `iia-io` and its arguments
    #[arg(long, value_name = "COMMAND", requires = "watch")]
    io_master: Option<String>,
    /// Below which directory in memory its roles get the secrets of `DIR/secrets`
    #[arg(long, value_name = "DIR", default_value = "/dev/shm")]
    memory: PathBuf,
    #[command(flatten)]
    sealing: Sealing,
    /// How many seconds lie between two quotes of the TPM, where an image is named
    #[arg(long, value_name = "SECONDS", default_value_t = QUOTE_EVERY, value_parser = clap::value_parser!(u64).range(1..=3600))]
    quote_every: u64,
    /// The socket of the northbound database of the virtual network (OVN) that joins the zones: what its ACLs let through is
    /// held against the contracts
    #[arg(long, value_name = "SOCKET")]
    ovn: Option<PathBuf>,
    /// Runs roles as users of their own, from this one on, of which the box takes 64
    #[arg(long, value_name = "FIRST")]
    users: Option<u32>,
}

impl Run {
    /// Runs it; a signal to end, or an interrupt, closes in order.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let path = self.dir.canonicalize();
        let path = path.with_context(|| self.dir.display().to_string())?;
        let dir = BoxDir::at(&path);
        let name = found::name(&found::log_key(&dir)?)?.to_owned();
        let claim = Claim::of(&dir)?;
        self.sealing.give(&dir)?;
        if let Some(socket) = &self.ovn {
            std::fs::create_dir_all(dir.host())?;
            write_durably(&dir.ovn(), socket.as_os_str().as_encoded_bytes())?;
        }
        let users = self.users.map(|first| Users::give(&dir, first));
        users.transpose()?;
        let memory = dir
            .secrets()
            .exists()
            .then(|| Memory::make(&dir, &self.memory));
        let _memory = memory.transpose()?;
        let course = Course::new(dir, self.outfit()?);
        course.say(Tone::Head, &format!("{name}, in {}", path.display()));
        let cipher = match tls::aes_in_hardware() {
            true => "links are encrypted with the processor's own AES",
            false => "this processor has no AES of its own: links are encrypted by SOFTWARE",
        };
        course.say(Tone::Note, cipher);
        if !course.watches_firewall() {
            course.say(
                Tone::Note,
                "the kernel's firewall cannot be read by this user, so that nothing watches it",
            );
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        tokio::task::LocalSet::new().block_on(&runtime, follow(course, &claim))
    }

    fn outfit(&self) -> anyhow::Result<Outfit> {
        let inlet = match &self.replay {
            Some(path) => {
                let path = path.canonicalize();
                let path = path.with_context(|| format!("{:?}", self.replay))?;
                Inlet::Replay(path, self.speed)
            }
            None if self.watch => Inlet::Observe,
            None => Inlet::Below,
        };
        Ok(Outfit {
            below: self.below.clone(),
            with_firewall: host::run("nft", &["list", "ruleset"]).is_ok(),
            inlet,
            io_master: self.io_master.clone(),
            quote_every: self.quote_every,
        })
    }
}

async fn follow(mut course: Course, claim: &Claim) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    host::ready();
    let ended = loop {
        if let Err(error) = claim.check() {
            course.say(Tone::Bad, &error.to_string());
            break Err(error);
        }
        if let Err(error) = course.step().await {
            break Err(error);
        }
        tokio::select! {
            () = tokio::time::sleep(STEP) => {}
            _ = terminate.recv() => break Ok(()),
            _ = interrupt.recv() => break Ok(()),
        }
    };
    course.say(
        Tone::Head,
        "Closing: what happened is in the chain, the lake seals",
    );
    course.close().await;
    ended
}

/// The claim on the box: one supervisor runs it at a time.
struct Claim {
    place: PathBuf,
    held: File,
}

impl Claim {
    fn of(dir: &BoxDir) -> anyhow::Result<Self> {
        let place = dir.state().join("run.lock");
        let held = File::create(&place).context("the box's state")?;
        match held.try_lock() {
            Ok(()) => Ok(Self { place, held }),
            Err(TryLockError::WouldBlock) => anyhow::bail!("this box runs already"),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// That it still stands: whoever takes the box's directory away takes the claim along, and another may begin in its place.
    fn check(&self) -> anyhow::Result<()> {
        let (ours, there) = (self.held.metadata()?, fs::metadata(&self.place));
        let is_it = |there: fs::Metadata| (there.dev(), there.ino()) == (ours.dev(), ours.ino());
        anyhow::ensure!(
            there.is_ok_and(is_it),
            "the box's directory was taken away under it: {} is not the file that this process has locked",
            self.place.display()
        );
        Ok(())
    }
}

/// Writes for whoever asked; where nobody reads any more, nothing is wrong.
pub(super) fn say(text: &str) {
    let _nobody_reads = writeln!(std::io::stdout(), "{text}");
}
