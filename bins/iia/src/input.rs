//! The captures that a command is given, and what is wrong with them: one line each, with a stable code.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use iia::captures::{self, Outcome};
use iia_capture::CaptureError;
use iia_capture::pipeline::Options;
use iia_core::code::Coded as _;
use iia_core::observe::Observation;

#[derive(clap::Args)]
pub(crate) struct Input {
    /// Captures (pcap or pcapng, also gzip or zstd) or folders of them
    #[arg(required = true, value_name = "FILE|FOLDER")]
    pub(crate) paths: Vec<PathBuf>,
    /// A port on which Modbus (TCP or RTU) is expected, besides 502; may be given again
    #[arg(long = "port", value_name = "PORT")]
    pub(crate) ports: Vec<u16>,
}

/// Reads captures one by one and remembers what was wrong.
pub(crate) struct Reading<'a> {
    input: &'a Input,
    options: Options,
    unread: bool,
    damaged: bool,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(input: &'a Input) -> Self {
        let mut options = Options::default();
        options.modbus_ports.extend(&input.ports);
        Self {
            input,
            options,
            unread: false,
            damaged: false,
        }
    }

    /// Every capture that is named or lies in a folder that is.
    pub(crate) fn captures(&mut self) -> Vec<PathBuf> {
        let mut all = Vec::new();
        for path in &self.input.paths {
            match captures::list(path) {
                Ok(found) => all.extend(found),
                Err(error) => self.refuse(path, error),
            }
        }
        all
    }

    /// Reads one; `None` when nothing of it can be read.
    pub(crate) fn read(
        &mut self,
        capture: &Path,
        sink: &mut impl FnMut(&Observation<'_>),
    ) -> Option<Outcome> {
        let outcome = match captures::read(capture, &self.options, sink) {
            Ok(outcome) => outcome,
            Err(error) => {
                self.refuse(capture, error);
                return None;
            }
        };
        if let Some(error) = outcome.error {
            self.damaged = true;
            tell(capture, error, "; what came before was read");
        }
        Some(outcome)
    }

    fn refuse(&mut self, path: &Path, error: CaptureError) {
        self.unread = true;
        tell(path, error, "");
    }

    /// The exit code: 2 when something could not be read, 1 when it was damaged or has findings, 0 otherwise.
    pub(crate) fn exit(&self, findings: bool) -> ExitCode {
        match (self.unread, self.damaged || findings) {
            (true, _) => ExitCode::from(2),
            (false, true) => ExitCode::FAILURE,
            (false, false) => ExitCode::SUCCESS,
        }
    }
}

fn tell(path: &Path, error: CaptureError, more: &str) {
    eprintln!("iia: {}: {}: {error}{more}", path.display(), error.code());
}
