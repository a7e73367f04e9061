//! The README as a new operator walks it: issuer, three workloads, a fourth that is refused, one that falls.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const TEST: &str = "the_readme_holds_as_it_stands";
/// How long the whole way may take, in seconds: the ten minutes of its title are for whoever reads.
const WAIT_SECS: &str = "120";

fn skip(missing: &str) {
    let line = format!("SKIPPED: {TEST}: {missing}\n");
    let all = std::env::var_os("IIA_REQUIRE_ALL");
    assert!(all.is_none_or(|all| all != "1"), "{line}");
    let _closed = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
}

/// The blocks of the README that a shell runs, one after the other.
fn script() -> String {
    let page = include_str!("../README.md");
    let blocks = page.split("```sh\n").skip(1);
    let blocks: Vec<&str> = blocks
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert_eq!(blocks.len(), 5);
    format!("set -e -o pipefail\n{}", blocks.concat())
}

/// The folder of the programs that were built; what is not there yet is built now.
fn programs() -> PathBuf {
    let agent = Path::new(env!("CARGO_BIN_EXE_iia-agent"));
    for name in ["iia", "iia-apply"] {
        if !agent.with_file_name(name).exists() {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let built = Command::new(cargo)
                .args(["build", "--locked", "--offline", "-p", name])
                .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
                .status();
            assert!(built.unwrap().success(), "{name}");
        }
    }
    agent.parent().unwrap().to_path_buf()
}

/// What other users need in the environment to run a Python that has the client: the one of the tests itself, or
/// where that lies in somebody's home the system's own, in an environment below `dir`, with the same packages.
fn python_of_others(dir: &Path) -> Option<Vec<(&'static str, String)>> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/venv/bin/python3");
    let python = std::env::var("IIA_PYTHON").unwrap_or_else(|_| own.into());
    let (programs, path) = (programs(), std::env::var("PATH").unwrap());
    let with = |first: &str| ("PATH", format!("{}:{first}:{path}", programs.display()));
    let asked = Command::new(&python)
        .args([
            "-c",
            "import sysconfig; print(sysconfig.get_path('purelib'))",
        ])
        .output();
    let packages = String::from_utf8(asked.ok()?.stdout).unwrap();
    let packages = ("PYTHONPATH", packages.trim().to_owned());
    let venv = Path::new(&python).parent().unwrap().display().to_string();
    let bare = dir.join("python");
    let _made_or_absent = Command::new("/usr/bin/python3")
        .args(["-m", "venv", "--without-pip"])
        .arg(&bare)
        .output();
    let bare = bare.join("bin").display().to_string();
    [vec![with(&venv)], vec![with(&bare), packages]]
        .into_iter()
        .find(|environment| {
            let tried = Command::new("setpriv")
                .args(["--reuid", "2001", "--regid", "2001", "--clear-groups"])
                .args(["python3", "-c", "import spiffe"])
                .envs(environment.iter().cloned())
                .current_dir("/")
                .stderr(Stdio::null())
                .status();
            tried.is_ok_and(|status| status.success())
        })
}

fn walk(dir: &Path, environment: Vec<(&str, String)>) -> Output {
    // Whatever happens, nothing of it outlives the test: a group of its own, ended as a whole.
    let text = format!(
        "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{}",
        script()
    );
    let mut command = Command::new("timeout");
    command
        .args(["--kill-after=5", WAIT_SECS, "bash", "-c"])
        .arg(text);
    command
        .envs(environment)
        .current_dir(dir)
        .stdin(Stdio::null());
    command.output().unwrap()
}

#[test]
fn the_readme_holds_as_it_stands() {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return skip("root, who starts processes of other users");
    }
    if Command::new("setpriv").arg("--version").output().is_err() {
        return skip("setpriv and unshare (util-linux)");
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let Some(environment) = python_of_others(dir.path()) else {
        return skip("a Python with spiffe that other users may run");
    };
    let done = walk(dir.path(), environment);
    let log = std::fs::read_to_string(dir.path().join("agent.log")).unwrap_or_default();
    let (said, error) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    let all = format!("{said}\n{error}\n{log}");
    assert!(done.status.success(), "{all}");
    three_have_their_own(&said, &all);
    the_fourth_is_refused_in_words(&said, &all);
    one_falls_and_two_go_on(dir.path(), &all);
    secrets_are_the_owners(dir.path());
    what_was_changed_on_disk_is_not_believed(dir.path());
}

fn three_have_their_own(said: &str, all: &str) {
    for (user, zone) in [(2001, "collect"), (2002, "lake"), (2003, "audit")] {
        let line = format!("{user} spiffe://iia.local/zone/{zone}/workload/w until ");
        assert!(said.contains(&line), "{line}\n{all}");
    }
}

fn the_fourth_is_refused_in_words(said: &str, all: &str) {
    assert!(
        said.contains("2004 ends: gRPC error: StatusCode.PERMISSION_DENIED"),
        "{all}"
    );
    let why = "FetchX509SVID refused: IIA-IDN-0145 no registration entry fits, so no contract names this process";
    let line = said
        .lines()
        .find(|line| line.contains(why) && line.contains("user 2004"));
    assert!(
        line.is_some_and(|line| line.contains("which wants unix:uid:200")),
        "{all}"
    );
}

fn one_falls_and_two_go_on(dir: &Path, all: &str) {
    let log = |user: u32| std::fs::read_to_string(dir.join(format!("{user}.log"))).unwrap();
    assert!(
        log(2001).ends_with("2001 ends: gRPC error: StatusCode.PERMISSION_DENIED\n"),
        "{all}"
    );
    for user in [2002, 2003] {
        let (text, agent) = (
            log(user),
            std::fs::read_to_string(dir.join("agent.log")).unwrap(),
        );
        assert!(!text.contains("PERMISSION_DENIED"), "{text}");
        assert!(
            !agent.contains(&format!("refused: IIA-IDN-0145: process of user {user}")),
            "{agent}"
        );
    }
}

fn secrets_are_the_owners(dir: &Path) {
    let keys = dir.join("box/keys/authority");
    for entry in std::fs::read_dir(&keys).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(
            path.metadata().unwrap().mode() & 0o777,
            0o600,
            "{}",
            path.display()
        );
    }
    assert_eq!(keys.metadata().unwrap().mode() & 0o777, 0o700);
}

fn what_was_changed_on_disk_is_not_believed(dir: &Path) {
    let kept = std::fs::read_dir(dir.join("box/evidence/config")).unwrap();
    let mut changed = 0;
    for entry in kept {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        // One more who is the collector: the user that was refused.
        let other = text.replace("user 2002", "user 2004");
        changed += usize::from(other != text);
        std::fs::write(&path, other).unwrap();
    }
    assert!(changed > 0);
    let done = Command::new(env!("CARGO_BIN_EXE_iia-agent"))
        .args(["--dir", "box", "--socket", "again.sock"])
        .current_dir(dir)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&done.stderr);
    assert!(!done.status.success() && error.contains("ERROR"), "{error}");
    assert!(!dir.join("again.sock").exists());
}
