//! A box with services for its cell and units for its workloads, rendered where a test wants it.
#![allow(dead_code, reason = "each test file uses its part")]

#[path = "../../../iia-contract/tests/net/mod.rs"]
pub(crate) mod net;

use std::fs;
use std::path::{Path, PathBuf};

use iia_config::diagnostic::Diagnostic;
use iia_config::parse::parse;
use iia_config::render::{Files, Places, files_at};
use iia_config::validate::{Checked, Facts, validate};

/// The example box.
const BOX: &str = include_str!("../../../examples/box-pi/box.icl");

/// What the example has not: services for its cell, and units.
pub(crate) const MORE: &str = include_str!("../data/cell.icl");

/// The box with these further entries, or what is wrong with it.
pub(crate) fn check(more: &str) -> Result<Checked, Vec<Diagnostic>> {
    let text = format!("{BOX}{more}");
    let document = parse(text.as_bytes(), text.len())?;
    validate(&document, &Facts::of_box("seg01"))
}

pub(crate) fn checked() -> Checked {
    check(MORE).unwrap()
}

/// Rendered files below a directory that also holds everything they name.
pub(crate) struct Rendered {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) files: Files,
}

impl Rendered {
    pub(crate) fn new(checked: &Checked) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let below = |part: &str| dir.path().join(part).to_str().unwrap().to_owned();
        let places = Places {
            etc: below("etc"),
            lib: below("lib"),
            run: below("run"),
        };
        let files = files_at(checked, &places);
        for (path, text) in &files {
            let path = dir.path().join("etc").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        for service in &checked.deploy.services {
            fs::create_dir_all(dir.path().join("lib").join(&service.name)).unwrap();
            fs::create_dir_all(dir.path().join("run").join(&service.name)).unwrap();
        }
        Self { dir, files }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    pub(crate) fn text(&self, path: &str) -> &str {
        self.files.get(path).unwrap()
    }
}

/// A path as the argument of a program.
pub(crate) fn arg(path: &Path) -> &str {
    path.to_str().unwrap()
}
