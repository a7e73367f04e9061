//! What runs follows what is applied: a configuration that comes into force is what the roles run under from then on, and
//! what is on trial is confirmed once they do.

use std::time::{Duration, Instant};

use iia_config::applied;
use iia_config::desk::on_trial;
use iia_config::stage::Store;
use iia_core::digest::Digest;
use iia_core::time::Clock as _;
use iia_core::zone::Zone;

use super::{found, roots};
use crate::boxdir::{BoxDir, write_durably};
use crate::live::Live;
use crate::machine::{Machine, Outfit, TO_AUDIT};
use crate::observe;
use crate::screen::{Screen, Tone};
use crate::terms::Settings;
use crate::workload::clock;

/// How long until what did not start is tried again, at first and at most.
const AGAIN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));
/// How often a role that does not serve yet lets the box look at what is applied.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Where the applier looks for the observer's answer.
const OBSERVED: &str = "observed";

/// A box that follows its configuration.
pub(super) struct Course {
    dir: BoxDir,
    outfit: Outfit,
    screen: Screen,
    live: Live,
    machine: Option<Machine>,
    /// What the roles run under, or were last tried under; nothing before the first look.
    under: Option<Option<Digest>>,
    /// What of that was confirmed.
    confirmed: Option<Digest>,
    next_try: Option<(Instant, Duration)>,
}

impl Course {
    pub(super) fn new(dir: BoxDir, outfit: Outfit) -> Self {
        Self {
            dir,
            outfit,
            screen: Screen::new(),
            live: Live::default(),
            machine: None,
            under: None,
            confirmed: None,
            next_try: None,
        }
    }

    pub(super) fn say(&self, tone: Tone, text: &str) {
        self.screen.line(tone, text);
    }

    /// Whether the kernel's firewall is watched.
    pub(super) const fn watches_firewall(&self) -> bool {
        self.outfit.with_firewall
    }

    /// Looks once: at what is applied, at what the roles say, at what is on trial.
    pub(super) async fn step(&mut self) -> anyhow::Result<()> {
        let applied = applied::digest(self.dir.path())?;
        let due = self.next_try.is_some_and(|(at, _)| at <= Instant::now());
        if Some(applied) != self.under || due {
            self.become_of(applied).await;
        }
        self.hear();
        self.confirm().await
    }

    /// Ends what runs, and starts what is applied now.
    async fn become_of(&mut self, applied: Option<Digest>) {
        self.close().await;
        if Some(applied) != self.under {
            self.next_try = None;
        }
        self.under = Some(applied);
        self.confirmed = None;
        let Some(applied) = applied else {
            self.say(
                Tone::Note,
                "nothing is applied; the box waits for its first configuration",
            );
            return;
        };
        match self.start(applied).await {
            Ok(()) => {
                self.next_try = None;
                self.say(Tone::Good, &format!("the box runs under {applied}"));
            }
            Err(error) => {
                self.hear();
                let wait = self
                    .next_try
                    .map_or(AGAIN.0, |(_, wait)| (wait * 2).min(AGAIN.1));
                self.next_try = Some((Instant::now() + wait, wait));
                let words = format!("{error:#}; tried again in {} s", wait.as_secs());
                self.say(Tone::Bad, &words);
                self.close().await;
            }
        }
    }

    async fn start(&mut self, applied: Digest) -> anyhow::Result<()> {
        let settings = Settings::load(&self.dir)?;
        let issuer = found::issuer(&self.dir)?;
        let words = format!(
            "{} under {applied}: roles, each a process with its own SVID",
            settings.box_name
        );
        self.say(Tone::Head, &words);
        let (roots, doubts) = roots::of((&self.dir, &issuer), settings.trust_roots());
        doubts.iter().for_each(|doubt| self.say(Tone::Note, doubt));
        let machine = self
            .machine
            .insert(Machine::new(self.dir.clone(), issuer, &roots)?);
        machine.audit_to(TO_AUDIT)?;
        if let Some(console) = machine.console() {
            self.live = Live::default();
            self.live.follow(machine.in_process(console)?);
        }
        for spec in machine.roles(&self.outfit)? {
            tokio::select! {
                served = machine.start(spec) => served?,
                () = changed(&self.dir, applied) => anyhow::bail!("something else is applied"),
            }
            for heard in machine.heard() {
                self.screen.line(heard.tone, &heard.text);
            }
        }
        Ok(machine.is_up()?)
    }

    /// Shows what there is to say.
    fn hear(&mut self) {
        let heard = self.machine.iter_mut().flat_map(Machine::heard);
        for heard in heard {
            self.screen.line(heard.tone, &heard.text);
        }
        for (tone, text) in self.live.take() {
            self.screen.line(tone, &text);
        }
        if self.screen.is_terminal() {
            let status = self.live.status();
            self.screen.status(&status);
        }
    }

    /// Signs that what is on trial is in force, once its roles serve under it. Whether it is, its applier asks.
    async fn confirm(&mut self) -> anyhow::Result<()> {
        let Some(machine) = &self.machine else {
            return Ok(());
        };
        let store = Store::at(self.dir.path());
        let Some(trial) = on_trial(&store, machine.name(), clock().read())? else {
            if self.confirmed.take().is_some() {
                // What was said of a trial says nothing of the next.
                let _gone = std::fs::remove_file(self.dir.state().join(OBSERVED));
            }
            return Ok(());
        };
        if self.confirmed == Some(trial.artifact) || self.next_try.is_some() {
            return Ok(());
        }
        let observer = machine.one(Zone::MgmtCfg)?;
        match observe::answer(&self.dir, machine.name(), &observer).await {
            Ok(Some(answer)) => {
                write_durably(&self.dir.state().join(OBSERVED), &answer)?;
                let words = format!("{} is on trial and in force here: signed", trial.artifact);
                self.say(Tone::Good, &words);
            }
            Ok(None) => return Ok(()),
            Err(error) => self.say(Tone::Bad, &format!("on trial, and not signed: {error:#}")),
        }
        self.confirmed = Some(trial.artifact);
        Ok(())
    }

    /// Stops the roles so that nothing is lost: what happened so far is in the chain, and whoever needs another goes first.
    pub(super) async fn close(&mut self) {
        self.live.stop();
        if let Some(mut machine) = self.machine.take() {
            if machine.serves("audit") {
                machine.close_audit().await;
            }
            machine.stop_all();
            for heard in machine.heard() {
                self.screen.line(heard.tone, &heard.text);
            }
        }
    }
}

/// Waits until something else is applied.
async fn changed(dir: &BoxDir, applied: Digest) {
    while applied::digest(dir.path()).is_ok_and(|now| now == Some(applied)) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
