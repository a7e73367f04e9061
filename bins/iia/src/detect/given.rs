//! Rules that somebody brings: as files, or only as far as operators signed them.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use iia_capture::detect::Rules;
#[cfg(feature = "yara")]
use iia_capture::detect::YaraRules;
use iia_config::engine::{DETECT, SignedRules};
use iia_config::limits::DOCUMENT_LEN_MAX;
use iia_config::trust::Trust;
use iia_config::validate::Facts;
use iia_core::Timestamp;
use iia_core::code::Coded;
use iia_core::time::{Clock as _, Floor, SECOND_NS, SystemClock};

#[derive(clap::Args)]
#[command(next_help_heading = "Rules")]
pub(super) struct Given {
    /// Reads the rules from this file instead of those that come with the program
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Looks with these rules of YARA too at what is carried: payloads, and files in pieces
    #[cfg(feature = "yara")]
    #[arg(long, value_name = "FILE")]
    yara: Option<PathBuf>,
    /// Reads only rules that this signed artifact of class ruleset names, as a box does, and none that have ended
    #[arg(long, value_name = "ARTIFACT", requires_all = ["trust", "box_name"])]
    signed: Option<PathBuf>,
    /// The operators' trust document, by which the signatures count
    #[arg(long, value_name = "FILE", requires = "signed")]
    trust: Option<PathBuf>,
    /// The box that the artifact is for
    #[arg(long = "box", value_name = "NAME", requires = "signed")]
    box_name: Option<String>,
}

impl Given {
    /// The artifact that rules must be named by, if one is given, and the time where it can be trusted.
    pub(super) fn signed(&self) -> anyhow::Result<Option<Signed>> {
        let (Some(path), Some(trust), Some(box_name)) = (&self.signed, &self.trust, &self.box_name)
        else {
            return Ok(None);
        };
        let trust = Trust::parse(&bounded(trust)?);
        let trust = trust
            .map_err(|found| anyhow::anyhow!("the trust document has {} mistakes", found.len()))?;
        let now = SystemClock::new(Floor::default(), SECOND_NS.unsigned_abs()).read();
        let rules = SignedRules::open(&bounded(path)?, &trust, &Facts::of_box(box_name));
        Ok(Some(Signed {
            rules: rules.map_err(|error| told(path, &error))?,
            now: now.state.is_trusted().then_some(now.wall),
        }))
    }

    /// The rules over what is said.
    pub(super) fn rules(&self, signed: Option<&Signed>) -> anyhow::Result<Rules> {
        let Some(path) = &self.rules else {
            return Ok(Rules::built_in());
        };
        let text = read(path, (DETECT, signed))?;
        Rules::parse(&text).map_err(|error| told(path, &error))
    }

    /// The rules over what is carried.
    #[cfg(feature = "yara")]
    pub(super) fn yara(&self, signed: Option<&Signed>) -> anyhow::Result<Option<YaraRules>> {
        let Some(path) = &self.yara else {
            return Ok(None);
        };
        let text = read(path, (iia_config::engine::YARA, signed))?;
        let rules = YaraRules::parse(&text).map_err(|error| told(path, &error))?;
        Ok(Some(rules))
    }
}

/// What operators signed, and now.
pub(super) struct Signed {
    rules: SignedRules,
    now: Option<Timestamp>,
}

/// A text of rules, which operators must have signed where an artifact is given.
fn read(path: &Path, (engine, signed): (&str, Option<&Signed>)) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    if let Some(signed) = signed {
        let named = signed.rules.check(engine, text.as_bytes(), signed.now);
        named.map_err(|error| told(path, &error))?;
    }
    Ok(text)
}

/// The bytes of a document, which has an end.
fn bounded(path: &Path) -> anyhow::Result<Vec<u8>> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    let mut bytes = Vec::new();
    file.take(2 * DOCUMENT_LEN_MAX as u64)
        .read_to_end(&mut bytes)
        .with_context(|| path.display().to_string())?;
    Ok(bytes)
}

fn told(path: &Path, error: &(impl Coded + std::fmt::Display)) -> anyhow::Error {
    anyhow::anyhow!("{}: {}: {error}", path.display(), error.code())
}
