//! The source tree as these tests read it: files, packages, and Rust code without its comments and tests.
#![allow(dead_code, reason = "every test file uses some of it")]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "part of tests"
)]

pub(crate) mod code;
pub(crate) mod page;

use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders that are not source.
const SKIPPED: [&str; 5] = ["target", ".git", "iia-demo", "corpus", ".venv"];

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// One text file of the tree.
pub(crate) struct Source {
    /// Its path from the root, with `/`.
    pub(crate) path: String,
    /// What it says.
    pub(crate) text: String,
}

impl Source {
    /// The top folder, or the program's folder: `iia-core`, `bins/iia-box`.
    pub(crate) fn package(&self) -> &str {
        let parts = if self.path.starts_with("bins/") { 2 } else { 1 };
        let end = self.path.match_indices('/').nth(parts - 1);
        end.map_or("", |(at, _)| &self.path[..at])
    }

    /// Whether it is code that ships: not a test, a bench or a build of one.
    pub(crate) fn ships(&self) -> bool {
        let measures = [
            "examples/",
            "iia-audit/bench/",
            "iia-config/bench/",
            "iia-contract/bench/",
            "iia-link/bench/",
        ];
        self.path.contains("/src/") && !measures.iter().any(|place| self.path.starts_with(place))
    }
}

/// Every file whose name ends with one of `ends`, in order of path.
pub(crate) fn files(ends: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root(), &mut |path| {
        let name = path
            .strip_prefix(root())
            .unwrap()
            .to_string_lossy()
            .into_owned();
        if ends.iter().any(|end| name.ends_with(end)) {
            let text =
                std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
            found.push(Source { path: name, text });
        }
    });
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no {ends:?} below {}", root().display());
    found
}

fn walk(dir: &Path, visit: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !SKIPPED.iter().any(|skipped| name.starts_with(skipped)) {
                walk(&path, visit);
            }
        } else {
            visit(&path);
        }
    }
}

/// One file of the tree, which must be there.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Runs cargo in the root and gives what it says; it must succeed.
pub(crate) fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "cargo {}: {error}",
        arguments.join(" ")
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A dependency as a manifest names it.
pub(crate) struct Dependency {
    /// The package's name.
    pub(crate) name: String,
    /// Whether a feature must ask for it.
    pub(crate) optional: bool,
}

/// A package of the workspace.
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its folder from the root.
    pub(crate) dir: String,
    /// What its normal and build dependencies are.
    pub(crate) ships: Vec<Dependency>,
}

impl Package {
    /// Whether it is one of the library crates at top level.
    pub(crate) fn is_library(&self) -> bool {
        self.dir.starts_with("iia-")
    }
}

/// Every package of the workspace, as cargo knows it.
pub(crate) fn packages() -> Vec<Package> {
    let text = cargo(&[
        "metadata",
        "--no-deps",
        "--format-version=1",
        "--offline",
        "--locked",
    ]);
    let metadata: serde_json::Value = serde_json::from_str(&text).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(package).collect()
}

fn package(value: &serde_json::Value) -> Package {
    let manifest = Path::new(value["manifest_path"].as_str().unwrap());
    let dir = manifest.parent().unwrap().strip_prefix(root()).unwrap();
    let all = value["dependencies"].as_array().unwrap().iter();
    let ships = all
        .filter(|one| one["kind"] != "dev")
        .map(|one| Dependency {
            name: one["name"].as_str().unwrap().into(),
            optional: one["optional"] == true,
        });
    Package {
        name: value["name"].as_str().unwrap().into(),
        dir: dir.to_string_lossy().into_owned(),
        ships: ships.collect(),
    }
}

/// Says aloud that a test cannot run here, and fails where everything must run.
pub(crate) fn skip(test: &str, missing: &str) {
    assert!(
        std::env::var_os("IIA_REQUIRE_ALL").is_none(),
        "{test}: {missing}"
    );
    eprintln!("SKIPPED: {test}: {missing}");
}

/// Fails with all of `wrong`, one a line, or passes when there is nothing.
#[track_caller]
pub(crate) fn none(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}:\n  {}", wrong.join("\n  "));
}
