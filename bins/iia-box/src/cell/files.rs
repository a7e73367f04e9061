//! Where the PKI of a cell is kept, and where its broker finds what it needs.
//!
//! The broker's directory may belong to the broker's user. Whoever has hold of the broker may put anything there, so that
//! nothing is followed or written over: each file is a new one that is moved into its place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use iia_identity::issue::STATE_LEN_MAX;
use rustix::process::{Pid, Signal, kill_process};
use zeroize::Zeroizing;

use super::pid_file;
use crate::boxdir::BoxDir;

/// The program that is told.
const PROGRAM: &str = "mosquitto";
/// Digits of a process's number at most.
const PID_LEN_MAX: u64 = 16;

/// Where the broker has its files, and where it answers.
pub(super) struct Broker {
    place: PathBuf,
    pub(super) port: u16,
}

impl Broker {
    /// Names the broker of a box.
    pub(super) fn give(dir: &BoxDir, (place, port): (&Path, u16)) -> anyhow::Result<Self> {
        let place = place
            .canonicalize()
            .with_context(|| place.display().to_string())?;
        fs::create_dir_all(dir.host())?;
        let text = format!("{port}\n{}\n", place.display());
        crate::boxdir::write_durably(&dir.broker(), text.as_bytes())?;
        Ok(Self { place, port })
    }

    /// The broker of a box, if its cell has one.
    pub(super) fn of(dir: &BoxDir) -> anyhow::Result<Option<Self>> {
        let text = match fs::read_to_string(dir.broker()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let lines = text.trim_end().split_once('\n');
        let (port, place) = lines.context("host/broker is a port and a directory")?;
        Ok(Some(Self {
            place: place.into(),
            port: port.parse().context("the broker's port")?,
        }))
    }

    /// Where the list of revoked certificates is.
    pub(super) fn list(&self) -> PathBuf {
        self.place.join("crl.pem")
    }

    /// Puts the list there.
    pub(super) fn put_list(&self, text: &[u8]) -> io::Result<()> {
        self.put("crl.pem", (text, 0o644))
    }

    /// Puts a file there, which is the broker's from then on.
    pub(super) fn put(&self, name: &str, (bytes, mode): (&[u8], u32)) -> io::Result<()> {
        let owner = fs::metadata(&self.place)?;
        let (path, beside) = (
            self.place.join(name),
            self.place.join(format!("{name}.new")),
        );
        let mut file = private(&beside, mode)?;
        file.write_all(bytes)?;
        if owner.uid() != file.metadata()?.uid() {
            fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
        }
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        File::open(&self.place)?.sync_all()
    }

    /// Tells the broker to read its files again; its process, if it runs.
    pub(super) fn tell(&self) -> anyhow::Result<Option<u32>> {
        let text = match File::open(pid_file(&self.place)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => {
                let mut text = String::new();
                opened?.take(PID_LEN_MAX).read_to_string(&mut text)?;
                text
            }
        };
        let pid: u32 = text.trim().parse().context("the broker's process")?;
        // Whoever writes that file is not to say whom the box sends signals.
        let Ok(program) = fs::read_link(format!("/proc/{pid}/exe")) else {
            return Ok(None);
        };
        let is_it = program.file_name().is_some_and(|name| name == PROGRAM);
        anyhow::ensure!(is_it, "process {pid} is {}", program.display());
        let process = i32::try_from(pid).ok().and_then(Pid::from_raw);
        kill_process(process.context("the broker's process")?, Signal::HUP)?;
        Ok(Some(pid))
    }
}

/// The PKI as it is kept, as long as nobody else changes it.
pub(super) struct Lock {
    _file: File,
    state: PathBuf,
}

impl Lock {
    /// Waits for whoever has it.
    pub(super) fn take(dir: &BoxDir) -> io::Result<Self> {
        let place = dir.cell();
        fs::create_dir_all(&place)?;
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(place.join("lock"))?;
        file.lock()?;
        Ok(Self {
            _file: file,
            state: place.join("pki"),
        })
    }

    /// Whether there is one yet.
    pub(super) fn is_kept(&self) -> bool {
        self.state.exists()
    }

    pub(super) fn read(&self) -> anyhow::Result<Zeroizing<Vec<u8>>> {
        // Of full length at once, so that no part of the keys stays behind where it grew out of.
        let mut bytes = Zeroizing::new(Vec::with_capacity(STATE_LEN_MAX + 1));
        let limit = u64::try_from(STATE_LEN_MAX + 1)?;
        let file = File::open(&self.state).context("the box has no cell: `iia-box cell begin`")?;
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let beside = self.state.with_extension("new");
        let mut file = private(&beside, 0o600)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &self.state)?;
        File::open(self.state.parent().unwrap_or(Path::new(".")))?.sync_all()
    }
}

/// A file that was not there, in place of whatever had its name.
fn private(path: &Path, mode: u32) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
}
