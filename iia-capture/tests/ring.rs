//! A ring of captures on disk: bounded, sealed, and whole after a crash.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod kept;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use iia_capture::ring::{FILE_LEN_MIN, Limits, PACKET_LEN_MAX, Ring, RingError, Seal};
use iia_capture::source::{LinkType, Packet};
use iia_core::Digest;
use iia_core::code::Coded;
use kept::{MS, at, fill, limits, numbers, packet};

fn bytes_in(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).unwrap();
    files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum()
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
