//! A ring of captures on disk: bounded, sealed, whole after a crash, and a slice of it can be proven.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use iia_capture::ring::{
    FILE_LEN_MIN, Limits, PACKET_LEN_MAX, Ring, RingError, Seal, Slice, verify,
};
use iia_capture::source::{LinkType, Packet};
use iia_core::code::Coded;
use iia_core::{Digest, Timestamp};

const START: i64 = 1_800_000_000_000_000_000;
const MS: i64 = 1_000_000;

fn limits() -> Limits {
    Limits {
        file_len: FILE_LEN_MIN,
        file_ns: i64::MAX,
        files: 16,
        total_len: 8 * FILE_LEN_MIN,
    }
}

/// The packet with this number: its time, its length and its bytes follow from it.
fn packet(number: u64, data: &mut Vec<u8>) -> Packet<'_> {
    let len = 60 + (number * 7919 % 1400) as usize;
    data.clear();
    data.extend_from_slice(&number.to_be_bytes());
    data.extend((8..len).map(|at| (at as u64 * number) as u8));
    Packet {
        ts: at(number),
        link: LinkType::ETHERNET,
        orig_len: len as u32 + (number % 3) as u32,
        data,
    }
}

fn at(number: u64) -> Timestamp {
    Timestamp::from_ns(START + number as i64 * MS + (number % 1000) as i64)
}

fn fill(ring: &mut Ring, numbers: std::ops::Range<u64>) {
    let mut data = Vec::new();
    for number in numbers {
        ring.push(&packet(number, &mut data)).unwrap();
    }
}

/// The numbers of the packets of a capture, read by the reader of this crate.
fn numbers(bytes: &[u8]) -> Vec<u64> {
    let mut source = iia_capture::source::pcap::PcapSource::open(bytes).unwrap();
    let mut found = Vec::new();
    let mut data = Vec::new();
    while let Some(read) = source.next_packet().unwrap() {
        let number = u64::from_be_bytes(*read.data.first_chunk().unwrap());
        let want = packet(number, &mut data);
        assert_eq!(read, want);
        found.push(number);
    }
    found
}

fn bytes_in(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).unwrap();
    files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum()
}

fn skip(test: &str, missing: &str) {
    assert!(
        std::env::var_os("IIA_REQUIRE_ALL").is_none(),
        "{test} needs {missing}"
    );
    eprintln!("SKIPPED: {test}: {missing}");
}

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

#[test]
fn files_are_closed_by_size_and_the_oldest_go() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        files: 5,
        total_len: 4 * FILE_LEN_MIN,
        ..limits()
    };
    let mut ring = Ring::open(folder.path(), limits).unwrap();
    let mut told = Vec::new();
    let mut data = Vec::new();
    for number in 0..30_000 {
        ring.push(&packet(number, &mut data)).unwrap();
        told.extend(std::iter::from_fn(|| ring.poll_sealed()));
        if number % 1000 == 0 {
            assert!(bytes_in(folder.path()) <= limits.total_len);
        }
    }
    ring.seal().unwrap();
    told.extend(std::iter::from_fn(|| ring.poll_sealed()));
    assert!(told.len() > 8 && ring.removed() > 4);
    assert_eq!(told.iter().map(|seal| seal.packets).sum::<u64>(), 30_000);
    let mut previous = Digest::ZERO;
    for (number, seal) in told.iter().enumerate() {
        assert_eq!((seal.number, seal.previous), (number as u64, previous));
        assert!(seal.len <= limits.file_len && !seal.recovered);
        previous = seal.digest();
    }
    let kept: Vec<Seal> = ring.seals().copied().collect();
    assert!(told.ends_with(&kept));
    let mut whole = Vec::new();
    for seal in &kept {
        let bytes = fs::read(ring.path(seal.number)).unwrap();
        assert_eq!(bytes.len() as u64, seal.len);
        whole.extend(numbers(&bytes));
    }
    let first = *whole.first().unwrap();
    assert!(whole.iter().copied().eq(first..30_000));
    // Two files for each that is kept, and the lock.
    let files = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 2 * kept.len() + 1);
}

#[test]
fn files_are_closed_by_time_also_when_clocks_are_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        file_ns: 100 * MS,
        ..limits()
    };
    let mut ring = Ring::open(folder.path(), limits).unwrap();
    fill(&mut ring, 0..250);
    ring.turn(at(260)).unwrap();
    assert_eq!(ring.seals().count(), 2);
    ring.turn(at(301)).unwrap();
    assert_eq!(ring.seals().count(), 3);
    // Nothing came since: there is nothing to close.
    ring.turn(at(1000)).unwrap();
    ring.seal().unwrap();
    assert_eq!(ring.seals().count(), 3);
    fill(&mut ring, 1000..1001);
    fill(&mut ring, 899..900);
    ring.lose(5);
    ring.seal().unwrap();
    ring.lose(2);
    fill(&mut ring, 901..902);
    ring.seal().unwrap();
    let said: Vec<_> = ring.seals().map(|seal| (seal.packets, seal.lost)).collect();
    assert_eq!(said[3..], [(1, 0), (1, 5), (1, 2)]);
}

#[test]
fn a_link_that_is_new_begins_a_file_whose_head_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut ring = Ring::open(folder.path(), limits()).unwrap();
    for link in [1u16, 101, 1, 276, 101].map(LinkType) {
        let packet = Packet {
            ts: at(1),
            link,
            orig_len: 4,
            data: &link.0.to_be_bytes().repeat(2),
        };
        ring.push(&packet).unwrap();
    }
    ring.seal().unwrap();
    let mut links = Vec::new();
    for seal in ring.seals() {
        let bytes = fs::read(ring.path(seal.number)).unwrap();
        let mut source = iia_capture::source::pcap::PcapSource::open(&bytes[..]).unwrap();
        while let Some(packet) = source.next_packet().unwrap() {
            assert_eq!(packet.data, packet.link.0.to_be_bytes().repeat(2));
            links.push((seal.number, packet.link.0));
        }
    }
    assert_eq!(links, [(0, 1), (1, 101), (1, 1), (2, 276), (2, 101)]);
}

#[test]
fn what_is_too_large_is_refused_and_the_rest_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mut ring = Ring::open(folder.path(), limits()).unwrap();
    let data = vec![7; PACKET_LEN_MAX + 1];
    let mut packet = Packet {
        ts: at(0),
        link: LinkType::ETHERNET,
        orig_len: 0,
        data: &data,
    };
    let code = ring.push(&packet).unwrap_err().code().to_string();
    assert_eq!(code, "IIA-CAP-0421");
    packet.data = &data[1..];
    ring.push(&packet).unwrap();
    packet.data = &data[..60];
    for link in 0..16 {
        packet.link = LinkType(link);
        ring.push(&packet).unwrap();
    }
    packet.link = LinkType(16);
    assert!(matches!(
        ring.push(&packet),
        Err(RingError::TooLarge { max: 16 })
    ));
    ring.seal().unwrap();
    assert_eq!(ring.seals().map(|seal| seal.packets).sum::<u64>(), 17);
    for bad in [
        Limits {
            file_len: FILE_LEN_MIN - 1,
            ..limits()
        },
        Limits {
            file_ns: 0,
            ..limits()
        },
        Limits {
            files: 1,
            ..limits()
        },
        Limits {
            total_len: 2 * FILE_LEN_MIN - 1,
            ..limits()
        },
    ] {
        let refused = Ring::open(folder.path(), bad).map(|_| ()).unwrap_err();
        assert_eq!(refused.code().to_string(), "IIA-CAP-0420");
    }
    // Another ring has the folder.
    let refused = Ring::open(folder.path(), limits()).map(|_| ()).unwrap_err();
    assert_eq!(refused.code().to_string(), "IIA-CAP-0520");
}

/// A folder with one sealed file and one that is being written, of which the disk has everything.
fn crashed(folder: &Path) -> PathBuf {
    let mut ring = Ring::open(folder, limits()).unwrap();
    fill(&mut ring, 0..100);
    ring.seal().unwrap();
    fill(&mut ring, 100..400);
    ring.flush(true).unwrap();
    ring.path(1)
}

#[test]
fn a_file_cut_anywhere_is_read_up_to_the_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = crashed(folder.path());
    let whole = fs::read(&path).unwrap();
    let last = whole.len() - 3000;
    let cuts = (0..200)
        .chain((200..last).step_by(4099))
        .chain((last..=whole.len()).step_by(7));
    for cut in cuts {
        let _sealed = fs::remove_file(path.with_extension("seal"));
        fs::write(&path, &whole[..cut]).unwrap();
        let mut ring = Ring::open(folder.path(), limits()).unwrap();
        let told = ring.poll_sealed();
        assert!(told.is_none_or(|seal| seal.recovered && seal.number == 1));
        let seals: Vec<Seal> = ring.seals().copied().collect();
        let Some(seal) = seals.get(1) else {
            assert!(!path.exists() && cut < 1600, "{cut}");
            continue;
        };
        let bytes = fs::read(&path).unwrap();
        assert_eq!(bytes, &whole[..bytes.len()]);
        assert!(bytes.len() <= cut && cut - bytes.len() < 1600);
        let found = numbers(&bytes);
        assert!(found.iter().copied().eq(100..100 + seal.packets));
        assert_eq!(seal.previous, seals[0].digest());
        // It goes on behind it.
        fill(&mut ring, 400..402);
        ring.seal().unwrap();
        assert_eq!(ring.seals().last().unwrap().number, 2);
        fs::remove_file(ring.path(2)).unwrap();
    }
}

#[test]
fn a_file_that_is_bent_is_read_up_to_the_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = crashed(folder.path());
    let whole = fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(1013) {
        let _sealed = fs::remove_file(path.with_extension("seal"));
        let mut bent = whole.clone();
        bent[at] ^= 0x40;
        fs::write(&path, &bent).unwrap();
        let ring = Ring::open(folder.path(), limits()).unwrap();
        if let Some(seal) = ring.seals().nth(1) {
            let bytes = fs::read(&path).unwrap();
            assert_eq!((bytes.len() as u64, seal.recovered), (seal.len, true));
            assert!(bytes.len() == whole.len() || bytes.len() <= at, "{at}");
        }
    }
}

#[test]
fn a_seal_that_is_bent_or_alone_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = crashed(folder.path());
    drop(Ring::open(folder.path(), limits()).unwrap());
    let seal = path.with_extension("seal");
    let mut bytes = fs::read(&seal).unwrap();
    let (middle, before) = (bytes.len() / 2, bytes.clone());
    bytes[middle] ^= 1;
    fs::write(&seal, &bytes).unwrap();
    fs::write(path.with_extension("part"), b"unfinished").unwrap();
    fs::write(folder.path().join("note.txt"), b"mine").unwrap();
    let ring = Ring::open(folder.path(), limits()).unwrap();
    // The same leaves again, and the same seal.
    assert_eq!(fs::read(&seal).unwrap(), before);
    assert!(!path.with_extension("part").exists());
    drop(ring);
    fs::remove_file(&path).unwrap();
    let ring = Ring::open(folder.path(), limits()).unwrap();
    assert_eq!(ring.seals().count(), 1);
    assert!(!seal.exists() && folder.path().join("note.txt").exists());
}

#[test]
fn a_writer_that_is_killed_loses_only_what_it_had_not_handed_over() {
    const HERE: &str = "IIA_RING_FOLDER";
    if let Some(folder) = std::env::var_os(HERE) {
        let mut ring = Ring::open(Path::new(&folder), limits()).unwrap();
        let mut data = Vec::new();
        for number in 0.. {
            ring.push(&packet(number, &mut data)).unwrap();
            if number % 500 == 499 {
                ring.flush(false).unwrap();
                fs::write(Path::new(&folder).join("flushed"), number.to_string()).unwrap();
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let name = "a_writer_that_is_killed_loses_only_what_it_had_not_handed_over";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(HERE, folder.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let flushed = || -> Option<u64> {
        let text = fs::read_to_string(folder.path().join("flushed")).ok()?;
        text.parse().ok()
    };
    while flushed().is_none_or(|flushed| flushed < 9_000) {
        assert!(child.try_wait().unwrap().is_none());
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // The note itself may be cut short by the kill; what it said before holds.
    let promised = flushed().unwrap_or(9_000).min(9_000);
    let ring = Ring::open(folder.path(), limits()).unwrap();
    let mut found = Vec::new();
    for seal in ring.seals() {
        found.extend(numbers(&fs::read(ring.path(seal.number)).unwrap()));
    }
    assert!(found.iter().copied().eq(0..found.len() as u64));
    assert!(found.len() as u64 > promised);
    assert!(ring.seals().last().unwrap().recovered);
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
