//! An interface that is watched: opened, found passive, and no right kept but to hear.

use std::process::Command;

use anyhow::Context as _;
use iia_capture::live::confine::confine;
use iia_capture::live::packets::{Options, Source};
use iia_capture::live::passive::{self, Doubt, Interface, Watch};

use crate::users;

/// The first of the arguments that name an interface and for how many seconds it is watched, 0 without end.
pub(crate) const INTERFACE: &str = "interface";

/// A wire that this process hears and cannot speak on.
pub(crate) struct Tap {
    pub(in crate::role) source: Source,
    pub(super) seconds: u64,
    interface: Interface,
    watch: Watch,
}

impl Tap {
    /// Opens the interface that the arguments name, if they name one, becomes the role's own user, and gives up every right that
    /// a process can send with.
    /// To be called before there are threads.
    ///
    /// # Errors
    /// What the kernel refuses; each reason why the interface is not passive.
    pub(crate) fn take(args: &[String]) -> anyhow::Result<Option<Self>> {
        let tap = Self::open(args)?;
        if let Some(tap) = &tap {
            users::become_own()?;
            confine(&[&tap.source])?;
        }
        Ok(tap)
    }

    /// The same without giving up anything, which whoever opens more has to do when that is done.
    pub(in crate::role) fn open(args: &[String]) -> anyhow::Result<Option<Self>> {
        let [kind, name, seconds] = args else {
            return Ok(None);
        };
        if kind != INTERFACE {
            return Ok(None);
        }
        let interface: Interface = name.parse()?;
        let state = passive::read(&interface, Some(&listing()?)).with_context(|| name.clone())?;
        let watch = Watch::start(&state);
        let doubts = words(&watch.check(&state));
        anyhow::ensure!(doubts.is_empty(), "{name} is not passive: {doubts}");
        let source = Source::open(name, &Options::default()).with_context(|| name.clone())?;
        Ok(Some(Self {
            source,
            seconds: seconds.parse()?,
            interface,
            watch,
        }))
    }

    /// Its name.
    pub(in crate::role) fn name(&self) -> &str {
        self.interface.name()
    }

    /// Why it may not be passive any more, in words; empty when it is. The firewall is not looked at again, which is its
    /// observer's and needs a right that this process gave up.
    pub(super) fn doubts(&self) -> String {
        match passive::read(&self.interface, None) {
            Ok(state) => {
                let mut doubts = self.watch.check(&state);
                doubts.retain(|doubt| *doubt != Doubt::EgressUnknown);
                words(&doubts)
            }
            Err(error) => error.to_string(),
        }
    }
}

/// What the firewall's own program lists.
fn listing() -> anyhow::Result<String> {
    let listed = Command::new("nft").args(["list", "ruleset"]).output();
    let listed = listed.context("nft")?;
    let said = String::from_utf8_lossy(&listed.stderr);
    anyhow::ensure!(listed.status.success(), "nft: {}", said.trim());
    Ok(String::from_utf8_lossy(&listed.stdout).into_owned())
}

fn words(doubts: &[Doubt]) -> String {
    let words: Vec<String> = doubts.iter().map(ToString::to_string).collect();
    words.join("; ")
}
