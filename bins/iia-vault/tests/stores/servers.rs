//! Stores on loopback: a real one, and two that accept Object Lock and do not enforce it. Each ends with the test.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a store may take to answer for the first time.
const START: Duration = Duration::from_secs(180);

/// A store that runs.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// Access key and secret of the vault.
    pub(crate) keys: String,
    pub(crate) dir: TempDir,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        // The script of the real store ends with its input, and everything with it; the others are killed.
        drop(self.child.stdin.take());
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::yield_now();
        }
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What a test says that cannot run here: aloud, and as a failure where everything is required.
fn skip(test: &str, missing: &str) {
    let line = format!("SKIPPED: {test}: {missing}");
    let all = std::env::var_os("IIA_REQUIRE_ALL").is_some_and(|all| all == "1");
    assert!(!all, "{line}");
    let _closed = std::io::Write::write_all(&mut std::io::stderr(), format!("{line}\n").as_bytes());
}

pub(crate) fn python() -> PathBuf {
    let own = root().join("target/venv/bin/python3");
    std::env::var_os("IIA_PYTHON").map_or(own, PathBuf::from)
}

fn runs(program: &Path, arguments: &[&str]) -> bool {
    let done = Command::new(program).args(arguments).output();
    done.is_ok_and(|done| done.status.success())
}

/// Three free ports in a row.
fn port() -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if first < u16::MAX - 2 && free(first + 1) && free(first + 2) {
            return first;
        }
    }
}

/// The real store, one for all tests of this program.
pub(crate) fn real(test: &str) -> Option<&'static Server> {
    static STORE: OnceLock<Option<Server>> = OnceLock::new();
    let store = STORE.get_or_init(|| {
        let there = ["radosgw", "ceph-mon", "ceph-osd"]
            .iter()
            .all(|one| runs(Path::new(one), &["--version"]));
        (there && runs(&python(), &["-c", "import boto3, blake3, cryptography"])).then(start_real)
    });
    if store.is_none() {
        skip(
            test,
            "radosgw, ceph-mon, ceph-osd and a Python with boto3, blake3 and cryptography (./test needs)",
        );
    }
    store.as_ref()
}

fn start_real() -> Server {
    let (dir, port) = (tempfile::tempdir().unwrap(), port());
    let mut child = Command::new(root().join("scripts/radosgw"))
        .args([dir.path().as_os_str(), port.to_string().as_ref()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.map_while(Result::ok).any(|line| line == "ready");
    assert!(ready, "the store does not start; see its logs");
    let keys = fs::read_to_string(dir.path().join("vault.keys")).unwrap();
    Server {
        port,
        keys,
        dir,
        child,
    }
}

/// A server that makes AWS look-alikes for tests of other programs.
pub(crate) fn moto(test: &str) -> Option<Server> {
    if !runs(&python(), &["-c", "import boto3, moto.server"]) {
        skip(test, "a Python with moto and boto3 (./test needs)");
        return None;
    }
    let port = port();
    let mut command = Command::new(python());
    command.args([
        "-m",
        "moto.server",
        "-H",
        "127.0.0.1",
        "-p",
        &port.to_string(),
    ]);
    Some(start(command, port, "testing testing"))
}

/// A small store of files.
pub(crate) fn s3rver(test: &str) -> Option<Server> {
    let program = root().join("target/s3rver/node_modules/.bin/s3rver");
    if !runs(&program, &["--version"]) {
        skip(test, "s3rver in target/s3rver (./test needs)");
        return None;
    }
    let (port, dir) = (port(), tempfile::tempdir().unwrap());
    let mut command = Command::new(program);
    command
        .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-d"])
        .arg(dir.path());
    let mut server = start(command, port, "S3RVER S3RVER");
    server.dir = dir;
    Some(server)
}

fn start(mut command: Command, port: u16, keys: &str) -> Server {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Server {
        port,
        keys: keys.into(),
        dir: tempfile::tempdir().unwrap(),
        child,
    };
    let until = Instant::now() + START;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < until, "the store does not start");
        std::thread::yield_now();
    }
    server
}

impl Server {
    /// Runs Python with boto3 as whoever holds the vault's own credentials; `s3` is the client.
    pub(crate) fn attacker(&self, program: &str) -> String {
        let (id, secret) = self.keys.trim().split_once(' ').unwrap();
        let port = self.port;
        let begin = format!(
            "import boto3, datetime, botocore\n\
             from botocore.exceptions import ClientError\n\
             s3 = boto3.client('s3', endpoint_url='http://127.0.0.1:{port}', aws_access_key_id='{id}',\n\
             \x20   aws_secret_access_key='{secret}', region_name='us-east-1')\n"
        );
        let done = Command::new(python())
            .args(["-c", &(begin + program)])
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{told}");
        String::from_utf8(done.stdout).unwrap()
    }

    pub(crate) fn make_bucket(&self, name: &str, locked: bool) {
        let lock = if locked {
            ", ObjectLockEnabledForBucket=True"
        } else {
            ""
        };
        self.attacker(&format!("s3.create_bucket(Bucket='{name}'{lock})"));
    }
}

/// Writes a secret as its owner's alone.
pub(crate) fn keep_secret(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}
