//! Runs the demo's own program, one at a time on this machine, because the example boxes have fixed addresses.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use iia::lake_report::word;
use iia_core::store::{Cursor, Siphon as _};
use iia_core::stream::Stream;
use iia_lake::{Lake, Options, ipc};

const ENDS_IN: Duration = Duration::from_secs(120);
/// Where the demo's own errors go, beside its run.
const ERRORS: &str = "errors";

/// The demo's process, which ends with the test that started it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Its roles end when it is gone.
        let _over = self.0.kill();
        let _over = self.0.wait();
    }
}

/// A run of the demo; its directory and its claim on the addresses live as long as it does.
pub(crate) struct Demo {
    child: Running,
    dir: tempfile::TempDir,
    lines: Vec<String>,
    _only_one: File,
}

impl Demo {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(arguments, &[])
    }

    /// The same with an environment.
    pub(crate) fn start_in(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_prepared(|| (), arguments, environment)
    }

    /// The same with something that is done as soon as the addresses are free.
    pub(crate) fn start_prepared(
        prepare: impl FnOnce(),
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        Self::start_with(prepare, (&[], arguments), environment)
    }

    /// The same, started by a program that puts it where it belongs and then becomes it.
    pub(crate) fn start_by(by: &[&str], arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_with(|| (), (by, arguments), environment)
    }

    fn start_with(
        prepare: impl FnOnce(),
        (by, arguments): (&[&str], &[&str]),
        environment: &[(&str, &str)],
    ) -> Self {
        let only_one = Self::claim();
        prepare();
        let dir = tempfile::tempdir().unwrap();
        // Others may pass, who are the users of its roles.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let program = env!("CARGO_BIN_EXE_iia-box");
        let mut words = by.iter().copied().chain([program]);
        let child = Command::new(words.next().unwrap())
            .args(words)
            .arg("demo")
            .args(arguments)
            .arg("--dir")
            .arg(dir.path().join("run"))
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(File::create(dir.path().join(ERRORS)).unwrap())
            .spawn()
            .unwrap();
        Self {
            child: Running(child),
            dir,
            lines: Vec::new(),
            _only_one: only_one,
        }
    }

    /// The claim on the addresses of the example boxes, as long as it is held.
    pub(crate) fn claim() -> File {
        let only_one = File::create(std::env::temp_dir().join("iia-demo.lock")).unwrap();
        only_one.lock().unwrap();
        only_one
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.0.id()
    }

    /// Every process of the demo that runs now.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let mut all = vec![self.pid()];
        all.extend(children_of(self.pid()));
        all
    }

    /// A program that is to run where the boxes are: in their network namespace, when they have one of their own.
    pub(crate) fn inside(&self, program: &str) -> Command {
        let network = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/net")).unwrap();
        let pid = self.pid().to_string();
        let mut command = match network(&pid) == network("self") {
            true => return Command::new(program),
            false => Command::new("nsenter"),
        };
        command
            .args([
                "--user",
                "--net",
                "--preserve-credentials",
                "--target",
                &pid,
            ])
            .arg(program)
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    }

    /// The evidence of a box while it runs.
    pub(crate) fn evidence(&self, name: &str) -> PathBuf {
        self.dir.path().join("run").join(name).join("evidence")
    }

    /// Whether the next line has these words.
    pub(crate) fn next_contains(&mut self, words: &str) -> bool {
        self.until("");
        self.lines.last().unwrap().contains(words)
    }

    /// Every process ends at once, as when the plug is pulled: nobody notices that another is gone. What a role has started
    /// ends with it.
    pub(crate) fn pull_the_plug(mut self) -> Finished {
        signal("STOP", self.child.0.id());
        let roles = children_of(self.child.0.id());
        let theirs: Vec<u32> = roles.iter().copied().flat_map(children_of).collect();
        for role in roles {
            signal("KILL", role);
        }
        self.child.0.kill().unwrap();
        self.child.0.wait().unwrap();
        let started = Instant::now();
        while theirs.iter().any(|pid| is_alive(*pid)) {
            assert!(
                started.elapsed() < Duration::from_secs(5),
                "{theirs:?} stay behind"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        Finished {
            said: self.lines.concat(),
            dir: self.dir,
        }
    }

    /// Reads what the demo says until a line that contains `words`.
    pub(crate) fn until(&mut self, words: &str) {
        let out = self.child.0.stdout.as_mut().unwrap();
        let mut reader = BufReader::with_capacity(1, out);
        loop {
            let mut line = String::new();
            let read = reader.read_line(&mut line).unwrap();
            assert!(
                read > 0,
                "{}the demo ended before `{words}`:\n{}",
                self.errors(),
                self.lines.concat()
            );
            self.lines.push(line);
            if self.lines.last().unwrap().contains(words) {
                return;
            }
        }
    }

    /// Waits for the end, which must be good; gives everything that was said.
    pub(crate) fn finish(mut self) -> Finished {
        let out = self.child.0.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            BufReader::new(out)
                .lines()
                .map_while(Result::ok)
                .map(|line| line + "\n")
                .collect::<Vec<_>>()
        });
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.0.try_wait().unwrap() {
                break status;
            }
            if started.elapsed() > ENDS_IN {
                self.child.0.kill().unwrap();
                panic!(
                    "{}the demo does not end: {}",
                    self.errors(),
                    self.lines.concat()
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        self.lines.extend(reader.join().unwrap());
        let said = self.lines.concat();
        assert!(
            status.success(),
            "{}{status}\n{said}{}",
            self.errors(),
            self.logs()
        );
        Finished {
            said,
            dir: self.dir,
        }
    }

    /// Why it ended as it did, which is what a reader of a failure wants to see first.
    fn errors(&self) -> String {
        fs::read_to_string(self.dir.path().join(ERRORS)).unwrap_or_default()
    }

    fn logs(&self) -> String {
        let mut all = String::new();
        for name in LEVELS {
            let state = self.dir.path().join("run").join(name).join("state");
            for entry in fs::read_dir(state).into_iter().flatten().flatten() {
                if entry.path().extension().is_some_and(|end| end == "log") {
                    let text = fs::read_to_string(entry.path()).unwrap_or_default();
                    all += &format!("--- {name} {}\n{text}", entry.file_name().display());
                }
            }
        }
        all
    }
}

/// A run that has come to its good end.
pub(crate) struct Finished {
    pub(crate) said: String,
    dir: tempfile::TempDir,
}

impl Finished {
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("run")
    }

    pub(crate) fn evidence(&self, name: &str) -> PathBuf {
        self.path().join(name).join("evidence")
    }

    /// The rows of a stream in the lake of a box.
    pub(crate) fn rows(&self, name: &str, stream: &Stream) -> Vec<arrow_array::RecordBatch> {
        let wal = self.path().join(name).join("state/wal");
        let (lake, _) =
            Lake::open(&self.evidence(name).join("lake"), &wal, Options::default()).unwrap();
        let (mut cursor, mut all) = (Cursor(0), Vec::new());
        loop {
            let drawn = lake.siphon(stream, cursor, 8192).unwrap();
            if drawn.rows == 0 {
                return all;
            }
            all.extend(ipc::decode(&drawn.ipc).unwrap().1);
            cursor = drawn.next;
        }
    }
}

/// What goes north of a box beside the accounts of its contracts and the heads of its chain.
pub(crate) const OBSERVED: [Stream; 4] = [
    Stream::MODBUS,
    Stream::CONN,
    Stream::ATTEST_NETWORK,
    Stream::ATTEST_POLICY_DRIFT,
];
/// The boxes of the demo, from below.
pub(crate) const LEVELS: [&str; 3] = ["seg01", "site", "enterprise"];

pub(crate) fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), pid.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Whether a process runs, and does not only wait to be taken notice of.
fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(") ").next().unwrap_or_default();
    !stat.is_empty() && !state.starts_with('Z')
}

/// The processes that this one has started and that still are.
fn children_of(pid: u32) -> Vec<u32> {
    let mut threads = String::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten() {
        threads += &fs::read_to_string(task.path().join("children")).unwrap_or_default();
    }
    let mut pids: Vec<u32> = threads
        .split_whitespace()
        .map(|pid| pid.parse().unwrap())
        .collect();
    pids.sort_unstable();
    pids.dedup();
    pids
}

/// How many rows of a stream in the lake of `above` have come from the box `below`.
pub(crate) fn arrived(run: &Finished, stream: &Stream, (below, above): (&str, &str)) -> usize {
    let services = |name: &str| -> Vec<String> {
        let batches = run.rows(name, stream);
        let rows = batches.iter().flat_map(|batch| {
            (0..batch.num_rows()).map(move |row| word(batch, "service", row).unwrap().to_owned())
        });
        rows.collect()
    };
    let known: BTreeSet<String> = services(below).into_iter().collect();
    let there = services(above);
    there.iter().filter(|row| known.contains(*row)).count()
}

/// How many rows.
pub(crate) fn count(batches: &[arrow_array::RecordBatch]) -> usize {
    batches.iter().map(arrow_array::RecordBatch::num_rows).sum()
}

/// Every file below a directory, in order.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
