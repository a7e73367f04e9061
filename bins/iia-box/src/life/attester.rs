//! `iia-box attester`: the key by which a box's machine attests what it has started, made in its TPM where it has none yet.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use anyhow::Context as _;
use iia_attest::image::name_of;
use iia_identity::tpm::Tpm;

use super::run;
use crate::boxdir::{BoxDir, write_durably};
use crate::machine_key;

/// Makes it.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Attester {
    /// The directory of the box, made by `iia-box new`
    dir: PathBuf,
    /// The machine's TPM, such as `device:/dev/tpmrm0`
    #[arg(long, value_name = "ADDRESS")]
    tpm: String,
    /// Where the machine has the log of its boot, such as /sys/kernel/security/tpm0/binary_bios_measurements
    #[arg(long, value_name = "FILE")]
    event_log: Option<PathBuf>,
}

impl Attester {
    /// A key that signs nothing but what its TPM says; its public half goes to `public/`, as programs of TPMs read it.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let dir = BoxDir::at(&self.dir);
        let key = machine_key::made(&dir, &Tpm::open(&self.tpm)?)?;
        let public = self.dir.join("public").join("attestation-key");
        let len = u16::try_from(key.public().len())?;
        write_durably(&public, &[&len.to_be_bytes(), key.public()].concat())?;
        if let Some(log) = &self.event_log {
            let log = log
                .canonicalize()
                .with_context(|| log.display().to_string())?;
            std::fs::create_dir_all(dir.host())?;
            let _before = std::fs::remove_file(dir.event_log());
            symlink(log, dir.event_log())?;
        }
        run::say(&format!(
            "the key is in the TPM, which it does not leave; its public half is {}\n\
             the box's configuration has to name it:\n\npolicy machine {{\n  attestation_key {}\n}}",
            public.display(),
            name_of(key.public())
        ));
        Ok(())
    }
}
