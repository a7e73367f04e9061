//! Whoever sees whether the running state is that of the artifact: the configuration attestation observer.

use std::path::{Path, PathBuf};
use std::{fs, io};

use iia_config::lifecycle::Confirmation;

/// Bytes of an answer at most.
const ANSWER_LEN_MAX: u64 = 4096;

/// Somebody else than the applier, who looks.
pub(crate) trait Observer {
    /// What was seen, when something was.
    fn answer(&mut self) -> Option<Confirmation>;
}

/// An observer that puts its answer into a file: `artifact b3:…` and `observer spiffe://…`, a line each.
#[derive(Debug)]
pub(crate) struct FileObserver {
    path: PathBuf,
}

impl FileObserver {
    /// Where the box's observer answers. Only the observer's user may write there.
    pub(crate) fn at(dir: &Path) -> Self {
        Self {
            path: dir.join("state").join("observed"),
        }
    }
}

impl Observer for FileObserver {
    fn answer(&mut self) -> Option<Confirmation> {
        parse(&read(&self.path).ok()?)
    }
}

fn read(path: &Path) -> io::Result<String> {
    if fs::symlink_metadata(path)?.len() > ANSWER_LEN_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    fs::read_to_string(path)
}

fn parse(text: &str) -> Option<Confirmation> {
    let mut lines = text.lines();
    let artifact = lines.next()?.strip_prefix("artifact ")?.parse().ok()?;
    let observer = lines.next()?.strip_prefix("observer ")?.parse().ok()?;
    lines
        .next()
        .is_none()
        .then_some(Confirmation { artifact, observer })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_answer_is_none() {
        let whole = format!(
            "artifact b3:{}\nobserver spiffe://iia.local/zone/attest/workload/observer\n",
            "0".repeat(64)
        );
        assert!(parse(&whole).is_some());
        for cut in 0..whole.len() - 2 {
            let half = whole.get(..cut).unwrap();
            let later = parse(half).is_some_and(|answer| !whole.contains(answer.observer.as_str()));
            assert!(parse(half).is_none() || !later, "{half}");
        }
        assert_eq!(parse(&format!("{whole}x\n")), None);
    }
}
