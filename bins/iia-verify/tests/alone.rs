//! The program alone: linked statically, small, in an empty root and a network of its own, it says what it says elsewhere.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use iia_audit::log::{Log, Submission};
use iia_audit::note::{Purpose, VerifierKey};
use iia_audit::policy::Policy;
use iia_core::Timestamp;
use iia_core::event::{Event, EventKind};
use iia_core::sign::{Signer as _, SoftwareKey};
use iia_core::time::{Clock as _, ManualClock};

/// Bytes that it may have.
const LEN_MAX: u64 = 5_000_000;

/// Builds it as it is to be handed to an auditor.
fn build(into: &Path) -> PathBuf {
    let target = if cfg!(target_env = "gnu") {
        "gnu"
    } else {
        "musl"
    };
    let target = format!("{}-unknown-linux-{target}", std::env::consts::ARCH);
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--locked",
            "-p",
            "iia-verify",
            "--target",
            &target,
        ])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .env("CARGO_TARGET_DIR", into)
        .env("CARGO_PROFILE_RELEASE_STRIP", "true")
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .stderr(Stdio::inherit())
        .status();
    assert!(status.unwrap().success());
    into.join(target).join("release/iia-verify")
}

fn evidence(dir: &Path) -> VerifierKey {
    let (key, other) = (
        SoftwareKey::from_seed(&[1; 32].into()),
        SoftwareKey::from_seed(&[2; 32].into()),
    );
    let named = |name: &str, purpose, key: &SoftwareKey| VerifierKey {
        name: name.into(),
        purpose,
        key: key.public_key(),
    };
    let policy = Policy {
        log: named("seg01/audit", Purpose::Log, &key),
        witnesses: vec![named("site/witness", Purpose::Cosignature, &other)],
        quorum: 1,
        mirrors: Vec::new(),
    };
    let clock = ManualClock::new(Timestamp::from_secs(1_800_000_000));
    let mut log = Log::create(&dir.join("audit"), &policy, &key, clock.read()).unwrap();
    let source = "spiffe://iia.local/zone/a/workload/b".parse().unwrap();
    let event = Event::new(EventKind::Finding, clock.read().wall).with("reason", "forbidden write");
    log.append(&[Submission { source, event }], clock.read())
        .unwrap();
    log.publish_head(&key).unwrap();
    policy.log
}

fn alone(root: &Path, arguments: &[&str]) -> Output {
    let chroot = Command::new("unshare")
        .args(["--net", "--mount", "--root"])
        .arg(root)
        .arg("/iia-verify")
        .args(arguments)
        .output();
    chroot.unwrap()
}

#[test]
fn r_aud_11_it_runs_in_an_empty_root_without_a_network() {
    let may = Command::new("unshare")
        .args(["--net", "--mount", "true"])
        .stderr(Stdio::null())
        .status();
    if !may.is_ok_and(|status| status.success()) {
        let line =
            "SKIPPED: r_aud_11_it_runs_in_an_empty_root_without_a_network: the right to namespaces";
        assert!(
            std::env::var_os("IIA_REQUIRE_ALL").is_none_or(|all| all != "1"),
            "{line}"
        );
        let _closed = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
        return;
    }
    let built = build(Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../target/static"
    )));
    let len = fs::metadata(&built).unwrap().len();
    assert!(len < LEN_MAX, "{len} bytes");
    let root = tempfile::tempdir().unwrap();
    fs::copy(&built, root.path().join("iia-verify")).unwrap();
    let key = evidence(&root.path().join("evidence")).to_text();
    let names: Vec<_> = fs::read_dir(root.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let good = alone(root.path(), &["/evidence", "--key", &key]);
    let said = String::from_utf8_lossy(&good.stdout).into_owned();
    assert!(
        said.contains("seg01/audit") && !said.contains("FAILED"),
        "{said} {good:?}"
    );
    // The same program on the same evidence here.
    let here = Command::new(env!("CARGO_BIN_EXE_iia-verify"))
        .arg(root.path().join("evidence"))
        .args(["--key", &key])
        .output()
        .unwrap();
    assert_eq!(good.status.code(), here.status.code());
    // One turned bit, and it names the record.
    let segment = root.path().join("evidence/audit/seg/0000000000000000.iia");
    let mut bytes = fs::read(&segment).unwrap();
    let at = bytes
        .windows(9)
        .position(|part| part == b"forbidden")
        .unwrap();
    bytes
        .iter_mut()
        .skip(at)
        .take(1)
        .for_each(|byte| *byte ^= 1);
    fs::write(&segment, bytes).unwrap();
    let bad = alone(root.path(), &["/evidence", "--key", &key]);
    let said = String::from_utf8_lossy(&bad.stdout).into_owned();
    assert!(said.contains("record 0"), "{said}");
    assert_ne!(bad.status.code(), good.status.code());
}
