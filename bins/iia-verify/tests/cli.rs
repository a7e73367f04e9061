//! The program as an auditor runs it: exit codes, words, and a log that was rolled back together with its receipts.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use iia_audit::bundle::Show;
use iia_audit::checkpoint::Checkpoint;
use iia_audit::fork::Fork;
use iia_audit::log::{Log, Submission};
use iia_audit::note::{self, Purpose, VerifierKey};
use iia_audit::policy::Policy;
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::sign::{Signer as _, SoftwareKey};
use iia_core::time::{Clock as _, ManualClock, Reading};

const WITNESS: &str = "site.example/witness";

fn key(seed: u8) -> SoftwareKey {
    SoftwareKey::from_seed(&[seed; 32].into())
}

fn named(name: &str, purpose: Purpose, seed: u8) -> VerifierKey {
    VerifierKey {
        name: name.into(),
        purpose,
        key: key(seed).public_key(),
    }
}

fn now() -> Reading {
    ManualClock::new(Timestamp::from_secs(1_800_000_000)).read()
}

/// A box's evidence; the log is signed with the key of `seed`.
struct Evidence {
    log: Log,
    seed: u8,
}

impl Evidence {
    fn create(dir: &Path, name: &str, seed: u8) -> Self {
        let policy = Policy {
            log: named(name, Purpose::Log, seed),
            witnesses: vec![named(WITNESS, Purpose::Cosignature, 2)],
            quorum: 1,
            mirrors: Vec::new(),
        };
        let log = Log::create(&dir.join("audit"), &policy, &key(seed), now()).unwrap();
        Self { log, seed }
    }

    fn append(&mut self, event: Event) {
        let source = "spiffe://iia.local/zone/a/workload/b".parse().unwrap();
        self.log
            .append(&[Submission { source, event }], now())
            .unwrap();
    }

    fn head(&mut self) -> String {
        self.log.publish_head(&key(self.seed)).unwrap()
    }

    /// Publishes a head and keeps its receipt; gives origin, size and root in one line.
    fn witnessed(&mut self) -> String {
        let head = self.head();
        let (text, _) = head.split_once("\n\n").unwrap();
        let text = format!("{text}\n");
        let line = note::cosign(&text, WITNESS, &key(2), 1_800_000_060).unwrap();
        self.log.keep_receipt(&format!("{head}{line}")).unwrap();
        text.lines().collect::<Vec<_>>().join(" ")
    }
}

fn event(kind: EventKind) -> Event {
    Event::new(kind, Timestamp::from_secs(5))
}

fn verify(arguments: &[&str], dir: &Path) -> (i32, String) {
    let Output { status, stdout, .. } = Command::new(env!("CARGO_BIN_EXE_iia-verify"))
        .args(arguments)
        .arg(dir)
        .output()
        .unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn each_answer_has_its_exit_code() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("evidence");
    let mut log = Evidence::create(&dir, "seg01/audit", 1);
    log.append(event(EventKind::Finding));
    log.witnessed();
    let own = named("seg01/audit", Purpose::Log, 1).to_text();
    let other = named("seg01/audit", Purpose::Log, 3).to_text();
    for (arguments, want, words) in [
        (&["--key", own.as_str()][..], 0, "VERIFIED"),
        (&[], 0, "pin it with --key"),
        (&["--key", &other], 1, "the log's key is not the one given"),
        (&["--json"], 0, "\"outcome\":\"verified\""),
        (&["--key", "nonsense"], 2, ""),
        (&["--above", "/nonexistent"], 2, "holds no audit directory"),
    ] {
        let (code, said) = verify(arguments, &dir);
        assert_eq!(code, want, "{arguments:?}: {said}");
        assert!(said.contains(words), "{said}");
    }
    let (code, said) = verify(&[], place.path());
    assert_eq!(code, 2);
    assert!(said.contains("did you mean"), "{said}");
    log.append(event(EventKind::Finding));
    let (code, said) = verify(&[], &dir);
    assert_eq!(code, 3, "{said}");
    let segment = dir.join("audit/seg/0000000000000000.iia");
    let mut bytes = fs::read(&segment).unwrap();
    // Behind the last record is room.
    let last = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    *bytes.get_mut(last).unwrap() ^= 1;
    fs::write(&segment, bytes).unwrap();
    let (code, said) = verify(&[], &dir);
    assert_eq!(code, 1);
    assert!(said.contains("first bad record 1"), "{said}");
}

#[test]
fn a_table_is_verified_alone() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("evidence");
    let mut log = Evidence::create(&dir, "seg01/audit", 1);
    log.append(event(EventKind::Finding));
    log.append(event(EventKind::Finding));
    log.witnessed();
    let file = place.path().join("log.parquet");
    let table = || {
        let mut bytes = Vec::new();
        iia_audit::table::make(
            &dir,
            |_| Show::Whole,
            |piece| bytes.extend_from_slice(piece),
        )
        .unwrap();
        bytes
    };
    let good = table();
    fs::write(&file, &good).unwrap();
    let key = named("seg01/audit", Purpose::Log, 1).to_text();
    let key = ["--key", key.as_str()];
    let (code, said) = verify(&key, &file);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("PROVEN AND WITNESSED") && said.contains("all from the first on"),
        "{said}"
    );
    assert_eq!(verify(&[], &file).0, 3);
    let (_, said) = verify(&[key[0], key[1], "--json"], &file);
    assert!(
        said.contains("\"outcome\":\"proven_and_witnessed\""),
        "{said}"
    );
    let (_, said) = verify(&[key[0], key[1], "--records"], &file);
    assert_eq!(said.matches(" finding spiffe://").count(), 2, "{said}");
    let mut bent = good.clone();
    let at = bent.windows(7).position(|word| word == b"finding").unwrap();
    *bent.get_mut(at).unwrap() ^= 1;
    fs::write(&file, &bent).unwrap();
    let (code, said) = verify(&key, &file);
    assert_eq!(code, 1);
    assert!(said.starts_with("FAILED     rows record 0"), "{said}");
    log.append(event(EventKind::Finding));
    log.head();
    fs::write(&file, table()).unwrap();
    let (code, said) = verify(&key, &file);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("PROVEN, NOT WITNESSED"), "{said}");
}

#[test]
fn a_log_rolled_back_with_its_receipts_is_missed_by_the_next_box_up() {
    let place = tempfile::tempdir().unwrap();
    let (dir, older, above) = (
        place.path().join("seg01"),
        place.path().join("older"),
        place.path().join("site"),
    );
    let mut log = Evidence::create(&dir, "seg01/audit", 1);
    let mut site = Evidence::create(&above, "site/audit", 4);
    let mut witness = |head: String| {
        let event = event(EventKind::HeadWitnessed).with("head", head);
        site.append(event.with("outcome", "cosigned"));
        site.witnessed();
    };
    log.append(event(EventKind::Finding));
    witness(log.witnessed());
    copy(&dir, &older);
    log.append(event(EventKind::ContractViolation));
    witness(log.witnessed());

    let with_above = ["--above", above.to_str().unwrap()];
    assert_eq!(verify(&with_above, &dir).0, 0);
    assert_eq!(verify(&[], &older).0, 0, "alone it holds together");
    let (code, said) = verify(&with_above, &older);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("the end is missing"), "{said}");

    let segment = above.join("audit/seg/0000000000000000.iia");
    let mut bytes = fs::read(&segment).unwrap();
    *bytes.get_mut(200).unwrap() ^= 1;
    fs::write(&segment, bytes).unwrap();
    let (code, said) = verify(&with_above, &dir);
    assert_eq!(
        code, 1,
        "a box above whose own evidence does not hold says nothing"
    );
    assert!(said.contains("site"), "{said}");
}

#[test]
fn a_file_that_cannot_be_asked_and_one_that_fails_have_their_codes() {
    let place = tempfile::tempdir().unwrap();
    let key = named("seg01/audit", Purpose::Log, 1).to_text();
    for (text, arguments, want, words) in [
        (
            "c2sp.org/tlog-proof@v1\n",
            &[][..],
            2,
            "a proof needs the log's --key",
        ),
        (
            "c2sp.org/tlog-proof@v1\n",
            &["--key", key.as_str()],
            1,
            "not a tlog proof",
        ),
        (
            "hello\n",
            &["--key", &key],
            1,
            "does not begin as a bundle, a table or a proof does",
        ),
        (
            "hello\n",
            &["--seal-key", "x"],
            2,
            "are asked of an evidence directory",
        ),
    ] {
        let path = place.path().join("file");
        fs::write(&path, text).unwrap();
        let (code, said) = verify(arguments, &path);
        assert_eq!(code, want, "{arguments:?}: {said}");
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_fork_is_proven_by_the_logs_key_alone() {
    let dir = tempfile::tempdir().unwrap();
    let log = named("seg01/audit", Purpose::Log, 1);
    let head = |root| Checkpoint {
        origin: log.name.clone(),
        size: 7,
        root: [root; 32],
    };
    let signed = |root| head(root).sign(&key(1)).unwrap();
    let fork = Fork::of(&signed(1), &signed(2), &log).unwrap();
    let file = dir.path().join("fork");
    fs::write(&file, fork.to_text()).unwrap();
    let (code, said) = verify(&["--key", &log.to_text()], &file);
    assert!(
        code == 0 && said.contains("two different histories of 7 records"),
        "{said}"
    );
    let other = named("seg01/audit", Purpose::Log, 2).to_text();
    let (code, said) = verify(&["--key", &other], &file);
    assert!(code == 1 && said.contains("FAILED"), "{said}");
    // Without a key anybody could have made both.
    assert_eq!(verify(&[], &file).0, 2);
}

#[test]
fn a_copy_is_verified_without_the_files_that_it_has_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Evidence::create(dir.path(), "seg01", 1);
    let named = event(EventKind::ArtifactStaged).with("path", "config/one.icl");
    log.append(named.with("digest", format!("b3:{}", "0".repeat(64))));
    log.head();
    assert_eq!(verify(&[], dir.path()).0, 1);
    let (code, said) = verify(&["--log-only"], dir.path());
    assert!(
        code == 3 && said.contains("files      not looked at"),
        "{said}"
    );
}
