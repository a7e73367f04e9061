//! `iia-box new`: the keys of a box, and what others have to know of it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use iia_audit::note::VerifierKey;
use iia_config::trust::key_text;
use iia_core::id::TrustDomain;
use iia_identity::admission::Sha256;
use iia_identity::issue::{Issuer, STATE_LEN_MAX};

use crate::boxdir::BoxDir;
use crate::commission::Commission;
use crate::{keys, machine, mirror, observe};

/// The issuer with its signing key.
const ISSUER: &str = "issuer";
/// What others need: public halves only.
const PUBLIC: &str = "public";
/// What the log's key is called there.
const LOG: &str = "log";

/// Makes a box.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct New {
    /// Its directory, which must not exist yet
    dir: PathBuf,
    /// Its name, as configurations call it
    #[arg(long = "box", value_name = "NAME")]
    name: String,
    /// Its trust domain, as its configuration states it
    #[arg(long, value_name = "DOMAIN")]
    domain: TrustDomain,
}

impl New {
    /// Makes every key of the box, and writes what others need into `public/`.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let at = self.dir.display();
        anyhow::ensure!(
            !self.dir.exists(),
            "{at} exists already; a box is made once"
        );
        anyhow::ensure!(
            is_name(&self.name),
            "a box is called by small letters, digits, - and _, 63 at most"
        );
        let dir = BoxDir::at(&self.dir);
        let (log, witness) = Commission::keys(&dir, &self.name)?;
        let mirror = mirror::make_key(&dir, &self.name)?;
        let issuer = machine::issuer(self.domain.as_str())?;
        keys::keep(&dir.keys().join(ISSUER), &issuer.to_state()?)?;
        let public = self.dir.join(PUBLIC);
        fs::create_dir(&public)?;
        let observer = format!(
            "key observer {{\n  operator observer\n  public {}\n  class confirmation\n}}\n",
            key_text(&observe::public_key(&dir)?)
        );
        for (name, text) in [
            (LOG, log.to_text()),
            ("witness", witness.to_text()),
            ("mirror", mirror.to_text()),
        ] {
            fs::write(public.join(name), format!("{text}\n"))?;
        }
        fs::write(public.join("observer.icl"), &observer)?;
        fs::write(public.join("root.der"), issuer.root())?;
        let (name, domain, root) = (&self.name, &self.domain, Sha256::of(issuer.root()));
        super::run::say(&format!(
            "{at} is the box {name} of {domain}; its keys are software's and lie in {at}/keys\n\n\
             the operators' trust document has to name its observer ({at}/public/observer.icl):\n\n{observer}\n\
             a box that speaks with it pins its root ({at}/public/root.der):\n\n\
             trust_root {name} {{\n  trust_domain {domain}\n  certificate {root}\n  use peer_svid\n}}\n\n\
             the box above follows its log:      iia-box run --below '{}'\n\
             a box below has it as its witness:  iia-box begin --witness '{}' --mirror '{}'",
            log.to_text(),
            witness.to_text(),
            mirror.to_text(),
        ));
        Ok(())
    }
}

fn is_name(name: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    (1..=63).contains(&name.len()) && name.bytes().all(allowed)
}

/// The issuer of a box that was made.
pub(super) fn issuer(dir: &BoxDir) -> anyhow::Result<Issuer> {
    let path = dir.keys().join(ISSUER);
    let state = read(&path, STATE_LEN_MAX)
        .with_context(|| format!("{}: is this a box that `iia-box new` made?", path.display()))?;
    Ok(Issuer::from_state(&state)?)
}

/// The key of the box's log, whose name is the box's.
pub(super) fn log_key(dir: &BoxDir) -> anyhow::Result<VerifierKey> {
    let path = dir.path().join(PUBLIC).join(LOG);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(VerifierKey::parse(text.trim_end())?)
}

/// The box's name.
pub(super) fn name(log: &VerifierKey) -> anyhow::Result<&str> {
    log.name
        .strip_suffix("/audit")
        .context("a log is called by its box")
}

/// The bytes of a file that may be so long at most; secrets among them do not stay behind.
pub(super) fn read(path: &Path, max: usize) -> anyhow::Result<zeroize::Zeroizing<Vec<u8>>> {
    use std::io::Read as _;
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(max + 1));
    let limit = u64::try_from(max + 1)?;
    fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    anyhow::ensure!(bytes.len() <= max, "longer than {max} bytes");
    Ok(bytes)
}
