//! The two programs of the system that change the kernel's network, at fixed paths, with nothing of our environment.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// A program of the system.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Program {
    /// Loads and lists rulesets.
    Nft,
    /// Lists and cuts live connections.
    Conntrack,
}

impl Program {
    const fn path(self) -> &'static str {
        match self {
            Self::Nft => "/usr/sbin/nft",
            Self::Conntrack => "/usr/sbin/conntrack",
        }
    }

    /// Runs it with `input`; gives what it wrote when it succeeded, and what it complained of otherwise.
    pub(crate) fn run(self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, String> {
        let told = |error: std::io::Error| format!("{}: {error}", self.path());
        let mut child = Command::new(self.path())
            .args(arguments)
            .env_clear()
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(told)?;
        let stdin = child.stdin.take();
        let written = std::thread::scope(|scope| {
            let writer = scope.spawn(|| stdin.map_or(Ok(()), |mut stdin| stdin.write_all(input)));
            let output = child.wait_with_output();
            // WHY: a program that fails early closes its input; what it complains of says more than the broken pipe.
            let _ = writer.join();
            output
        });
        let output = written.map_err(told)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said: String = said.chars().take(512).collect();
        Err(format!(
            "{} {}: {}",
            self.path(),
            output.status,
            said.trim()
        ))
    }
}
