//! `iia config` as people and programs use it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const BAD: &str = "iia-config 1\n\nartifact seg01 1.0.0 {\n  revison 1\n  issued 2026-11-24\n  target seg01\n}\n\nzne b {\n}\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn iia(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_iia"))
        .arg("config")
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap()
}

fn with_input(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_iia"))
        .arg("config")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn file(dir: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn sound_documents_are_called_sound() {
    let output = iia(&["check", "examples/box-pi/box.icl", "examples/site/site.icl"]);
    assert!(output.status.success(), "{}", err(&output));
    assert_eq!(out(&output).matches(": sound").count(), 2);
    let samples = iia(&[
        "check",
        "--catalog",
        "examples/contracts/internal_collect_to_lake.icl",
    ]);
    assert!(samples.status.success(), "{}", err(&samples));
    let refused = iia(&[
        "check",
        "--catalog",
        "examples/contracts/internal_collect_to_lake.refused.icl",
    ]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(err(&refused).contains("IIA-C002"));
}

#[test]
fn a_person_sees_the_line_the_mark_and_the_help() {
    let output = with_input(&["check", "-"], BAD);
    assert_eq!(output.status.code(), Some(1));
    let told = err(&output);
    let want = "error[IIA-P018]: `2026-11-24` is no value\n --> <stdin>:5:10\n  |\n5 |   issued 2026-11-24\n  |          ^^^^^^^^^^\n  = help: a time is written 2026-11-24T09:00:00Z\n";
    assert!(told.contains(want), "{told}");
    // The entry that could be read is judged although another could not.
    assert!(
        told.contains("unknown entry `zne`") && told.contains("did you mean `zone`?"),
        "{told}"
    );
    assert!(!told.contains('\x1b'), "colour without a terminal");
}

#[test]
fn nothing_of_a_hostile_document_reaches_the_terminal_as_it_is() {
    let output = with_input(
        &["check", "-"],
        "iia-config 1\n\nparty \x1b[31mred {\n  # \u{202e}txet\n}\n",
    );
    let told = err(&output);
    assert!(
        !told.contains('\x1b') && !told.contains('\u{202e}'),
        "{told:?}"
    );
    assert!(told.contains("P004") && told.contains("P007"), "{told}");
}

#[test]
fn a_program_reads_json() {
    let output = with_input(&["check", "--format", "json", "-"], BAD);
    assert_eq!(output.status.code(), Some(1));
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows[0]["code"], "IIA-P018");
    assert_eq!(
        (&rows[0]["start"]["line"], &rows[0]["start"]["column"]),
        (&5.into(), &10.into())
    );
    assert_eq!(rows[0]["severity"], "error");
}

#[test]
fn sarif_is_read_by_another_implementation() {
    let output = with_input(&["check", "--format", "sarif", "-"], BAD);
    let log: serde_sarif::sarif::Sarif = serde_json::from_slice(&output.stdout).unwrap();
    let results = log.runs[0].results.as_ref().unwrap();
    let codes: Vec<_> = results
        .iter()
        .map(|result| result.rule_id.clone().unwrap())
        .collect();
    assert_eq!(codes, ["IIA-P018", "IIA-C031"]);
    let rules = log.runs[0].tool.driver.rules.as_ref().unwrap();
    for result in results {
        let index = usize::try_from(result.rule_index.unwrap()).unwrap();
        assert_eq!(Some(&rules[index].id), result.rule_id.as_ref());
    }
}

#[test]
fn strict_turns_warnings_into_refusals() {
    let text = std::fs::read_to_string(root().join("iia-config/tests/data/model.icl")).unwrap();
    let weak = text.replace("policy basic256sha256", "policy basic128rsa15");
    let mild = with_input(&["check", "-"], &weak);
    assert!(
        mild.status.success() && err(&mild).contains("warning[IIA-C075]"),
        "{}",
        err(&mild)
    );
    let hard = with_input(&["check", "--strict", "-"], &weak);
    assert_eq!(hard.status.code(), Some(1));
    assert!(err(&hard).contains("error[IIA-C075]"));
}

#[test]
fn changes_are_judged_against_what_is_applied() {
    let dir = tempfile::tempdir().unwrap();
    let model = root().join("iia-config/tests/data/model.icl");
    let text = std::fs::read_to_string(&model).unwrap();
    let new = file(
        &dir,
        "new.icl",
        &text.replace(
            "  operation WRITE_STREAM\n  cardinality many",
            "  cardinality many",
        ),
    );
    let output = iia(&["check", "--previous", &model.display().to_string(), &new]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("IIA-C092"), "{}", err(&output));
}

#[test]
fn a_document_that_is_not_canonical_is_shown_how_it_would_be() {
    let dir = tempfile::tempdir().unwrap();
    let text = "iia-config 1\nparty a {\n  contact oncall://a\n  # who\n  side acs\n}\n";
    let path = file(&dir, "a.icl", text);
    let check = iia(&["fmt", "--check", &path]);
    assert_eq!(check.status.code(), Some(1));
    let diff = out(&check);
    assert!(
        diff.contains("-  contact oncall://a\n") && diff.contains("+  contact oncall://a\n"),
        "{diff}"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    assert!(iia(&["fmt", &path]).status.success());
    let formatted = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        formatted,
        "iia-config 1\n\nparty a {\n  # who\n  side acs\n  contact oncall://a\n}\n"
    );
    assert!(iia(&["fmt", "--check", &path]).status.success());
    assert_eq!(out(&with_input(&["fmt", "-"], text)), formatted);
    // A document that cannot be read is left alone.
    let bad = file(&dir, "bad.icl", BAD);
    assert_eq!(iia(&["fmt", &bad]).status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(&bad).unwrap(), BAD);
}

#[test]
fn every_rule_can_be_asked_for() {
    let output = iia(&["explain"]);
    let list = out(&output);
    assert!(list.lines().count() > 95, "{list}");
    for line in list.lines() {
        let code = line.split(' ').next().unwrap();
        let page = iia(&["explain", code]);
        assert!(page.status.success() && out(&page).starts_with(code));
    }
    let none = iia(&["explain", "C999"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(err(&none).contains("did you mean"), "{}", err(&none));
}

#[test]
fn json_toml_and_yaml_become_the_same_canonical_text() {
    let model = "iia-config/tests/data/model.icl";
    let json = iia(&["convert", "--to-json", model]);
    assert!(json.status.success(), "{}", err(&json));
    let value: Value = serde_json::from_slice(&json.stdout).unwrap();
    let want = std::fs::read_to_string(root().join(model)).unwrap();
    // Comments are the one thing that JSON cannot carry.
    let want: String = want
        .split_inclusive('\n')
        .filter(|line| !line.starts_with('#'))
        .collect();
    let toml = toml::to_string(&value).unwrap();
    let yaml = serde_yaml_ng::to_string(&value).unwrap();
    for (language, text) in [("json", out(&json)), ("toml", toml), ("yaml", yaml)] {
        let output = with_input(&["convert", "--from", language, "-"], &text);
        assert!(output.status.success(), "{language}: {}", err(&output));
        assert_eq!(out(&output), want, "{language}");
    }
}

#[test]
fn what_cannot_be_converted_is_said() {
    for (language, text, want) in [
        ("json", "{", "EOF"),
        ("json", "[]", "table of kinds"),
        ("yaml", "zone: 1", "table of names"),
        ("toml", "[zone.a.inner]\nx = 1", "no block `inner`"),
        ("json", "{\"party\": {\"a/b\": {}}}", "P014"),
        (
            "json",
            "{\"waiver\": {\"a\": {\"reason\": \"say \\\"hi\\\"\"}}}",
            "P019",
        ),
        (
            "json",
            "{\"waiver\": {\"a\": {\"reason\": \"two\\nlines\"}}}",
            "several lines",
        ),
        (
            "json",
            "{\"zone\": {\"a\": {\"bridge\": \"b\\n}\\nparty evil {\\n  side acs\"}}}",
            "several lines",
        ),
    ] {
        let output = with_input(&["convert", "--from", language, "-"], text);
        assert!(
            !output.status.success(),
            "{language} {text}: {}",
            out(&output)
        );
        assert!(
            err(&output).contains(want),
            "{language} {text}: {}",
            err(&output)
        );
    }
}

/// Files that are made from the schema table, and the command that makes each.
const MADE: [(&str, &str); 6] = [
    ("reference", "docs/icl-reference.md"),
    ("json-schema", "docs/icl.schema.json"),
    ("completion", "editors/icl-completion.json"),
    ("dictionary", "fuzz/icl.dict"),
    ("tree-sitter", "editors/tree-sitter-icl/grammar.js"),
    ("vscode", "editors/vscode-icl/syntaxes/icl.tmLanguage.json"),
];

#[test]
fn what_is_made_from_the_table_is_fresh() {
    for (what, path) in MADE {
        let output = iia(&["schema", what]);
        assert!(output.status.success());
        let have = std::fs::read_to_string(root().join(path)).unwrap();
        assert!(
            have == out(&output),
            "{path} is stale: iia config schema {what} > {path}"
        );
    }
}

/// `iia … | head` ends as other programs do: without a word, and without a panic.
#[cfg(unix)]
#[test]
fn whoever_stops_reading_ends_the_program_quietly() {
    let mut asked = Command::new(env!("CARGO_BIN_EXE_iia"));
    let asked = asked.args(["config", "explain", "C013"]);
    // Nobody reads from the beginning, so that it does not depend on who is first.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = asked.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(141));
}
