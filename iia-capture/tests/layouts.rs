//! Fields that no capture has and tshark does not know: bytes from the standards (`layouts/*.txt`), and what other implementations of
//! a protocol say that they wrote (`judges/*.py`, in the same form).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod made;
mod oracle;
mod truth;

use std::path::Path;
use std::process::Command;

use made::Capture;
use made::layouts::{Layout, parse, texts};

/// The values that are told of a field, in the order of the frames.
fn told(layout: &Layout, folder: &Path) -> impl Fn(&str) -> Vec<String> {
    let mut capture = Capture::default();
    layout.frames.iter().for_each(|frame| capture.add(frame));
    let path = folder.join("made.pcap");
    capture.write(&path);
    let told = truth::ours(&path);
    move |name| {
        let named = told.iter().filter(|(place, _)| place.1 == name);
        named.flat_map(|(_, values)| values.clone()).collect()
    }
}

/// What is not told as it should be.
fn wrong(of: &str, text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let layouts = parse(text);
    assert!(!layouts.is_empty(), "{of}");
    let mut wrong = Vec::new();
    for layout in &layouts {
        let told = told(layout, folder.path());
        let mut names: Vec<&str> = layout.told.iter().map(|pair| pair.0.as_str()).collect();
        names.dedup();
        for name in names {
            let want = layout.told.iter().filter(|pair| pair.0 == name);
            let want: Vec<_> = want.map(|pair| pair.1.clone()).collect();
            let here = told(name);
            if here != want {
                wrong.push(format!("{of} {name}: {here:?} and not {want:?}"));
            }
        }
    }
    wrong
}

#[test]
fn bytes_of_the_standards_are_told_as_they_say() {
    let texts = texts();
    let all = texts
        .iter()
        .flat_map(|(decoder, text)| wrong(decoder, text));
    assert_eq!(all.collect::<Vec<_>>(), [""; 0]);
}

/// Whether a package of Python is there; says so aloud when it is not.
fn there(test: &str, module: &str) -> bool {
    let import = format!("import {module}");
    let output = Command::new("python3").args(["-c", &import]).output();
    let there = output.is_ok_and(|output| output.status.success());
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(
        there || !all,
        "{test}: the Python package {module} is missing"
    );
    if !there {
        eprintln!("SKIPPED: {test}: the Python package {module}");
    }
    there
}

/// Holds what a judge in Python prints, and the list of the fields in it.
fn judged((script, module): (&str, &str), list: &str, test: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges");
    if !there(test, module) {
        return;
    }
    let output = Command::new("python3").arg(folder.join(script)).output();
    let output = output.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{script}: {errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(wrong(script, &text), [""; 0]);
    let layouts = parse(&text).into_iter();
    let told = layouts.flat_map(|layout| layout.told);
    truth::hold_list(list, &told.map(|(name, _)| name).collect());
}

#[test]
fn payloads_of_sparkplug_are_told_as_protocol_buffers_say() {
    let test = "payloads_of_sparkplug_are_told_as_protocol_buffers_say";
    judged(("sparkplug.py", "google.protobuf"), "protobuf.txt", test);
}

#[test]
fn uplinks_are_told_as_the_network_server_describes_them() {
    let test = "uplinks_are_told_as_the_network_server_describes_them";
    judged(
        ("uplinks.py", "chirpstack_api"),
        "network-servers.txt",
        test,
    );
}

#[test]
fn network_messages_are_told_as_another_publisher_wrote_them() {
    let test = "network_messages_are_told_as_another_publisher_wrote_them";
    judged(("network_messages.py", "asyncua"), "asyncua.txt", test);
}
