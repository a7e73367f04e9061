//! A machine for boxes: a network namespace, a directory, and the programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A network with nobody in it but the boxes of one test.
pub(crate) struct Place {
    holder: Child,
    dir: tempfile::TempDir,
}

impl Drop for Place {
    fn drop(&mut self) {
        let _over = self.holder.kill();
        let _over = self.holder.wait();
    }
}

impl Place {
    /// `None`, aloud, where this machine lets nobody have a network namespace.
    pub(crate) fn new() -> Option<Self> {
        let ready = "ip link set lo up && nft list ruleset && echo ready && exec sleep 5400";
        let mut holder = Command::new("unshare")
            .args(["--map-root-user", "--net", "sh", "-c", ready])
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = holder.stdout.as_mut().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
        if line.trim() == "ready" {
            let dir = tempfile::tempdir().unwrap();
            return Some(Self { holder, dir });
        }
        let _over = holder.wait();
        let words = "skipped: no network namespace, or no nft";
        eprintln!("{words}");
        assert!(std::env::var_os("IIA_REQUIRE_ALL").is_none(), "{words}");
        None
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A program inside, which finds its files where the test keeps them.
    pub(crate) fn inside(&self, program: &str) -> Command {
        let target = self.holder.id().to_string();
        let mut command = Command::new("nsenter");
        command
            .args(["--user", "--net", "--preserve-credentials", "--target"])
            .arg(target)
            .arg(tool(program))
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .current_dir(self.dir.path());
        command
    }

    fn output(&self, words: &str) -> Output {
        let (program, arguments) = words.split_once(' ').unwrap();
        let arguments = arguments.split(' ').filter(|word| !word.is_empty());
        self.inside(program).args(arguments).output().unwrap()
    }

    /// Exit code and everything that was said.
    pub(crate) fn run(&self, words: &str) -> (i32, String) {
        let output = self.output(words);
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.code().unwrap(),
            String::from_utf8(said).unwrap(),
        )
    }

    #[track_caller]
    pub(crate) fn good(&self, words: &str) -> String {
        let (code, said) = self.run(words);
        assert_eq!(code, 0, "{words}: {said}");
        said
    }

    #[track_caller]
    pub(crate) fn bad(&self, words: &str, why: &str) {
        let (code, said) = self.run(words);
        assert_ne!(code, 0, "{words}: {said}");
        assert!(said.contains(why), "{words}: {said}");
    }

    /// Processes of this network whose command line has the words.
    pub(crate) fn alive(&self, words: &str) -> usize {
        let network = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/net")).ok();
        let own = network(&self.holder.id().to_string());
        let is_one = |entry: &fs::DirEntry| {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            line.contains(words) && network(entry.file_name().to_str().unwrap()) == own
        };
        let all = fs::read_dir("/proc").unwrap().flatten();
        all.filter(is_one).count()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }
}

/// A program of this project beside the box's own, or one of the machine.
fn tool(program: &str) -> PathBuf {
    let own = Path::new(env!("CARGO_BIN_EXE_iia-box")).with_file_name(program);
    match program.starts_with("iia") {
        true => own,
        false => program.into(),
    }
}
