//! The program as a person and a script meet it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A capture that comes with the project: legal polls, an unknown master, a forbidden write.
fn press_line() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/captures/press-line.pcap")
}

fn iia(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_iia"))
        .args(arguments)
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs and compares the exit code and what one line of the errors begins and ends with.
#[track_caller]
fn refused(arguments: &[&str], exit: i32, line: &str) {
    let output = iia(arguments);
    let errors = err(&output);
    assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {errors}");
    assert!(
        errors.lines().any(|one| one == line),
        "{arguments:?}: {errors}"
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_page_says_who_spoke_to_whom_with_which_functions() {
    let output = iia(&["inspect", text(&press_line())]);
    let page = out(&output);
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
    for word in [
        "client",
        "server",
        "unit",
        "exchanges",
        "read holding registers",
        "write",
        "T0888 Remote System Information Discovery",
    ] {
        assert!(page.contains(word), "{word}: {page}");
    }
    assert!(
        page.lines().count() < 40 && page.lines().all(|line| line.len() < 120),
        "{page}"
    );
}

#[test]
fn rows_and_json_tell_every_exchange_alike() {
    let rows = out(&iia(&["inspect", "--rows", text(&press_line())]));
    let json = out(&iia(&["inspect", "--json", text(&press_line())]));
    let mut lines = rows.lines();
    let head: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let mut count = 0;
    for (row, object) in lines.zip(json.lines()) {
        let object: Value = serde_json::from_str(object).unwrap();
        let row: Vec<&str> = row.split('\t').collect();
        assert_eq!(row.len(), head.len());
        for (name, cell) in head.iter().zip(&row) {
            match *name {
                "ts" | "outcome" | "capture" => assert_eq!(object[*name], **cell),
                "unit" | "func" | "transaction" => assert_eq!(object[*name].to_string(), *cell),
                _ => {}
            }
        }
        count += 1;
    }
    assert_eq!(
        (count, json.lines().count()),
        (rows.lines().count() - 1, count)
    );
    assert!(count > 50, "{count}");
}

#[test]
fn folders_and_gzip_are_read_like_the_files_in_them() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("a/b");
    fs::create_dir_all(&deep).unwrap();
    let bytes = fs::read(press_line()).unwrap();
    for name in ["1.pcap", "2.PCAP", "3.pcap.gz", "4.cap"] {
        let bytes = if name.ends_with("gz") {
            gzip(&bytes)
        } else {
            bytes.clone()
        };
        fs::write(deep.join(name), bytes).unwrap();
    }
    fs::write(dir.path().join("notes.txt"), "no capture").unwrap();
    let output = iia(&["inspect", text(dir.path())]);
    let table = out(&output);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let exchanges = |name: &str| {
        let line = table.lines().find(|line| line.contains(name)).unwrap();
        line.split_whitespace()
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(exchanges("1.pcap"), exchanges("3.pcap.gz"));
    assert_eq!(exchanges("1.pcap"), exchanges("4.cap"));
    assert!(
        table.contains("4 captures") && !table.contains("notes"),
        "{table}"
    );
}

#[test]
fn wrong_input_gets_one_line_with_a_code() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        text(&path).to_owned()
    };
    let (words, empty) = (
        file("words.pcap", b"these are words"),
        file("empty.pcap", b""),
    );
    let whole = fs::read(press_line()).unwrap();
    let cut = file("cut.pcap", whole.get(..1000).unwrap());
    let folder = dir.path().join("folder");
    fs::create_dir(&folder).unwrap();
    let (folder, nothing) = (
        text(&folder).to_owned(),
        text(&dir.path().join("nothing")).to_owned(),
    );
    for command in [
        &["inspect"][..],
        &["learn"],
        &["inspect", "--rows"],
        &["inspect", "--json"],
    ] {
        let run = |path: &str, exit, rest: &str| {
            let arguments = [command, &[path]].concat();
            refused(&arguments, exit, &format!("iia: {path}: {rest}"));
        };
        run(&words, 2, "IIA-CAP-0002: neither pcap nor pcapng");
        run(&empty, 2, "IIA-CAP-0004: the file is empty");
        run(
            &folder,
            2,
            "IIA-CAP-0005: no capture in this folder: none ends in .pcap, .pcapng or .cap, with or without .gz or .zst",
        );
        run(
            &nothing,
            2,
            "IIA-CAP-0502: cannot be opened: there is no such file or folder",
        );
    }
    let output = iia(&["inspect", &cut]);
    let line = err(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        line.starts_with(&format!("iia: {cut}: IIA-CAP-0003: ")),
        "{line}"
    );
    assert!(out(&output).contains(" packets in "), "{line}");
}

#[test]
fn one_bad_file_does_not_hide_the_good_ones() {
    let dir = tempfile::tempdir().unwrap();
    let bad = dir.path().join("bad.pcap");
    fs::write(&bad, "words").unwrap();
    let output = iia(&["inspect", text(&bad), text(&press_line())]);
    assert_eq!(output.status.code(), Some(2));
    assert!(out(&output).contains("read holding registers"));
    assert_eq!(err(&output).lines().count(), 1);
}

#[test]
fn what_is_learnt_covers_what_it_was_learnt_from() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = dir.path().join("learnt.icl");
    let learnt = iia(&["learn", text(&press_line())]);
    assert_eq!(learnt.status.code(), Some(0), "{}", err(&learnt));
    fs::write(&catalog, &learnt.stdout).unwrap();
    let sound = iia(&["config", "fmt", "--check", text(&catalog)]);
    assert_eq!(sound.status.code(), Some(0), "{}", out(&sound));
    let checked = out(&iia(&[
        "check",
        "--catalog",
        text(&catalog),
        text(&press_line()),
    ]));
    let rows = out(&iia(&["inspect", "--rows", text(&press_line())]));
    let answered = rows
        .lines()
        .filter(|row| row.contains("\tanswered\t"))
        .count();
    let covered = checked.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("covered")).then(|| words.next().unwrap().replace(',', ""))
    });
    let covered: usize = covered.map(|count| count.parse::<usize>().unwrap()).sum();
    assert!(
        covered >= answered && answered > 50,
        "{covered} {answered}: {checked}"
    );
}

#[test]
fn violations_are_told_explained_and_counted_alike() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = dir.path().join("narrow.icl");
    let learnt = out(&iia(&["learn", text(&press_line())]));
    let first_contract = learnt
        .split("\ncontract ")
        .take(2)
        .collect::<Vec<_>>()
        .join("\ncontract ");
    // What comes next begins with comments of its own.
    fs::write(&catalog, first_contract + "\n").unwrap();
    let run = |command: &[&str]| {
        let capture = press_line();
        let rest = ["--catalog", text(&catalog), text(&capture)];
        let output = iia(&[command, &rest].concat());
        assert_eq!(output.status.code(), Some(1), "{}", err(&output));
        out(&output)
    };
    let (check, explain, json) = (
        run(&["check"]),
        run(&["explain"]),
        run(&["check", "--json"]),
    );
    let sum: Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    let kinds: Vec<Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<&Value> = kinds
        .iter()
        .filter(|line| line.get("violation").is_some())
        .collect();
    let times: u64 = kinds
        .iter()
        .map(|kind| kind["times"].as_u64().unwrap())
        .sum();
    assert_eq!(sum["violations"].as_u64(), Some(times));
    assert!(check.contains("violation") && check.contains("not everything is contracted"));
    for kind in kinds.iter().take(5) {
        let reason = kind["violation"].as_str().unwrap();
        assert!(
            check.contains(reason) && explain.contains(reason),
            "{reason}"
        );
    }
    assert!(explain.contains("    mend     if "), "{explain}");
}

#[test]
fn a_report_is_written_where_it_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let (catalog, report) = (dir.path().join("c.icl"), dir.path().join("r.html"));
    fs::write(&catalog, out(&iia(&["learn", text(&press_line())]))).unwrap();
    let output = iia(&[
        "check",
        "--report",
        text(&report),
        "--catalog",
        text(&catalog),
        text(&press_line()),
    ]);
    assert!(out(&output).contains("report in "), "{}", err(&output));
    let html = fs::read_to_string(report).unwrap();
    assert!(html.starts_with("<!doctype html>") || html.starts_with("<!DOCTYPE html>"));
}

#[test]
fn every_mistake_of_a_catalog_is_shown_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bad.icl");
    let learnt = out(&iia(&["learn", text(&press_line())]));
    fs::write(&path, learnt.replacen("  client ", "  clent ", 1)).unwrap();
    let output = iia(&["check", "--catalog", text(&path), text(&press_line())]);
    let errors = err(&output);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        errors.contains("error[IIA-C031]: unknown key `clent`"),
        "{errors}"
    );
    assert!(errors.contains("did you mean `client`?"), "{errors}");
    assert!(errors.contains("; nothing was judged"), "{errors}");
    let gone = dir.path().join("gone.icl");
    let line = format!(
        "iia: {}: IIA-CFG-0550: cannot be opened: there is no such file",
        gone.display()
    );
    refused(
        &["check", "--catalog", text(&gone), text(&press_line())],
        2,
        &line,
    );
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_program_without_a_word() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_iia"))
        .args(["inspect", "--rows"])
        .args(vec![press_line(); 40])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    // Not 0: whatever the rest would have said, it was not said.
    assert_eq!(
        (output.status.code(), err(&output).as_str()),
        (Some(141), "")
    );
}

#[test]
fn a_bench_of_a_small_trace_prints_each_stage_and_a_parquet_file() {
    let dir = tempfile::tempdir().unwrap();
    let (trace, parquet) = (dir.path().join("t.pcap"), dir.path().join("o.parquet"));
    let output = iia(&[
        "bench",
        "trace",
        "--packets",
        "2000",
        "--flows",
        "10",
        text(&trace),
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let output = iia(&[
        "bench",
        "decode",
        "--rows",
        "--runs",
        "1",
        "--parquet",
        text(&parquet),
        text(&trace),
    ]);
    let rows = out(&output);
    assert_eq!(
        (output.status.code(), rows.lines().count()),
        (Some(0), 4),
        "{}",
        err(&output)
    );
    for row in rows.lines() {
        let numbers: Vec<f64> = row
            .split('\t')
            .skip(1)
            .map(|cell| cell.parse().unwrap())
            .collect();
        assert!(numbers.iter().all(|number| *number > 0.0), "{row}");
    }
    assert!(fs::read(parquet).unwrap().starts_with(b"PAR1"));
}
