//! The command line: one box, one approval or none, and nothing else.

use std::ffi::OsString;
use std::path::PathBuf;

use iia_core::SpiffeId;

use crate::error::Error;

/// Seconds that a configuration may stay unconfirmed when nothing else is said.
const CONFIRM_WITHIN_DEFAULT: u64 = 300;
/// Seconds that a configuration may stay unconfirmed at most.
const CONFIRM_WITHIN_MAX: u64 = 24 * 3600;

const USAGE: &str = "usage: iia-apply --dir DIR --box NAME --identity SPIFFE-ID \
                     (--approval FILE | --revocation FILE | --restore) [--confirm-within SECONDS]";

/// What is to be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Task {
    /// Applies what the approval in this file names.
    Apply(PathBuf),
    /// Takes the revocation in this file.
    Revoke(PathBuf),
    /// Makes what is applied real again, as after a start of the machine.
    Restore,
}

/// The command line, read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Arguments {
    /// The box's directory.
    pub(crate) dir: PathBuf,
    /// The box's name.
    pub(crate) box_name: String,
    /// The source of the desk's events.
    pub(crate) identity: SpiffeId,
    /// What is to be done.
    pub(crate) task: Task,
    /// How long it may stay unconfirmed, in seconds.
    pub(crate) confirm_within: u64,
}

impl Arguments {
    /// Reads the command line; anything that is not named above is refused.
    pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<Self, Error> {
        let mut words = words;
        let (mut dir, mut name, mut identity, mut task, mut within) =
            (None, None, None, None, None);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| refused(&word));
            let fresh = match word.to_str() {
                Some("--dir") => dir.replace(value()?).is_none(),
                Some("--box") => name.replace(value()?).is_none(),
                Some("--identity") => identity.replace(value()?).is_none(),
                Some("--confirm-within") => within.replace(value()?).is_none(),
                Some("--approval") => task.replace(Task::Apply(value()?.into())).is_none(),
                Some("--revocation") => task.replace(Task::Revoke(value()?.into())).is_none(),
                Some("--restore") => task.replace(Task::Restore).is_none(),
                _ => false,
            };
            if !fresh {
                return Err(refused(&word));
            }
        }
        let text = |word: Option<OsString>| word.and_then(|word| word.into_string().ok());
        let missing = || Error::Arguments(USAGE.into());
        let within = within.map_or_else(|| Ok(CONFIRM_WITHIN_DEFAULT), |word| seconds(&word))?;
        Ok(Self {
            dir: dir.ok_or_else(missing)?.into(),
            box_name: text(name).ok_or_else(missing)?,
            identity: text(identity)
                .and_then(|id| id.parse().ok())
                .ok_or_else(missing)?,
            task: task.ok_or_else(missing)?,
            confirm_within: within,
        })
    }
}

fn refused(word: &OsString) -> Error {
    Error::Arguments(format!(
        "`{}` is not for me\n{USAGE}",
        word.to_string_lossy()
    ))
}

fn seconds(word: &OsString) -> Result<u64, Error> {
    let seconds = word.to_str().and_then(|word| word.parse().ok());
    seconds
        .filter(|seconds| (1..=CONFIRM_WITHIN_MAX).contains(seconds))
        .ok_or_else(|| refused(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, Error> {
        Arguments::parse(
            line.split(' ')
                .filter(|word| !word.is_empty())
                .map(OsString::from),
        )
    }

    #[test]
    fn anything_but_one_task_for_one_box_is_refused() {
        let whole =
            "--dir d --box b --identity spiffe://iia.local/zone/cfg/workload/desk --restore";
        assert_eq!(parse(whole).unwrap().confirm_within, CONFIRM_WITHIN_DEFAULT);
        for more in [
            "--approval f",
            "--restore",
            "--revocation f",
            "--dir e",
            "x",
            "--exec",
            "--confirm-within 0",
            "--confirm-within 1d",
            "--box",
        ] {
            assert!(parse(&format!("{whole} {more}")).is_err(), "{more}");
        }
        for less in [
            "",
            "--restore",
            "--dir d --box b --restore",
            "--dir d --box b --identity nobody --restore",
        ] {
            assert!(parse(less).is_err(), "{less}");
        }
    }
}
