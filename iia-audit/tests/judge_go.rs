//! Go's `sumdb/note` and `sumdb/tlog` read what we write, and we read what they write.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iia_audit::checkpoint::Checkpoint;
use iia_audit::log::Log;
use iia_audit::note::{self, Note, Purpose, VerifierKey};
use iia_audit::segment::Header;
use iia_audit::tree::{self, Hash};
use iia_audit::verify::{Outcome, records, verify};
use iia_core::sign::Signer as _;
use iia_core::time::Clock as _;

const SOURCES: &str = "/usr/share/gocode";

/// Builds the judge of notes and proofs.
fn judge(test: &str) -> Option<PathBuf> {
    built("notecheck", test)
}

/// Builds a judge; `None`, said aloud, where Go or its libraries are not installed.
fn built(judge: &str, test: &str) -> Option<PathBuf> {
    let library = PathBuf::from(SOURCES).join("src/golang.org/x/mod/sumdb/note");
    if Command::new("go").arg("version").output().is_err() || !library.is_dir() {
        common::skip(test, "golang-go and golang-golang-x-mod-dev");
        return None;
    }
    let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{judge}-{test}"));
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg("main.go")
        .current_dir(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/judges")
                .join(judge),
        )
        .envs([("GO111MODULE", "off"), ("GOPATH", SOURCES), ("GOFLAGS", "")])
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    Some(program)
}

fn ask(program: &PathBuf, cases: &str) -> String {
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let cases = cases.to_owned();
    let feed = std::thread::spawn(move || stdin.write_all(cases.as_bytes()));
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(
        done.status.success(),
        "{}",
        said.lines().last().unwrap_or("no word")
    );
    feed.join().unwrap().unwrap();
    said
}

/// How many cases of each kind were accepted, how many bent ones refused, how many bits Go does not look at.
fn tally(said: &str) -> BTreeMap<String, [u64; 3]> {
    let mut found: BTreeMap<String, [u64; 3]> = BTreeMap::new();
    for line in said.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let ["ok", kind, counts @ ..] = words.as_slice() else {
            continue;
        };
        let sums = found.entry((*kind).to_owned()).or_default();
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count.parse::<u64>().unwrap();
        }
    }
    found
}

fn key(purpose: Purpose, name: &str, seed: u8) -> VerifierKey {
    VerifierKey {
        name: name.into(),
        purpose,
        key: common::key(seed).public_key(),
    }
}

#[test]
fn go_accepts_our_heads_and_receipts_and_refuses_every_turned_bit() {
    let Some(program) = judge("notes") else {
        return;
    };
    let (origin, witness) = ("seg01.example/audit", "site.example/witness");
    let (log, cosigner) = (
        key(Purpose::Log, origin, 1),
        key(Purpose::Cosignature, witness, 2),
    );
    let mut cases = String::new();
    for size in [0, 1, 7, u64::from(u32::MAX), i64::MAX as u64] {
        let head = Checkpoint {
            origin: origin.into(),
            size,
            root: [size.to_le_bytes()[0]; 32],
        };
        let signed = head.sign(&common::key(1)).unwrap();
        let text = head.to_text();
        let line = note::cosign(&text, witness, &common::key(2), 1_800_000_000).unwrap();
        let (signed64, cosigned64) = (
            STANDARD.encode(&signed),
            STANDARD.encode(format!("{text}\n{line}")),
        );
        cases += &format!("note\t{}\t{signed64}\n", log.to_text());
        cases += &format!("cosig\t{}\t{cosigned64}\n", cosigner.to_text());
        ours_refuse_what_go_is_loose_about(&signed, &log);
    }
    let tally = tally(&ask(&program, &cases));
    for kind in ["note", "cosig"] {
        let [accepted, refused, loose] = tally[kind];
        // The last base64 digit of 68 bytes carries two bits that mean nothing (RFC 4648 3.5), 76 bytes: four.
        assert!(
            accepted == 5 && refused > 5 * 1000 && loose <= 5 * 4,
            "{kind} {accepted} {refused} {loose}"
        );
    }
}

/// Go's decoder passes over the unused bits of the last digit; a note of ours has one text only.
fn ours_refuse_what_go_is_loose_about(signed: &str, log: &VerifierKey) {
    for at in 0..signed.len() {
        for bit in 0..8 {
            let mut bent = signed.as_bytes().to_vec();
            bent[at] ^= 1 << bit;
            let bent = String::from_utf8(bent);
            assert!(
                bent.is_err() || Checkpoint::open(&bent.unwrap(), log).is_err(),
                "{at} {bit}"
            );
        }
    }
}

#[test]
fn go_makes_the_same_roots_and_proofs_and_refuses_every_turned_bit() {
    const SIZE: u8 = 40;
    let Some(program) = judge("proofs") else {
        return;
    };
    let data: Vec<Hash> = (0..SIZE).map(|n| [n.wrapping_mul(37); 32]).collect();
    let leaves: Vec<Hash> = data.iter().map(tree::leaf).collect();
    let mut cases = String::new();
    for size in 1..=leaves.len() {
        let part = &leaves[..size];
        let roots: Vec<Hash> = (1..=size).map(|size| tree::root(&leaves[..size])).collect();
        let (data, roots) = (data[..size].concat(), roots.concat());
        cases += &format!(
            "tree\t{}\t{}\n",
            STANDARD.encode(data),
            STANDARD.encode(roots)
        );
        for at in 0..size {
            let proof = STANDARD.encode(
                tree::inclusion(part, at as u64, part.len() as u64)
                    .unwrap()
                    .concat(),
            );
            cases += &format!("incl\t{size}\t{at}\t{proof}\n");
            let proof = STANDARD.encode(
                tree::consistency(part, at as u64 + 1, part.len() as u64)
                    .unwrap()
                    .concat(),
            );
            cases += &format!("cons\t{size}\t{}\t{proof}\n", at + 1);
        }
    }
    let tally = tally(&ask(&program, &cases));
    let pairs = u64::from(SIZE) * u64::from(SIZE + 1) / 2;
    assert_eq!(tally["tree"][0], pairs);
    for kind in ["incl", "cons"] {
        let [accepted, refused, _] = tally[kind];
        assert!(
            accepted == pairs && refused > accepted * 512,
            "{kind} {accepted} {refused}"
        );
    }
}

#[test]
fn we_accept_what_go_signs() {
    let Some(program) = judge("signs") else {
        return;
    };
    let text = "seg01.example/audit\n7\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n";
    let said = ask(
        &program,
        &format!("sign\tseg01.example/audit\t{}\n", STANDARD.encode(text)),
    );
    let words: Vec<&str> = said.trim_end().split('\t').collect();
    let ["signed", vkey, signed] = words[..] else {
        unreachable!("{said}");
    };
    let (log, signed) = (
        VerifierKey::parse(vkey).unwrap(),
        STANDARD.decode(signed).unwrap(),
    );
    let signed = String::from_utf8(signed).unwrap();
    let (head, parsed) = Checkpoint::open(&signed, &log).unwrap();
    assert_eq!((head.size, head.root, parsed.text), (7, [9; 32], text));
    ours_refuse_what_go_is_loose_about(&signed, &log);
}

#[test]
fn a_note_with_a_key_hash_and_no_signature_is_none_as_in_go() {
    for blob in ["AAAA", "AAAAAA=="] {
        let note = format!("x\n1\n\n\u{2014} a {blob}\n");
        assert!(Note::parse(&note).is_err(), "{blob}");
    }
    assert!(Note::parse("x\n1\n\n\u{2014} a AAAAAAA=\n").is_ok());
}

/// A log of many short segments: 80,000 records have tiles of three levels.
fn tiled(dir: &Path) -> Log {
    const RECORDS: usize = 80_000;
    let mut log = common::create(dir).with_segment_len(2 * 1024 * 1024);
    let events: Vec<_> = (0..2_000).map(|_| common::event("", 0)).collect();
    for _ in 0..RECORDS / events.len() {
        log.append(&events, common::clock().read()).unwrap();
    }
    log
}

#[test]
fn go_walks_our_tiles_and_makes_the_same_proofs() {
    let Some(program) = built("tilecheck", "tiles") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    drop(tiled(dir.path()));
    let audit = dir.path().join("audit");
    // Tiles reach to the beginning of the open segment, whose header states the tree.
    let mut segments: Vec<_> = fs::read_dir(audit.join("seg"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    segments.sort();
    let (header, _) = Header::decode(&fs::read(segments.last().unwrap()).unwrap()).unwrap();
    let (size, root) = (header.first, header.frontier().unwrap().root());
    assert!(size > 66_000 && segments.len() > 4, "{size}");
    let mut leaves = Vec::new();
    records(&audit, |record| {
        leaves.push(tree::leaf(record.hash.as_bytes()))
    })
    .unwrap();
    let leaves = &leaves[..usize::try_from(size).unwrap()];
    let asked: Vec<u64> = (0..40)
        .map(|n| n * 1_777 % size)
        .chain([0, 255 * 256 + 3, size - 1])
        .collect();
    let run = |tile: &Path| {
        let output = Command::new(&program)
            .arg(tile)
            .arg(size.to_string())
            .arg(STANDARD.encode(root))
            .args(asked.iter().map(u64::to_string))
            .output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    let said = run(&audit.join("tile"));
    let hex = |hash: &Hash| iia_core::digest::hex(hash);
    let ours = asked.iter().map(|record| {
        let path = tree::inclusion(leaves, *record, size).unwrap();
        let hashes: Vec<String> = path.iter().map(hex).collect();
        let leaf = hex(&leaves[usize::try_from(*record).unwrap()]);
        format!("ok {record} {leaf} {}\n", hashes.join(" "))
    });
    assert_eq!(said, ours.collect::<String>());
    // One turned bit in any tile, and what needs it is not proven.
    for tile in ["0/000", "0/255", "1/000", "2/000.p/1"] {
        let path = audit.join("tile").join(tile);
        let good = fs::read(&path).unwrap();
        let mut bent = good.clone();
        bent[7] ^= 4;
        fs::write(&path, bent).unwrap();
        assert!(run(&audit.join("tile")).contains("bad "), "{tile}");
        assert_eq!(
            verify(dir.path(), None).outcome(),
            Outcome::Failed,
            "{tile}"
        );
        fs::write(&path, good).unwrap();
    }
}
