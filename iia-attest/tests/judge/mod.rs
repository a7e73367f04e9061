//! Other programs that read the same: tshark, and libraries of Python.
#![allow(dead_code, reason = "every test file uses some of it")]

use std::path::{Path, PathBuf};
use std::process::Command;

use iia_attest::io::wire::Data;

/// Says that a test cannot run here; fails where all must.
pub(crate) fn skip(test: &str, what: &str) {
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(!all, "{test}: {what}");
    eprintln!("SKIPPED: {test}: {what}");
}

/// The captures beside the repository.
pub(crate) fn corpus(test: &str, folder: &str) -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let root = std::env::var_os("IIA_CORPUS").map_or(beside, PathBuf::from);
    let mut found = Vec::new();
    let sources = std::fs::read_dir(root.join(folder)).into_iter().flatten();
    for source in sources.map(|entry| entry.unwrap().path()) {
        let files = std::fs::read_dir(source).unwrap();
        found.extend(files.map(|entry| entry.unwrap().path()).filter(|path| {
            path.extension()
                .is_some_and(|end| end == "pcap" || end == "pcapng")
        }));
    }
    found.sort();
    if found.is_empty() {
        skip(test, "the corpus");
    }
    found
}

/// What tshark writes.
pub(crate) fn tshark(test: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    match Command::new("tshark").args(arguments).output() {
        Ok(output) => {
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{arguments:?}: {error}");
            Some(output.stdout)
        }
        Err(_) => {
            skip(test, "tshark");
            None
        }
    }
}

/// The fields of the frames that a filter lets pass, all occurrences of each; the first is the frame's number.
pub(crate) fn fields(
    test: &str,
    file: &Path,
    filter: &str,
    names: &[&str],
) -> Option<Vec<(usize, Vec<Vec<String>>)>> {
    let mut arguments = vec!["-r", file.to_str().unwrap(), "-Y", filter, "-T", "fields"];
    arguments.extend(["-E", "occurrence=a", "-e", "frame.number"]);
    names.iter().for_each(|name| arguments.extend(["-e", name]));
    let text = String::from_utf8(tshark(test, &arguments)?).unwrap();
    let row = |line: &str| {
        let mut cells = line.split('\t');
        let number = cells.next().unwrap().parse().unwrap();
        let all = |cell: &str| -> Vec<String> {
            cell.split(',')
                .filter(|one| !one.is_empty())
                .map(Into::into)
                .collect()
        };
        (number, cells.map(all).collect())
    };
    Some(text.lines().map(row).collect())
}

/// The frames of a capture of any form, as tshark converts it.
pub(crate) fn frames(test: &str, file: &Path) -> Option<Vec<(i64, Vec<u8>)>> {
    let bytes = tshark(
        test,
        &["-r", file.to_str().unwrap(), "-F", "pcap", "-w", "-"],
    )?;
    Some(read_pcap(&bytes))
}

/// The packets of a classic capture file.
pub(crate) fn read_pcap(bytes: &[u8]) -> Vec<(i64, Vec<u8>)> {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let unit = match word(0) {
        0xa1b2_c3d4 => 1_000,
        0xa1b2_3c4d => 1,
        other => panic!("no classic capture: {other:#x}"),
    };
    let (mut at, mut all) = (24, Vec::new());
    while at < bytes.len() {
        let (secs, part, len) = (word(at), word(at + 4), word(at + 8) as usize);
        let ns = i64::from(secs) * 1_000_000_000 + i64::from(part) * unit;
        all.push((ns, bytes[at + 16..at + 16 + len].to_vec()));
        at += 16 + len;
    }
    all
}

/// A classic capture file of frames of Ethernet.
pub(crate) fn write_pcap(path: &Path, frames: &[Vec<u8>]) {
    let mut bytes = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
        bytes.extend(word.to_le_bytes());
    }
    for (number, frame) in (0u32..).zip(frames) {
        let len = u32::try_from(frame.len()).unwrap();
        for word in [number, 0, len, len] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(frame);
    }
    std::fs::write(path, bytes).unwrap();
}

/// A Python that has `module`.
pub(crate) fn python(test: &str, module: &str) -> Option<PathBuf> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python");
    let python = std::env::var_os("IIA_PYTHON").map_or_else(|| own.into(), PathBuf::from);
    let imports = Command::new(&python)
        .args(["-c", &format!("import {module}")])
        .output();
    if imports.is_ok_and(|done| done.status.success()) {
        return Some(python);
    }
    skip(
        test,
        &format!("a Python with {module} (IIA_PYTHON or target/venv)"),
    );
    None
}

/// What a program of Python prints.
pub(crate) fn run(python: &Path, script: &str, arguments: &[&str]) -> String {
    let output = Command::new(python)
        .arg(script)
        .args(arguments)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .filter_map(|digit| Some(u8::try_from(digit.to_digit(16)?).unwrap()))
        .collect();
    digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// A capture file of frames made here.
pub(crate) fn made(name: &str, frames: &[Vec<u8>]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    write_pcap(&path, frames);
    path
}

/// The registers or bits of a piece of memory.
pub(crate) fn values(data: Data<'_>) -> Vec<u16> {
    match data {
        Data::Bits(bits, count) => (0..usize::from(count))
            .map(|bit| u16::from(bits[bit / 8] >> (bit % 8) & 1))
            .collect(),
        Data::Bytes(bytes) => bytes
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
            .collect(),
    }
}
