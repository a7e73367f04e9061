//! A box that runs, and what it says.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::place::Place;

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _over = self.child.kill();
        let _over = self.child.wait();
    }
}

impl Running {
    pub(crate) fn start(place: &Place, words: &str) -> Self {
        let mut command = place.inside("iia-box");
        let mut child = command
            .args(words.split(' '))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _gone = sender.send(line);
            }
        });
        Self {
            child,
            lines,
            said: Vec::new(),
        }
    }

    /// The next line that has these words.
    #[track_caller]
    pub(crate) fn until(&mut self, words: &str) -> String {
        let started = Instant::now();
        loop {
            match self.lines.recv_timeout(Duration::from_millis(100)) {
                Ok(line) if line.contains(words) => return line,
                Ok(line) => self.said.push(line),
                Err(RecvTimeoutError::Timeout) if started.elapsed() < PATIENCE => {}
                Err(error) => panic!("{error}: no {words:?} in\n{}", self.said.join("\n")),
            }
        }
    }

    /// Whether words were in a line before the last one that was waited for.
    pub(crate) fn has_said(&self, words: &str) -> bool {
        self.said.iter().any(|line| line.contains(words))
    }

    /// Waits until it ends by itself; gives how.
    pub(crate) fn ends(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Ends in order; gives how.
    pub(crate) fn end(&mut self, signal: &str) -> Option<i32> {
        let pid = self.child.id().to_string();
        let sent = std::process::Command::new("kill")
            .args([&format!("-{signal}"), &pid])
            .status();
        assert!(sent.unwrap().success());
        self.child.wait().unwrap().code()
    }
}
