//! tshark asked for fields that the tables beside the captures do not have.

use std::fs::{File, create_dir_all};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::oracle;

/// The version whose names and habits the explanations are about.
const VERSION: &str = "TShark (Wireshark) 4.0.";

/// Says that a test cannot run; fails where everything must.
pub fn skip(test: &str) {
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|value| value == "1");
    assert!(!all, "{test}: tshark 4.0 is missing");
    eprintln!("SKIPPED: {test}: tshark 4.0");
}

/// A folder like the corpus, with some captures, all as of one protocol, and tables of these fields; none without the
/// right tshark.
pub fn tables(
    corpus: &Path,
    which: impl Fn(&Path, &str) -> bool,
    (protocol, filter): (&str, &str),
    fields: &[&str],
) -> Option<TempDir> {
    let version = Command::new("tshark").arg("--version").output().ok()?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    if !version.starts_with(VERSION) {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut manifest = String::from("path\n");
    for (path, _) in oracle::manifest(corpus)
        .iter()
        .filter(|row| which(&row.0, &row.1))
    {
        let capture = corpus.join(path).canonicalize().unwrap();
        let here = folder.path().join(path);
        create_dir_all(here.parent().unwrap().join("expected/tshark")).unwrap();
        std::os::unix::fs::symlink(&capture, &here).unwrap();
        let table = table(&capture, filter, fields);
        let name = format!("{}.tsv.gz", here.file_name().unwrap().to_str().unwrap());
        let file = File::create(here.parent().unwrap().join("expected/tshark").join(name)).unwrap();
        let mut gzip = GzEncoder::new(file, Compression::fast());
        gzip.write_all(&table).unwrap();
        gzip.finish().unwrap();
        manifest.push_str(&format!("{}\t\t\t\t\t\t{protocol}\n", path.display()));
    }
    std::fs::write(folder.path().join("MANIFEST.tsv"), manifest).unwrap();
    Some(folder)
}

fn table(capture: &Path, filter: &str, fields: &[&str]) -> Vec<u8> {
    let first = [
        "frame.number",
        "frame.time_epoch",
        "ip.src",
        "tcp.srcport",
        "udp.srcport",
        "_ws.malformed",
    ];
    let mut command = Command::new("tshark");
    command
        .args(["-E", "header=y", "-T", "fields", "-Y", filter, "-r"])
        .arg(capture);
    for field in first.iter().chain(fields) {
        command.args(["-e", field]);
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}
