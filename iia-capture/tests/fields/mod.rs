//! The names of fields, read from the sources: what decoders can say, and which tests speak of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The fields of each decoder, by its module's name.
pub fn decoders() -> BTreeMap<String, BTreeSet<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/decode");
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in sources(&root).iter().filter(|path| !is_test(path)) {
        let below = path.strip_prefix(&root).unwrap();
        let decoder = below.components().next().unwrap();
        let decoder = Path::new(decoder.as_os_str()).file_stem().unwrap();
        let names = names(halves(&fs::read_to_string(path).unwrap()).0);
        if !names.is_empty() {
            let decoder = decoder.to_str().unwrap().to_owned();
            all.entry(decoder).or_default().extend(names);
        }
    }
    all
}

/// Which tests name which field.
pub fn in_tests() -> BTreeMap<String, Vec<String>> {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let inside = sources(&crate_dir.join("src/decode"));
    let beside = sources(&crate_dir.join("tests"));
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, names) in in_layouts(crate_dir) {
        for name in names {
            all.entry(name).or_default().push(format!("`{file}`"));
        }
    }
    for path in inside.iter().chain(&beside) {
        let text = fs::read_to_string(path).unwrap();
        let tests = if is_test(path) {
            &text
        } else {
            halves(&text).1
        };
        let short = path.strip_prefix(crate_dir).unwrap().to_str().unwrap();
        let short = short
            .trim_start_matches("src/decode/")
            .trim_start_matches("tests/");
        for name in names(tests) {
            all.entry(name).or_default().push(format!("`{short}`"));
        }
    }
    all
}

/// What the bytes of the standards name: `layouts/*.txt`.
fn in_layouts(crate_dir: &Path) -> Vec<(String, BTreeSet<String>)> {
    let entries = fs::read_dir(crate_dir.join("tests/layouts")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let names = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let firsts = text.lines().filter_map(|line| line.split(' ').next());
        let names = firsts.filter(|name| is_name(name)).map(str::to_owned);
        let name = path.file_name().unwrap().to_str().unwrap();
        (format!("layouts/{name}"), names.collect())
    };
    paths.iter().map(names).collect()
}

/// The code of a file, and the tests that stand behind it.
fn halves(text: &str) -> (&str, &str) {
    let at = text.find("#[cfg(test)]\nmod").unwrap_or(text.len());
    text.split_at(at)
}

/// Whether a file holds tests only.
fn is_test(path: &Path) -> bool {
    let mut parts = path.components();
    parts.any(|part| {
        ["tests", "tests.rs"]
            .iter()
            .any(|name| part.as_os_str() == *name)
    })
}

/// Every Rust file below a folder, in order.
fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    let files = entries.into_iter().flat_map(|path| match path.is_dir() {
        true => sources(&path),
        false => vec![path],
    });
    files
        .filter(|path| path.extension().is_some_and(|ext| ext == "rs"))
        .collect()
}

/// The literals of a source that are names of fields: words of lower case with points between them.
fn names(text: &str) -> BTreeSet<String> {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let literals = code.flat_map(|line| line.split('"').skip(1).step_by(2));
    literals
        .filter(|literal| is_name(literal))
        .map(str::to_owned)
        .collect()
}

fn is_name(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let word = |word: &str| !word.is_empty() && word.bytes().all(legal);
    text.contains('.')
        && text.split('.').all(word)
        && text.starts_with(|first: char| first.is_ascii_lowercase())
}
