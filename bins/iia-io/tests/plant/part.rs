//! A part of the plant: a process in a network of its own, which ends with its standard input.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};

const PARTS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/tests/io_rig/rig.py"
);

pub(crate) struct Part {
    child: Child,
    orders: ChildStdin,
}

impl Part {
    /// Starts a part, in a network that is not this one where it is named, and waits until it serves.
    pub(crate) fn start(network: Option<&str>, name: &str) -> Self {
        Self::run(network, &[PARTS, name])
    }

    /// The same with a program of its own.
    pub(crate) fn run(network: Option<&str>, program: &[&str]) -> Self {
        let mut command = match network {
            Some(network) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", network]);
                command.arg(super::python());
                command
            }
            None => Command::new(super::python()),
        };
        let mut child = command
            .args(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "{program:?}");
        Self { child, orders }
    }

    pub(crate) fn order(&mut self, words: &str) {
        writeln!(self.orders, "{words}").unwrap();
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
