//! `iia-box begin`: a box learns who its operators are, and its chain of evidence begins.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use iia_audit::note::VerifierKey;
use iia_audit::policy::Policy;
use iia_config::desk::{Desk, DeskError, Site};
use iia_config::stage::Store;
use iia_core::code::Coded as _;
use iia_core::time::Clock as _;

use super::{found, run};
use crate::boxdir::BoxDir;
use crate::chain;
use crate::workload::clock;

/// Begins a box.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Begin {
    /// Its directory, made by `iia-box new`
    dir: PathBuf,
    /// The first trust document: who may sign what, the box's observer among them
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// Who vouches for the heads of its chain: the box above. Without one the box vouches for itself, as the topmost does
    #[arg(long, value_name = "KEY")]
    witness: Option<String>,
    /// Who mirrors its chain
    #[arg(long, value_name = "KEY", requires = "witness")]
    mirror: Option<String>,
    /// Where the first key of its seals goes; it is to be kept off the box, and is the proof against whoever owns it later
    #[arg(long, value_name = "FILE")]
    escrow: PathBuf,
}

impl Begin {
    /// The desk first, which refuses a trust document that is none; nothing is begun then.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let dir = BoxDir::at(&self.dir);
        let log = found::log_key(&dir)?;
        let name = found::name(&log)?.to_owned();
        let text = fs::read(&self.trust).with_context(|| self.trust.display().to_string())?;
        let policy = self.policy(&dir, &log)?;
        anyhow::ensure!(
            !self.escrow.exists(),
            "{} exists already",
            self.escrow.display()
        );
        let (now, site) = (
            clock().read(),
            Site {
                box_name: name.clone(),
                trial_ns: 0,
            },
        );
        let desk = Desk::begin(Store::at(dir.path()), site, &text, now).map_err(|error| {
            tell(&error, &text);
            anyhow::anyhow!("{}: {}: {error}", self.trust.display(), error.code())
        })?;
        let operators = desk.trust().keys().count();
        chain::create(&dir, &policy, &self.escrow, now)?;
        let vouches = policy.witnesses.iter().map(|key| key.name.as_str());
        run::say(&format!(
            "{name} begins with {operators} operator keys; {} vouches for its chain\n\
             {} is the first key of its seals: take it off this machine now",
            vouches.collect::<Vec<_>>().join(", "),
            self.escrow.display()
        ));
        Ok(())
    }

    fn policy(&self, dir: &BoxDir, log: &VerifierKey) -> anyhow::Result<Policy> {
        let own = dir.path().join("public").join("witness");
        let witness = match &self.witness {
            Some(key) => key.clone(),
            None => fs::read_to_string(own)?.trim_end().to_owned(),
        };
        let mirrors = self.mirror.iter().map(|key| VerifierKey::parse(key));
        Ok(Policy {
            log: log.clone(),
            witnesses: vec![VerifierKey::parse(&witness).context("--witness")?],
            quorum: 1,
            mirrors: mirrors.collect::<Result<_, _>>().context("--mirror")?,
        })
    }
}

/// What is wrong with the trust document, line by line.
fn tell(error: &DeskError, text: &[u8]) {
    if let (DeskError::Trust(found), Ok(text)) = (error, std::str::from_utf8(text)) {
        found
            .iter()
            .for_each(|one| run::say(&one.render("trust", text)));
    }
}
