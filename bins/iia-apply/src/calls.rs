//! The gated calls as they are really made: six states in files, one in the kernel.

use std::path::{Path, PathBuf};

use iia_config::apply::{Call, Calls};

use crate::{files, firewall};

/// The box that is changed.
#[derive(Debug)]
pub(crate) struct Machine {
    state: PathBuf,
    services: PathBuf,
}

impl Machine {
    /// The box whose directory this is.
    pub(crate) fn at(dir: &Path) -> Self {
        Self {
            state: dir.join("state"),
            services: dir.join("services"),
        }
    }

    fn file(&self, call: Call) -> PathBuf {
        self.state.join(call.name())
    }
}

impl Calls for Machine {
    fn before(&mut self, call: Call) -> Result<Vec<u8>, String> {
        match call {
            Call::LoadFirewall => firewall::before(),
            Call::RenderServices => files::read_tree(&self.services),
            _ => files::read(&self.file(call)),
        }
    }

    fn make(&mut self, call: Call, after: &[u8]) -> Result<(), String> {
        match call {
            Call::LoadFirewall => return firewall::make(after),
            Call::RenderServices => files::write_tree(&self.services, after)?,
            _ => files::write(&self.file(call), after)?,
        }
        if self.before(call)? == after {
            Ok(())
        } else {
            Err(format!("{} reads back as something else", call.name()))
        }
    }

    fn rehearse(&mut self, call: Call, after: &[u8]) -> Result<(), String> {
        match call {
            Call::LoadFirewall => firewall::rehearse(after),
            Call::RenderServices => files::rehearse_tree(after),
            _ => Ok(()),
        }
    }
}
