//! Every committed corpus through the body of its fuzz target, without libFuzzer.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use iia_fuzz_bodies::{TARGETS, input::bend};

/// Inputs of a target at most, and bytes of one and of all: corpora stay small enough to read.
const FILES_MAX: usize = 300;
const FILE_LEN_MAX: usize = 16 * 1024;
const CORPUS_LEN_MAX: usize = 100 * 1024;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

fn names(dir: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(dir).unwrap();
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    entries.map(|entry| name(entry.unwrap())).collect()
}

#[test]
fn every_target_has_a_body_a_program_and_a_corpus() {
    let bodies: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).into()).collect();
    let programs = names(&fuzz().join("fuzz_targets"));
    let programs = programs.iter().map(|name| name.replace(".rs", ""));
    assert_eq!(programs.collect::<BTreeSet<_>>(), bodies);
    assert_eq!(names(&fuzz().join("corpus")), bodies);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for name in bodies {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}

#[test]
fn every_input_of_every_corpus_keeps_the_promises() {
    for (target, body) in TARGETS {
        let dir = fuzz().join("corpus").join(target);
        let inputs = names(&dir);
        let mut total = 0;
        for name in &inputs {
            let input = fs::read(dir.join(name)).unwrap();
            total += input.len();
            assert!(input.len() <= FILE_LEN_MAX, "{target}/{name}");
            body(&input);
            for cut in [input.len() / 2, input.len().saturating_sub(1)] {
                body(input.get(..cut).unwrap());
            }
            for turn in 0..4 {
                body(&bend(&input, turn * 7919 + 3));
            }
        }
        assert!(
            (1..=FILES_MAX).contains(&inputs.len()) && total <= CORPUS_LEN_MAX,
            "{target}"
        );
        body(&[]);
    }
}
