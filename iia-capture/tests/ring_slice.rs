//! A slice of a ring: a part of what was sealed, with nothing of its range left out, for us and for other readers.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod kept;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use iia_capture::ring::{Ring, Seal, Slice, verify};
use iia_core::Digest;
use iia_core::code::Coded;
use kept::{at, fill, limits, numbers, packet, skip};

fn judge(arguments: &[&str]) -> Option<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/ring.py");
    let has = Command::new("python3")
        .args(["-c", "import blake3"])
        .output();
    if !has.is_ok_and(|output| output.status.success()) {
        return None;
    }
    let output = Command::new("python3").arg(script).args(arguments).output();
    let output = output.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A ring of several files, and its packets' numbers.
fn several(folder: &Path) -> Ring {
    let mut ring = Ring::open(folder, limits()).unwrap();
    fill(&mut ring, 0..12_000);
    ring.seal().unwrap();
    assert!(ring.seals().count() >= 4);
    ring
}

#[test]
fn a_slice_is_a_part_and_whole() {
    let folder = tempfile::tempdir().unwrap();
    let ring = several(folder.path());
    let edge = ring.seals().next().unwrap().packets;
    for (from, to) in [
        (500, 501),
        (500, 900),
        (0, 12_000),
        (edge - 5, edge + 5),
        (edge, edge + 1),
        (11_990, 13_000),
        (700, 700),
        (20_000, 30_000),
    ] {
        let mut bytes = Vec::new();
        let slice = ring.slice((at(from), at(to)), &mut bytes).unwrap();
        assert_eq!(Slice::from_json(&slice.to_json()).unwrap(), slice);
        let verified = verify(&bytes, &slice).unwrap();
        let want: BTreeSet<u64> = (from..to.min(12_000)).collect();
        assert_eq!(verified.packets, want.len() as u64, "{from} {to}");
        if bytes.is_empty() {
            assert!(want.is_empty());
            continue;
        }
        let found = numbers(&bytes);
        assert_eq!(found.len() as u64, verified.packets + verified.around);
        assert!(found.is_sorted() && want.is_subset(&found.iter().copied().collect()));
        // At most one leaf more on each side.
        assert!(verified.around < 2 * 1200, "{}", verified.around);
        let seals: Vec<Digest> = ring.seals().map(Seal::digest).collect();
        assert!(verified.seals.iter().all(|one| seals.contains(one)));
    }
}

#[test]
fn nothing_can_be_changed_left_out_or_added() {
    let folder = tempfile::tempdir().unwrap();
    let ring = several(folder.path());
    let mut bytes = Vec::new();
    let slice = ring.slice((at(2_000), at(7_000)), &mut bytes).unwrap();
    assert!(slice.parts.len() >= 3);
    let refused = |bytes: &[u8], slice: &Slice| {
        verify(bytes, slice)
            .map(|_| ())
            .unwrap_err()
            .code()
            .to_string()
    };
    for place in (0..bytes.len()).step_by(40_009) {
        let mut bent = bytes.clone();
        bent[place] ^= 1;
        assert_eq!(refused(&bent, &slice), "IIA-CAP-0121");
    }
    assert_eq!(refused(&bytes[..bytes.len() - 4], &slice), "IIA-CAP-0121");
    assert_eq!(
        refused(&[&bytes[..], &[0; 4]].concat(), &slice),
        "IIA-CAP-0121"
    );
    // A part in the middle left out, with its bytes.
    let lens: Vec<usize> = slice
        .parts
        .iter()
        .map(|part| part.lens.iter().map(|len| *len as usize).sum())
        .collect();
    let mut less = slice.clone();
    less.parts.remove(1);
    let rest = [&bytes[..lens[0]], &bytes[lens[0] + lens[1]..]].concat();
    assert_eq!(refused(&rest, &less), "IIA-CAP-0220");
    // An honest slice of less than is claimed.
    let mut few = Vec::new();
    let mut claimed = ring.slice((at(3_000), at(3_001)), &mut few).unwrap();
    assert!(verify(&few, &claimed).is_ok());
    (claimed.from, claimed.to) = (slice.from, slice.to);
    assert_eq!(refused(&few, &claimed), "IIA-CAP-0122");
    // Another seal, also one that only says another number of packets, is another file.
    let mut other = slice.clone();
    other.parts[0].seal.packets += 1;
    assert_eq!(refused(&bytes, &other), "IIA-CAP-0220");
    for change in [
        |slice: &mut Slice| slice.parts[0].first += 1,
        |slice: &mut Slice| slice.parts[0].first = 0,
        |slice: &mut Slice| slice.parts[0].lens.clear(),
        |slice: &mut Slice| slice.parts[0].seal.leaves = u32::MAX,
        |slice: &mut Slice| slice.parts[0].beside.truncate(1),
        |slice: &mut Slice| slice.parts[0].lens[1] -= 4,
    ] {
        let mut other = slice.clone();
        change(&mut other);
        other.parts.truncate(1);
        assert_eq!(refused(&bytes, &other), "IIA-CAP-0121");
    }
}

#[test]
fn a_sealed_file_that_was_changed_gives_no_slice() {
    let folder = tempfile::tempdir().unwrap();
    let ring = several(folder.path());
    let path = ring.path(1);
    let whole = fs::read(&path).unwrap();
    let slice = || {
        ring.slice((at(0), at(12_000)), &mut Vec::new())
            .map(|_| ())
            .map_err(|error| error.code().to_string())
    };
    assert_eq!(slice(), Ok(()));
    for place in [9, 70, whole.len() / 2, whole.len() - 1] {
        let mut bent = whole.clone();
        bent[place] ^= 1;
        fs::write(&path, &bent).unwrap();
        assert_eq!(slice(), Err("IIA-CAP-0120".into()));
    }
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(slice(), Err("IIA-CAP-0120".into()));
    fs::write(&path, &whole).unwrap();
    fs::write(path.with_extension("seal"), b"IIASEAL1").unwrap();
    assert_eq!(slice(), Err("IIA-CAP-0020".into()));
}

#[test]
fn a_second_reader_agrees_on_seals_and_slices() {
    let folder = tempfile::tempdir().unwrap();
    let ring = several(folder.path());
    let Some(said) = judge(&["seals", folder.path().to_str().unwrap()]) else {
        return skip(
            "a_second_reader_agrees_on_seals_and_slices",
            "the package blake3 of Python",
        );
    };
    let digests: Vec<String> = ring.seals().map(|seal| seal.digest().to_string()).collect();
    assert_eq!(said.lines().collect::<Vec<_>>(), digests);
    let [capture, proof] = ["slice.pcapng", "slice.json"].map(|name| folder.path().join(name));
    for (from, to) in [(500, 501), (1_000, 9_000), (0, 12_000)] {
        let mut bytes = Vec::new();
        let slice = ring.slice((at(from), at(to)), &mut bytes).unwrap();
        let verified = verify(&bytes, &slice).unwrap();
        fs::write(&capture, &bytes).unwrap();
        fs::write(&proof, slice.to_json()).unwrap();
        let arguments = ["slice", capture.to_str().unwrap(), proof.to_str().unwrap()];
        let said = judge(&arguments).unwrap();
        let mut lines = said.lines();
        let counts = format!("{} {}", verified.packets, verified.around);
        assert_eq!(lines.next(), Some(counts.as_str()));
        let digests: Vec<String> = verified.seals.iter().map(Digest::to_string).collect();
        assert_eq!(lines.collect::<Vec<_>>(), digests);
    }
}

#[test]
fn other_programs_read_files_and_slices() {
    let folder = tempfile::tempdir().unwrap();
    let mut ring = Ring::open(folder.path(), limits()).unwrap();
    fill(&mut ring, 0..4_000);
    ring.seal().unwrap();
    let mut bytes = Vec::new();
    ring.slice((at(0), at(4_000)), &mut bytes).unwrap();
    let slice = folder.path().join("slice.pcapng");
    fs::write(&slice, &bytes).unwrap();
    let mut read = Vec::new();
    for path in [ring.path(0), ring.path(1), slice] {
        let fields = [
            "-e",
            "frame.time_epoch",
            "-e",
            "frame.len",
            "-e",
            "frame.cap_len",
        ];
        let output = Command::new("tshark")
            .arg("-r")
            .arg(path)
            .args(["-T", "fields"])
            .args(fields)
            .output();
        let Ok(output) = output else {
            return skip("other_programs_read_files_and_slices", "tshark");
        };
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        read.push(text.lines().map(str::to_owned).collect::<Vec<_>>());
    }
    let mut data = Vec::new();
    let want: Vec<String> = (0..4_000)
        .map(|number| {
            let packet = packet(number, &mut data);
            let ns = packet.ts.as_ns();
            let seconds = format!("{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000);
            format!("{seconds}\t{}\t{}", packet.orig_len, packet.data.len())
        })
        .collect();
    assert_eq!([&read[0][..], &read[1][..]].concat(), want);
    assert_eq!(read[2], want);
}
