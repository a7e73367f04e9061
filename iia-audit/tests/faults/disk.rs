//! A small file system of its own, in a mount namespace of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common;

const INSIDE: &str = "IIA_AUDIT_FAULTS_INSIDE";

/// Runs this test again in a private mount namespace; `false` when that is where it runs already, or cannot.
pub(crate) fn moved(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return false;
    }
    let missing = ["unshare", "mkfs.ext4", "losetup"]
        .into_iter()
        .find(|name| !is_there(name));
    if let Some(missing) = missing {
        common::skip(test, missing);
        return true;
    }
    if !quiet(Command::new("unshare").args(["-m", "true"])) {
        common::skip(test, "the right to a mount namespace");
        return true;
    }
    let status = Command::new("unshare")
        .args(["-m", "--propagation", "private"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .status()
        .unwrap();
    assert!(status.success());
    true
}

fn is_there(name: &str) -> bool {
    quiet(Command::new("sh").args(["-c", &format!("command -v {name}")]))
}

fn quiet(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// An ext4 file system in a file, mounted.
pub(crate) struct Disk {
    image: PathBuf,
    at: PathBuf,
}

impl Disk {
    /// Makes and mounts one of so many MiB in `dir`.
    pub(crate) fn new(dir: &Path, mebibytes: u64) -> Self {
        let disk = Self {
            image: dir.join("image"),
            at: dir.join("at"),
        };
        std::fs::create_dir_all(&disk.at).unwrap();
        let image = std::fs::File::create(&disk.image).unwrap();
        image.set_len(mebibytes << 20).unwrap();
        assert!(quiet(
            Command::new("mkfs.ext4")
                .args(["-q", "-F"])
                .arg(&disk.image)
        ));
        disk.mount();
        disk
    }

    pub(crate) fn at(&self) -> &Path {
        &self.at
    }

    pub(crate) fn mount(&self) {
        let mut mount = Command::new("mount");
        assert!(
            quiet(mount.args(["-o", "loop"]).args([&self.image, &self.at])),
            "mount"
        );
    }

    pub(crate) fn unmount(&self) {
        assert!(quiet(Command::new("umount").arg(&self.at)), "umount");
    }
}
