//! The boxes come to life: keys, configurations, roles.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use iia_config::desk::DeskError;

use super::{Boxes, Stage};
use crate::DemoArguments;
use crate::commission::Commission;
use crate::demo::firewall;
use crate::demo::levels::{self, Keys, LEVELS};
use crate::machine::{Machine, Outfit, TO_AUDIT, issuer, root};
use crate::operators::Operators;
use crate::screen::Tone;
use crate::secrets::Memory;
use crate::users::{USERS_MAX, Users};
use iia_identity::pipe::Root;

impl Stage<'_> {
    /// Keys, logs, and each box's configuration from signed text to applied state.
    pub(super) fn commission(
        &mut self,
        arguments: &DemoArguments,
        base: &Path,
    ) -> anyhow::Result<Boxes> {
        let operators = Operators::create(&base.join("operators"))?;
        let dirs = LEVELS.map(|level| levels::dir(base, level.name));
        let mut above: Option<Keys> = None;
        let mut memory = None;
        for (level, dir) in LEVELS.iter().zip(&dirs) {
            let keys = Keys::make(dir, level.name)?;
            self.step(Tone::Head, &format!("Configuration of {}", level.words));
            let own = match level.name {
                "seg01" => &arguments.config,
                "site" => &arguments.config_above,
                _ => &None,
            };
            let text = match own {
                Some(path) => {
                    fs::read_to_string(path).with_context(|| format!("open {}", path.display()))?
                }
                None => level.text.into(),
            };
            let commission = Commission {
                domain: level.domain,
                dir,
                name: level.name,
                policy: keys.policy(above.as_ref()),
                escrow: crate::demo::escrow(base, level.name),
                operators: &operators,
            };
            self.configure(commission, &text)?;
            if let Some(first) = arguments.users {
                // The box at the press line has the first ones.
                let above = LEVELS.len() - 1 - self.told.log_keys.len();
                let number = u32::try_from(above)?;
                Users::give(dir, first.saturating_add(number * USERS_MAX))?;
            }
            if level.name == "seg01" {
                arguments.cell.give((dir, level.name))?;
            }
            if let (Some(store), "seg01") = (&arguments.secrets, level.name) {
                memory = Some(Memory::give(dir, (store, &arguments.memory))?);
                arguments.sealing.give(dir)?;
            }
            crate::admit::release(dir)?;
            self.told.log_keys.push(keys.log.to_text());
            above = Some(keys);
        }
        let issuers = LEVELS
            .iter()
            .map(|level| issuer(level.domain))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let roots: Vec<Root> = issuers.iter().map(root).collect();
        let mut machines = dirs
            .into_iter()
            .zip(issuers)
            .map(|(dir, issuer)| Machine::new(dir, issuer, &roots));
        let mut next = || machines.next().context("three boxes")?;
        Ok(Boxes {
            enterprise: next()?,
            site: next()?,
            seg01: next()?,
            _memory: memory,
        })
    }

    fn configure(&mut self, commission: Commission<'_>, text: &str) -> anyhow::Result<()> {
        let mut steps = Vec::new();
        let outcome = commission.run(text, &mut |step| steps.push(step.to_owned()));
        steps.iter().for_each(|step| self.step(Tone::Good, step));
        if let Err(error) = &outcome
            && let Some(DeskError::Rejected(rejected)) = error.downcast_ref()
        {
            let shown = rejected
                .diagnostics
                .iter()
                .map(|found| found.render("artifact", text));
            shown.for_each(|words| self.screen.line(Tone::Bad, &words));
        }
        outcome
    }

    /// Starts the roles that the configuration has workloads for. What takes data in comes last; the keeper of the chain
    /// is told the keys of the logs below.
    pub(super) async fn start(
        &mut self,
        machine: &mut Machine,
        outfit: &Outfit,
    ) -> anyhow::Result<()> {
        let words = format!(
            "Roles of {}, each a process with its own SVID",
            machine.name()
        );
        self.step(Tone::Head, &words);
        if outfit.with_firewall {
            firewall::load(machine.settings())?;
            let words =
                "the kernel's firewall is what its contracts open, and its observer watches it";
            self.step(Tone::Good, words);
        }
        machine.audit_to(TO_AUDIT)?;
        for spec in machine.roles(outfit)? {
            if spec.role == "collect" {
                let console = machine.console().context("a workload called console")?;
                self.live.follow(machine.in_process(console)?);
            }
            machine.start(spec).await?;
            self.hear(machine);
        }
        machine.is_up()?;
        machine.confirm().await?;
        self.hear(machine);
        Ok(())
    }
}
