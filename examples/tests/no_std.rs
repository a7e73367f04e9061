//! The small crates build with `alloc` alone: the compiler itself says whether std came in through any dependency.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod tree;

use std::path::PathBuf;
use std::process::Command;

use tree::{cargo, root};

/// What an independent observer on a small machine would link.
const SMALL: [&str; 6] = [
    "iia-core",
    "iia-contract",
    "iia-audit",
    "iia-capture",
    "iia-attest",
    "iia-edge",
];
const CHECK: [&str; 6] = [
    "check",
    "--no-default-features",
    "--locked",
    "--offline",
    "--message-format=json",
    "--quiet",
];

/// The metadata that cargo made for each of the small crates.
fn built() -> Vec<(String, PathBuf)> {
    let selection = SMALL.map(|name| ["-p", name]).concat();
    let text = cargo(&[&CHECK[..], &selection].concat());
    let messages = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let artifacts = messages.filter(|message| message["reason"] == "compiler-artifact");
    artifacts
        .filter_map(|artifact| {
            let name = artifact["target"]["name"].as_str()?.to_owned();
            let ours = SMALL.iter().any(|small| small.replace('-', "_") == name);
            let files = artifact["filenames"].as_array()?.iter();
            let file = files
                .filter_map(|file| file.as_str())
                .find(|file| file.ends_with(".rmeta"))?;
            ours.then(|| (name, PathBuf::from(file)))
        })
        .collect()
}

/// Compiles a crate that brings its own panic handler; the compiler refuses a second one, and std has one.
fn probe(built: &[(String, PathBuf)], extra: &str) -> Result<(), String> {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = dir.join(if extra.is_empty() {
        "probe.rs"
    } else {
        "probe_with_std.rs"
    });
    let uses = built
        .iter()
        .map(|(name, _)| format!("pub use {name} as _{name};\n"));
    let text = format!(
        "#![no_std]\n{extra}\n{}#[panic_handler]\nfn end(_: &core::panic::PanicInfo<'_>) -> ! {{ loop {{}} }}\n",
        uses.collect::<String>()
    );
    std::fs::write(&file, text).unwrap();
    let deps = built.first().unwrap().1.parent().unwrap();
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command
        .current_dir(root())
        .args(["--edition=2024", "--crate-type=lib", "--emit=metadata"]);
    command
        .arg("--out-dir")
        .arg(&dir)
        .arg("-L")
        .arg(format!("dependency={}", deps.display()));
    for (name, path) in built {
        command
            .arg("--extern")
            .arg(format!("{name}={}", path.display()));
    }
    let output = command.arg(&file).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        Ok(())
    } else {
        Err(error)
    }
}

#[test]
fn the_small_crates_need_no_std() {
    let built = built();
    assert_eq!(built.len(), SMALL.len(), "{built:?}");
    assert_eq!(probe(&built, ""), Ok(()));
    // The probe does see std where it is.
    let refused = probe(&built, "extern crate std;").unwrap_err();
    assert!(refused.contains("panic_impl"), "{refused}");
}
