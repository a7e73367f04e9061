//! Secrets at rest and in the hands of workloads: never plain on a disk, and each workload has only its own.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use iia_core::SpiffeId;
use iia_core::sign::KeyOrigin;
use iia_identity::secrets::{SecretStore, SecretsError, SoftwareKeeper};

const INSIDE: &str = "IIA_SECRETS_INSIDE";
const LAKE_USER: (u32, u32) = (64_001, 64_001);
const BUS_USER: (u32, u32) = (64_002, 64_002);

fn lake() -> SpiffeId {
    "spiffe://iia.local/zone/lake/workload/lake_writer"
        .parse()
        .unwrap()
}

fn bus() -> SpiffeId {
    "spiffe://iia.local/zone/bus/workload/relay"
        .parse()
        .unwrap()
}

#[test]
fn what_is_put_in_comes_out_for_its_owner_alone() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("store");
    let store = SecretStore::create(&dir, &SoftwareKeeper).unwrap();
    assert!(
        SecretStore::create(&dir, &SoftwareKeeper).is_err(),
        "there is one"
    );
    store.put(&lake(), "broker", b"one").unwrap();
    store.put(&lake(), "broker", b"two").unwrap();
    store.put(&lake(), "empty", b"").unwrap();
    let store = SecretStore::open(&dir, &SoftwareKeeper).unwrap();
    assert_eq!(&*store.get(&lake(), "broker").unwrap(), b"two");
    assert_eq!(store.names(&lake()).unwrap(), ["broker", "empty"]);
    assert_eq!(store.names(&bus()).unwrap(), Vec::<String>::new());
    assert!(store.get(&bus(), "broker").is_err());
    // Somebody who may write to the disk gives one workload's secret to another, or under another name.
    fs::create_dir_all(dir.join("bus/relay")).unwrap();
    let stolen = dir.join("lake/lake_writer/broker.age");
    fs::copy(&stolen, dir.join("bus/relay/broker.age")).unwrap();
    fs::copy(&stolen, dir.join("lake/lake_writer/other.age")).unwrap();
    for (owner, name) in [(bus(), "broker"), (lake(), "other")] {
        assert_eq!(store.get(&owner, name), Err(SecretsError::NotTheirs));
    }
    let sealed = fs::read(&stolen).unwrap();
    for at in 0..sealed.len() {
        let mut bent = sealed.clone();
        bent[at] ^= 1;
        fs::write(&stolen, &bent).unwrap();
        assert!(store.get(&lake(), "broker").is_err(), "byte {at}");
        fs::write(&stolen, &sealed[..at]).unwrap();
        assert!(store.get(&lake(), "broker").is_err(), "cut at {at}");
    }
}

#[test]
fn a_store_without_a_tpm_says_so_in_every_piece_of_evidence() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("store");
    let made = SecretStore::create(&dir, &SoftwareKeeper)
        .unwrap()
        .evidence();
    let opened = SecretStore::open(&dir, &SoftwareKeeper).unwrap().evidence();
    for evidence in [made, opened] {
        assert_eq!(evidence.origin, KeyOrigin::Software);
        assert!(evidence.to_string().contains("SOFTWARE, not by hardware"));
    }
    let key = fs::read_to_string(dir.join("key")).unwrap();
    assert!(
        key.starts_with("iia secret store 1, key kept by software\n"),
        "{key}"
    );
    assert_eq!(
        fs::metadata(dir.join("key")).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        fs::metadata(&dir).unwrap().permissions().mode() & 0o777,
        0o700
    );
}

#[test]
fn limits_hold_at_max_and_one_over() {
    let place = tempfile::tempdir().unwrap();
    let store = SecretStore::create(&place.path().join("store"), &SoftwareKeeper).unwrap();
    let put = |name: &str, len| store.put(&lake(), name, &vec![7; len]);
    assert!(put("long", 64 * 1024).is_ok());
    assert_eq!(store.get(&lake(), "long").unwrap().len(), 64 * 1024);
    assert!(matches!(
        put("long", 64 * 1024 + 1),
        Err(SecretsError::TooMuch { .. })
    ));
    for (name, fits) in [
        ("a".repeat(64), true),
        ("a".repeat(65), false),
        (String::new(), false),
        ("../x".into(), false),
        ("A".into(), false),
        (".age".into(), false),
        ("a/b".into(), false),
    ] {
        assert_eq!(put(&name, 1).is_ok(), fits, "{name}");
    }
    for number in 2..64 {
        put(&format!("s{number}"), 1).unwrap();
    }
    assert!(matches!(
        put("one-more", 1),
        Err(SecretsError::TooMuch { max: 64, .. })
    ));
    assert!(put("s2", 2).is_ok(), "an older one may be replaced");
    let nobody = "spiffe://iia.local".parse().unwrap();
    assert_eq!(store.put(&nobody, "x", b""), Err(SecretsError::BadName));
}

#[test]
fn the_age_program_reads_what_we_wrote_and_we_read_what_it_wrote() {
    let test = "the_age_program_reads_what_we_wrote_and_we_read_what_it_wrote";
    if Command::new("age").arg("--version").output().is_err() {
        return common::skip(test, "age");
    }
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("store");
    let store = SecretStore::create(&dir, &SoftwareKeeper).unwrap();
    store.put(&lake(), "broker", b"a secret\n").unwrap();
    // The key file is an identity file of age after its first line.
    let key = fs::read_to_string(dir.join("key")).unwrap();
    let identity = place.path().join("identity");
    fs::write(&identity, key.lines().nth(1).unwrap()).unwrap();
    let file = dir.join("lake/lake_writer/broker.age");
    let run = |program: &str, words: &[&str]| {
        let done = Command::new(program).args(words).output().unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        String::from_utf8(done.stdout).unwrap()
    };
    let (identity, path) = (identity.to_str().unwrap(), file.to_str().unwrap());
    let head = format!("iia secret 1\n{}\nbroker\n", lake());
    assert_eq!(
        run("age", &["-d", "-i", identity, path]),
        format!("{head}a secret\n")
    );
    let recipient = run("age-keygen", &["-y", identity]);
    let plain = place.path().join("plain");
    fs::write(&plain, format!("{head}by the program")).unwrap();
    run(
        "age",
        &["-r", recipient.trim(), "-o", path, plain.to_str().unwrap()],
    );
    assert_eq!(&*store.get(&lake(), "broker").unwrap(), b"by the program");
}

#[test]
fn a_workload_reads_its_own_secrets_and_no_others() {
    if moved("a_workload_reads_its_own_secrets_and_no_others") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let store = SecretStore::create(&place.path().join("store"), &SoftwareKeeper).unwrap();
    store.put(&lake(), "broker", b"of the lake").unwrap();
    store.put(&bus(), "broker", b"of the bus").unwrap();
    let broker = named(["broker"]);
    // Not in memory: refused before anything is written.
    let refused = store.hand_over((&lake(), &broker), LAKE_USER, place.path());
    assert_eq!(refused, Err(SecretsError::NotInMemory));
    let memory = memory(place.path());
    let lakes = store
        .hand_over((&lake(), &broker), LAKE_USER, &memory)
        .unwrap();
    let buses = store
        .hand_over((&bus(), &broker), BUS_USER, &memory)
        .unwrap();
    let reads = |user: (u32, u32), file: &Path| {
        let done = Command::new("setpriv")
            .args([format!("--reuid={}", user.0), format!("--regid={}", user.1)])
            .args(["--clear-groups", "--no-new-privs", "--inh-caps=-all", "cat"])
            .arg(file)
            .output()
            .unwrap();
        done.status.success().then_some(done.stdout)
    };
    let (lakes_file, buses_file) = (lakes.join("broker"), buses.join("broker"));
    assert_eq!(reads(LAKE_USER, &lakes_file), Some(b"of the lake".to_vec()));
    assert_eq!(reads(BUS_USER, &buses_file), Some(b"of the bus".to_vec()));
    assert_eq!(reads(LAKE_USER, &buses_file), None);
    assert_eq!(reads(BUS_USER, &lakes_file), None);
    // In a mount namespace with its own directory alone, another's is not even there.
    let alone = Command::new("unshare")
        .args(["-m", "--propagation", "private", "sh", "-c"])
        .arg("mkdir $1/own && mount --bind $2 $1/own && mount -t tmpfs none $3 && ls $3 && cat $1/own/broker && ! ls $2")
        .arg("sh")
        .args([place.path(), &lakes, &memory])
        .output()
        .unwrap();
    assert!(
        alone.status.success(),
        "{}",
        String::from_utf8_lossy(&alone.stderr)
    );
    assert_eq!(alone.stdout, b"of the lake");
    // What is not named stays in the store, and where one is missing there is none.
    store.put(&lake(), "other", b"not asked for").unwrap();
    store
        .hand_over((&lake(), &broker), LAKE_USER, &memory)
        .unwrap();
    assert_eq!(fs::read_dir(&lakes).unwrap().count(), 1);
    let missing = store.hand_over((&lake(), &named(["broker", "nowhere"])), LAKE_USER, &memory);
    let name = "nowhere".into();
    assert_eq!(missing, Err(SecretsError::Missing { name }));
    assert!(!lakes.exists());
    // A new start has what is in the store now, and an end leaves nothing.
    store.put(&lake(), "broker", b"newer").unwrap();
    store
        .hand_over((&lake(), &broker), LAKE_USER, &memory)
        .unwrap();
    assert_eq!(reads(LAKE_USER, &lakes_file), Some(b"newer".to_vec()));
    SecretStore::withdraw(&lake(), &memory).unwrap();
    assert!(!lakes.exists() && buses.exists());
    SecretStore::withdraw(&lake(), &memory).unwrap();
}

#[test]
fn no_secret_is_ever_plain_on_the_disk() {
    if moved("no_secret_is_ever_plain_on_the_disk") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let (image, disk) = (place.path().join("image"), place.path().join("disk"));
    fs::create_dir(&disk).unwrap();
    fs::File::create(&image).unwrap().set_len(16 << 20).unwrap();
    does(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image));
    does(
        Command::new("mount")
            .args(["-o", "loop"])
            .args([&image, &disk]),
    );
    let memory = memory(place.path());
    let canary =
        |owner: &str, number: u32| format!("canary-{owner}-{number}-77c1b0e4").into_bytes();
    let store = SecretStore::create(&disk.join("store"), &SoftwareKeeper).unwrap();
    for number in 0..16 {
        let name = format!("s{number}");
        store.put(&lake(), &name, &canary("lake", number)).unwrap();
        store.put(&bus(), &name, &canary("bus", number)).unwrap();
        store
            .put(&lake(), &name, &canary("lake", number + 100))
            .unwrap();
    }
    let store = SecretStore::open(&disk.join("store"), &SoftwareKeeper).unwrap();
    let names = named((0..16).map(|number| format!("s{number}")));
    for (owner, user) in [(lake(), LAKE_USER), (bus(), BUS_USER)] {
        let dir = store.hand_over((&owner, &names), user, &memory).unwrap();
        assert_eq!(fs::read_dir(dir).unwrap().count(), 16);
    }
    assert_eq!(
        fs::read(memory.join("bus.relay/s3")).unwrap(),
        canary("bus", 3)
    );
    SecretStore::withdraw(&lake(), &memory).unwrap();
    // This is what would be found, were it there.
    fs::write(disk.join("witness"), b"canary-of-the-test-itself").unwrap();
    does(Command::new("sync").arg("-f").arg(&disk));
    does(Command::new("umount").arg(&disk));
    let whole = fs::read(&image).unwrap();
    let found = whole.windows(7).filter(|window| window == b"canary-");
    assert_eq!(found.count(), 1, "only the witness");
}

fn named<T: Into<String>>(names: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    names.into_iter().map(Into::into).collect()
}

/// A tmpfs of the test's own, where others may pass and not look.
fn memory(place: &Path) -> PathBuf {
    // The workload has to reach what is handed to it.
    fs::set_permissions(place, fs::Permissions::from_mode(0o711)).unwrap();
    let memory = place.join("memory");
    fs::create_dir(&memory).unwrap();
    does(
        Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m,mode=0711", "none"])
            .arg(&memory),
    );
    memory
}

fn does(command: &mut Command) {
    let done = command.output().unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// Runs this test again in a mount namespace of its own; `false` when that is where it runs already.
fn moved(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return false;
    }
    let can = |words: &[&str]| {
        let (program, words) = words.split_first().unwrap();
        let mut command = Command::new(program);
        let command = command
            .args(words)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !can(&["unshare", "-m", "true"]) {
        common::skip(test, "the right to a mount namespace");
        return true;
    }
    for program in ["mkfs.ext4", "setpriv", "losetup"] {
        if !can(&["sh", "-c", &format!("command -v {program}")]) {
            common::skip(test, program);
            return true;
        }
    }
    let inside = Command::new("unshare")
        .args(["-m", "--propagation", "private"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .status();
    assert!(inside.unwrap().success());
    true
}
