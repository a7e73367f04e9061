//! The program under test, and a validator of JSON Schema that others wrote.
#![allow(dead_code, reason = "every test file uses some of it")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "part of tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

pub(crate) fn example(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(path);
    path.to_str().unwrap().to_owned()
}

pub(crate) fn iia(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_iia"))
        .args(arguments)
        .output()
        .unwrap()
}

/// What a command says; its exit code must be as wanted.
#[track_caller]
pub(crate) fn said(exit: i32, arguments: &[&str]) -> String {
    let output = iia(arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The interpreter that has jsonschema, or nothing and a word about it.
pub(crate) fn judge(test: &str, module: &str) -> Option<String> {
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&python)
        .args(["-c", &format!("import jsonschema, {module}")])
        .output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    skipped(test, &format!("Python with jsonschema and {module}"));
    None
}

pub(crate) fn skipped(test: &str, what: &str) {
    assert!(
        std::env::var_os("IIA_REQUIRE_ALL").is_none(),
        "{what} is missing"
    );
    eprintln!("SKIPPED: {test}: {what} is missing");
}

/// Judges each line of a file by a schema in a file.
const JUDGE: &str = "
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
judge = jsonschema.validators.validator_for(schema)(schema)
text = open(sys.argv[2]).read()
documents = [json.loads(line) for line in text.splitlines()] if sys.argv[3] == 'lines' else [json.loads(text)]
wrong = [f'{list(e.path)}: {e.message[:200]}' for d in documents for e in judge.iter_errors(d)]
print(len(documents), *wrong, sep='\\n')
sys.exit(1 if wrong else 0)
";

#[track_caller]
pub(crate) fn judged(python: &str, schema: &Path, text: &str, form: &str) -> Result<usize, String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("document");
    fs::write(&file, text).unwrap();
    let output = Command::new(python)
        .args(["-c", JUDGE])
        .args([schema, &file])
        .arg(form)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    match output.status.success() {
        true => Ok(said.trim().parse().unwrap()),
        false => Err(said + &String::from_utf8_lossy(&output.stderr)),
    }
}

/// What each line of `documents` has against a schema, which must be one: an empty list where it has nothing.
pub(crate) fn against(python: &str, schema: &str, documents: &str) -> Vec<String> {
    const CODE: &str = "
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
judge = jsonschema.validators.validator_for(schema)
judge.check_schema(schema)
for line in sys.stdin:
    print([e.message[:200] for e in judge(schema).iter_errors(json.loads(line))])
";
    use std::io::Write as _;
    let mut child = Command::new(python)
        .args(["-c", CODE, schema])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(documents.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(str::to_owned).collect()
}
